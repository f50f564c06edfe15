"""The engine: carries many patients over the intervals of their timelines, by the solver that fits the model.

Arrays have the patient on the last axis; states are flat (`twin.solve.flat`).
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from twin.model import Floats, Individual, Model
from twin.solve.choose import flat, solver_of
from twin.solve.solver import Solver, each_patient
from twin.timeline import Steady, Timeline

CHUNK, FEW = 512, 64
"""Patients computed at once: their arrays stay in the processor's cache, and two compilations serve any number. Where
steps are taken it is half as many: each has the arrays of all its stages."""
RUN = 8
"""Intervals of one length carried at once at most: one compilation serves any number of them."""
THREADS = min(2, os.cpu_count() or 1)
"""Chunks computed at once; each runs on one core."""
TOLERANCE = 1e-5
"""How far off a stepped state may be at the end of an interval, as a share of its largest value in it."""
SAME, MOST_CYCLES = 1e-9, 4096
"""A steady state is reached where a cycle changes it by less than this share; how many cycles are tried."""
CYCLE_H = 24.0
"""How long a cycle of an infusion without end is."""


@dataclass(frozen=True)
class Courses:
    """What patients came to: the state at the end [state, patient], what was seen at the end of each interval,
    [patient, interval] by observable, and how far off the states may be, as a share: [patient]."""

    state: Floats
    seen: Mapping[str, Floats]
    error: Floats


@contextmanager
def float64_on_cpu() -> Iterator[None]:
    """Compute in float64 on the processor, whatever JAX is set to elsewhere in the program."""
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        yield


def typical(
    model: Model,
    covariates: Mapping[str, NDArray[Any]],
    theta: Mapping[str, Any] | None = None,
    patients: int | None = None,
) -> Individual:
    """Return the individual parameters of patients with these covariates, without variability: [patient] each.

    `theta` has values for the population's parameters, one for all patients or [patient]. `patients` says how many
    there are to a model that asks nothing of them; else it is one.
    """
    told = model.encoded(covariates)
    count = len(next(iter(told.values()), np.zeros(patients or 1)))
    values = {name: np.broadcast_to(value, (count,)) for name, value in {**model.theta, **(theta or {})}.items()}
    with float64_on_cpu():
        found = _typical(model, np.arange(count), values, told)
        return jax.tree.map(lambda array: np.array(np.broadcast_to(array, (count,)), np.float64), found)


@partial(jax.jit, static_argnums=0)
def _typical(model: Model, place: Any, theta: Mapping[str, Any], covariates: Mapping[str, Any]) -> Individual:
    return jax.vmap(lambda _, theta, covariates: model.individual(theta, covariates))(place, theta, covariates)


def begin(model: Model, individuals: Individual) -> Floats:
    """Return the states of patients who have never had a dose: [state, patient]."""
    with float64_on_cpu():
        return np.asarray(_begin(model, individuals))


def look(model: Model, individuals: Individual, state: Floats) -> dict[str, Floats]:
    """Return what can be observed of patients in these states: [patient] each."""
    with float64_on_cpu():
        return {name: np.asarray(value) for name, value in _look(model, individuals, state).items()}


def follow(
    model: Model, individuals: Individual, state: Floats, line: Timeline, solver: Solver | None = None
) -> Courses:
    """Carry patients over a timeline, a chunk at a time, by the model's own solver where none is given.

    Who is off by more than `TOLERANCE` is carried again with finer steps: no patient's course hangs on others.
    """
    patients = state.shape[1]
    solver = solver or solver_of(model, line.inflow is not None or _flows(line.steady))
    seen = {name: np.empty((patients, len(line.bolus))) for name in model.observables}
    found = Courses(np.empty_like(state), seen, np.empty(patients))
    told = np.isfinite(np.array(jax.tree.leaves(individuals))).all(axis=0) & np.isfinite(state).all(axis=0)
    left = np.arange(patients)
    while len(left):
        width = (CHUNK // 2 if solver.finer else CHUNK) if len(left) > FEW else FEW
        chunks = [left[first : first + width] for first in range(0, len(left), width)]
        carry = partial(_carry, model, solver, individuals, state, line, width, found)
        with ThreadPoolExecutor(min(THREADS, len(chunks))) as pool:
            list(pool.map(carry, chunks))
        left = left[told[left] & ~(found.error[left] <= TOLERANCE)] if solver.finer else left[:0]
        solver = solver.finer() if solver.finer else solver
    return found


def _carry(
    model: Model,
    solver: Solver,
    individuals: Individual,
    state: Floats,
    line: Timeline,
    width: int,
    into: Courses,
    chosen: NDArray[np.int64],
) -> None:
    """Carry the chosen patients, at most `width` of them, and write what they come to."""
    filled = np.pad(chosen, (0, width - len(chosen)), mode="edge")
    people = jax.tree.map(lambda array: array[filled], individuals)
    with float64_on_cpu():
        own = replace(line, column=line.column[filled])
        end, observed, error = _march(model, solver, people, state[:, filled], own)
    count = len(chosen)
    into.state[:, chosen], into.error[chosen] = np.asarray(end)[:, :count], error[:count]
    for name in model.observables:
        into.seen[name][chosen] = observed[name].T[:count]


def _march(
    model: Model, solver: Solver, people: Individual, state: Any, line: Timeline
) -> tuple[Any, dict[str, Floats], Floats]:
    steady = [_steady(model, solver, people, one) for one in line.steady]
    stacked = jnp.stack(steady) if steady else None
    observed, propagator, length, error = [], None, np.full(1, np.nan), jnp.zeros(state.shape[1])
    for some in _runs(line.hours):
        hours = line.hours[some.start] if line.hours.ndim == 1 else line.hours[some.start][line.column]
        if not np.array_equal(hours, length):
            propagator, length = _propagator(solver, people, hours), hours
        what = _Event(*(_padded(one, some, line.column) for one in (line.bolus, line.inflow, line.reset, line.jump)))
        count = some.stop - some.start
        state, error, seen = _run(model, solver, people, propagator, (state, error), what, count, stacked)
        observed.append({name: np.asarray(values)[:count] for name, values in seen.items()})
    courses = {name: np.concatenate([one[name] for one in observed]) for name in model.observables}
    return state, courses, np.asarray(error)


def _runs(hours: Floats) -> Iterator[slice]:
    """Yield runs of intervals, each as long as the one before for everyone: [interval] or [interval, column]."""
    first = 0
    for place in range(1, len(hours) + 1):
        if place == len(hours) or place - first == RUN or not np.array_equal(hours[place], hours[first]):
            yield slice(first, place)
            first = place


def _padded(what: NDArray[Any] | None, some: slice, column: NDArray[np.int64]) -> NDArray[Any] | None:
    """Return what happens to each patient in some intervals, nothing in those up to `RUN`: [interval, ..., patient]."""
    if what is None:
        return None
    own = what[some][..., column]
    return np.concatenate([own, np.zeros((RUN - len(own), *own.shape[1:]), own.dtype)])


class _Event(NamedTuple):
    """What happens at the start of an interval; see `Timeline`. Shapes: [compartment, patient] or [patient].

    Of several intervals, all begin with [interval].
    """

    bolus: Any
    inflow: Any
    reset: Any
    jump: Any


def _flows(steady: tuple[Steady, ...]) -> bool:
    return any(one.rate > 0 for one in steady)


def _steady(model: Model, solver: Solver, people: Individual, of: Steady) -> Any:
    """Return the states just before the next dose of patients who have taken a dose for ever: [state, patient].

    Where a cycle still changes a state after `MOST_CYCLES`, there is no such state: it is NaN.
    """
    compartments = len(model.compartments)
    state = _begin(model, people)
    if of.rate == 0:
        cycle = [(of.interval_h, of.amount, 0.0)]
    elif of.interval_h == 0:
        cycle = [(CYCLE_H, 0.0, of.rate)]
    else:
        whole, over = divmod(of.amount / of.rate, of.interval_h)  # so many infusions go on at once all along
        cycle = [(over, 0.0, (whole + 1) * of.rate), (of.interval_h - over, 0.0, whole * of.rate)]
    steps = []
    for hours, bolus, rate in cycle:
        given = np.zeros((2, compartments, state.shape[1]))
        given[:, of.compartment] = [[bolus], [rate]]
        steps.append((_propagator(solver, people, hours), _Event(given[0], given[1] if of.rate else None, None, None)))
    for number in range(MOST_CYCLES):
        before = state
        for propagator, what in steps:
            state, _, _ = _step(model, solver, people, propagator, state, what, None)
        if number % 16 == 15:
            moved = jnp.abs(state - before) > SAME * jnp.abs(state)
            if not bool(moved.any()):
                return state
    return jnp.where(moved.any(axis=0), jnp.nan, state)


@partial(jax.jit, static_argnums=0)
def _begin(model: Model, people: Individual) -> Any:
    return each_patient(flat(model).start)(people)


@partial(jax.jit, static_argnums=0)
def _look(model: Model, people: Individual, state: Any) -> dict[str, Any]:
    return _observed(model, people, state)


def _observed(model: Model, people: Individual, state: Any) -> dict[str, Any]:
    laid = flat(model)
    seen = each_patient(lambda individual, one: model.observe(individual, laid.state(one)))(people, state)
    return {name: jnp.broadcast_to(value, state.shape[1:]) for name, value in seen.items()}


@partial(jax.jit, static_argnums=0)
def _propagator(solver: Solver, people: Individual, hours: Any) -> Any:
    return solver.propagator(people, jnp.asarray(hours, jnp.float64))


@partial(jax.jit, static_argnums=(0, 1))
def _run(
    model: Model, solver: Solver, people: Individual, propagator: Any, now: Any, what: _Event, count: Any, steady: Any
) -> tuple[Any, Any, dict[str, Any]]:
    """Carry states, and how far off they may be, over so many intervals of one length; observe them at each end."""

    def one(place: Any, carried: Any) -> Any:
        state, error, seen = carried
        end, off, found = _step(
            model, solver, people, propagator, state, _Event(*(row(of, place) for of in what)), steady
        )
        return end, jnp.maximum(error, off), {name: seen[name].at[place].set(found[name]) for name in seen}

    def row(of: Any, place: Any) -> Any:
        return None if of is None else of[place]

    nothing = {name: jnp.zeros((RUN, now[0].shape[1])) for name in model.observables}
    ended: tuple[Any, Any, dict[str, Any]] = jax.lax.fori_loop(0, count, one, (*now, nothing))
    return ended


@partial(jax.jit, static_argnums=(0, 1))
def _step(
    model: Model, solver: Solver, people: Individual, propagator: Any, state: Any, what: _Event, steady: Any
) -> tuple[Any, Any, dict[str, Any]]:
    """Let happen what happens at the start of an interval, carry the state to its end, and observe it there."""
    laid = flat(model)
    if what.reset is not None or what.jump is not None:
        begun = each_patient(laid.start)(people)
    if what.reset is not None:
        state = jnp.where(what.reset, begun, state)
    if what.jump is not None:
        put = jnp.take_along_axis(steady, jnp.maximum(jnp.abs(what.jump) - 1, 0)[None, None], axis=0)[0]
        state = jnp.where(what.jump > 0, put, jnp.where(what.jump < 0, state + put - begun, state))
    shares = [
        1.0 if one.bioavailability is None else one.bioavailability(people) for one in model.compartments.values()
    ]
    for place, share, bolus in zip(laid.places, shares, what.bolus, strict=True):
        state = state.at[place].add(share * bolus)
    inflow = None if what.inflow is None else jnp.stack([s * flow for s, flow in zip(shares, what.inflow, strict=True)])
    end, off = solver.carry(people, propagator, state, inflow)
    return end, off, _observed(model, people, end)
