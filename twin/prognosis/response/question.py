"""Question: two arms of a randomised trial, an outcome, and what is known of each patient at baseline.

Times are compared by the mean time without the event up to a horizon: within each arm, each patient's part of that mean
(an infinitesimal pseudo-observation) is a number like any other.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.question import Kind, Question
from twin.trials.analysis.logistic import responses
from twin.trials.analysis.survival import Times, mean_parts
from twin.trials.analysis.table import AnalysisError, Arms, TooFewSubjects, numbers, one_row_each

Better = Literal["higher", "lower"]
FEWEST = 50
"""Subjects of an arm, below which no difference between patients can be told from chance."""


@dataclass(frozen=True)
class Asked:
    """Who gains from the treatment, beside the control, by these features; `better` says which outcomes are.

    `propensity` is the chance of treatment by design; without it, the share of the two arms that had it. `censored` is
    0 for an event, and `horizon` up to when times count, in their unit.
    """

    outcome: str
    arms: Arms
    features: tuple[str, ...]
    kind: Kind = "continuous"
    better: Better = "higher"
    propensity: float | None = None
    censored: str = "CNSR"
    horizon: float | None = None
    subject: str = "USUBJID"
    later: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Question(
            self.outcome,
            self.kind,
            self.features,
            self.subject,
            censored=self.censored,
            horizon=self.horizon,
            later=(self.arms.column, *self.later),
        )
        if self.propensity is not None and not 0.0 < self.propensity < 1.0:
            raise AnalysisError(f"got the propensity {self.propensity:g}, expected a chance between 0 and 1")

    @property
    def sign(self) -> float:
        """Return 1 where higher outcomes are better, -1 where lower ones are."""
        return 1.0 if self.better == "higher" else -1.0


@dataclass(frozen=True)
class Trial:
    """The rows of the two arms that have an outcome: the table, who was treated [row], and the chance of that."""

    table: pd.DataFrame
    treated: Floats
    propensity: float
    left_out: int
    asked: Asked

    @classmethod
    def of(cls, table: pd.DataFrame, asked: Asked) -> "Trial":
        """Read a trial from a table with one row a subject; raises `AnalysisError`."""
        needed = [asked.outcome, *asked.features, *([asked.censored] if asked.kind == "survival" else [])]
        both = asked.arms.rows(table, needed)
        rows = both[both[asked.outcome].notna()].reset_index(drop=True)
        one_row_each(rows, asked.subject)
        treated = asked.arms.treated(rows)
        least = int(min(treated.sum(), (1.0 - treated).sum()))
        if least < FEWEST:
            raise TooFewSubjects(f"an arm has {least} subjects with an outcome; expected {FEWEST} or more in each")
        if asked.kind == "binary":
            responses(rows, asked.outcome)
        found = cls(rows, treated, asked.propensity or float(treated.mean()), len(both) - len(rows), asked)
        found.outcomes(np.ones(len(rows), bool))
        return found

    def outcomes(self, chosen: np.ndarray) -> Floats:
        """Return the outcomes of some rows, [chosen row], found from these alone; raises `AnalysisError`."""
        rows, treated = self.table[chosen], self.treated[chosen]
        if self.asked.kind != "survival":
            return numbers(rows, self.asked.outcome)
        times = Times.of(
            rows.drop(columns=self.asked.subject, errors="ignore"), self.asked.outcome, self.asked.censored
        )
        found = np.empty(len(rows))
        for arm in (0.0, 1.0):
            found[treated == arm] = mean_parts(times[treated == arm], self.asked.horizon or 0.0)
        return found

    def __len__(self) -> int:
        return self.treated.size
