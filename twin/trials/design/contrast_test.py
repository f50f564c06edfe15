"""Contrast test: several contrasts of the same means, each best for one shape, under one error.

Tests of the same data lie together in a space of one dimension less than there are doses. There, given a direction, all
that is left is a length, whose chances are known: only directions are averaged over (Genz A, Bretz F. Computation of
multivariate normal and t probabilities. Springer 2009, section 4.1).
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import fdtr, gammainc
from scipy.stats import norm
from scipy.stats.qmc import Sobol

from twin.trials.design.spending import Floats

_DIRECTIONS, _FEWER = 2**14, 2**12
"""Directions that are averaged over with their opposites; fewer, where a deviation is averaged over too."""

_SPREADS = np.arange(-9.0, 6.0, 0.6)
"""Where an estimated deviation is taken: its logarithm, in units of its own deviation."""


@dataclass(frozen=True)
class ContrastTest:
    """Contrasts of means, [contrast, dose], whose estimates have these patients, [dose]; `freedom` is that of the
    common variance, or None where it is known.
    """

    contrasts: tuple[tuple[float, ...], ...]
    patients: tuple[float, ...]
    freedom: float | None = None

    @cached_property
    def directions(self) -> Floats:
        """Return each test as a direction of length 1 in the space of the standardised means, [contrast, dose]."""
        scaled = np.array(self.contrasts) / np.sqrt(np.array(self.patients))
        return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True))

    @property
    def correlation(self) -> Floats:
        """Return how the tests correlate, [contrast, contrast]."""
        return np.asarray(self.directions @ self.directions.T)

    def statistics(self, means: Floats, variance: float) -> Floats:
        """Return the tests of means, [dose], with the variance within a dose, [contrast]."""
        contrasts = np.array(self.contrasts)
        return np.asarray(contrasts @ means / np.sqrt(variance * (contrasts**2 / np.array(self.patients)).sum(axis=1)))

    def below(self, bound: float, expected: Floats | None = None) -> float:
        """Return the chance that all tests are below a bound; `expected` are their means, [contrast], else none."""
        if expected is not None or bound < 0.0:
            return self._below(bound, np.zeros(len(self.contrasts)) if expected is None else expected)
        furthest = self._along.max(axis=1)
        length = (bound / furthest[furthest > 0.0]) ** 2  # where no test rises, all are below
        if self.freedom is None:
            inside = gammainc(self._rank / 2.0, length / 2.0)
        else:
            inside = fdtr(self._rank, self.freedom, length / self._rank)
        return float((inside.sum() + (furthest <= 0.0).sum()) / furthest.size)

    def adjusted(self, statistics: Floats) -> Floats:
        """Return one-sided p values for all tests together, [contrast]."""
        return np.array([1.0 - self.below(float(value)) for value in statistics])

    def critical(self, alpha: float) -> float:
        """Return the bound that any test exceeds with this chance where all means are the same."""
        if not 0.0 < alpha < 0.5:
            raise ValueError(f"got alpha {alpha:g}, expected a share above 0 and below 0.5")
        return float(brentq(lambda bound: self.below(bound) - 1.0 + alpha, 0.0, 100.0, xtol=1e-9))

    def power(self, means: Floats, sd: float, critical: float) -> float:
        """Return the chance that any test exceeds the critical value where these means are true, [dose]."""
        return 1.0 - self.below(critical, self.statistics(means, sd**2))

    @cached_property
    def _rank(self) -> int:
        return int(np.linalg.matrix_rank(self.directions))

    @cached_property
    def _along(self) -> Floats:
        """Return each test along directions of the tests' space, and along their opposites, [direction, contrast]."""
        axes = np.linalg.svd(self.directions, full_matrices=False)[2][: self._rank]
        half = _sphere(len(axes)) @ (axes @ self.directions.T)
        return np.concatenate([half, -half])

    @property
    def _along_fewer(self) -> Floats:
        """Return the same along the first of these directions, which are spread as evenly."""
        return np.concatenate([self._along[:_FEWER], -self._along[:_FEWER]])

    def _below(self, bound: float, expected: Floats) -> float:
        """Average over directions, and over the deviation that is estimated: given both, a length is left."""
        spreads, weights = np.ones(1), np.ones(1)
        if self.freedom is not None:
            logs = _SPREADS / np.sqrt(2.0 * self.freedom)
            spreads, weights = np.exp(logs), np.exp(self.freedom * (logs - np.expm1(2.0 * logs) / 2.0))
        along = self._along_fewer
        total = 0.0
        for spread, weight in zip(spreads, weights / weights.sum(), strict=True):
            room = bound * spread - expected
            with np.errstate(divide="ignore", invalid="ignore"):
                until = np.where(along > 0.0, room / along, np.inf).min(axis=1)
                since = np.where(along < 0.0, room / along, -np.inf).max(axis=1)
            inside = (gammainc(self._rank / 2.0, np.maximum(end, 0.0) ** 2 / 2.0) for end in (until, since))
            total += float(weight * np.maximum(next(inside) - next(inside), 0.0).mean())
        return total


@lru_cache(maxsize=16)
def _sphere(dimensions: int) -> Floats:
    """Return directions spread evenly over a sphere, [direction, dimension]."""
    points = Sobol(dimensions, scramble=True, rng=0).random(_DIRECTIONS)
    drawn = norm.ppf(np.clip(points, 1e-12, 1.0 - 1e-12))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def optimal_contrast(means: Floats, patients: Floats) -> Floats:
    """Return the contrast that a shape of means shows best, [dose], of length 1.

    >>> optimal_contrast(np.array([0.0, 1.0]), np.array([10.0, 10.0])).round(6).tolist()
    [-0.707107, 0.707107]
    """
    contrast = patients * (means - patients @ means / patients.sum())
    length = float(np.linalg.norm(contrast))
    if length < 1e-12:
        raise ValueError("a shape that is flat on the doses has no contrast: give other doses or another guess")
    return np.asarray(contrast / length)
