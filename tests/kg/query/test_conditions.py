"""Conditions: the nodes that meet them are those of the rows, in both stores; what is wrong with one is said."""

from collections.abc import Callable

import pytest

from kg.graph import Graph, table
from kg.query.conditions import meeting, read_condition, without
from kg.schema import node_columns
from kg.stores.protocol import Store

DRUGS = (
    {"id": "DRUGBANK:DB00001", "half_life_h": 1.3, "groups": ["approved"], "type": "biotech"},
    {"id": "DRUGBANK:DB00002", "half_life_h": 24.0, "groups": ["approved", "withdrawn"], "type": "small molecule"},
    {"id": "DRUGBANK:DB00003", "half_life_h": None, "groups": ["experimental"], "type": "small molecule"},
)


@pytest.fixture
def store(store_of: Callable[[Graph], Store]) -> Store:
    rows = [{"name": one["id"], "synonyms": [], "xrefs": [], "provided_by": ["a"], **one} for one in DRUGS]
    return store_of(Graph({"Drug": table(node_columns("Drug"), rows)}, {}))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["half_life_h<=24"], {1, 2}),
        (["half_life_h < 24"], {1}),
        (["half_life_h>=1.3", "type=small molecule"], {2}),
        (["groups=approved"], {1, 2}),
        (["groups=approved", "groups=withdrawn"], {2}),
        (["half_life_h>24"], set()),
    ],
)
def test_nodes_that_meet_all_conditions_are_found(store: Store, texts: list[str], expected: set[int]) -> None:
    found = meeting(store, "Drug", [read_condition(text, "Drug") for text in texts])
    assert found == {f"DRUGBANK:DB0000{number}" for number in expected}


def test_what_is_not_known_is_counted(store: Store) -> None:
    assert without(store, "Drug", "half_life_h", [one["id"] for one in DRUGS]) == 1


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("half_life_h", "Drug", "a sign"),
        ("price<3", "Drug", "expected one of inchi"),
        ("half_life_h<=soon", "Drug", "expected a number"),
        ("type<biotech", "Drug", "expected = before a text"),
        ("half_life_h<=1}) RETURN n //", "Drug", "expected a number"),
        ("age_years<3", "Patient", "cohort"),
    ],
)
def test_what_is_wrong_is_said(text: str, kind: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_condition(text, kind)
