"""A constant hazard: as likely on every day, whatever the state and the patient."""

from typing import Literal

import numpy as np

from twin.model import Floats
from twin.trials.hazards.hazard import Hazard, Stretch
from twin.trials.part import STATED, Assumption
from twin.trials.units import PerWeek


class Constant(Hazard):
    """The probability that it happens in a week, to whom it has not happened yet."""

    kind: Literal["constant"] = "constant"
    per_week: PerWeek

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
