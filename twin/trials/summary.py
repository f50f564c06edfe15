"""Summary: what happened in all arms becomes a trial's result."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import Floats, parameter_table
from twin.patient import Cohort
from twin.trials.assumed import assumptions, of_parts
from twin.trials.comparison import adjusted, compared, shown_in
from twin.trials.course import Course
from twin.trials.part import Assumption
from twin.trials.potential import potential_outcomes
from twin.trials.protocol import TrialDesign
from twin.trials.result import TrialResult

_COLUMNS = {"age_years": "AGE", "race": "RACE", "height_cm": "HEIGHTBL", "weight_kg": "WEIGHTBL"}
"""What CDISC calls a covariate; others keep their names."""


def summarise(
    design: TrialDesign, cohort: Cohort, courses: Sequence[Course], true: Sequence[Course] | None = None
) -> TrialResult:
    """Compare the arms; in a parallel trial each patient shows the arm that it is allocated to.

    `true` are the courses in which what counts as hypothetical did not happen, the same where nothing does.
    """
    shown = shown_in(design, cohort, courses)
    parts = [course.some(mask) for course, mask in zip(courses, shown, strict=True)]
    people = [cohort.some(mask) for mask in shown]
    endpoints = adjusted(
        design, [compared(design, one, cohort, (courses, true or courses), shown) for one in design.endpoints]
    )
    return TrialResult(
        design=design,
        subjects=pd.concat([_subjects(design, *one) for one in zip(people, parts, strict=True)], ignore_index=True),
        endpoints=endpoints,
        counts={part.arm: _counts(design, part, endpoints[0].counts[part.arm]) for part in parts},
        quantiles={name: {part.arm: _quantiles(part, name) for part in parts} for name in design.model.observables},
        parameters=pd.DataFrame([*parameter_table(design.model), *of_parts(design, "parameters")]),
        assumptions=pd.DataFrame(assumptions(design), columns=list(Assumption._fields)),
        courses=tuple(parts),
        cohorts=tuple(people),
        potential=potential_outcomes(design, cohort, true or courses, shown),
        versions={
            "panakeia": version("panakeia"),
            "python": platform.python_version(),
            **{package: version(package) for package in ("jax", "numpy", "scipy")},
        },
    )


def _subjects(design: TrialDesign, cohort: Cohort, course: Course) -> pd.DataFrame:
    """Return one row a patient of an arm: covariates, outcomes, doses, end of follow-up, events."""
    grid = course.grid
    dosed = grid.day_of_step <= course.last_day[:, np.newaxis]
    last = np.minimum(course.last_day, grid.days).astype(int) * grid.per_day
    daily = course.doses.reshape(cohort.n, grid.days, grid.per_day).sum(axis=2)
    columns: dict[str, NDArray[Any]] = {}
    for endpoint in design.endpoints:
        columns |= design.asks.observed(endpoint, course).columns(endpoint.name)
    ended = np.where(course.last_day <= grid.days, "DISCONTINUED", "COMPLETED")
    return pd.DataFrame(
        {
            "STUDYID": design.trial.name,
            "USUBJID": cohort.ids,
            "ARM": course.arm,
            **{_COLUMNS.get(name, name): values for name, values in cohort.covariates.items()},
            **columns,
            "DOSEMEAN": course.doses.sum(axis=1, where=dosed) / dosed.sum(axis=1) * grid.per_day,
            "DOSELAST": daily[np.arange(cohort.n), last // grid.per_day - 1],
            "EOSSTT": np.where(course.died, "DIED", np.where(course.failed, "FAILED", ended)),
            "EOSDY": np.minimum(course.last_day, grid.days + 1).astype(int),
            **{
                f"{name}_DY": np.where(day <= np.minimum(course.last_day, grid.days), day, np.nan)
                for name, day in course.events.items()
            },
        }
    )


def _counts(design: TrialDesign, course: Course, with_outcome: int) -> dict[str, int]:
    end = np.minimum(course.last_day, course.grid.days)
    return {
        "enrolled": course.n,
        "with_outcome": with_outcome,
        "completed": int((~(course.last_day <= course.grid.days) & ~course.failed).sum()),
        "failed": int(course.failed.sum()),
        **{f"event: {name}": int((day <= end).sum()) for name, day in course.events.items()},
    }


def _quantiles(course: Course, name: str) -> pd.DataFrame:
    """Return an observable's quantiles by day over the patients who are still in follow-up."""
    days = np.arange(1, course.grid.days + 2)
    true = course.true[name][:, course.grid.mornings(days.tolist())]
    followed = (days <= course.last_day[:, np.newaxis]) & np.isfinite(true)
    left = followed.any(axis=0)
    quantiles: Floats = np.full((3, days.size), np.nan)
    quantiles[:, left] = np.nanquantile(np.where(followed, true, np.nan)[:, left], (0.05, 0.5, 0.95), axis=0)
    lower, median, upper = quantiles
    return pd.DataFrame({"day": days, "n": followed.sum(axis=0), "median": median, "lower": lower, "upper": upper})
