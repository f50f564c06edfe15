"""Identifiers that mean one node are joined one to one; what would have to be guessed is reported and left apart."""

import pyarrow as pa
import pytest

from kg.assemble import assemble
from kg.graph import Graph, SourceRelease, table
from kg.identify import CHAINED, KINDS_APART, ONE_NAME, SEVERAL, identities
from kg.rows import Rows
from kg.schema import node_columns

ASPIRIN = ("DRUGBANK:DB00945", "Acetylsalicylic acid", ["PHARMGKB.DRUG:PA448497", "PUBCHEM.COMPOUND:2244"])


def nodes(kind: str, *rows: tuple[str, str, list[str]]) -> dict[str, pa.Table]:
    return {
        kind: table(node_columns(kind), [{"id": i, "name": name, "xrefs": xrefs} for i, name, xrefs in rows]),
    }


def aliases(kind: str, *rows: tuple[str, str, list[str]], equivalents: tuple[tuple[str, str], ...] = ()) -> dict:
    found = identities(nodes(kind, *rows), [equals(*equivalents)] if equivalents else [])
    return found.aliases[kind].to_dict()


def conflicts(given: dict[str, pa.Table]) -> list[tuple[str, list[str]]]:
    return [(row["conflict"], row["ids"]) for row in identities(given).conflicts.to_pylist()]


def equals(*pairs: tuple[str, str]) -> pa.Table:
    subjects, objects = zip(*pairs, strict=True)
    lines = list(range(2, len(pairs) + 2))
    return pa.table(
        {"subject": list(subjects), "object": list(objects), "file": ["f"] * len(pairs), "line": lines},
        pa.schema([("subject", pa.string()), ("object", pa.string()), ("file", pa.string()), ("line", pa.int64())]),
    )


def test_a_cross_reference_means_the_node_that_alone_has_it() -> None:
    assert aliases("Drug", ASPIRIN) == {name: ASPIRIN[0] for name in ASPIRIN[2]}


def test_a_cross_reference_of_two_nodes_means_none() -> None:
    other = ("DRUGBANK:DB00001", "Lepirudin", ["PUBCHEM.COMPOUND:2244"])
    assert aliases("Drug", ASPIRIN, other) == {"PHARMGKB.DRUG:PA448497": ASPIRIN[0]}


def test_two_nodes_are_one_under_the_prefix_that_comes_first() -> None:
    by_name = ("PHARMGKB.DRUG:PA448497", "aspirin", [])
    assert aliases("Drug", by_name, ASPIRIN)["PHARMGKB.DRUG:PA448497"] == ASPIRIN[0]


def test_two_nodes_are_one_by_a_reference_that_they_share() -> None:
    found = aliases("Disease", ("MONDO:0005148", "T2D", ["UMLS:C1"]), ("DOID:9352", "type 2", ["UMLS:C1"]))
    assert found == {"MONDO:0005148": "DOID:9352", "UMLS:C1": "DOID:9352"}


def test_a_table_of_equivalents_joins_too_and_its_spellings_do_not_matter() -> None:
    rows = (("DOID:9352", "type 2", []), ("MONDO:0005148", "T2D", []))
    found = aliases("Disease", *rows, equivalents=(("mondo:0005148", "doid:9352"), ("MIM:125853", "MONDO:0005148")))
    assert found == {"MONDO:0005148": "DOID:9352", "OMIM:125853": "DOID:9352"}


def test_one_to_many_is_no_equality_and_is_told() -> None:
    rows = nodes(
        "Disease", ("MONDO:0000001", "m", []), ("DOID:1", "a", ["MONDO:0000001"]), ("DOID:2", "b", ["MONDO:0000001"])
    )
    assert not len(identities(rows).aliases["Disease"])
    assert conflicts(rows) == [(SEVERAL, ["MONDO:0000001", "DOID:1", "DOID:2"])]


def test_a_chain_that_would_join_two_nodes_of_one_prefix_joins_none() -> None:
    rows = nodes(
        "Disease",
        ("DOID:1", "a", ["UMLS:C1"]),
        ("MONDO:0000001", "m", ["UMLS:C1", "OMIM:7"]),
        ("OMIM:7", "o", ["UMLS:C2"]),
        ("DOID:2", "b", ["UMLS:C2"]),
    )
    assert (CHAINED, ["DOID:1", "DOID:2", "MONDO:0000001", "OMIM:7"]) in conflicts(rows)
    assert not {"MONDO:0000001", "OMIM:7"} & set(identities(rows).aliases["Disease"].index)


def test_one_identifier_of_two_kinds_and_one_symbol_of_two_genes_are_told() -> None:
    rows = nodes("BiologicalProcess", ("GO:0000001", "x", [])) | nodes("CellularComponent", ("GO:0000001", "x", []))
    genes = nodes("Gene", ("NCBIGene:1", "TEC", []), ("NCBIGene:2", "TEC", []), ("NCBIGene:3", "ABL1", []))
    assert (KINDS_APART, ["GO:0000001"]) in conflicts(rows | genes)
    assert (ONE_NAME, ["TEC", "NCBIGene:1", "NCBIGene:2"]) in conflicts(rows | genes)


def rows(name: str, node: list[dict[str, object]], edges: list[tuple[str, str]], **parts: object) -> Rows:
    placed = [row | {"kind": "Drug", "file": "f.tsv", "line": line} for line, row in enumerate(node, start=2)]
    diseases = [{"kind": "Disease", "id": "DOID:1", "name": "d", "file": "f.tsv", "line": 1}]
    columns = {"kind": "string", "file": "string", "line": "int64"}
    told = {"relation": "treats", "knowledge_level": "not_provided", "agent_type": "not_provided", "file": "e.tsv"}
    return Rows(
        SourceRelease(name, "1", "CC0-1.0", "", "", {}),
        (table(node_columns("Drug") | columns, placed), table(node_columns("Disease") | columns, diseases)),
        (
            pa.Table.from_pylist(
                [told | {"subject": s, "object": o, "line": line} for line, (s, o) in enumerate(edges, start=2)]
            ),
        )
        if edges
        else (),
        **parts,
    )


def drug(graph: Graph) -> dict[str, object]:
    [row] = graph.nodes["Drug"].to_pylist()
    return row


def test_a_merged_node_keeps_all_names_and_identifiers_and_its_own_name() -> None:
    other = {"id": "pharmgkb.drug:PA448497", "name": "aspirin", "synonyms": ["ASA"]}
    ours = {"id": ASPIRIN[0], "name": ASPIRIN[1], "xrefs": ASPIRIN[2]}
    graph, audit = assemble(
        [rows("first", [other], [("pharmgkb.drug:PA448497", "DOID:1")]), rows("second", [ours], [])]
    )
    row = drug(graph)
    assert (row["id"], row["name"]) == ASPIRIN[:2]
    assert set(row["synonyms"]) == {"aspirin", "ASA"}
    assert set(row["xrefs"]) == set(ASPIRIN[2])
    assert set(row["provided_by"]) == {"first", "second"}
    assert graph.edges["treats"]["subject"].to_pylist() == [ASPIRIN[0]]
    assert {(t.source, t.table): t.mapped for t in audit.tallies if t.mapped} == {
        ("first", "Drug"): 1,
        ("first", "treats"): 1,
    }


def test_a_withdrawn_identifier_is_its_successor_or_is_rejected_as_withdrawn() -> None:
    gone = pa.table({"subject": ["DRUGBANK:DB00111", "DRUGBANK:DB00222"], "object": [ASPIRIN[0], None]})
    edges = [("DRUGBANK:DB00111", "DOID:1"), ("DRUGBANK:DB00222", "DOID:1"), ("DRUGBANK:DB00333", "DOID:1")]
    graph, audit = assemble([rows("a", [{"id": ASPIRIN[0], "name": "x"}], edges, retired=(gone,))])
    assert graph.edges["treats"]["subject"].to_pylist() == [ASPIRIN[0]]
    told = {row["line"]: row["reason"] for row in audit.rejected.to_pylist()}
    assert told == {3: "retired identifier", 4: "missing end"}


@pytest.mark.parametrize(("use", "left"), [(None, 1), ("commercial", 0)])
def test_what_forbids_the_use_is_left_out_and_counted(use: str | None, left: int) -> None:
    given = rows("a", [{"id": ASPIRIN[0], "name": "x"}], [(ASPIRIN[0], "DOID:1")])
    [edges] = given.edges
    licensed = Rows(given.release, given.nodes, (edges.append_column("licence", pa.array(["CC-BY-NC-4.0"])),))
    graph, audit = assemble([licensed], use=use)
    assert graph.edge_counts().get("treats", 0) == left
    assert audit.left_out == ({} if left else {("a", "the licence is CC-BY-NC-4.0"): 1})


def test_a_drug_that_is_only_named_is_the_one_that_alone_has_the_name() -> None:
    own = [("PANAKEIA:drug-1", "ASPIRIN", []), ("PANAKEIA:drug-2", "Twin", []), ("PANAKEIA:drug-3", "unknown", [])]
    others = [ASPIRIN, ("PHARMGKB.DRUG:PA448497", "aspirin", []), ("DRUGBANK:DB00001", "twin", [])]
    found = aliases("Drug", *own, *others, ("DRUGBANK:DB00002", "Twin", []))
    assert found["PANAKEIA:drug-1"] == ASPIRIN[0]
    assert not {"PANAKEIA:drug-2", "PANAKEIA:drug-3"} & found.keys()


def test_what_a_table_of_equivalents_says_stays_with_the_node() -> None:
    given = rows("a", [{"id": ASPIRIN[0], "name": "x", "xrefs": ["UNII:R16CO5Y76E"]}], [])
    said = equals(("CHEBI:15365", ASPIRIN[0]), ("CHEBI:15365", "KEGG.COMPOUND:C01405"))
    graph, _ = assemble([given, Rows(SourceRelease("m", "1", "CC0-1.0", "", "", {}), (), (), (said,))])
    assert set(drug(graph)["xrefs"]) == {"UNII:R16CO5Y76E", "CHEBI:15365", "KEGG.COMPOUND:C01405"}


def test_what_two_hubs_share_does_not_make_them_one() -> None:
    # as MONDO has it: Turner syndrome and an ovarian dysgenesis, each a disease of its own, both coded Q96.8
    rows = (("OMIM:616185", "Ovarian dysgenesis 4", []), ("ORPHANET:881", "Turner syndrome", []))
    table = (("MONDO:0014520", "OMIM:616185"), ("MONDO:0014520", "ICD10:Q96.8"))
    table += (("MONDO:0019499", "ORPHANET:881"), ("MONDO:0019499", "ICD10:Q96.8"))
    found = aliases("Disease", *rows, equivalents=table)
    assert found == {"MONDO:0014520": "OMIM:616185", "MONDO:0019499": "ORPHANET:881"}


def test_a_gene_s_omim_number_makes_no_disease_an_identifier_of_the_gene() -> None:
    found = aliases("Gene", ("NCBIGene:7157", "TP53", ["OMIM:151623"]), equivalents=(("OMIM:151623", "MONDO:0007903"),))
    assert found == {"OMIM:151623": "NCBIGene:7157"}
