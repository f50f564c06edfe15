"""Exponentials of small matrices, those of many patients at once: the patient on the last axis.

From modes where eigenvalues have a closed form (parts of one, two and three compartments, in any composition), from the
gamma function's terms for a chain, and by scaling and squaring elsewhere.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.solve.structure import Block

APART = 1e-7
"""Eigenvalues nearer than this share of each other are moved apart by it: what that changes is as small."""
TERMS = 12
"""Of the series: with a norm of at most 1/2 what is left out is below 1e-13."""


def times(left: jax.Array, right: jax.Array) -> jax.Array:
    """Multiply matrices [row, inner, ...] and [inner, column, ...], or matrices and vectors [inner, ...]."""
    several = right.ndim == left.ndim
    found = jnp.zeros(())
    for inner in range(left.shape[1]):
        found = found + (left[:, inner, None] * right[None, inner] if several else left[:, inner] * right[inner])
    return found


def identity(count: int, like: jax.Array) -> jax.Array:
    """Return identity matrices for the patients of an array [..., patient]: [count, count, patient]."""
    return jnp.broadcast_to(jnp.eye(count)[..., None], (count, count, like.shape[-1]))


def exponential(matrix: jax.Array) -> jax.Array:
    """Return exp of each matrix by scaling and squaring. Shapes: [state, state, patient]."""
    norm = jnp.max(jnp.sum(jnp.abs(matrix), axis=1), initial=1e-300)
    squarings = jnp.maximum(jnp.ceil(jnp.log2(2 * norm)), 0).astype(jnp.int32)
    scaled, one = matrix * 2.0**-squarings, identity(len(matrix), matrix)
    series = one
    for term in range(TERMS, 0, -1):
        series = one + times(scaled, series) / term
    squared: jax.Array = jax.lax.fori_loop(0, squarings, lambda _, now: times(now, now), series)
    return squared


class Modes(NamedTuple):
    """A matrix as its modes: its exponential is the sum of `projector` times exp(rate t).

    Shapes: rate [mode, patient], projector [mode, state, state, patient].
    """

    rate: jax.Array
    projector: jax.Array


def _summed(rate: jax.Array, hours: jax.Array) -> jax.Array:
    still = jnp.abs(rate * hours) < 1e-12
    return jnp.where(still, hours, jnp.expm1(rate * hours) / jnp.where(still, 1.0, rate))


def modes(block: Block, matrix: jax.Array) -> Modes:
    """Return the modes of matrices whose structure is known. Shapes: matrix [state, state, patient].

    The projectors are Lagrange's polynomials in the matrix (Sylvester's formula).
    """
    rates: list[jax.Array] = []
    for part in block.parts:
        for rate in _eigenvalues(matrix[np.ix_(part, part)]):
            for other in rates:
                near = jnp.abs(rate - other) <= APART * jnp.abs(other)
                rate = jnp.where(near, other + 2 * APART * jnp.abs(other), rate)
            rates.append(rate)
    one, projectors = identity(len(matrix), matrix), []
    for mode, rate in enumerate(rates):
        found = one
        for place, other in enumerate(rates):
            if place != mode:
                found = times(found, (matrix - other * one) / (rate - other))
        projectors.append(found)
    return Modes(jnp.stack(rates), jnp.stack(projectors))


def _eigenvalues(matrix: jax.Array) -> list[jax.Array]:
    """Return the real eigenvalues of a matrix of one, two or three states. Shapes: [state, state, patient]."""
    if len(matrix) == 1:
        return [matrix[0, 0]]
    if len(matrix) == 2:
        return list(_of_two(matrix))
    return _of_three(matrix)


def _of_two(matrix: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the larger one (in size) first; the other without a difference of nearly equal numbers."""
    (a, b), (c, d) = matrix
    total, gap = a + d, jnp.sqrt((a - d) ** 2 + 4 * b * c)
    large = jnp.where(total < 0, total - gap, total + gap) / 2
    # a d - b c, exact where the columns of a compartment model sum to what leaves the body
    lost, left = a + c, b + d
    determinant = jnp.where(jnp.abs(lost) < jnp.abs(a), a * left - b * lost, a * d - b * c)
    return large, determinant / large


def _of_three(matrix: jax.Array) -> list[jax.Array]:
    """Solve the cubic by cosines (Viete), then take two steps of Newton's method."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    second = -(a + e + i)
    first = a * e - b * d + a * i - c * g + e * i - f * h
    none = -(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))
    shift = second / 3
    p = shift**2 - first / 3
    q = shift**3 - shift * first / 2 + none / 2
    size = jnp.sqrt(jnp.maximum(p, 1e-300))
    angle = jnp.arccos(jnp.clip(q / size**3, -1, 1)) / 3
    found = []
    for turn in range(3):
        root = -2 * size * jnp.cos(angle + 2 * np.pi * turn / 3) - shift
        for _ in range(2):
            value = ((root + second) * root + first) * root + none
            slope = (3 * root + 2 * second) * root + first
            root = root - value / jnp.where(slope == 0, 1.0, slope)
        found.append(root)
    return found


def chain(rate: jax.Array, hours: jax.Array, length: int) -> jax.Array:
    """Return a chain's response to a unit put into its first state `hours` ago: e^(-k t) (k t)^j / j!.

    `rate` and `hours` broadcast to one shape; the result is [state, ...].
    """
    passed = rate * hours
    terms = [jnp.exp(-passed)]
    for order in range(1, length):
        terms.append(terms[-1] * passed / order)
    return jnp.stack(terms)


def exponentials(block: Block, matrix: jax.Array, hours: jax.Array) -> jax.Array:
    """Return what a unit in one state has left in another after some hours, in the block's own way.

    Shapes: matrix [state, state, patient], hours [..., patient] -> [state, state, ..., patient].
    """
    count, lasting = len(matrix), (1,) * (hours.ndim - 1)
    if block.way == "chain":
        passed = chain(-matrix[0, 0], hours, count)
        nothing = jnp.zeros_like(passed[0])
        return jnp.stack(
            [jnp.stack([passed[i - j] if i >= j else nothing for j in range(count)]) for i in range(count)]
        )
    if block.way == "modes":
        of = modes(block, matrix)
        left = jnp.exp(of.rate.reshape(count, *lasting, -1) * hours)
        return _together(of, left)
    spread = matrix.reshape(count, count, *lasting, -1) * hours
    return exponential(spread.reshape(count, count, -1)).reshape(spread.shape)


def integrals(block: Block, matrix: jax.Array, hours: jax.Array) -> jax.Array:
    """Return what a unit an hour into one state has come to in another after some hours; shapes as `exponentials`."""
    count, lasting = len(matrix), (1,) * (hours.ndim - 1)
    if block.way == "modes":
        of = modes(block, matrix)
        return _together(of, _summed(of.rate.reshape(count, *lasting, -1), hours))
    one = jnp.broadcast_to(jnp.eye(count)[..., None], matrix.shape)
    both = jnp.concatenate([jnp.concatenate([matrix, one], axis=1), jnp.zeros((count, 2 * count, matrix.shape[-1]))])
    spread = both.reshape(2 * count, 2 * count, *lasting, -1) * hours
    return exponential(spread.reshape(2 * count, 2 * count, -1)).reshape(spread.shape)[:count, count:]


def _together(of: Modes, share: jax.Array) -> jax.Array:
    """Add up modes. Shapes: share [mode, ..., patient] -> [state, state, ..., patient]."""
    between = (1,) * (share.ndim - 2)
    count = len(of.rate)
    projector = of.projector.reshape(count, count, count, *between, -1)
    found = projector[0] * share[0]
    for mode in range(1, count):
        found = found + projector[mode] * share[mode]
    return found
