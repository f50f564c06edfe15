"""Safety and exposure: to how many what happened, how fast, and for how long they were treated."""

import numpy as np
import pandas as pd
from scipy.stats import chi2

from panakeia.report import Section, Table
from twin.model import Floats
from twin.trials.course import Course
from twin.trials.endpoints.ever import Ever
from twin.trials.result import TrialResult
from twin.words import with_unit

YEAR_D = 365.25


def safety_section(result: TrialResult) -> Section:
    """Show exposure, and each kind of event with its rate."""
    return Section(
        title="Safety and exposure",
        tables=(Table(exposure_table(result), "Exposure"), Table(events_table(result), "Events while followed")),
        caption=(
            "Rates are of first events per 100 patient-years at risk, with exact 95 % intervals. What a threshold is"
            " passed by is a measurement at a visit."
        ),
    )


def exposure_table(result: TrialResult) -> pd.DataFrame:
    """Return for each arm: patients, years followed, mean daily dose given, share of the dose that was taken."""
    rows = []
    for course in result.courses:
        days = followed_days(course)
        at = course.grid.day_of_step <= days[:, np.newaxis]
        given, taken = (float(np.nansum(doses, where=at)) for doses in (course.given, course.doses))
        rows.append(
            {
                "arm": course.arm,
                "patients": course.n,
                "patient-years": float(days.sum() / YEAR_D),
                with_unit("mean daily dose given", result.design.model.dose_unit): given / float(days.sum()),
                "taken": f"{taken / given:.1%}" if given else "",
            }
        )
    return pd.DataFrame(rows)


def followed_days(course: Course) -> Floats:
    """Return for how many days each patient was followed: [patient]."""
    return np.minimum(course.last_day, course.grid.days)


def events_table(result: TrialResult) -> pd.DataFrame:
    """Return a row for each arm and kind of event: each hazard, each threshold of a safety endpoint."""
    rows = []
    for course in result.courses:
        happened = {hazard.name: course.events[hazard.name] for hazard in result.design.hazards}
        for endpoint in result.design.endpoints:
            if isinstance(endpoint, Ever):
                happened[endpoint.words(course.grid).removeprefix("the share ever ")] = _passed(endpoint, course)
        rows += [{"event": name, "arm": course.arm, **_rate(day, course)} for name, day in happened.items()]
    columns = ["event", "arm", "patients", "share", "patient-years at risk", "per 100 patient-years"]
    return pd.DataFrame(rows, columns=columns).sort_values("event", kind="stable", ignore_index=True)


def _passed(endpoint: Ever, course: Course) -> Floats:
    """Return the day of the first visit at which a threshold is seen to be passed, infinite for none: [patient]."""
    outside = endpoint.passed(course.seen(endpoint.observable))
    days = np.array(course.grid.visits, np.float64)[outside.argmax(axis=1)]
    return np.where(outside.any(axis=1), days, np.inf)


def _rate(day: Floats, course: Course) -> dict[str, object]:
    end = followed_days(course)
    happened = day <= end + (day == course.grid.days + 1)  # the last visit is on the morning after the last dose
    years = float(np.minimum(day, end).sum() / YEAR_D)
    count = int(happened.sum())
    lower, upper = poisson_interval(count)
    per = 100.0 / years if years else float("nan")
    return {
        "patients": count,
        "share": f"{count / course.n:.1%}",
        "patient-years at risk": years,
        "per 100 patient-years": f"{per * count:.3g} ({per * lower:.3g} to {per * upper:.3g})",
    }


def poisson_interval(count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a Poisson mean by a count. Garwood F. Biometrika 1936;28:437-442.

    >>> [round(bound, 2) for bound in poisson_interval(10)]
    [4.8, 18.39]
    """
    tail = (1 - level) / 2
    lower = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return lower, float(chi2.isf(tail, 2 * count + 2)) / 2
