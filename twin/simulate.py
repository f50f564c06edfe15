"""Patients x Regimen x Model -> Trajectories, or why one failed; and interval by interval, for trials that titrate."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kg.progress import Progress, silent
from twin.model import Floats, Individuals, Model, Propagator, State, log_sd
from twin.patient import Cohort, check
from twin.regimen import Doses, Regimen
from twin.streams import stream

CHUNK = 1024
"""Patients computed at once: their arrays stay in the processor's cache, and one compilation serves any number."""

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


@dataclass(frozen=True)
class Variation:
    """How patients with the same covariates differ: each is simulated as `draws` patients like that one.

    `level` is the share of these between the bounds.
    """

    seed: int = 0
    draws: int = 400
    level: float = 0.90

    def __post_init__(self) -> None:
        if self.draws < 2 or not 0 < self.level < 1:
            raise ValueError(f"draws is {self.draws}, level {self.level:g}; expected draws >= 2 and 0 < level < 1")


@dataclass(frozen=True)
class Trajectories:
    """Simulated courses: `value`, `lower` and `upper` are [patient, observable, time], NaN where a patient failed.

    `failures` says why, by id; `basis` says what value and bounds are.
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
    failures: Mapping[str, str]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each patient, observable and time, with the time's unit and the observable's."""
        n, kinds, moments = self.value.shape
        time = self.times.hours / _HOURS_PER_UNIT[self.times.unit]
        return pd.DataFrame(
            {
                "id": np.repeat(np.array(self.ids, dtype=object), kinds * moments),
                "time": np.tile(time, n * kinds),
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


def draw(model: Model, cohort: Cohort, seed: int, draws: int = 1) -> Individuals:
    """Draw individual parameters for patients like each one of a cohort, `draws` each, [patient x draw].

    A patient's luck hangs on seed and id alone: it is the same in every arm, cohort and order.
    """
    varied = [(name, log_sd(quantity.value)) for name, quantity in model.variability.items()]
    luck = [stream(seed, "patient", name, "parameters").standard_normal((draws, len(varied))) for name in cohort.ids]
    eta = np.concatenate(luck).T
    likely = _map(lambda array: np.repeat(array, draws), model.typical(cohort.covariates))
    return likely._replace(
        **{name: getattr(likely, name) * np.exp(sd * eta[place]) for place, (name, sd) in enumerate(varied)}
    )


def advance(
    model: Model, individuals: Individuals, state: State, doses_mg: Floats, hours: Floats | None = None
) -> tuple[State, dict[str, Floats]]:
    """Carry patients over intervals, a dose at the start of each, and observe them at the end of each.

    `state` begins as `model.start(n)`; `doses_mg` is [patient, interval]; `hours` [interval] are the lengths, a day
    each if not given. Returns the state after the last interval, and each observable, [patient, interval].
    """
    patients, intervals = doses_mg.shape
    lengths = np.full(intervals, DAY_H) if hours is None else hours
    seen = {name: np.empty((patients, intervals)) for name in model.observables}
    states = []
    with _float64_on_cpu():
        for first in range(0, patients, CHUNK):
            chunk = slice(first, min(first + CHUNK, patients))
            parts = (_cut(individuals, chunk), _cut(state, chunk), _cut(doses_mg.T, chunk))
            last, observed = _march(model, *parts, lengths)
            width = chunk.stop - chunk.start
            states.append(_map(lambda array, width=width: np.asarray(array)[..., :width], last))
            for name in model.observables:
                seen[name][chunk] = np.array([step[name] for step in observed]).T[:width]
    return _map(lambda *arrays: np.concatenate(arrays, axis=-1), *states), seen


def simulate(
    model: Model,
    cohort: Cohort,
    regimen: Regimen,
    times: Times,
    variation: Variation | None = Variation(),
    progress: Progress = silent,
) -> Trajectories:
    """Simulate each patient's course under a regimen, observed at times before a dose of the same moment.

    The value is the median of `variation.draws` patients like the one described, the bounds hold `variation.level` of
    them: variability between patients, without residual error or uncertainty of the parameters. With None, value and
    bounds are those of the typical patient. A patient who cannot be computed is a value (NaN) with a reason.

    Raises `ValueError` where cohort, regimen and model do not fit together, and where the course would take more than
    `MAX_STEPS` steps or the arrays more than `MAX_NUMBERS` numbers.
    """
    check(cohort, model)
    if (
        not times.hours.size
        or not (times.hours[0] >= 0 and np.isfinite(times.hours).all())
        or np.any(np.diff(times.hours) <= 0)
    ):
        raise ValueError("the times to observe must ascend from 0 hours or later, and there must be one")
    doses = regimen.for_patients(cohort.ids)
    group = _patients_at_once(model, doses, times.hours, variation.draws if variation else 1)
    summary = np.empty((3, cohort.n, len(model.observables), times.hours.size))
    for first in range(0, cohort.n, group):
        progress(f"simulate {cohort.n} patients", first / cohort.n)
        some = slice(first, min(first + group, cohort.n))
        part = Cohort(cohort.ids[some], {name: values[some] for name, values in cohort.covariates.items()})
        summary[:, some] = _summary(model, part, doses[some], times.hours, variation)
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
        _failures(cohort, value),
    )


def _patients_at_once(model: Model, doses: Sequence[Doses], asked_h: Floats, draws: int) -> int:
    """Return how many patients share one grid of times; raise `ValueError` where even one patient is too much."""
    result = 3 * len(doses) * len(model.observables) * asked_h.size
    if result > MAX_NUMBERS:
        raise ValueError(
            f"{len(doses)} patients at {asked_h.size} times make {result} numbers, expected at most {MAX_NUMBERS}:"
            " simulate fewer patients or times at once"
        )
    group = max(1, CHUNK // draws)
    while (steps := _most_steps(doses, group, asked_h, model.longest_step_h)) > MAX_STEPS:
        if group == 1:
            raise ValueError(
                f"the course to {asked_h[-1]:g} h takes {steps:.6g} steps of at most {model.longest_step_h:g} h, from"
                f" each dose and time to the next; expected at most {MAX_STEPS}: ask for earlier times, or look for a"
                " slip in the doses' times"
            )
        group //= 2
    if group * draws * steps > MAX_NUMBERS:
        raise ValueError(f"{draws} draws in {steps:g} steps are too many numbers: expected at most {MAX_NUMBERS}")
    return group


def _most_steps(doses: Sequence[Doses], group: int, asked_h: Floats, longest_h: float) -> float:
    """Return the most steps that any group of patients takes; a float, since a slip may go beyond whole numbers."""
    return max(
        float(_pieces(_points(asked_h, doses[first : first + group]), longest_h).sum())
        for first in range(0, len(doses), group)
    )


def _summary(
    model: Model, cohort: Cohort, doses: Sequence[Doses], asked_h: Floats, variation: Variation | None
) -> Floats:
    """Return value, lower and upper bound, [3, patient, observable, time]."""
    individuals = (
        draw(model, cohort, variation.seed, variation.draws) if variation else model.typical(cohort.covariates)
    )
    draws = variation.draws if variation else 1
    grid = _grid(asked_h, doses, model.longest_step_h)
    amounts = np.repeat(np.stack([_on_grid(grid, one) for one in doses]), draws, axis=0)
    _, seen = advance(model, individuals, model.start(cohort.n * draws), amounts, np.diff(grid, prepend=0.0))
    asked = np.searchsorted(grid, asked_h)
    courses = np.stack([seen[name][:, asked].reshape(cohort.n, draws, -1) for name in model.observables], axis=2)
    courses[~np.isfinite(courses)] = np.nan
    level = variation.level if variation else 0.0
    return np.quantile(courses, (0.5, 0.5 - level / 2, 0.5 + level / 2), axis=1)


@contextmanager
def _float64_on_cpu() -> Iterator[None]:
    """Compute in float64 on the processor, whatever JAX is set to elsewhere in the program."""
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        yield


@partial(jax.jit, static_argnums=0)
def _propagator(model: Model, individuals: Individuals, hours: Any) -> Propagator:
    return model.propagator(individuals, hours)


@partial(jax.jit, static_argnums=0)
def _step(model: Model, individuals: Individuals, propagator: Propagator, state: State, dose_mg: Any) -> Any:
    state = model.advance(individuals, propagator, state, dose_mg)
    return state, model.observe(individuals, state)


def _march(
    model: Model, individuals: Individuals, state: State, doses_mg: Floats, lengths: Floats
) -> tuple[State, list[dict[str, Any]]]:
    """Carry one chunk over the intervals; `doses_mg` is [interval, patient]."""
    observed, propagator, length = [], None, math.nan
    for hours, dose_mg in zip(lengths, doses_mg, strict=True):
        if hours != length:
            propagator, length = _propagator(model, individuals, hours), hours
        state, seen = _step(model, individuals, propagator, state, dose_mg)
        observed.append(seen)
    return state, observed


def _cut(tree: Any, chunk: slice) -> Any:
    """Return a chunk of the last axis, filled up to `CHUNK` with its last patient so that all chunks look alike."""

    def cut(array: NDArray[Any]) -> NDArray[Any]:
        part = array[..., chunk]
        missing = CHUNK - part.shape[-1]
        return np.pad(part, [(0, 0)] * (part.ndim - 1) + [(0, missing)], mode="edge") if missing else part

    return _map(cut, tree)


def _map(function: Any, *trees: Any) -> Any:
    return jax.tree.map(function, *trees)


def _points(asked_h: Floats, doses: Sequence[Doses]) -> Floats:
    """Return 0, the times asked and those of doses before the last of them, ascending."""
    last = asked_h[-1]
    given = {id(one): one.time_h[one.time_h < last] for one in doses}
    return np.unique(np.concatenate([[0.0], asked_h, *given.values()]))


def _pieces(points: Floats, longest_h: float) -> Floats:
    """Return in how many steps each gap between points is crossed, none longer than `longest_h`."""
    return np.maximum(np.ceil(np.diff(points) / longest_h - 1e-9), 1.0)


def _grid(asked_h: Floats, doses: Sequence[Doses], longest_h: float) -> Floats:
    """Return all times at which something happens, none farther from the next than `longest_h`."""
    points = _points(asked_h, doses)
    between = [
        start + gap * np.arange(1, pieces) / pieces
        for start, gap, pieces in zip(points, np.diff(points), _pieces(points, longest_h), strict=False)
    ]
    return np.unique(np.concatenate([points, *between]))


def _on_grid(grid: Floats, doses: Doses) -> Floats:
    """Return the dose at the start of each interval that ends at a point of the grid, [interval]."""
    amounts = np.zeros(grid.size)
    given = doses.time_h < grid[-1]
    amounts[np.searchsorted(grid, doses.time_h[given]) + 1] = doses.amount_mg[given]
    return amounts


def _basis(variation: Variation | None) -> str:
    if variation is None:
        return "the typical patient with these covariates: no variability"
    return (
        f"median and {variation.level:.0%} of {variation.draws} patients with these covariates: variability between"
        " patients, without residual error or uncertainty of the parameters"
    )


def _failures(cohort: Cohort, value: Floats) -> dict[str, str]:
    """Return why patients have no course, by id."""
    broken = np.flatnonzero(~np.isfinite(value).all(axis=(1, 2)))
    return {cohort.ids[place]: _reason(cohort, int(place)) for place in broken}


def _reason(cohort: Cohort, place: int) -> str:
    missing = [name for name, values in cohort.covariates.items() if values[place] != values[place]]
    return f"{', '.join(missing)} is missing" if missing else "the course leaves the range of numbers; check the doses"
