"""Ever: whether an observable was outside a bound at some visit; an endpoint of safety."""

from typing import Literal

import numpy as np

from kg.files.checked import Text
from twin.trials.bound import Bound
from twin.trials.course import Course
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.endpoints.share import YesOrNo
from twin.trials.grid import Grid


class Ever(Bound, YesOrNo):
    """1 for who was measured above, or below, a bound at least once while followed; else 0."""

    kind: Literal["ever"] = "ever"
    observable: Text
    better: Literal["higher", "lower"] = "lower"

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    def outcome(self, course: Course) -> Outcome:
        """Return who was outside."""
        seen = course.seen(self.observable)
        outside = self.passed(seen)
        known = np.isfinite(seen).any(axis=1)
        return Value(np.where(known, outside.any(axis=1).astype(np.float64), np.nan))

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        return f"the share ever measured with {self.observable} {self.side}" + " while followed" * leave
