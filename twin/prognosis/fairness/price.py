"""Price: what it costs to bring groups nearer together, on rows that were not used for choosing how.

Folds are of subjects: each one's rows are decided by what was learned from the others. Differences are of the same rows
before and after, so that their intervals are of pairs.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.fairness.bootstrap import bounds, weights_of
from twin.prognosis.fairness.cases import Asked, Cases, cases_of
from twin.prognosis.fairness.compare import EVERYBODY, Settings
from twin.prognosis.fairness.metrics.choose import metrics_of
from twin.prognosis.fairness.metrics.metric import Metric
from twin.prognosis.fairness.mitigations.mitigation import Mitigation
from twin.prognosis.learned import CrossValidation, folds_of

SHOWN = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "accuracy",
    "auroc",
    "observed_minus_chance",
    "net_benefit",
)
"""What a price is told in."""
_RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")


@dataclass(frozen=True)
class Change:
    """A figure of a group before and after, and the difference, after less before, with its paired interval."""

    group: str
    metric: str
    persons: int
    before: float
    after: float
    difference: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Price:
    """What a mitigation changed, in everybody and in each group, and the gap of each rate over groups; an answer.

    `thresholds` are those that all rows together choose, for later patients; empty for a mitigation without any.
    """

    attribute: str
    words: str
    changes: tuple[Change, ...]
    gaps: tuple[Change, ...]
    thresholds: Mapping[str, float]
    folds: int

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each group and figure, the gaps over groups first."""
        rows = [asdict(change) for change in (*self.gaps, *self.changes)]
        return pd.DataFrame(rows, columns=[field.name for field in fields(Change)])

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""

        def plain(change: Change) -> dict[str, Any]:
            return {name: None if value != value else value for name, value in asdict(change).items()}

        return {
            "attribute": self.attribute,
            "mitigation": self.words,
            "folds": self.folds,
            "thresholds": dict(self.thresholds),
            "gaps": [plain(change) for change in self.gaps],
            "changes": [plain(change) for change in self.changes],
        }

    def to_text(self) -> str:
        """Say what came nearer together, and what it cost."""
        lines = [f"by {self.attribute}: {self.words}; {self.folds} folds, rows not used for choosing"]
        lines += [f"  gap of {_told(change)}" for change in self.gaps]
        lines += [f"  {_told(change)}, in everybody" for change in self.changes if change.group == EVERYBODY]
        if self.thresholds:
            lines.append("  thresholds: " + ", ".join(f"{name} {cut:.3g}" for name, cut in self.thresholds.items()))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def price(
    table: pd.DataFrame,
    asked: Asked,
    way: Mitigation,
    settings: Settings | None = None,
    validation: CrossValidation | None = None,
    progress: Progress = silent,
) -> Price:
    """Return what a mitigation changes over the groups of the one attribute asked for; raises `AnalysisError`."""
    settings, validation = settings or Settings(), validation or CrossValidation()
    attribute = asked.groups[0]
    cases = cases_of(table, asked)[0]
    rows = table.iloc[cases.place].reset_index(drop=True)
    fold = folds_of(cases.subject, validation)
    before, after = (np.empty((2, len(cases))) for _ in range(2))
    for one in range(validation.folds):
        told = way.decide(rows, cases, attribute, fold != one)
        before[:, fold == one] = told.chance_before, told.selected_before
        after[:, fold == one] = told.chance, told.selected
        progress("decide", (one + 1) / validation.folds)
    chances = cases.kind == "chance" or bool((before[0] % 1.0).any())
    pair = [
        replace(cases, kind="chance" if chances else cases.kind, prediction=chance, selected=selected)
        for chance, selected in (before, after)
    ]
    metrics = [metric for metric in metrics_of(pair[0].kind) if metric.name in SHOWN]
    changes, gaps = _changes(pair[0], pair[1], metrics, attribute, settings)
    choose = getattr(way, "choose", None)
    return Price(attribute, way.words(), changes, gaps, choose(cases, attribute) if choose else {}, validation.folds)


def _changes(
    before: Cases, after: Cases, metrics: list[Metric], attribute: str, settings: Settings
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return the change of each metric in everybody and in each group, and of each rate's gap."""
    random, labels = np.random.default_rng(settings.seed), before.groups[attribute]
    changes: list[Change] = []
    spans: dict[str, list[tuple[float, float, Floats, Floats, int]]] = {name: [] for name in _RATES}
    for group in (None, *sorted(set(labels.tolist()))):
        of = np.ones(len(before), bool) if group is None else labels == group
        pair = before[of], after[of]
        draws = _draws(pair, metrics, settings.draws, random)
        for metric in metrics:
            was, now = (metric.value(one) for one in pair)
            low, high = bounds(draws[metric.name][1] - draws[metric.name][0], settings.level)
            persons = min(metric.persons(one) for one in pair)
            changes.append(Change(group or EVERYBODY, metric.name, persons, was, now, now - was, low, high))
            if group is not None and metric.name in spans and persons >= settings.fewest:
                spans[metric.name].append((was, now, *draws[metric.name], persons))
    gaps = tuple(_gap(name, found, settings.level) for name, found in spans.items() if len(found) > 1)
    return tuple(changes), gaps


def _draws(
    pair: tuple[Cases, Cases], metrics: list[Metric], draws: int, random: np.random.Generator
) -> dict[str, tuple[Floats, Floats]]:
    """Return each metric before and after, [draw] each, of the same draws of subjects."""
    found: dict[str, list[list[Floats]]] = {metric.name: [[], []] for metric in metrics}
    for weights in weights_of(pair[0], draws, random):
        for metric in metrics:
            for place, one in enumerate(pair):
                found[metric.name][place].append(metric.of(one, weights))
    return {name: (np.concatenate(of[0]), np.concatenate(of[1])) for name, of in found.items()}


def _gap(name: str, found: list[tuple[float, float, Floats, Floats, int]], level: float) -> Change:
    """Return the change of the largest rate less the smallest."""
    was, now = (float(np.ptp(np.array(values))) for values in zip(*((one[0], one[1]) for one in found), strict=True))
    first, last = (np.ptp(np.array(drawn), axis=0) for drawn in zip(*((one[2], one[3]) for one in found), strict=True))
    low, high = bounds(np.asarray(last - first), level)
    return Change("largest less smallest", name, min(one[4] for one in found), was, now, now - was, low, high)


def _told(change: Change) -> str:
    return (
        f"{change.metric.replace('_', ' ')}: {change.before:.3g} before, {change.after:.3g} after "
        f"({change.difference:+.3g}; {change.lower:+.3g} to {change.upper:+.3g})"
    )
