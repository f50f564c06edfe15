"""Policy: the contract of all dosing rules, and what they know of patients."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from numpy.typing import NDArray

from twin import library
from twin.covariates import Covariate
from twin.model import Floats, Model
from twin.trials.grid import DAY_H, Grid
from twin.trials.part import Part
from twin.trials.plan import Plan

Every = Literal["6h", "8h", "12h", "1d", "2d", "7d", "14d", "21d", "28d"]
"""How far apart doses are."""


@dataclass(frozen=True, eq=False)
class Patients:
    """Who is dosed: their ids, what is known of them before the first dose [patient], and when doses may be taken."""

    model: Model
    ids: tuple[str, ...]
    covariates: Mapping[str, NDArray[Any]]
    grid: Grid
    seed: int

    @property
    def n(self) -> int:
        """How many patients there are."""
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class History:
    """What is known of patients at a visit: all that was measured, and all that was given.

    `days` [visit] are those of the visits so far, the last one today; `measured` [patient, visit] by observable, NaN
    where nothing was; `given` [patient, step] what was handed out before today, whatever was taken.
    """

    patients: Patients
    days: tuple[int, ...]
    measured: Mapping[str, Floats]
    given: Floats

    @property
    def day(self) -> int:
        """Today."""
        return self.days[-1]

    def now(self, observable: str) -> Floats:
        """Return what was measured today: [patient]."""
        return self.measured[observable][:, -1]


class Policy(Part):
    """A rule for doses: what it begins with, and what it makes of a visit."""

    found_in = ("twin.trials.policies", *(f"twin.library.{name}" for name in library.POLICIES))
    may_read: ClassVar[tuple[Covariate, ...]] = ()
    """All that rules of this kind may read of a patient: what a population may state for them."""
    at_once: ClassVar[int] = 20_000
    """How many patients it doses in about a minute, or as many as fit in memory: a piece of a run that is told of."""
    every: Every = "1d"

    @property
    def every_h(self) -> float:
        """How many hours there are from dose to dose."""
        return float(self.every[:-1]) * (DAY_H if self.every.endswith("d") else 1.0)

    def apart(self, grid: Grid) -> int:
        """Return how many steps of a grid there are from dose to dose."""
        return round(self.every_h / grid.step_h)

    @abstractmethod
    def begin(self, patients: Patients) -> Plan:
        """Return the plan before anything is measured."""

    def revise(self, plan: Plan, history: History) -> Plan | None:
        """Return the plan after today's visit; None where the rule has nothing to say, and a titration may."""
        return None


def may_read() -> tuple[Covariate, ...]:
    """Return all that any rule may read of a patient."""
    return tuple({covariate: None for kind in Policy.kinds().values() for covariate in kind.may_read})
