"""Judge: every figure of every learner with its interval, beside the base rate and the plain model.

AUROC and concordance have closed intervals where each row is another patient's; all else is a bootstrap over patients,
the same draws for all learners, so that differences are paired.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from twin.estimate import Estimate
from twin.model import Floats
from twin.prognosis.question import Question
from twin.prognosis.risk.learner import REFERENCE
from twin.prognosis.risk.measure import measures_of
from twin.prognosis.risk.validate import Validated


@dataclass(frozen=True)
class JudgeSettings:
    """The level of intervals, how many times patients are drawn, and the seed of who is."""

    level: float = 0.95
    resamples: int = 500
    seed: int = 0


@dataclass(frozen=True)
class Figure:
    """A figure of a learner, and how far it is above the plain model's, on the same patients."""

    learner: str
    measure: str
    own: Estimate
    beside: Estimate | None


def judge(
    validated: Validated, question: Question, settings: JudgeSettings | None = None, reference: str | None = None
) -> tuple[Figure, ...]:
    """Return all figures of all learners, over the rows that a fold judges, beside the plain model or a `reference`."""
    settings, measures = settings or JudgeSettings(), measures_of(question.kind)
    seen = validated.fold >= 0
    outcome, subjects, learners = (
        validated.outcome[seen],
        validated.subjects[seen],
        [str(name) for name in validated.scores],
    )
    scores = validated.scores.to_numpy()[seen].T
    flat = [_flat(score, validated.fold[seen]) for score in scores]
    own = [measures.figures(outcome, score, question, off) for score, off in zip(scores, flat, strict=True)]
    drawn = _drawn(outcome, scores, subjects, question, flat, settings)
    first = learners.index(reference or REFERENCE[question.kind])
    closed = _closed(outcome, scores, flat, question, settings.level, first)
    found = []
    for place, learner in enumerate(learners):
        for name in {**dict.fromkeys([measures.ranking]), **own[place]}:
            if (
                name == measures.ranking
                and closed
                and (np.unique(subjects).size == subjects.size or name not in own[place])
            ):
                figure, beside = closed[place]
            else:
                values, others = drawn[name][:, place], drawn[name][:, first]
                figure = _percentiles(own[place][name], values, settings)
                beside = _percentiles(own[place][name] - own[first][name], values - others, settings)
            if name == "accuracy above majority":
                figure = _mcnemar(figure, outcome, scores[place])
            found.append(Figure(learner, name, figure, None if place == first else beside))
    return tuple(found)


def frame_of(figures: tuple[Figure, ...], kind: str) -> pd.DataFrame:
    """Return a row for each figure: its interval, and its difference from the plain model's."""
    above = f"above {REFERENCE[kind]}"  # type: ignore[index]
    rows = []
    for one in figures:
        beside = one.beside or Estimate.none(one.own.level, "the model itself")
        rows.append(
            {
                "learner": one.learner,
                "measure": one.measure,
                "value": one.own.value,
                "lower": one.own.lower,
                "upper": one.own.upper,
                above: beside.value,
                "difference lower": beside.lower,
                "difference upper": beside.upper,
                "p": one.own.p_value if one.measure == "accuracy above majority" else None,
                "method": one.own.method,
            }
        )
    return pd.DataFrame(rows)


def by_fold(validated: Validated, question: Question, level: float = 0.95) -> pd.DataFrame:
    """Return each fold's (a site's, a span's) rows and events, and every learner's ranking there with its interval."""
    measures, rows = measures_of(question.kind), []
    for place, fold in enumerate(validated.folds):
        outcome = validated.outcome[fold.judged]
        events = outcome[:, 1] if outcome.ndim == 2 else outcome
        scores = validated.scores.to_numpy()[fold.judged].T
        ranked = measures.ranked(outcome, scores, level)[0]
        for nth, learner in enumerate(map(str, validated.scores)):
            figures = measures.figures(outcome, scores[nth], question, bool(np.ptp(scores[nth]) == 0.0))
            found = ranked[nth] if ranked else Estimate.none(level, "no closed interval")
            value = found.value if ranked else figures[measures.ranking]
            rows.append(
                {
                    "fold": fold.name,
                    "learner": learner,
                    "rows": len(outcome),
                    "events": None if question.kind == "continuous" else int(events.sum()),
                    "settings": validated.chosen[learner][place],
                    measures.ranking: value,
                    "lower": found.lower,
                    "upper": found.upper,
                    **{name: figure for name, figure in figures.items() if name != measures.ranking},
                }
            )
    return pd.DataFrame(rows)


def _flat(score: Floats, fold: np.ndarray) -> bool:
    """Return whether all patients of each fold are foretold the same."""
    return all(np.ptp(score[fold == one]) == 0.0 for one in np.unique(fold))


def _drawn(
    outcome: Floats, scores: Floats, subjects: np.ndarray, question: Question, flat: list[bool], settings: JudgeSettings
) -> Mapping[str, Floats]:
    """Return every figure [draw, score] in draws of patients with replacement, by name."""
    who, place = np.unique(subjects, return_inverse=True)
    rows = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1])
    random, measures, found = np.random.default_rng(settings.seed), measures_of(question.kind), []
    for _ in range(settings.resamples):
        some = np.concatenate([rows[one] for one in random.integers(0, who.size, who.size)])
        figures = [
            measures.figures(outcome[some], score[some], question, off) for score, off in zip(scores, flat, strict=True)
        ]
        found.append(figures)
    return {name: np.array([[figures[name] for figures in draw] for draw in found]) for name in found[0][0]}


def _closed(
    outcome: Floats, scores: Floats, flat: list[bool], question: Question, level: float, first: int
) -> dict[int, tuple[Estimate, Estimate]]:
    """Return by place the rankings with closed intervals, and those above the `first`; a flat one ranks as chance."""
    ranked = np.array([np.zeros_like(score) if off else score for score, off in zip(scores, flat, strict=True)])
    order = [first, *(place for place in range(len(scores)) if place != first)]
    own, apart = measures_of(question.kind).ranked(outcome, ranked[order], level)
    return dict(zip(order, zip(own, apart, strict=True), strict=False))


def _percentiles(value: float, drawn: Floats, settings: JudgeSettings) -> Estimate:
    """Return a figure with the middle of its draws; NaN where most draws have none."""
    some = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or some.size < drawn.size / 2:
        return Estimate.none(settings.level, "forecasts that are the same for everybody, or too few events")
    tail = 100.0 * (1.0 - settings.level) / 2.0
    low, high = (float(np.percentile(some, at)) for at in (tail, 100.0 - tail))
    method = f"bootstrap of {settings.resamples} over patients"
    return Estimate(float(value), low, high, float(some.std()), settings.level, method)


def _mcnemar(figure: Estimate, outcome: Floats, score: Floats) -> Estimate:
    """Return the figure with McNemar's exact p value: who is right alone, the model or the majority class."""
    majority = float(outcome.mean() >= 0.5)
    right, common = (score >= 0.5) == (outcome == 1.0), outcome == majority
    alone, other = int((right & ~common).sum()), int((common & ~right).sum())
    p = float(binomtest(alone, alone + other).pvalue) if alone + other else 1.0
    return Estimate(
        figure.value, figure.lower, figure.upper, figure.standard_error, figure.level, f"{figure.method}; McNemar", p
    )
