"""What speaks against drugs: the gravest first, what was not checked, and nothing of who the patient is."""

import json

import pytest

from kg.graph import Graph
from kg.safety import SEVERITIES, taken, warnings
from kg.search import UnknownNode
from kg.stores.protocol import Store
from tests.conftest import StoreOf
from tests.kg.query.safety.made_up import CLARITHROMYCIN, CLOPIDOGREL, GRAPH, PROPRANOLOL, SIMVASTATIN


@pytest.fixture
def store(store_of: StoreOf) -> Store:
    return store_of(GRAPH)


def test_the_gravest_comes_first_and_is_what_a_ranking_shows(store: Store) -> None:
    found = warnings(store, "P-2")
    grades = list(SEVERITIES)
    ranks = [[grades.index(one.severity) for one in of] for of in found.warnings.values()]
    assert all(of == sorted(of) for of in ranks) and [of[0] for of in ranks] == sorted(of[0] for of in ranks)
    assert found.row(PROPRANOLOL)["warning"] == found.worst(PROPRANOLOL).severity == "risk"  # type: ignore[union-attr]
    assert found.row(CLOPIDOGREL) == {"warning": None, "warnings": 0, "because": None}


def test_what_was_not_checked_is_said(store_of: StoreOf) -> None:
    by = {one.kind: one.sources for one in warnings(store_of(GRAPH), "P-1").asked}
    assert by["contraindication"] == ("primekg 1",)
    assert by["side_effect"] == ("by-hand 1", "hetionet 1", "sider 4.1")
    left = {name: rows for name, rows in GRAPH.edges.items() if not name.startswith("contraindicated_in")}
    without = warnings(store_of(Graph(GRAPH.nodes, left, GRAPH.sources)), "P-1")
    assert "not checked: contraindication (the graph has no source of it)" in without.to_text()
    assert "a drug without a warning is not a safe one" in without.to_text()
    assert without.worst(SIMVASTATIN)


def test_no_answer_says_who_the_patient_is_or_when(store: Store) -> None:
    for n in range(1, 9):
        text = json.dumps(warnings(store, f"P-{n}").to_json()) + warnings(store, f"P-{n}").to_frame().to_string()
        assert "P-" not in text.replace("P-Glycoprotein", "") and f"r{n}" not in text and '"day"' not in text


def test_a_frame_has_a_row_for_each_warning(store: Store) -> None:
    found = warnings(store, "P-1", [PROPRANOLOL])
    frame = found.to_frame()
    assert len(frame) == len(found.of(PROPRANOLOL))
    assert frame.iloc[0][["name", "severity", "because", "source"]].tolist() == [
        *("Propranolol", "against", "childhood-onset asthma", "primekg 1"),
    ]


def test_who_withdrew_consent_or_is_not_there_gets_no_answer(store: Store) -> None:
    for ask in (warnings, taken):
        with pytest.raises(ValueError, match="withdrew consent"):
            ask(store, "P-9")
    assert taken(store, "P-6") == (CLARITHROMYCIN,)
    with pytest.raises(UnknownNode, match="no patient of this id"):
        warnings(store, "P-77")
