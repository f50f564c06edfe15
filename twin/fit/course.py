"""Courses that can be differentiated: many patients, each with doses and observations of its own, in one trace.

What happens to a patient, and when something is looked at, are the rows of a plan. The rows are put in order of time
inside the trace, so that a lag, or the duration of an infusion, may be a parameter; then `jax.lax.scan` carries all
patients from row to row with the solver that fits the model. Arrays have the patient on the last axis.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from twin.fit.stretches import Stretches, chosen
from twin.model import Individual, Model
from twin.nonmem import MODELLED_DURATION, MODELLED_RATE
from twin.solve.choose import flat
from twin.solve.solver import Solver, each_patient

_BEFORE, _END, _RESET, _DOSE, _AFTER = range(5)
"""In which order rows of the same moment happen."""
_CYCLE_H = 24.0
"""How long a cycle of an infusion without end is."""
_SHORTEST_H = 1e-9
"""Of a modelled infusion: with a duration of 0 there would be no rate."""
_LEAST = 1e-300
"""Of a hazard, for its logarithm."""
_NEWTON_LINEAR, _NEWTON = 3, 12
"""Iterations to a steady state: one finds that of linear states, the next what they drive, more what is nonlinear."""


class Plan(NamedTuple):
    """What happens to patients and when they are looked at; patients with fewer rows have some at infinity.

    - `seen_h`, `after` [observation, patient]: when, and whether after what happens at the same moment;
    - `dose_h`, `amount`, `compartment` [dose, patient], the compartment counted from 0; `rate` as in `Doses`, None
      where nobody has an infusion;
    - `steady` [series, patient]: which doses are of a series without beginning, -1 for none; `joins` whether it comes
      on top of what is there, `interval_h` how often; None where there is no such dose;
    - `reset_h` [reset, patient]; `between_h` [moment, patient]: where a long interval is parted;
    - `first_h`, `last_h` [patient]: when the patient's time begins, and when it was looked at last;
    - `stretches`: which of a patient's parameters hold when; None where they are alike all the time.
    """

    seen_h: Any
    after: Any
    dose_h: Any
    amount: Any
    compartment: Any
    rate: Any
    steady: Any
    joins: Any
    interval_h: Any
    reset_h: Any
    between_h: Any
    first_h: Any
    last_h: Any
    stretches: Stretches | None = None


class _Rows(NamedTuple):
    """What happens at one moment each. Shapes: [row, patient].

    `series` is the number, from 1, of the steady state that is put in place of the state, negative: added to it.
    `own` is the stretch that what happens goes by, `during` the one up to it; None where there is one alone.
    """

    time_h: Any
    rank: Any
    compartment: Any
    bolus: Any
    flow: Any  # by how much the inflow changes
    reset: Any
    series: Any
    own: Any = None
    during: Any = None


def course(
    model: Model, solver: Solver, people: Individual, plan: Plan, risk: bool = False
) -> tuple[jax.Array, jax.Array]:
    """Return what is foretold of each observable [observation, observable, patient], and how far off it may be.

    With `risk`, the cumulative hazard and the logarithm of the hazard are observables too, behind the model's own.
    The second is a share, [patient], by the solver's own estimate. Both can be differentiated in `people`, whose fields
    are [patient], or [stretch, patient] where they differ between the plan's stretches.
    """
    doses = _doses(model, people, plan)
    rows = _rows(plan, doses)
    order = jnp.lexsort((rows.rank, jax.lax.stop_gradient(rows.time_h)), axis=0)
    rows = jax.tree.map(lambda one: jnp.take_along_axis(one, order, axis=0), rows)
    time = jnp.minimum(rows.time_h, plan.last_h)
    hours = jnp.maximum(jnp.diff(time, axis=0, prepend=plan.first_h[None]), 0.0)
    first = people
    if plan.stretches is not None:
        rows = rows._replace(during=_during(plan.stretches, time))
        first = chosen(people, plan.stretches.piece[0])
    begun = each_patient(flat(model).start)(first)
    steady = None if plan.steady is None else _steady_states(model, solver, people, plan, doses)
    step = _stepper(model, solver, people, begun, steady, (plan.rate is not None, risk))
    flow, none = jnp.zeros((len(model.compartments), begun.shape[-1])), jnp.zeros(begun.shape[-1])
    kept = _nothing_kept(model, solver, people, plan)
    (_, _, off, _), seen = jax.lax.scan(step, (begun, flow, none, kept), (hours, rows))
    back = jnp.argsort(order, axis=0)[: len(plan.seen_h)]
    return jnp.take_along_axis(seen, back[:, None], axis=0), off


def _stepper(
    model: Model, solver: Solver, people: Individual, begun: Any, steady: Any, ways: tuple[bool, bool]
) -> Callable[[Any, Any], Any]:
    """Return the function that carries patients to the next row, looks at them, and lets happen what happens there.

    `ways` says whether anything flows in over hours, and whether risk is looked at.
    """
    laid, (infusing, risk) = flat(model), ways

    def step(now: Any, to: tuple[Any, _Rows]) -> Any:
        (state, flow, off, kept), (hours, row) = now, to
        person, own, empty = people, people, begun
        if row.own is not None:
            person, own = chosen(people, row.during), chosen(people, row.own)
            empty = each_patient(laid.start)(own)
        if kept is None:
            state, away = solver.carry(person, solver.propagator(person, hours), state, flow if infusing else None)
        else:
            state, away, kept = _carried(solver, person, kept, state, hours)
        seen = _observed(model, own, state, risk)
        emptied = row.reset
        state = jnp.where(row.reset, empty, state)
        if steady is not None:
            put = jnp.take_along_axis(steady, jnp.maximum(jnp.abs(row.series) - 1, 0)[None, None], axis=0)[0]
            state = jnp.where(row.series > 0, put, jnp.where(row.series < 0, state + put - empty, state))
            emptied = emptied | (row.series > 0)
        for number, place in enumerate(laid.places):
            state = state.at[place].add(jnp.where(row.compartment == number, row.bolus, 0.0))
        if infusing:
            entered = row.compartment == jnp.arange(len(flow))[:, None]
            flow = jnp.where(emptied, 0.0, flow) + jnp.where(entered, row.flow, 0.0)
        return (state, flow, jnp.maximum(off, away), kept), seen

    return step


class _Kept(NamedTuple):
    """A propagator, and the lengths of the interval that it is for: [patient]."""

    hours: Any
    propagator: Any


def _nothing_kept(model: Model, solver: Solver, people: Individual, plan: Plan) -> _Kept | None:
    """Return the propagator of no interval; None where those of equal intervals differ, or lengths are parameters."""
    lagging = any(one.lag_h is not None for one in model.compartments.values())
    if lagging or plan.rate is not None or plan.stretches is not None:
        return None
    no_length = jnp.full(plan.first_h.shape, jnp.nan)
    shapes = jax.eval_shape(solver.propagator, people, no_length)
    return _Kept(no_length, jax.tree.map(lambda one: jnp.zeros(one.shape, one.dtype), shapes))


def _carried(solver: Solver, people: Individual, kept: _Kept, state: Any, hours: Any) -> tuple[Any, Any, _Kept]:
    """Carry patients over an interval without inflow; one as long as the last for everybody has the same propagator.

    Where it is of no length for anybody, nothing is to do.
    """
    none = jnp.all(hours == 0)
    known = none | jnp.all(hours == kept.hours)
    propagator = jax.lax.cond(known, lambda: kept.propagator, lambda: solver.propagator(people, hours))
    still = (state, jnp.zeros(state.shape[-1]))
    ended, away = jax.lax.cond(none, lambda: still, lambda: solver.carry(people, propagator, state, None))
    return ended, away, _Kept(jnp.where(none, kept.hours, hours), propagator)


def _during(stretches: Stretches, time: Any) -> Any:
    """Return the stretch that holds up to each moment, [row, patient]."""
    passed = jnp.sum(stretches.change_h[:, None] < time[None], axis=0)
    return jnp.take_along_axis(jnp.asarray(stretches.piece), passed, axis=0)


def _observed(model: Model, people: Individual, state: Any, risk: bool) -> Any:
    """Return what can be observed, [observable, patient], in the model's order; with `risk`, H and ln h too."""
    laid = flat(model)
    seen = each_patient(lambda one, now: model.observe(one, laid.state(now)))(people, state)
    found = [jnp.broadcast_to(seen[name], state.shape[1:]) for name in model.observables]
    if risk and (of := model.hazard) is not None:
        hazard = each_patient(lambda one, now: of(one, laid.state(now)))(people, state)
        found += [state[-1], jnp.log(jnp.maximum(jnp.broadcast_to(hazard, state.shape[1:]), _LEAST))]
    return jnp.stack(found)


class _Doses(NamedTuple):
    """Doses as they arrive: when, what at once, what an hour and for how long. Shapes: [dose, patient]."""

    time_h: Any
    bolus: Any
    flow: Any
    lasting_h: Any


def _doses(model: Model, people: Individual, plan: Plan) -> _Doses:
    """Return when and how doses arrive."""
    count = plan.first_h.shape[-1]

    def told(name: str, otherwise: float) -> Any:
        functions = [getattr(one, name) for one in model.compartments.values()]
        if plan.stretches is not None:
            own = chosen(people, plan.stretches.dose)
            shape = plan.compartment.shape
            parts = [jnp.broadcast_to(jax.vmap(one)(own) if one else otherwise, shape) for one in functions]
            return jnp.take_along_axis(jnp.stack(parts), plan.compartment[None], axis=0)[0]
        values = jnp.stack([jnp.broadcast_to(one(people) if one else otherwise, (count,)) for one in functions])
        return jnp.take_along_axis(values, plan.compartment, axis=0)

    time = plan.dose_h + told("lag_h", 0.0)
    arriving = plan.amount * told("bioavailability", 1.0)
    if plan.rate is None:
        return _Doses(time, arriving, jnp.zeros_like(arriving), jnp.zeros_like(arriving))
    duration = jnp.maximum(told("duration_h", jnp.nan), _SHORTEST_H)
    rate = jnp.where(plan.rate == MODELLED_RATE, told("rate", jnp.nan), plan.rate)
    flowing = plan.rate != 0
    by_duration = plan.rate == MODELLED_DURATION
    flow = jnp.where(by_duration, arriving / jnp.where(by_duration, duration, 1.0), jnp.where(flowing, rate, 0.0))
    lasting = jnp.where(by_duration, duration, arriving / jnp.where(flowing & ~by_duration, rate, jnp.inf))
    return _Doses(time, jnp.where(flowing, 0.0, arriving), flow, lasting)


def _rows(plan: Plan, doses: _Doses) -> _Rows:
    """Return all rows of the plan, observations first."""

    def quiet(time_h: Any, rank: Any, reset: bool = False, own: str = "") -> _Rows:
        none = jnp.zeros(time_h.shape)
        whole = none.astype(jnp.int64)
        stretch = None if plan.stretches is None else getattr(plan.stretches, own, whole)
        return _Rows(time_h, whole + rank, whole, none, none, jnp.isfinite(time_h) & reset, whole, stretch)

    flow = jnp.where(doses.lasting_h > 0, doses.flow, 0.0)  # an infusion without beginning may end at this moment
    given = quiet(doses.time_h, _DOSE, own="dose")._replace(compartment=plan.compartment, bolus=doses.bolus, flow=flow)
    parts = [
        quiet(plan.seen_h, jnp.where(plan.after, _AFTER, _BEFORE), own="seen"),
        quiet(plan.reset_h, _RESET, True, "reset"),
        given,
        quiet(plan.between_h, _DOSE),
    ]
    emptied = plan.reset_h
    if plan.steady is not None:
        series = sum(
            jnp.where(jnp.arange(len(plan.dose_h))[:, None] == place, (number + 1) * jnp.where(joins, -1, 1), 0)
            for number, (place, joins) in enumerate(zip(plan.steady, plan.joins, strict=True))
        )
        parts[2] = given._replace(series=series)
        emptied = jnp.concatenate([emptied, jnp.where(series > 0, doses.time_h, jnp.inf)])
    if plan.rate is not None:
        end = doses.time_h + doses.lasting_h
        cut = ((doses.time_h[:, None] < emptied) & (emptied <= end[:, None])).any(axis=1)
        parts.append(quiet(end, _END)._replace(compartment=plan.compartment, flow=jnp.where(cut, 0.0, -flow)))
    whole: _Rows = jax.tree.map(lambda *some: jnp.concatenate(some), *parts)
    return whole


def _steady_states(model: Model, solver: Solver, people: Individual, plan: Plan, doses: _Doses) -> Any:
    """Return the states just before the next dose of each series without beginning: [series, state, patient]."""
    laid = flat(model)
    compartments, times = jnp.arange(len(model.compartments))[:, None], _NEWTON if solver.finer else _NEWTON_LINEAR

    def of(series: tuple[Any, Any]) -> Any:
        place, interval = jnp.maximum(series[0], 0)[None], series[1]
        person = people
        if plan.stretches is not None:
            person = chosen(people, jnp.take_along_axis(plan.stretches.dose, place, axis=0)[0])
        compartment, bolus, flow, lasting = (
            jnp.take_along_axis(one, place, axis=0)[0]
            for one in (plan.compartment, doses.bolus, doses.flow, doses.lasting_h)
        )
        endless = interval == 0
        first = jnp.where(endless, _CYCLE_H, jnp.minimum(lasting, interval))
        second = jnp.where(endless, 0.0, interval - first)
        inflow = jnp.where(compartments == compartment, flow, 0.0)

        def cycle(state: Any) -> Any:
            for number, place in enumerate(laid.places):
                state = state.at[place].add(jnp.where(compartment == number, bolus, 0.0))
            if plan.rate is not None:
                state, _ = solver.carry(person, solver.propagator(person, first), state, inflow)
            none = jnp.zeros_like(inflow) if plan.rate is not None else None
            return solver.carry(person, solver.propagator(person, second), state, none)[0]

        def newton(state: Any, _: None) -> tuple[Any, None]:
            ahead, slope = jax.vmap(lambda one: jax.jvp(cycle, (state,), (one,)))(_directions(state))
            matrix = jnp.eye(len(state)) - slope.transpose(2, 1, 0)  # [patient, state, state]
            return state + jnp.linalg.solve(matrix, (ahead[0] - state).T[..., None])[..., 0].T, None

        return jax.lax.scan(newton, each_patient(laid.start)(person), None, length=times)[0]

    return jax.lax.map(of, (plan.steady, plan.interval_h))


def _directions(state: Any) -> Any:
    """Return a step in each state, all patients alike: [state, state, patient]."""
    return jnp.broadcast_to(jnp.eye(len(state))[..., None], (len(state), *state.shape))
