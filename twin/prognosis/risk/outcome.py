"""Outcome: what is learned and judged, as numbers: [row] of a chance or a number, [row, time and event] of a time."""

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.question import Question
from twin.trials.analysis.logistic import responses
from twin.trials.analysis.survival import Times
from twin.trials.analysis.table import AnalysisError, numbers


def outcome_of(rows: pd.DataFrame, question: Question) -> Floats:
    """Return the outcome of rows; raises `AnalysisError` for one that is not of the question's kind."""
    if question.kind == "binary":
        return responses(rows, question.outcome)
    if question.kind == "survival":
        times = Times.of(rows, question.outcome, question.censored)
        return np.column_stack([times.time, times.event])
    return numbers(rows, question.outcome)


def times_of(outcome: Floats) -> Times:
    """Return the times of an outcome [row, 2]."""
    return Times(outcome[:, 0], outcome[:, 1])


def event_within(table: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return the rows with the outcome 1 for an event until the horizon and 0 for none, in place of times.

    Whoever was cut off before the horizon is neither, and is left out: where many are, ask for the times themselves
    ("survival"), since those followed for long may differ. Raises `AnalysisError`.
    """
    if not (question.horizon and question.horizon > 0.0):
        raise AnalysisError(f"got the window {question.horizon}, expected one above 0, in the unit of the times")
    times = Times.of(table.drop(columns="USUBJID", errors="ignore"), question.outcome, question.censored)
    event = (times.event == 1.0) & (times.time <= question.horizon)
    known = event | (times.time >= question.horizon)
    rows: pd.DataFrame = table.assign(**{question.outcome: event.astype(np.float64)})[known]
    return rows.reset_index(drop=True)
