"""Dosing rules against doses worked out by hand."""

import numpy as np
import pytest

from kg.files.checked import DesignError, check
from twin.library.warfarin.doses import eu_pact_loading, iwpc_pharmacogenetic, lenzini_2010
from twin.library.warfarin.dosing import ByAlgorithm, EuPact, Fixed, Step, Titration, adjust, given, plan_start

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
    # By hand: maintenance 6.31 and 1.32 mg, loading 9.58, 8.49 and 2.57, 2.15 mg; tablets of 0.5 mg; nothing on day 0.
    assert plan[:, :2] == pytest.approx(np.array([[9.58, 8.49], [2.57, 2.15]]), abs=0.005)
    before = np.array([[0.0, 9.5, 8.5], [0.0, 2.5, 2.0]])
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


def titrated(max_mg: float, tablet_mg: float, nomogram: tuple[Step, ...] = TITRATION.nomogram) -> Titration:
    return Titration(from_day=4, max_mg=max_mg, tablet_mg=tablet_mg, nomogram=nomogram)


def test_a_dose_never_passes_the_maximum() -> None:
    plan = np.full((1, 30), 11.0)
    for day in range(4, 30):
        plan = adjust(FIXED, TITRATION, COVARIATES, plan, (day, np.array([1.0])))
    assert plan.max() == TITRATION.max_mg


@pytest.mark.parametrize(
    ("max_mg", "tablet_mg", "planned", "doses"),
    [
        (15.0, 4.0, [15.0, 13.9, 14.1, 100.0, 5.9, 6.1, 0.0], [12.0, 12.0, 12.0, 12.0, 4.0, 8.0, 0.0]),
        (15.0, 2.0, [15.0, 14.9, 13.1], [14.0, 14.0, 14.0]),
        (10.0, 10.0, [4.9, 5.1, 30.0], [0.0, 10.0, 10.0]),
        (0.3, 0.1, [0.3, 1.0, 0.14], [0.3, 0.3, 0.1]),  # 3 · 0.1 is above 0.3 in floating point
        (2.1, 0.7, [2.1, 9.0], [2.1, 2.1]),  # 2.1 / 0.7 is below 3
    ],
)
def test_doses_are_whole_tablets_and_never_above_the_maximum(
    max_mg: float, tablet_mg: float, planned: list[float], doses: list[float]
) -> None:
    found = given(titrated(max_mg, tablet_mg), np.array(planned))
    assert found == pytest.approx(doses, rel=1e-12)
    assert found.max() <= max_mg


def rules_at_random(luck: np.random.Generator) -> tuple[Fixed | ByAlgorithm | EuPact, Titration]:
    bounds = np.sort(luck.uniform(1.0, 6.0, luck.integers(1, 6)))
    steps = tuple(
        Step(inr_below=bound, change_percent=luck.uniform(-100, 100), hold_doses=int(luck.integers(0, 8)))
        for bound in [*bounds, None]
    )
    tablet = float(luck.choice([0.1, 0.5, 0.7, 1.0, 2.5, 4.0, luck.uniform(0.01, 5)]))
    titration = titrated(tablet * float(luck.choice([1.0, 1.5, 3.0, luck.uniform(1, 30)])), tablet, steps)
    name = str(luck.choice(["iwpc_pharmacogenetic", "iwpc_clinical", "gage_2008"]))
    start = [
        Fixed(rule="fixed", doses_mg=tuple(luck.uniform(0, 100, 3))),
        check({"rule": "algorithm", "algorithm": name}, ByAlgorithm, "arm"),
        check({"rule": "eu_pact_loading", "maintenance": name, "revision": "lenzini_2010"}, EuPact, "arm"),
    ][luck.integers(3)]
    return start, titration


@pytest.mark.parametrize("seed", range(10))
def test_no_dose_passes_the_maximum_whatever_the_rules_and_the_inrs(seed: int) -> None:
    """Nomograms, tablets, maxima, starts, bodies and INRs at random: doses are whole tablets, 0 to the maximum."""
    luck = np.random.default_rng(seed)
    for _ in range(30):
        start, titration = rules_at_random(luck)
        covariates = COVARIATES | {"height_cm": luck.uniform(140, 205, 2), "weight_kg": luck.uniform(40, 160, 2)}
        plan = plan_start(start, covariates, 40)
        for day in range(1, 41):
            plan = adjust(start, titration, covariates, plan, (day, luck.uniform(0.8, 12.0, 2)))
        doses = given(titration, plan)
        assert doses.min() >= 0 and doses.max() <= titration.max_mg
        assert doses / titration.tablet_mg == pytest.approx(np.round(doses / titration.tablet_mg), abs=1e-6)
        bounded = np.minimum(plan, titration.max_mg)
        assert np.all((doses - bounded <= titration.tablet_mg / 2 + 1e-9) & (bounded - doses < titration.tablet_mg))


def test_a_tablet_above_the_maximum_is_refused() -> None:
    with pytest.raises(ValueError, match="tablet_mg 16 is above max_mg 15, so that no dose could be given"):
        titrated(15.0, 16.0)
    assert given(titrated(16.0, 16.0), np.array([15.0])).tolist() == [16.0]


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
        ([{"inr_below": 2.0, "change_percent": 100.5}, {"change_percent": 0}], "change_percent: got 100.5"),
        (
            [{"inr_below": 2.0, "change_percent": 0}, {"change_percent": 0, "hold_doses": 8}],
            r"nomogram\[1\].hold_doses: got 8, expected <= 7",
        ),
    ],
)
def test_an_impossible_nomogram_is_refused(nomogram: list[dict[str, float]], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check({"from_day": 4, "max_mg": 10, "tablet_mg": 1, "nomogram": nomogram}, Titration, "trial.toml")


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"doses_mg": [100.5]}, r"doses_mg\[0\]: got 100.5, expected <= 100"),
        ({"doses_mg": [-1.0]}, r"doses_mg\[0\]: got -1.0, expected >= 0"),
        ({"doses_mg": []}, "doses_mg: got 0 items, expected at least 1"),
        ({"doses_mg": [5.0], "older_than_years": 75}, "give both or neither"),
        ({"doses_mg": [5.0], "doses_mg_if_older": [2.5]}, "give both or neither"),
        ({"doses_mg": [5.0], "older_than_years": 75, "doses_mg_if_older": []}, "doses_mg_if_older: got 0 items"),
    ],
)
def test_an_impossible_fixed_start_is_refused(start: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check({"rule": "fixed"} | start, Fixed, "trial.toml")


def test_the_widest_allowed_rules_are_taken() -> None:
    start = {"rule": "fixed", "doses_mg": [0.0, 100.0], "older_than_years": 75, "doses_mg_if_older": [2.5]}
    assert check(start, Fixed, "trial.toml").doses_mg == (0.0, 100.0)
    nomogram = [
        {"inr_below": 2.0, "change_percent": 100},
        {"inr_below": 3.0, "change_percent": -100},
        {"change_percent": 0, "hold_doses": 7},
    ]
    content = {"from_day": 1, "max_mg": 5, "tablet_mg": 5, "nomogram": nomogram}
    assert check(content, Titration, "trial.toml").nomogram[2].hold_doses == 7
