"""The model's own hazard: what its equations say of an event."""

from typing import Literal

from twin.model import Floats
from twin.trials.hazards.hazard import Hazard, Stretch


class OfModel(Hazard):
    """The event whose hazard the model has."""

    kind: Literal["of_model"] = "of_model"

    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day."""
        if stretch.risked is None:
            raise ValueError(f"hazard {self.name}: the model has none of its own; expected another kind")
        return stretch.risked

    @property
    def words(self) -> str:
        """How likely it is, in words."""
        return "as likely as the model's own hazard says"
