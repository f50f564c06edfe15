"""A simulated trial: enrol, dose, observe, titrate, drop out; every patient in every arm, with the same luck."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kg.files.checked import read_toml
from kg.progress import Progress, silent
from twin import library, population
from twin.engine import begin, float64_on_cpu, look
from twin.library.warfarin.dosing import MOST_HELD, adjust, given, plan_start
from twin.model import Floats, Individual, Model
from twin.patient import Cohort
from twin.protocol import INR, Arm, TrialDesign
from twin.result import Course, TrialResult, summarise
from twin.simulate import advance, draw
from twin.streams import normals, uniforms


@dataclass(frozen=True)
class Enrolled:
    """The patients of a trial, and all that chance holds for them: the same in every arm."""

    cohort: Cohort
    individuals: Individual
    error: Floats
    """Standard normal errors of the INR on each morning, [patient, morning]."""
    takes: NDArray[np.bool_]
    """Whether a dose that is given is taken, [patient, day]."""
    last_day: Floats
    """The last day of follow-up, [patient]; infinite for who never drops out."""


def load(path: str | Path) -> TrialDesign:
    """Read a trial's TOML file; raise `DesignError`, which names every mistake with its key, before anything runs."""
    return read_toml(Path(path), TrialDesign)


def run(design: TrialDesign, progress: Progress = silent) -> TrialResult:
    """Run the trial that a design describes: every enrolled patient goes through every arm.

    Luck hangs on what it decides, on the patient and the day, and does not know the arm, so that arms differ by their
    rules alone (common random numbers). A parallel trial then shows one arm of each patient, a trial of twins all.
    """
    model = library.load(design.trial.model)
    progress("enrol", 0.0)
    enrolled = enrol(design, model)
    courses = []
    for index, arm in enumerate(design.arms):
        progress(f"arm {arm.name}", (index + 0.1) / (len(design.arms) + 0.2))
        courses.append(follow(design, model, arm, enrolled))
    progress("compare the arms", 1.0)
    return summarise(design, model, enrolled.cohort, courses)


def enrol(design: TrialDesign, model: Model) -> Enrolled:
    """Sample the patients and draw their luck: one cohort for twins, one per arm for a parallel trial."""
    outline, conduct = design.trial, design.conduct
    size = outline.subjects_per_arm * (1 if outline.design == "twins" else len(design.arms))
    cohort = population.sample(design.population, size, outline.seed)
    error = normals(outline.seed, "measurement", cohort.ids, design.days + 1)
    takes = uniforms(outline.seed, "adherence", cohort.ids, design.days) < conduct.adherence
    staying_weeks = -np.log(uniforms(outline.seed, "dropout", cohort.ids))
    rate_per_week = -np.log1p(-conduct.dropout_per_week)
    with np.errstate(divide="ignore"):
        last_day = 1.0 + np.floor(7.0 * staying_weeks / rate_per_week)
    return Enrolled(
        cohort,
        draw(model, cohort, outline.seed),
        error if conduct.measurement_error else np.zeros_like(error),
        takes,
        last_day,
    )


def follow(design: TrialDesign, model: Model, arm: Arm, enrolled: Enrolled) -> Course:
    """Take all patients through an arm, from visit to visit.

    At a visit the INR of that morning is measured, then the doses from that day on are changed by the arm's rules.
    """
    titration = design.titration_of(arm)
    covariates, individuals = enrolled.cohort.covariates, enrolled.individuals
    plan = plan_start(arm.start, covariates, design.days + 1 + MOST_HELD)
    taken = np.zeros((len(plan), design.days))
    inr, measured = np.full((2, *enrolled.error.shape), np.nan)
    state = begin(model, individuals)
    inr[:, 0] = look(model, individuals, state)[INR]
    measured[:, 0] = _measured(model, inr[:, 0], enrolled.error[:, 0])
    for day, next_day in pairwise(sorted({1, *design.visits.days, design.days + 1})):
        if day in design.visits.days:
            plan = adjust(arm.start, titration, covariates, plan, (day, measured[:, day - 1]))
        span = slice(day - 1, next_day - 1)
        taken[:, span] = given(titration, plan[:, span]) * enrolled.takes[:, span]
        state, observed = advance(model, individuals, state, taken[:, span])
        inr[:, day:next_day] = observed[INR]
        measured[:, day:next_day] = _measured(model, observed[INR], enrolled.error[:, day:next_day])
    mornings = np.array(design.visits.days) - 1
    return Course(arm.name, inr, measured[:, mornings], taken, enrolled.last_day)


def _measured(model: Model, inr: Floats, luck: Floats) -> Floats:
    """Return INRs as they are measured, from standard normal draws."""
    error = model.errors[INR]
    with float64_on_cpu():
        return np.asarray(error.measured(error.sigma, inr, luck))
