"""Minimise: a search by BFGS whose whole memory is a value, so that it can be stopped, saved and gone on with exactly.

The metric begins as the sum of the squares of the patients' gradients (Berndt, Hall, Hall and Hausman 1974), which is
the curvature of a likelihood at its best point: the first step is already long.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.fit.modes import Objective
from twin.model import Floats

CLOSE = 1e-6
"""The search ends where the next step would lower the objective by less than this."""
_LONGEST = 1.0
"""Of a step, on the line: a factor of e for what is fitted as a logarithm."""
_SHORTEST = 1e-10
_FALL = 1e-4
"""A step is taken that lowers the objective by at least this share of what its slope promises."""

Function = Callable[[Floats, Floats], Objective]
"""From numbers [number] and a guess of etas [eta, patient]."""


@dataclass(frozen=True, eq=False)
class Search:
    """Where a search is: numbers [number], etas [eta, patient], objective, its gradient, and the inverse of its metric.

    `ended` says in words why it is over, "" while it is not.
    """

    numbers: Floats
    etas: Floats
    value: float
    gradient: Floats
    inverse: Floats
    steps: int
    ended: str

    def to_json(self) -> dict[str, Any]:
        """Return all of it as numbers and texts, exactly."""
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Search":
        """Return what `to_json` told."""
        numbers, etas, gradient, inverse = (
            np.array(told[name], np.float64) for name in ("numbers", "etas", "gradient", "inverse")
        )
        return cls(numbers, etas, told["value"], gradient, inverse, told["steps"], told["ended"])


def begin(function: Function, numbers: Floats, etas: Floats) -> Search:
    """Look at where a search begins.

    Raises `ValueError` where the objective is no number there.
    """
    found = function(numbers, etas)
    if not np.isfinite(found.total) or not np.isfinite(found.gradient).all():
        raise ValueError("the likelihood is no number where the fit begins; give other start values")
    slope = np.asarray(found.slope)
    metric = slope @ slope.T / 2
    metric += np.diag(1e-3 * np.diag(metric) + 1e-8 * np.trace(metric) + 1e-8)
    return Search(numbers, found.etas, found.total, found.gradient, np.linalg.inv(metric), 0, "")


def step(function: Function, now: Search) -> Search:
    """Go one step; the search is over where there is none that is worth it."""
    way = -now.inverse @ now.gradient
    slope = float(now.gradient @ way)
    if -slope < 2 * CLOSE:
        return replace(now, ended="converged")
    way *= min(1.0, _LONGEST / np.abs(way).max())
    slope, share = float(now.gradient @ way), 1.0
    while True:
        there = now.numbers + share * way
        found = function(there, now.etas)
        if np.isfinite(found.total) and found.total <= now.value + _FALL * share * slope:
            break
        share /= 4
        if share < _SHORTEST or np.abs(share * way).max() < _SHORTEST:
            return _stuck(now)
    moved, bent = there - now.numbers, found.gradient - now.gradient
    return Search(there, found.etas, found.total, found.gradient, _updated(now.inverse, moved, bent), now.steps + 1, "")


def _stuck(now: Search) -> Search:
    """Return a search that found no way down: from the plain slope once more, and then for good."""
    plain = np.diag(1.0 / np.maximum(np.abs(now.gradient), 1e-3))
    if np.array_equal(now.inverse, plain):
        return replace(now, ended="no step lowers the objective any further")
    return replace(now, inverse=plain, steps=now.steps + 1)


def _updated(inverse: Floats, moved: Floats, bent: Floats) -> Floats:
    """Return the inverse metric that knows how the gradient changed over a step; as it was where that says nothing."""
    curvature = float(moved @ bent)
    if curvature <= 1e-10 * float(np.linalg.norm(moved) * np.linalg.norm(bent)):
        return inverse
    one = np.eye(len(moved)) - np.outer(moved, bent) / curvature
    return np.asarray(one @ inverse @ one.T + np.outer(moved, moved) / curvature)
