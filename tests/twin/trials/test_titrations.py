"""Titrations, and how doses are handed out, against doses worked out by hand."""

from typing import Any

import numpy as np
import pytest

from kg.files.checked import DesignError, check
from tests.twin.trials.designs import INR
from tests.twin.trials.patients import COVARIATES, patients, revised, seen
from twin.library.warfarin.dosing import WarfarinAlgorithm
from twin.trials.plan import Plan
from twin.trials.policies.fixed import Fixed
from twin.trials.policies.policy import Policy
from twin.trials.titrations.ladder import Ladder
from twin.trials.titrations.table import Row, Table

ROWS = (
    Row(below=2.0, change_percent=10.0),
    Row(below=3.0, change_percent=0.0),
    Row(below=4.0, change_percent=-10.0),
    Row(change_percent=-20.0, hold_doses=2),
)


def table(max_dose: float = 12.0, tablet: float = 0.5, rows: tuple[Row, ...] = ROWS) -> Table:
    return Table(observable=INR, from_day=4, max_dose=max_dose, tablet=tablet, rows=rows)


def test_the_table_changes_the_usual_dose_and_holds() -> None:
    who, plan = patients(n=6), Plan.of(np.full((6, 1), 5.0))
    changed = table().revise(plan, seen(who, 6, [1.99, 2.0, 2.99, 3.0, 4.0, np.nan], np.full((6, 5), 5.0)))
    assert changed.laid_out(3) == pytest.approx(
        np.array([[5.5] * 3, [5.0] * 3, [5.0] * 3, [4.5] * 3, [0.0, 0.0, 4.0], [5.0] * 3])
    )
    tomorrow, given = changed.after(1), np.full((6, 6), 5.0)
    assert tomorrow.laid_out(2).tolist() == changed.laid_out(3)[:, 1:].tolist()
    next_day = table().revise(tomorrow, seen(who, 7, np.full(6, 2.5), given))
    assert next_day.laid_out(2).tolist() == tomorrow.laid_out(2).tolist(), "an INR in range leaves a hold as it is"
    lowered_again = table().revise(tomorrow, seen(who, 7, np.full(6, 3.5), given))
    assert lowered_again.laid_out(2)[4] == pytest.approx([3.6, 3.6]), "the usual dose is lowered, not the held one"


def test_nothing_measured_changes_a_dose_before_titration_begins() -> None:
    plan = Fixed(doses=(10.0, 5.0)).begin(patients())
    assert table().revise(plan, seen(patients(), 3, [1.0, 6.0], np.zeros((2, 2)))) is plan


def test_a_dose_never_passes_the_maximum() -> None:
    plan = Plan.of(np.full((2, 1), 11.0))
    for day in range(4, 30):
        plan = table().revise(plan, seen(patients(), day, [1.0, 1.0], np.zeros((2, day - 1))))
    assert plan.usual.tolist() == [12.0, 12.0]


@pytest.mark.parametrize(
    ("max_dose", "tablet", "planned", "doses"),
    [
        (15.0, 4.0, [15.0, 13.9, 14.1, 100.0, 5.9, 6.1, 0.0], [12.0, 12.0, 12.0, 12.0, 4.0, 8.0, 0.0]),
        (15.0, 2.0, [15.0, 14.9, 13.1], [14.0, 14.0, 14.0]),
        (10.0, 10.0, [4.9, 5.1, 30.0], [0.0, 10.0, 10.0]),
        (0.3, 0.1, [0.3, 1.0, 0.14], [0.3, 0.3, 0.1]),  # 3 · 0.1 is above 0.3 in floating point
        (2.1, 0.7, [2.1, 9.0], [2.1, 2.1]),  # 2.1 / 0.7 is below 3
    ],
)
def test_doses_are_whole_tablets_and_never_above_the_maximum(
    max_dose: float, tablet: float, planned: list[float], doses: list[float]
) -> None:
    found = table(max_dose, tablet).given(np.array(planned))
    assert found == pytest.approx(doses, rel=1e-12)
    assert found.max() <= max_dose


def test_a_dose_halfway_between_two_numbers_of_tablets_is_the_larger_one() -> None:
    """0.5, 1.5, 2.5 ... tablets of 1 mg: half to even would give 0, 2, 2, 4 ... The last is 2.5 but for dust."""
    planned = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 2.4999, np.nextafter(2.5, 0.0)])
    assert table(12.0, 1.0).given(planned).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 2.0, 3.0]
    assert table(12.0, 1.0).given(np.array([0.1 * 3 / 0.2 + 1.0])).tolist() == [3.0], "1.5 and 1, of tenths"
    assert table(2.0, 1.0).given(np.array([1.5, 2.5])).tolist() == [2.0, 2.0], "never above the maximum"


def rules_at_random(luck: np.random.Generator) -> tuple[Policy, Table]:
    bounds = np.sort(luck.uniform(1.0, 6.0, luck.integers(1, 6)))
    rows = tuple(
        Row(below=bound, change_percent=luck.uniform(-100, 100), hold_doses=int(luck.integers(0, 8)))
        for bound in [*bounds, None]
    )
    tablet = float(luck.choice([0.1, 0.5, 0.7, 1.0, 2.5, 4.0, luck.uniform(0.01, 5)]))
    titration = table(tablet * float(luck.choice([1.0, 1.5, 3.0, luck.uniform(1, 30)])), tablet, rows)
    name = str(luck.choice(["iwpc_pharmacogenetic", "iwpc_clinical", "gage_2008"]))
    algorithm: Any = {"algorithm": name}
    policies = [
        Fixed(doses=tuple(luck.uniform(0, 100, 3))),
        WarfarinAlgorithm(**algorithm),
        WarfarinAlgorithm(**algorithm, loading="eu_pact", revision="lenzini_2010"),
    ]
    return policies[luck.integers(3)], titration


@pytest.mark.parametrize("seed", range(10))
def test_no_dose_passes_the_maximum_whatever_the_rules_and_the_inrs(seed: int) -> None:
    """Tables, tablets, maxima, starts, bodies and INRs at random: doses are whole tablets, 0 to the maximum."""
    luck = np.random.default_rng(seed)
    for _ in range(30):
        policy, titration = rules_at_random(luck)
        body = {"height_cm": luck.uniform(140, 205, 2), "weight_kg": luck.uniform(40, 160, 2)}
        who = patients(COVARIATES | body)
        plan, planned, given = policy.begin(who), np.zeros((2, 0)), np.zeros((2, 0))
        for day in range(1, 41):
            plan = revised(policy, titration, plan, seen(who, day, luck.uniform(0.8, 12.0, 2), given))
            planned = np.column_stack([planned, plan.laid_out(1)])
            given, plan = np.column_stack([given, titration.given(plan.laid_out(1))]), plan.after(1)
        assert given.min() >= 0 and given.max() <= titration.max_dose
        assert given / titration.tablet == pytest.approx(np.round(given / titration.tablet), abs=1e-6)
        bounded = np.minimum(planned, titration.max_dose)
        assert np.all((given - bounded <= titration.tablet / 2 + 1e-9) & (bounded - given < titration.tablet))


def test_a_tablet_above_the_maximum_is_refused() -> None:
    with pytest.raises(ValueError, match="tablet 16 is above max_dose 15, so that no dose could be given"):
        table(15.0, 16.0)
    assert table(16.0, 16.0).given(np.array([15.0])).tolist() == [16.0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"below": 2.0, "change_percent": 10}, {"below": 3.0, "change_percent": 0}], "every row"),
        ([{"change_percent": 10}, {"change_percent": 0}], "every row"),
        (
            [{"below": 3.0, "change_percent": 1}, {"below": 2.0, "change_percent": 2}, {"change_percent": 3}],
            "must ascend, got 3, 2",
        ),
        ([{"change_percent": 0}], "rows: got 1 items, expected at least 2"),
        ([{"below": 2.0, "change_percent": -101}, {"change_percent": 0}], r"rows\[0\].change_percent: got -101"),
        ([{"below": 2.0, "change_percent": 100.5}, {"change_percent": 0}], "change_percent: got 100.5"),
        (
            [{"below": 2.0, "change_percent": 0}, {"change_percent": 0, "hold_doses": 29}],
            r"rows\[1\].hold_doses: got 29, expected <= 28",
        ),
    ],
)
def test_an_impossible_table_is_refused(rows: list[dict[str, float]], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check({"observable": INR, "from_day": 4, "max_dose": 10, "tablet": 1, "rows": rows}, Table, "trial.toml")


def test_the_widest_allowed_table_is_taken() -> None:
    rows = [
        {"below": 2.0, "change_percent": 100},
        {"below": 3.0, "change_percent": -100},
        {"change_percent": 0, "hold_doses": 28},
    ]
    content = {"observable": INR, "from_day": 1, "max_dose": 5, "tablet": 5, "rows": rows}
    assert check(content, Table, "trial.toml").rows[2].hold_doses == 28


LADDER: dict[str, Any] = {
    "observable": "HbA1c",
    "from_day": 1,
    "max_dose": 20,
    "tablet": 1,
    "doses": [0.0, 5.0, 10.0, 20.0],
    "rows": [{"below": 6.0, "move": -1}, {"below": 7.0, "move": 0}, {"below": 9.0, "move": 1}, {"move": 2}],
}


def test_a_ladder_moves_by_rungs_and_stops_at_its_ends() -> None:
    ladder = check(LADDER, Ladder, "trial.toml")
    usual = np.array([10.0, 10.0, 10.0, 10.0, 0.0, 20.0, 7.6, 7.4, 10.0])
    values = [5.9, 6.0, 7.0, 9.0, 5.0, 8.0, 7.0, 7.0, np.nan]
    plan = ladder.revise(Plan.of(usual[:, np.newaxis]), seen(patients(n=9), 2, values, usual[:, np.newaxis], "HbA1c"))
    assert plan.laid_out(2)[:, 1].tolist() == [5.0, 10.0, 20.0, 20.0, 0.0, 20.0, 20.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"doses": [0.0, 10.0, 5.0]}, "the ladder's doses must ascend, got 0, 10, 5"),
        ({"doses": [5.0]}, "doses: got 1 items, expected at least 2"),
        ({"doses": [0.0, 25.0]}, "the highest rung 25 is above max_dose 20"),
        ({"rows": [{"below": 6.0, "move": -1}, {"below": 7.0, "move": 0}]}, "every row needs below but the last one"),
        ({"rows": [{"below": 6.0, "move": 0.5}, {"move": 0}]}, r"rows\[0\].move: got 0.5, expected a valid integer"),
        ({"tablet": 30}, "tablet 30 is above max_dose 20"),
    ],
)
def test_an_impossible_ladder_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check(LADDER | change, Ladder, "trial.toml")
