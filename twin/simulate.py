"""Patients x Regimen x Model -> Trajectories, or why one failed."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.engine import CHUNK, TOLERANCE, begin, float64_on_cpu, follow, typical
from twin.mixture import Mixture
from twin.model import Floats, Individual, Model
from twin.patient import Cohort, check
from twin.regimen import Doses, Regimen, check_doses
from twin.solve.choose import solver_of, structure_of
from twin.streams import normals
from twin.timeline import Entry, Look, timeline

DAY_H = 24.0
_HOURS_PER_UNIT = {"h": 1.0, "d": DAY_H}
MAX_STEPS = 100_000
"""More steps than this (274 years, a day each) are a slip of the pen; so are more times asked."""
MAX_NUMBERS = MAX_STEPS * CHUNK
"""More numbers than this in one array (0.8 GB) do not fit beside the others."""
_SHOWN = 60
"""Longest excerpt of what came, in characters."""


class Times(NamedTuple):
    """When to observe: hours from the start of treatment, ascending from 0, and the unit ("h" or "d") to show them."""

    hours: Floats
    unit: str

    @property
    def shown(self) -> Floats:
        """Return the times in their unit."""
        return self.hours / _HOURS_PER_UNIT[self.unit]


@dataclass(frozen=True)
class Variation:
    """How patients with the same covariates differ: each is simulated as `draws` patients like that one.

    `level` is the share of these between the bounds. With `residual`, what is measured of them is between the bounds,
    not what is true; with `doubt`, each is also of a population whose parameters are not quite the published ones.
    """

    seed: int = 0
    draws: int = 400
    level: float = 0.90
    residual: bool = False
    doubt: bool = False

    def __post_init__(self) -> None:
        if self.draws < 2 or not 0 < self.level < 1:
            raise ValueError(f"draws is {self.draws}, level {self.level:g}; expected draws >= 2 and 0 < level < 1")


@dataclass(frozen=True)
class Trajectories:
    """Simulated courses: `value`, `lower` and `upper` are [patient, observable, time], NaN where a patient failed.

    `failures` says why, by id; `basis` says what value and bounds are, `solver` how the equations were solved.
    """

    ids: tuple[str, ...]
    observables: tuple[str, ...]
    units: tuple[str, ...]
    """Of the observables, in UCUM's code: "mg/L"; "1" where there is none."""
    times: Times
    value: Floats
    lower: Floats
    upper: Floats
    basis: str
    solver: str
    failures: Mapping[str, str]
    unknown_share: Mapping[str, float] = field(default_factory=dict)
    """Of the variance at the last time, by observable, the share that is there because covariates are not known."""

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each patient, observable and time, with the time's unit and the observable's."""
        n, kinds, moments = self.value.shape
        return pd.DataFrame(
            {
                "id": np.repeat(np.array(self.ids, dtype=object), kinds * moments),
                "time": np.tile(self.times.shown, n * kinds),
                "time_unit": self.times.unit,
                "observable": np.tile(np.repeat(np.array(self.observables, dtype=object), moments), n),
                "unit": np.tile(np.repeat(np.array(self.units, dtype=object), moments), n),
                "value": self.value.ravel(),
                "lower": self.lower.ravel(),
                "upper": self.upper.ravel(),
            }
        )


def parse_times(text: str) -> Times:
    """Read times written as start:stop:step with a unit, d or h; the stop belongs to them.

    >>> parse_times("0:2:1d").hours.tolist()
    [0.0, 24.0, 48.0]
    """
    shown = repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
    number = r"([0-9]+(?:\.[0-9]*)?)"
    found = re.fullmatch(rf"\s*{number}\s*:\s*{number}\s*:\s*{number}\s*([dh])\s*", text)
    if not found:
        raise ValueError(f"times {shown}: expected start:stop:step and a unit, d or h, such as 0:84:1d")
    start, stop, step = (float(part) for part in found.groups()[:3])
    unit = found.group(4)
    if not math.isfinite(max(start, stop, step) * _HOURS_PER_UNIT[unit]):
        raise ValueError(f"times {shown}: a number is too large")
    if stop < start or step == 0 or (stop - start) / step >= MAX_STEPS:
        raise ValueError(f"times {shown}: expected start <= stop, step > 0, and at most {MAX_STEPS} times")
    count = math.floor((stop - start) / step * (1 + 1e-12)) + 1
    moments: Floats = start + step * np.arange(count, dtype=np.float64)
    return Times(moments * _HOURS_PER_UNIT[unit], unit)


def draw(model: Model, cohort: Cohort, seed: int, draws: int = 1, *, doubt: bool = False) -> Individual:
    """Draw individual parameters for patients like each one of a cohort, `draws` each, [patient x draw].

    A patient's luck hangs on seed and id alone: it is the same in every arm, cohort and order. With `doubt`, the
    population's parameters are drawn too, by their published standard errors: the same in a draw for all patients.
    Raises `ValueError` where the model states none.
    """
    if doubt:
        covariates = {name: np.repeat(values, draws) for name, values in cohort.covariates.items()}
        theta = {name: np.tile(values, cohort.n) for name, values in _doubted(model, seed, draws).items()}
        likely = typical(model, covariates, theta, cohort.n * draws)
    else:
        likely = jax.tree.map(lambda array: np.repeat(array, draws), typical(model, cohort.covariates, None, cohort.n))
    between = list(model.variability.between)
    if not between:
        return likely
    luck = normals(seed, "parameters", cohort.ids, draws, len(between)).reshape(-1, len(between))
    eta = luck @ np.linalg.cholesky(model.variability.omega()).T
    with float64_on_cpu():
        varied = model.variability.applied(likely, dict(zip(between, eta.T, strict=True)))
    return jax.tree.map(np.asarray, varied)


def _doubted(model: Model, seed: int, draws: int) -> dict[str, Floats]:
    """Return values of the population's parameters that are as likely as the published ones, [draw] each."""
    unsure = list(model.variability.uncertainty)
    if not unsure:
        raise ValueError(f"{model.name} states no uncertainty of its parameters: leave it out (--uncertainty)")
    luck = normals(seed, "population", ["population"], draws, len(unsure))[0]
    moved = luck @ np.linalg.cholesky(model.variability.doubt()).T
    return {name: model.theta[name] + moved[:, place] for place, name in enumerate(unsure)}


def simulate(
    model: Model,
    cohort: Cohort | Mixture,
    regimen: Regimen,
    times: Times,
    variation: Variation | None = Variation(),
    progress: Progress = silent,
) -> Trajectories:
    """Simulate each patient's course under a regimen, observed at times before a dose of the same moment.

    A `Mixture` is one patient: value and bounds are those of all whom the patient may be, each as likely as it is.

    The value is the median of `variation.draws` patients like the one described, the bounds hold `variation.level` of
    them: variability between patients, and what else `variation` asks for. With None, value and bounds are those of the
    typical patient. A patient who cannot be computed is a value (NaN) with a reason.

    Raises `ValueError` where cohort, regimen and model do not fit together, and where the course would take more than
    `MAX_STEPS` steps or the arrays more than `MAX_NUMBERS` numbers.
    """
    if isinstance(cohort, Mixture):
        if not cohort.certain:
            return _simulate_mixture(model, cohort, regimen, times, variation)
        cohort = cohort.cohort
    check(cohort, model)
    _check_times(times)
    doses = _doses(model, cohort.ids, regimen)
    group = _patients_at_once(model, doses, times.hours, variation.draws if variation else 1)
    look = Look.before(times.hours)
    summary = np.empty((3, cohort.n, len(model.observables), times.hours.size))
    for first in range(0, cohort.n, group):
        progress(f"simulate {cohort.n} patients", first / cohort.n)
        some = slice(first, min(first + group, cohort.n))
        part = cohort.some(np.arange(cohort.n)[some])
        summary[:, some] = _summary(model, part, doses[some], look, variation)
    progress(f"simulate {cohort.n} patients", 1.0)
    value, lower, upper = summary
    return Trajectories(
        cohort.ids,
        tuple(model.observables),
        tuple(model.observables.values()),
        times,
        value,
        lower,
        upper,
        _basis(variation),
        solver_of(model).name,
        _failures(cohort, value),
    )


def simulate_each(
    model: Model, cohort: Cohort, regimen: Regimen, times: Times, seed: int, *, residual: bool = False
) -> Floats:
    """Return the course of one patient drawn like each of a cohort: [patient, observable, time], NaN for who fails.

    With `residual`, as it would be measured. Raises as `simulate` does.
    """
    check(cohort, model)
    _check_times(times)
    doses = _doses(model, cohort.ids, regimen)
    _patients_at_once(model, doses, times.hours, 1)
    courses = _followed(model, cohort, doses, Look.before(times.hours), draw(model, cohort, seed))
    return (_as_measured(model, cohort, courses, seed) if residual else courses)[:, 0]


def _simulate_mixture(
    model: Model, mixture: Mixture, regimen: Regimen, times: Times, variation: Variation | None
) -> Trajectories:
    """Simulate one patient who may be several: each is drawn as often, and counts as much as it is likely."""
    _check_times(times)
    cohort, draws = mixture.cohort, variation.draws if variation else 1
    doses = _doses(model, [mixture.id], regimen)
    _patients_at_once(model, doses, times.hours, draws * cohort.n)
    courses = _courses(model, cohort, doses * cohort.n, Look.before(times.hours), variation)
    level = variation.level if variation else Variation.level
    likely = np.repeat(mixture.shares / draws, draws)
    value, lower, upper = np.quantile(
        courses.reshape(-1, *courses.shape[2:]),
        (0.5, 0.5 - level / 2, 0.5 + level / 2),
        axis=0,
        weights=likely,
        method="inverted_cdf",
    )[:, None]
    names = " and ".join(mixture.marginalised)
    basis = _basis(variation) if variation else f"median and {level:.0%} of the typical patients with these covariates"
    return Trajectories(
        (mixture.id,),
        tuple(model.observables),
        tuple(model.observables.values()),
        times,
        value,
        lower,
        upper,
        f"{basis}; each as likely as {names} may be, {cohort.n} combinations",
        solver_of(model).name,
        _failures(Cohort((mixture.id,), {}), value),
        dict(zip(model.observables, unknown_share(courses[..., -1], mixture.shares).tolist(), strict=True)),
    )


def unknown_share(courses: Floats, shares: Floats) -> Floats:
    """Return the share of a variance that is between the rows of a mixture: (Var of means) / (that + mean of Vars).

    Shapes: courses [row, draw, observable], shares [row], returns [observable]; 0 where nothing varies.
    """
    means, within = courses.mean(axis=1), np.average(courses.var(axis=1), axis=0, weights=shares)
    between = np.average((means - np.average(means, axis=0, weights=shares)) ** 2, axis=0, weights=shares)
    whole = between + within
    return np.asarray(np.divide(between, whole, out=np.zeros_like(whole), where=whole > 0))


def _check_times(times: Times) -> None:
    """Raise `ValueError` for times that cannot be observed at."""
    hours = times.hours
    if not hours.size or not (hours[0] >= 0 and np.isfinite(hours).all()) or np.any(np.diff(hours) <= 0):
        raise ValueError("the times to observe must ascend from 0 hours or later, and there must be one")


def _doses(model: Model, ids: Sequence[str], regimen: Regimen) -> list[Doses]:
    """Return each patient's doses; raise `RegimenError` for what the model cannot do."""
    doses = regimen.for_patients(ids)
    linear = not structure_of(model).rest and not structure_of(model).driven
    for one in {id(one): one for one in doses}.values():
        check_doses(one, model.compartments, linear)
    return doses


def _patients_at_once(model: Model, doses: Sequence[Doses], asked_h: Floats, draws: int) -> int:
    """Return how many patients share one grid of times; raise `ValueError` where even one patient is too much."""
    result = 3 * len(doses) * len(model.observables) * asked_h.size
    if result > MAX_NUMBERS:
        raise ValueError(
            f"{len(doses)} patients at {asked_h.size} times make {result} numbers, expected at most {MAX_NUMBERS}:"
            " simulate fewer patients or times at once"
        )
    group = max(1, CHUNK // draws)
    if (steps := _most_steps(doses, asked_h, model.longest_step_h)) > MAX_STEPS:
        raise ValueError(
            f"the course to {asked_h[-1]:g} h takes {steps:.6g} steps of at most {model.longest_step_h:g} h, from"
            f" each dose and time to the next; expected at most {MAX_STEPS}: ask for earlier times, or look for a"
            " slip in the doses' times"
        )
    if group * draws * steps > MAX_NUMBERS:
        raise ValueError(f"{draws} draws in {steps:g} steps are too many numbers: expected at most {MAX_NUMBERS}")
    return group


def _most_steps(doses: Sequence[Doses], asked_h: Floats, longest_h: float) -> float:
    """Return the most steps that any patient takes; a float, since a slip may go beyond whole numbers."""
    return max(_steps(one, asked_h, longest_h) for one in {id(one): one for one in doses}.values())


def _steps(doses: Doses, asked_h: Floats, longest_h: float) -> float:
    happens = doses.time_h[doses.time_h < asked_h[-1]]
    gaps = np.diff(np.unique(np.concatenate([[0.0], asked_h, happens])))
    return float(np.maximum(np.ceil(gaps / longest_h - 1e-9), 1.0).sum())


def _summary(model: Model, cohort: Cohort, doses: Sequence[Doses], look: Look, variation: Variation | None) -> Floats:
    """Return value, lower and upper bound, [3, patient, observable, time]."""
    level = variation.level if variation else 0.0
    courses = _courses(model, cohort, doses, look, variation)
    return np.quantile(courses, (0.5, 0.5 - level / 2, 0.5 + level / 2), axis=1)


def _courses(model: Model, cohort: Cohort, doses: Sequence[Doses], look: Look, variation: Variation | None) -> Floats:
    """Return each draw of a patient, NaN where it cannot be computed: [patient, draw, observable, time]."""
    if variation is None:
        return _followed(model, cohort, doses, look, typical(model, cohort.covariates, None, cohort.n))
    people = draw(model, cohort, variation.seed, variation.draws, doubt=variation.doubt)
    courses = _followed(model, cohort, doses, look, people)
    return _as_measured(model, cohort, courses, variation.seed) if variation.residual else courses


def _followed(model: Model, cohort: Cohort, doses: Sequence[Doses], look: Look, people: Individual) -> Floats:
    """Return the courses of people, as many like each patient: [patient, draw, observable, time], NaN for who fails."""
    patients = len(jax.tree.leaves(people)[0])
    draws = patients // cohort.n
    given = [one for one in doses for _ in range(draws)]
    line = timeline(given, [look] * patients, Entry.of(model.compartments, people, patients), model.longest_step_h)
    found = follow(model, people, begin(model, people), line)
    asked = line.asked[:, line.column].T  # [patient, time]
    courses = np.stack(
        [
            np.take_along_axis(found.seen[name], asked, axis=1).reshape(cohort.n, draws, -1)
            for name in model.observables
        ],
        axis=2,
    )
    off = ~(found.error <= TOLERANCE).reshape(cohort.n, draws)
    courses[off] = np.nan
    courses[~np.isfinite(courses)] = np.nan
    return courses


def _as_measured(model: Model, cohort: Cohort, courses: Floats, seed: int) -> Floats:
    """Return courses [patient, draw, observable, time] as they are measured, where the model says how that differs."""
    found = courses.copy()
    for place, name in enumerate(model.observables):
        if name in model.errors:
            error = model.errors[name]
            luck = normals(seed, f"measured {name}", cohort.ids, courses.shape[1], courses.shape[3])
            with float64_on_cpu():
                found[:, :, place] = error.measured(error.sigma, courses[:, :, place], luck)
    return found


def _basis(variation: Variation | None) -> str:
    if variation is None:
        return "the typical patient with these covariates: no variability"
    told = {"residual error": variation.residual, "uncertainty of the parameters": variation.doubt}
    with_, without = ([what for what, used in told.items() if used is wanted] for wanted in (True, False))
    return (
        f"median and {variation.level:.0%} of {variation.draws} patients with these covariates: variability between"
        f" patients{''.join(f', {what}' for what in with_)}" + (f", without {' or '.join(without)}" if without else "")
    )


def _failures(cohort: Cohort, value: Floats) -> dict[str, str]:
    """Return why patients have no course, by id."""
    broken = np.flatnonzero(~np.isfinite(value).all(axis=(1, 2)))
    return {cohort.ids[place]: _reason(cohort, int(place)) for place in broken}


def _reason(cohort: Cohort, place: int) -> str:
    missing = [name for name, values in cohort.covariates.items() if values[place] != values[place]]
    return f"{', '.join(missing)} is missing" if missing else "the course leaves the range of numbers; check the doses"
