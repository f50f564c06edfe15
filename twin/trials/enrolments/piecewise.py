"""Piecewise: patients come at random, at a rate that changes from one period to the next (Poisson)."""

from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import model_validator

from kg.files.checked import Checked, Positive, Unit, at_least
from twin.model import Floats
from twin.streams import uniforms
from twin.trials.enrolments.enrolment import Enrolment
from twin.trials.part import STATED, Assumption
from twin.trials.units import Weeks


class Period(Checked):
    """A rate until the end of a week; the last period has no end."""

    per_week: Annotated[Positive, Unit("patients/week")]
    until_week: Weeks | None = None


class Piecewise(Enrolment):
    """The waiting time to the next patient is exponential, by the rate of the period; one period is a Poisson process.

    Patients come in their order.
    """

    kind: Literal["piecewise"] = "piecewise"
    periods: Annotated[tuple[Period, ...], at_least(1)]

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        ends = [period.until_week for period in self.periods]
        if ends[-1] is not None or any(end is None for end in ends[:-1]):
            raise ValueError("every period needs until_week but the last one, which must not have it")
        if any(later <= earlier for earlier, later in pairwise(end for end in ends if end is not None)):
            raise ValueError("the periods' until_week must ascend")
        return self

    def days(self, ids: tuple[str, ...], seed: int) -> Floats:
        """Return the day on which each patient comes."""
        expected = np.cumsum(-np.log(uniforms(seed, "enrolment", ids)))
        ends = np.array([0.0, *(period.until_week or np.inf for period in self.periods)])
        rates = np.array([period.per_week for period in self.periods])
        reached = np.concatenate([[0.0], np.cumsum(np.diff(ends[:-1]) * rates[:-1])])
        place = np.searchsorted(reached, expected, side="right") - 1
        return np.asarray(7.0 * (ends[place] + (expected - reached[place]) / rates[place]))

    def assumptions(self) -> list[Assumption]:
        """Return how fast patients come."""
        return [
            Assumption(
                "conduct",
                "Patients who come in a week" + (f", until week {period.until_week:g}" if period.until_week else ""),
                period.per_week,
                "1/wk",
                STATED,
            )
            for period in self.periods
        ]
