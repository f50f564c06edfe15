"""Logistic: the difference of two arms' chances of a response, by logistic regression and g-computation.

Each subject's chance is foretold under either arm, and the means are compared: the effect is that of a change of arm in
the whole population, not at one value of the covariates, which a log odds ratio would be.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit

from twin.estimate import Estimate, effect_of
from twin.model import Floats
from twin.trials.analysis.table import (
    Arms,
    MissingValues,
    NoEvents,
    NotConverged,
    covariates,
    numbers,
    one_row_each,
    require_full_rank,
)

_STEPS, _CLOSE, _FAR = 50, 1e-10, 20.0
"""Newton's steps at most, the largest change that ends them, and the log odds that no data ask for."""


@dataclass(frozen=True)
class RiskDifference:
    """The difference of the chances that the outcome is 1, adjusted for covariates; a table has one row a subject.

    Robust errors are those of the influence function: right in a randomised trial whether or not the odds are as the
    model has them, and for covariates that are drawn with the subjects. "model" errors are the delta method's on the
    coefficients' covariance, covariates taken as fixed.
    Sources: Ge M et al. Drug Inf J 2011;45:481-493. Ye T et al. Stat Biosci 2023;15:677-690. FDA, Adjusting for
    covariates in randomized clinical trials, May 2023.
    """

    arms: Arms
    covariates: tuple[str, ...] = ()
    outcome: str = "AVAL"
    errors: Literal["robust", "model"] = "robust"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control; raises `AnalysisError`."""
        rows = self.arms.rows(table, [self.outcome, *self.covariates])
        one_row_each(rows)
        outcome = responses(rows, self.outcome)
        beside, names = covariates(rows, self.covariates)
        design = np.column_stack([np.ones(len(rows)), self.arms.treated(rows), beside])
        require_full_rank(design, ("intercept", self.arms.column, *names))
        coefficients, variance = logistic(design, outcome)
        value, error = self._difference(design, outcome, coefficients, variance)
        adjusted = f" adjusted for {', '.join(self.covariates)}" if self.covariates else ""
        told = "robust errors" if self.errors == "robust" else "the model's errors (delta method)"
        method = f"difference of chances{adjusted} by logistic regression and g-computation, {told}, normal"
        return effect_of(value, error, self.level, method)

    def _difference(
        self, design: Floats, outcome: Floats, coefficients: Floats, variance: Floats
    ) -> tuple[float, float]:
        chances, slopes = [], []
        for arm in (1.0, 0.0):
            changed = design.copy()
            changed[:, 1] = arm
            chances.append(expit(changed @ coefficients))
            slopes.append((changed * (chances[-1] * (1.0 - chances[-1]))[:, np.newaxis]).mean(axis=0))
        gain, slope = chances[0] - chances[1], slopes[0] - slopes[1]
        value = float(gain.mean())
        if self.errors == "model":
            return value, float(np.sqrt(slope @ variance @ slope))
        residual = outcome - expit(design @ coefficients)
        influence = gain - value + outcome.size * residual * (design @ (variance @ slope))
        return value, float(np.sqrt((influence**2).sum()) / outcome.size)


def responses(rows: pd.DataFrame, column: str) -> Floats:
    """Return a column of 0 and 1, [row]; raises `MissingValues` for others, `NoEvents` where all are the same."""
    outcome = numbers(rows, column)
    if not np.isin(outcome, (0.0, 1.0)).all():
        others = int((~np.isin(outcome, (0.0, 1.0))).sum())
        raise MissingValues(f"{column} is neither 0 nor 1 in {others} of {len(rows)} rows; expected a response or none")
    if np.ptp(outcome) == 0.0:
        raise NoEvents(f"{column} is {outcome[0]:g} in every row: there is nothing to compare")
    return outcome


def logistic(design: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    """Return the coefficients of [row, column] that maximise the likelihood of 0 and 1, and their covariance.

    Raises `NotConverged` where a combination of covariates parts the responses from the others, so that odds are
    infinite.
    """
    spread = np.maximum(np.abs(design).max(axis=0), np.finfo(np.float64).tiny)
    scaled, at = design / spread, np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = expit(scaled @ at)
        information = (scaled * (chance * (1.0 - chance))[:, np.newaxis]).T @ scaled
        step = np.linalg.lstsq(information, scaled.T @ (outcome - chance), rcond=None)[0]
        step *= min(1.0, 5.0 / np.abs(scaled @ step).max()) if step.any() else 1.0
        at = at + step
        if np.abs(scaled @ at).max() > _FAR:
            break
        if np.abs(step).max() < _CLOSE * (1.0 + np.abs(at).max()):
            return at / spread, np.asarray(np.linalg.inv(information) / np.outer(spread, spread))
    raise NotConverged(
        "the odds are infinite: all or none respond in an arm or at a covariate's end; use fewer covariates"
    )
