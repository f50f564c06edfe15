"""Outcome: what an endpoint makes of the courses of an arm: one value, a time to an event, or a value at each visit.

An outcome becomes a table in the columns that analyses read: USUBJID, TRT01P, AVAL, BASE, AVISITN, CNSR.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.estimate import Estimate, mean, paired_difference
from twin.model import Floats
from twin.trials.analysis.survival import Times, kaplan_meier, mean_parts

Rows = NDArray[Any]
"""A mask or places: which patients."""


@dataclass(frozen=True, eq=False)
class Value:
    """One value a patient, NaN where there is none; `baseline` where the endpoint has one. Shapes: [patient]."""

    value: Floats
    baseline: Floats | None = None

    @property
    def known(self) -> NDArray[np.bool_]:
        """Who has an outcome."""
        return np.isfinite(self.value)

    def some(self, rows: Rows) -> "Value":
        """Return that of some patients."""
        return Value(self.value[rows], None if self.baseline is None else self.baseline[rows])

    def without(self, rows: Rows) -> "Value":
        """Return it with nothing known of some patients."""
        return replace(self, value=np.where(rows, np.nan, self.value))

    def columns(self, name: str) -> dict[str, Floats]:
        """Return what stands in a table of subjects."""
        return {name: self.value}

    def table(self, ids: Sequence[str]) -> pd.DataFrame:
        """Return the rows that analyses read, without those that are not known."""
        told = {"AVAL": self.value} | ({} if self.baseline is None else {"BASE": self.baseline})
        return pd.DataFrame({"USUBJID": np.array(ids, object), **told})[self.known]

    def summary(self, level: float) -> Estimate:
        """Return the mean."""
        return mean(self.value[self.known], level)

    def paired(self, other: "Value", level: float) -> Estimate:
        """Return the mean difference of the same patients' two outcomes, this one minus the other."""
        both = self.known & other.known
        return paired_difference(self.value[both], other.value[both], level)


@dataclass(frozen=True, eq=False)
class Timed:
    """The day of an event, or of the last one on which there was none, NaN where none is known. Shapes: [patient]."""

    day: Floats
    event: NDArray[np.bool_]
    horizon: float

    @property
    def known(self) -> NDArray[np.bool_]:
        """Who has an outcome."""
        return np.isfinite(self.day)

    def some(self, rows: Rows) -> "Timed":
        """Return that of some patients."""
        return replace(self, day=self.day[rows], event=self.event[rows])

    def without(self, rows: Rows) -> "Timed":
        """Return it with nothing known of some patients."""
        return replace(self, day=np.where(rows, np.nan, self.day))

    def columns(self, name: str) -> dict[str, Floats]:
        """Return what stands in a table of subjects."""
        return {name: self.day, f"{name}CNSR": np.where(self.event, 0.0, 1.0)}

    def table(self, ids: Sequence[str]) -> pd.DataFrame:
        """Return the rows that analyses read, without those that are not known."""
        rows = pd.DataFrame({"USUBJID": np.array(ids, object), "AVAL": self.day, "CNSR": (~self.event).astype(float)})
        return rows[self.known]

    def summary(self, level: float) -> Estimate:
        """Return the share without the event at the horizon, by Kaplan and Meier."""
        curve = kaplan_meier(Times(self.day[self.known], self.event[self.known].astype(float)), level=level)
        place = int(np.searchsorted(curve.time, self.horizon, side="right")) - 1
        told = f"Kaplan-Meier: without the event on day {self.horizon:g}"
        if place < 0:
            return Estimate(1.0, 1.0, 1.0, 0.0, level, told)
        value, lower, upper, error = (
            float(one[place]) for one in (curve.survival, curve.lower, curve.upper, curve.standard_error)
        )
        return Estimate(value, lower, upper, error, level, told)

    def paired(self, other: "Timed", level: float) -> Estimate:
        """Return the mean difference of the same patients' two event-free times up to the horizon.

        Where follow-up ends before, a patient counts with the part that it adds to the Kaplan-Meier curve's mean.
        """
        both = self.known & other.known
        one, two = (
            mean_parts(Times(each.day[both], each.event[both].astype(float)), self.horizon) for each in (self, other)
        )
        return paired_difference(one, two, level)


@dataclass(frozen=True, eq=False)
class Repeated:
    """A value at each visit [patient, visit], NaN for none, on `days` [visit], beside the `baseline` [patient]."""

    value: Floats
    days: tuple[int, ...]
    baseline: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Who has an outcome at some visit."""
        return np.asarray(np.isfinite(self.value).any(axis=1) & np.isfinite(self.baseline))

    @property
    def last(self) -> Value:
        """The outcome at the last visit."""
        return Value(self.value[:, -1], self.baseline)

    def some(self, rows: Rows) -> "Repeated":
        """Return that of some patients."""
        return replace(self, value=self.value[rows], baseline=self.baseline[rows])

    def without(self, rows: Rows) -> "Repeated":
        """Return it with nothing known of some patients."""
        return replace(self, value=np.where(np.asarray(rows)[:, np.newaxis], np.nan, self.value))

    def columns(self, name: str) -> dict[str, Floats]:
        """Return what stands in a table of subjects."""
        return {f"{name}_D{day}": self.value[:, place] for place, day in enumerate(self.days)}

    def table(self, ids: Sequence[str]) -> pd.DataFrame:
        """Return the rows that analyses read, one a patient and visit, without those that are not known."""
        visits, patients = len(self.days), len(self.baseline)
        value, baseline = self.value.ravel(), np.repeat(self.baseline, visits)
        rows = pd.DataFrame(
            {
                "USUBJID": np.repeat(np.array(ids, object), visits),
                "AVISITN": np.tile(np.array(self.days, np.float64), patients),
                "AVAL": value,
                "BASE": baseline,
            }
        )
        return rows[np.isfinite(value) & np.isfinite(baseline)]

    def summary(self, level: float) -> Estimate:
        """Return the mean at the last visit."""
        return self.last.summary(level)

    def paired(self, other: "Repeated", level: float) -> Estimate:
        """Return the mean difference at the last visit."""
        return self.last.paired(other.last, level)


Outcome = Value | Timed | Repeated


@dataclass(frozen=True, eq=False)
class Shown:
    """An arm's outcome as a trial shows it: who, and what is known of them before the first dose."""

    arm: str
    ids: tuple[str, ...]
    outcome: Outcome
    covariates: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return the arm's rows for an analysis: the outcome, TRT01P, and the covariates under their names."""
        rows = self.outcome.table(self.ids)
        known = pd.DataFrame({name: np.asarray(values) for name, values in self.covariates.items()})
        known.insert(0, "USUBJID", np.array(self.ids, object))
        joined = rows.merge(known, on="USUBJID", how="left", validate="many_to_one") if self.covariates else rows
        return joined.assign(TRT01P=self.arm)
