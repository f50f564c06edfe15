"""A hazard that hangs on a patient's state: on what could be measured of them on that day."""

from typing import Annotated, Literal

import numpy as np

from kg.files.checked import Number, Text, Unit
from twin.model import Floats
from twin.trials.hazards.hazard import Hazard, Stretch
from twin.trials.units import Observed, PerWeek


class ByState(Hazard):
    """The probability in a week at a `reference` value of an observable; each unit above it multiplies the rate by
    exp(`slope`). A negative slope makes low values dangerous."""

    kind: Literal["by_state"] = "by_state"
    observable: Text
    per_week: PerWeek
    reference: Observed
    slope: Annotated[Number, Unit("1 over that of the observable")]

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day."""
        away = np.clip(self.slope * (stretch.true[self.observable] - self.reference), -50.0, 50.0)
        return np.asarray(-np.log1p(-self.per_week) / 7.0 * np.exp(away))

    @property
    def words(self) -> str:
        """How likely it is, in words."""
        factor = np.exp(self.slope)
        return (
            f"probability {self.per_week:g} in a week where {self.observable} is {self.reference:g};"
            f" each unit more multiplies the rate by {factor:.3g}"
        )
