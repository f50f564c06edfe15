"""An arm's dosing rules: the starting doses, and how an INR changes them."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, Strict, model_validator

from kg.files.checked import Checked, Count, Positive, at_least
from twin.covariates import Covariate
from twin.library.warfarin.covariates import AGE
from twin.library.warfarin.doses import COVARIATES, MAINTENANCE, Covariates, eu_pact_loading, lenzini_2010
from twin.model import Floats

DoseMg = Annotated[float, Strict(), Field(ge=0, le=100)]
AlgorithmName = Literal["iwpc_pharmacogenetic", "iwpc_clinical", "gage_2008"]

MAY_READ = tuple({covariate: None for some in COVARIATES.values() for covariate in some})
"""What any rule reads of a patient."""
MOST_HELD = 7
"""Doses that may be held at once."""
REVISION_DAY = 4
"""The day whose INR Lenzini's equation revises the dose from, as in EU-PACT."""


class Fixed(Checked):
    """The same starting doses for everyone, one a day from day 1; the last one goes on.

    Patients older than `older_than_years` get `doses_mg_if_older` instead.
    """

    rule: Literal["fixed"]
    doses_mg: Annotated[tuple[DoseMg, ...], at_least(1)]
    older_than_years: Positive | None = None
    doses_mg_if_older: Annotated[tuple[DoseMg, ...], at_least(1)] | None = None

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """Return what the rule reads of a patient."""
        return () if self.older_than_years is None else (AGE,)

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.older_than_years is None) != (self.doses_mg_if_older is None):
            raise ValueError("older_than_years and doses_mg_if_older go together: give both or neither")
        return self


class ByAlgorithm(Checked):
    """From day 1 the maintenance dose that a published algorithm predicts."""

    rule: Literal["algorithm"]
    algorithm: AlgorithmName

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """Return what the rule reads of a patient."""
        return COVARIATES[self.algorithm]


class EuPact(Checked):
    """EU-PACT's loading doses on days 1 to 3, then the predicted maintenance dose.

    With `revision`, the INR of day 4 revises the maintenance dose by Lenzini's equation in place of the nomogram.
    """

    rule: Literal["eu_pact_loading"]
    maintenance: AlgorithmName
    revision: Literal["lenzini_2010"] | None = None

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """Return what the rule reads of a patient."""
        used = ("eu_pact_loading", self.maintenance, *([self.revision] if self.revision else []))
        return tuple({covariate: None for name in used for covariate in COVARIATES[name]})


Start = Annotated[Fixed | ByAlgorithm | EuPact, Field(discriminator="rule")]


class Step(Checked):
    """One row of a nomogram: what to do with an INR below `inr_below`; the last row has no upper end."""

    inr_below: Positive | None = None
    change_percent: Annotated[float, Strict(), Field(ge=-100, le=100)]
    hold_doses: Annotated[int, Strict(), Field(ge=0, le=MOST_HELD)] = 0


class Titration(Checked):
    """How INRs change the dose: a nomogram from `from_day` on, doses given in steps of `tablet_mg` up to `max_mg`."""

    from_day: Count
    max_mg: Positive
    tablet_mg: Positive
    nomogram: Annotated[tuple[Step, ...], at_least(2)]

    @model_validator(mode="after")
    def _has_a_dose_to_give(self) -> Self:
        if self.tablet_mg > self.max_mg:
            raise ValueError(
                f"tablet_mg {self.tablet_mg:g} is above max_mg {self.max_mg:g}, so that no dose could be given"
            )
        return self

    @model_validator(mode="after")
    def _covers_every_inr(self) -> Self:
        ends = [step.inr_below for step in self.nomogram]
        bounded = [end for end in ends[:-1] if end is not None]
        if ends[-1] is not None or len(bounded) < len(ends) - 1:
            raise ValueError("every row of the nomogram needs inr_below but the last one, which must not have it")
        if bounded != sorted(set(bounded)):
            raise ValueError(f"the nomogram's inr_below must ascend, got {', '.join(f'{end:g}' for end in bounded)}")
        return self


def plan_start(start: Start, covariates: Covariates, days: int) -> Floats:
    """Return the doses in mg, [patient, day], that would be given if no INR were ever measured.

    The last day's is the maintenance dose, for as long as no dose is held on it: who titrates plans `MOST_HELD` + 1
    days beyond the last visit.
    """
    if isinstance(start, Fixed):
        older = np.asarray(covariates["age_years"], dtype=np.float64) > (start.older_than_years or np.inf)
        usual = _extended(start.doses_mg, days)
        return np.where(older[:, np.newaxis], _extended(start.doses_mg_if_older or start.doses_mg, days), usual)
    name = start.algorithm if isinstance(start, ByAlgorithm) else start.maintenance
    maintenance = MAINTENANCE[name][1](covariates)
    plan = np.repeat(maintenance[:, np.newaxis], days, axis=1)
    if isinstance(start, EuPact):
        loading = eu_pact_loading(maintenance, covariates["CYP2C9"])
        plan[:, : loading.shape[1]] = loading[:, :days]
    return plan


def adjust(
    start: Start, titration: Titration, covariates: Covariates, plan: Floats, seen: tuple[int, Floats]
) -> Floats:
    """Return the plan after INRs were `seen`: a day (from 1) and each patient's INR on its morning.

    The doses of that day on may change: by the starting rule's own revision, else by the nomogram. A patient without
    an INR (NaN) goes on as planned.
    """
    day, inr = seen
    if day < titration.from_day:
        return plan
    if isinstance(start, EuPact) and start.revision is not None and day == REVISION_DAY:
        doses = given(titration, plan[:, : day - 1])
        before = np.column_stack([np.zeros(len(plan)), doses])[:, -4:-1]
        changed = _changed(plan, day, lenzini_2010(covariates, inr, before))
    else:
        changed = _titrated(titration, plan, day, inr)
    return np.where(np.isfinite(inr)[:, np.newaxis], changed, plan)


def given(titration: Titration, plan: Floats) -> Floats:
    """Return planned doses as they are given: the nearest number of whole tablets that is not above the maximum.

    >>> nomogram = (Step(inr_below=2.0, change_percent=10.0), Step(change_percent=0.0))
    >>> given(Titration(from_day=4, max_mg=7.0, tablet_mg=2.0, nomogram=nomogram), np.array([4.8, 5.2, 12.0])).tolist()
    [4.0, 6.0, 6.0]
    """
    most = np.floor(titration.max_mg / titration.tablet_mg * (1 + 1e-12))
    tablets = np.minimum(np.round(np.minimum(plan, titration.max_mg) / titration.tablet_mg), most)
    return np.minimum(tablets * titration.tablet_mg, titration.max_mg)


def _titrated(titration: Titration, plan: Floats, day: int, inr: Floats) -> Floats:
    """Change the maintenance dose, which is the plan's last one, by the nomogram's row; doses held are 0."""
    steps = titration.nomogram
    row = np.searchsorted(np.array([step.inr_below for step in steps[:-1]], dtype=np.float64), inr, side="right")
    factor = 1.0 + np.array([step.change_percent for step in steps])[row] / 100.0
    held = np.array([step.hold_doses for step in steps])[row]
    changed = _changed(plan, day, np.minimum(plan[:, -1] * factor, titration.max_mg))
    ahead = np.arange(1, plan.shape[1] + 1) - day
    changed[(ahead >= 0) & (ahead < held[:, np.newaxis])] = 0.0
    return np.where(((factor != 1.0) | (held > 0))[:, np.newaxis], changed, plan)


def _extended(doses_mg: tuple[float, ...], days: int) -> Floats:
    doses = np.array(doses_mg[:days], dtype=np.float64)
    return np.concatenate([doses, np.full(days - doses.size, doses[-1])])


def _changed(plan: Floats, day: int, maintenance_mg: Floats) -> Floats:
    changed = plan.copy()
    changed[:, day - 1 :] = maintenance_mg[:, np.newaxis]
    return changed
