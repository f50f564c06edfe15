"""Metric: a figure of cases under many weights at once, so that a bootstrap is one product of matrices."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.model import Floats
from twin.prognosis.fairness.cases import Booleans, Cases, Kind

Weights = Floats
"""How often each row counts in each draw, [draw, row]."""


@dataclass(frozen=True)
class Metric:
    """A figure: its name, what it says, what it is measured of, and of whom.

    `of` takes cases and weights and returns the figure in each draw, [draw], NaN where it is not defined. `among` are
    the rows it rests on, one mask or several: the fewest persons of any are how many it rests on. A `share` of persons
    lies between 0 and 1, and is told by the cells of a table of truth and class.
    """

    name: str
    words: str
    kinds: tuple[Kind, ...]
    of: Callable[[Cases, Weights], Floats]
    among: tuple[Callable[[Cases], Booleans], ...]
    share: bool = False

    def persons(self, cases: Cases) -> int:
        """Return on how many subjects the figure rests."""
        return min(int(np.unique(cases.subject[mask(cases)]).size) for mask in self.among)

    def value(self, cases: Cases) -> float:
        """Return the figure itself."""
        return float(self.of(cases, np.ones((1, len(cases))))[0])


def ratio(weights: Weights, above: Floats, below: Floats) -> Floats:
    """Return the weighted sum of one quantity over that of another, [draw]; NaN where the second is 0."""
    total = weights @ below
    return np.asarray(np.divide(weights @ above, total, out=np.full(total.shape, np.nan), where=total > 0.0))


def everybody(cases: Cases) -> Booleans:
    """Return all rows."""
    return np.ones(len(cases), bool)


def with_event(cases: Cases) -> Booleans:
    """Return rows whose truth is 1."""
    return np.asarray(cases.truth == 1.0)


def without_event(cases: Cases) -> Booleans:
    """Return rows whose truth is 0."""
    return np.asarray(cases.truth == 0.0)
