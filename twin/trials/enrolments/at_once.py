"""At once: everybody comes on the first day."""

from typing import Literal

import numpy as np

from twin.model import Floats
from twin.trials.enrolments.enrolment import Enrolment


class AtOnce(Enrolment):
    """Nobody is waited for."""

    kind: Literal["at_once"] = "at_once"

    def days(self, ids: tuple[str, ...], seed: int) -> Floats:
        """Return the day on which each patient comes."""
        return np.zeros(len(ids))
