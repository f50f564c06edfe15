"""Steps by their error: for rates that jump where a state or the time passes a threshold.

Dormand and Prince's method, each patient with steps of its own: a step whose error is too large is taken again,
shorter, so that a jump is passed in steps too small to matter. Moments that are known are stepped up to, and over, so
that none is missed. What is carried on is of order 5, the error that of order 4. Steps are shares of the interval: its
length may have a gradient.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from twin.model import Individual, State
from twin.solve.flat import Equations
from twin.solve.solver import Carried, Rows, Solver, each_patient, inflow_rows, moved, rows_of, share_of, weighed
from twin.solve.stepped import AWAY, STAGES

FEWEST_TRIES, MOST_TRIES = 64, 8192
"""Of steps in an interval; a patient who needs more than the most is one who cannot be carried."""
CLOSE = 1e-8
"""A step may be off by this share of a state's largest value."""
LONGEST = 1 / 32
"""Of a step, as a share of the interval."""
EDGE_H = 1e-7
"""How far before a moment a step ends, and how far behind it the next one does."""


class _Place(NamedTuple):
    """How far patients have come: the share of the interval, the length of the next step, states, how far these are
    off, and their largest values. Shapes: [patient]."""

    share: Any
    span: Any
    now: Rows
    away: Rows
    size: Rows


@lru_cache(maxsize=256)
def adaptive(equations: Equations, ahead: Callable[[Individual, State], Any] | None, tries: int) -> Solver:
    """Return the solver that tries so many steps in an interval; `ahead` is that of `twin.model.Form`."""
    rates = rows_of(equations)
    until = None if ahead is None else each_patient(lambda one, flat: ahead(one, equations.state(flat)))

    def carry(individuals: Individual, hours: jax.Array, state: jax.Array, inflow: jax.Array | None) -> Carried:
        flows = inflow_rows(equations, inflow)

        def slope(now: Rows) -> Rows:
            return tuple(change + flow for change, flow in zip(rates(individuals, *now), flows, strict=True))

        def attempt(_: Any, at: _Place) -> _Place:
            room = jnp.minimum(LONGEST, 1.0 - at.share)
            over = jnp.zeros_like(room, bool)
            if until is not None:
                room, over = _to_moments(until(individuals, jnp.stack(at.now)), hours, room)
            step = jax.lax.stop_gradient(jnp.where(over, room, jnp.minimum(at.span, room)))
            span, stages = hours * step, [slope(at.now)]
            for row in STAGES:
                stages.append(slope(moved(at.now, span, row, stages)))
            ended = moved(at.now, span, STAGES[-1], stages[:-1])
            missed = tuple(jnp.abs(span * weighed(AWAY, parts)) for parts in zip(*stages, strict=True))
            size = tuple(map(jnp.maximum, at.size, map(jnp.abs, ended)))
            off = jax.lax.stop_gradient(share_of(missed, size)) / CLOSE
            taken = (off <= 1.0) | over
            factor = jnp.clip(0.9 * jnp.maximum(jnp.nan_to_num(off, nan=jnp.inf), 1e-10) ** -0.2, 0.2, 5.0)
            longer = jnp.where(over, at.span, jnp.where(taken, jnp.maximum(at.span, step * factor), step * factor))

            def kept(new: Rows, old: Rows) -> Rows:
                return tuple(jnp.where(taken, one, other) for one, other in zip(new, old, strict=True))

            away = kept(tuple(map(jnp.add, at.away, missed)), at.away)
            share = jnp.where(taken, at.share + step, at.share)
            return _Place(share, jnp.minimum(longer, 1.0), kept(ended, at.now), away, kept(size, at.size))

        rows, none = tuple(state), jnp.zeros(state.shape[-1])
        begun = _Place(none, none + LONGEST / 32, rows, (none,) * len(rows), tuple(map(jnp.abs, rows)))
        end = jax.lax.fori_loop(0, tries, attempt, begun)
        return jnp.stack(end.now), jnp.where(end.share > 1.0 - 1e-9, share_of(end.away, end.size), jnp.inf)

    return Solver(
        f"Runge-Kutta of order 5, steps by their error, at most {tries} an interval",
        lambda individuals, hours: hours * jnp.ones(jax.tree.leaves(individuals)[0].shape[-1]),
        carry,
        partial(adaptive, equations, ahead, 2 * tries) if 2 * tries <= MOST_TRIES else None,
    )


def _to_moments(ahead: Any, hours: Any, room: Any) -> tuple[Any, Any]:
    """Return how long a step may be, as a share of the interval, and whether it leads over a moment.

    Shapes: ahead [moment, patient], hours until each; hours and room [patient].
    """
    whole = jnp.where(hours > 0, hours, 1.0)
    here = (ahead > -0.5 * EDGE_H) & (ahead <= 1.5 * EDGE_H)
    over = here.any(axis=0)
    across = jnp.max(jnp.where(here, ahead + EDGE_H, 0.0), axis=0) / whole
    before = jnp.min(jnp.where(ahead > 1.5 * EDGE_H, ahead - EDGE_H, jnp.inf), axis=0) / whole
    return jnp.where(over, jnp.minimum(across, room), jnp.minimum(before, room)), over
