"""Curves over all pairs of a rectangle: AUROC and AUPRC, exact with ties, in memory for the positives alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

Floats = NDArray[np.floating[Any]]
Pairs = NDArray[np.int64]

ROWS = 64
"""How many rows of scores are sorted into thresholds at a time (assumption: a few million scores fit any memory)."""


@dataclass(frozen=True)
class Thresholds:
    """How the pairs of each subject stand to the scores that positive pairs have: the thresholds, which ascend.

    `positives` counts the positive pairs with that score, `others` the other pairs that reach it but not the next one,
    `level` those of them that score exactly it. `rest` counts each subject's other pairs, whatever their score.

    Shapes: positives, others, level [subject, threshold]; rest [subject].
    """

    positives: csr_matrix
    others: csr_matrix
    level: csr_matrix
    rest: NDArray[np.int64]


@dataclass(frozen=True)
class Curve:
    """Areas under the curves, of all pairs first, then of bootstrap draws of the subjects. Shapes: [1 + draw]."""

    auroc: Floats
    auprc: Floats


def thresholds(scores: Floats, positive: Pairs, left_out: Pairs | None = None) -> Thresholds:
    """Count the pairs of a rectangle above each score of a positive; `left_out` pairs are neither.

    Takes a few rows of scores at a time, so that `scores` may be a memory map; the counts are at most as large as
    subjects times positives. To draw objects instead of subjects, give the rectangle and the pairs turned. No pair may
    be both. Raises `ValueError` where there is no positive, or a score is no number.

    Shapes: scores [subject, object], positive [2, pair], left_out [2, other pair].
    """
    if not positive.shape[1]:
        raise ValueError("there is no positive pair: expected at least one to measure a ranking by")
    hits = scores[tuple(positive)]
    steps = np.unique(hits)
    shape = len(scores), len(steps)
    others, level = [], []
    for block in _blocks(scores, positive if left_out is None else np.concatenate([positive, left_out], 1)):
        rows, columns = np.nonzero(block >= steps[0])
        reaching = block[rows, columns]
        upto = np.searchsorted(steps, reaching, side="right") - 1  # the last threshold that each of them reaches
        exact = steps[upto] == reaching
        others.append(_counted(rows, upto, (len(block), shape[1])))
        level.append(_counted(rows[exact], upto[exact], (len(block), shape[1])))
    gone = [pairs[0] for pairs in (positive, left_out) if pairs is not None]
    rest = scores.shape[1] - np.bincount(np.concatenate(gone), minlength=len(scores))
    placed = _counted(positive[0], np.searchsorted(steps, hits), shape)
    return Thresholds(placed, vstack(others, "csr"), vstack(level, "csr"), rest)


def areas(found: Thresholds, random: np.random.Generator, *, draws: int = 1_000) -> Curve:
    """Return AUROC and AUPRC over all pairs, then over draws of the subjects, each drawn with all of its pairs.

    AUROC is how often a positive outscores another pair, ties by half; AUPRC the average precision, a group of equal
    scores being taken as a whole (`gnn.metrics.average_precision`). The same `random` gives the same draws: subtract
    those of two methods for a paired difference. A draw without a positive, or with nothing else, is NaN.
    """
    subjects = len(found.rest)
    drawn = random.multinomial(subjects, np.full(subjects, 1 / subjects), size=draws)
    times = np.vstack([np.ones((1, subjects), np.int64), drawn])
    auroc, auprc = np.empty((2, 1 + draws))
    for start in range(0, 1 + draws, ROWS):
        some = slice(start, start + ROWS)
        positives, others, level = (times[some] @ one for one in (found.positives, found.others, found.level))
        above, reached = _at_or_above(positives), _at_or_above(others)
        count, rest = positives.sum(1), times[some] @ found.rest
        with np.errstate(invalid="ignore"):
            auprc[some] = (positives * (above / np.maximum(above + reached, 1))).sum(1) / count
            auroc[some] = 1 - (positives * (reached - level / 2)).sum(1) / (count * rest)
    return Curve(auroc, auprc)


def _blocks(scores: Floats, taken_out: Pairs) -> Iterator[Floats]:
    """Yield a copy of some rows at a time, what is taken out being no number, and so above nothing."""
    order = np.argsort(taken_out[0], kind="stable")
    subjects, objects = taken_out[:, order]
    for start in range(0, len(scores), ROWS):
        block = np.array(scores[start : start + ROWS])
        if np.isnan(block).any():
            raise ValueError(f"the scores of subjects {start} to {start + len(block) - 1} are not all numbers")
        first, last = np.searchsorted(subjects, [start, start + len(block)])
        block[subjects[first:last] - start, objects[first:last]] = np.nan
        yield block


def _counted(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> csr_matrix:
    """Return how often each cell is named, as 32-bit counts."""
    return csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape)


def _at_or_above(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return counts[:, ::-1].cumsum(1)[:, ::-1]
