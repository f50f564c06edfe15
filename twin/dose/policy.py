"""Policies: rules that choose doses from what was measured, and how well they keep patients in a range.

A policy made with one model is scored on patients of others too: what is good in its own model alone has learned the
model, not the drug.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.dose.asked import Asked
from twin.dose.bayes import most_likely
from twin.dose.schedule import Schedule
from twin.dose.solve import settled
from twin.dose.subjects import Subjects, of_individuals
from twin.dose.target import DoseError
from twin.dose.visits import Care, History, Policy, admit, treat
from twin.engine import typical
from twin.estimate import mean
from twin.model import Floats, Model
from twin.patient import Cohort


def fixed(dose: float) -> Policy:
    """Return the policy that gives everyone the same dose."""
    return lambda history: np.full(len(history.ids), dose)


@dataclass(frozen=True)
class Table:
    """A titration table: the dose that begins, and by which share each next one changes, by the last measurement.

    `rows` are (below, change), ascending; the last row's bound is infinite. Without a measurement nothing changes.
    """

    first: float
    rows: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        ends = [below for below, _ in self.rows]
        if not ends or ends != sorted(set(ends)) or np.isfinite(ends[-1]):
            raise DoseError(f"the table's rows end at {ends}; expected ascending bounds, the last one infinite")

    def __call__(self, history: History) -> Floats:
        """Return the next doses."""
        if not history.number:
            return np.full(len(history.ids), self.first)
        ends, changes = (np.array(one) for one in zip(*self.rows, strict=True))
        last = history.measured[:, -1]
        change = np.where(np.isfinite(last), changes[np.searchsorted(ends[:-1], last, side="right")], 0.0)
        return np.asarray(history.doses[:, -1] * (1.0 + change))


@dataclass(frozen=True)
class ByTwin:
    """The dose that brings a patient's twin to the middle of the target in the long run.

    At the first visit the twin is the typical patient with these covariates. Where it `learns`, its parameters are then
    the most likely ones, given all that was measured of the patient so far; else it stays as it was.
    """

    model: Model
    learns: bool = True

    def __call__(self, history: History) -> Floats:
        """Return the next doses."""
        if history.number and not self.learns:
            return history.doses[:, 0]
        covariates = {name: np.asarray(values) for name, values in history.covariates.items()}
        if history.number:
            people = most_likely(self.model, history)
        else:
            people = typical(self.model, covariates, None, len(history.ids))
        return _nearest(of_individuals(self.model, people), history.care)


def _nearest(subjects: Subjects, care: Care) -> Floats:
    """Return the doses that bring patients to the middle of the range, or as near as bounds let them come."""
    middle = (care.target.low + care.target.high) / 2
    asked = Asked(replace(care.target, low=middle, high=middle), Schedule(care.every_h), care.bounds)
    return settled(subjects, asked, middle)[1].dose


def kept(model: Model, cohort: Cohort, care: Care, policy: Policy, seed: int = 0) -> Floats:
    """Return each patient's share of time within the target under a policy, [patient]; NaN where the course failed."""
    ward, inside = admit(model, cohort, care, seed), []
    while not ward.ended:
        ward, true = treat(ward, policy(ward.history))
        within = (true >= care.target.low) & (true <= care.target.high)
        inside.append(np.where(np.isfinite(true), within, np.nan))
    return np.asarray(np.concatenate(inside, axis=1).mean(axis=1))


def score(
    policies: Mapping[str, Policy],
    models: Sequence[Model],
    cohort: Cohort,
    care: Care,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Return how long policies keep patients of several models in the target: a row for each policy and model.

    The share of time is a mean over patients with its 95 % interval; those of a model have the same luck under every
    policy, so that the `difference` to the first policy is one patient by patient. `failed` are patients whose course
    could not be computed. Raises `DoseError` where a model does not measure the target's observable.
    """
    rows: list[dict[str, Any]] = []
    runs = [(name, policy, model) for name, policy in policies.items() for model in models]
    first = dict[str, Floats]()
    for number, (name, policy, model) in enumerate(runs):
        progress(f"{name} on {model.name}", number / len(runs))
        shares = kept(model, cohort, care, policy, seed)
        known = shares[np.isfinite(shares)]
        found = mean(known)
        away = shares - first.setdefault(model.name, shares)
        more = mean(away[np.isfinite(away)])
        rows.append(
            {
                "policy": name,
                "model": model.name,
                "time_in_range": found.value,
                "lower": found.lower,
                "upper": found.upper,
                "patients": len(known),
                "difference": more.value,
                "difference_lower": more.lower,
                "difference_upper": more.upper,
                "failed": len(shares) - len(known),
            }
        )
    progress("scored", 1.0)
    return pd.DataFrame(rows)
