"""Ranks, against R's and Hollander and Wolfe's printed examples, SciPy and enumeration."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import brunnermunzel

from twin.trials.analysis.rank import Wilcoxon, WinProbability, _exact
from twin.trials.analysis.table import Arms, MissingValues, TooFewSubjects

ARMS = Arms("drug", "placebo")


def table(drug: list[float], placebo: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"TRT01P": ["drug"] * len(drug) + ["placebo"] * len(placebo), "AVAL": drug + placebo})


AT_TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
EARLY = [1.15, 0.88, 0.90, 0.74, 1.21]
"""Permeability of the placental membrane: Hollander and Wolfe's table 4.1, and R's ?wilcox.test."""


def test_permeability_is_r_s() -> None:
    """wilcox.test(x, y): W = 35, p = 0.2544; the book's estimate .305."""
    found = Wilcoxon(ARMS)(table(AT_TERM, EARLY))
    assert found.statistic == 35.0
    assert found.p_value == pytest.approx(0.2544, abs=5e-5)
    assert found.value == pytest.approx(0.305, abs=1e-9)
    assert "exact" in found.method


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_holds_the_shifts_that_are_not_rejected(level: float) -> None:
    data = table(AT_TERM, EARLY)
    found = Wilcoxon(ARMS, level=level)(data)
    for inside, shift in ((True, 1e-6), (False, -1e-6)):
        for at in (found.lower + shift, found.upper - shift):
            moved = data.assign(AVAL=data.AVAL - at * (data.TRT01P == "drug"))
            assert ((Wilcoxon(ARMS)(moved).p_value or 0.0) > 1.0 - level) == inside


def test_the_exact_distribution_is_that_of_all_orders() -> None:
    ranks = [sum(chosen) - 10 for chosen in combinations(range(1, 10), 4)]
    share = np.array([np.mean(np.array(ranks) <= value) for value in range(21)])
    for cut in (0.01, 0.025, 0.05, 0.2):
        assert _exact(4, 5, cut) == int(np.argmax(share >= cut)) - 1


def test_ties_and_many_subjects_are_normal() -> None:
    drawn = np.random.default_rng(1)
    found = Wilcoxon(ARMS)(table(list(drawn.normal(1.0, 1.0, 80).round(1)), list(drawn.normal(0.0, 1.0, 90).round(1))))
    assert "normal" in found.method
    assert found.lower < found.value < found.upper
    assert found.value == pytest.approx(1.0, abs=0.5)


def test_the_chance_to_win_is_brunner_and_munzel_s() -> None:
    drawn = np.random.default_rng(2)
    drug, placebo = list(drawn.normal(0.5, 2.0, 30).round(1)), list(drawn.normal(0.0, 1.0, 25).round(1))
    found, expected = WinProbability(ARMS)(table(drug, placebo)), brunnermunzel(placebo, drug)
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    wins = np.sign(np.subtract.outer(drug, placebo)) / 2.0 + 0.5
    assert found.value == pytest.approx(wins.mean(), rel=1e-12)
    lower = WinProbability(ARMS, higher_is_better=False)(table(drug, placebo))
    assert (lower.value, lower.p_value) == pytest.approx((1.0 - found.value, found.p_value), rel=1e-9)


def test_arms_that_do_not_overlap_leave_nothing_to_test_by() -> None:
    found = WinProbability(ARMS)(table([5.0, 6.0, 7.0], [1.0, 2.0, 3.0]))
    assert (found.value, found.standard_error, found.p_value) == (1.0, 0.0, None)


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(TooFewSubjects, match="2 and 2 subjects have no interval"):
        Wilcoxon(ARMS)(table([1.0, 2.0], [3.0, 4.0]))
    with pytest.raises(TooFewSubjects, match="one subject"):
        WinProbability(ARMS)(table([1.0], [3.0, 4.0]))
    with pytest.raises(MissingValues, match="AVAL is missing or infinite in 1 of 4"):
        WinProbability(ARMS)(table([1.0, np.nan], [3.0, 4.0]))
