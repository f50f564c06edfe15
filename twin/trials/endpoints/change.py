"""Change from baseline: what was measured at a visit less what was measured before treatment."""

from typing import Literal

from kg.files.checked import Flag
from twin.trials.course import Course
from twin.trials.endpoints.measured import Measured, percent_of
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.estimators.ancova import Ancova
from twin.trials.estimators.estimator import Estimator
from twin.trials.grid import Grid


class Change(Measured):
    """The change of an observable; `percent` of the baseline where asked."""

    kind: Literal["change"] = "change"
    percent: Flag = False

    def outcome(self, course: Course) -> Outcome:
        """Return each patient's change."""
        first, last = self.baseline(course), self.at_visit(course)
        return Value(percent_of(last - first, first) if self.percent else last - first, first)

    @property
    def from_baseline(self) -> bool:
        """Whether there is no outcome without a baseline: a change is from it."""
        return True

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        how = "percent change" if self.percent else "change"
        return f"the {how} of measured {self.observable} from day 1, {self.when(grid)}"

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said: adjusted for the baseline."""
        return Ancova()
