"""Time in range: the share of time that an observable spends within bounds."""

from itertools import pairwise
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from kg.files.checked import Text
from twin.estimate import Estimate
from twin.model import Floats
from twin.trials.course import Course
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.endpoints.share import Share
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.unadjusted import Unadjusted
from twin.trials.grid import Grid
from twin.trials.units import Day, Observed

LONGEST_GAP_DAYS = 56.0
"""Between visits farther apart nothing is interpolated: nobody knows what was in between. Source: Rosendaal 1993."""


class TimeInRange(Share):
    """The share of time from `from_day` on with an observable in [low, high].

    By "rosendaal" between what was measured at the visits; by "daily_true" of each morning's true value.
    """

    kind: Literal["time_in_range"] = "time_in_range"
    observable: Text
    low: Observed
    high: Observed
    from_day: Day = 1
    method: Literal["rosendaal", "daily_true"] = "rosendaal"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low:g} and {self.high:g}")
        return self

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    def outcome(self, course: Course) -> Outcome:
        """Return each patient's share of time in range."""
        grid = course.grid
        if self.method == "rosendaal":
            days = np.array(grid.visits, np.float64)
            counted = days >= self.from_day
            seen = course.seen(self.observable)[:, counted]
            return Value(time_in_range_rosendaal(days[counted], seen, self.low, self.high))
        mornings = np.arange(self.from_day, grid.days + 2)
        true = course.true[self.observable][:, grid.mornings(mornings.tolist())]
        followed = mornings <= course.last_day[:, np.newaxis]
        return Value(time_in_range_daily(np.where(followed, true, np.nan), self.low, self.high))

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits."""
        visits = grid.visits
        if len(visits) < 2 or self.from_day > visits[-2]:
            most = visits[-2] if len(visits) > 1 else 0
            return [f"from_day: got {self.from_day}, expected <= {most}, so that two visits are on or after it"]
        counted = [day for day in visits if day >= self.from_day]
        bridged = any(later - earlier <= LONGEST_GAP_DAYS for earlier, later in pairwise(counted))
        if self.method == "rosendaal" and not bridged:
            told = f"method: no two of the visits of day {self.from_day} or later are at most {LONGEST_GAP_DAYS:g} days"
            return [f"{told} apart, and time in range is not interpolated over more; expected more visits.days"]
        return []

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        within = f"{self.observable} {self.low:g} to {self.high:g}"
        if self.method == "daily_true":
            words = f"the share of the mornings of day {self.from_day} to {grid.days + 1} with a true {within}"
            return words + " that come before a patient leaves (none where there is no such morning)" * leave
        counted = [day for day in grid.visits if day >= self.from_day]
        words = f"the share of time with {within}, interpolated between the visits of day {counted[0]} to {counted[-1]}"
        apart = f", without the time between visits more than {LONGEST_GAP_DAYS:g} days apart"
        words += apart * any(later - earlier > LONGEST_GAP_DAYS for earlier, later in pairwise(counted))
        return words + " that come before a patient leaves (none where there are not two)" * leave

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""
        return Unadjusted()

    @property
    def wanted(self) -> tuple[float | None, float | None]:
        """The range that counts as good."""
        return self.low, self.high

    def shown(self, estimate: Estimate, *, difference: bool = False) -> str:
        """Return an estimate with its interval for a reader, to a tenth of a point."""
        if not np.isfinite(estimate.value):
            return super().shown(estimate, difference=difference)
        value, lower, upper = (100 * share for share in (estimate.value, estimate.lower, estimate.upper))
        if difference:
            return f"{value:+.1f} points ({lower:+.1f} to {upper:+.1f})"
        return f"{value:.1f}% ({lower:.1f}% to {upper:.1f}%)"


def time_in_range_daily(values: Floats, low: float, high: float) -> Floats:
    """Return each patient's share of days with a value within [low, high]; `values` are [patient, day], NaN is no day.

    >>> time_in_range_daily(np.array([[1.0, 2.0, 2.5, 3.0, 3.5]]), 2.0, 3.0).tolist()
    [0.6]
    """
    observed = np.isfinite(values)
    within = observed & (values >= low) & (values <= high)
    return _share(within.sum(axis=1).astype(np.float64), observed.sum(axis=1).astype(np.float64))


def time_in_range_rosendaal(days: Floats, values: Floats, low: float, high: float) -> Floats:
    """Return each patient's share of time with a value within [low, high], interpolated linearly between visits.

    `days` [visit] ascend, `values` is [patient, visit]; NaN ends a patient's follow-up. Time between visits more than
    `LONGEST_GAP_DAYS` apart does not count. A patient without two visits near each other has no such time: NaN.
    Rosendaal 1993 counts whole days of the interpolated line; here the line itself is measured.
    Source: Rosendaal 1993, Thromb Haemost 69:236.

    >>> time_in_range_rosendaal(np.array([0.0, 10.0]), np.array([[1.5, 3.5]]), 2.0, 3.0).tolist()
    [0.5]
    """
    gaps = np.diff(days)[np.newaxis, :]
    start, end = values[:, :-1], values[:, 1:]
    observed = np.isfinite(start) & np.isfinite(end) & (gaps <= LONGEST_GAP_DAYS)
    bottom, top = np.fmin(start, end), np.fmax(start, end)
    rise = top - bottom
    flat = rise == 0
    inside = np.clip(np.minimum(top, high) - np.maximum(bottom, low), 0.0, None)
    share = np.where(flat, (bottom >= low) & (bottom <= high), inside / np.where(flat, 1.0, rise))
    return _share(np.where(observed, share * gaps, 0.0).sum(axis=1), np.where(observed, gaps, 0.0).sum(axis=1))


def _share(within: Floats, total: Floats) -> Floats:
    return np.divide(within, total, out=np.full_like(within, np.nan), where=total > 0)
