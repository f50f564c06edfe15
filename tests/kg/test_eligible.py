"""Which patients have a disease and nothing that speaks against a drug, and what is told of how many."""

import json

import pytest

from kg.eligible import eligible
from kg.graph import Graph
from kg.search import UnknownNode
from kg.stores.protocol import Store
from tests.conftest import StoreOf, make_graph

ASTHMA, CHILDHOOD_ASTHMA, GOUT = "DOID:2841", "DOID:0080815", "DOID:13189"
PROPRANOLOL, METFORMIN = "DRUGBANK:DB00571", "DRUGBANK:DB00331"
MANY = 40


def _graph() -> Graph:
    """40 patients with gout: 3 have asthma, one of these of a kind, 12 have had it; 5 more withdrew consent."""
    patients = [{"id": f"PANAKEIA:P-{n:02}", "name": f"P-{n:02}"} for n in range(MANY)]
    withdrawn = [{"id": f"PANAKEIA:P-9{n}", "name": f"P-9{n}", "consent": "withdrawn"} for n in range(5)]
    gout = [("patient_has_condition", str(one["id"]), GOUT, {"day": 9}) for one in (*patients, *withdrawn)]
    over = [("patient_has_condition", f"PANAKEIA:P-{n:02}", ASTHMA, {"day": 1, "end_day": 2}) for n in range(3, 15)]
    return make_graph(
        {
            "Drug": [{"id": PROPRANOLOL, "name": "Propranolol"}, {"id": METFORMIN, "name": "Metformin"}],
            "Disease": [
                {"id": ASTHMA, "name": "asthma"},
                {"id": CHILDHOOD_ASTHMA, "name": "childhood-onset asthma"},
                {"id": GOUT, "name": "gout"},
                {"id": "DOID:1", "name": "a disease of nobody"},
            ],
            "SideEffect": [{"id": "UMLS:C0038325", "name": "Stevens-Johnson syndrome"}],
            "Patient": [*patients, *withdrawn],
        },
        (
            ("contraindicated_in", PROPRANOLOL, ASTHMA, {}),
            ("disease_related_to_disease", CHILDHOOD_ASTHMA, ASTHMA, {"predicate": "biolink:subclass_of"}),
            ("causes_side_effect", PROPRANOLOL, "UMLS:C0038325", {}),
            *gout,
            *over,
            ("patient_has_condition", "PANAKEIA:P-00", ASTHMA, {"day": 9}),
            ("patient_has_condition", "PANAKEIA:P-01", ASTHMA, {"day": 9}),
            ("patient_has_condition", "PANAKEIA:P-02", CHILDHOOD_ASTHMA, {"day": 9}),
            ("patient_has_condition", "PANAKEIA:P-20", ASTHMA, {"day": 9, "negated": True}),
            ("patient_takes_drug", "PANAKEIA:P-30", PROPRANOLOL, {"day": 1, "end_day": 2}),
        ),
    )


GRAPH = _graph()


@pytest.fixture(scope="module")
def store(store_of: StoreOf) -> Store:
    return store_of(GRAPH)


def test_who_has_a_contraindication_does_not_fit(store: Store) -> None:
    found = eligible(store, "propranolol", "gout")
    assert len(found.gravest) == MANY  # nobody who withdrew consent
    assert set(found.gravest) - set(found.patients) == {f"PANAKEIA:P-0{n}" for n in (0, 1, 2)}
    stricter = eligible(store, "propranolol", "gout", without="risk")
    assert len(stricter.patients) == MANY - 3 - 12
    assert len(eligible(store, "metformin", "gout", without="untested").patients) == MANY


def test_what_harms_anybody_is_told_once_and_leaves_nobody_out(store: Store) -> None:
    found = eligible(store, "propranolol", "gout", without="untested")
    assert len(found.patients) == MANY - 15
    assert [one.sentence for one in found.anybody] == ["severe side effects: Stevens-Johnson syndrome"]
    assert "in anybody: severe side effects: Stevens-Johnson syndrome" in found.to_text()


def test_a_small_count_is_not_shown_and_cannot_be_worked_out(store: Store) -> None:
    shown = eligible(store, "propranolol", "gout").to_frame().set_index("warning")["patients"].to_dict()
    assert shown["against"] == "<11" and "hidden" in shown.values() and 3 not in shown.values()
    whole = eligible(store, "propranolol", "gout", fewest=1).to_frame().set_index("warning")["patients"].to_dict()
    assert (whole["against"], whole["risk"], whole["no warning"]) == (3, 12, 25)


def test_who_has_had_the_drug_is_left_out_where_it_is_to_be_new(store: Store) -> None:
    found = eligible(store, PROPRANOLOL, GOUT, new=True, fewest=1)
    assert "PANAKEIA:P-30" not in found.patients and len(found.patients) == MANY - 4
    assert found.to_frame().iloc[-1].tolist() == ["has the drug on record", False, 1]


def test_kinds_of_the_disease_count(store: Store) -> None:
    assert len(eligible(store, METFORMIN, "asthma").gravest) == 3 + 12


def test_the_json_says_who_and_why_not(store: Store) -> None:
    told = json.loads(json.dumps(eligible(store, PROPRANOLOL, GOUT).to_json()))
    assert len(told["patients"]) == MANY - 3 and len(told["with_the_disease"]) == MANY
    out = [one for one in told["with_the_disease"] if not one["fits"]]
    assert {one["gravest"]["severity"] for one in out} == {"against"}


def test_a_question_that_cannot_be_answered(store: Store) -> None:
    nobody = eligible(store, METFORMIN, "DOID:1")
    assert nobody.patients == () and nobody.to_frame()["patients"].sum() == 0
    with pytest.raises(ValueError, match="got 'grave', expected one of against, change"):
        eligible(store, METFORMIN, GOUT, without="grave")
    with pytest.raises(ValueError, match="fewest: got 0"):
        eligible(store, METFORMIN, GOUT, fewest=0)
    with pytest.raises(UnknownNode):
        eligible(store, METFORMIN, "no such disease")
