"""Importance: what held-out forecasts lose when a feature is dealt anew among patients, and what follows its value.

Breiman L. Mach Learn 2001;45:5-32 (permutation); Friedman JH. Ann Stat 2001;29:1189-1232 (partial dependence).
"""

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.learned import Forecast
from twin.prognosis.question import Question
from twin.prognosis.risk.measure import measures_of
from twin.prognosis.risk.scope import Ranges
from twin.prognosis.risk.validate import Validated, known

_ROWS = 200
"""Partial dependence is a mean over so many of the rows learned from, at most, of whole patients."""
_SHARES = np.linspace(0.05, 0.95, 10)


def permutation_importance(
    rows: pd.DataFrame, validated: Validated, question: Question, learner: str, repeats: int = 5, seed: int = 0
) -> pd.DataFrame:
    """Return each feature's loss of the ranking figure, mean and deviation over repeats, the most important first.

    A feature is dealt anew among the rows of each fold that the model of that fold had not seen. Features that tell the
    same stand in for each other: each may then lose little.
    """
    ranking, random = measures_of(question.kind).ranking, np.random.default_rng(seed)
    seen = validated.fold >= 0
    whole = _ranking(validated.outcome[seen], validated.scores[learner].to_numpy()[seen], question)
    found = []
    for name in question.features:
        lost = []
        for _ in range(repeats):
            score = np.full(len(rows), np.nan)
            for fold, forecast in zip(validated.folds, validated.forecasts[learner], strict=True):
                asked = known(rows.iloc[fold.judged], question)
                dealt = asked[name].to_numpy()[random.permutation(len(asked))]
                score[fold.judged] = forecast(asked.assign(**{name: dealt}))
            lost.append(whole - _ranking(validated.outcome[seen], score[seen], question))
        found.append({"feature": name, f"loss of {ranking}": float(np.mean(lost)), "deviation": float(np.std(lost))})
    return pd.DataFrame(found).sort_values(f"loss of {ranking}", ascending=False, ignore_index=True)


def partial_dependence(
    rows: pd.DataFrame, forecast: Forecast, question: Question, ranges: Ranges, seed: int = 0
) -> pd.DataFrame:
    """Return the mean forecast with a feature set to each of some values in all rows: feature, value, forecast.

    Numbers are set to their quantiles from 5 to 95 %, levels to each, at all visits of whole patients. It is what the
    model does, not what a treatment would do.
    """
    some = known(rows, question).iloc[_some_patients(question.subjects(rows), np.random.default_rng(seed))]
    found = []
    for name, levels in zip(ranges.features.names, ranges.features.levels, strict=True):
        column = rows[name]
        values = levels if levels is not None else np.unique(np.quantile(column.dropna().to_numpy(float), _SHARES))
        for value in values:
            told = forecast(some.assign(**{name: value if levels is not None else float(value)}))
            found.append({"feature": name, "value": value, "forecast": float(told.mean())})
    return pd.DataFrame(found)


def _some_patients(who: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the places of all rows of patients at random, as many as have `_ROWS` rows together; of one at least."""
    subjects, place, count = np.unique(who, return_inverse=True, return_counts=True)
    order = random.permutation(subjects.size)
    taken = order[np.cumsum(count[order]) <= _ROWS] if count[order[0]] <= _ROWS else order[:1]
    return np.flatnonzero(np.isin(place, taken))


def _ranking(outcome: Floats, score: Floats, question: Question) -> float:
    measures = measures_of(question.kind)
    ranked = measures.ranked(outcome, score[np.newaxis], 0.95)[0]
    return ranked[0].value if ranked else measures.figures(outcome, score, question, False)[measures.ranking]
