"""A hazard that begins where an observable passes a bound: rescue for who is out of control."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, Strict, model_validator

from kg.files.checked import Number, Text
from twin.model import Floats
from twin.trials.hazards.hazard import Hazard, Stretch


class Threshold(Hazard):
    """The probability in a week, on days on which an observable is above or below a bound; else none. 1 is at once."""

    kind: Literal["threshold"] = "threshold"
    observable: Text
    per_week: Annotated[float, Strict(), Field(ge=0, le=1)]
    above: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("expected either above or below, the bound that is passed")
        return self

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day."""
        value = stretch.true[self.observable]
        passed = value > self.above if self.above is not None else value < (self.below or 0.0)
        rate = np.inf if self.per_week == 1 else -np.log1p(-self.per_week) / 7.0
        return np.where(passed, rate, 0.0)

    @property
    def words(self) -> str:
        """How likely it is, in words."""
        bound = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
        return f"probability {self.per_week:g} in a week while {self.observable} is {bound}"
