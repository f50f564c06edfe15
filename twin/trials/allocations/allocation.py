"""Allocation: the contract of all that says which arm a patient of a parallel trial is in."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from twin.model import Floats
from twin.trials.part import Part

Arms = NDArray[np.intp]
"""The place of each patient's arm, [patient]."""


@dataclass(frozen=True, eq=False)
class Enrolling:
    """Who is to be allocated, in the order in which they come: ids, covariates [patient], the arms' shares, a seed."""

    ids: tuple[str, ...]
    covariates: Mapping[str, NDArray[Any]]
    shares: tuple[float, ...]
    seed: int

    @property
    def n(self) -> int:
        """How many patients there are."""
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Responses:
    """What patients would come to: `better` [arm, patient] is the primary endpoint, more is better, NaN for nothing.

    `came` [patient] is the day on which a patient comes, `known_day` the one from which the response is known.
    """

    better: Floats
    came: Floats
    known_day: Floats


class Allocation(Part):
    """How patients are allocated; the first arm is the control. One that `adapts` hangs on what came of others."""

    found_in = ("twin.trials.allocations",)
    adapts: ClassVar[bool] = False

    def misfit(self, shares: tuple[float, ...]) -> str:
        """Return what does not fit arms with these shares, as `key: what`; nothing where it fits."""
        return ""

    @abstractmethod
    def arms(self, enrolling: Enrolling) -> Arms:
        """Return each patient's arm."""

    def adapted(self, enrolling: Enrolling, responses: Responses) -> Arms:
        """Return each patient's arm, by the responses of others that are known when a patient comes."""
        return self.arms(enrolling)
