"""Titration: the contract of all tables that change a dose by what was measured, and how doses are handed out."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from kg.files.checked import Text
from twin.model import Floats
from twin.trials.grid import Grid
from twin.trials.part import Part
from twin.trials.plan import Plan
from twin.trials.policies.policy import History
from twin.trials.units import Day, SomeDose

Halves = Literal["up", "even"]
"""Where a dose halfway between two numbers of tablets goes: to the larger one, or to the even one."""


class Titration(Part):
    """How an `observable` changes the dose from `from_day` on.

    Doses, the starting rule's too, are given in whole tablets of `tablet`, up to `max_dose`: the nearest number, of a
    dose halfway between two the larger one. `halves` = "even" is how trials' files of the earlier form did it: halfway
    the even number.
    """

    found_in = ("twin.trials.titrations",)
    observable: Text
    from_day: Day
    max_dose: SomeDose
    tablet: SomeDose
    halves: Halves = "up"

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    @model_validator(mode="after")
    def _has_a_dose_to_give(self) -> Self:
        if self.tablet > self.max_dose:
            raise ValueError(
                f"tablet {self.tablet:g} is above max_dose {self.max_dose:g}, so that no dose could be given"
            )
        return self

    def told(self, rows: Sequence[tuple[float | None, str]]) -> str:
        """Return in words what a table of rows, each below an end, does to the dose."""
        last = f"{rows[-2][0]:g} or more"
        steps = "; ".join(f"{last if end is None else f'below {end:g}'}: {does}" for end, does in rows)
        given = f"in steps of {self.tablet:g}, at most {self.max_dose:g}"
        return f"by {self.observable} at visits from day {self.from_day}: {steps}; {given}"

    @abstractmethod
    def changed(self, plan: Plan, history: History) -> Plan:
        """Return the plan after today's visit, for patients who were measured; `revise` leaves the others alone."""

    def revise(self, plan: Plan, history: History) -> Plan:
        """Return the plan after today's visit; a patient without a measurement (NaN) goes on as planned."""
        if history.day < self.from_day:
            return plan
        return plan.joined(self.changed(plan, history), np.isfinite(history.now(self.observable)))

    def given(self, doses: Floats) -> Floats:
        """Return planned doses as they are given: the nearest number of whole tablets that is not above the maximum."""
        most = np.floor(self.max_dose / self.tablet * (1 + 1e-12))
        tablets = np.minimum(whole_tablets(np.minimum(doses, self.max_dose) / self.tablet, self.halves), most)
        return np.minimum(tablets * self.tablet, self.max_dose)

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits."""
        late = self.from_day > grid.visits[-1]
        return [f"from_day: got {self.from_day}, expected <= {grid.visits[-1]}, the last visit's day"] * late


def whole_tablets(tablets: Floats, halves: Halves = "up") -> Floats:
    """Return the nearest whole numbers; what is half but for the last digits goes up, or to the even number.

    >>> whole_tablets(np.array([0.5, 1.5, 2.5, 2.49])).tolist()
    [1.0, 2.0, 3.0, 2.0]
    """
    return np.round(tablets) if halves == "even" else np.floor(tablets + 0.5 + 1e-9)


def row_of(ends: list[float | None], values: Floats) -> NDArray[np.intp]:
    """Return the row of a table that each value falls into: the first whose end it is below, else the last one."""
    return np.searchsorted(np.array(ends[:-1], np.float64), values, side="right")


def check_rows(ends: list[float | None]) -> None:
    """Raise `ValueError` unless the ends of a table's rows ascend, and the last row has none."""
    bounded = [end for end in ends[:-1] if end is not None]
    if ends[-1] is not None or len(bounded) < len(ends) - 1:
        raise ValueError("every row needs below but the last one, which must not have it")
    if bounded != sorted(set(bounded)):
        raise ValueError(f"the rows' below must ascend, got {', '.join(f'{end:g}' for end in bounded)}")
