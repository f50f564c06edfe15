"""MMRM: the difference of two arms at a visit, from all visits, by a mixed model for repeated measures.

Each arm has its mean at each visit; the covariance between visits is unstructured, the same in both arms, and fitted by
restricted likelihood. Outcomes that are missing at random, given those that were seen, do no harm.
Mallinckrodt CH et al. Drug Inf J 2008;42:303-319.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.estimate import Estimate, effect_of
from twin.trials.analysis.freedom import Freedom, contrast
from twin.trials.analysis.reml import Fit, Repeated, fit_reml
from twin.trials.analysis.table import AnalysisError, Arms, MissingValues, OneArmOnly, covariates, numbers, require

_WORDS = {"kenward-roger": "Kenward-Roger", "satterthwaite": "Satterthwaite"}


@dataclass(frozen=True)
class Mmrm:
    """The difference of means at a visit, the last where none is named; a table has one row a subject and visit.

    `covariates` have one slope, `covariates_by_visit` one at each visit. A visit not seen is a row with no number in
    the outcome's column, or no row.
    """

    arms: Arms
    visit: float | None = None
    covariates: tuple[str, ...] = ()
    covariates_by_visit: tuple[str, ...] = ("BASE",)
    freedom: Freedom = "kenward-roger"
    outcome: str = "AVAL"
    time: str = "AVISITN"
    subject: str = "USUBJID"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control; raises `AnalysisError`."""
        rows = self._seen(table)
        visits = np.unique(numbers(rows, self.time))
        visit = float(visits[-1]) if self.visit is None else self.visit
        if visit not in visits:
            raise AnalysisError(
                f"nobody was seen at visit {visit:g}; visits: {', '.join(f'{one:g}' for one in visits)}"
            )
        fit = fit_reml(self._repeated(rows, visits))
        weights = np.zeros(fit.coefficients.size)
        weights[int(np.flatnonzero(visits == visit)[0])] = 1.0
        value, error, degrees = contrast(fit, weights, self.freedom)
        beside = ", ".join((*self.covariates, *(f"{name} by visit" for name in self.covariates_by_visit)))
        adjusted = f" adjusted for {beside}" if beside else ""
        method = (
            f"difference of means at visit {visit:g}{adjusted} (MMRM: unstructured covariance, REML),"
            f" {_WORDS[self.freedom]} degrees of freedom, Student's t"
        )
        return effect_of(value, error, self.level, method, degrees)

    def fit(self, table: pd.DataFrame) -> Fit:
        """Return the fitted model: first each visit's difference of arms, then each visit's mean on control."""
        rows = self._seen(table)
        return fit_reml(self._repeated(rows, np.unique(numbers(rows, self.time))))

    def _seen(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the two arms that have an outcome."""
        named = [self.subject, self.outcome, self.time, *self.covariates, *self.covariates_by_visit]
        rows = self.arms.rows(table, named)
        if rows[self.subject].isna().any():
            raise MissingValues(f"{self.subject} is missing in some rows; expected the subject of each")
        rows = rows[rows[self.outcome].notna()]
        if rows.empty:
            raise MissingValues(f"no row has a number in {self.outcome}")
        numbers(rows, self.outcome)
        rows = self.arms.rows(rows, named)
        if rows.duplicated([self.subject, self.time]).any():
            several = int(rows.duplicated([self.subject, self.time]).sum())
            raise AnalysisError(f"{several} rows repeat a subject's visit; expected one row a subject and visit")
        if (rows.groupby(self.subject)[self.arms.column].nunique() > 1).any():
            raise OneArmOnly("a subject is in both arms; expected each subject in one")
        return rows

    def _repeated(self, rows: pd.DataFrame, visits: np.ndarray) -> Repeated:
        require(rows, [self.outcome])
        subjects, subject = np.unique(rows[self.subject].astype(str), return_inverse=True)
        visit = np.searchsorted(visits, numbers(rows, self.time))
        at = np.eye(visits.size)[visit]
        common, names = covariates(rows, self.covariates)
        own, own_names = covariates(rows, self.covariates_by_visit)
        by_visit = (own[:, :, np.newaxis] * at[:, np.newaxis, :]).reshape(len(rows), -1)
        columns = np.hstack([at * self.arms.treated(rows)[:, np.newaxis], at, common, by_visit])
        outcome = np.full((subjects.size, visits.size), np.nan)
        outcome[subject, visit] = numbers(rows, self.outcome)
        design = np.zeros((subjects.size, visits.size, columns.shape[1]))
        design[subject, visit] = columns
        told = [f"{self.arms.column} at visit {one:g}" for one in visits] + [f"visit {one:g}" for one in visits]
        told += [*names, *(f"{name} at visit {one:g}" for name in own_names for one in visits)]
        return Repeated(outcome, design, tuple(told))
