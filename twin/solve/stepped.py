"""Steps: nonlinear states by a Runge-Kutta method of order 5, steps short after a dose and long before the next.

All patients take the same steps, t = h (i/n)^2, so that nothing branches (Dormand and Prince 1980,
doi:10.1016/0771-050X(80)90013-3). An embedded method of order 4 says how far off each patient may be, e: what is
carried on is of order 5, and off by about e^(6/5). Who asks takes finer steps.
"""

from functools import lru_cache, partial

import jax
import jax.numpy as jnp

from twin.model import Individual
from twin.solve.flat import Equations
from twin.solve.solver import Carried, Rows, Solver, inflow_rows, moved, rows_of, share_of, weighed
from twin.solve.stiff import FEWEST_STEPS, stiff

STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_FOURTH = (5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40)
AWAY = tuple(fifth - fourth for fifth, fourth in zip((*STAGES[-1], 0.0), _FOURTH, strict=True))

MOST_STEPS = 1024
"""In an interval; who needs more is stiff."""


@lru_cache(maxsize=256)
def stepped(equations: Equations, steps: int) -> Solver:
    """Return the solver that takes so many steps in an interval; a stiff one follows where `MOST_STEPS` are too few."""
    rates = rows_of(equations)

    def carry(individuals: Individual, hours: jax.Array, state: jax.Array, inflow: jax.Array | None) -> Carried:
        flows = inflow_rows(equations, inflow)

        def slope(now: Rows) -> Rows:
            return tuple(change + flow for change, flow in zip(rates(individuals, *now), flows, strict=True))

        def step(place: jax.Array, carried: tuple[Rows, Rows, Rows, Rows]) -> tuple[Rows, Rows, Rows, Rows]:
            now, first, away, size = carried
            span = hours * (2 * place + 1) / steps**2
            stages = [first]
            for row in STAGES:
                stages.append(slope(moved(now, span, row, stages)))
            ended = moved(now, span, STAGES[-1], stages[:-1])
            missed = [jnp.abs(span * weighed(AWAY, parts)) for parts in zip(*stages, strict=True)]
            off = tuple(one + more for one, more in zip(away, missed, strict=True))
            return ended, stages[-1], off, tuple(map(jnp.maximum, size, map(jnp.abs, ended)))

        rows = tuple(state)
        begun = (rows, slope(rows), tuple(map(jnp.zeros_like, rows)), tuple(map(jnp.abs, rows)))
        end, _, away, size = jax.lax.fori_loop(0, steps, step, begun)
        return jnp.stack(end), share_of(away, size) ** (6 / 5)

    finer = (
        partial(stepped, equations, 2 * steps) if 2 * steps <= MOST_STEPS else partial(stiff, equations, FEWEST_STEPS)
    )
    return Solver(
        f"Runge-Kutta of order 5, {steps} graded steps an interval",
        lambda individuals, hours: hours * jnp.ones(jax.tree.leaves(individuals)[0].shape[-1]),
        carry,
        finer,
    )
