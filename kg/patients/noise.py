"""Noise: counts with differential privacy: what they tell hardly depends on any one person.

Counts of cells that share nobody change by one, in one cell, with one person more or less; discrete Laplace noise of
scale 1 / epsilon on each then makes any answer at most exp(epsilon) times as likely with a person as without. OpenDP
draws the noise without the gaps of floating-point numbers, from the system's own randomness: it has no seed.
"""

import math
from collections.abc import Sequence
from typing import Any


def noisy(counts: Sequence[int], epsilon: float) -> list[int]:
    """Return counts of cells that share nobody, each with noise; some may be below 0, and their mean error is 0.

    The cells must not be chosen by what is in them: those of nobody belong to them too.
    """
    scale = 1 / epsilon
    while (mechanism := _mechanism(scale)).map(1) > epsilon:  # the quotient was rounded down
        scale = math.nextafter(scale, math.inf)
    return [int(count) for count in mechanism(list(counts))]


def within(epsilon: float, share: float = 0.95) -> int:
    """Return by how much at most this share of noisy counts differ from the true ones.

    With a = exp(-epsilon), the noise is x with a probability of (1 - a) / (1 + a) a^|x|, and beyond x with one of
    2 a^(x+1) / (1 + a).

    >>> within(0.5), within(1.0)
    (6, 3)
    """
    a = math.exp(-epsilon)
    return max(0, math.ceil(math.log((1 - share) * (1 + a) / 2) / math.log(a) - 1))


def _mechanism(scale: float) -> Any:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    return dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64"), scale=scale)
