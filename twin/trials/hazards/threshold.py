"""A hazard that begins where an observable passes a bound: rescue for who is out of control."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Strict

from kg.files.checked import Text, Unit
from twin.model import Floats
from twin.trials.bound import Bound
from twin.trials.hazards.hazard import Hazard, Stretch


class Threshold(Bound, Hazard):
    """The probability in a week, on days on which an observable is above or below a bound; else none. 1 is at once."""

    kind: Literal["threshold"] = "threshold"
    observable: Text
    per_week: Annotated[float, Strict(), Field(ge=0, le=1), Unit("1/week")]

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day."""
        rate = np.inf if self.per_week == 1 else -np.log1p(-self.per_week) / 7.0
        return np.where(self.passed(stretch.true[self.observable]), rate, 0.0)

    @property
    def words(self) -> str:
        """How likely it is, in words."""
        return f"probability {self.per_week:g} in a week while {self.observable} is {self.side}"
