"""By visit: the change from baseline at each visit, for analyses of repeated measures."""

from typing import Literal

from twin.trials.course import Course
from twin.trials.endpoints.measured import Measured
from twin.trials.endpoints.outcome import Outcome, Repeated
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.mmrm import Mmrm
from twin.trials.grid import Grid


class ByVisit(Measured):
    """The change of an observable at each visit up to the one of `day`; the effect is that of the last."""

    gives = "repeated"
    kind: Literal["by_visit"] = "by_visit"

    def outcome(self, course: Course) -> Outcome:
        """Return each patient's changes."""
        seen, last = course.seen(self.observable), self.visit(course.grid) + 1
        return Repeated(seen[:, 1:last] - seen[:, :1], course.grid.visits[1:last], seen[:, 0])

    @property
    def from_baseline(self) -> bool:
        """Whether there is no outcome without a baseline: changes are from it."""
        return True

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        return f"the change of measured {self.observable} from day 1, {self.when(grid)}, all visits used"

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""
        return Mmrm()
