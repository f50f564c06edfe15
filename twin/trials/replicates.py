"""Replicates: a trial run many times over, each time on other patients, each of whom is shown in one arm.

Patients of many replicates go through an arm together. The first looks of one replicate see the patients who came
first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from twin.estimate import Estimate
from twin.model import Floats
from twin.patient import Cohort
from twin.trials.analysis.table import AnalysisError, Arms
from twin.trials.comparison import allocated_to, compared
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Shown, Timed
from twin.trials.interims import FIXED
from twin.trials.protocol import TrialDesign
from twin.trials.reestimations.reestimation import Reestimation
from twin.trials.run import AT_ONCE, Enrolled, enrol, follow

COLUMNS = (
    *("replicate", "endpoint", "treated", "estimate", "standard_error", "lower", "upper", "p_value", "z"),
    *("look", "rejected", "patients", "enrolled"),
)
"""Of the table of replicates: `look`, from 1, is the one at which the trial stops, `rejected` whether it then finds the
arm better (or no worse than the margin), `patients` those seen then, `enrolled` those who had come."""
TRUTH_FROM = 10**8
"""The number of the first patient by whom the truth is found: no replicate has them."""


def per_chunk(design: TrialDesign) -> int:
    """Return how many replicates are simulated together: fewer where a rule is slow, so that a run tells where it is
    and loses little when it is stopped."""
    return max(1, min(AT_ONCE, *(arm.policy.at_once for arm in design.arms)) // patients(design))


def patients(design: TrialDesign) -> int:
    """Return how many patients one trial has, at most where its size is chosen anew."""
    most = design.reestimation.most if design.reestimation else 1.0
    return int(np.ceil(planned(design) * most - 1e-9))


def planned(design: TrialDesign) -> int:
    """Return how many patients one trial is planned with."""
    return design.trial.subjects_per_arm * len(design.arms)


def replicate(design: TrialDesign, first: int, count: int) -> pd.DataFrame:
    """Run a trial `count` times, the replicates from number `first`, from 0, on; return a row for each replicate,
    endpoint and arm but the control."""
    size = patients(design)
    enrolled = enrol(design, size * count, first * size + 1)
    everyone = [follow(design, arm, enrolled) for arm in design.arms] if design.allocation.adapts else []
    allocated, came = _allocated(design, enrolled, everyone, count), _came(design, enrolled.cohort, count)
    number, place = np.divmod(np.arange(size * count), size)
    courses, shown = [], []
    for index, arm in enumerate(design.arms):
        here = np.flatnonzero(allocated == index)
        some = enrolled.some(here)
        courses.append(everyone[index].some(here) if everyone else follow(design, arm, some))
        order = pd.DataFrame({"REPLICATE": number[here], "ORDER": place[here], "CAME": came[here]})
        shown.append((some.cohort, order))
    rows: list[dict[str, Any]] = []
    ends: dict[tuple[int, str], _End] = {}
    for position, endpoint in enumerate(design.endpoints):
        arms = [_Arm.of(design, endpoint, course, *told) for course, told in zip(courses, shown, strict=True)]
        for treated in arms[1:]:
            rows += _each(design, endpoint, (treated, arms[0]), first, ends, primary=position == 0)
    found = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("replicate", kind="stable", ignore_index=True)
    return _adjusted(design, found)


def truth(design: TrialDesign, number: int) -> dict[tuple[str, str], Estimate]:
    """Return the true effect of each endpoint and arm, by names, among so many patients in every arm."""
    enrolled = enrol(design, number, TRUTH_FROM)
    courses = [follow(design, arm, enrolled) for arm in design.arms]
    without = design.asks.hypothetical
    other = [follow(design, arm, enrolled, without) for arm in design.arms] if without else courses
    everyone = [np.ones(number, bool) for _ in courses]
    return {
        (endpoint.name, difference.treated): difference.truth
        for endpoint in design.endpoints
        for difference in compared(design, endpoint, enrolled.cohort, (courses, other), everyone).differences
    }


@dataclass(frozen=True, eq=False)
class _Arm:
    """An arm's rows for analyses, with REPLICATE, ORDER (in which patients came) and CAME (the day) beside."""

    name: str
    table: pd.DataFrame
    timed: bool

    @classmethod
    def of(cls, design: TrialDesign, endpoint: Endpoint, course: Course, cohort: Cohort, order: pd.DataFrame) -> "_Arm":
        outcome: Outcome = design.asks.observed(endpoint, course)
        rows = Shown(course.arm, cohort.ids, outcome, endpoint.covariates_of(cohort)).table()
        place = pd.Series(np.arange(cohort.n), index=list(cohort.ids))
        found = order.iloc[place[rows["USUBJID"]].to_numpy()].reset_index(drop=True)
        return cls(course.arm, pd.concat([rows.reset_index(drop=True), found], axis=1), isinstance(outcome, Timed))


def _adjusted(design: TrialDesign, found: pd.DataFrame) -> pd.DataFrame:
    """Return the replicates in which a comparison counts as found only where it is after the design's adjustment.

    Each is tested for being better, at half of 1 - level. What interim looks found, or did not, is as it is.
    """
    adjustment, primary = design.analysis.multiplicity, design.endpoints[0].name
    if adjustment.kind == "none":
        return found
    for _, rows in found.groupby("replicate"):
        p = {str(place): float(2 * norm.sf(z)) if np.isfinite(z) else 1.0 for place, z in rows["z"].items()}
        looked = design.interims is not None or design.reestimation is not None
        decided = rows.index[(rows["endpoint"] == primary) & looked]
        p |= {str(place): 0.0 if rows.loc[place, "rejected"] else 1.0 for place in decided}
        kept = adjustment.adjusted({name: min(1.0, one) for name, one in p.items()})
        for place in rows.index:
            found.loc[place, "rejected"] = kept[str(place)] <= 1.0 - design.analysis.level
    return found


def _each(
    design: TrialDesign,
    endpoint: Endpoint,
    arms: tuple[_Arm, _Arm],
    first: int,
    ends: "dict[tuple[int, str], _End]",
    *,
    primary: bool,
) -> list[dict[str, Any]]:
    """Return the row of each replicate; the primary endpoint says, in `ends`, where a comparison stopped early."""
    names = Arms(arms[0].name, arms[1].name)
    rows = []
    for number, table in pd.concat([arm.table for arm in arms]).groupby("REPLICATE"):
        place = (int(str(number)), names.treatment)
        if primary and design.reestimation is not None:
            look, end = _chosen_anew(design, design.reestimation, endpoint, table, names)
            ends[place] = _End(end, np.inf)
        else:
            looks = _looks(design, table, timed=arms[0].timed) if primary else [_until(design, table, ends.get(place))]
            look = _stopped(design, endpoint, looks, names, primary=primary)
            if primary and look.number < len(looks):
                ends[place] = _end(look.seen, timed=arms[0].timed)
        stopped = look.estimate
        rows.append(
            {
                "replicate": first + place[0],
                "endpoint": endpoint.name,
                "treated": names.treatment,
                "estimate": stopped.value,
                **{name: getattr(stopped, name) for name in COLUMNS[4:8]},
                "z": look.z,
                "look": look.number,
                "rejected": look.rejected,
                "patients": look.seen["USUBJID"].nunique(),
                "enrolled": _enrolled(design, table, look.seen),
            }
        )
    return rows


class _Look(NamedTuple):
    """The look, from 1, at which a trial ends: what it sees then, and what it finds."""

    number: int
    seen: pd.DataFrame
    estimate: Estimate
    z: float
    rejected: bool


def _stopped(
    design: TrialDesign, endpoint: Endpoint, looks: list[pd.DataFrame], names: Arms, *, primary: bool
) -> _Look:
    """Return the look at which the design's bounds stop a trial."""
    found = [_estimate(endpoint, look, names, design.analysis.level) for look in looks]
    z: Floats = np.array([endpoint.z(one) for one in found])
    stop, rejected = ((design.interims or FIXED) if primary else FIXED).stopped(z)
    return _Look(stop + 1, looks[stop], found[stop], float(z[stop]), rejected)


def _chosen_anew(
    design: TrialDesign, rule: Reestimation, endpoint: Endpoint, table: pd.DataFrame, names: Arms
) -> tuple[_Look, int]:
    """Return where a trial ends whose size is chosen anew at a look, and its number of patients."""

    def found(rows: pd.DataFrame) -> tuple[Estimate, float]:
        estimate = _estimate(endpoint, rows, names, design.analysis.level)
        return estimate, endpoint.z(estimate)

    seen = int(np.ceil(rule.at * planned(design) - 1e-9))
    first = table[table["ORDER"] < seen]
    early, z = found(first)
    if rule.stops(z):
        return _Look(1, first, early, z, True), seen
    wanted = rule.grown(first["AVAL"].to_numpy(np.float64), z, planned(design))
    size = min(max(int(np.ceil(wanted - 1e-9)), seen), patients(design))
    whole = table[table["ORDER"] < size]
    estimate, of_all = found(whole)
    last = rule.statistic(z, found(whole[whole["ORDER"] >= seen])[1], of_all)
    return _Look(2, whole, estimate, last, bool(last >= rule.critical)), size


class _End(NamedTuple):
    """Where a trial stopped early: the patients before a place, or a day of the calendar."""

    order: float
    day: float


def _end(seen: pd.DataFrame, *, timed: bool) -> _End:
    """Return where the patients seen, or their times, end."""
    if timed:
        return _End(np.inf, float((seen["CAME"] + seen["AVAL"]).max()))
    return _End(float(seen["ORDER"].max()) + 1, np.inf)


def _until(design: TrialDesign, table: pd.DataFrame, end: _End | None) -> pd.DataFrame:
    """Return what is known of another endpoint where the trial stopped."""
    if end is None:
        return table
    here = table[table["ORDER"] < end.order]
    if "CNSR" in here:
        return _cut(here, end.day)
    return here[here["CAME"] + design.days <= end.day]


def _looks(design: TrialDesign, table: pd.DataFrame, *, timed: bool) -> list[pd.DataFrame]:
    """Return what is known at each look of one replicate."""
    interims = design.interims or FIXED
    if timed:
        calendar = np.sort((table["CAME"] + table["AVAL"])[table["CNSR"] == 0].to_numpy())
        wanted = [int(np.ceil(share * len(calendar) - 1e-9)) for share in interims.information]
        return [_cut(table, calendar[max(events, 1) - 1]) if len(calendar) else table for events in wanted[:-1]] + [
            table
        ]
    counts = [int(np.ceil(share * patients(design) - 1e-9)) for share in interims.information]
    return [table[table["ORDER"] < count] for count in counts]


def _cut(table: pd.DataFrame, day: float) -> pd.DataFrame:
    """Return times to event as they are known on a day of the calendar."""
    followed = day - table["CAME"]
    known = table.assign(
        AVAL=np.minimum(table["AVAL"], followed), CNSR=np.where(table["AVAL"] > followed, 1.0, table["CNSR"])
    )
    return known[followed > 0]


def _enrolled(design: TrialDesign, table: pd.DataFrame, seen: pd.DataFrame) -> int:
    """Return how many had come by the day on which the last of those seen was at the end; of a size that was chosen
    anew, that."""
    if design.reestimation is not None:
        return int(seen["ORDER"].max()) + 1 if len(seen) else 0
    if len(seen) == len(table):
        return patients(design)
    day = float((seen["CAME"] + (seen["AVAL"] if "CNSR" in seen else design.days)).max())
    return int(table.loc[table["CAME"] <= day, "USUBJID"].nunique())


def _estimate(endpoint: Endpoint, table: pd.DataFrame, names: Arms, level: float) -> Estimate:
    try:
        return endpoint.estimator.estimate(table, names, level)
    except AnalysisError as failure:
        return Estimate.none(level, failure)


def _allocated(design: TrialDesign, enrolled: Enrolled, everyone: Sequence[Course], count: int) -> np.ndarray:
    """Return each patient's arm, each replicate allocated alone: [patient]."""
    size, cohort = patients(design), enrolled.cohort
    found = []
    for start in range(0, size * count, size):
        some = np.arange(start, start + size)
        found.append(allocated_to(design, cohort.some(some), [course.some(some) for course in everyone]))
    return np.concatenate(found)


def _came(design: TrialDesign, cohort: Cohort, count: int) -> Floats:
    """Return the day on which each patient of each replicate comes: [patient]."""
    size = patients(design)
    ids = cohort.ids
    return np.concatenate(
        [design.enrolment.days(ids[start : start + size], design.trial.seed) for start in range(0, size * count, size)]
    )
