"""Comparison: the arms of a trial beside each other, as a real one shows them, as twins, and as it is in truth."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.estimate import Estimate
from twin.patient import Cohort
from twin.trials.allocations.allocation import Enrolling, Responses
from twin.trials.analysis.table import AnalysisError, Arms
from twin.trials.course import Course, Mask
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Shown, Value
from twin.trials.protocol import TrialDesign
from twin.trials.result import Difference, EndpointResult

PAIRED = 2_000
"""Of so many patients each pair is compared, where the truth is a shift."""


def shown_in(design: TrialDesign, cohort: Cohort, courses: Sequence[Course]) -> list[Mask]:
    """Return who is shown in each arm: everybody in a trial of twins, else those allocated to it.

    The courses are those of all patients in every arm.
    """
    if design.trial.design == "twins":
        return [np.ones(cohort.n, bool) for _ in courses]
    allocated = allocated_to(design, cohort, courses)
    return [allocated == index for index in range(len(courses))]


def allocated_to(design: TrialDesign, cohort: Cohort, courses: Sequence[Course] = ()) -> NDArray[np.intp]:
    """Return each patient's arm, in a trial of this cohort, in the order in which it comes: [patient].

    An allocation that adapts needs the courses of all patients in every arm.
    """
    shares = tuple(arm.share for arm in design.arms)
    enrolling = Enrolling(cohort.ids, cohort.covariates, shares, design.trial.seed)
    if not design.allocation.adapts:
        return design.allocation.arms(enrolling)
    endpoint, came = design.endpoints[0], design.enrolment.days(cohort.ids, design.trial.seed)
    outcomes = [design.asks.observed(endpoint, course) for course in courses]
    better = np.array([endpoint.sign * one.value for one in outcomes if isinstance(one, Value)])
    return design.allocation.adapted(enrolling, Responses(better, came, came + design.days))


def compared(
    design: TrialDesign,
    endpoint: Endpoint,
    cohort: Cohort,
    courses: tuple[Sequence[Course], Sequence[Course]],
    shown: Sequence[Mask],
) -> EndpointResult:
    """Compare all arms with the first by an endpoint."""
    estimand, level = design.asks, design.analysis.level
    everyone = [estimand.observed(endpoint, course) for course in courses[0]]
    stratum = estimand.stratum(list(courses[1]))
    true = [estimand.true(endpoint, course, stratum) for course in courses[1]]
    seen = [outcome.some(mask) for outcome, mask in zip(everyone, shown, strict=True)]
    for course, outcome in zip(courses[0], seen, strict=True):
        if outcome.known.sum() < 2:
            raise ValueError(
                f"arm {course.arm!r}: {outcome.known.sum()} subjects have an outcome for {endpoint.name}, expected 2 or"
                " more: enrol more"
            )
    people = [cohort.some(mask) for mask in shown]
    names = [course.arm for course in courses[0]]
    arms = [
        Shown(*one)
        for one in zip(names, [p.ids for p in people], seen, [endpoint.covariates_of(p) for p in people], strict=True)
    ]
    return EndpointResult(
        endpoint,
        endpoint.words(design.grid, leave=any(hazard.then in ("leave", "die") for hazard in design.hazards)),
        {arm.arm: endpoint.mean(arm.outcome, level) for arm in arms},
        {arm.arm: int(arm.outcome.known.sum()) for arm in arms},
        tuple(
            _difference(
                design, endpoint, (arms[place], arms[0]), (everyone[place], everyone[0]), (true[place], true[0])
            )
            for place in range(1, len(arms))
        ),
    )


def _difference(
    design: TrialDesign,
    endpoint: Endpoint,
    shown: tuple[Shown, Shown],
    everyone: tuple[Outcome, Outcome],
    true: tuple[Outcome, Outcome],
) -> Difference:
    """Compare a treated arm with the control: all potential outcomes of both, those that the trial shows, the truth."""
    level = design.analysis.level
    names = Arms(shown[0].arm, shown[1].arm)
    tables = [arm.table() for arm in shown]
    if design.trial.design == "twins":  # as if they were different patients
        tables = [table.assign(USUBJID=table["TRT01P"] + "/" + table["USUBJID"]) for table in tables]
    try:
        parallel = endpoint.estimator.estimate(pd.concat(tables), names, level)
    except AnalysisError as failure:
        parallel = Estimate.none(level, failure)
    twins = everyone[0].paired(everyone[1], level)  # type: ignore[arg-type]
    correlation, ratio = _alike(*everyone, twins)
    return Difference(
        treated=shown[0].arm,
        control=shown[1].arm,
        effect=twins if design.trial.design == "twins" else parallel,
        twins=twins,
        parallel=parallel,
        truth=_truth(endpoint, true, names, twins),
        correlation=correlation,
        variance_ratio=ratio,
    )


def _truth(endpoint: Endpoint, true: tuple[Outcome, Outcome], names: Arms, twins: Estimate) -> Estimate:
    """Return the effect among both potential outcomes of everybody, on the scale of the endpoint's analysis."""
    if endpoint.estimator.measure == "difference" and endpoint.estimator.needs != "timed":
        found = true[0].paired(true[1], twins.level)  # type: ignore[arg-type]
        return replace(found, method="both potential outcomes of all, had nobody left: " + found.method)
    ids = tuple(f"{place}" for place in range(len(true[0].known)))
    both = [Shown(name, ids, outcome) for name, outcome in zip((names.treatment, names.control), true, strict=True)]
    adjusted = endpoint.estimator.covariates_read or endpoint.estimator.prognostic
    analysis = endpoint.usual if adjusted else endpoint.estimator
    if analysis.measure == "shift":  # every pair of patients is compared
        both = [
            replace(arm, ids=arm.ids[:PAIRED], outcome=arm.outcome.some(np.arange(min(PAIRED, len(ids)))))
            for arm in both
        ]
    table = pd.concat([arm.table().drop(columns="USUBJID") for arm in both])
    try:
        found = analysis.estimate(table, names, twins.level)
    except AnalysisError as failure:
        return Estimate.none(twins.level, failure)
    return replace(found, method="both potential outcomes of all, had nobody left: " + found.method)


def _alike(one: Outcome, two: Outcome, twins: Estimate) -> tuple[float | None, float | None]:
    """Return the correlation of patients' two outcomes, and the ratio of variances that it makes."""
    if not (isinstance(one, Value) and isinstance(two, Value)):
        return None, None
    both = one.known & two.known
    pair = (one.value[both], two.value[both])
    if min(outcome.std() for outcome in pair) == 0 or not twins.standard_error > 0:
        return None, None
    unpaired = sum(outcome.var(ddof=1) / outcome.size for outcome in pair)
    return float(np.corrcoef(*pair)[0, 1]), float(unpaired / twins.standard_error**2)


def adjusted(design: TrialDesign, found: list[EndpointResult]) -> tuple[EndpointResult, ...]:
    """Return the endpoints with p-values adjusted for all comparisons; one without a p-value counts as 1."""
    known = {
        f"{one.endpoint.name}: {each.treated}": 1.0 if (p := one.endpoint.p(each.effect)) is None else p
        for one in found
        for each in one.differences
    }
    adjusted = design.analysis.multiplicity.adjusted(known)
    return tuple(
        replace(
            one,
            differences=tuple(
                replace(each, adjusted_p=adjusted[f"{one.endpoint.name}: {each.treated}"])
                if one.endpoint.p(each.effect) is not None
                else each
                for each in one.differences
            ),
        )
        for one in found
    )
