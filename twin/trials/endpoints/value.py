"""Value: what was measured at a visit."""

from typing import Literal

from twin.trials.course import Course
from twin.trials.endpoints.measured import Measured
from twin.trials.endpoints.outcome import Outcome
from twin.trials.endpoints.outcome import Value as OneValue
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.unadjusted import Unadjusted
from twin.trials.grid import Grid


class Value(Measured):
    """An observable as measured."""

    kind: Literal["value"] = "value"

    def outcome(self, course: Course) -> Outcome:
        """Return each patient's measurement."""
        return OneValue(self.at_visit(course), self.baseline(course))

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        return f"measured {self.observable} {self.when(grid)}"

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""
        return Unadjusted()
