"""Intervals: how sure a mean over diseases, drugs or patients is, and a difference between two methods."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Interval:
    """A mean over nodes, or a share of comparisons between them, with its bootstrap interval."""

    mean: float
    lower: float
    upper: float


def bootstrap(values: Floats, random: np.random.Generator, *, level: float = 0.95, draws: int = 10_000) -> Interval:
    """Return the mean of values, one a disease, drug or patient, with its percentile bootstrap interval over them.

    Give the differences of two methods for an interval of a paired difference (`paired`). Shapes: [node].
    """
    means = values[random.integers(len(values), size=(draws, len(values)))].mean(1)
    lower, upper = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(lower), float(upper))


def paired(first: pd.Series, second: pd.Series) -> Floats:
    """Return, for each node that both series have in their index, the first's value less the second's.

    Raises `ValueError` where one has a node that the other lacks: a difference over other nodes is none of methods.

    >>> paired(pd.Series([0.5, 0.75], ["a", "b"]), pd.Series([0.25, 0.5], ["b", "a"])).tolist()
    [0.0, 0.5]
    """
    if apart := first.index.symmetric_difference(second.index).tolist():
        raise ValueError(
            f"{len(apart)} nodes have a value by one method only, first {apart[0]}: expected the same nodes"
        )
    return (first - second.reindex(first.index)).to_numpy(float)


def clustered(
    values: Floats, clusters: NDArray[np.int64], random: np.random.Generator, *, draws: int = 10_000
) -> Interval:
    """Return the mean over pairs, with the percentile interval of 95 % over draws of their clusters.

    A cluster that is drawn (a drug, say) comes with all of its pairs, since those are alike; a draw's mean is over the
    pairs that it has, so that a drug with many pairs weighs more, as in the mean itself. Shapes: values, clusters
    [pair].

    >>> clustered(np.array([1.0, 0.0, 0.0]), np.array([4, 4, 4]), np.random.default_rng(0), draws=9).upper.__round__(3)
    0.333
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    sums, counts = np.bincount(cluster, values), np.bincount(cluster)
    times = random.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=draws)
    means = (times @ sums) / (times @ counts)
    return interval(np.concatenate([[values.mean()], means]))


def interval(values: Floats, *, level: float = 0.95) -> Interval:
    """Return the first of these values with the percentile interval of the others, which were drawn.

    >>> interval(np.array([0.5, 0.25, 0.25, 0.25]))
    Interval(mean=0.5, lower=0.25, upper=0.25)
    """
    lower, upper = np.nanquantile(values[1:], [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values[0]), float(lower), float(upper))
