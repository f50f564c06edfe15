"""Estimates against scipy and hand-worked examples."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy import stats

from twin.estimate import Estimate, mean, paired_difference, share, welch_difference


def outcomes(size: int, spread: float) -> np.ndarray:
    return np.random.default_rng(size).normal(0.6, spread, size)


def test_welch_agrees_with_scipy() -> None:
    treated, control = outcomes(31, 0.2), outcomes(47, 0.5)
    effect = welch_difference(treated, control)
    result = stats.ttest_ind(treated, control, equal_var=False)
    interval = result.confidence_interval(0.95)
    assert (effect.lower, effect.upper) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert effect.value / effect.standard_error == pytest.approx(result.statistic, rel=1e-12)


def test_paired_difference_agrees_with_scipy() -> None:
    treated, control = outcomes(31, 0.2), outcomes(31, 0.2) ** 2
    effect = paired_difference(treated, control, level=0.9)
    interval = stats.ttest_rel(treated, control).confidence_interval(0.9)
    assert (effect.lower, effect.upper) == pytest.approx((interval.low, interval.high), rel=1e-12)


def test_mean_agrees_with_scipy() -> None:
    values = outcomes(20, 0.3)
    interval = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (mean(values).lower, mean(values).upper) == pytest.approx((interval.low, interval.high), rel=1e-12)


def test_a_share_has_wilsons_interval() -> None:
    """Newcombe RG. Stat Med 1998;17:857-872, Table I, the score method without correction."""
    printed = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, count), interval in printed.items():
        found = share(hits, count)
        assert (found.lower, found.upper) == pytest.approx(interval, abs=5e-5) and found.value == hits / count
    assert (share(0, 0).lower, share(0, 0).upper) == (0.0, 1.0)


REPLICATES = 4000


def covers(intervals: list[Estimate], truth: float, level: float) -> bool:
    """Whether as many intervals hold the truth as a level of this size gives, but for one chance in a thousand."""
    held = sum(interval.lower <= truth <= interval.upper for interval in intervals)
    lowest, highest = stats.binom.ppf((0.0005, 0.9995), len(intervals), level)
    return bool(lowest <= held <= highest)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_means_interval_covers_as_often_as_it_says(level: float) -> None:
    """Five normal outcomes, where Student's interval is exact; the normal's would hold 88 % instead of 95 %."""
    drawn = np.random.default_rng(11).normal(3.0, 2.0, (REPLICATES, 5))
    assert covers([mean(row, level) for row in drawn], 3.0, level)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_paired_differences_interval_covers_as_often_as_it_says(level: float) -> None:
    """Six correlated pairs; two-sample intervals of such pairs would nearly always hold the truth."""
    luck = np.random.default_rng(12)
    control = luck.normal(0.0, 3.0, (REPLICATES, 6))
    treated = control + 0.7 + luck.normal(0.0, 0.5, control.shape)
    pairs = zip(treated, control, strict=True)
    assert covers([paired_difference(*pair, level) for pair in pairs], 0.7, level)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_two_sample_interval_covers_as_often_as_it_says(level: float) -> None:
    """The smaller group varies more: with one pooled variance 95 % would be 71 %; Welch is exact to half a percent."""
    luck = np.random.default_rng(13)
    treated, control = luck.normal(1.0, 4.0, (REPLICATES, 10)), luck.normal(0.0, 1.0, (REPLICATES, 40))
    pairs = zip(treated, control, strict=True)
    assert covers([welch_difference(*pair, level) for pair in pairs], 1.0, level)


def test_equal_outcomes_differ_by_exactly_nothing() -> None:
    values = outcomes(12, 0.3)
    effect = paired_difference(values, values)
    assert (effect.value, effect.lower, effect.upper) == (0.0, 0.0, 0.0)
    constant = np.ones(5)
    assert welch_difference(constant, constant).upper == 0.0


def test_pairs_must_be_pairs() -> None:
    with pytest.raises(ValueError, match="differ in number: 3 and 2"):
        paired_difference(np.ones(3), np.ones(2))


def test_an_estimate_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        mean(np.arange(3.0)).value = 2.0  # type: ignore[misc]
