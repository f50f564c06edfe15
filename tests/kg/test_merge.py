"""Merging: what several rows that name one node, or say one edge, become; every expectation is written by hand."""

from typing import Any

import pyarrow as pa
import pytest

from kg.graph import arrow_schema, table
from kg.merge import merge_edges, merge_nodes
from kg.schema import RELATIONS, Relation, edge_columns, node_columns

Row = dict[str, Any]

IDS = {
    "Drug": pa.array(["D:1", "D:2", "D:3"]),
    "Disease": pa.array(["S:1", "S:2"]),
    "Gene": pa.array(["G:1", "G:2", "G:3", "G:4", "G:5"]),
    "Patient": pa.array(["P:1", "P:2"]),
    "Measurement": pa.array(["M:1", "M:2"]),
}
EVIDENCE = {
    "source": "a",
    "source_version": "1",
    "licence": "CC0-1.0",
    "knowledge_level": "observation",
    "agent_type": "manual_agent",
    "references": [],
}


def edge(subject: str, target: str, **more: object) -> Row:
    return {"subject": subject, "object": target, **EVIDENCE, **more}


def merged(relation: str, *rows: Row) -> tuple[list[Row], list[int]]:
    """Return the merged edges without what they have not, and which rows went into another."""
    found, dropped = merge_edges(relation, table(edge_columns(relation), rows), IDS)
    assert found.schema == arrow_schema(edge_columns(relation))
    return [{k: v for k, v in row.items() if v is not None} for row in found.to_pylist()], sorted(dropped.tolist())


def merged_nodes(kind: str, *rows: Row) -> tuple[list[Row], list[int]]:
    """Return the merged nodes without what they have not, and which rows went into another."""
    stated = [{"xrefs": [], "provided_by": ["a"]} | row for row in rows]
    found, dropped = merge_nodes(table(node_columns(kind), stated))
    plain = [{k: v for k, v in row.items() if v not in (None, [], ["a"])} for row in found.to_pylist()]
    return plain, sorted(dropped.tolist())


def test_rows_of_one_source_are_one_edge_with_the_first_one_s_evidence_and_all_references() -> None:
    found = merged(
        "treats",
        edge("D:1", "S:1", references=["PMID:2", "PMID:1"]),
        edge("D:2", "S:1"),
        edge(
            "D:1",
            "S:1",
            source_version="2",
            licence="MIT",
            knowledge_level="prediction",
            agent_type="text_mining_agent",
            references=["PMID:1", "PMID:3"],
        ),
    )
    assert found == (
        [edge("D:2", "S:1"), edge("D:1", "S:1", references=["PMID:2", "PMID:1", "PMID:3"])],
        [2],
    )


def test_what_two_sources_state_are_two_edges_each_with_its_own_evidence() -> None:
    theirs = {
        "source": "b",
        "source_version": "9",
        "licence": "CC-BY-4.0",
        "knowledge_level": "statistical_association",
        "agent_type": "data_analysis_pipeline",
    }
    ours = edge("D:1", "S:1", references=["PMID:1"])
    other = edge("D:1", "S:1", references=["PMID:2"]) | theirs
    assert merged("treats", ours, other) == ([ours, other], [])
    both, dropped = merged("treats", other, ours, ours, other | {"references": ["PMID:3"]})
    assert both == [other | {"references": ["PMID:2", "PMID:3"]}, ours]
    assert dropped == [2, 3]


def test_two_releases_of_one_source_state_one_edge() -> None:
    found, dropped = merged("treats", edge("D:1", "S:1"), edge("D:1", "S:1", source_version="2"))
    assert (found, dropped) == ([edge("D:1", "S:1")], [1])


def test_a_missing_attribute_comes_from_the_next_row_that_has_it() -> None:
    found = merged(
        "binds",
        edge("D:1", "G:1"),
        edge("D:1", "G:1", action="inhibitor"),
        edge("D:1", "G:1", action="agonist", affinity_nM=7.0),
    )
    assert found == ([edge("D:1", "G:1", action="inhibitor", affinity_nM=7.0)], [1, 2])


@pytest.mark.parametrize("relation", ["binds", "treats"])
def test_edges_of_other_ends_stay_apart(relation: str) -> None:
    """Every pair, of kinds that have more nodes than the other end's and fewer, so that no key may stand for two."""
    ends = RELATIONS[relation]
    rows = [edge(drug, end) for drug in IDS[ends.subject].to_pylist() for end in IDS[ends.object].to_pylist()]
    assert merged(relation, *rows) == (rows, [])
    found, dropped = merged(relation, *rows, *rows)
    assert sorted(map(repr, found)) == sorted(map(repr, rows))
    assert dropped == list(range(len(rows), 2 * len(rows)))


def test_a_symmetric_edge_is_one_whichever_way_it_is_stated_and_keeps_its_first_way() -> None:
    there, back = edge("G:4", "G:2"), edge("G:2", "G:4")
    assert merged("gene_interacts_gene", there, back, edge("G:2", "G:3")) == ([edge("G:2", "G:3"), there], [1])
    assert merged("gene_regulates_gene", there, back) == ([there, back], [])
    assert merged("gene_interacts_gene", there, back | {"source": "b"}) == ([there, back | {"source": "b"}], [])


def test_events_of_a_patient_are_told_apart_by_day_and_record() -> None:
    first = edge("P:1", "M:1", day=3, record="r1", value=2.0)
    others = [
        edge("P:1", "M:1", day=4, record="r1", value=2.1),
        edge("P:1", "M:1", day=3, record="r2", value=2.2),
        edge("P:1", "M:1", day=3, value=2.3),
        edge("P:1", "M:1", record="r1", value=2.4),
        edge("P:1", "M:1", value=2.5),
        edge("P:1", "M:2", day=3, record="r1", value=2.6),
        edge("P:2", "M:1", day=3, record="r1", value=2.7),
        edge("P:1", "M:1", day=3, record="r1", value=2.8, source="b"),
    ]
    assert merged("patient_has_measurement", first, *others) == ([first, *others], [])


def test_a_day_or_a_record_that_is_missing_twice_is_the_same() -> None:
    rows = [
        edge("P:1", "M:1", value=1.0),
        edge("P:1", "M:1", day=1, value=2.0),
        edge("P:1", "M:1", record="r", value=3.0),
    ]
    again = [row | {"code": "LOINC:1-8"} for row in rows]
    found, dropped = merged("patient_has_measurement", *rows, *again)
    assert found == [row | {"code": "LOINC:1-8"} for row in rows]
    assert dropped == [3, 4, 5]


def test_what_tells_edges_apart_is_one_word_of_a_relation(monkeypatch: pytest.MonkeyPatch) -> None:
    by_action = Relation("binds", "Drug", "Gene", "", attributes=RELATIONS["binds"].attributes, identity=("action",))
    monkeypatch.setitem(RELATIONS, "binds", by_action)
    rows = [edge("D:1", "G:1", action="agonist"), edge("D:1", "G:1", action="substrate")]
    assert merged("binds", *rows, rows[0]) == ([rows[1], rows[0]], [2])


def test_identities_of_many_values_do_not_run_over() -> None:
    """8,192 values in each of five columns: multiplied in 64 bits, the 4,097th patient would be the first one again."""
    size = 8_192
    ids = {kind: pa.array([f"{kind}:{n}" for n in range(size)]) for kind in ("Patient", "Measurement")}

    def row(patient: int, rest: int) -> Row:
        told = {"day": rest, "record": f"r{rest}", "source": f"s{rest}"}
        return edge(f"Patient:{patient}", f"Measurement:{rest}", **told)

    rows = [*(row(n, n) for n in range(size)), row(size // 2, 0)]
    columns = edge_columns("patient_has_measurement")
    assert merge_edges("patient_has_measurement", table(columns, rows), ids)[0].num_rows == size + 1


def test_a_node_is_named_by_the_first_that_names_it_and_other_names_are_synonyms() -> None:
    found = merged_nodes(
        "Drug",
        {"id": "D:1", "name": "", "synonyms": ["b"]},
        {"id": "D:2", "name": "other", "synonyms": []},
        {"id": "D:1", "name": "A", "synonyms": ["c", "b"], "inchi": "x"},
        {"id": "D:1", "name": "B", "synonyms": ["A"], "inchi": "y"},
    )
    assert found == (
        [
            {"id": "D:2", "name": "other"},
            {"id": "D:1", "name": "A", "synonyms": ["B", "c"], "inchi": "x"},
        ],
        [2, 3],
    )


@pytest.mark.parametrize("name", [None, ""])
def test_a_node_that_nobody_names_is_named_by_its_curie(name: str | None) -> None:
    alone = {"id": "G:1", "name": name, "synonyms": ["s"]}
    named = {"id": "G:1", "name": "G:1", "synonyms": ["s"]}
    assert merged_nodes("Gene", alone) == ([named], [])
    assert merged_nodes("Gene", alone, alone) == ([named], [1])


def test_an_attribute_of_a_node_that_is_zero_or_empty_is_known() -> None:
    rows = [
        {"id": "P:1", "name": "p", "synonyms": [], "age_years": age, "sex": sex}
        for age, sex in ((0.0, ""), (7.0, "female"))
    ]
    ((node,), dropped) = merged_nodes("Patient", *rows)
    assert (node["age_years"], node["sex"], dropped) == (0.0, "", [1])


def test_tables_without_doubles_or_rows_come_back_as_they_are() -> None:
    nodes = table(node_columns("Gene"), [{"id": f"G:{n}", "name": "g", "synonyms": []} for n in range(3)])
    assert merge_nodes(nodes)[0] == nodes
    assert merged("treats") == ([], [])
