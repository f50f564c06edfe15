"""Measured: what endpoints that look at measurements at visits share: which visit counts, and the baseline."""

import numpy as np

from kg.files.checked import Count, Text
from twin.model import Floats
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.grid import Grid


def percent_of(change: Floats, first: Floats) -> Floats:
    """Return changes in percent of what was there first, NaN where that is nothing: [patient]."""
    return 100.0 * np.divide(change, first, out=np.full_like(change, np.nan), where=first != 0)


class Measured(Endpoint):
    """An endpoint of one observable at the visit of `day`, the last one if not given; the baseline is the first's."""

    has_baseline = True
    observable: Text
    day: Count | None = None

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

    def at_visit(self, course: Course) -> tuple[Floats, Floats]:
        """Return what was measured at the first visit, and at the one that counts: [patient] each."""
        seen = course.seen(self.observable)
        return seen[:, 0], seen[:, self.visit(course.grid)]

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits."""
        if self.day is not None and self.day not in grid.visits[1:]:
            later = ", ".join(map(str, grid.visits[1:])) or "a visit after the first"
            return [f"day: got {self.day}, expected one of visits.days after the first: {later}"]
        return [] if len(grid.visits) > 1 else ["day: there is one visit only; expected two or more in visits.days"]

    def when(self, grid: Grid) -> str:
        """Return when that is, in words."""
        return f"on day {grid.visits[self.visit(grid)]}"
