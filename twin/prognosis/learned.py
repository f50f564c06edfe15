"""Learned: from a way to forecast to a prognosis: cross-validated by patient, with intervals from those left out.

Each fold's patients are foretold by what was learned from the others; how far those forecasts were off gives the
intervals of the last model, which learns from all.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.conformal import Chances, Margin
from twin.prognosis.question import Question
from twin.trials.analysis.logistic import responses
from twin.trials.analysis.survival import Times, restricted_mean
from twin.trials.analysis.table import TooFewSubjects, numbers

Forecast = Callable[[pd.DataFrame], Floats]
"""A table of patients -> a number for each row."""
Way = Callable[[pd.DataFrame, Floats, Question], Forecast]
"""What learns a forecast from rows, their outcomes [row], and the question."""


@dataclass(frozen=True)
class CrossValidation:
    """How many folds of patients, the promised share of intervals, and the seed of who is in which fold."""

    folds: int = 5
    level: float = 0.9
    seed: int = 0


@dataclass(frozen=True)
class Learned:
    """A prognosis: a forecast, its intervals, and what it foretold of patients that it had not learned from.

    `out_of_fold` has SUBJECT (a number), VISIT, OUTCOME, PROGNOSIS for each row that was learned from, in order. Of
    "survival", OUTCOME is the pseudo-observation of the mean time without event, and intervals are of that.
    """

    question: Question
    forecast: Forecast
    bounds: Margin | Chances
    out_of_fold: pd.DataFrame

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return PROGNOSIS, LOWER and UPPER for each row; the outcome is not read.

        Of a number, the bounds hold an outcome with the promised probability; of a chance, they are Venn and Abers'.
        """
        score = self.forecast(table)
        if isinstance(self.bounds, Chances):
            told = self.bounds.at(score)
        else:
            told = (score, *self.bounds.at(score, self.question.visits(table)))
        return pd.DataFrame(dict(zip(("PROGNOSIS", "LOWER", "UPPER"), told, strict=True)), index=table.index)


def learn(
    table: pd.DataFrame,
    question: Question,
    way: Way,
    validation: CrossValidation | None = None,
    progress: Progress = silent,
) -> Learned:
    """Return the prognosis that a way learns from a table; rows without an outcome are left out.

    Raises `AnalysisError` for tables that the question does not fit.
    """
    validation = validation or CrossValidation()
    rows = table[table[question.outcome].notna()] if question.outcome in table else table
    rows = rows.reset_index(drop=True)
    subjects, target = question.subjects(rows), outcomes(rows, question)
    fold = folds_of(subjects, validation)
    score = np.empty(len(rows))
    for one in range(validation.folds):
        held = fold == one
        score[held] = way(rows[~held].reset_index(drop=True), target[~held], question)(rows[held])
        progress("cross-validate", (one + 1) / (validation.folds + 1))
    forecast = way(rows, target, question)
    progress("learn", 1.0)
    visits = question.visits(rows)
    seen = pd.DataFrame({"SUBJECT": subjects, "VISIT": visits, "OUTCOME": target, "PROGNOSIS": score})
    return Learned(question, forecast, bounds_of(target, score, visits, question, validation.level), seen)


def bounds_of(target: Floats, score: Floats, visits: Floats, question: Question, level: float) -> Margin | Chances:
    """Return the bounds learned from outcomes, out-of-fold scores and visits, [row] each; raises `TooFewSubjects`."""
    return Chances.of(target, score) if question.kind == "binary" else Margin.of(target, score, visits, level)


def outcomes(rows: pd.DataFrame, question: Question) -> Floats:
    """Return what is learned, [row]: the outcome, or of times the pseudo-observations; raises `AnalysisError`."""
    if question.kind == "binary":
        return responses(rows, question.outcome)
    if question.kind == "survival":
        return pseudo_observations(Times.of(rows, question.outcome, question.censored), question.horizon or 0.0)
    return numbers(rows, question.outcome)


def pseudo_observations(times: Times, horizon: float) -> Floats:
    """Return what each subject adds to the mean time without event until the horizon, [subject].

    Without a time cut off before the horizon they are the times themselves, up to the horizon. Their mean given the
    features is that of the time (Andersen PK, Hansen MG, Klein JP. Lifetime Data Anal 2004;10:335-350).
    """
    count = times.time.size
    whole, everybody = restricted_mean(times, horizon)[0], np.arange(count)
    without = np.array([restricted_mean(times[everybody != one], horizon)[0] for one in everybody])
    return np.asarray(count * whole - (count - 1) * without, np.float64)


def folds_of(subjects: np.ndarray, validation: CrossValidation) -> np.ndarray:
    """Return each row's fold, [row]: all rows of a subject are in one; raises `TooFewSubjects`."""
    who, place = np.unique(subjects, return_inverse=True)
    if who.size < 2 * validation.folds:
        raise TooFewSubjects(f"{who.size} subjects for {validation.folds} folds; expected two in each, or more")
    order = np.random.default_rng(validation.seed).permutation(who.size)
    return np.asarray(order[place] % validation.folds)
