"""A hazard that hangs on adherence: who misses doses leaves sooner."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Strict

from twin.model import Floats
from twin.trials.hazards.hazard import Hazard, Stretch
from twin.trials.units import Day, PerWeek


class Missed(Hazard):
    """The probability in a week of who takes all that is given; `ratio` times the rate for who takes nothing.

    Between the two the logarithm of the rate is linear in the share missed of what was given in the last `over_days`.
    """

    kind: Literal["missed"] = "missed"
    per_week: PerWeek
    ratio: Annotated[float, Strict(), Field(gt=0)]
    over_days: Day = 7

    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day."""
        given, taken = (self._lately(doses, stretch) for doses in (stretch.given, stretch.taken))
        missed = 1.0 - np.divide(taken, given, out=np.ones_like(given), where=given > 0)
        return np.asarray(-np.log1p(-self.per_week) / 7.0 * self.ratio**missed)

    def _lately(self, doses: Floats, stretch: Stretch) -> Floats:
        """Return the doses of the last days, of [patient, day] from day 1: [patient, day] of the stretch."""
        total = np.pad(np.cumsum(doses, axis=1), ((0, 0), (1, 0)))
        before = np.maximum(stretch.days - self.over_days, 0)
        return np.asarray(total[:, stretch.days] - total[:, before])

    @property
    def words(self) -> str:
        """How likely it is, in words."""
        return (
            f"probability {self.per_week:g} in a week, {self.ratio:g} times the rate for who takes no dose"
            f" of the last {self.over_days} days"
        )
