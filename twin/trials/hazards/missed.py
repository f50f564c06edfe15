"""A hazard that hangs on adherence: who misses doses leaves sooner."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Strict

from twin.model import Floats
from twin.trials.hazards.hazard import Hazard, Stretch


class Missed(Hazard):
    """The probability in a week of who takes all that is given; `ratio` times the rate for who takes nothing.

    Between the two the logarithm of the rate is linear in the share missed, a mean over the days of the stretch.
    """

    kind: Literal["missed"] = "missed"
    per_week: Annotated[float, Strict(), Field(ge=0, lt=1)]
    ratio: Annotated[float, Strict(), Field(gt=0)]

    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day."""
        given, taken = stretch.given.sum(axis=1), stretch.taken.sum(axis=1)
        missed = 1.0 - np.divide(taken, given, out=np.ones_like(given), where=given > 0)
        rate = -np.log1p(-self.per_week) / 7.0 * self.ratio**missed
        return np.repeat(rate[:, np.newaxis], len(stretch.days), axis=1)

    @property
    def words(self) -> str:
        """How likely it is, in words."""
        return f"probability {self.per_week:g} in a week, {self.ratio:g} times the rate for who takes no dose"
