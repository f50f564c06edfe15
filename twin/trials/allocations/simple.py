"""Simple: each patient's arm is drawn alone, by the arms' shares."""

from typing import Literal

import numpy as np

from twin.streams import uniforms
from twin.trials.allocations.allocation import Allocation, Arms, Enrolling


class Simple(Allocation):
    """A coin, or a die, for each patient; the arms' sizes are left to chance."""

    kind: Literal["simple"] = "simple"

    def arms(self, enrolling: Enrolling) -> Arms:
        """Return each patient's arm."""
        bounds = np.cumsum(enrolling.shares) / sum(enrolling.shares)
        return np.searchsorted(bounds[:-1], uniforms(enrolling.seed, "allocation", enrolling.ids), side="right")
