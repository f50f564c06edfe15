"""Borrowed controls against closed forms: nothing borrowed is the trial alone, all of it the pooled trial."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from twin.prognosis.external import External, Pooled, PowerPrior, RobustMap, Weighted
from twin.trials.analysis.linear import Unadjusted
from twin.trials.analysis.table import AnalysisError, Arms, OneArmOnly, TooFewSubjects

ARMS = Arms("A", "B")
DATA = External(ARMS, "elsewhere")


def table(seed: int = 0, drift: float = 0.0, control: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    arm = np.repeat(["A", "B", "elsewhere"], [60, control, 240])
    x = random.normal(size=arm.size)
    outcome = x + random.normal(size=arm.size) + np.where(arm == "elsewhere", drift, 0.0)
    return pd.DataFrame({"TRT01P": arm, "AVAL": outcome, "x": x, "PROGNOSIS": x})


def test_nothing_borrowed_is_the_trial_alone() -> None:
    alone, found = Unadjusted(ARMS)(table(drift=9.0)), PowerPrior(DATA, discount=0.0)(table(drift=9.0))
    assert (found.value, found.standard_error) == pytest.approx((alone.value, alone.standard_error), abs=1e-12)


def test_a_power_prior_weighs_by_precision() -> None:
    rows = table(drift=0.5)
    found, groups = PowerPrior(DATA, discount=0.5)(rows), rows.groupby("TRT01P")["AVAL"]
    mean, variance = groups.mean(), groups.var(ddof=1) / groups.size()
    share = np.array([1.0 / variance["B"], 0.5 / variance["elsewhere"]])
    expected = mean["A"] - (share @ np.array([mean["B"], mean["elsewhere"]])) / share.sum()
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.standard_error == pytest.approx(np.sqrt(variance["A"] + 1.0 / share.sum()), abs=1e-12)


def test_pooling_takes_all_for_controls() -> None:
    rows = table(drift=0.5)
    found = Pooled(DATA)(rows)
    beside = Unadjusted(ARMS)(rows.replace({"TRT01P": {"elsewhere": "B"}}))
    assert (found.value, found.p_value) == pytest.approx((beside.value, beside.p_value), abs=1e-12)


def test_without_doubt_and_drift_the_map_prior_is_the_external_mean() -> None:
    rows = table(drift=0.3)
    found, full = RobustMap(DATA, drift=0.0, doubt=0.0)(rows), PowerPrior(DATA, discount=1.0)(rows)
    assert found.value == pytest.approx(full.value, abs=1e-9)
    assert (found.lower, found.upper) == pytest.approx((full.lower, full.upper), abs=1e-6)
    assert found.p_value == pytest.approx(full.p_value, abs=1e-9)


def test_a_contradicted_prior_gives_way() -> None:
    """Bayes by numbers on a grid of control means is what the mixture says in closed form."""
    rows = table(drift=1.5)
    found, groups = RobustMap(DATA)(rows), rows.groupby("TRT01P")["AVAL"]
    mean, error, unit = groups.mean(), groups.std(ddof=1) / np.sqrt(groups.size()), groups.std(ddof=1)["elsewhere"]
    grid = np.linspace(-4.0, 6.0, 40_001)
    near = norm.pdf(grid, mean["elsewhere"], np.hypot(error["elsewhere"], 0.1 * unit))
    prior = 0.8 * near + 0.2 * norm.pdf(grid, mean["elsewhere"], unit)
    mass = prior * norm.pdf(mean["B"], grid, error["B"])
    control = float((grid * mass).sum() / mass.sum())
    assert found.value == pytest.approx(mean["A"] - control, abs=1e-6)
    assert abs(found.value) < 0.25 * abs(Pooled(DATA)(rows).value)


def test_weights_make_what_is_measured_alike() -> None:
    """Half of those elsewhere are of a kind that the trial has none of more seldom: the closed form of two cells."""
    arm = np.repeat(["A", "B", "elsewhere"], [40, 40, 200])
    x = np.concatenate([np.tile([0.0, 0.0, 0.0, 1.0], 20), np.tile([0.0, 1.0], 100)])
    rows = pd.DataFrame({"TRT01P": arm, "x": x, "AVAL": 10.0 * x + np.random.default_rng(0).normal(size=280)})
    found = Weighted(DATA, ("x",))(rows)
    mean = rows.groupby(["TRT01P", "x"])["AVAL"].mean()
    sums = {
        0.0: (30 * mean["B", 0.0], 60 * mean["elsewhere", 0.0]),
        1.0: (10 * mean["B", 1.0], 20 * mean["elsewhere", 1.0]),
    }
    control = sum(sum(part) for part in sums.values()) / 120.0
    treated = rows.loc[rows["TRT01P"] == "A", "AVAL"].mean()
    assert found.value == pytest.approx(treated - control, abs=1e-6)
    assert abs(found.value) < 0.5 < abs(Pooled(DATA)(rows).value)


@pytest.mark.parametrize("analysis", [Pooled(DATA), PowerPrior(DATA), RobustMap(DATA), Weighted(DATA, ("x",))])
def test_without_concurrent_controls_drift_is_taken_for_an_effect(analysis: Pooled) -> None:
    found = analysis(table(drift=1.0, control=0))
    assert found.value == pytest.approx(-1.0, abs=0.4)


def test_twins_take_out_what_they_foretell() -> None:
    twins = Pooled(External(ARMS, "elsewhere", score="PROGNOSIS"))(table(control=0))
    alone = Pooled(DATA)(table(control=0))
    assert twins.standard_error / alone.standard_error == pytest.approx(np.sqrt(0.5), abs=0.06)


def test_what_is_needed_and_not_there_is_named() -> None:
    rows = table()
    with pytest.raises(OneArmOnly, match="elsewhere"):
        Pooled(DATA)(rows[rows["TRT01P"] != "elsewhere"])
    with pytest.raises(TooFewSubjects, match="no control is left"):
        PowerPrior(DATA, discount=0.0)(table(control=0))
    with pytest.raises(AnalysisError, match="discount is 2"):
        PowerPrior(DATA, discount=2.0)
    with pytest.raises(AnalysisError, match="drift of -1"):
        RobustMap(DATA, drift=-1.0)
