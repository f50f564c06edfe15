"""A simulated trial: enrol, dose, observe, titrate, leave; every patient in every arm, with the same luck."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.files.checked import read_toml
from kg.progress import Progress, silent
from twin.engine import begin, float64_on_cpu, look, typical
from twin.model import Floats, Individual, Model
from twin.patient import Cohort
from twin.simulate import draw
from twin.solve.choose import flat
from twin.solve.flat import RISK
from twin.steps import carry
from twin.streams import normals, uniforms
from twin.trials.course import Course, Mask
from twin.trials.endpoints.outcome import Value
from twin.trials.estimators.estimator import SCORE
from twin.trials.hazards.hazard import Hazard, Stretch
from twin.trials.occasion import draw_occasion
from twin.trials.plan import Plan
from twin.trials.policies.policy import History, Patients
from twin.trials.protocol import Arm, TrialDesign
from twin.trials.result import TrialResult
from twin.trials.summary import summarise
from twin.trials.variants import variants

ARM = -1
"""Who takes what the arm's rule says; others take what the hazard in this place has switched them to."""
AT_ONCE = 20_000
"""Patients who go through an arm at once: what is remembered of them fits in memory."""


@dataclass(frozen=True, eq=False)
class Enrolled:
    """The patients of a trial, and all that chance holds for them: the same in every arm."""

    cohort: Cohort
    bodies: tuple[Individual, ...]
    """Their individual parameters, [patient] each, on each occasion in turn."""
    error: dict[str, Floats]
    """Standard normal errors of each observable that is measured, [patient, visit]."""
    takes: Mask
    """Whether a dose that is given is taken, [patient, step]."""
    threshold: dict[str, Floats]
    """How much of each hazard a patient bears before it happens, [patient]: exponential."""

    def some(self, who: Mask | NDArray[np.intp]) -> "Enrolled":
        """Return some of the patients."""
        return Enrolled(
            self.cohort.some(who),
            tuple(type(body)(*(one[who] for one in body)) for body in self.bodies),
            {name: luck[who] for name, luck in self.error.items()},
            self.takes[who],
            {name: borne[who] for name, borne in self.threshold.items()},
        )


def load(path: str | Path) -> TrialDesign:
    """Read a trial's TOML file; raise `DesignError`, which names every mistake with its key, before anything runs.

    Scenarios, and what varies, are checked too.
    """
    design = read_toml(Path(path), TrialDesign)
    variants(design)
    return design


def run(design: TrialDesign, progress: Progress = silent) -> TrialResult:
    """Run the trial that a design describes: every enrolled patient goes through every arm.

    Luck hangs on what it decides, on the patient and the day, and does not know the arm, so that arms differ by their
    rules alone (common random numbers). A parallel trial then shows one arm of each patient, a trial of twins all.
    """
    progress("enrol", 0.0)
    outline = design.trial
    enrolled = enrol(design, outline.subjects_per_arm * (1 if outline.design == "twins" else len(design.arms)))
    courses, other, count = [], [], len(design.arms)
    for index, arm in enumerate(design.arms):
        progress(f"arm {arm.name}", (index + 0.1) / (count + 0.2))
        courses.append(follow(design, arm, enrolled))
        without = design.asks.hypothetical
        other.append(follow(design, arm, enrolled, without) if without else courses[-1])
    progress("compare the arms", 1.0)
    return summarise(design, enrolled.cohort, courses, other)


def enrol(design: TrialDesign, size: int, first: int = 1) -> Enrolled:
    """Sample the patients from number `first` on, and draw their luck."""
    seed, model, grid = design.trial.seed, design.model, design.grid
    cohort = design.population.sample(size, seed, first)
    mornings, measured = np.array(grid.visits) - 1, design.measured
    places = {name: place for place, name in enumerate(model.errors)}
    error = {
        name: normals(seed, "measurement", cohort.ids, mornings, np.array([places[name]]))[:, :, 0] for name in measured
    }
    enrolled = Enrolled(
        cohort,
        _bodies(design, model, cohort),
        error if design.conduct.measurement_error else {name: np.zeros_like(luck) for name, luck in error.items()},
        design.conduct.adherence.takes(cohort.ids, grid, seed),
        {hazard.name: -np.log(uniforms(seed, hazard.name, cohort.ids)) for hazard in design.hazards},
    )
    return _with_scores(design, enrolled)


def _bodies(design: TrialDesign, model: Model, cohort: Cohort) -> tuple[Individual, ...]:
    """Return the patients' individual parameters on each occasion, with the model's values of the population's."""
    usual = draw(model, cohort, design.trial.seed)
    every = design.conduct.occasion_days
    if every is None:
        return (usual,)
    count = -(-design.days // every)
    return tuple(draw_occasion(model, cohort.ids, usual, design.trial.seed, place) for place in range(count))


def _with_scores(design: TrialDesign, enrolled: Enrolled) -> Enrolled:
    """Return the patients with a prognosis for each endpoint whose analysis adjusts for it, as covariates.

    It is what the typical patient with someone's covariates comes to on the control's rules, every dose taken, measured
    without error: it is known before allocation, and hangs on covariates alone.
    """
    asking = [endpoint for endpoint in design.endpoints if endpoint.estimator.prognostic]
    if not asking:
        return enrolled
    cohort = enrolled.cohort
    body = typical(design.model, cohort.covariates, None, cohort.n)
    sure = replace(
        enrolled,
        bodies=(body,) * len(enrolled.bodies),
        error={name: np.zeros_like(luck) for name, luck in enrolled.error.items()},
        takes=np.ones_like(enrolled.takes),
        threshold={name: np.full(cohort.n, np.inf) for name in enrolled.threshold},
    )
    course = follow(design, design.arms[0], sure)
    scores: dict[str, Floats] = {}
    for endpoint in asking:
        outcome = endpoint.outcome(course)
        assert isinstance(outcome, Value), "a checked design adjusts only such an outcome"
        scores[f"{SCORE}_{endpoint.name}"] = outcome.value
    return replace(enrolled, cohort=Cohort(cohort.ids, {**cohort.covariates, **scores}))


def follow(design: TrialDesign, arm: Arm, enrolled: Enrolled, without: tuple[str, ...] = ()) -> Course:
    """Take all patients through an arm, from visit to visit; what is named in `without` never happens.

    At a visit patients are measured that morning, then the doses from that day on are changed by the arm's rules. Who
    leaves is followed on, unseen: what would have been is part of the result.
    """
    if arm.parameters:
        enrolled = replace(enrolled, bodies=_bodies(design, design.model_of(arm), enrolled.cohort))
    parts = []
    for first in range(0, enrolled.cohort.n, AT_ONCE):
        some = enrolled.some(np.arange(first, min(first + AT_ONCE, enrolled.cohort.n)))
        parts.append(_Arm(design, arm, some, without).course())
    return parts[0] if len(parts) == 1 else _joined(parts)


class _Arm:
    """Patients on their way through an arm: arrays that are filled from day to day."""

    def __init__(self, design: TrialDesign, arm: Arm, enrolled: Enrolled, without: tuple[str, ...]) -> None:
        self.design, self.arm, self.enrolled, self.model, self.grid = design, arm, enrolled, design.model, design.grid
        self.hazards = [hazard for hazard in design.hazards if hazard.name not in without]
        n, cohort = enrolled.cohort.n, enrolled.cohort
        self.patients = Patients(self.model, cohort.ids, cohort.covariates, self.grid, design.trial.seed)
        self.true = {name: np.full((n, self.grid.steps + 1), np.nan) for name in self.model.observables}
        self.measured = {name: np.full((n, len(self.grid.visits)), np.nan) for name in design.measured}
        self.taken, self.given = np.zeros((2, n, self.grid.steps))
        self.events = {hazard.name: np.full(n, np.inf) for hazard in design.hazards}
        self.borne = {hazard.name: np.zeros(n) for hazard in self.hazards}
        self.stopped = np.zeros(n, bool)
        self.switched = np.full(n, ARM)
        self.risked: Floats | None = None
        self.state = begin(self.model, enrolled.bodies[0])
        self._look(0, look(self.model, enrolled.bodies[0], self.state))

    def course(self) -> Course:
        """Go through the trial, and return what happened."""
        plan = self.arm.policy.begin(self.patients)
        for day, following in self.grid.stretches(self._decided()):
            if day in self.grid.visits:
                self._measure(day)
                plan = self._revised(plan, day)
            steps = (following - day) * self.grid.per_day
            self._dose(plan.laid_out(steps), day, following)
            plan = self._happening(plan.after(steps), day, following)
        if self.grid.days + 1 in self.grid.visits:
            self._measure(self.grid.days + 1)
        leaving = self._first("leave", "die")
        died = self._first("die")
        return Course(
            self.arm.name,
            self.grid,
            self.true,
            self.measured,
            self.taken,
            self.given,
            self.events,
            leaving,
            np.isfinite(died) & (died <= leaving),
        )

    def _decided(self) -> list[int]:
        """Return the days, beside visits, on which something may change.

        Each one where events change what is given; each week where the model has a hazard, which is known at the end
        of a stretch and taken for constant within it.
        """
        daily = any(hazard.then in ("stop", "switch") for hazard in self.hazards)
        own = any(hazard.kind == "of_model" for hazard in self.hazards)
        longest = 1 if daily else 7 if own else self.grid.days
        every = self.design.conduct.occasion_days or self.grid.days
        return sorted({*range(1, self.grid.days + 1, longest), *range(1, self.grid.days + 1, every)})

    def _measure(self, day: int) -> None:
        """Measure patients on a morning."""
        place = self.grid.visits.index(day)
        for name, course in self.measured.items():
            error, true = self.model.errors[name], self.true[name][:, self.grid.at(day)]
            with float64_on_cpu():
                course[:, place] = np.asarray(error.measured(error.sigma, true, self.enrolled.error[name][:, place]))

    def _revised(self, plan: Plan, day: int) -> Plan:
        """Return the plan after a visit: by the rule that a patient is on, else, on the arm's, by the titration."""
        count = self.grid.visits.index(day) + 1
        history = History(
            self.patients,
            self.grid.visits[:count],
            {name: course[:, :count] for name, course in self.measured.items()},
            self.given[:, : self.grid.at(day)],
        )
        revised = self.arm.policy.revise(plan, history)
        titration = self.design.titration_of(self.arm)
        if revised is None and titration is not None:
            revised = titration.revise(plan, history)
        revised = revised or plan
        for place in set(self.switched[self.switched != ARM].tolist()):
            rescue = self.hazards[place].to
            assert rescue is not None
            revised = revised.joined(rescue.revise(plan, history) or plan, self.switched == place)
        return revised

    def _dose(self, planned: Floats, day: int, following: int) -> None:
        """Give doses [patient, step] from one day until another, and carry patients over them."""
        span = slice(self.grid.at(day), self.grid.at(following))
        titration = self.design.titration_of(self.arm)
        on_arm = (self.switched == ARM)[:, np.newaxis]
        self.given[:, span] = np.where(on_arm, titration.given(planned), planned) if titration else planned
        self.given[self.stopped, span] = 0.0
        self.taken[:, span] = self.given[:, span] * self.enrolled.takes[:, span]
        every = self.design.conduct.occasion_days
        body = self.enrolled.bodies[0 if every is None else (day - 1) // every]
        before = self._risk()
        self.state, seen = carry(self.model, body, self.state, self.taken[:, span], self.grid.step_h)
        self._look(slice(span.start + 1, span.stop + 1), seen)
        self.risked = None if before is None else self._risk_of(before, following - day)

    def _look(self, at: int | slice, seen: dict[str, Floats]) -> None:
        for name, course in self.true.items():
            course[:, at] = seen[name]

    def _risk(self) -> Floats | None:
        """Return what the model's own hazard has added up to: [patient]; None where it has none."""
        if self.model.hazard is None:
            return None
        return np.asarray(self.state[list(flat(self.model).names).index(RISK)])

    def _risk_of(self, before: Floats, days: int) -> Floats:
        """Return what was risked on each day of a stretch, the same on each: [patient, day]."""
        now = self._risk()
        assert now is not None
        return np.repeat(((now - before) / days)[:, np.newaxis], days, axis=1)

    def _happening(self, plan: Plan, day: int, following: int) -> Plan:
        """Let happen what happens from one day until another; return the plan for the days to come."""
        stretch = self._stretch(day, following)
        for place, hazard in enumerate(self.hazards):
            new = self._happens(hazard, stretch)
            if hazard.then == "stop":
                self.stopped |= new
            elif hazard.to is not None and new.any():
                self.stopped &= ~new
                self.switched[new] = place
                plan = plan.joined(hazard.to.begin(self.patients), new)
        return plan

    def _happens(self, hazard: Hazard, stretch: Stretch) -> Mask:
        """Return to whom a hazard happens on these days, for the first time; it is written down."""
        daily = np.where(stretch.days >= hazard.from_day, hazard.daily(stretch), 0.0)
        sum_ = self.borne[hazard.name][:, np.newaxis] + np.cumsum(np.nan_to_num(daily, nan=0.0, posinf=np.inf), axis=1)
        over = sum_ > self.enrolled.threshold[hazard.name][:, np.newaxis]
        new: Mask = over.any(axis=1) & ~np.isfinite(self.events[hazard.name])
        self.events[hazard.name][new] = stretch.days[np.argmax(over[new], axis=1)]
        self.borne[hazard.name] = sum_[:, -1]
        return new

    def _stretch(self, day: int, following: int) -> Stretch:
        """Return what hazards see of the days from one until another."""
        grid = self.grid
        span = slice(grid.at(day), grid.at(following))
        evenings = [grid.at(one + 1) for one in range(day, following)]
        return Stretch(
            np.arange(day, following),
            self.patients.covariates,
            {name: course[:, evenings] for name, course in self.true.items()},
            self.given[:, : span.stop].reshape(self.patients.n, -1, grid.per_day).sum(axis=2),
            self.taken[:, : span.stop].reshape(self.patients.n, -1, grid.per_day).sum(axis=2),
            self.risked,
        )

    def _first(self, *then: str) -> Floats:
        """Return the day of the first event that has such a consequence: [patient], infinite for none."""
        days = [self.events[hazard.name] for hazard in self.hazards if hazard.then in then]
        return np.asarray(np.min([np.full(self.patients.n, np.inf), *days], axis=0))


def _joined(parts: list[Course]) -> Course:
    def both(name: str) -> Any:
        first = getattr(parts[0], name)
        if isinstance(first, dict):
            return {key: np.concatenate([getattr(part, name)[key] for part in parts]) for key in first}
        return np.concatenate([getattr(part, name) for part in parts])

    names = ("true", "measured", "doses", "given", "events", "last_day", "died")
    return replace(parts[0], **{name: both(name) for name in names})
