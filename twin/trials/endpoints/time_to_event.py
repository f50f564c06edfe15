"""Time to event: the first of some hazards' events, cut off where follow-up ends."""

from typing import Annotated, Literal

import numpy as np

from kg.files.checked import Text, at_least
from twin.estimate import Estimate
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Timed
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.log_rank import LogRank
from twin.trials.grid import Grid


class TimeToEvent(Endpoint):
    """The day of the first of the hazards named in `events`; several make a composite."""

    gives = "timed"
    kind: Literal["time_to_event"] = "time_to_event"
    events: Annotated[tuple[Text, ...], at_least(1)]
    better: Literal["higher", "lower"] = "lower"

    def outcome(self, course: Course) -> Outcome:
        """Return each patient's time, and whether it ended with an event."""
        happened = np.min([course.events[name] for name in self.events], axis=0)
        end = np.minimum(course.last_day, float(course.grid.days))
        event = happened <= end
        day = np.where(event, happened, end)
        return Timed(np.where(course.failed & ~event, np.nan, day), event, float(course.grid.days))

    def shown(self, estimate: Estimate, *, difference: bool = False) -> str:
        """Return an estimate for a reader: of an arm the share without the event."""
        if difference or not np.isfinite(estimate.value):
            return super().shown(estimate, difference=difference)
        value, lower, upper = (f"{100 * one:.1f}%" for one in (estimate.value, estimate.lower, estimate.upper))
        return f"{value} ({lower} to {upper}) without the event"

    def shown_pair(self, estimate: Estimate) -> str:
        """Return the mean difference of the same patients' two times for a reader."""
        return f"{estimate.value:+.3g} days without the event ({estimate.lower:+.3g} to {estimate.upper:+.3g})"

    @property
    def difference(self) -> str:
        """What a difference of two arms is called."""
        return "difference in means, restricted to a horizon,"

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        return f"the time to {' or '.join(self.events)}, up to day {grid.days}" + " while followed" * leave

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""
        return LogRank()
