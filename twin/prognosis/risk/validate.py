"""Validate: nested cross-validation: outer folds judge, inner folds of what is learned from choose settings.

Whatever is learned (settings, levels, what a missing value becomes, scales) is learned from a fold's rows alone, and a
forecast is given features alone. Varma S, Simon R. BMC Bioinformatics 2006;7:91.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.learned import Forecast
from twin.prognosis.question import Question
from twin.prognosis.risk.learner import named
from twin.prognosis.risk.measure import measures_of
from twin.prognosis.risk.split import Fold, SplitSettings, split_named
from twin.trials.analysis.table import AnalysisError, require


@dataclass(frozen=True)
class Validated:
    """What each learner foretold of patients that it had not seen.

    `scores` has a column a learner [row], NaN in rows that no fold judges; `chosen` each learner's settings, fold by
    fold; `forecasts` what foretold them, fold by fold.
    """

    outcome: Floats
    subjects: np.ndarray
    folds: tuple[Fold, ...]
    scores: pd.DataFrame
    chosen: Mapping[str, tuple[str, ...]]
    forecasts: Mapping[str, tuple[Forecast, ...]]

    @property
    def fold(self) -> np.ndarray:
        """Return the place of the fold that judges each row, -1 for none."""
        found = np.full(len(self.scores), -1)
        for place, fold in enumerate(self.folds):
            found[fold.judged] = place
        return found


def validate(
    rows: pd.DataFrame,
    outcome: Floats,
    question: Question,
    learners: Sequence[str],
    settings: SplitSettings,
    progress: Progress = silent,
    folds: tuple[Fold, ...] = (),
) -> Validated:
    """Return what each learner foretells of each fold, the split's or those given; raises `AnalysisError`."""
    folds = folds or tuple(split_named(settings.name).folds(rows, outcome, question, settings, False))
    scores = {name: np.full(len(rows), np.nan) for name in learners}
    chosen: dict[str, list[str]] = {name: [] for name in learners}
    forecasts: dict[str, list[Forecast]] = {name: [] for name in learners}
    for fold in folds:
        _require_both(outcome[fold.learned], question, fold.name)
    for place, fold in enumerate(folds):
        some, seen = rows.iloc[fold.learned].reset_index(drop=True), outcome[fold.learned]
        for nth, name in enumerate(learners):
            progress(f"fold {fold.name}: {name}", (place + nth / len(learners)) / len(folds))
            told, forecast = learn_tuned(some, seen, question, name, settings)
            scores[name][fold.judged] = forecast(known(rows.iloc[fold.judged], question))
            chosen[name].append(told)
            forecasts[name].append(forecast)
    return Validated(
        outcome,
        question.subjects(rows),
        folds,
        pd.DataFrame(scores),
        {name: tuple(told) for name, told in chosen.items()},
        {name: tuple(told) for name, told in forecasts.items()},
    )


def learn_tuned(
    rows: pd.DataFrame, outcome: Floats, question: Question, name: str, settings: SplitSettings
) -> tuple[str, Forecast]:
    """Return the settings that do best on inner folds of these rows, and the forecast learned with them from all."""
    choices = named(name, question.kind, question.visit is not None).settings(settings.seed)
    with warnings.catch_warnings():
        # a model that has not settled is judged as it is, by the rows left out
        warnings.filterwarnings("ignore", "The max_iter was reached|lbfgs failed|Objective did not converge")
        best = next(iter(choices))
        if len(choices) > 1:
            found = _inner_losses(rows, outcome, question, name, settings)
            best = min(choices, key=found.__getitem__)
        return best, choices[best].way(rows, outcome, question)


def known(rows: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return the columns that a forecast may see: features, and where there are visits, which and whose.

    Raises `MissingColumn`.
    """
    if question.visit is None:
        return rows[[*question.features]]
    require(rows, [question.visit])
    return rows[[*question.features, question.visit, *([question.subject] if question.subject in rows else [])]]


def _inner_losses(
    rows: pd.DataFrame, outcome: Floats, question: Question, name: str, settings: SplitSettings
) -> dict[str, float]:
    """Return each setting's mean loss in the rows that inner folds leave out."""
    choices = named(name, question.kind, question.visit is not None).settings(settings.seed)
    total = dict.fromkeys(choices, 0.0)
    for fold in split_named(settings.name).folds(rows, outcome, question, settings, True):
        some, seen = rows.iloc[fold.learned].reset_index(drop=True), outcome[fold.learned]
        _require_both(seen, question, f"inner {fold.name}")
        asked, target = known(rows.iloc[fold.judged], question), outcome[fold.judged]
        for told, setting in choices.items():
            score = setting.way(some, seen, question)(asked)
            total[told] += float(measures_of(question.kind).losses(target, score, question, seen).sum())
    return total


def _require_both(outcome: Floats, question: Question, fold: str) -> None:
    """Raise `AnalysisError` where what is learned from has no event, or nothing else."""
    event = outcome[:, 1] if outcome.ndim == 2 else outcome
    if question.kind != "continuous" and (event.min() == event.max() if outcome.ndim == 1 else not event.any()):
        raise AnalysisError(
            f"fold {fold} would learn from {len(event)} rows that all have {question.outcome} {event[0]:g}; "
            "expected events and none: take fewer folds, or leave a site or a time out that has few"
        )
