"""A hazard that rises or falls with time: Weibull's."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Strict

from twin.model import Floats
from twin.trials.hazards.hazard import Hazard, Stretch
from twin.trials.units import Days


class Weibull(Hazard):
    """A time that is Weibull: `shape` below 1 is early, above 1 late; a share 1 - 1/e has it by day `scale_d`."""

    kind: Literal["weibull"] = "weibull"
    shape: Annotated[float, Strict(), Field(gt=0)]
    scale_d: Days

    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day."""
        risked = (np.arange(stretch.days[0] - 1, stretch.days[-1] + 1) / self.scale_d) ** self.shape
        return np.tile(np.diff(risked), (stretch.shape[0], 1))

    @property
    def words(self) -> str:
        """How likely it is, in words."""
        return f"a Weibull time with shape {self.shape:g} and scale {self.scale_d:g} days"
