"""Stiff equations: a Rosenbrock method of order 4 whose steps are short after a dose and long before the next.

RODAS (Hairer and Wanner, Solving Ordinary Differential Equations II, 2nd ed. 1996, ch. IV.7): six stages, L-stable, one
Jacobian and one elimination a step, and an embedded method of order 3. All patients take the same steps.
"""

from collections.abc import Sequence
from functools import lru_cache, partial

import jax
import jax.numpy as jnp

from twin.model import Individual
from twin.solve.flat import Equations
from twin.solve.solver import (
    Carried,
    Rows,
    Solver,
    each_patient,
    inflow_rows,
    moved,
    rows_of,
    share_of,
    weighed,
)

_GAMMA = 0.25
_LAST = (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950)
_A = (
    (),
    (1.544,),
    (0.9466785280815826, 0.2557011698983284),
    (3.314825187068521, 2.896124015972201, 0.9986419139977817),
    _LAST,
    (*_LAST, 1.0),
)
_C = (
    (),
    (-5.6688,),
    (-2.430093356833875, -0.2063599157091915),
    (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
    (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
    (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
)
_M = (*_LAST, 1.0, 1.0)

GRADE = 3
"""Steps end at h (i/n)^3: what a dose upsets at once is over in a small part of an interval."""
FEWEST_STEPS, MOST_STEPS = 64, 8192
"""In an interval."""


@lru_cache(maxsize=256)
def stiff(equations: Equations, steps: int) -> Solver:
    """Return the solver that takes so many steps in an interval."""
    rates = rows_of(equations)
    slopes = each_patient(jax.jacfwd(equations.rates, argnums=1))

    def carry(individuals: Individual, hours: jax.Array, state: jax.Array, inflow: jax.Array | None) -> Carried:
        flows = inflow_rows(equations, inflow)

        def step(place: jax.Array, carried: tuple[Rows, Rows, Rows]) -> tuple[Rows, Rows, Rows]:
            now, away, size = carried
            begun, ended = place / steps, (place + 1) / steps
            span = jnp.maximum(hours * (ended**GRADE - begun**GRADE), 1e-300)
            eliminated = eliminate(slopes(individuals, jnp.stack(now)), 1 / (_GAMMA * span))
            stages: list[Rows] = []
            for weights, pulls in zip(_A, _C, strict=True):
                change = rates(individuals, *moved(now, 1.0, weights, stages))
                pulled = [weighed(pulls, parts) / span for parts in zip(*stages, strict=True)] or [0.0] * len(now)
                stages.append(
                    solve(
                        eliminated, [one + flow + pull for one, flow, pull in zip(change, flows, pulled, strict=True)]
                    )
                )
            reached = moved(now, 1.0, _M, stages)
            off = tuple(map(jnp.maximum, away, map(jnp.abs, stages[-1])))
            return reached, off, tuple(map(jnp.maximum, size, map(jnp.abs, reached)))

        rows = tuple(state)
        begun = rows, tuple(map(jnp.zeros_like, rows)), tuple(map(jnp.abs, rows))
        end, away, size = jax.lax.fori_loop(0, steps, step, begun)
        return jnp.stack(end), share_of(away, size) ** (5 / 4)

    finer = partial(stiff, equations, 2 * steps) if 2 * steps <= MOST_STEPS else None
    return Solver(
        f"Rosenbrock of order 4 (stiff), {steps} graded steps an interval",
        lambda individuals, hours: hours * jnp.ones(jax.tree.leaves(individuals)[0].shape[-1]),
        carry,
        finer,
    )


def eliminate(slopes: jax.Array, shift: jax.Array) -> list[list[jax.Array]]:
    """Return the factors of `shift` less the slopes by Gauss, without pivots: in steps the diagonals are the largest.

    Shapes: slopes [state, state, patient], shift [patient] -> rows of [patient].
    """
    count = len(slopes)
    rows = [[(shift if i == j else 0.0) - slopes[i, j] for j in range(count)] for i in range(count)]
    for pivot in range(count):
        for below in range(pivot + 1, count):
            factor = rows[below][pivot] / rows[pivot][pivot]
            for column in range(pivot + 1, count):
                rows[below][column] = rows[below][column] - factor * rows[pivot][column]
            rows[below][pivot] = factor
    return rows


def solve(eliminated: list[list[jax.Array]], right: Sequence[jax.Array]) -> Rows:
    """Solve with factors. Shapes: right [patient] of each state -> the same."""
    count, found = len(eliminated), list(right)
    for row in range(count):
        for column in range(row):
            found[row] = found[row] - eliminated[row][column] * found[column]
    for row in reversed(range(count)):
        for column in range(row + 1, count):
            found[row] = found[row] - eliminated[row][column] * found[column]
        found[row] = found[row] / eliminated[row][row]
    return tuple(found)
