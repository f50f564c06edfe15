"""Histories: a table's rows as each patient's visits in order, so that a row can be foretold from those before it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.question import Question
from twin.trials.analysis.table import MissingValues


@dataclass(frozen=True)
class Histories:
    """Of each row whose it is (`patient`, a number) and which of that patient's rows in time (`step`), [row] each.

    `gap` is the time since the visit before, 0 at the first. Rows of one visit are in the table's order.
    """

    patient: np.ndarray
    step: np.ndarray
    visit: Floats
    gap: Floats

    @classmethod
    def of(cls, table: pd.DataFrame, question: Question) -> "Histories":
        """Return the histories in a table; raises `AnalysisError` where a row lacks its patient or its visit."""
        who, visit = question.subjects(table), question.visits(table)
        if lacking := int((who < 0).sum()):
            raise MissingValues(
                f"{question.subject} is missing in {lacking} of {len(who)} rows; expected it in each: whose visits are "
                "read as one history"
            )
        order = np.lexsort((visit, who))
        first = np.concatenate([[True], np.diff(who[order]) != 0]) if len(who) else np.zeros(0, bool)
        begins = np.maximum.accumulate(np.where(first, np.arange(len(who)), 0))
        step, gap = np.empty(len(who), np.int64), np.empty(len(who))
        step[order] = np.arange(len(who)) - begins
        gap[order] = np.where(first, 0.0, np.diff(visit[order], prepend=0.0))
        return cls(np.asarray(who), step, visit, gap)

    def laid(self, values: Floats) -> Floats:
        """Return values of rows, [row] or [row, column], by patient and step; 0 where a patient has no more visits."""
        patients, steps = (int(one.max(initial=-1)) + 1 for one in (self.patient, self.step))
        found = np.zeros((patients, steps, *values.shape[1:]))
        found[self.patient, self.step] = values
        return found

    def until(self, row: int) -> np.ndarray:
        """Return the places of the rows that a row's forecast may read, in time: that patient's, up to the row."""
        own = np.flatnonzero((self.patient == self.patient[row]) & (self.step <= self.step[row]))
        return own[np.argsort(self.step[own])]
