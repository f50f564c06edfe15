"""A trial's result: each subject's outcomes, the arms' means, their differences beside what is true, what to doubt."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kg.notebook import notebook_html
from twin.estimate import Estimate
from twin.model import MISSED_DOSES, Floats, parameter_table, residual_name
from twin.patient import Cohort
from twin.trials.allocations.allocation import Enrolling, Responses
from twin.trials.analysis.table import AnalysisError, Arms
from twin.trials.course import Course, Mask
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Shown, Value
from twin.trials.part import STATED, Assumption
from twin.trials.potential import potential_outcomes
from twin.trials.protocol import TrialDesign

_COLUMNS = {"age_years": "AGE", "race": "RACE", "height_cm": "HEIGHTBL", "weight_kg": "WEIGHTBL"}
"""What CDISC calls a covariate; others keep their names."""


@dataclass(frozen=True)
class Difference:
    """How an arm's outcome differs from the control's, and what is true.

    `twins` compares both potential outcomes of every enrolled patient; `parallel` is the comparison of two groups of
    patients by the endpoint's analysis, as a real trial makes it; `effect` is the one that the design asks for.
    `truth` is the effect had nobody left, under the estimand, of all enrolled patients in both arms.

    `correlation` is that of a patient's two outcomes, and `variance_ratio` how many times smaller the common random
    numbers make the variance of the difference; both are None where the two arms do not differ or vary, or where the
    outcome is no single number. `failure` says why there is no estimate, `adjusted_p` is after the adjustment for all
    comparisons of the trial.
    """

    treated: str
    control: str
    effect: Estimate
    twins: Estimate
    parallel: Estimate
    truth: Estimate
    correlation: float | None
    variance_ratio: float | None
    adjusted_p: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the figures under their names."""
        return _known(asdict(self))


@dataclass(frozen=True)
class EndpointResult:
    """What came out of one endpoint: each arm's mean (or share without the event), and the arms' differences."""

    endpoint: Endpoint
    words: str
    means: Mapping[str, Estimate]
    counts: Mapping[str, int]
    """Arm -> subjects with an outcome."""
    differences: tuple[Difference, ...]

    def contrasts(self, design: str) -> list[tuple[str, Estimate, str]]:
        """Return each difference between two arms in words, its estimate, and that for a reader: first the one the
        design asks for."""
        found, endpoint = [], self.endpoint
        for difference in self.differences:
            name, twins, parallel = (
                f"{difference.treated} - {difference.control}",
                difference.twins,
                difference.parallel,
            )
            views = {
                "twins": (f"{name}, each patient in both arms", twins, endpoint.shown_pair(twins)),
                "parallel": (f"{name}, as a parallel trial", parallel, endpoint.shown(parallel, difference=True)),
            }
            found += [views.pop(design), *views.values()]
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {
            "endpoint": self.endpoint.name,
            "kind": self.endpoint.kind,
            "words": self.words,
            "measure": self.endpoint.estimator.measure,
            "arms": [
                {"arm": arm, "with_outcome": self.counts[arm], "mean": _known(mean.to_json())}
                for arm, mean in self.means.items()
            ],
            "differences": [difference.to_json() for difference in self.differences],
        }


@dataclass(frozen=True)
class TrialResult:
    """A trial's result; shares of time are fractions."""

    design: TrialDesign
    subjects: pd.DataFrame
    """One row a subject and arm that the trial shows: USUBJID, ARM, covariates, each endpoint under its name, DOSEMEAN
    and DOSELAST (a day's, taken while followed), EOSSTT and EOSDY (end of follow-up), the day of each event."""
    endpoints: tuple[EndpointResult, ...]
    """In the design's order; the first is the primary one."""
    counts: Mapping[str, Mapping[str, int]]
    """Arm -> subjects enrolled, with the primary outcome, completed, failed to be computed, and with each event."""
    quantiles: Mapping[str, Mapping[str, pd.DataFrame]]
    """Observable -> arm -> day, n, median, lower, upper: its true median and 90 % range over the n subjects who are
    followed on that day; NaN where nobody is."""
    parameters: pd.DataFrame
    """name, value, unit, basis, source: of the model and of the dose algorithms used."""
    assumptions: pd.DataFrame
    """about, assumption, value, unit, reason: what the trial and the model take for granted or leave out; a value where
    the assumption is one."""
    courses: tuple[Course, ...]
    """What happened in each arm to those whom the trial shows there."""
    cohorts: tuple[Cohort, ...]
    """Who they are."""
    potential: pd.DataFrame
    """Everybody's true outcomes in every arm (`twin.trials.potential`), which no real trial shows."""
    versions: Mapping[str, str]

    @property
    def primary(self) -> EndpointResult:
        """What came out of the first endpoint."""
        return self.endpoints[0]

    @property
    def means(self) -> Mapping[str, Estimate]:
        """Arm -> mean of the primary endpoint."""
        return self.primary.means

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The arms' differences in the primary endpoint."""
        return self.primary.differences

    @property
    def citation(self) -> str:
        """The twin model's."""
        return self.design.model.citation

    @property
    def estimand(self) -> str:
        """Return in words what the differences in the primary endpoint estimate."""
        events = self.design.asks.words
        return (
            f"{self.primary.endpoint.effect.capitalize()} {self.primary.words}, between the arms' dosing rules as"
            f" assigned, whatever doses were taken{f', {events},' if events else ','} in patients of the stated"
            " population."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates: quantity, n (of an arm's mean), estimate, lower, upper, level, method."""
        rows: list[tuple[str, int | None, Estimate]] = []
        for found in self.endpoints:
            name = found.endpoint.name
            rows += [(f"{name}, {arm}", found.counts[arm], mean) for arm, mean in found.means.items()]
            inside = "" if found is self.primary else f"{name}: "
            rows += [(f"{inside}{words}", None, one) for words, one, _ in found.contrasts(self.design.trial.design)]
        return pd.DataFrame(
            [(words, n, e.value, e.lower, e.upper, e.level, e.method) for words, n, e in rows],
            columns=["quantity", "n", "estimate", "lower", "upper", "level", "method"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data for result.json; the subjects stand in a file of their own."""
        primary = self.primary.to_json()
        return {
            "trial": self.design.trial.name,
            "estimand": self.estimand,
            "endpoint": self.primary.endpoint.name,
            "model": {"name": self.design.trial.model, "citation": self.citation},
            "seed": self.design.trial.seed,
            "arms": [{**self.counts[row["arm"]], **row} for row in primary["arms"]],
            "differences": primary["differences"],
            "endpoints": [found.to_json() for found in self.endpoints],
            "monte_carlo": self.monte_carlo,
            "assumptions": self.assumptions.astype(object).replace(np.nan, None).to_dict("records"),
            "parameters": self.parameters.to_dict("records"),
            "versions": dict(self.versions),
            "design": self.design.model_dump(mode="json"),
        }

    def to_text(self) -> str:
        """Return the result as a few lines."""
        level = self.design.analysis.level
        lines = [f"{self.design.trial.name}: {self.primary.words}, {level:.0%} intervals"]
        for found in self.endpoints:
            show, name = found.endpoint.shown, found.endpoint.name
            lines += [f"  {name}, {arm}: {show(mean)}, n = {found.counts[arm]}" for arm, mean in found.means.items()]
            lines += [f"  {name}, {words}: {said}" for words, _, said in found.contrasts(self.design.trial.design)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())

    @property
    def monte_carlo(self) -> str:
        """Return what the intervals hold and what they do not."""
        return (
            "Intervals hold the chance of which virtual patients were drawn and how they fared. They do not hold the"
            " uncertainty of the model's parameters, nor of its structure. The same seed gives the same result."
        )


def summarise(
    design: TrialDesign, cohort: Cohort, courses: Sequence[Course], true: Sequence[Course] | None = None
) -> TrialResult:
    """Compare the arms; in a parallel trial each patient shows the arm that it is allocated to.

    `true` are the courses in which what counts as hypothetical did not happen, the same where nothing does.
    """
    shown = shown_in(design, cohort, courses)
    parts = [course.some(mask) for course, mask in zip(courses, shown, strict=True)]
    people = [_some(cohort, mask) for mask in shown]
    endpoints = _adjusted(
        design, [compared(design, one, cohort, (courses, true or courses), shown) for one in design.endpoints]
    )
    return TrialResult(
        design=design,
        subjects=pd.concat([_subjects(design, *one) for one in zip(people, parts, strict=True)], ignore_index=True),
        endpoints=endpoints,
        counts={part.arm: _counts(design, part, endpoints[0].counts[part.arm]) for part in parts},
        quantiles={name: {part.arm: _quantiles(part, name) for part in parts} for name in design.model.observables},
        parameters=pd.DataFrame([*parameter_table(design.model), *_unique(design, "parameters")]),
        assumptions=pd.DataFrame(_assumptions(design), columns=list(Assumption._fields)),
        courses=tuple(parts),
        cohorts=tuple(people),
        potential=potential_outcomes(design, cohort, true or courses, shown),
        versions={
            "panakeia": version("panakeia"),
            "python": platform.python_version(),
            **{package: version(package) for package in ("jax", "numpy", "scipy")},
        },
    )


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
    stratum = estimand.stratum(list(courses[0]))
    true = [estimand.true(endpoint, course, stratum) for course in courses[1]]
    seen = [outcome.some(mask) for outcome, mask in zip(everyone, shown, strict=True)]
    for course, outcome in zip(courses[0], seen, strict=True):
        if outcome.known.sum() < 2:
            raise ValueError(
                f"arm {course.arm!r}: {outcome.known.sum()} subjects have an outcome for {endpoint.name}, expected 2 or"
                " more: enrol more"
            )
    people = [_some(cohort, mask) for mask in shown]
    names = [course.arm for course in courses[0]]
    arms = [
        Shown(*one)
        for one in zip(names, [p.ids for p in people], seen, [endpoint.covariates_of(p) for p in people], strict=True)
    ]
    return EndpointResult(
        endpoint,
        endpoint.words(design.grid, leave=any(hazard.then in ("leave", "die") for hazard in design.hazards)),
        {arm.arm: arm.outcome.summary(level) for arm in arms},
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


def _adjusted(design: TrialDesign, found: list[EndpointResult]) -> tuple[EndpointResult, ...]:
    """Return the endpoints with p-values adjusted for all comparisons; one without a p-value counts as 1."""
    known = {
        f"{one.endpoint.name}: {each.treated}": 1.0 if each.effect.p_value is None else each.effect.p_value
        for one in found
        for each in one.differences
    }
    adjusted = design.analysis.multiplicity.adjusted(known)
    return tuple(
        replace(
            one,
            differences=tuple(
                replace(each, adjusted_p=adjusted[f"{one.endpoint.name}: {each.treated}"])
                if each.effect.p_value is not None
                else each
                for each in one.differences
            ),
        )
        for one in found
    )


def _known(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures for JSON, in which one that is not known is null."""
    return {
        name: _known(one)
        if isinstance(one, Mapping)
        else None
        if isinstance(one, float) and not np.isfinite(one)
        else one
        for name, one in figures.items()
    }


def _some(cohort: Cohort, who: Mask) -> Cohort:
    ids = tuple(np.array(cohort.ids, object)[who])
    return Cohort(ids, {name: values[who] for name, values in cohort.covariates.items()})


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


def _unique(design: TrialDesign, what: str) -> list[Any]:
    """Return what the design's parts tell of themselves, each row once."""
    rows = [row for _, part in design.parts for row in getattr(part, what)()]
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def _assumptions(design: TrialDesign) -> list[Assumption]:
    """Return what the trial and its model take for granted."""
    shown = "" if design.trial.design == "twins" else "; the trial shows one arm of each"
    return [
        *design.population.assumptions(),
        Assumption("design", f"Every patient goes through every arm with the same luck{shown}.", None, "", STATED),
        *_conduct(design),
        *_unique(design, "assumptions"),
        *_of_model(design),
    ]


def _conduct(design: TrialDesign) -> list[Assumption]:
    """Return what the trial takes for granted of measurements, and of what rules know."""
    conduct, measured = design.conduct, ", ".join(design.measured)
    error = (
        f"Measured {measured} scatter around what is true by the model's residual error, independently of each other."
    )
    rows = [
        Assumption(
            "conduct",
            error if conduct.measurement_error else f"{measured} is measured without error.",
            None,
            "",
            STATED,
        ),
        Assumption(
            "conduct",
            "While a patient is followed, each measurement is made on its day, and each dose given"
            " follows the arm's rules.",
        ),
        Assumption("conduct", "Who leaves is followed on, unseen, on the arm's rules: what would have been."),
    ]
    if not conduct.adherence.complete:
        rows.append(Assumption("conduct", "The arms' rules do not know which doses were missed."))
    if conduct.occasion_days is not None:
        told = "Between occasions a patient's parameters vary as the model says; days of an occasion."
        rows.append(Assumption("conduct", told, float(conduct.occasion_days), "d", STATED))
    return rows


def _of_model(design: TrialDesign) -> list[Assumption]:
    """Return what the model takes for granted and leaves out.

    Of the residual errors the trial uses those of what it measures, and only where measured with error; a trial in
    which doses are missed does not leave them out.
    """
    model, conduct = design.model, design.conduct
    unused = {
        residual_name(name) for name in model.errors if not conduct.measurement_error or name not in design.measured
    }
    assumed = [
        row
        for row in parameter_table(model)
        if row["basis"] == "assumed" and not any(str(row["name"]).startswith(name) for name in unused)
    ]
    added = set() if conduct.adherence.complete else {MISSED_DOSES}
    own = [
        Assumption("parameters", f"{name}, in the arm {arm.name!r} alone", value, model.parameters[name].unit, STATED)
        for arm in design.arms
        for name, value in arm.parameters.items()
    ]
    return [
        *own,
        *(
            Assumption("parameters", str(row["name"]), float(row["value"]), str(row["unit"]), str(row["source"]))
            for row in assumed
        ),
        *(Assumption("left out of the model", what) for what in model.left_out if what not in added),
    ]
