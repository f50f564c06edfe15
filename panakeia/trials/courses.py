"""What patients' courses were: what is measured, and what was given, of those who are still followed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from panakeia.figures import FEWEST
from panakeia.report import Section
from panakeia.trials.figures import Band, panels_figure
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.protocol import TrialDesign
from twin.trials.result import TrialResult
from twin.words import with_unit


def courses_section(result: TrialResult) -> Section:
    """Draw each observable that is measured, or looked at by an endpoint, in time."""
    return Section(
        title="Courses",
        figure=courses_figure(result),
        caption=(
            "True values, not what was measured. Line and band: median and 90 % range of the patients who are still"
            f" followed, where these are {FEWEST} or more; a shaded range is an endpoint's."
        ),
    )


def courses_figure(result: TrialResult) -> Figure:
    """Draw a panel for each observable: every arm's median and 90 % range by day, an endpoint's range shaded."""
    units = result.design.model.observables
    return panels_figure(
        {with_unit(name, units[name]): result.quantiles[name] for name in shown_observables(result.design)},
        [range_of(result.design.endpoints, name) for name in shown_observables(result.design)],
    )


def shown_observables(design: TrialDesign) -> tuple[str, ...]:
    """Return the observables that are measured or looked at by an endpoint; the model's first where none is."""
    asked = {name for endpoint in design.endpoints for name in endpoint.observables} | set(design.measured)
    every = tuple(design.model.observables)
    return tuple(name for name in every if name in asked) or every[:1]


def range_of(endpoints: tuple[Endpoint, ...], observable: str) -> Band | None:
    """Return the range of an observable that the first endpoint with one counts as good; one with two ends, if any."""
    stated = [endpoint.wanted for endpoint in endpoints if observable in endpoint.observables]
    ranges = sorted((one for one in stated if one is not None), key=lambda one: None in one)
    return ranges[0] if ranges else None


def doses_section(result: TrialResult) -> Section:
    """Draw the doses given in time."""
    unit = result.design.model.dose_unit
    every = interval_days(result.design)
    what = "dose given in a day" if every == 1 else f"daily dose, mean over {every} days"
    return Section(
        title="Doses",
        figure=panels_figure({with_unit(what, unit): doses_given(result.courses, every)}, [None]),
        caption=f"Median and 90 % range of the patients who are still followed, where these are {FEWEST} or more.",
    )


def interval_days(design: TrialDesign) -> int:
    """Return the longest time from dose to dose in any arm, in whole days."""
    return max(1, *(int(-(-arm.policy.every_h // 24)) for arm in design.arms))


def doses_given(courses: tuple[Course, ...], every: int) -> Mapping[str, pd.DataFrame]:
    """Return for each arm the doses given in a day, means over `every` days: day, n, median, lower, upper."""
    return {course.arm: _given(course, every) for course in courses}


def _given(course: Course, every: int) -> pd.DataFrame:
    grid = course.grid
    daily = course.given.reshape(course.n, grid.days, grid.per_day).sum(axis=2)
    starts = np.arange(0, grid.days, every)
    lengths = np.minimum(starts + every, grid.days) - starts
    mean = np.add.reduceat(daily, starts, axis=1) / lengths
    followed = (starts + 1 <= course.last_day[:, np.newaxis]) & np.isfinite(mean)
    there = followed.any(axis=0)
    figures = np.full((3, starts.size), np.nan)
    figures[:, there] = np.nanquantile(np.where(followed, mean, np.nan)[:, there], (0.5, 0.05, 0.95), axis=0)
    median, lower, upper = figures
    return pd.DataFrame(
        {"day": starts + 1, "n": followed.sum(axis=0), "median": median, "lower": lower, "upper": upper}
    )
