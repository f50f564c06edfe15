"""Adherence: the contract of all that says which of the doses given are taken."""

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.trials.grid import Grid
from twin.trials.part import Part


class Adherence(Part):
    """Which doses are taken. A number alone is a constant probability: adherence = 0.9."""

    found_in = ("twin.trials.adherences",)

    @classmethod
    def spelled_out(cls, value: Any) -> Any:
        """Return the table that a number stands for."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return {"kind": "constant", "probability": value} if is_number else value

    @abstractmethod
    def takes(self, ids: tuple[str, ...], grid: Grid, seed: int) -> NDArray[np.bool_]:
        """Return whether a dose that is given is taken: [patient, step]. It hangs on seed, patient and step alone."""

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether every dose is taken."""
