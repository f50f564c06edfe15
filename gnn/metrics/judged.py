"""Against judged pairs: how often a true pair outscores one that curators looked at and refused."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

AGAINST_JUDGED = "auc_against_not_indicated"
"""A metric of its own: in which share of comparisons a treatment scores more than a pair judged not indicated."""


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
