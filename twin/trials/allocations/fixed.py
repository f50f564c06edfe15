"""Fixed: as many patients in each arm as its share says, at random."""

from typing import Literal

import numpy as np

from twin.streams import uniforms
from twin.trials.allocations.allocation import Allocation, Arms, Enrolling


class Fixed(Allocation):
    """Shares of the patients in the order of their luck.

    Whoever joins or leaves moves the bounds between the shares alone: at most one other patient at each changes arm.
    """

    kind: Literal["fixed"] = "fixed"

    def arms(self, enrolling: Enrolling) -> Arms:
        """Return each patient's arm."""
        rank = np.argsort(np.argsort(uniforms(enrolling.seed, "allocation", enrolling.ids)))
        bounds = np.cumsum(enrolling.shares) / sum(enrolling.shares)
        return np.searchsorted(bounds[:-1] * enrolling.n * (1 - 1e-12), rank, side="right")
