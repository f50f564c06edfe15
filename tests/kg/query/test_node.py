"""What a store says of a node, of a patient, of itself, on both stores."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kg.graph import Graph, table
from kg.query import PatientRecord, Shown, days_of, info, neighbours, patient, show, subgraph
from kg.schema import edge_columns, node_columns
from kg.search import Node, UnknownKind, UnknownNode
from kg.stores.protocol import Store


@pytest.fixture
def store(store_of: Callable[[Graph], Store], graph: Graph) -> Store:
    return store_of(graph)


def test_show_counts_edges_and_brings_evidence(store: Store) -> None:
    shown = show(store, "aspirin")
    assert shown.node.id == "DRUGBANK:DB00945"
    assert shown.attributes == {"synonyms": ["Aspirin"], "provided_by": ["by-hand"]}
    assert set(shown.edges.itertuples(index=False, name=None)) == {
        ("treats", "out", 1),
        ("palliates", "out", 1),
        ("binds", "out", 2),
        ("causes_side_effect", "out", 1),
        ("drug_upregulates_gene", "out", 1),
        ("drug_downregulates_gene", "out", 1),
        ("drug_resembles_drug", "both", 1),
    }
    bound = shown.neighbours[shown.neighbours["relation"] == "binds"]
    assert list(bound["name"]) == ["PTGS1", "PTGS2"]
    assert set(bound["source"]) == {"by-hand"}
    assert json.loads(json.dumps(shown.to_json()))["edges"][0]["count"] == 1
    assert shown.to_text().startswith("Acetylsalicylic acid  (Drug DRUGBANK:DB00945)\n  synonyms: Aspirin\n")


def test_show_of_a_kind(store: Store) -> None:
    assert show(store, "arthritis", kind="disease").node.name == "osteoarthritis"
    with pytest.raises(UnknownKind):
        show(store, "arthritis", kind="illness")


def test_what_json_has_no_word_for_is_null() -> None:
    nan, numbers = float("nan"), np.array([1.5, np.nan])
    shown = Shown(
        Node("PANAKEIA:P-1", "Patient", "P-1"),
        {"age_years": nan, "numbers": numbers, "genotypes": {"a": np.int64(1)}, "sex": np.str_("male")},
        pd.DataFrame({"relation": ["treats"], "direction": ["out"], "count": np.array([2])}),
        pd.DataFrame({"id": ["x", "y"], "references": [np.array(["PMID:1"]), None], "value": [np.inf, 1]}),
    )
    found = shown.to_json()
    assert (
        json.loads(json.dumps(found, allow_nan=False))
        == found
        == {
            "id": "PANAKEIA:P-1",
            "kind": "Patient",
            "name": "P-1",
            "age_years": None,
            "numbers": [1.5, None],
            "genotypes": {"a": 1},
            "sex": "male",
            "edges": [{"relation": "treats", "direction": "out", "count": 2}],
            "neighbours": [
                {"id": "x", "references": ["PMID:1"], "value": None},
                {"id": "y", "references": None, "value": 1.0},
            ],
        }
    )


def test_show_has_a_row_for_each_who_states_a_neighbour_and_counts_neighbours(
    store_of: Callable[[Graph], Store],
) -> None:
    """Seven genes, each stated by three sources, the last twice over: five neighbours, fifteen rows."""
    genes = [{"id": f"NCBIGene:{n}", "name": f"gene {n}"} for n in range(7)]
    drug = {"id": "DRUGBANK:DB00001", "name": "Lepirudin"}
    stated = [
        {"subject": drug["id"], "object": gene["id"], "source": source, "references": [f"PMID:{source}"]}
        for gene in genes
        for source in "bacc"
    ]
    nodes = {"Gene": table(node_columns("Gene"), genes), "Drug": table(node_columns("Drug"), [drug])}
    store = store_of(Graph(nodes, {"binds": table(edge_columns("binds"), stated)}))
    shown = show(store, "Lepirudin")
    assert list(shown.edges.itertuples(index=False, name=None)) == [("binds", "out", 7)]
    assert list(zip(shown.neighbours["name"], shown.neighbours["source"], strict=True)) == [
        (f"gene {n}", source) for n in range(5) for source in "abc"
    ]
    assert shown.neighbours["references"].to_list()[:3] == [["PMID:a"], ["PMID:b"], ["PMID:c"]]
    assert list(show(store, "gene 6").edges["count"]) == [1]


def test_show_tells_out_from_in(store: Store) -> None:
    edges = show(store, "CYP2C9").edges
    regulates = edges[edges["relation"] == "gene_regulates_gene"]
    assert list(regulates.itertuples(index=False, name=None)) == [
        ("gene_regulates_gene", "out", 1),
        ("gene_regulates_gene", "in", 1),
    ]


def test_a_patient_is_read_as_data(store: Store) -> None:
    record = PatientRecord("PANAKEIA:P-1", "female", 71.5, {"CYP2C9": "*1/*2"}, birth_day=-26_000, consent="given")
    for text in ("PANAKEIA:P-1", "panakeia:p-1", "P-1", " p-1 "):
        assert patient(store, text) == record
    assert patient(store, "P-2") == PatientRecord("PANAKEIA:P-2", None, None, {})


def test_the_days_of_patients_span_all_that_is_stored_of_them(store: Store) -> None:
    assert days_of(store, ["PANAKEIA:P-1", "PANAKEIA:P-2", "PANAKEIA:P-3"]) == {"PANAKEIA:P-1": (-31, 21)}
    assert days_of(store, ["PANAKEIA:P-2"]) == days_of(store, []) == {}


def test_an_unknown_patient_is_not_repeated(store: Store) -> None:
    for text in ("Jane Doe", "NCBIGene:1559", ""):
        with pytest.raises(UnknownNode, match=r"no patient of this id; expected a pseudonym such as PANAKEIA:P-0") as e:
            patient(store, text)
        assert text not in str(e.value) or not text


def test_patients_who_differ_in_capitals_are_not_taken_for_each_other(store_of: Callable[[Graph], Store]) -> None:
    rows = [{"id": "PANAKEIA:P-a", "name": "a", "sex": "male"}, {"id": "PANAKEIA:P-A", "name": "A", "sex": "female"}]
    store = store_of(Graph({"Patient": table(node_columns("Patient"), rows)}, {}))
    assert [patient(store, text).sex for text in ("P-a", "P-A")] == ["male", "female"]
    with pytest.raises(UnknownNode, match="several patients of this id but for its capitals"):
        patient(store, "p-A")


def test_a_patient_s_events_are_shown_in_order_with_values_and_days(store: Store) -> None:
    shown = show(store, "PANAKEIA:P-1")
    told = shown.to_json()["events"]
    days = [event["day"] for event in told if "day" in event]
    assert len(told) == 16 and days == sorted(days) == [-31, -30, -30, 0, 2, 3, 14, 21]
    assert [(event["value"], event["unit"]) for event in told if "value" in event] == [(2.4, "1"), (2.9, "1")]
    assert "1970-01-22 00:09  patient_has_measurement  INR = 2.9 1" in shown.to_text()
    assert "1969-12-02  patient_has_condition  NOT osteoarthritis" in shown.to_text()
    assert "patient_has_diplotype  CYP2C9 = *1/*2" in shown.to_text()
    assert show(store, "PANAKEIA:P-2").attributes == {"provided_by": ["by-hand"]}


def test_what_a_patient_does_not_have_is_no_neighbour(store: Store) -> None:
    conditions = neighbours(store, "P-1", kind="Patient", relations=["patient_has_condition"])
    assert [one.node.id for one in conditions.found] == ["DOID:9743"]
    assert neighbours(store, "DOID:8398", relations=["patient_has_condition"]).found == ()
    assert not any(edge["object"] == "DOID:8398" for edge in patient_edges(subgraph(store, "PANAKEIA:P-1")))


def patient_edges(graph: Graph) -> list[dict[str, Any]]:
    return graph.edges["patient_has_condition"].to_pylist()


def test_info_counts_what_the_graph_holds(store: Store, graph: Graph) -> None:
    found = info(store)
    assert found["nodes"] == graph.node_counts()
    assert found["edges"] == graph.edge_counts()
    assert found["sources"] == [
        {
            "name": "by-hand",
            "version": "1",
            "licence": "CC0-1.0",
            "citation": "Textbooks",
            "url": "https://example.org/by-hand",
            "files": {"nodes.tsv": "00", "edges.tsv": "ff"},
        }
    ]
