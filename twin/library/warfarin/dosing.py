"""Warfarin's dosing rules: published algorithms for the maintenance dose, loading, and the revision on day 4 or 5."""

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, Strict

from kg.files.checked import Checked, Share, Unit
from twin.covariates import Covariate
from twin.library.warfarin.coefficients import EU_PACT_ELIMINATION, LENZINI, LENZINI_CLINICAL, Coefficients
from twin.library.warfarin.covariates import CYP2C9
from twin.library.warfarin.doses import (
    COVARIATES,
    MAINTENANCE,
    Covariates,
    eu_pact_loading,
    lenzini_2010,
    lenzini_clinical_2010,
)
from twin.model import Floats
from twin.streams import uniforms
from twin.trials.grid import Grid
from twin.trials.part import STATED, Assumption
from twin.trials.plan import Plan
from twin.trials.policies.policy import History, Patients, Policy

REVISIONS = {
    "lenzini_2010": (LENZINI, lenzini_2010),
    "lenzini_clinical_2010": (LENZINI_CLINICAL, lenzini_clinical_2010),
}
"""Name -> coefficients and equation of what revises the maintenance dose from the first INRs."""
INR = "INR"


class Late(Checked):
    """Genotypes that are not there for the first dose: of which share of patients, and until the morning of which day.

    Until then the dose is that of a clinical equation.
    """

    share: Share
    until_day: Annotated[int, Strict(), Field(ge=2, le=5), Unit("d")]
    algorithm: Literal["iwpc_clinical", "gage_clinical_2008"]

    def who(self, patients: Patients) -> NDArray[np.bool_]:
        """Return whose genotype is late: [patient]."""
        return uniforms(patients.seed, "genotype is late", patients.ids) < self.share


class WarfarinAlgorithm(Policy):
    """The maintenance dose that a published algorithm predicts, from day 1.

    With `loading`, EU-PACT's doses on days 1 to 3 come first. With `revision`, the INR of `revision_day` revises the
    maintenance dose by Lenzini's equation, in place of a titration table. Genotypes may be `late` for the first doses.
    CYP2C9, which says how soon a dose's effect is full, counts `cyp2c9_from_day` on: COAG's first dose did without.
    """

    kind: Literal["warfarin_algorithm"] = "warfarin_algorithm"
    may_read = tuple({covariate: None for some in COVARIATES.values() for covariate in some})
    algorithm: Literal["iwpc_pharmacogenetic", "iwpc_clinical", "gage_2008", "gage_clinical_2008"]
    loading: Literal["eu_pact"] | None = None
    revision: Literal["lenzini_2010", "lenzini_clinical_2010"] | None = None
    revision_day: Annotated[int, Strict(), Field(ge=4, le=5), Unit("d")] = 4
    late: Late | None = None
    cyp2c9_from_day: Annotated[int, Strict(), Field(ge=1, le=4), Unit("d")] = 1
    every: Literal["1d"] = "1d"

    @property
    def reads(self) -> tuple[Covariate, ...]:
        """What it reads of a patient."""
        return tuple({covariate: None for name in self._used for covariate in COVARIATES[name]})

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (INR,) if self.revision else ()

    def begin(self, patients: Patients) -> Plan:
        """Return the plan before anything is measured."""
        known = patients.covariates
        doses = self._doses(known)
        if self.cyp2c9_from_day > 1:
            without = self._doses({**known, "CYP2C9": np.full(patients.n, CYP2C9.levels[0])})
            doses = _joined(without, doses, self.cyp2c9_from_day)
        if self.late:
            clinical = MAINTENANCE[self.late.algorithm][1](known)[:, np.newaxis]
            late = _joined(clinical, doses, self.late.until_day)
            doses = np.where(self.late.who(patients)[:, np.newaxis], late, _upto(doses, late.shape[1]))
        return Plan.of(doses, self.apart(patients.grid))

    def _doses(self, covariates: Covariates) -> Floats:
        """Return the doses from day 1 on by what is known of patients, the last one for ever: [patient, dose]."""
        maintenance = MAINTENANCE[self.algorithm][1](covariates)
        if not self.loading:
            return maintenance[:, np.newaxis]
        return np.column_stack([eu_pact_loading(maintenance, np.asarray(covariates["CYP2C9"])), maintenance])

    def revise(self, plan: Plan, history: History) -> Plan | None:
        """Return the plan after today's visit."""
        if self.revision is None or history.day != self.revision_day:
            return None
        inr = history.now(INR)
        revised = REVISIONS[self.revision][1](history.patients.covariates, inr, _before(history))
        return plan.changed(revised, np.isfinite(inr))

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits, or the algorithm."""
        clinical = "CYP2C9" not in {covariate.name for covariate in COVARIATES[self.algorithm]}
        told = f"got one with {self.algorithm}, which asks for no genotype; expected another algorithm"
        odd = [key for key, stated in (("late", self.late), ("cyp2c9_from_day", self.cyp2c9_from_day > 1)) if stated]
        missing = self.revision is not None and self.revision_day not in grid.visits
        return [f"{key}: {told}" for key in odd if clinical] + [
            f"revision: got {self.revision}, which needs the INR of day {self.revision_day}; expected that day in"
            " visits.days"
        ] * missing

    @property
    def summary(self) -> str:
        """Which equations choose the dose, in words."""
        loading = ", after EU-PACT's loading doses on days 1 to 3" if self.loading else ""
        revised = f", revised by {self.revision} with the INR of day {self.revision_day}" if self.revision else ""
        return f"the dose a day of {self.algorithm}{loading}{revised}"

    def assumptions(self) -> list[Assumption]:
        """Return what the algorithms make of age and body size."""
        used = self._used
        body_surface = any("body_surface" in coefficients for coefficients in used.values())
        decades = any(name.startswith("iwpc") for name in used)
        return [
            Assumption("dosing", "Racemic warfarin, once a day."),
            *([Assumption("dosing", "Body surface by Mosteller's formula.")] if body_surface else []),
            *([Assumption("dosing", "The algorithms of the IWPC take ages in whole decades.")] if decades else []),
            *self._assumed_of_genotypes(),
        ]

    def _assumed_of_genotypes(self) -> list[Assumption]:
        """Return when genotypes count."""
        rows = []
        if self.late:
            told = f"Share of patients dosed by {self.late.algorithm} until day {self.late.until_day}: no genotype yet."
            rows.append(Assumption("dosing", told, self.late.share, "1", STATED))
        if self.cyp2c9_from_day > 1:
            told = "The day from which CYP2C9 counts for the dose; before it everybody is dosed as *1/*1."
            rows.append(Assumption("dosing", told, float(self.cyp2c9_from_day), "d", STATED))
        return rows

    def parameters(self) -> list[dict[str, Any]]:
        """Return the published coefficients."""
        return [
            {
                "name": f"{algorithm}: {name}",
                "value": read.value,
                "unit": read.unit,
                "basis": "measured",
                "source": read.source,
            }
            for algorithm, coefficients in self._used.items()
            for name, read in coefficients.items()
        ]

    @property
    def _used(self) -> dict[str, Coefficients]:
        """The published equations in use, by name."""
        found: dict[str, Coefficients] = {self.algorithm: MAINTENANCE[self.algorithm][0]}
        found |= {"eu_pact_loading": EU_PACT_ELIMINATION} if self.loading else {}
        found |= {self.late.algorithm: MAINTENANCE[self.late.algorithm][0]} if self.late else {}
        return found | ({self.revision: REVISIONS[self.revision][0]} if self.revision else {})


def _upto(doses: Floats, count: int) -> Floats:
    """Return doses [patient, dose] for so many days at least: the last one goes on."""
    more = max(0, count - doses.shape[1])
    return np.concatenate([doses, np.repeat(doses[:, -1:], more, axis=1)], axis=1)


def _joined(first: Floats, then: Floats, day: int) -> Floats:
    """Return the first doses until the morning of a day, then the others: [patient, dose]."""
    count = max(day, first.shape[1], then.shape[1])
    return np.where(np.arange(1, count + 1) < day, _upto(first, count), _upto(then, count))


def _before(history: History) -> Floats:
    """Return the doses of 4, 3 and 2 days before, [patient, 3]; 0 where that was before the first day."""
    per_day = history.patients.grid.per_day
    daily = history.given.reshape(len(history.given), -1, per_day).sum(axis=2)
    return np.column_stack([np.zeros((len(daily), 4)), daily])[:, -4:-1]
