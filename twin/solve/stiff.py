"""Stiff equations: a Rosenbrock method of order 4 whose steps are short after a dose and long before the next.

RODAS (Hairer and Wanner, Solving Ordinary Differential Equations II, 2nd ed. 1996, ch. IV.7): six stages, L-stable, one
Jacobian and one elimination a step, and an embedded method of order 3. All patients take the same steps.
"""

from functools import partial

import jax
import jax.numpy as jnp

from twin.model import Individual
from twin.solve.flat import Equations
from twin.solve.solver import Carried, Solver, each_patient, with_inflow

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


def stiff(equations: Equations, steps: int) -> Solver:
    """Return the solver that takes so many steps in an interval."""
    rates = each_patient(equations.rates)
    slopes = each_patient(jax.jacfwd(equations.rates, argnums=1))

    def carry(individuals: Individual, hours: jax.Array, state: jax.Array, inflow: jax.Array | None) -> Carried:
        def step(place: jax.Array, carried: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
            now, away, size = carried
            begun, ended = place / steps, (place + 1) / steps
            span = jnp.maximum(hours * (ended**GRADE - begun**GRADE), 1e-300)
            matrix = jnp.eye(len(now))[..., None] / (_GAMMA * span) - slopes(individuals, now)
            eliminated, stages = eliminate(matrix), list[jax.Array]()
            for weights, pulls in zip(_A, _C, strict=True):
                at = now + sum(a * one for a, one in zip(weights, stages, strict=True))
                pull = sum(c * one for c, one in zip(pulls, stages, strict=True))
                change = with_inflow(equations, rates(individuals, at), inflow)
                stages.append(solve(eliminated, change + pull / span))
            moved = now + sum(m * one for m, one in zip(_M, stages, strict=True))
            return moved, jnp.maximum(away, jnp.abs(stages[-1])), jnp.maximum(size, jnp.abs(moved))

        end, away, size = jax.lax.fori_loop(0, steps, step, (state, jnp.zeros_like(state), jnp.abs(state)))
        off = jnp.max(away / jnp.where(size > 0, size, 1.0), axis=0)
        return end, off ** (5 / 4)

    finer = partial(stiff, equations, 2 * steps) if 2 * steps <= MOST_STEPS else None
    return Solver(
        f"Rosenbrock of order 4 (stiff), {steps} graded steps an interval",
        lambda individuals, hours: hours * jnp.ones(jax.tree.leaves(individuals)[0].shape[-1]),
        carry,
        finer,
    )


def eliminate(matrix: jax.Array) -> list[list[jax.Array]]:
    """Return the factors of matrices by Gauss, without pivots: the diagonals of a step's matrices are their largest.

    Shapes: [state, state, patient] -> rows of [patient].
    """
    rows = [[matrix[i, j] for j in range(len(matrix))] for i in range(len(matrix))]
    for pivot in range(len(rows)):
        for below in range(pivot + 1, len(rows)):
            factor = rows[below][pivot] / rows[pivot][pivot]
            for column in range(pivot + 1, len(rows)):
                rows[below][column] = rows[below][column] - factor * rows[pivot][column]
            rows[below][pivot] = factor
    return rows


def solve(eliminated: list[list[jax.Array]], right: jax.Array) -> jax.Array:
    """Solve with factors. Shapes: right [state, patient] -> the same."""
    count, found = len(eliminated), list(right)
    for row in range(count):
        for column in range(row):
            found[row] = found[row] - eliminated[row][column] * found[column]
    for row in reversed(range(count)):
        for column in range(row + 1, count):
            found[row] = found[row] - eliminated[row][column] * found[column]
        found[row] = found[row] / eliminated[row][row]
    return jnp.stack(found)
