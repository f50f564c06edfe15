"""Constant adherence: each dose is taken with the same probability."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kg.files.checked import Share
from twin.streams import uniforms
from twin.trials.adherences.adherence import Adherence
from twin.trials.grid import Grid
from twin.trials.part import STATED, Assumption


class Constant(Adherence):
    """A coin for each dose."""

    kind: Literal["constant"] = "constant"
    probability: Share

    def takes(self, ids: tuple[str, ...], grid: Grid, seed: int) -> NDArray[np.bool_]:
        """Return whether a dose that is given is taken."""
        if self.complete:
            return np.ones((len(ids), grid.steps), bool)
        return uniforms(seed, "adherence", ids, grid.steps) < self.probability

    @property
    def complete(self) -> bool:
        """Whether every dose is taken."""
        return self.probability == 1

    def assumptions(self) -> list[Assumption]:
        """Return how doses are taken."""
        told = "Probability that a dose given is taken, whatever the state, the arm, the patient and the doses before."
        return [Assumption("conduct", told, self.probability, "1", STATED)]
