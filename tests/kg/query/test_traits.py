"""Traits of patients, on both stores: only of those asked for, and only what a record states."""

import pandas as pd
import pytest

from kg.graph import Graph
from kg.query.traits import traits
from kg.search import Node
from tests.conftest import StoreOf

THROMBOSIS = Node("DOID:9743", "Disease", "thrombosis")
WARFARIN = Node("DRUGBANK:DB00682", "Drug", "Warfarin")


def test_traits_of_the_patients_asked_for(store_of: StoreOf, graph: Graph) -> None:
    ids = ["PANAKEIA:P-2", "PANAKEIA:P-1", "PANAKEIA:P-9"]
    found = traits(store_of(graph), ids, [THROMBOSIS, WARFARIN])
    assert list(found.columns) == ["id", "sex", "age", "DOID:9743", "DRUGBANK:DB00682"]
    assert found["id"].tolist() == ["PANAKEIA:P-1", "PANAKEIA:P-2"]
    assert found["sex"].astype(object).where(found["sex"].notna(), None).tolist() == ["female", None]
    assert found["age"][0] == 71.5 and pd.isna(found["age"][1])
    assert found["DOID:9743"].tolist() == found["DRUGBANK:DB00682"].tolist() == [True, False]
    assert traits(store_of(graph), []).empty


def test_what_no_record_states(store_of: StoreOf, graph: Graph) -> None:
    with pytest.raises(ValueError, match="liver is a Anatomy"):
        traits(store_of(graph), ["PANAKEIA:P-1"], [Node("UBERON:0002107", "Anatomy", "liver")])
