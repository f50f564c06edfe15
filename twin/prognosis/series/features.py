"""Features: what any series says: level, trend, variability, gaps, windows.

- slope: least squares with its t interval; theil_sen: the median of all pairs' slopes with Sen's interval (Sen PK. J Am
  Stat Assoc 1968;63:1379), by scipy. Both intervals take readings as independent of each other.
- mad: the median absolute deviation from the median, as it is (not scaled to an SD).
- masd: the mean absolute difference of successive readings; not over gaps.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from twin.model import Floats
from twin.prognosis.series.course import GAP, Course, SeriesError, Settings

MOST_PAIRED = 2_000
"""Readings from which Theil and Sen's slope takes all pairs; of a longer series as many, evenly chosen."""
MOST_WINDOWS = 100_000
LEVEL = 0.95


@dataclass(frozen=True)
class Features:
    """The features of one series; values in its own unit, slopes per day; NaN where there are too few readings.

    `gaps` are intervals of more than 1.5 times `every_h`; `share` is of the readings expected from first to last.
    """

    n: int
    span_days: float
    mean: float
    median: float
    lowest: float
    highest: float
    sd: float
    cv: float
    mad: float
    masd: float
    slope: float
    slope_lower: float
    slope_upper: float
    theil_sen: float
    theil_sen_lower: float
    theil_sen_upper: float
    every_h: float
    gaps: int
    longest_gap_h: float
    share: float


@dataclass(frozen=True)
class Window:
    """A window from `from_day` (days since the first reading) on, with its readings' mean and sample SD."""

    from_day: float
    to_day: float
    n: int
    mean: float
    sd: float


def features(course: Course, settings: Settings) -> Features:
    """Return the features of a series."""
    values, every = course.values, settings.every_h or course.usual_h
    steps, span = np.diff(course.hours), float(course.hours[-1])
    gaps = steps[steps > GAP * every]
    changes = np.abs(np.diff(values))[~(steps > GAP * every)]
    mean, sd = float(values.mean()), _sd(values)
    return Features(
        values.size,
        span / 24,
        mean,
        float(np.median(values)),
        float(values.min()),
        float(values.max()),
        sd,
        sd / mean if mean > 0 else math.nan,
        float(np.median(np.abs(values - np.median(values)))),
        float(changes.mean()) if changes.size else math.nan,
        *_least_squares(course.hours / 24, values),
        *_theil_sen(course.hours / 24, values),
        every,
        gaps.size,
        float(gaps.max()) if gaps.size else 0.0,
        min(1.0, values.size / (round(span / every) + 1)) if span else math.nan,
    )


def windows(course: Course, settings: Settings) -> tuple[Window, ...]:
    """Return the windows that hold a reading; each has its begin, not its end. Raises `SeriesError` for many."""
    if settings.window_h is None:
        return ()
    step = settings.step_h or settings.window_h
    count = math.floor(course.hours[-1] / step) + 1
    if count > MOST_WINDOWS:
        raise SeriesError(f"got {count:,} windows of a series, expected at most {MOST_WINDOWS:,}: take a longer step")
    found = []
    for begin in step * np.arange(count):
        low, high = np.searchsorted(course.hours, [begin, begin + settings.window_h])
        inside = course.values[low:high]
        if inside.size:
            end = begin + settings.window_h
            found.append(Window(begin / 24, end / 24, inside.size, float(inside.mean()), _sd(inside)))
    return tuple(found)


def _sd(values: Floats) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else math.nan


def _least_squares(days: Floats, values: Floats) -> tuple[float, float, float]:
    """Return the slope with its 95 % interval."""
    if values.size < 3:
        return math.nan, math.nan, math.nan
    fit = stats.linregress(days, values)
    half = float(stats.t.ppf(0.5 + LEVEL / 2, values.size - 2) * fit.stderr)
    return float(fit.slope), float(fit.slope) - half, float(fit.slope) + half


def _theil_sen(days: Floats, values: Floats) -> tuple[float, float, float]:
    if values.size < 3:
        return math.nan, math.nan, math.nan
    if values.size > MOST_PAIRED:
        chosen = np.linspace(0, values.size - 1, MOST_PAIRED).round().astype(int)
        days, values = days[chosen], values[chosen]
    found = stats.theilslopes(values, days, LEVEL)
    return float(found.slope), float(found.low_slope), float(found.high_slope)
