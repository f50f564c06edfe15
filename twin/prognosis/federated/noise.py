"""Noise: sums with differential privacy: discrete Laplace noise on whole units, each row's part bounded beforehand.

A number is kept within `CLIP` spreads of its centre, so a row moves the slope of a logistic likelihood by at most the
sum of its columns' bounds, and the curvature by a quarter of their products. Each gets half of a round's epsilon. What
is told without noise: the columns and their levels, the number of rows, and whether the site answers.
"""

import math
from collections.abc import Sequence

import numpy as np

from kg.patients.noise import noisy
from twin.model import Floats
from twin.prognosis.federated.kind import Step
from twin.prognosis.federated.wire import Column

CLIP = 3.0
"""Spreads from the centre, beyond which a number is taken for the bound."""
_UNITS = 1 << 10
"""Units that 1 is counted in."""


def clipped(design: Floats) -> Floats:
    """Return [row, coefficient] within bounds; an intercept and levels are within them already."""
    return np.clip(design, -CLIP, CLIP)


def influence(columns: Sequence[Column]) -> tuple[float, float]:
    """Return by how much a row moves the slope and the curvature at most, all entries together (L1).

    Of a feature's levels, a row has one. The curvature is its upper triangle.

    >>> influence([Column(name="age")])
    (4.0, 3.25)
    """
    bounds = np.array([1.0] + [CLIP if column.levels is None else 1.0 for column in columns])
    return float(bounds.sum()), float(0.25 * (bounds.sum() ** 2 + (bounds**2).sum()) / 2.0)


def with_noise(step: Step, columns: Sequence[Column], epsilon: float) -> Step:
    """Return a logistic step with noise on slope and curvature; the objective is not told, and is 0."""
    to_slope, to_curvature = influence(columns)
    upper = np.triu_indices(step.slope.size)
    slope = _noisy(step.slope, to_slope, epsilon / 2.0)
    curvature = np.zeros_like(step.curvature)
    curvature[upper] = _noisy(step.curvature[upper], to_curvature, epsilon / 2.0)
    return Step(step.rows, 0.0, slope, np.triu(curvature) + np.triu(curvature, 1).T)


def slope_variance(columns: Sequence[Column], epsilon: float, size: int) -> float:
    """Return the variance of one site's noise on each entry of a slope of this size."""
    scale = _sensitivity(influence(columns)[0], size) / (epsilon / 2.0) / _UNITS
    return 2.0 * scale**2


def _sensitivity(most: float, size: int) -> int:
    """Return by how many units a row moves sums that it moves by `most` in all; rounding may add one to each."""
    return math.ceil(most * _UNITS) + size


def _noisy(values: Floats, most: float, epsilon: float) -> Floats:
    told = noisy([round(float(value) * _UNITS) for value in values], epsilon / _sensitivity(most, values.size))
    return np.array(told, np.float64) / _UNITS
