"""Measured: what endpoints that look at measurements at visits share: which visit counts, and the baseline."""

import numpy as np

from kg.files.checked import Text
from twin.model import Floats
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.grid import Grid
from twin.trials.units import Day


def percent_of(change: Floats, first: Floats) -> Floats:
    """Return changes in percent of what was there first, NaN where that is nothing: [patient]."""
    return 100.0 * np.divide(change, first, out=np.full_like(change, np.nan), where=first != 0)


class Measured(Endpoint):
    """An endpoint of one observable at the visit of `day`, the last one if not given; the baseline is that of day 1,
    before the first dose: where no visit is, there is none.
    """

    has_baseline = True
    observable: Text
    day: Day | None = None

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    @property
    def at_one_visit(self) -> bool:
        """Whether it is what is measured at one visit, which may come after an event."""
        return True

    def visit(self, grid: Grid) -> int:
        """Return the place of the visit that counts."""
        return len(grid.visits) - 1 if self.day is None else grid.visits.index(self.day)

    @property
    def from_baseline(self) -> bool:
        """Whether there is no outcome without a baseline."""
        return False

    def baseline(self, course: Course) -> Floats:
        """Return what was measured before the first dose: [patient], NaN where there is no visit then."""
        seen = course.seen(self.observable)[:, 0]
        return seen if course.grid.has_baseline else np.full_like(seen, np.nan)

    def at_visit(self, course: Course) -> Floats:
        """Return what was measured at the visit that counts: [patient]."""
        return np.asarray(course.seen(self.observable)[:, self.visit(course.grid)])

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits."""
        if (self.from_baseline or self.estimator.needs_baseline) and not grid.has_baseline:
            what = self.kind if self.from_baseline else self.estimator.kind
            told = f"{what} needs what is measured before the first dose, and the first visit is on day"
            return [f"observable: {told} {grid.visits[0]}; expected visits.days to begin with 1"]
        if self.day is not None and self.day not in grid.treated_visits:
            later = ", ".join(map(str, grid.treated_visits)) or "a visit after day 1"
            return [f"day: got {self.day}, expected one of visits.days after day 1: {later}"]
        return []

    def when(self, grid: Grid) -> str:
        """Return when that is, in words."""
        return f"on day {grid.visits[self.visit(grid)]}"
