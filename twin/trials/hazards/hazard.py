"""Hazard: the contract of all that may happen to patients in a trial, and what follows from it."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from kg.files.checked import Name
from twin.model import Floats
from twin.trials.part import STATED, Assumption, Part
from twin.trials.policies.policy import Policy
from twin.trials.units import Day

Then = Literal["leave", "die", "stop", "switch", "count"]
_FOLLOWS = {
    "leave": "the patient leaves the trial",
    "die": "the patient dies",
    "stop": "the patient stops the treatment, and is followed on",
    "switch": "the patient is switched to other doses, which no titration changes, and is followed on",
    "count": "it is counted, and nothing changes",
}
_PAST = {"leave": "left", "die": "died", "stop": "stopped treatment", "switch": "switched", "count": "had event"}


@dataclass(frozen=True, eq=False)
class Stretch:
    """A few days of a course: `days` [day], from 1; the rest of patients on these days.

    `true` [patient, day] by observable, on the evening of each day; `risked` [patient, day]: what the model's own
    hazard adds up to on each day, where the model has one. Doses `given` and `taken` are those of all days from day 1
    to the last of these: [patient, day].
    """

    days: NDArray[np.int64]
    covariates: Mapping[str, NDArray[Any]]
    true: Mapping[str, Floats]
    given: Floats
    taken: Floats
    risked: Floats | None

    @property
    def shape(self) -> tuple[int, int]:
        """How many patients and days there are."""
        return len(self.taken), len(self.days)


class Hazard(Part):
    """Something that happens to a patient once, at a rate that may hang on state, dose, adherence and covariates.

    It happens on the first day on which the rates of all days from `from_day` on add up to more than the patient's
    threshold, which is exponential and the same in every arm. `then` says what follows; `switch` needs `to`, the rule
    that takes the place of the arm's, and of its titration, from the next decision on.
    """

    found_in = ("twin.trials.hazards",)
    name: Name
    then: Then
    from_day: Day = 1
    to: Policy | None = None

    @model_validator(mode="after")
    def _switches_to_something(self) -> Self:
        if (self.then == "switch") != (self.to is not None):
            raise ValueError('then = "switch" and to = {kind = ...}, the doses from then on, go together')
        return self

    @abstractmethod
    def daily(self, stretch: Stretch) -> Floats:
        """Return how much is risked on each day: [patient, day]."""

    @property
    @abstractmethod
    def words(self) -> str:
        """How likely it is, in words."""

    @property
    def past(self) -> str:
        """What is said of a patient to whom it happened."""
        return f"{_PAST[self.then]} ({self.name})"

    @property
    def follows(self) -> str:
        """What follows, in words."""
        return _FOLLOWS[self.then]

    def assumptions(self) -> list[Assumption]:
        """Return how likely it is and what follows."""
        told = f"{self.name}: {self.words}; then {self.follows}."
        return [Assumption("conduct", told, None, "", STATED)]
