"""Reading KGX as Monarch, RTX-KG2 and ROBOKOP publish it: our words where they fit, theirs kept where not."""

import gzip
import json
from pathlib import Path

import pytest

from kg.assemble import assemble
from kg.audit import Audit
from kg.biolink import predicates
from kg.build import build_graph
from kg.files.text import FileError
from kg.graph import Graph, SourceRelease
from kg.kgx.read import read
from kg.kgx.terms import Said, kind_of, relation_of
from kg.schema import RELATIONS

RELEASE = SourceRelease("monarch", "2025-01", "CC-BY-4.0", "Putman 2024", "https://monarchinitiative.org")

NODES = """\
id	category	name	xref	provided_by	synonym	in_taxon
HGNC:2623	biolink:Gene	CYP2C9	NCBIGene:1559|ensembl:ENSG00000138109	hgnc	CPC9|CYP2C	NCBITaxon:9606
UniProtKB:P11712	biolink:Protein	CP2C9_HUMAN				
MGI:1919553	biolink:Gene	Cyp2c65		mgi		NCBITaxon:10090
MONDO:0005148	biolink:Disease	type 2 diabetes	DOID:9352	mondo		
HP:0001658	biolink:PhenotypicFeature	Myocardial infarction		hp		
CHEBI:6801	biolink:NamedThing|biolink:ChemicalEntity|biolink:SmallMolecule	"metformin"	DrugBank:DB00331	chebi		
"""


def edge(subject: str, predicate: str, target: str, source: str, **others: str) -> dict[str, str]:
    ends = {"subject": subject, "predicate": predicate, "object": target}
    return ends | {"primary_knowledge_source": source} | others


HEADER = (
    "subject",
    "predicate",
    "object",
    "primary_knowledge_source",
    "aggregator_knowledge_source",
    "publications",
    "knowledge_level",
    "agent_type",
    "negated",
    "object_aspect_qualifier",
    "object_direction_qualifier",
    "qualified_predicate",
)

ROWS: tuple[dict[str, str], ...] = (
    edge(
        "CHEBI:6801",
        "biolink:treats",
        "MONDO:0005148",
        "infores:ctd",
        aggregator_knowledge_source="infores:monarchinitiative",
        publications="PMID:1|PMID:2",
        knowledge_level="knowledge_assertion",
        agent_type="manual_agent",
    ),
    edge("MONDO:0005148", "biolink:treated_by", "chebi:6801", "infores:ctd"),
    edge("MONDO:0005148", "biolink:has_phenotype", "HP:0001658", "infores:hpo", negated="False"),
    edge("HP:0001658", "biolink:phenotype_of", "MONDO:0005148", "infores:hpo", negated="true"),
    edge("HGNC:2623", "biolink:gene_associated_with_condition", "MONDO:0005148", "infores:omim"),
    edge("HGNC:2623", "biolink:interacts_with", "UniProtKB:P11712", "infores:string"),
    edge(
        "CHEBI:6801",
        "biolink:affects",
        "HGNC:2623",
        "infores:ctd",
        object_aspect_qualifier="expression",
        object_direction_qualifier="increased",
        qualified_predicate="biolink:causes",
    ),
    edge(
        "CHEBI:6801",
        "biolink:affects",
        "HGNC:2623",
        "infores:ctd",
        object_aspect_qualifier="activity",
        object_direction_qualifier="decreased",
    ),
    edge(
        "CHEBI:6801",
        "biolink:treats",
        "MONDO:0005148",
        "infores:txgnn",
        knowledge_level="prediction",
        agent_type="computational_model",
    ),
    edge("HGNC:2623", "biolink:orthologous_to", "MGI:1919553", "infores:panther"),
)

EDGES = "\n".join("\t".join(row) for row in (HEADER, *([row.get(name, "") for name in HEADER] for row in ROWS))) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nodes.tsv").write_text(NODES, encoding="utf-8")
    (tmp_path / "edges.tsv").write_text(EDGES, encoding="utf-8")
    return tmp_path


def build(folder: Path, nodes: str = "nodes.tsv", edges: str = "edges.tsv") -> tuple[Graph, Audit]:
    return build_graph([read(folder / nodes, folder / edges, RELEASE)], max_reject_share=1.0)


def said(graph: Graph) -> dict[str, list[tuple[object, ...]]]:
    """Return each relation's edges: ends, references, and the words of another graph."""
    return {
        name: [
            (row["subject"], row["object"], row["references"], *filter(None, map(row.get, ("predicate", "qualifiers"))))
            for row in rows.to_pylist()
        ]
        for name, rows in graph.edges.items()
    }


EXPECTED = {
    "treats": [("CHEBI:6801", "MONDO:0005148", ["infores:ctd", "infores:monarchinitiative", "PMID:1", "PMID:2"])],
    "drug_upregulates_gene": [("CHEBI:6801", "HGNC:2623", ["infores:ctd"])],
    "disease_associates_gene": [("MONDO:0005148", "HGNC:2623", ["infores:omim"])],
    "gene_interacts_gene": [("HGNC:2623", "UniProtKB:P11712", ["infores:string"])],
    "disease_has_phenotype": [("MONDO:0005148", "HP:0001658", ["infores:hpo"])],
    "disease_lacks_phenotype": [("MONDO:0005148", "HP:0001658", ["infores:hpo"])],
    "drug_related_to_gene": [
        (
            "CHEBI:6801",
            "HGNC:2623",
            ["infores:ctd"],
            "biolink:affects",
            "object_aspect_qualifier=activity|object_direction_qualifier=decreased",
        )
    ],
    "drug_related_to_disease": [("CHEBI:6801", "MONDO:0005148", ["infores:txgnn"], "biolink:treats")],
    "gene_related_to_entity": [("HGNC:2623", "MGI:1919553", ["infores:panther"], "biolink:orthologous_to")],
}


def test_what_our_words_say_is_said_in_them_and_all_else_is_kept(folder: Path) -> None:
    graph, audit = build(folder)
    assert audit.rejected.num_rows == 0
    assert said(graph) == EXPECTED
    assert {kind: rows["id"].to_pylist() for kind, rows in graph.nodes.items()} == {
        "Gene": ["HGNC:2623", "UniProtKB:P11712"],
        "Drug": ["CHEBI:6801"],
        "Disease": ["MONDO:0005148"],
        "Phenotype": ["HP:0001658"],
        "Entity": ["MGI:1919553"],
    }
    gene, drug = graph.nodes["Gene"].to_pylist()[0], graph.nodes["Drug"].to_pylist()[0]
    assert (gene["name"], gene["synonyms"]) == ("CYP2C9", ["CPC9", "CYP2C"])
    assert gene["xrefs"] == ["NCBIGene:1559", "ENSEMBL:ENSG00000138109"] and gene["provided_by"] == ["monarch"]
    assert (drug["name"], drug["xrefs"]) == ('"metformin"', ["DRUGBANK:DB00331"])  # KGX quotes nothing
    assert graph.nodes["Entity"]["category"].to_pylist() == ["biolink:Gene"]
    treats = graph.edges["treats"].to_pylist()[0]
    assert (treats["source"], treats["source_version"], treats["licence"]) == ("monarch", "2025-01", "CC-BY-4.0")
    assert (treats["knowledge_level"], treats["agent_type"]) == ("knowledge_assertion", "manual_agent")
    assert set(graph.edges["gene_interacts_gene"]["knowledge_level"].to_pylist()) == {"not_provided"}


def test_json_lines_say_the_same_as_tables(folder: Path) -> None:
    """ROBOKOP writes lists, RTX-KG2 other names for the same columns."""
    listed = {"category", "xref", "synonym", "publications", "aggregator_knowledge_source"}
    for name, text in (("nodes", NODES), ("edges", EDGES)):
        header, *lines = [line.split("\t") for line in text.splitlines()]
        rows = [
            {k: v.split("|") if k in listed else v for k, v in zip(header, line, strict=True) if v} for line in lines
        ]
        if name == "nodes":
            rows = [
                {{"xref": "equivalent_curies", "synonym": "all_names"}.get(k, k): v for k, v in r.items()} for r in rows
            ]
        else:
            rows = [
                {{"object_aspect_qualifier": "qualified_object_aspect"}.get(k, k): v for k, v in r.items()}
                for r in rows
            ]
            rows = [row | ({"negated": row["negated"] == "true"} if "negated" in row else {}) for row in rows]
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    graph, audit = build(folder, "nodes.jsonl.gz", "edges.jsonl.gz")
    assert audit.rejected.num_rows == 0 and said(graph) == EXPECTED
    assert graph.nodes["Gene"].equals(build(folder)[0].nodes["Gene"])


def test_line_ends_marks_and_the_order_of_columns_do_not_count(folder: Path) -> None:
    for name in ("nodes.tsv", "edges.tsv"):
        lines = [line.split("\t")[::-1] for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        text = "\r\n".join("\t".join(line) for line in lines)
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    graph, audit = build(folder)
    assert audit.rejected.num_rows == 0 and said(graph) == EXPECTED


def test_what_biolink_lacks_is_rejected_with_its_line(folder: Path) -> None:
    with (folder / "nodes.tsv").open("a") as nodes, (folder / "edges.tsv").open("a") as edges:
        nodes.write("CHEBI:1\tbiolink:Magic\tmagic\t\t\t\t\nCHEBI:2\t\tnothing\t\t\t\t\n")
        nodes.write("NOWHERE:1\tbiolink:Gene\tx\t\t\t\t\nCHEBI:zero\tbiolink:Drug\ty\t\t\t\t\n")
        edges.write("HGNC:2623\tbiolink:enchants\tMONDO:0005148" + "\t" * 9 + "\n")
        edges.write("HGNC:2623\tbiolink:causes\tMONDO:0000001" + "\t" * 9 + "\n")
        edges.write("HGNC:2623\tbiolink:causes\tMONDO:0005148\tone\ttoo\tmany" + "\t" * 9 + "\n")
        edges.write("\tbiolink:causes\tMONDO:0005148" + "\t" * 9 + "\n")
        edges.write("HGNC:2623\tbiolink:causes\tMONDO:0005148\t\t\t\tguessed" + "\t" * 5 + "\n")
    graph, audit = build(folder)
    assert said(graph) == EXPECTED
    assert [(row["file"], row["line"], row["reason"], row["text"]) for row in audit.rejected.to_pylist()] == [
        ("edges.tsv", 12, "unknown relation", "HGNC:2623\tbiolink:enchants (not in Biolink 4.4.6)\tMONDO:0005148"),
        ("edges.tsv", 13, "missing end", "HGNC:2623\tgene_related_to_entity\tMONDO:0000001"),
        (
            "edges.tsv",
            14,
            "unknown relation",
            "HGNC:2623\tbiolink:causes\tMONDO:0005148\tone\ttoo\tmany\tno predicate\t",
        ),
        ("edges.tsv", 15, "missing end", "\tentity_related_to_disease\tMONDO:0005148"),
        ("edges.tsv", 16, "missing evidence", "HGNC:2623\tgene_related_to_disease\tMONDO:0005148"),
        ("nodes.tsv", 8, "unknown kind", "biolink:Magic (not in Biolink 4.4.6)\tCHEBI:1\tmagic"),
        ("nodes.tsv", 9, "unknown kind", "no category\tCHEBI:2\tnothing"),
        ("nodes.tsv", 10, "malformed CURIE", "Entity\tNOWHERE:1\tx"),
        ("nodes.tsv", 11, "malformed CURIE", "Drug\tCHEBI:zero\ty"),
    ]


def test_what_qualifies_a_phenotype_stands_in_the_attributes_of_our_relation(folder: Path) -> None:
    names = ("subject", "predicate", "object", "frequency_qualifier", "onset_qualifier", "sex_qualifier", "negated")
    rows = [
        ("MONDO:0005148", "biolink:has_phenotype", "HP:0001658", "HP:0040283", "HP:0003581", "", ""),
        ("MONDO:0005148", "biolink:has_phenotype", "HP:0001658", "HP:0040285", "", "", "true"),
        ("MONDO:0005148", "biolink:causes", "HP:0001658", "HP:0040283", "", "", ""),
    ]
    (folder / "edges.tsv").write_text("\n".join("\t".join(row) for row in (names, *rows)) + "\n", encoding="utf-8")
    graph, audit = build(folder)
    assert audit.rejected.num_rows == 0
    seen, lacking, other = (
        graph.edges[name].to_pylist()[0]
        for name in ("disease_has_phenotype", "disease_lacks_phenotype", "disease_related_to_phenotype")
    )
    assert (seen["frequency_text"], seen["onset"], seen["sex"]) == ("HP:0040283", "HP:0003581", None)
    assert lacking["frequency_text"] == "HP:0040285"
    assert other["qualifiers"] == "frequency_qualifier=HP:0040283"


def test_a_denial_without_a_relation_of_ours_asserts_nothing(folder: Path) -> None:
    row = edge("CHEBI:6801", "biolink:treats", "MONDO:0005148", "infores:trial", negated="true")
    with (folder / "edges.tsv").open("a") as edges:
        edges.write("\t".join(row.get(name, "") for name in HEADER) + "\n")
    graph, audit = build(folder)
    assert said(graph) == EXPECTED
    assert [(row["line"], row["reason"], row["text"]) for row in audit.rejected.to_pylist()] == [
        (
            12,
            "unknown relation",
            "CHEBI:6801\tnot biolink:treats (no relation of ours denies it)\tMONDO:0005148",
        )
    ]


def test_a_contraindication_is_never_what_asserts(folder: Path) -> None:
    """Whoever states or foretells it, from either end, whomever it concerns; where we have no relation, it is none."""
    against, only = "biolink:contraindicated_in", {"qualified_predicate": "biolink:causes"}
    rows = [
        edge("CHEBI:6801", against, "MONDO:0005148", "infores:drugcentral"),
        edge("CHEBI:6801", against, "MONDO:0005148", "infores:drugcentral", **only),
        edge("HP:0001658", "biolink:has_contraindication", "CHEBI:6801", "infores:model", knowledge_level="prediction"),
        edge("CHEBI:6801", against, "HGNC:2623", "infores:drugcentral"),
        edge("CHEBI:6801", against, "MONDO:0005148", "infores:drugcentral", negated="true"),
    ]
    with (folder / "edges.tsv").open("a") as edges:
        edges.writelines("\t".join(row.get(name, "") for name in HEADER) + "\n" for row in rows)
    graph, audit = build(folder)
    stated = ("CHEBI:6801", "MONDO:0005148", ["infores:drugcentral"])
    assert said(graph) == EXPECTED | {
        "contraindicated_in": [stated, (*stated, "qualified_predicate=biolink:causes")],
        "contraindicated_in_phenotype": [("CHEBI:6801", "HP:0001658", ["infores:model"])],
    }
    assert graph.edges["contraindicated_in_phenotype"]["knowledge_level"].to_pylist() == ["prediction"]
    assert [row["text"].split("\t")[1] for row in audit.rejected.to_pylist()] == [
        "biolink:contraindicated_in (no relation of ours says it of Drug and Gene)",
        "not biolink:contraindicated_in (no relation of ours denies it)",
    ]


def test_a_node_that_is_named_twice_is_one(folder: Path) -> None:
    with (folder / "nodes.tsv").open("a") as nodes:
        nodes.write("hgnc:2623\tbiolink:Gene\tP450 2C9\t\t\t\t\n")
    graph, audit = build(folder)
    assert graph.nodes["Gene"].num_rows == 2 and "P450 2C9" in graph.nodes["Gene"].to_pylist()[-1]["synonyms"]
    assert sum(tally.merged for tally in audit.tallies if tally.table == "Gene") == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("nodes.tsv", b"", "nodes.tsv, line 1: nothing there; expected a header with the columns id, category"),
        ("edges.tsv", b"subject\tobject\na:1\tb:2\n", "edges.tsv, line 1: no column predicate"),
        ("nodes.tsv", NODES.encode("utf-16"), "nodes.tsv is UTF-16 text; save it as UTF-8 text"),
        ("nodes.tsv", NODES.replace("\t", ",").encode(), "nodes.tsv, line 1: the columns are separated by commas"),
        ("nodes.tsv", NODES.replace("in_taxon", "name", 1).encode(), "line 1: columns 3 and 7 are both 'name'"),
        ("nodes.jsonl", b"", "nodes.jsonl: nothing there; expected a JSON object with id, category in each line"),
        ("nodes.jsonl", b'{\n"nodes": []}', "nodes.jsonl, line 1: '{' is no JSON object; expected one in each line"),
        ("edges.tsv.gz", gzip.compress(EDGES.encode())[:-20], r"edges.tsv.gz, after line \d+: not gzipped text, or"),
        ("edges.tsv.gz", EDGES.encode(), "edges.tsv.gz, after line 0: not gzipped text"),
    ],
)
def test_a_file_that_is_no_kgx_is_named(folder: Path, name: str, content: bytes, told: str) -> None:
    (folder / name).write_bytes(content)
    which = {name.partition(".")[0]: name}
    with pytest.raises(FileError, match=told):
        build(folder, **which)


def test_a_line_of_ten_megabytes_is_one_row(folder: Path) -> None:
    with (folder / "nodes.tsv").open("a") as nodes:
        nodes.write("x" * 10_000_000 + "\n")
        nodes.write("HGNC:7\tbiolink:Gene\t" + "n" * 10_000_000 + "\t\t\t\t\n")
    graph, audit = build(folder)
    row = audit.rejected.to_pylist()[0]
    assert (row["line"], len(row["text"]), audit.rejected.num_rows) == (8, len("no category\t\t") + 200, 1)
    assert len(graph.nodes["Gene"].to_pylist()[-1]["name"]) == 10_000_000


@pytest.mark.parametrize("line", ["[1]", "{", '{"id": "\\ud800"}', "[" * 100_000, "1" * 5000, "null"])
def test_a_line_that_is_no_json_object_is_rejected_with_its_text(folder: Path, line: str) -> None:
    good = json.dumps({"id": "HGNC:2623", "category": "biolink:Gene", "name": "a"})
    (folder / "nodes.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    graph, audit = build(folder, "nodes.jsonl")
    found = [row for row in audit.rejected.to_pylist() if row["file"] == "nodes.jsonl"]
    assert [(row["line"], row["reason"]) for row in found] == [(2, "unknown kind")]
    assert line[:200] in found[0]["text"] and graph.node_counts() == {"Gene": 1}


def test_a_last_edge_that_is_cut_off_is_rejected_with_its_line(folder: Path) -> None:
    (folder / "edges.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in ROWS) + '{"subject": "HG', encoding="utf-8"
    )
    _, audit = build(folder, edges="edges.jsonl")
    last = audit.rejected.to_pylist()[-1]
    assert (last["line"], last["reason"]) == (len(ROWS) + 1, "unknown relation")


@pytest.mark.parametrize("predicate", ["biolink:Treats", "BIOLINK:TREATS", "https://w3id.org/biolink/vocab/treats"])
def test_capitals_and_iris_of_a_predicate_do_not_matter(folder: Path, predicate: str) -> None:
    edges = folder / "edges.tsv"
    edges.write_text(edges.read_text(encoding="utf-8").replace("biolink:treats\t", f"{predicate}\t"), encoding="utf-8")
    graph, _ = build(folder)
    assert graph.edges["treats"].num_rows == 1


def test_progress_moves_while_a_file_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.files.blocks.TABLE_BLOCK", 200)
    told: list[tuple[str, float]] = []
    assemble([read(folder / "nodes.tsv", folder / "edges.tsv", RELEASE)], progress=lambda *step: told.append(step))
    for what in ("nodes", "edges"):
        shares = [share for step, share in told if step == f"check the {what} of monarch"]
        assert shares == sorted(shares) and len(set(shares)) > 2
    assert [share for _, share in told] == sorted(share for _, share in told)


@pytest.mark.parametrize(
    ("category", "prefix", "kind"),
    [
        ("biolink:Protein", "UniProtKB", "Gene"),
        ("biolink:Transcript", "ENSEMBL", "Gene"),
        ("biolink:MolecularMixture", "CHEBI", "Drug"),
        ("biolink:Drug", "RXNORM", "Drug"),
        ("biolink:SmallMolecule", "KEGG.COMPOUND", "Entity"),
        ("biolink:Food", "FOODON", "Entity"),
        ("biolink:DiseaseOrPhenotypicFeature", "HP", "Phenotype"),
        ("biolink:DiseaseOrPhenotypicFeature", "MONDO", "Disease"),
        ("biolink:Cell", "CL", "Anatomy"),
        ("biolink:CellularComponent", "GO", "CellularComponent"),
        ("biolink:MolecularActivity", "GO", "MolecularFunction"),
        ("biolink:Pathway", "REACT", "Pathway"),
        ("biolink:PhysiologicalProcess", "GO", "BiologicalProcess"),
        ("biolink:OrganismTaxon", "NCBITaxon", "Entity"),
    ],
)
def test_a_category_is_our_kind_where_its_prefix_is(category: str, prefix: str, kind: str) -> None:
    assert kind_of(category, prefix) == kind


@pytest.mark.parametrize("predicate", sorted(predicates()))
def test_whatever_is_said_both_ways_round_is_one_edge_the_same_way_round(predicate: str) -> None:
    inverse = predicates()[predicate]
    for subject, target in (("Drug", "Disease"), ("Gene", "Disease"), ("Drug", "Gene"), ("Variant", "Gene")):
        name, turned = relation_of(Said(predicate, subject, target))
        if "contraindicat" in predicate and (subject, target) != ("Drug", "Disease"):
            assert "(no relation of ours says it of " in name
            continue
        assert name in RELATIONS
        ends = (target, subject) if turned else (subject, target)
        assert (RELATIONS[name].subject, RELATIONS[name].object) == ends
        if inverse and "related_to" not in name:
            assert relation_of(Said(inverse, target, subject)) == (name, not turned)
