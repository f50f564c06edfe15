"""PrimeKG: each pair once, in our words where they say as much, each edge with the licence of its resource."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from kg.audit import Audit
from kg.build import build_graph
from kg.check import node_faults
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.graph import Graph, table
from kg.schema import AGENT_TYPES, KNOWLEDGE_LEVELS, RELATIONS
from kg.sources import primekg
from kg.sources.primekg import TOLD, TYPES

Node = tuple[int, str, str, str, str]

# The values are those of the published file, which states each pair from both ends.
PHYHIP: Node = (0, "9796", "gene/protein", "PHYHIP", "NCBI")
KIF15: Node = (8889, "56992", "gene/protein", "KIF15", "NCBI")
WARFARIN: Node = (14015, "DB00682", "drug", "Warfarin", "DrugBank")
ASPIRIN: Node = (14012, "DB00945", "drug", "Acetylsalicylic acid", "DrugBank")
DIABETES: Node = (28780, "5148", "disease", "type 2 diabetes mellitus", "MONDO")
GROUP: Node = (27158, "13924_12592_14672", "disease", "osteogenesis imperfecta", "MONDO_grouped")
SHORT: Node = (22502, "4322", "effect/phenotype", "Short stature", "HPO")
LIVER: Node = (63826, "2107", "anatomy", "liver", "UBERON")
CLOTTING: Node = (102000, "7596", "biological_process", "blood coagulation", "GO")
BINDING: Node = (113000, "5515", "molecular_function", "protein binding", "GO")
NUCLEUS: Node = (124000, "5634", "cellular_component", "nucleus", "GO")
LEAD: Node = (61700, "D007854", "exposure", "Lead", "CTD")
HEMOSTASIS: Node = (128000, "R-HSA-109582", "pathway", 'Hemostasis, "all" of it', "REACTOME")

BY_TYPE = {
    node[2]: node for node in (KIF15, ASPIRIN, GROUP, SHORT, LIVER, CLOTTING, BINDING, NUCLEUS, LEAD, HEMOSTASIS)
}


def line(relation: str, display: str, x: Node, y: Node) -> str:
    cells = [relation, display, *(str(cell) for node in (x, y) for cell in node)]
    return ",".join('"' + cell.replace('"', '""') + '"' if set(cell) & {",", '"'} else cell for cell in cells)


def both(relation: str, display: str, x: Node, y: Node) -> list[str]:
    return [line(relation, display, x, y), line(relation, display, y, x)]


def build(folder: Path, lines: Sequence[str]) -> tuple[Graph, Audit]:
    path = folder / primekg.EDGES.path
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([",".join(primekg.COLUMNS), *lines]) + "\n", encoding="utf-8")
    fetch = Fetch(folder, cache=folder / "no-cache", offline=True)
    return build_graph([primekg.read(fetch)], max_reject_share=1.0)


def ends(graph: Graph) -> dict[str, list[tuple[str, str]]]:
    return {
        name: list(zip(rows["subject"].to_pylist(), rows["object"].to_pylist(), strict=True))
        for name, rows in graph.edges.items()
    }


def test_every_relation_of_primekg_is_ours_or_kept_and_each_pair_counts_once(tmp_path: Path) -> None:
    lines = []
    for (relation, display), told in TOLD.items():
        subject, target = BY_TYPE[told.subject], BY_TYPE[told.object]
        if told.subject == told.object:
            subject = (7, subject[1][:-1] + ("3" if subject[1][-1] == "1" else "1"), *subject[2:])
        lines += both(relation, display, subject, target)
    graph, audit = build(tmp_path, lines)
    assert audit.rejected.num_rows == 0
    stated = sum(graph.edge_counts().values()) + sum(
        tally.merged for tally in audit.tallies if tally.table in RELATIONS
    )
    assert len(TOLD) == 30 + 3 and stated == len(TOLD)  # 30 relations; drug_protein is displayed in four ways
    assert set(graph.edges) == {told.relation for told in TOLD.values()}
    for rows in graph.edges.values():
        assert {*rows["knowledge_level"].to_pylist()} <= KNOWLEDGE_LEVELS
        assert {*rows["agent_type"].to_pylist()} <= AGENT_TYPES
    assert set(audit.left_out.values()) == {len(TOLD)}


def test_ends_evidence_and_words_are_those_of_the_file(tmp_path: Path) -> None:
    graph, audit = build(
        tmp_path,
        [
            *both("protein_protein", "ppi", KIF15, PHYHIP),
            *both("drug_protein", "target", KIF15, WARFARIN),
            *both("drug_protein", "enzyme", WARFARIN, KIF15),
            *both("indication", "indication", DIABETES, ASPIRIN),
            *both("contraindication", "contraindication", WARFARIN, GROUP),
            *both("disease_phenotype_negative", "phenotype absent", SHORT, DIABETES),
            *both("anatomy_protein_absent", "expression absent", PHYHIP, LIVER),
            *both("disease_disease", "parent-child", GROUP, DIABETES),
            *both("pathway_protein", "interacts with", HEMOSTASIS, KIF15),
            line("drug_drug", "synergistic interaction", WARFARIN, ASPIRIN),  # stated from one end only
        ],
    )
    assert audit.rejected.num_rows == 0
    assert ends(graph) == {
        "gene_interacts_gene": [("NCBIGene:9796", "NCBIGene:56992")],
        "binds": [("DRUGBANK:DB00682", "NCBIGene:56992")],
        "treats": [("DRUGBANK:DB00945", "MONDO:0005148")],
        "contraindicated_in": [("DRUGBANK:DB00682", "PANAKEIA:MONDO_13924_12592_14672")],
        "disease_lacks_phenotype": [("MONDO:0005148", "HP:0004322")],
        "anatomy_does_not_express_gene": [("UBERON:0002107", "NCBIGene:9796")],
        "disease_related_to_disease": [("PANAKEIA:MONDO_13924_12592_14672", "MONDO:0005148")],
        "gene_participates_in_pathway": [("NCBIGene:56992", "REACT:R-HSA-109582")],
        "drug_related_to_drug": [("DRUGBANK:DB00945", "DRUGBANK:DB00682")],
    }
    binds, against, parent = (
        graph.edges[name].to_pylist()[0] for name in ("binds", "contraindicated_in", "disease_related_to_disease")
    )
    assert binds["references"] == ["DrugBank (target)", "DrugBank (enzyme)"] and binds["licence"] == "CC-BY-NC-4.0"
    assert (against["references"], against["licence"]) == (["DrugCentral"], "CC-BY-SA-4.0")
    assert (parent["predicate"], parent["qualifiers"]) == ("biolink:related_to", "original_predicate=parent-child")
    assert graph.nodes["Pathway"]["name"].to_pylist() == ['Hemostasis, "all" of it']
    assert graph.sources[0].version == "2-unverified"


def test_what_is_strange_is_rejected_once_with_its_line(tmp_path: Path) -> None:
    graph, audit = build(
        tmp_path,
        [
            *both("protein_protein", "ppi", KIF15, PHYHIP),
            line("protein_protein", "kisses", KIF15, PHYHIP),
            line("protein_protein", "ppi", KIF15, (3, "x1", "gene/protein", "?", "NCBI")),
            line("protein_protein", "ppi", KIF15, (4, "1", "planet", "Mars", "NASA")),
            "protein_protein,ppi,1",
        ],
    )
    assert ends(graph) == {"gene_interacts_gene": [("NCBIGene:9796", "NCBIGene:56992")]}
    assert sorted((row["line"], row["reason"], row["text"]) for row in audit.rejected.to_pylist()) == [
        (4, "unknown relation", "NCBIGene:56992\tprotein_protein: kisses\tNCBIGene:9796"),
        (5, "malformed CURIE", "Gene\tNCBIGene:x1\t?"),
        (5, "malformed CURIE", "NCBIGene:x1\tgene_interacts_gene\tNCBIGene:56992"),
        (6, "malformed CURIE", "NASA:1\tgene_interacts_gene\tNCBIGene:56992"),
        (6, "unknown kind", "primekg:planet\tNASA:1\tMars"),
        (7, "unknown relation", "\tprotein_protein,ppi,1: \t"),
    ]


def test_pairs_are_known_by_their_ends_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.files.blocks.TABLE_BLOCK", 120)
    genes = [(number, str(number + 1), "gene/protein", f"g{number}", "NCBI") for number in range(20)]
    lines = [line("protein_protein", "ppi", x, y) for x in genes for y in genes if x != y]
    graph, audit = build(tmp_path, lines)
    assert graph.edge_counts() == {"gene_interacts_gene": 20 * 19 // 2} and audit.rejected.num_rows == 0
    assert graph.node_counts() == {"Gene": 20}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "kg.csv, line 1: nothing there; expected a header with the columns relation, display_relation"),
        ("\t".join(primekg.COLUMNS), "kg.csv, line 1: the columns are separated by tabs; expected commas"),
    ],
)
def test_a_file_that_is_not_primekg_s_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / primekg.EDGES.path
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=said):
        build_graph([primekg.read(Fetch(tmp_path, cache=tmp_path / "no-cache", offline=True))])


@pytest.mark.parametrize("node", BY_TYPE.values())
def test_each_type_s_identifier_is_one_of_our_kind(node: Node) -> None:
    rows = table({"id": "string"}, [{"id": primekg.to_curie(node[4], node[1])}])
    assert node_faults(TYPES[node[2]], rows).tolist() == [0]
