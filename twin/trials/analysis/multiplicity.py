"""Multiplicity: which of several hypotheses are rejected while the chance of any false rejection stays below alpha.

All give adjusted p values: a hypothesis is rejected at every alpha from its own on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.model import Floats
from twin.trials.analysis.table import AnalysisError

PValues = Mapping[str, float]
"""Two-sided or one-sided, by hypothesis; the order is that of a fixed sequence."""


def bonferroni(p_values: PValues) -> dict[str, float]:
    """Return p values times their number.

    >>> bonferroni({"A": 0.01, "B": 0.03})
    {'A': 0.02, 'B': 0.06}
    """
    names, values = _checked(p_values)
    return _named(names, values * values.size)


def holm(p_values: PValues) -> dict[str, float]:
    """Return p values adjusted from the smallest on: Holm S. Scand J Stat 1979;6:65-70."""
    names, values = _checked(p_values)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1))
    return _named(names, _unsorted(steps, order))


def hochberg(p_values: PValues) -> dict[str, float]:
    """Return p values adjusted from the largest on: Hochberg Y. Biometrika 1988;75:800-802.

    It holds alpha where the tests are independent or positively dependent, as of one population's endpoints.
    """
    names, values = _checked(p_values)
    order = np.argsort(-values, kind="stable")
    steps = np.minimum.accumulate(values[order] * np.arange(1, values.size + 1))
    return _named(names, _unsorted(steps, order))


def fixed_sequence(p_values: PValues) -> dict[str, float]:
    """Return p values of hypotheses that are tested in their order, each only if all before were rejected."""
    names, values = _checked(p_values)
    return _named(names, np.maximum.accumulate(values))


@dataclass(frozen=True)
class Graph:
    """A Bonferroni procedure as a graph: each hypothesis has a share of alpha, which it passes on when rejected.

    `weights` [hypothesis] are the shares, together at most 1; `transitions` [hypothesis, hypothesis] how a rejected
    row's share is divided, each row together at most 1. Holm's, fixed sequences, fallback and gatekeeping are graphs.
    Bretz F, Maurer W, Brannath W, Posch M. Stat Med 2009;28:586-604.
    """

    hypotheses: tuple[str, ...]
    weights: tuple[float, ...]
    transitions: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        weights, passed = self._arrays()
        if weights.shape != (len(self.hypotheses),) or passed.shape != (weights.size, weights.size):
            raise AnalysisError(
                f"got {len(self.hypotheses)} hypotheses, weights of shape {weights.shape} and transitions of shape"
                f" {passed.shape}; expected a weight and a row of as many transitions for each"
            )
        if (weights < 0.0).any() or weights.sum() > 1.0 + 1e-9:
            raise AnalysisError(f"got weights {self.weights}, expected none below 0 and at most 1 together")
        if (passed < 0.0).any() or (passed.sum(axis=1) > 1.0 + 1e-9).any() or np.diag(passed).any():
            raise AnalysisError(
                "transitions must not be below 0, nor above 1 together in a row, and 0 from one to itself"
            )

    def adjusted(self, p_values: PValues) -> dict[str, float]:
        """Return the adjusted p values; raises `AnalysisError` where hypotheses are not the graph's."""
        if set(p_values) != set(self.hypotheses):
            raise AnalysisError(f"got p values of {', '.join(p_values)}; expected {', '.join(self.hypotheses)}")
        _, values = _checked({name: p_values[name] for name in self.hypotheses})
        found, reached, graph, left = dict.fromkeys(self.hypotheses, 1.0), 0.0, self, list(self.hypotheses)
        while left:
            weights = np.array(graph.weights)
            own = np.array([values[self.hypotheses.index(name)] for name in left])
            ratio = np.divide(own, weights, out=np.full(own.size, np.inf), where=weights > 0.0)
            next_one = left[int(np.argmin(ratio))]
            reached = max(reached, float(ratio.min()))
            if reached >= 1.0:
                break
            found[next_one], graph = reached, graph.without(next_one)
            left = list(graph.hypotheses)
        return found

    def rejected(self, p_values: PValues, alpha: float) -> tuple[str, ...]:
        """Return the hypotheses that are rejected, in the graph's order."""
        return tuple(name for name, adjusted in self.adjusted(p_values).items() if adjusted <= alpha)

    def without(self, rejected: str) -> "Graph":
        """Return the graph after a rejection: its share and its edges are passed on (algorithm 1 of the paper)."""
        weights, passed = self._arrays()
        out = self.hypotheses.index(rejected)
        stay = np.arange(weights.size) != out
        through = passed + np.outer(passed[:, out], passed[out])
        kept = 1.0 - passed[:, out] * passed[out]
        after = np.divide(through, kept[:, np.newaxis], out=np.zeros_like(through), where=kept[:, np.newaxis] > 1e-12)
        np.fill_diagonal(after, 0.0)
        shares = (weights + weights[out] * passed[out])[stay]
        rows = after[np.ix_(stay, stay)]
        return Graph(
            tuple(name for name in self.hypotheses if name != rejected),
            tuple(shares.tolist()),
            tuple(tuple(row) for row in rows.tolist()),
        )

    def _arrays(self) -> tuple[Floats, Floats]:
        passed = np.array(self.transitions, np.float64)
        return np.array(self.weights, np.float64), passed if passed.size else np.zeros((0, 0))


def _checked(p_values: PValues) -> tuple[tuple[str, ...], Floats]:
    values = np.array(list(p_values.values()), np.float64)
    if values.size == 0 or not ((values >= 0.0) & (values <= 1.0)).all():
        raise AnalysisError(f"got the p values {dict(p_values)}, expected one or more within 0 and 1")
    return tuple(p_values), values


def _unsorted(steps: Floats, order: np.ndarray) -> Floats:
    found = np.empty_like(steps)
    found[order] = steps
    return found


def _named(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return dict(zip(names, np.minimum(values, 1.0).tolist(), strict=True))
