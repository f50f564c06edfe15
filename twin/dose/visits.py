"""Visits: patients in care, measured at each visit and dosed until the next; what is true of them and what is seen.

A patient's luck, parameters and errors of measurement alike, hangs on seed, id and visit alone: it is the same whatever
doses are chosen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.dose.asked import Bounds
from twin.dose.target import DoseError, Target
from twin.engine import begin, float64_on_cpu, look
from twin.model import Floats, Individual, Model
from twin.patient import Cohort, check
from twin.simulate import DAY_H, draw
from twin.steps import carry
from twin.streams import normals
from twin.timeline import Entry


@dataclass(frozen=True)
class Care:
    """How patients are cared for: on each of `days`, from 0, the target's observable is measured and a dose chosen.

    It is taken each `every_h` from then on until the next of them; the last day is the end. `bounds` are those of one
    dose. With `residual`, measurements have the model's error.
    """

    target: Target
    days: tuple[float, ...]
    bounds: Bounds
    every_h: float = DAY_H
    residual: bool = True

    def __post_init__(self) -> None:
        if len(self.days) < 2 or self.days[0] != 0 or any(b <= a for a, b in pairwise(self.days)):
            raise DoseError(f"visits on days {self.days}: expected ascending days from 0, at least two")
        doses = np.diff(self.days) * DAY_H / self.every_h if self.every_h > 0 else np.zeros(1)
        if not np.allclose(doses, np.round(doses)) or (doses < 0.5).any():
            raise DoseError(f"a dose each {self.every_h:g} h: expected a whole number of them between any two visits")

    @property
    def visits(self) -> int:
        """At how many visits a dose is chosen."""
        return len(self.days) - 1

    def given(self, doses: Floats) -> Floats:
        """Return doses as they can be given: within bounds, whole multiples of the step."""
        bounds = self.bounds
        held = np.clip(doses, bounds.least, bounds.most)
        if bounds.step is None:
            return held
        multiples = np.clip(np.round(held / bounds.step), *bounds.multiples)
        return np.asarray((multiples * bounds.step).round(12))


@dataclass(frozen=True, eq=False)
class History:
    """All that is known when a dose is chosen: the visits so far, [visit], the last one now.

    `measured` [patient, visit] are measurements, NaN where there is none; `doses` [patient, visit - 1] those taken
    since each earlier visit; `covariates` [patient] by name.
    """

    care: Care
    ids: tuple[str, ...]
    covariates: Mapping[str, NDArray[Any]]
    days: Floats
    measured: Floats
    doses: Floats

    @property
    def number(self) -> int:
        """How many visits there were before this one."""
        return int(self.doses.shape[1])


Policy = Callable[[History], Floats]
"""A rule: each patient's dose until the next visit, [patient], from what is known. It sees nothing else."""


@dataclass(frozen=True, eq=False)
class Ward:
    """Patients in care, between two visits: who they truly are, and what is known of them."""

    model: Model
    individuals: Individual
    luck: Floats
    """Standard normal errors of measurements, [patient, visit]."""
    state: Floats
    history: History

    @property
    def ended(self) -> bool:
        """Whether the last visit has been."""
        return self.history.number == self.history.care.visits


def admit(model: Model, cohort: Cohort, care: Care, seed: int) -> Ward:
    """Admit patients who have never had a dose, and measure them for the first time.

    Raises `DoseError` for an observable or a lag that care cannot deal with, `twin.patient.PatientError` for a cohort
    that does not fit the model.
    """
    check(cohort, model)
    name = care.target.observable
    if name not in model.errors:
        raise DoseError(f"{model.name} does not say how {name} is measured; expected one of {', '.join(model.errors)}")
    individuals = draw(model, cohort, seed)
    if Entry.of(model.compartments, individuals, cohort.n).lag_h[0].max(initial=0.0) >= care.every_h:
        raise DoseError(f"doses of {model.name} take longer to arrive than the {care.every_h:g} h between them")
    luck = normals(seed, f"measured {name}", cohort.ids, len(care.days)) * care.residual
    state, none = begin(model, individuals), np.zeros((cohort.n, 0))
    history = History(care, cohort.ids, cohort.covariates, np.zeros(0), none, none)
    ward = Ward(model, individuals, luck, state, history)
    return _measured(ward, look(model, individuals, state)[name])


def treat(ward: Ward, doses: Floats) -> tuple[Ward, Floats]:
    """Give doses [patient] until the next visit, and measure there.

    Returns the ward, and the true observable before each next dose, [patient, dose]; NaN from when a course failed on.
    """
    care, number = ward.history.care, ward.history.number
    given = care.given(doses)
    count = round((care.days[number + 1] - care.days[number]) * DAY_H / care.every_h)
    state, seen = carry(
        ward.model, ward.individuals, ward.state, np.repeat(given[:, None], count, axis=1), care.every_h
    )
    true = seen[care.target.observable]
    history = replace(ward.history, doses=np.column_stack([ward.history.doses, given]))
    return _measured(replace(ward, state=state, history=history), true[:, -1]), true


def _measured(ward: Ward, true: Floats) -> Ward:
    """Return the ward with a new measurement."""
    history, name = ward.history, ward.history.care.target.observable
    number, error = len(history.days), ward.model.errors[name]
    with float64_on_cpu():
        seen = np.asarray(error.measured(error.sigma, true, ward.luck[:, number]))
    days = np.append(history.days, history.care.days[number])
    return replace(ward, history=replace(history, days=days, measured=np.column_stack([history.measured, seen])))
