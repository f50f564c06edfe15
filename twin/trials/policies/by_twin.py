"""Dose search on a twin: the dose that brings a patient's twin to a target, learned anew from what is measured."""

from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from pydantic import model_validator

from kg.files.checked import Flag, Text
from twin import library
from twin.covariates import Covariate
from twin.dose import policy as search
from twin.dose import visits
from twin.dose.asked import Bounds
from twin.dose.target import Target
from twin.model import Floats, Model, parameter_table
from twin.trials.grid import DAY_H, Grid
from twin.trials.part import Assumption
from twin.trials.plan import Plan
from twin.trials.policies.policy import History, Patients, Policy
from twin.trials.units import Observed, SomeDose


class ByTwin(Policy):
    """The dose that keeps a patient's twin in the middle of a range in the long run.

    Before the first visit the twin is the typical patient with these covariates; then the most likely one, given all
    that was measured so far, unless it does not learn. `model` is the twin's, the trial's own if not given: a twin
    that is of another model than the patients is an honest one.
    """

    at_once = 1_000
    kind: Literal["by_twin"] = "by_twin"
    observable: Text
    low: Observed
    high: Observed
    most: SomeDose
    step: SomeDose
    learns: Flag = True
    model: Text | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low:g} and {self.high:g}")
        if self.step > self.most:
            raise ValueError(f"step {self.step:g} is above most {self.most:g}, so that no dose could be given")
        if self.model and self.model not in library.MODELS and not self.model.lower().endswith(library.OWN):
            raise ValueError(f"model: got {self.model!r}, expected {', '.join(library.MODELS)}, or a file of your own")
        return self

    @property
    def reads(self) -> tuple[Covariate, ...]:
        """What it reads of a patient: what the twin's own model asks for."""
        return library.load(self.model).covariates if self.model else ()

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits: doses are searched from each visit until the next."""
        days = [day for day in grid.visits if day <= grid.days]
        told = f"doses {self.every} apart are searched from visit to visit"
        if not days or days[0] != 1:
            return [f"every: {told}; expected the first of visits.days to be 1"]
        gaps = [later - earlier for earlier, later in pairwise([*days, grid.days + 1])]
        broken = [gap for gap in gaps if (gap * DAY_H) % self.every_h]
        found = [f"every: {told}, and some visits are {broken[0]} days apart; expected multiples"] if broken else []
        known = library.load(self.model).errors if self.model else {self.observable: None}
        if self.observable not in known:
            found.append(f"model: {self.model} does not say how to measure {self.observable!r}; expected another")
        return found

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    def begin(self, patients: Patients) -> Plan:
        """Return the plan before anything is measured."""
        none = np.zeros((patients.n, 0))
        return Plan.of(self._searched(patients, (1,), none, none)[:, np.newaxis], self.apart(patients.grid))

    def revise(self, plan: Plan, history: History) -> Plan | None:
        """Return the plan after today's visit."""
        if not self.learns or len(history.days) < 2:
            return plan
        grid = history.patients.grid
        starts = [grid.at(day) for day in history.days[:-1]]
        doses = self._searched(
            history.patients, history.days, history.measured[self.observable], history.given[:, starts]
        )
        return plan.changed(doses, np.isfinite(doses) & (doses != plan.usual))

    def _searched(self, patients: Patients, days: tuple[int, ...], measured: Floats, doses: Floats) -> Floats:
        """Return doses [patient] by what was measured [patient, visit] and given since [patient, visit - 1]."""
        ahead = (
            *(float(day - 1) for day in patients.grid.visits if day <= patients.grid.days),
            float(patients.grid.days),
        )
        care = visits.Care(Target(self.observable, self.low, self.high), ahead, self._bounds, self.every_h)
        known = visits.History(
            care, patients.ids, patients.covariates, np.array(days, np.float64) - 1.0, measured, doses
        )
        return care.given(search.ByTwin(self._twin(patients.model), self.learns)(known))

    @property
    def _bounds(self) -> Bounds:
        return Bounds(low=0.0, high=self.most, step=self.step)

    def _twin(self, model: Model) -> Model:
        return library.load(self.model) if self.model else model

    @property
    def summary(self) -> str:
        """Which twin searches which dose, in words."""
        learns = "learned anew at each visit" if self.learns else "by covariates alone"
        return (
            f"the dose every {self.every} that a twin of {self.model or 'the trial model'}, {learns}, asks for"
            f" {self.observable} {self.low:g} to {self.high:g}, in steps of {self.step:g} up to {self.most:g}"
        )

    def assumptions(self) -> list[Assumption]:
        """Return which twin chooses."""
        told = self.model or "the trial's own model, so that the twin knows the patients' physiology"
        return [
            Assumption(
                "dosing",
                f"Doses are searched on a twin of {told}, for {self.observable}"
                f" {self.low:g} to {self.high:g}, in steps of {self.step:g} up to {self.most:g}.",
            )
        ]

    def parameters(self) -> list[dict[str, Any]]:
        """Return those of the twin's own model, under that model's name; the trial's own are told already."""
        rows = parameter_table(library.load(self.model)) if self.model else []
        return [{**row, "name": f"{self.model}: {row['name']}"} for row in rows]
