"""Traits of patients, on both stores: only of those asked for who did not withdraw, and only what a record states."""

import pandas as pd
import pytest

from kg.graph import Graph
from kg.query.traits import traits
from kg.search import Node
from tests.conftest import EDGES, NODES, StoreOf, make_graph

THROMBOSIS = Node("DOID:9743", "Disease", "thrombosis")
ABSENT = Node("DOID:8398", "Disease", "osteoarthritis")
WARFARIN = Node("DRUGBANK:DB00682", "Drug", "Warfarin")
ALLERGY = Node("DRUGBANK:DB01050", "Drug", "Ibuprofen")
IDS = ["PANAKEIA:P-2", "PANAKEIA:P-1", "PANAKEIA:P-9"]


def test_traits_of_the_patients_asked_for(store_of: StoreOf, graph: Graph) -> None:
    found = traits(store_of(graph), IDS, [THROMBOSIS, WARFARIN])
    assert list(found.columns) == ["id", "sex", "age", "DOID:9743", "DRUGBANK:DB00682"]
    assert found["id"].tolist() == ["PANAKEIA:P-1", "PANAKEIA:P-2"]
    assert found["sex"].astype(object).where(found["sex"].notna(), None).tolist() == ["female", None]
    assert found["age"][0] == 71.5 and pd.isna(found["age"][1])
    assert found["DOID:9743"].tolist() == found["DRUGBANK:DB00682"].tolist() == [True, False]
    assert traits(store_of(graph), []).empty


def test_what_is_absent_and_what_is_not_borne_is_not_stated(store_of: StoreOf, graph: Graph) -> None:
    found = traits(store_of(graph), IDS, [ABSENT, ALLERGY])
    assert not found[[ABSENT.id, ALLERGY.id]].to_numpy().any()


@pytest.mark.parametrize("kind", ["Anatomy", "Gene"])
def test_what_no_record_states(store_of: StoreOf, graph: Graph, kind: str) -> None:
    with pytest.raises(ValueError, match=f"liver is a {kind} .*no record states one"):
        traits(store_of(graph), ["PANAKEIA:P-1"], [Node("UBERON:0002107", kind, "liver")])


PEOPLE = [row | {"consent": "withdrawn"} if place == 0 else row for place, row in enumerate(NODES["Patient"])]
NARROWER: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("patient_has_condition", "PANAKEIA:P-2", "DOID:8398", {"mapping": "skos:narrowMatch", "negated": False}),
    ("patient_has_phenotype", "PANAKEIA:P-3", "HP:0001907", {"mapping": "skos:exactMatch", "negated": False}),
)
OTHER = make_graph(NODES | {"Patient": PEOPLE}, (*EDGES, *NARROWER))


def test_who_withdrew_consent_is_not_there(store_of: StoreOf) -> None:
    found = traits(store_of(OTHER), ["PANAKEIA:P-1", "PANAKEIA:P-3"], [THROMBOSIS])
    assert found[["id", THROMBOSIS.id]].to_numpy().tolist() == [["PANAKEIA:P-3", True]]


def test_a_node_stands_for_those_below_it_and_not_for_what_says_less(store_of: StoreOf) -> None:
    broad = Node("HP:0001977", "Phenotype", "Abnormal thrombosis")
    found = traits(store_of(OTHER), ["PANAKEIA:P-2", "PANAKEIA:P-3"], [broad, ABSENT])
    assert found[["id", broad.id, ABSENT.id]].to_numpy().tolist() == [
        ["PANAKEIA:P-2", False, False],
        ["PANAKEIA:P-3", True, False],
    ]
