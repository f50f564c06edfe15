"""Pooling: one effect from an analysis of each imputed data set, by Rubin's rules, and how far it is from tipping."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from kg.notebook import notebook_html
from twin.estimate import Estimate, effect_of
from twin.model import Floats
from twin.trials.analysis.imputation import STRATEGIES, Chain, Courses, Strategy, completed
from twin.trials.analysis.table import AnalysisError, Arms, Estimator


def pooled(estimates: Sequence[Estimate], level: float = 0.95) -> Estimate:
    """Return the effect of several imputed data sets: Rubin's rules, degrees of freedom by Barnard and Rubin.

    Barnard J, Rubin DB. Biometrika 1999;86:948-955. Raises `AnalysisError` for fewer than two.
    """
    if len(estimates) < 2:
        raise AnalysisError(f"got {len(estimates)} imputed analyses, expected two or more")
    values = np.array([one.value for one in estimates])
    within = float(np.mean([one.standard_error**2 for one in estimates]))
    between = float(values.var(ddof=1)) * (1.0 + 1.0 / values.size)
    complete = min(one.degrees_of_freedom or np.inf for one in estimates)
    share = between / (within + between)
    seen = complete if np.isinf(complete) else (complete + 1.0) / (complete + 3.0) * complete
    parts = np.array([share**2 / (values.size - 1.0), 1.0 / (seen * (1.0 - share)) if share < 1.0 else np.inf])
    freedom = 1.0 / float(parts.sum()) if parts.any() else np.inf
    method = f"{values.size} imputations pooled by Rubin's rules, Student's t: {estimates[0].method}"
    return effect_of(float(values.mean()), float(np.sqrt(within + between)), level, method, freedom)


@dataclass(frozen=True)
class MultipleImputation:
    """Any analysis of a visit, the last where none is named, after imputation of what was not seen.

    A table has one row a subject and visit. The analysis gets one row a subject, with the outcome at the visit and the
    other columns. `covariates` are the imputation model's. `delta` is added to what was imputed on treatment after the
    last visit seen. Under assumptions based on control Rubin's variance is larger than that over repeated trials, and
    holds what missing data cost as in the main analysis (Cro S, Carpenter JR, Kenward MG. J R Stat Soc A 2019;182).
    """

    arms: Arms
    analysis: Estimator
    strategy: Strategy = "MAR"
    covariates: tuple[str, ...] = ("BASE",)
    visit: float | None = None
    delta: float = 0.0
    chain: Chain = field(default_factory=Chain)
    columns: tuple[str, str, str] = ("AVAL", "AVISITN", "USUBJID")
    """Outcome, visit and subject."""
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return the pooled effect; raises `AnalysisError`."""
        return self.pooled_at(*self.imputed(table), self.delta)

    def imputed(self, table: pd.DataFrame) -> tuple[Courses, Floats]:
        """Return what was seen, and the outcomes with the rest drawn, [imputation, subject, visit]."""
        courses = Courses.of(table, self.arms, self.covariates, self.columns)
        return courses, completed(courses, self.strategy, self.chain)

    def pooled_at(self, courses: Courses, drawn: Floats, delta: float) -> Estimate:
        """Return the pooled effect of outcomes drawn before, with a delta on those on treatment who left."""
        visit = float(courses.visits[-1]) if self.visit is None else self.visit
        if visit not in courses.visits:
            raise AnalysisError(f"nobody was seen at visit {visit:g}")
        at = int(np.flatnonzero(courses.visits == visit)[0])
        moved = delta * courses.design[:, 1] * courses.left[:, at]
        outcome, time, _ = self.columns
        tables = (courses.subjects.assign(**{outcome: one[:, at] + moved, time: visit}) for one in drawn)
        found = pooled([self.analysis(table) for table in tables], self.level)
        gone = int((~courses.seen[:, at]).sum())
        shift = f", {delta:+g} on treatment after leaving" if delta else ""
        told = f"{gone} of {len(courses.subjects)} outcomes imputed, {STRATEGIES[self.strategy]}{shift}; {found.method}"
        return replace(found, method=told)


@dataclass(frozen=True)
class Tipping:
    """Effects by delta, and the delta at which the conclusion tips: None where it does so at none of those tried."""

    deltas: tuple[float, ...]
    effects: tuple[Estimate, ...]
    alpha: float
    tips_at: float | None

    def to_frame(self) -> pd.DataFrame:
        """Return a row a delta."""
        rows = [
            {
                "delta": delta,
                "value": one.value,
                "lower": one.lower,
                "upper": one.upper,
                "p_value": one.p_value,
                "rejected": one.p_value is not None and one.p_value <= self.alpha,
            }
            for delta, one in zip(self.deltas, self.effects, strict=True)
        ]
        return pd.DataFrame(rows)

    def to_text(self) -> str:
        """Return where it tips in a sentence."""
        if self.tips_at is None:
            return f"from {self.deltas[0]:g} to {self.deltas[-1]:g} the conclusion at {self.alpha:g} stays"
        return f"the conclusion at {self.alpha:g} tips where those who left treatment are moved by {self.tips_at:g}"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def tipping_point(
    imputation: MultipleImputation, table: pd.DataFrame, deltas: Sequence[float], alpha: float = 0.05
) -> Tipping:
    """Return effects over deltas, in the order given, and the first at which the p value crosses alpha, interpolated.

    All deltas share the same imputations. Raises `AnalysisError` for fewer than two deltas.
    """
    if len(deltas) < 2:
        raise AnalysisError(f"got {len(deltas)} deltas, expected two or more, from none to the worst that may be")
    courses, drawn = imputation.imputed(table)

    def beyond(delta: float) -> float:
        return (imputation.pooled_at(courses, drawn, delta).p_value or 0.0) - alpha

    effects = tuple(imputation.pooled_at(courses, drawn, delta) for delta in deltas)
    over = [(one.p_value or 0.0) > alpha for one in effects]
    tips = next((place for place in range(1, len(over)) if over[place] != over[place - 1]), None)
    at = None
    if tips is not None:
        first, second = deltas[tips - 1], deltas[tips]
        at = float(brentq(beyond, first, second, xtol=1e-4 * abs(second - first)))
    return Tipping(tuple(deltas), effects, alpha, at)
