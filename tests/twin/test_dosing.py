"""Dosing rules against doses worked out by hand."""

import numpy as np
import pytest

from twin.checked import DesignError, check
from twin.dosing import ByAlgorithm, EuPact, Fixed, Step, Titration, adjust, given, plan_start
from twin.library.warfarin_doses import eu_pact_loading, iwpc_pharmacogenetic, lenzini_2010

COVARIATES = {
    "age_years": np.array([60.0, 80.0]),
    "height_cm": np.array([175.0, 160.0]),
    "weight_kg": np.array([85.0, 60.0]),
    "race": np.array(["white", "white"]),
    "CYP2C9": np.array(["*1/*1", "*1/*3"]),
    "VKORC1": np.array(["GG", "AA"]),
}
FIXED = Fixed(rule="fixed", doses_mg=(10.0, 5.0), older_than_years=75.0, doses_mg_if_older=(5.0,))
TITRATION = Titration(
    from_day=4,
    max_mg=12.0,
    tablet_mg=0.5,
    nomogram=(
        Step(inr_below=2.0, change_percent=10.0),
        Step(inr_below=3.0, change_percent=0.0),
        Step(inr_below=4.0, change_percent=-10.0),
        Step(change_percent=-20.0, hold_doses=2),
    ),
)


def test_a_fixed_start_goes_on_with_its_last_dose() -> None:
    assert plan_start(FIXED, COVARIATES, 4).tolist() == [[10, 5, 5, 5], [5, 5, 5, 5]]


def test_a_start_by_algorithm_is_its_maintenance_dose() -> None:
    plan = plan_start(ByAlgorithm(rule="algorithm", algorithm="iwpc_pharmacogenetic"), COVARIATES, 3)
    assert plan == pytest.approx(np.tile(iwpc_pharmacogenetic(COVARIATES)[:, None], 3))


def test_eu_pact_loads_for_three_days_and_revises_on_the_fourth() -> None:
    start = EuPact(rule="eu_pact_loading", maintenance="iwpc_pharmacogenetic", revision="lenzini_2010")
    plan = plan_start(start, COVARIATES, 6)
    maintenance = iwpc_pharmacogenetic(COVARIATES)
    assert plan[:, :3] == pytest.approx(eu_pact_loading(maintenance, COVARIATES["CYP2C9"]))
    assert plan[:, 3:] == pytest.approx(np.tile(maintenance[:, None], 3))
    inr = np.array([1.3, 2.4])
    revised = adjust(start, TITRATION, COVARIATES, plan, (4, inr))
    taken = given(TITRATION, plan)
    before = np.column_stack([np.zeros(2), taken[:, 0], taken[:, 1]])
    assert revised[:, :3] == pytest.approx(plan[:, :3])
    assert revised[:, 3:] == pytest.approx(np.tile(lenzini_2010(COVARIATES, inr, before)[:, None], 3))


def test_the_nomogram_changes_the_maintenance_dose_and_holds() -> None:
    plan = np.full((6, 8), 5.0)
    inr = np.array([1.99, 2.0, 2.99, 3.0, 4.0, np.nan])
    changed = adjust(FIXED, TITRATION, COVARIATES, plan, (6, inr))
    assert changed[:, :5].tolist() == plan[:, :5].tolist()
    assert changed[:, 5:] == pytest.approx(
        np.array([[5.5] * 3, [5.0] * 3, [5.0] * 3, [4.5] * 3, [0.0, 0.0, 4.0], [5.0] * 3])
    )
    next_day = adjust(FIXED, TITRATION, COVARIATES, changed, (7, np.full(6, 2.5)))
    assert next_day.tolist() == changed.tolist(), "an INR in range leaves a hold as it is"
    lowered_again = adjust(FIXED, TITRATION, COVARIATES, changed, (7, np.full(6, 3.5)))
    assert lowered_again[4, 6:] == pytest.approx([3.6, 3.6]), "the held dose's maintenance dose is lowered, not zero"


def test_no_inr_changes_a_dose_before_titration_begins() -> None:
    plan = plan_start(FIXED, COVARIATES, 5)
    assert adjust(FIXED, TITRATION, COVARIATES, plan, (3, np.array([1.0, 6.0]))) is plan


def test_a_dose_never_passes_the_maximum() -> None:
    plan = np.full((1, 30), 11.0)
    for day in range(4, 30):
        plan = adjust(FIXED, TITRATION, COVARIATES, plan, (day, np.array([1.0])))
    assert plan.max() == TITRATION.max_mg


@pytest.mark.parametrize(
    ("nomogram", "message"),
    [
        ([{"inr_below": 2.0, "change_percent": 10}, {"inr_below": 3.0, "change_percent": 0}], "every row"),
        ([{"change_percent": 10}, {"change_percent": 0}], "every row"),
        (
            [{"inr_below": 3.0, "change_percent": 1}, {"inr_below": 2.0, "change_percent": 2}, {"change_percent": 3}],
            "must ascend, got 3, 2",
        ),
        ([{"change_percent": 0}], "nomogram: got 1 items, expected at least 2"),
        (
            [{"inr_below": 2.0, "change_percent": -101}, {"change_percent": 0}],
            r"nomogram\[0\].change_percent: got -101",
        ),
    ],
)
def test_an_impossible_nomogram_is_refused(nomogram: list[dict[str, float]], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check({"from_day": 4, "max_mg": 10, "tablet_mg": 1, "nomogram": nomogram}, Titration, "trial.toml")
