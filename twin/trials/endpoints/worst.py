"""Worst value: the highest or lowest measurement of an observable after the first dose."""

from typing import Literal

import numpy as np

from twin.trials.course import Course
from twin.trials.endpoints.measured import Measured
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.unadjusted import Unadjusted
from twin.trials.grid import Grid


class Worst(Measured):
    """The highest (or lowest) measurement at visits after the first, up to the one of `day`."""

    kind: Literal["worst"] = "worst"
    worst: Literal["highest", "lowest"]

    @property
    def at_one_visit(self) -> bool:
        """Whether it is what is measured at one visit: it is the worst of all until then."""
        return False

    def outcome(self, course: Course) -> Outcome:
        """Return each patient's worst measurement."""
        grid = course.grid
        seen = course.seen(self.observable)[:, int(grid.has_baseline) : self.visit(grid) + 1]
        known = np.isfinite(seen).any(axis=1)
        found = np.full(course.n, np.nan)
        found[known] = (np.nanmax if self.worst == "highest" else np.nanmin)(seen[known], axis=1)
        return Value(found, self.baseline(course))

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        return f"the {self.worst} {self.observable} measured after day 1"

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""
        return Unadjusted()
