"""Warfarin's dosing rules: published algorithms for the maintenance dose, loading, and the revision on day 4 or 5."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, Strict

from twin.covariates import Covariate
from twin.library.warfarin.doses import (
    COVARIATES,
    EU_PACT_ELIMINATION,
    LENZINI,
    LENZINI_CLINICAL,
    MAINTENANCE,
    Coefficients,
    eu_pact_loading,
    lenzini_2010,
    lenzini_clinical_2010,
)
from twin.model import Floats
from twin.trials.grid import Grid
from twin.trials.part import Assumption
from twin.trials.plan import Plan
from twin.trials.policies.policy import History, Patients, Policy

REVISIONS = {
    "lenzini_2010": (LENZINI, lenzini_2010),
    "lenzini_clinical_2010": (LENZINI_CLINICAL, lenzini_clinical_2010),
}
"""Name -> coefficients and equation of what revises the maintenance dose from the first INRs."""
INR = "INR"


class WarfarinAlgorithm(Policy):
    """The maintenance dose that a published algorithm predicts, from day 1.

    With `loading`, EU-PACT's doses on days 1 to 3 come first. With `revision`, the INR of `revision_day` revises the
    maintenance dose by Lenzini's equation, in place of a titration table.
    """

    kind: Literal["warfarin_algorithm"] = "warfarin_algorithm"
    may_read = tuple({covariate: None for some in COVARIATES.values() for covariate in some})
    algorithm: Literal["iwpc_pharmacogenetic", "iwpc_clinical", "gage_2008", "gage_clinical_2008"]
    loading: Literal["eu_pact"] | None = None
    revision: Literal["lenzini_2010", "lenzini_clinical_2010"] | None = None
    revision_day: Annotated[int, Strict(), Field(ge=4, le=5)] = 4
    every: Literal["1d"] = "1d"

    @property
    def reads(self) -> tuple[Covariate, ...]:
        """What it reads of a patient."""
        used = (self.algorithm, *(["eu_pact_loading"] if self.loading else []), *filter(None, [self.revision]))
        return tuple({covariate: None for name in used for covariate in COVARIATES[name]})

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (INR,) if self.revision else ()

    def begin(self, patients: Patients) -> Plan:
        """Return the plan before anything is measured."""
        maintenance = MAINTENANCE[self.algorithm][1](patients.covariates)
        doses = maintenance[:, np.newaxis]
        if self.loading:
            loading = eu_pact_loading(maintenance, np.asarray(patients.covariates["CYP2C9"]))
            doses = np.column_stack([loading, doses])
        return Plan.of(doses, self.apart(patients.grid))

    def revise(self, plan: Plan, history: History) -> Plan | None:
        """Return the plan after today's visit."""
        if self.revision is None or history.day != self.revision_day:
            return None
        inr = history.now(INR)
        revised = REVISIONS[self.revision][1](history.patients.covariates, inr, _before(history))
        return plan.changed(revised, np.isfinite(inr))

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits."""
        missing = self.revision is not None and self.revision_day not in grid.visits
        return [
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
        ]

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
        return found | ({self.revision: REVISIONS[self.revision][0]} if self.revision else {})


def _before(history: History) -> Floats:
    """Return the doses of 4, 3 and 2 days before, [patient, 3]; 0 where that was before the first day."""
    per_day = history.patients.grid.per_day
    daily = history.given.reshape(len(history.given), -1, per_day).sum(axis=2)
    return np.column_stack([np.zeros((len(daily), 4)), daily])[:, -4:-1]
