"""Enrolment: the contract of all that says on which day of the trial's calendar a patient comes."""

from abc import abstractmethod

from twin.model import Floats
from twin.trials.part import Part


class Enrolment(Part):
    """When patients come."""

    found_in = ("twin.trials.enrolments",)

    @abstractmethod
    def days(self, ids: tuple[str, ...], seed: int) -> Floats:
        """Return the day on which each patient comes, from 0, ascending: [patient]."""
