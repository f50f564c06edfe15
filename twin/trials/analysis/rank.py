"""Rank: comparisons of two arms by the order of their outcomes: Wilcoxon's test, the shift, the chance to win."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu, norm, rankdata

from twin.estimate import Estimate, effect_of
from twin.model import Floats
from twin.trials.analysis.table import Arms, TooFewSubjects, numbers, one_row_each

_EXACT_BELOW = 50
"""Subjects in each arm below which, without ties, the test is exact, as in R's wilcox.test."""


def _outcomes(arms: Arms, table: pd.DataFrame, outcome: str) -> tuple[Floats, Floats]:
    rows = arms.rows(table, [outcome])
    one_row_each(rows)
    values, treated = numbers(rows, outcome), arms.treated(rows) == 1.0
    return values[treated], values[~treated]


@dataclass(frozen=True)
class Wilcoxon:
    """Wilcoxon's rank-sum test, with the shift that Hodges and Lehmann estimate; a table has one row a subject.

    The shift is the median of all differences between a subject on treatment and one on control, its interval those
    shifts that the test does not reject (Moses). Without ties and with fewer than 50 subjects in each arm the test is
    exact, else normal with a correction for continuity. The standard error is the interval's width over that of a
    normal one.
    Hollander M, Wolfe DA, Chicken E. Nonparametric statistical methods. Wiley 2014, 4.1 to 4.3.
    """

    arms: Arms
    outcome: str = "AVAL"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control; the statistic is Mann and Whitney's U. Raises `AnalysisError`."""
        treated, control = _outcomes(self.arms, table, self.outcome)
        differences = np.sort((treated[:, np.newaxis] - control).ravel())
        ties = np.unique(np.concatenate([treated, control])).size < treated.size + control.size
        exact = not ties and max(treated.size, control.size) < _EXACT_BELOW
        test = mannwhitneyu(treated, control, method="exact" if exact else "asymptotic")
        cut = (1.0 - self.level) / 2.0
        skipped = _exact(treated.size, control.size, cut) if exact else _normal(treated.size, control.size, cut)
        if skipped < 0:
            raise TooFewSubjects(f"{treated.size} and {control.size} subjects have no interval of level {self.level:g}")
        lower, upper = float(differences[skipped]), float(differences[-1 - skipped])
        error = (upper - lower) / (2.0 * float(norm.ppf(1.0 - cut)))
        how = "exact" if exact else "normal, corrected for continuity"
        method = f"Hodges-Lehmann shift, Wilcoxon's rank-sum test ({how})"
        statistic, p_value = float(test.statistic), float(test.pvalue)
        return Estimate(float(np.median(differences)), lower, upper, error, self.level, method, p_value, statistic)


def _exact(treated: int, control: int, cut: float) -> int:
    """Return how many of the lowest differences the interval leaves out; -1 where it cannot have the level."""
    ways = np.zeros(treated * control + 1)
    ways[0] = 1.0
    for size in range(1, treated + 1):  # the counts of U, by Gauss's binomial: times 1 - q^(n + i), over 1 - q^i
        ways[control + size :] -= ways[: max(ways.size - control - size, 0)].copy()
        for offset in range(size):
            ways[offset::size] = np.cumsum(ways[offset::size])
    below = np.cumsum(ways) / ways.sum()
    return int(np.searchsorted(below, cut, side="left")) - 1


def _normal(treated: int, control: int, cut: float) -> int:
    pairs = treated * control
    return int(np.floor(pairs / 2.0 + norm.ppf(cut) * np.sqrt(pairs * (treated + control + 1.0) / 12.0))) - 1


@dataclass(frozen=True)
class WinProbability:
    """The chance that a subject on treatment fares better than one on control, ties counting half.

    Its test against one half is Brunner and Munzel's, which needs no equal variances; the interval is that test's,
    within 0 and 1. `higher_is_better` says which outcome wins.
    Brunner E, Munzel U. Biom J 2000;42:17-25.
    """

    arms: Arms
    outcome: str = "AVAL"
    higher_is_better: bool = True
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return the chance, one half where the arms are alike; raises `AnalysisError`."""
        treated, control = _outcomes(self.arms, table, self.outcome)
        if min(treated.size, control.size) < 2:
            raise TooFewSubjects("an arm has one subject; expected two or more in each, for a variance")
        sign = 1.0 if self.higher_is_better else -1.0
        ranks = rankdata(sign * np.concatenate([treated, control]))
        wins = (ranks[: treated.size] - rankdata(sign * treated)) / control.size
        losses = (ranks[treated.size :] - rankdata(sign * control)) / treated.size
        parts = np.array([wins.var(ddof=1) / treated.size, losses.var(ddof=1) / control.size])
        method = "chance to fare better (ties half), Brunner-Munzel"
        value, variance = float(wins.mean()), float(parts.sum())
        if not variance > 0.0:
            return Estimate(value, value, value, 0.0, self.level, method)
        freedom = variance**2 / float((parts**2 / (np.array([treated.size, control.size]) - 1.0)).sum())
        gap = effect_of(value - 0.5, float(np.sqrt(variance)), self.level, method, freedom)
        lower, upper = max(0.0, gap.lower + 0.5), min(1.0, gap.upper + 0.5)
        tested = (gap.p_value, gap.statistic, gap.degrees_of_freedom)
        return Estimate(value, lower, upper, gap.standard_error, self.level, method, *tested)
