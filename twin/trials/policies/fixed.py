"""A fixed regimen: the same doses for everyone, or for each group of patients by a covariate."""

from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from kg.files.checked import Checked, Number, Text, at_least
from twin.model import Floats
from twin.trials.part import STATED, Assumption
from twin.trials.plan import Plan
from twin.trials.policies.policy import Patients, Policy
from twin.trials.units import Dose

Doses = Annotated[tuple[Dose, ...], at_least(1)]


class Group(Checked):
    """Patients who take other doses: those with a covariate above or below a number, or at one of some levels."""

    covariate: Text
    doses: Doses
    above: Number | None = None
    below: Number | None = None
    levels: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.above is not None) + (self.below is not None) + bool(self.levels) != 1:
            raise ValueError("expected one of above, below or levels, which says who is of the group")
        return self

    def of(self, values: NDArray[np.generic]) -> NDArray[np.bool_]:
        """Return who is of the group: [patient]."""
        if self.levels:
            return np.isin(values.astype(str), self.levels)
        numbers = values.astype(np.float64)
        return numbers > self.above if self.above is not None else numbers < (self.below or 0.0)

    @property
    def words(self) -> str:
        """Who is of the group, in words."""
        if self.levels:
            return f"{self.covariate} {' or '.join(self.levels)}"
        return f"{self.covariate} " + (f"> {self.above:g}" if self.above is not None else f"< {self.below:g}")


class Fixed(Policy):
    """Doses from day 1 on; the last one goes on. The first group of `instead` that a patient is of takes its own.

    With `per`, doses are for each unit of that covariate: per = "weight_kg" for mg/kg.
    """

    kind: Literal["fixed"] = "fixed"
    doses: Doses
    instead: tuple[Group, ...] = ()
    per: Text | None = None

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """What it reads of a patient by the name that the design gives."""
        return (*(group.covariate for group in self.instead), *([self.per] if self.per else []))

    def begin(self, patients: Patients) -> Plan:
        """Return the plan before anything is measured."""
        length = max(len(self.doses), *(len(group.doses) for group in self.instead), 1)
        plan = np.tile(_extended(self.doses, length), (patients.n, 1))
        for group in reversed(self.instead):
            who = group.of(np.asarray(patients.covariates[group.covariate]))
            plan[who] = _extended(group.doses, length)
        if self.per:
            plan *= np.asarray(patients.covariates[self.per], np.float64)[:, np.newaxis]
        return Plan.of(plan, self.apart(patients.grid))

    @property
    def summary(self) -> str:
        """Who takes what, in words."""
        told = f"{_listed(self.doses)} every {self.every}" + (f", for each {self.per}" if self.per else "")
        told += "".join(f"; {group.words}: {_listed(group.doses)}" for group in self.instead)
        return f"{told}; the last dose goes on"

    def assumptions(self) -> list[Assumption]:
        """Return who takes what."""
        return [Assumption("dosing", f"A fixed start: {self.summary}.", None, "", STATED)]


def _extended(doses: tuple[float, ...], length: int) -> Floats:
    return np.array([*doses, *[doses[-1]] * (length - len(doses))], np.float64)


def _listed(doses: tuple[float, ...]) -> str:
    return ", ".join(f"{dose:g}" for dose in doses)
