"""A constant hazard: as likely on every day, whatever the state and the patient."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Strict

from twin.model import Floats
from twin.trials.hazards.hazard import Hazard, Stretch
from twin.trials.part import STATED, Assumption


class Constant(Hazard):
    """The probability that it happens in a week, to whom it has not happened yet."""

    kind: Literal["constant"] = "constant"
    per_week: Annotated[float, Strict(), Field(ge=0, lt=1)]

    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day."""
        rate = -np.log1p(-self.per_week) / 7.0
        return np.full(stretch.shape, rate)

    @property
    def words(self) -> str:
        """How likely it is, in words."""
        return f"probability {self.per_week:g} in a week, whatever the state and the patient"

    def assumptions(self) -> list[Assumption]:
        """Return how likely it is and what follows."""
        (row,) = super().assumptions()
        return [row._replace(value=self.per_week, unit="1", reason=STATED)]
