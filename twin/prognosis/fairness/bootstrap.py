"""Bootstrap: every metric of a group in many draws of its subjects; all rows of a subject are drawn together."""

from collections.abc import Iterator, Sequence

import numpy as np

from twin.model import Floats
from twin.prognosis.fairness.cases import Cases
from twin.prognosis.fairness.metrics.metric import Metric, Weights

_AT_ONCE = 4_000_000
"""Weights held at once."""
_UNDEFINED = 0.05
"""Where a figure is undefined in a larger share of draws than this, it has no interval."""


def weights_of(cases: Cases, draws: int, random: np.random.Generator) -> Iterator[Weights]:
    """Yield blocks of draws, [some draws, row]: how often each row counts, as often as its subject is drawn."""
    who, place = np.unique(cases.subject, return_inverse=True)
    some = max(1, _AT_ONCE // max(1, len(cases)))
    for first in range(0, draws, some):
        count = min(some, draws - first)
        times = random.multinomial(who.size, np.full(who.size, 1.0 / who.size), size=count).astype(np.float64)
        yield times if who.size == len(cases) and (place == np.arange(who.size)).all() else times[:, place]


def resampled(cases: Cases, metrics: Sequence[Metric], draws: int, random: np.random.Generator) -> dict[str, Floats]:
    """Return each metric in each draw, [draw] by name."""
    blocks = [[metric.of(cases, weights) for metric in metrics] for weights in weights_of(cases, draws, random)]
    return {metric.name: np.concatenate([block[place] for block in blocks]) for place, metric in enumerate(metrics)}


def bounds(draws: Floats, level: float) -> tuple[float, float]:
    """Return the percentile interval of a figure's draws; NaN where too many are undefined."""
    if np.isnan(draws).mean() > _UNDEFINED:
        return float("nan"), float("nan")
    tail = 100.0 * (1.0 - level) / 2.0
    low, high = np.nanpercentile(draws, [tail, 100.0 - tail])
    return float(low), float(high)
