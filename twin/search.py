"""Dose search: the daily dose that brings a patient's twin to a target."""

import numpy as np

from twin.model import Floats, Model
from twin.patient import Cohort
from twin.regimen import Regimen, boluses
from twin.simulate import DAY_H, Times, simulate


def daily_dose(model: Model, cohort: Cohort, observable: str, target: float, *, doses_mg: Floats, days: int) -> float:
    """Return the one of `doses_mg` whose typical course is nearest a target after `days` of one dose a day.

    `cohort` holds one patient. Raises `ValueError` where it holds more or no dose is given.
    """
    if cohort.n != 1 or not len(doses_mg):
        raise ValueError(f"got {cohort.n} patients and {len(doses_mg)} doses; expected one patient and some doses")
    ids = tuple(f"{dose:g} mg" for dose in doses_mg)
    alike = Cohort(ids, {name: np.repeat(values, len(ids)) for name, values in cohort.covariates.items()})
    moments: Floats = np.arange(days, dtype=np.float64) * DAY_H
    regimen = Regimen(
        None, {name: boluses(moments, np.full(days, dose)) for name, dose in zip(ids, doses_mg, strict=True)}
    )
    end = simulate(model, alike, regimen, Times(np.array([days * DAY_H]), "d"), variation=None)
    reached = end.value[:, end.observables.index(observable), 0]
    return float(doses_mg[int(np.argmin(np.abs(reached - target)))])
