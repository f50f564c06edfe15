"""Train: from a table to a risk that is judged on patients left out, beside the base rate and the plain model."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from kg.progress import Progress, part, silent
from twin.model import Floats
from twin.prognosis.conformal import Chances, Margin
from twin.prognosis.fairness.compare import Settings as GroupSettings
from twin.prognosis.learned import Forecast, bounds_of
from twin.prognosis.question import Question
from twin.prognosis.risk.curves import calibration_curve, decision_curve
from twin.prognosis.risk.explain import centre_of
from twin.prognosis.risk.groups import by_group, check_groups
from twin.prognosis.risk.importance import partial_dependence, permutation_importance
from twin.prognosis.risk.judge import Figure, JudgeSettings, by_fold, frame_of, judge
from twin.prognosis.risk.leaks import suspicions
from twin.prognosis.risk.learner import BASE_RATE, REFERENCE, named, names
from twin.prognosis.risk.outcome import outcome_of
from twin.prognosis.risk.provenance import Provenance
from twin.prognosis.risk.scope import Ranges
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.validate import Validated, known, learn_tuned, validate
from twin.trials.analysis.table import require

_FEWEST_EVENTS = 10
_FEWEST_AT_A_VISIT = 20
"""Where a visit has fewer rows, the bounds of a number are those of all visits."""


@dataclass(frozen=True)
class RiskSettings:
    """How a risk is trained.

    `learners` are compared, all of them where none is named; the base rate and the plain model always are. `keep` names
    the one that is kept; else it is the plain model unless another is better beyond doubt
    (docs/decisions/0031-the-plain-model-stands-unless-it-is-beaten.md). `provenance` says which data these are, where
    they are no file of one's own; `definition` is that of their cohort, as text, by which one of its patients is found
    again; `purpose` is what the model is for, in words, for its card. By the columns `groups` the kept learner's
    figures are compared (`twin.prognosis.risk.groups`).
    """

    learners: tuple[str, ...] = ()
    keep: str | None = None
    split: SplitSettings = field(default_factory=SplitSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    provenance: Provenance | None = None
    purpose: str = ""
    definition: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What is known of a risk: figures by learner, by fold, curves, importance, dependence, counts and warnings.

    `fairness` is what `twin.prognosis.risk.groups.by_group` gives, empty where no groups were asked for.

    `out_of_fold` has ROW (from 1), FOLD, OUTCOME (and EVENT, of times), and each learner's forecast of patients that it
    had not seen.
    """

    figures: pd.DataFrame
    folds: pd.DataFrame
    calibration: pd.DataFrame
    decision: pd.DataFrame
    importance: pd.DataFrame
    dependence: pd.DataFrame
    out_of_fold: pd.DataFrame
    counts: Mapping[str, Any]
    warnings: tuple[str, ...]
    fairness: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Risk:
    """A trained risk: who is asked what, how it was learned, the forecast, its bounds, and what is known of it.

    `centre` [column] is the mean of the encoded inputs, where an explanation begins.
    """

    question: Question
    split: SplitSettings
    learner: str
    setting: str
    forecast: Forecast
    bounds: Chances | Margin | None
    centre: Floats
    ranges: Ranges
    provenance: Provenance
    purpose: str
    definition: str
    report: Report

    def predict(self, table: pd.DataFrame, provenance: Provenance | None = None) -> pd.DataFrame:
        """Return PROGNOSIS, LOWER, UPPER and FLAGS for each row; the outcome is not read, nor needed.

        PROGNOSIS is the chance of the event (of times: until the horizon), or the foretold number. Bounds of a chance
        are Venn and Abers', those of a number hold nine in ten outcomes; times have none. FLAGS says what lies outside
        of what was learned from. Raises `MissingColumn`, `WrongType`, and, where the patients' provenance is given and
        another, `OtherVersion`.
        """
        if provenance is not None:
            self.provenance.require(provenance)
        asked = self.readable(table)
        score = self.forecast(known(asked, self.question))
        if isinstance(self.bounds, Chances):
            _, lower, upper = self.bounds.at(score)
        elif self.bounds is not None:
            lower, upper = self.bounds.at(score, self.question.visits(asked))
        else:
            lower = upper = np.full(len(asked), np.nan)
        told = {"PROGNOSIS": score, "LOWER": lower, "UPPER": upper, "FLAGS": self.ranges.flags(asked)}
        return pd.DataFrame(told, index=table.index)

    def readable(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table whose features are as they were learned; raises `MissingColumn` or `WrongType`."""
        self.ranges.check(table)
        return self.ranges.numeric(table)


def train(
    table: pd.DataFrame, question: Question, settings: RiskSettings | None = None, progress: Progress = silent
) -> Risk:
    """Return the risk learned from a table of patients; rows without an outcome are left out, and counted.

    Raises `AnalysisError` for tables that the question does not fit, `LearnMissing` without scikit-learn.
    """
    settings = settings or RiskSettings()
    learners = _learners(question, settings)
    require(table, [question.outcome, *question.features, *settings.split.columns])
    _refuse_where_and_when(question, settings.split)
    check_groups(table, question, settings.groups)
    place = np.flatnonzero(table[question.outcome].notna())
    rows = table.iloc[place].reset_index(drop=True)
    outcome, ranges = outcome_of(rows, question), Ranges.of(rows, question.features)
    validated = validate(rows, outcome, question, learners, settings.split, part(progress, 0.0, 0.7))
    progress("judge", 0.7)
    figures = judge(validated, question, settings.judge)
    kept = settings.keep or _kept(figures, learners, question, settings)
    progress(f"learn {kept}", 0.8)
    setting, forecast = learn_tuned(rows, outcome, question, kept, settings.split)
    progress("explain", 0.85)
    report = Report(
        frame_of(figures, question.kind),
        by_fold(validated, question, settings.judge.level),
        *_curves(validated, question, kept),
        permutation_importance(rows, validated, question, kept, seed=settings.split.seed),
        partial_dependence(rows, forecast, question, ranges, settings.split.seed),
        _out_of_fold(validated, place),
        _counts(table, validated, question),
        _warnings(rows, outcome, question, validated),
        by_group(rows, validated, question, kept, settings.groups, _drawn_as(settings.judge)),
    )
    progress("explain", 1.0)
    return Risk(
        question,
        settings.split,
        kept,
        setting,
        forecast,
        _bounds(validated, question, kept, rows),
        centre_of(forecast, rows),
        ranges,
        settings.provenance or Provenance.of(table, ranges.features),
        settings.purpose,
        settings.definition,
        report,
    )


def _drawn_as(judge: JudgeSettings) -> GroupSettings:
    return GroupSettings(draws=judge.resamples, level=judge.level, seed=judge.seed)


def _learners(question: Question, settings: RiskSettings) -> tuple[str, ...]:
    visits = question.visit is not None
    known_names = names(question.kind, visits)
    for name in (*settings.learners, *([settings.keep] if settings.keep else [])):
        named(name, question.kind, visits)
    if not settings.learners:
        return known_names
    asked = {BASE_RATE, REFERENCE[question.kind], *settings.learners, *([settings.keep] if settings.keep else [])}
    return tuple(name for name in known_names if name in asked)


def _refuse_where_and_when(question: Question, split: SplitSettings) -> None:
    """Let the question itself refuse the columns of sites and times as features."""
    replace(question, later=(*question.later, *split.columns))


def _kept(figures: tuple[Figure, ...], learners: tuple[str, ...], question: Question, settings: RiskSettings) -> str:
    """Return the learner that was asked for alone, or the plain model unless another's error is lower beyond doubt."""
    if len(settings.learners) == 1:
        return settings.learners[0]
    error = "RMSE" if question.kind == "continuous" else "Brier"
    better = {
        one.learner: one.own.value
        for one in figures
        if one.measure == error and one.beside is not None and one.beside.upper < 0.0
    }
    return min(better, key=better.__getitem__) if better else REFERENCE[question.kind]


def _curves(validated: Validated, question: Question, kept: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    seen = validated.fold >= 0
    outcome, scores = validated.outcome[seen], validated.scores[seen]
    shown = scores[list(dict.fromkeys([kept, REFERENCE[question.kind]]))]
    calibration = calibration_curve(outcome, scores[kept].to_numpy(), question)
    return calibration, pd.DataFrame() if question.kind == "continuous" else decision_curve(outcome, shown, question)


def _bounds(validated: Validated, question: Question, kept: str, rows: pd.DataFrame) -> Chances | Margin | None:
    if question.kind == "survival":
        return None
    seen = validated.fold >= 0
    outcome, score, visits = (
        validated.outcome[seen],
        validated.scores[kept].to_numpy()[seen],
        question.visits(rows)[seen],
    )
    if np.unique(visits, return_counts=True)[1].min() < _FEWEST_AT_A_VISIT:  # days, and no planned visits
        visits = np.zeros_like(visits)
    return bounds_of(outcome, score, visits, question, 0.9)


def _out_of_fold(validated: Validated, place: np.ndarray) -> pd.DataFrame:
    names_of = np.array([*(fold.name for fold in validated.folds), ""], dtype=object)
    outcome = validated.outcome if validated.outcome.ndim == 1 else validated.outcome[:, 0]
    event = {} if validated.outcome.ndim == 1 else {"EVENT": validated.outcome[:, 1]}
    told = {"ROW": place + 1, "FOLD": names_of[validated.fold], "OUTCOME": outcome, **event}
    return pd.DataFrame(told).join(validated.scores)


def _counts(table: pd.DataFrame, validated: Validated, question: Question) -> dict[str, Any]:
    events = validated.outcome if validated.outcome.ndim == 1 else validated.outcome[:, 1]
    return {
        "rows": len(table),
        "rows without an outcome, left out": len(table) - len(events),
        "patients": int(np.unique(validated.subjects).size),
        "events": None if question.kind == "continuous" else int(events.sum()),
        "rows judged": int((validated.fold >= 0).sum()),
        "features": len(question.features),
    }


def _warnings(rows: pd.DataFrame, outcome: Floats, question: Question, validated: Validated) -> tuple[str, ...]:
    told = [one.to_text() for one in suspicions(rows, outcome, question)]
    if question.kind != "continuous":
        event = outcome if outcome.ndim == 1 else outcome[:, 1]
        fewer = int(min(event.sum(), len(event) - event.sum()) if outcome.ndim == 1 else event.sum())
        each = fewer / len(question.features)
        if each < _FEWEST_EVENTS:
            told.append(
                f"{fewer} of the rarer outcome for {len(question.features)} features ({each:.1f} each): "
                "a small sample; look at the calibration slope"
            )
    if question.visit and question.kind == "binary":
        ill = np.unique(validated.subjects[outcome == 1.0]).size
        told.append(f"events are counted by visit: {int(outcome.sum())} in {ill} patients")
    if left := int((validated.fold < 0).sum()):
        told.append(f"{left} rows are learned from and not judged on")
    return tuple(told)
