"""Grid: the moments of a trial: a dose may be taken at the start of each step, visits are on mornings before it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twin.model import Floats

DAY_H = 24.0


@dataclass(frozen=True)
class Grid:
    """`days` of doses in steps of equal length, `per_day` each, and the days, from 1, of the visits.

    What is true of a patient is known before each step and after the last: [step + 1].
    """

    days: int
    per_day: int
    visits: tuple[int, ...]

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return self.days * self.per_day

    @property
    def step_h(self) -> float:
        """How long a step is."""
        return DAY_H / self.per_day

    @property
    def time_d(self) -> Floats:
        """The day, from 1, of each moment: [step + 1]."""
        return np.asarray(1.0 + np.arange(self.steps + 1) / self.per_day)

    @property
    def day_of_step(self) -> NDArray[np.int64]:
        """The day, from 1, of each step: [step]."""
        return np.arange(self.steps) // self.per_day + 1

    @property
    def has_baseline(self) -> bool:
        """Whether there is a visit before the first dose: on the morning of day 1."""
        return self.visits[0] == 1

    @property
    def treated_visits(self) -> tuple[int, ...]:
        """The days of the visits after the first dose may have been taken."""
        return tuple(day for day in self.visits if day > 1)

    def at(self, day: int) -> int:
        """Return the step that begins on the morning of a day."""
        return (day - 1) * self.per_day

    def mornings(self, days: Sequence[int]) -> list[int]:
        """Return the moments of the mornings of some days."""
        return [self.at(day) for day in days]

    def stretches(self, also: Iterable[int] = ()) -> list[tuple[int, int]]:
        """Return the days from one decision to the next, (day, next day): visits, and other days."""
        return list(pairwise(sorted({1, *(day for day in self.visits if day <= self.days), *also, self.days + 1})))
