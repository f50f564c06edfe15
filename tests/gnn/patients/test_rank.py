"""Rank: drugs for a patient and patients for a drug, from a store, each with what speaks against it."""

import numpy as np
import pandas as pd
import pytest

from gnn.config import TrainConfig
from gnn.pairs import PairsError
from gnn.patients.model import PatientModel
from gnn.patients.rank import (
    SUPPORT_COLUMNS,
    WARNING_COLUMNS,
    WithdrawnError,
    drugs_for,
    patients_for,
    rank,
    score,
)
from gnn.patients.train import train
from kg.graph import Graph
from kg.search import UnknownNode
from kg.stores.protocol import Store
from tests.conftest import StoreOf
from tests.gnn.patients.conftest import ANYBODY, ASTHMA, FOR, GOUT, UNUSED, cohort, has, made_up, patient, stay

CONFIG = TrainConfig(task="benefits", draws=4, label_sources=("by-hand",), sources=("by-hand",))
NEW = patient(77)


@pytest.fixture(scope="module")
def model(hospital: Graph) -> PatientModel:
    return train(hospital, CONFIG, held_out=pd.DataFrame({"patient": [patient(1)], "drug": [ANYBODY]}))


@pytest.fixture(scope="module")
def grown() -> Graph:
    """The cohort, with one who was not there in training, has gout, is allergic to a drug for it; and one withdrew."""
    edges = [*cohort(), stay(NEW, 10_000), has(NEW, GOUT, 10_000)]
    edges.append(("patient_allergic_to_drug", NEW, FOR[GOUT][0], {"record": "r"}))
    return made_up(edges, {patient(59): "withdrawn"})


@pytest.fixture
def store(store_of: StoreOf, grown: Graph) -> Store:
    return store_of(grown)


def test_a_patient_imported_later_is_ranked_in_three_parts(model: PatientModel, store: Store) -> None:
    frame, warnings = drugs_for(model, store, NEW, top=6)
    assert {*frame["drug"][frame["drug"] != ANYBODY][:2]} == {*FOR[GOUT]}  # anybody gets the other
    first = frame.set_index("drug").loc[FOR[GOUT][0]]
    assert "gout" in first["because"]  # what like patients received, and what of the record says so
    assert first["treats"] == "gout"  # what the graph supports
    assert first["warning"] == "against" and "allergy" in first["warning_because"]  # and what speaks against it
    assert {*SUPPORT_COLUMNS, *WARNING_COLUMNS} <= {*frame.columns}
    assert (frame["low"] <= frame["score"]).all() and (frame["score"] <= frame["high"]).all()
    assert len(warnings.asked) > 1


def test_patients_are_ranked_for_a_drug(model: PatientModel, store: Store) -> None:
    frame = patients_for(model, store, FOR[ASTHMA][0], top=10, new_only=True)
    assert patient(59) not in set(frame["patient"])
    assert not frame["known"].any()
    assert all(int(one.rsplit("-", 1)[1], 16) % 2 for one in frame["patient"][:2])  # those with asthma
    assert frame.equals(rank(model, store, FOR[ASTHMA][0], top=10, new_only=True))


def test_one_who_withdrew_consent_is_refused(model: PatientModel, store: Store) -> None:
    with pytest.raises(WithdrawnError, match="withdrew consent"):
        drugs_for(model, store, patient(59))
    with pytest.raises(WithdrawnError, match="1 of 2 patients"):
        score(model, store, pd.DataFrame({"patient": [patient(1), patient(59)], "drug": [ANYBODY] * 2}))


def test_a_held_out_pair_is_not_on_the_record_that_is_asked_about(model: PatientModel, store: Store) -> None:
    pairs = pd.DataFrame({"patient": [patient(1), patient(3)], "drug": [ANYBODY, ANYBODY], "note": ["a", "b"]})
    found = score(model, store, pairs)
    assert found["known"].tolist() == [False, True]
    assert found[["patient", "drug", "note"]].equals(pairs)


def test_a_drug_by_name_and_one_that_nobody_takes_are_scored(model: PatientModel, store: Store) -> None:
    pairs = pd.DataFrame({"patient": [NEW.removeprefix("PANAKEIA:"), NEW], "drug": ["drug 0", UNUSED]})
    found = score(model, store, pairs)
    assert np.isfinite(found["score"]).all() and found["probability"].between(0, 1).all()


def test_whom_the_store_does_not_have_is_told_by_line_and_not_by_name(model: PatientModel, store: Store) -> None:
    pairs = pd.DataFrame({"patient": [NEW, "Jane Doe"], "drug": [ANYBODY, ANYBODY]})
    with pytest.raises(PairsError, match="line 3") as failure:
        score(model, store, pairs)
    assert "Jane" not in str(failure.value)
    with pytest.raises(UnknownNode):
        drugs_for(model, store, "Jane Doe")
