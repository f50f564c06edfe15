"""Multiplicity: the contract of all adjustments for more than one comparison."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from twin.trials.part import Part


class Multiplicity(Part):
    """An adjustment over all comparisons: each endpoint in the design's order, of each arm with the control.

    A name alone stands for a kind without settings: multiplicity = "holm".
    """

    found_in = ("twin.trials.multiplicities",)

    @classmethod
    def spelled_out(cls, value: Any) -> Any:
        """Return the table that a name stands for."""
        return {"kind": value} if isinstance(value, str) else value

    @abstractmethod
    def adjusted(self, p_values: Mapping[str, float]) -> dict[str, float]:
        """Return the p-values [comparison] after adjustment; below alpha is a rejection that keeps it for all."""

    def misfit(self, comparisons: int) -> str:
        """Return what does not fit so many comparisons; nothing where it fits."""
        return ""
