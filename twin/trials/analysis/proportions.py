"""Proportions: the difference of two arms' shares by the score test, which holds where all or none respond in an arm.

Miettinen O, Nurminen M. Comparative analysis of two rates. Stat Med 1985;4:213-226.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from twin.estimate import Estimate
from twin.trials.analysis.logistic import responses
from twin.trials.analysis.table import Arms, one_row_each
from twin.trials.design.comparison import restricted_rates

_EDGE = 1.0 - 1e-9
"""The largest difference of shares that is tried as the true one."""


@dataclass(frozen=True)
class ScoreDifference:
    """The difference of the shares of two arms whose outcome is 1; a table has one row a subject.

    The interval holds the differences that the score test at this level does not refute, its variance enlarged by
    N / (N - 1); the p-value is that of no difference. The standard error is the test's under no difference.
    """

    arms: Arms
    outcome: str = "AVAL"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control; raises `AnalysisError`."""
        rows = self.arms.rows(table, [self.outcome])
        one_row_each(rows)
        outcome, treated = responses(rows, self.outcome), self.arms.treated(rows) == 1.0
        counts = int(treated.sum()), int((~treated).sum())
        shares = float(outcome[treated].mean()), float(outcome[~treated].mean())
        value, bound = shares[0] - shares[1], float(norm.ppf(0.5 + self.level / 2.0))
        z = value / _error(shares, counts, 0.0)
        return Estimate(
            value,
            _limit(shares, counts, bound, -_EDGE),
            _limit(shares, counts, -bound, _EDGE),
            _error(shares, counts, 0.0),
            self.level,
            "difference of shares, Miettinen and Nurminen's score interval",
            p_value=float(2.0 * norm.sf(abs(z))),
            statistic=z,
        )


def _error(shares: tuple[float, float], counts: tuple[int, int], difference: float) -> float:
    """Return the standard error of the difference of shares if the true one were `difference`."""
    rates = restricted_rates(*shares, difference, counts[0] / counts[1])
    variance = sum(rate * (1.0 - rate) / count for rate, count in zip(rates, counts, strict=True))
    return float(np.sqrt(variance * sum(counts) / (sum(counts) - 1)))


def _limit(shares: tuple[float, float], counts: tuple[int, int], z: float, end: float) -> float:
    """Return the true difference, between that seen and the `end` of the scale, at which what was seen has this z.

    It is the end itself, -1 or 1, where not even that is refuted.
    """

    def excess(difference: float) -> float:
        return (shares[0] - shares[1] - difference) / _error(shares, counts, difference) - z

    if excess(end) * z <= 0.0:
        return end / _EDGE
    low, high = sorted((float(np.clip(shares[0] - shares[1], -_EDGE, _EDGE)), end))
    return float(brentq(excess, low, high, xtol=1e-10))
