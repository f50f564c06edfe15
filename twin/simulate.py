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
MAX_TIMES = 100_000
"""More times than this are a slip of the pen."""


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
    times: Times
    value: Floats
    lower: Floats
    upper: Floats
    basis: str
    failures: Mapping[str, str]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each patient, observable and time: id, time, observable, value, lower, upper."""
        n, kinds, moments = self.value.shape
        time = self.times.hours / _HOURS_PER_UNIT[self.times.unit]
        return pd.DataFrame(
            {
                "id": np.repeat(np.array(self.ids, dtype=object), kinds * moments),
                "time": np.tile(time, n * kinds),
                "observable": np.tile(np.repeat(np.array(self.observables, dtype=object), moments), n),
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
    number = r"(\d+(?:\.\d*)?)"
    found = re.fullmatch(rf"\s*{number}\s*:\s*{number}\s*:\s*{number}\s*([dh])\s*", text)
    if not found:
        raise ValueError(f"times {text!r}: expected start:stop:step and a unit, d or h, such as 0:84:1d")
    start, stop, step = (float(part) for part in found.groups()[:3])
    if stop < start or step == 0 or (stop - start) / step >= MAX_TIMES:
        raise ValueError(f"times {text!r}: expected start <= stop, step > 0, and fewer than {MAX_TIMES} times")
    count = math.floor((stop - start) / step * (1 + 1e-12)) + 1
    unit = found.group(4)
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

    Raises `ValueError` where cohort, regimen and model do not fit together.
    """
    check(cohort, model)
    if not times.hours.size or times.hours[0] < 0 or (np.diff(times.hours) <= 0).any():
        raise ValueError("the times to observe must ascend from 0 hours or later, and there must be one")
    doses = regimen.for_patients(cohort.ids)
    summary = np.empty((3, cohort.n, len(model.observables), times.hours.size))
    group = max(1, CHUNK // variation.draws) if variation else CHUNK
    for first in range(0, cohort.n, group):
        progress(f"simulate {cohort.n} patients", first / cohort.n)
        some = slice(first, min(first + group, cohort.n))
        part = Cohort(cohort.ids[some], {name: values[some] for name, values in cohort.covariates.items()})
        summary[:, some] = _summary(model, part, doses[some], times.hours, variation)
    progress(f"simulate {cohort.n} patients", 1.0)
    value, lower, upper = summary
    return Trajectories(
        cohort.ids, tuple(model.observables), times, value, lower, upper, _basis(variation), _failures(cohort, value)
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


def _grid(asked_h: Floats, doses: Sequence[Doses], longest_h: float) -> Floats:
    """Return all times at which something happens, none farther from the next than `longest_h`."""
    last = float(asked_h[-1])
    given = {id(one): one.time_h[one.time_h < last] for one in doses}
    points = np.unique(np.concatenate([[0.0], asked_h, *given.values()]))
    gaps = np.diff(points)
    between = [
        start + gap * np.arange(1, pieces) / pieces
        for start, gap, pieces in zip(points, gaps, np.ceil(gaps / longest_h - 1e-9).astype(int), strict=False)
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
