"""Linear: differences of means, unadjusted or adjusted for covariates by least squares, with robust errors."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from twin.estimate import Estimate, effect_of, welch_difference
from twin.model import Floats
from twin.trials.analysis.table import (
    Arms,
    SingularDesign,
    TooFewSubjects,
    covariates,
    numbers,
    one_row_each,
    require_full_rank,
)

Errors = Literal["HC0", "HC1", "HC2", "HC3", "equal"]
"""How errors are found: robust against unequal variances (MacKinnon and White 1985), or taking them for equal."""

_ALONE = 1e-10
"""What is left of a row's weight in its own fit, below which the row alone determines a coefficient."""


@dataclass(frozen=True)
class Unadjusted:
    """The difference of two arms' means, with Welch's test; a table has one row a subject."""

    arms: Arms
    outcome: str = "AVAL"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control; raises `AnalysisError`."""
        rows = self.arms.rows(table, [self.outcome])
        one_row_each(rows)
        outcome, treated = numbers(rows, self.outcome), self.arms.treated(rows) == 1.0
        groups = (outcome[treated], outcome[~treated])
        if min(group.size for group in groups) < 2:
            raise TooFewSubjects("an arm has one subject; expected two or more in each, for a variance")
        return welch_difference(*groups, self.level)


@dataclass(frozen=True)
class Ancova:
    """The difference of means at equal covariates, by least squares; a table has one row a subject.

    In a randomised trial the estimate is that of the unconditional difference whether or not the outcome is linear in
    the covariates, and robust errors are right then too. HC3, the default, is the widest in small trials.
    Sources: MacKinnon JG, White H. J Econometrics 1985;29:305-325. Lin W. Ann Appl Stat 2013;7:295-318.
    """

    arms: Arms
    covariates: tuple[str, ...] = ("BASE",)
    outcome: str = "AVAL"
    errors: Errors = "HC3"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control, Student's t on the residual degrees of freedom; raises `AnalysisError`."""
        rows = self.arms.rows(table, [self.outcome, *self.covariates])
        one_row_each(rows)
        outcome = numbers(rows, self.outcome)
        beside, names = covariates(rows, self.covariates)
        design = np.column_stack([np.ones(len(rows)), self.arms.treated(rows), beside])
        require_full_rank(design, ("intercept", self.arms.column, *names))
        coefficients, variance = least_squares(design, outcome, self.errors)
        told = "equal variances" if self.errors == "equal" else f"robust errors {self.errors}"
        adjusted = f"adjusted for {', '.join(self.covariates)}" if self.covariates else "not adjusted"
        freedom = design.shape[0] - design.shape[1]
        method = f"difference of means {adjusted} (ANCOVA), {told}, Student's t"
        return effect_of(float(coefficients[1]), float(np.sqrt(variance[1, 1])), self.level, method, freedom)


@dataclass(frozen=True)
class Procova:
    """ANCOVA on a prognosis: a score, learned elsewhere, of how each subject would fare on control.

    The score must be known at baseline and come from other patients. With the same variance and correlation in both
    arms, and one patient on control for each on treatment, the variance is 1 - correlation^2 of the unadjusted one.
    Source: Schuler A et al. Int J Biostat 2022;18:329-356; EMA/CHMP qualification opinion of 15 September 2022.
    """

    arms: Arms
    score: str = "PROGNOSIS"
    covariates: tuple[str, ...] = ()
    outcome: str = "AVAL"
    errors: Errors = "HC3"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control; raises `AnalysisError`."""
        adjusted = Ancova(self.arms, (self.score, *self.covariates), self.outcome, self.errors, self.level)
        found = adjusted(table)
        return replace(found, method=found.method.replace("(ANCOVA)", "(PROCOVA)"))


def least_squares(design: Floats, outcome: Floats, errors: Errors) -> tuple[Floats, Floats]:
    """Return the coefficients of [row, column] and their covariance; the design has full rank.

    Raises `SingularDesign` where HC2 or HC3 meet a row that alone determines a coefficient.
    """
    basis, upper = np.linalg.qr(design)
    inverse = np.linalg.inv(upper)
    coefficients = inverse @ (basis.T @ outcome)
    residual = outcome - design @ coefficients
    freedom = design.shape[0] - design.shape[1]
    if errors == "equal":
        return coefficients, (residual @ residual / freedom) * (inverse @ inverse.T)
    left = 1.0 - (basis**2).sum(axis=1)
    if errors in ("HC2", "HC3") and (left < _ALONE).any():
        raise SingularDesign(f"a row alone determines a coefficient, which {errors} cannot weigh: merge rare levels")
    weights = {"HC0": 1.0, "HC1": design.shape[0] / freedom, "HC2": 1.0 / left, "HC3": 1.0 / left**2}[errors]
    influence = basis @ inverse.T
    return coefficients, (influence * (residual**2 * weights)[:, np.newaxis]).T @ influence
