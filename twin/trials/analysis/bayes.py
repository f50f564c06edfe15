"""Bayes: what is believed of an effect after a trial, from a prior that is stated in words beside the result.

Spiegelhalter DJ, Abrams KR, Myles JP. Bayesian approaches to clinical trials and health-care evaluation. Wiley 2004.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import beta, norm

from twin.estimate import Estimate
from twin.model import Floats
from twin.trials.analysis.logistic import responses
from twin.trials.analysis.table import AnalysisError, Arms, Estimator, one_row_each

_NODES, _TAIL = 200, 1e-13
"""Values of one chance over which the other's distribution is averaged, and what is left out at either end."""


@dataclass(frozen=True)
class NormalPrior:
    """What is believed of an effect before: normal about `mean`; an infinite `sd` says nothing."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean) and self.sd > 0.0):
            raise AnalysisError(f"got a prior with mean {self.mean:g} and deviation {self.sd:g}, expected one above 0")


@dataclass(frozen=True)
class NormalPosterior:
    """A normal prior updated by any analysis's effect, taken for normal with its standard error.

    `probability` is that the effect lies above `threshold`, or below it where `above` is false.
    """

    analysis: Estimator
    prior: NormalPrior
    threshold: float = 0.0
    above: bool = True
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return the posterior mean with its credible interval; raises `AnalysisError`."""
        seen = self.analysis(table)
        if not (np.isfinite(seen.standard_error) and seen.standard_error > 0.0):
            raise AnalysisError(f"the effect has the standard error {seen.standard_error:g}, expected one above 0")
        before, data = self.prior.sd**-2.0, seen.standard_error**-2.0
        sd = float((before + data) ** -0.5)
        mean = float((before * self.prior.mean + data * seen.value) / (before + data))
        half = float(norm.ppf(0.5 + self.level / 2.0)) * sd
        higher = float(norm.sf((self.threshold - mean) / sd))
        method = (
            f"posterior mean and credible interval, probability {_side(self.above)} {self.threshold:g}; prior normal,"
            f" mean {self.prior.mean:g}, deviation {self.prior.sd:g}; likelihood normal, from: {seen.method}"
        )
        chance = higher if self.above else 1.0 - higher
        return Estimate(mean, mean - half, mean + half, sd, self.level, method, probability=chance)


@dataclass(frozen=True)
class BetaPrior:
    """What is believed of a chance before: as if so many had responded and so many had not; (1, 1) is uniform."""

    responded: float = 1.0
    not_responded: float = 1.0

    def __post_init__(self) -> None:
        if not (self.responded > 0.0 and self.not_responded > 0.0):
            raise AnalysisError(
                f"got a beta prior of {self.responded:g} and {self.not_responded:g}, expected both above 0"
            )


@dataclass(frozen=True)
class BetaBinomial:
    """The difference of two arms' chances of a response, each with a beta prior; a table has one row a subject."""

    arms: Arms
    treatment_prior: BetaPrior = BetaPrior()
    control_prior: BetaPrior = BetaPrior()
    outcome: str = "AVAL"
    threshold: float = 0.0
    above: bool = True
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return the posterior mean with its equal-tailed credible interval; raises `AnalysisError`."""
        rows = self.arms.rows(table, [self.outcome])
        one_row_each(rows)
        outcome, treated = responses(rows, self.outcome), self.arms.treated(rows) == 1.0
        arms = [
            (prior.responded + outcome[of].sum(), prior.not_responded + (1.0 - outcome[of]).sum())
            for prior, of in ((self.treatment_prior, treated), (self.control_prior, ~treated))
        ]
        cut = (1.0 - self.level) / 2.0
        rates, weights = _grid(arms[1])

        def below(gap: float) -> float:
            return float(weights @ beta.cdf(rates + gap, *arms[0]))

        lower, upper = (float(brentq(lambda gap, at=at: below(gap) - at, -1.0, 1.0)) for at in (cut, 1.0 - cut))
        sd = float(np.sqrt(sum(beta.var(*arm) for arm in arms)))
        told = ", ".join(
            f"beta({prior.responded:g}, {prior.not_responded:g}) on {arm}" for prior, arm in self._priors()
        )
        method = (
            "posterior mean of the difference of chances and equal-tailed credible interval, probability"
            f" {_side(self.above)} {self.threshold:g}; prior {told}"
        )
        mean = float(beta.mean(*arms[0]) - beta.mean(*arms[1]))
        chance = 1.0 - below(self.threshold) if self.above else below(self.threshold)
        return Estimate(mean, lower, upper, sd, self.level, method, probability=chance)

    def _priors(self) -> tuple[tuple[BetaPrior, str], ...]:
        return (self.treatment_prior, self.arms.treatment), (self.control_prior, self.arms.control)


def _grid(arm: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return values of a chance and their weights under a beta distribution, even in arcsin of the root.

    There the density is bounded from priors of one half on, and smooth in the middle.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    first, last = np.arcsin(np.sqrt([beta.ppf(_TAIL, *arm), beta.isf(_TAIL, *arm)]))
    angles = (first + last) / 2.0 + (last - first) / 2.0 * nodes
    rates = np.sin(angles) ** 2
    mass = weights * beta.pdf(rates, *arm) * np.sin(2.0 * angles)
    return rates, np.asarray(mass / mass.sum(), np.float64)


def _side(above: bool) -> str:
    return "above" if above else "below"
