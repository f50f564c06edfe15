"""Compare: every metric in every group, with intervals, and how far groups are apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.fairness.bootstrap import bounds, resampled
from twin.prognosis.fairness.cases import Asked, Cases, LeftOut, cases_of
from twin.prognosis.fairness.comparison import Comparison, Row
from twin.prognosis.fairness.disparity import Disparity, Figure, disparity, parity
from twin.prognosis.fairness.metrics.choose import metrics_of
from twin.prognosis.fairness.metrics.metric import Metric
from twin.prognosis.gain import share_of

EVERYBODY = "everybody"
FEWEST = 30
"""A figure that rests on fewer persons is marked, and no disparity is read off it."""


@dataclass(frozen=True)
class Settings:
    """How many draws make an interval, of which level, by which seed; which metrics (all, if none is named)."""

    metrics: tuple[str, ...] = ()
    draws: int = 1000
    level: float = 0.95
    seed: int = 0
    fewest: int = FEWEST


def compare(
    table: pd.DataFrame, asked: Asked, settings: Settings | None = None, progress: Progress = silent
) -> Comparison:
    """Return every metric in every group of every attribute, and the disparities; raises `AnalysisError`.

    Draws are of subjects, within each group, so that each group has as many as it has. Efron B. Ann Stat 1979;7:1-26.
    """
    settings = settings or Settings()
    cases, left_out = cases_of(table, asked)
    metrics = metrics_of(cases.kind, settings.metrics)
    random = np.random.default_rng(settings.seed)
    rows = _rows("", EVERYBODY, cases, metrics, (settings, random), left_out)[0]
    disparities: dict[str, list[Disparity]] = {}
    parities: dict[str, dict[str, float]] = {}
    for place, (attribute, labels) in enumerate(cases.groups.items()):
        figures: dict[str, list[Figure]] = {metric.name: [] for metric in metrics}
        for group in sorted(set(labels.tolist())):
            told, drawn = _rows(attribute, group, cases[labels == group], metrics, (settings, random), left_out)
            rows += told
            for row in told:
                figures[row.metric].append(Figure(group, row.value, drawn[row.metric], int(row.persons)))
        found = [disparity(name, of, settings.fewest, settings.level) for name, of in figures.items()]
        disparities[attribute] = [one for one in found if one is not None]
        parities[attribute] = parity(figures, settings.fewest)
        progress("groups", (place + 1) / len(cases.groups))
    return Comparison(
        asked=asked,
        kind=cases.kind,
        rows=tuple(rows),
        disparities={name: tuple(of) for name, of in disparities.items()},
        parities=parities,
        left_out=left_out.rows,
        fewest=settings.fewest,
        level=settings.level,
        draws=settings.draws,
        cells={
            (attribute, group): cases[labels == group].cells
            for attribute, labels in cases.groups.items()
            for group in sorted(set(labels.tolist()))
        },
    )


def _rows(
    attribute: str,
    group: str,
    cases: Cases,
    metrics: Sequence[Metric],
    drawn_by: tuple[Settings, np.random.Generator],
    left_out: LeftOut,
) -> tuple[list[Row], Mapping[str, Floats]]:
    """Return the rows of one group, and each metric's draws."""
    settings, random = drawn_by
    draws = resampled(cases, metrics, settings.draws, random)
    out = left_out.by_group.get((attribute, group), 0) if attribute else left_out.rows
    rows = []
    for metric in metrics:
        value, persons = metric.value(cases), metric.persons(cases)
        low, high = _interval(metric, value, draws[metric.name], persons, settings.level)
        few = persons < settings.fewest
        rows.append(
            Row(
                attribute,
                group,
                cases.subjects,
                len(cases),
                cases.events,
                out,
                metric.name,
                value,
                low,
                high,
                persons,
                few,
            )
        )
    return rows, draws


def _interval(metric: Metric, value: float, draws: Floats, persons: int, level: float) -> tuple[float, float]:
    """Return a figure's interval; a share of all or none, whose draws do not vary, has Clopper and Pearson's."""
    if metric.share and value in (0.0, 1.0) and persons:
        exact = share_of(round(value * persons), persons, "", level)
        return exact.lower, exact.upper
    return bounds(draws, level)
