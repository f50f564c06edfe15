"""Policies: care against simulated courses, most likely parameters against one patient's fit, scores on two models."""

import numpy as np
import pandas as pd
import pytest

from tests.twin.test_warfarin import TABLE_5, cohort_of
from twin import library
from twin.dose.asked import Bounds
from twin.dose.bayes import most_likely
from twin.dose.policy import ByTwin, Table, fixed, kept, score
from twin.dose.target import DoseError, Target
from twin.dose.visits import Care, admit, treat
from twin.fit.data import data_set
from twin.fit.patient import fit_patient
from twin.patient import Cohort
from twin.records import read_records
from twin.regimen import Regimen, boluses
from twin.simulate import Times, Variation, simulate

THEOPHYLLINE, WARFARIN = library.load("theophylline_boeckmann1994"), library.load("warfarin_hamberg2007")
NAME = "theophylline_mg_per_L"
PEOPLE = Cohort(tuple(f"P{number}" for number in range(6)), {})
CARE = Care(Target(NAME, 8.0, 16.0), (0.0, 1.0, 3.0), Bounds(0.0, 800.0, 20.0), 12.0)


def test_care_is_what_a_table_of_the_same_doses_comes_to() -> None:
    # tacrolimus arrives late: the doses of two visits, beside the same doses of a regimen
    model = library.load("tacrolimus_andrews2019")
    middle = {name.removeprefix("reference "): value for name, value in model.theta.items() if "reference" in name}
    told = {name: np.array([value]) for name, value in middle.items()}
    told |= {"CYP3A5": np.array(["*3/*3"]), "CYP3A4": np.array(["*1/*1"])}
    name = next(iter(model.observables))
    care = Care(Target(name, 5.0, 15.0), (0.0, 2.0, 3.0), Bounds(0.0, 20.0), 12.0)
    ward = admit(model, Cohort(("a",), told), care, 0)
    ward, first = treat(ward, np.array([5.0]))
    ward, second = treat(ward, np.array([2.0]))
    doses = Regimen(boluses(12.0 * np.arange(6), np.array([5.0] * 4 + [2.0] * 2)), {})
    course = simulate(model, Cohort(("a",), told), doses, Times(12.0 * np.arange(1, 7), "h"), Variation(0, 2))
    both = np.concatenate([first, second], axis=1)[0]
    half = (course.upper - course.value)[0, 0] / 0.9  # of two draws, of which one is this patient: bounds hold 90 %
    draws = course.value[0, 0] + np.array([[1], [-1]]) * half
    np.testing.assert_allclose((abs(draws / both - 1)).min(axis=0), 0.0, atol=1e-9)
    assert ward.ended and ward.history.measured.shape == (1, 3)


def test_doses_are_given_in_tablets_and_within_bounds() -> None:
    care = Care(CARE.target, CARE.days, Bounds(20.0, 330.0, 20.0), 12.0)
    np.testing.assert_array_equal(care.given(np.array([-5.0, 31.0, 325.0, 999.0])), [20, 40, 320, 320])


def test_the_most_likely_parameters_are_those_of_each_patient_s_own_fit() -> None:
    ward = admit(THEOPHYLLINE, PEOPLE, CARE, 5)
    ward, _ = treat(ward, np.full(6, 300.0))
    ward, _ = treat(ward, np.full(6, 260.0))
    found = most_likely(THEOPHYLLINE, ward.history)
    times = 12.0 * np.arange(6)
    rows = pd.DataFrame({"TIME": times, "AMT": [300.0] * 2 + [260.0] * 4, "DV": np.nan, "EVID": 1})
    for place in (0, 3):
        seen = {"TIME": [24.0, 72.0], "AMT": 0.0, "DV": ward.history.measured[place, 1:], "EVID": 0}
        table = pd.concat([rows, pd.DataFrame(seen)]).sort_values("TIME", kind="stable")
        table = table.assign(order=table["EVID"]).sort_values(["TIME", "order"]).drop(columns="order")
        own = fit_patient(THEOPHYLLINE, data_set(THEOPHYLLINE, read_records(table)), draws=10).mode
        assert found.clearance_l_per_h[place] == pytest.approx(own.clearance_l_per_h[0], rel=1e-4)


def test_a_table_changes_the_last_dose_by_its_row() -> None:
    table = Table(200.0, ((5.0, 0.5), (10.0, 0.0), (np.inf, -0.5)))
    ward = admit(THEOPHYLLINE, PEOPLE, CARE, 0)
    assert table(ward.history).tolist() == [200.0] * 6
    ward, _ = treat(ward, table(ward.history))
    measured = ward.history.measured[:, -1]
    np.testing.assert_array_equal(table(ward.history), np.where(measured < 5, 300, np.where(measured < 10, 200, 100)))
    with pytest.raises(DoseError, match="the last one infinite"):
        Table(1.0, ((2.0, 0.1),))


def test_a_policy_is_scored_on_two_models_with_the_same_luck() -> None:
    cohort = cohort_of([cell[:3] for cell in TABLE_5])
    care = Care(Target("INR", 2.0, 3.0), (0.0, 4.0, 8.0, 15.0, 29.0), Bounds(0.5, 15.0, 0.5))
    models = [library.load(name) for name in ("warfarin_hamberg2007", library.SECOND["warfarin_hamberg2007"])]
    policies = {"5 mg for all": fixed(5.0), "typical twin": ByTwin(WARFARIN, learns=False)}
    table = score(policies, models, cohort, care)
    assert table["model"].tolist() == [model.name for model in models] * 2 and (table["failed"] == 0).all()
    assert (table["lower"] <= table["time_in_range"]).all()
    again = kept(models[0], cohort, care, fixed(5.0))
    assert again.mean() == table["time_in_range"][0]


def test_a_twin_that_learns_keeps_patients_in_range_longer() -> None:
    many = Cohort(tuple(f"P{number}" for number in range(60)), {})
    care = Care(Target(NAME, 8.0, 12.0), (0.0, 1.0, 2.0, 4.0, 10.0), Bounds(20.0, 800.0, 20.0), 12.0)
    still, learning = (kept(THEOPHYLLINE, many, care, ByTwin(THEOPHYLLINE, learns)).mean() for learns in (False, True))
    assert learning > still + 0.15
