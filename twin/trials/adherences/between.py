"""Adherence that differs between patients: each has a propensity of their own, and some take drug holidays."""

from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, Strict, model_validator
from scipy.stats import beta

from kg.files.checked import Unit
from twin.model import Floats
from twin.streams import uniforms
from twin.trials.adherences.adherence import Adherence
from twin.trials.grid import Grid
from twin.trials.part import STATED, Assumption
from twin.trials.units import Day


class Between(Adherence):
    """A patient takes each dose with a probability of their own, beta-distributed with this mean and deviation.

    A holiday begins with probability `holidays_per_year` / 365 on a day, and lasts `holiday_days` in which nothing is
    taken.
    """

    kind: Literal["between"] = "between"
    mean: Annotated[float, Strict(), Field(gt=0, lt=1)]
    sd: Annotated[float, Strict(), Field(gt=0, lt=0.5)]
    holidays_per_year: Annotated[float, Strict(), Field(ge=0, le=52), Unit("1/year")] = 0.0
    holiday_days: Day = 3

    @model_validator(mode="after")
    def _possible(self) -> Self:
        most = (self.mean * (1 - self.mean)) ** 0.5
        if self.sd >= most:
            raise ValueError(f"sd: got {self.sd:g}, expected less than {most:.3g}, the most at a mean of {self.mean:g}")
        return self

    def propensity(self, ids: tuple[str, ...], seed: int) -> Floats:
        """Return each patient's probability to take a dose: [patient]."""
        size = self.mean * (1 - self.mean) / self.sd**2 - 1
        luck = uniforms(seed, "adherence: propensity", ids)
        return np.asarray(beta.ppf(luck, self.mean * size, (1 - self.mean) * size))

    def takes(self, ids: tuple[str, ...], grid: Grid, seed: int) -> NDArray[np.bool_]:
        """Return whether a dose that is given is taken."""
        taken = uniforms(seed, "adherence", ids, grid.steps) < self.propensity(ids, seed)[:, np.newaxis]
        if self.holidays_per_year:
            begins = uniforms(seed, "adherence: holiday", ids, grid.days) < self.holidays_per_year / 365.0
            counted = np.cumsum(begins, axis=1)
            before = np.pad(counted, ((0, 0), (self.holiday_days, 0)))[:, : grid.days]
            taken &= np.repeat(counted == before, grid.per_day, axis=1)
        return taken

    @property
    def complete(self) -> bool:
        """Whether every dose is taken."""
        return False

    def assumptions(self) -> list[Assumption]:
        """Return how doses are taken."""
        told = "Mean over patients of the probability that a dose given is taken, whatever the state and the arm"
        rows = [
            Assumption("conduct", f"{told}.", self.mean, "1", STATED),
            Assumption("conduct", "Its standard deviation between patients (beta).", self.sd, "1", STATED),
        ]
        if self.holidays_per_year:
            holidays = f"Holidays from the drug in a year, of {self.holiday_days} days each."
            rows.append(Assumption("conduct", holidays, self.holidays_per_year, "1/a", STATED))
        return rows
