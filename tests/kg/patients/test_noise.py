"""Noise: its error and its odds are those of the discrete Laplace distribution."""

import math
from collections import Counter

import pytest

from kg.patients.noise import noisy, within


def chance(x: int, epsilon: float) -> float:
    """The probability of a noise of x (Ghosh, Roughgarden, Sundararajan 2012, "geometric mechanism")."""
    a = math.exp(-epsilon)
    return (1 - a) / (1 + a) * a ** abs(x)


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 2.0])
def test_noise_is_discrete_laplace(epsilon: float) -> None:
    """The noise has no seed: each bound is missed once in some million runs."""
    draws = 20_000
    found = Counter(value - 7 for value in noisy([7] * draws, epsilon))
    for x in range(-3, 4):
        expected = chance(x, epsilon)
        assert abs(found[x] / draws - expected) < 5.5 * math.sqrt(expected * (1 - expected) / draws)
    variance = 2 * math.exp(-epsilon) / (1 - math.exp(-epsilon)) ** 2
    mean = sum(x * n for x, n in found.items()) / draws
    assert abs(mean) < 5.5 * math.sqrt(variance / draws)


@pytest.mark.parametrize("epsilon", [0.05, 0.3, 1.0, 4.0])
def test_so_many_noisy_counts_are_within(epsilon: float) -> None:
    bound = within(epsilon)
    assert sum(chance(x, epsilon) for x in range(-bound, bound + 1)) >= 0.95
    assert sum(chance(x, epsilon) for x in range(-bound + 1, bound)) < 0.95


def test_an_epsilon_whose_inverse_is_rounded_is_not_exceeded() -> None:
    for thousandths in range(1, 400):
        assert len(noisy([0], thousandths / 1000)) == 1
