"""Re-estimation: the contract of all rules that choose a trial's size anew at one look."""

from abc import abstractmethod
from typing import Annotated

from pydantic import Field, Strict

from twin.model import Floats
from twin.trials.part import Part


class Reestimation(Part):
    """One look, when the share `at` of the planned patients have their outcome: the trial goes on to a size between
    those seen and `most` times the planned one. Of two arms, by one value a patient.
    """

    found_in = ("twin.trials.reestimations",)
    at: Annotated[float, Strict(), Field(gt=0, lt=1)] = 0.5
    most: Annotated[float, Strict(), Field(gt=1, le=10)] = 2.0

    @abstractmethod
    def stops(self, z: float) -> bool:
        """Return whether the trial ends at the look, the arm found better, by its z on the better side."""

    @abstractmethod
    def grown(self, values: Floats, z: float, planned: int) -> float:
        """Return how many patients the trial is to have in all, after the values seen [patient], arms untold, and z."""

    @abstractmethod
    def statistic(self, first: float, second: float, whole: float) -> float:
        """Return the z of the last test, by that of the patients seen at the look, of the later ones, and of all."""

    @property
    @abstractmethod
    def critical(self) -> float:
        """From which z on the last test finds the arm better."""
