"""External: a control arm made larger, or replaced, by patients from elsewhere: history, a registry, twins.

The arm column of a table names a third group, `external`, beside treatment and control. Whatever differs between
elsewhere and here, and is neither measured nor adjusted for, goes into the effect as bias, and no method here can see
it without concurrent controls: `benchmarks/external_controls.py` measures by how much.

With `score`, each outcome is replaced by its distance from what a prognosis foretold of the patient (of external
patients out of fold, if it learned from them). A trial without concurrent controls is then one against twins.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from twin.estimate import Estimate, effect_of, welch_difference
from twin.model import Floats
from twin.trials.analysis.linear import least_squares
from twin.trials.analysis.logistic import logistic
from twin.trials.analysis.table import (
    AnalysisError,
    Arms,
    OneArmOnly,
    TooFewSubjects,
    covariates,
    numbers,
    one_row_each,
    require,
    require_full_rank,
)


@dataclass(frozen=True)
class External:
    """Which group is treated, which is the concurrent control (there may be none), and which is from elsewhere."""

    arms: Arms
    external: str
    outcome: str = "AVAL"
    score: str | None = None

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the three groups; raises `AnalysisError` where one that is needed is not there."""
        require(table, [self.arms.column, self.outcome, *([self.score] if self.score else [])])
        found = table[table[self.arms.column].isin([self.arms.treatment, self.arms.control, self.external])]
        for name in (self.arms.treatment, self.external):
            if (found[self.arms.column] == name).sum() < 2:
                raise OneArmOnly(f"{name!r} has fewer than two rows in {self.arms.column}; expected two or more")
        one_row_each(found)
        return found.reset_index(drop=True)

    def groups(self, table: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
        """Return the outcomes, or their distances from the score, of treatment, control and external patients."""
        rows = self.rows(table)
        value = numbers(rows, self.outcome) - (numbers(rows, self.score) if self.score else 0.0)
        of = rows[self.arms.column].to_numpy()
        treated, control, external = (
            value[of == name] for name in (self.arms.treatment, self.arms.control, self.external)
        )
        return treated, control, external

    @property
    def told(self) -> str:
        """Return in words what is compared."""
        return f" of distances from {self.score}" if self.score else ""


@dataclass(frozen=True)
class Pooled:
    """External patients taken for controls of the trial; without concurrent ones, they are the control arm."""

    data: External
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control and external together, Welch's test; raises `AnalysisError`."""
        treated, control, external = self.data.groups(table)
        found = welch_difference(treated, np.concatenate([control, external]), self.level)
        return effect_of(
            found.value,
            found.standard_error,
            self.level,
            f"difference of means{self.data.told}, external controls pooled, Welch's t",
            found.degrees_of_freedom or np.inf,
        )


@dataclass(frozen=True)
class Weighted:
    """External patients weighted by their odds of having been in the trial, given covariates (logistic).

    Weights make them like the trial's patients in what is measured, and no more. Concurrent controls weigh 1. Errors
    are robust, weights taken as known, which errs to the wide side. Source: Rosenbaum PR. J Am Stat Assoc
    1987;82:387-394; Hirano K, Imbens GW, Ridder G. Econometrica 2003;71:1161-1189.
    """

    data: External
    covariates: tuple[str, ...]
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus weighted control; raises `AnalysisError`, also where nobody elsewhere is alike."""
        rows = self.data.rows(table)
        beside, names = covariates(rows, self.covariates)
        elsewhere = (rows[self.data.arms.column] == self.data.external).to_numpy()
        design = np.column_stack(
            [np.ones(len(rows)), (beside - beside.mean(axis=0)) / np.maximum(beside.std(axis=0), 1e-12)]
        )
        require_full_rank(design, ("intercept", *names))
        coefficients, _ = logistic(design, (~elsewhere).astype(np.float64))
        weight = np.where(elsewhere, np.exp(design @ coefficients), 1.0)
        value = numbers(rows, self.data.outcome)
        if self.data.score:
            value = value - numbers(rows, self.data.score)
        treated = self.data.arms.treated(rows)
        root = np.sqrt(weight)
        fitted, variance = least_squares(
            np.column_stack([np.ones(len(rows)), treated]) * root[:, np.newaxis], value * root, "HC3"
        )
        alike = float(weight[elsewhere].sum() ** 2 / (weight[elsewhere] ** 2).sum())
        method = (
            f"difference of means{self.data.told}, external controls weighted by the odds of being in the trial given"
            f" {', '.join(self.covariates)} (worth {alike:.0f} of {int(elsewhere.sum())}), robust errors, normal"
        )
        return effect_of(float(fitted[1]), float(np.sqrt(variance[1, 1])), self.level, method)


@dataclass(frozen=True)
class PowerPrior:
    """External patients as a prior on the control mean, each worth a fixed part `discount` of a patient of the trial.

    Source: Ibrahim JG, Chen MH. Stat Sci 2000;15:46-60; normal outcomes, variances estimated.
    """

    data: External
    discount: float = 0.5
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 0.0 <= self.discount <= 1.0:
            raise AnalysisError(f"the discount is {self.discount:g}; expected a part from 0 (none of it) to 1 (all)")

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus the posterior mean of control, with its error; raises `AnalysisError`."""
        treated, control, external = self.data.groups(table)
        (mean, error), (own, beside), (far, away) = (_mean_of(one) for one in (treated, control, external))
        precision = np.array([0.0 if np.isinf(beside) else beside**-2, self.discount * away**-2])
        if not precision.sum() > 0.0:
            raise TooFewSubjects("there is no concurrent control, and nothing is borrowed: no control is left")
        centre = float(precision @ np.array([0.0 if np.isinf(beside) else own, far]) / precision.sum())
        method = f"difference of means{self.data.told}, external controls by a power prior of {self.discount:g}, normal"
        return effect_of(mean - centre, float(np.sqrt(error**2 + 1.0 / precision.sum())), self.level, method)


@dataclass(frozen=True)
class RobustMap:
    """External patients as a prior on the control mean that gives way where the concurrent controls contradict it.

    A mixture: with weight 1 - `doubt`, normal about the external mean with its error and a `drift` between elsewhere
    and here (in deviations of the outcome); with weight `doubt`, worth one patient. The treated mean has a flat prior.
    The p value is twice the smaller posterior probability of either sign. Source: Schmidli H et al. Biometrics
    2014;70:1023-1032; with one history, the drift cannot be estimated and is an assumption.
    """

    data: External
    drift: float = 0.1
    doubt: float = 0.2
    level: float = 0.95

    def __post_init__(self) -> None:
        if not (self.drift >= 0.0 and 0.0 <= self.doubt <= 1.0):
            got = f"got a drift of {self.drift:g} and a doubt of {self.doubt:g}"
            raise AnalysisError(f"{got}; expected 0 or more, and a part from 0 to 1")

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return the posterior mean of treatment minus control with its credible interval; raises `AnalysisError`."""
        treated, control, external = self.data.groups(table)
        (mean, error), (own, beside), (far, away) = (_mean_of(one) for one in (treated, control, external))
        unit = float(external.std(ddof=1))
        before = np.array([np.hypot(away, self.drift * unit), unit])
        weight = np.array([1.0 - self.doubt, self.doubt])
        if np.isinf(beside):
            centre, spread = np.array([far, far]), before
        else:
            weight = weight * norm.pdf(own, far, np.hypot(before, beside))
            weight = weight / weight.sum()
            spread = (before**-2 + beside**-2) ** -0.5
            centre = spread**2 * (far * before**-2 + own * beside**-2)
        gap, sd = mean - centre, np.hypot(spread, error)

        def below(value: float) -> float:
            return float(weight @ norm.cdf((value - gap) / sd))

        value = float(weight @ gap)
        total = float(np.sqrt(weight @ (sd**2 + (gap - value) ** 2)))
        ends = float(gap.min() - 10.0 * sd.max()), float(gap.max() + 10.0 * sd.max())
        tail = (1.0 - self.level) / 2.0
        lower, upper = (float(brentq(lambda at, p=p: below(at) - p, *ends)) for p in (tail, 1.0 - tail))
        method = (
            f"posterior difference of means{self.data.told}, robust meta-analytic-predictive prior: drift"
            f" {self.drift:g} deviations, doubt {self.doubt:g} before and {weight[1]:.2f} after"
        )
        least = min(below(0.0), 1.0 - below(0.0))
        return Estimate(value, lower, upper, total, self.level, method, p_value=2.0 * least)


def _mean_of(values: Floats) -> tuple[float, float]:
    """Return a mean and its error; of fewer than two values nothing is known."""
    if values.size < 2:
        return 0.0, float("inf")
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))
