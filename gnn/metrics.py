"""Metrics: where held-out treatments stand in a ranking or against others, with honest ties, and how sure that is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def realistic_ranks(scores: Floats, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the ranks of the chosen items: among items with equal scores, the middle of their ranks.

    The realistic rank of Berrendorf et al. 2020 (arXiv:2002.06914): a constant score gets the middle rank, not 1.

    Shapes: scores [item], chosen [item] -> [chosen item].

    >>> realistic_ranks(np.array([3.0, 1.0, 1.0]), np.array([True, True, False])).tolist()
    [1.0, 2.5]
    """
    ordered = np.sort(scores)
    above = len(scores) - np.searchsorted(ordered, scores[chosen], side="right")
    not_below = len(scores) - np.searchsorted(ordered, scores[chosen], side="left")
    return (above + 1 + not_below) / 2


def average_precision(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Return the average precision, a group of equal scores being taken as a whole.

    The precision at a positive counts all items that score no less; a constant score gets the share of positives.

    Shapes: scores [item], positive [item].

    >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([True, False, True])).__round__(4)
    0.8333
    """
    ordered, hits = np.sort(scores), np.sort(scores[positive])
    taken = len(ordered) - np.searchsorted(ordered, hits, side="left")
    found = len(hits) - np.searchsorted(hits, hits, side="left")
    return float(np.mean(found / taken))


def recall_at(scores: Floats, positive: NDArray[np.bool_], k: int) -> float:
    """Return the share of the positives among the first `k`, by realistic rank. Shapes: [item], [item]."""
    return float(np.mean(realistic_ranks(scores, positive) <= k))


def reciprocal_rank(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Return one over the realistic rank of the first positive. Shapes: [item], [item]."""
    return float(1 / realistic_ranks(scores, positive).min())


RECALL_AT = 100
METRICS = ("average_precision", f"recall_at_{RECALL_AT}", "reciprocal_rank")

AGAINST_JUDGED = "auc_against_not_indicated"
"""A metric of its own: in which share of comparisons a treatment scores more than a pair judged not indicated."""


def by_disease(scores: Floats, positive: NDArray[np.bool_], ranked: NDArray[np.bool_]) -> Floats:
    """Return each metric for each disease with a positive drug among the ranked ones.

    Shapes: all [drug, disease] -> [disease with a positive, metric].
    """
    rows = []
    for disease in range(scores.shape[1]):
        among = ranked[:, disease]
        mine, hits = scores[among, disease], positive[among, disease]
        if hits.any():
            rows.append((average_precision(mine, hits), recall_at(mine, hits, RECALL_AT), reciprocal_rank(mine, hits)))
    return np.array(rows).reshape(-1, len(METRICS))


@dataclass(frozen=True)
class Interval:
    """A mean over diseases, or a share of comparisons between them, with its bootstrap interval."""

    mean: float
    lower: float
    upper: float


def bootstrap(values: Floats, random: np.random.Generator, *, level: float = 0.95, draws: int = 10_000) -> Interval:
    """Return the mean of values, one a disease, with its percentile bootstrap interval over diseases.

    Give the differences of two methods for an interval of a paired difference. Shapes: [disease].
    """
    means = values[random.integers(len(values), size=(draws, len(values)))].mean(1)
    lower, upper = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(lower), float(upper))


def comparisons(
    scores: Floats, positive: NDArray[np.bool_], negative: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, of the positive pairs of one disease and the negative ones of another, how many wins and comparisons.

    A positive pair wins where it scores more, and by half where it scores the same.

    Shapes: all [drug, disease] -> two of [disease of the positive, disease of the negative], for the diseases that have
    any.
    """
    diseases = np.flatnonzero((positive | negative).any(0))
    wins, counts = np.zeros((2, len(diseases), len(diseases)))
    for row, mine in enumerate(diseases):
        hits = scores[positive[:, mine], mine]
        for column, other in enumerate(diseases):
            rivals = np.sort(scores[negative[:, other], other])
            below = np.searchsorted(rivals, hits, side="left").sum()
            not_above = np.searchsorted(rivals, hits, side="right").sum()
            wins[row, column], counts[row, column] = (below + not_above) / 2, len(hits) * len(rivals)
    return wins, counts


def area_under_curve(wins: Floats, counts: Floats, random: np.random.Generator, *, draws: int = 10_000) -> Floats:
    """Return the share of comparisons that a positive pair wins: of all first, then of bootstrap draws of the diseases.

    A disease that is drawn comes with all of its pairs, since those are alike. A draw without a comparison is NaN. The
    same `random` gives the same draws: subtract those of two methods for a paired difference.

    Shapes: wins, counts [disease, disease] -> [1 + draw].
    """
    diseases = len(wins)
    drawn = random.multinomial(diseases, np.full(diseases, 1 / diseases), size=draws)
    times = np.vstack([np.ones(diseases), drawn])
    with np.errstate(invalid="ignore"):
        areas: Floats = ((times @ wins) * times).sum(1) / ((times @ counts) * times).sum(1)
    return areas


def interval(values: Floats, *, level: float = 0.95) -> Interval:
    """Return the first of these values with the percentile interval of the others, which were drawn.

    >>> interval(np.array([0.5, 0.25, 0.25, 0.25]))
    Interval(mean=0.5, lower=0.25, upper=0.25)
    """
    lower, upper = np.nanquantile(values[1:], [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values[0]), float(lower), float(upper))
