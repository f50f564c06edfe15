"""Ranking: where held-out pairs stand among all candidates, from either end, with honest ties."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Pairs = NDArray[np.int64]
"""Rows of subjects above columns of objects. Shapes: [2, pair]."""

Side = Literal["subject", "object"]

RECALLS_AT = (10, 50, 100)
HITS_AT = (1, 3, 10)


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


@dataclass(frozen=True)
class Ranks:
    """Where each asked pair stands among the candidates of one of its ends, other true pairs left out ("filtered").

    Optimistic: before all that score the same; pessimistic: behind them. `realistic` is their mean, what a random order
    of equal scores gives on average. Shapes: all [pair].
    """

    optimistic: NDArray[np.int64]
    pessimistic: NDArray[np.int64]

    @property
    def realistic(self) -> NDArray[np.float64]:
        """The middle of the ranks that ties leave open. Shapes: [pair]."""
        return (self.optimistic + self.pessimistic) / 2

    def reciprocal(self) -> NDArray[np.float64]:
        """Return one over each realistic rank: their mean is the MRR. Shapes: [pair]."""
        return 1 / self.realistic

    def hits(self, k: int) -> NDArray[np.float64]:
        """Return whether each pair is among the first `k`, by realistic rank: their mean is Hits@k. Shapes: [pair]."""
        return (self.realistic <= k).astype(float)


def filtered_ranks(scores: Floats, asked: Pairs, known: Pairs, ranked: Side) -> Ranks:
    """Return where each asked pair stands among all candidates of the `ranked` side, for the pair's other end.

    `known` are all other pairs held to be true, in training or asked too: they compete with no asked pair. "object"
    ranks the objects for a subject (a link's tail), "subject" the subjects for an object (its head). One row of scores
    is copied at a time, so that `scores` may be a memory map. Raises `ValueError` for a score that is no number.

    Shapes: scores [subject, object], asked [2, pair], known [2, other pair].

    >>> scores = np.array([[0.9, 0.5, 0.5], [0.1, 0.2, 0.3]])
    >>> filtered_ranks(scores, np.array([[0], [1]]), np.array([[0], [0]]), "object").realistic.tolist()
    [1.5]
    """
    optimistic, pessimistic = np.zeros((2, asked.shape[1]), np.int64)
    for places, row, mine, others in _rows(scores, asked, known, ranked):
        asked_scores = row[mine]
        row[mine], row[others] = np.nan, np.nan
        rivals = np.sort(row)  # what is no number stands last
        count = len(rivals) - int(np.isnan(rivals).sum())
        optimistic[places] = count - np.searchsorted(rivals[:count], asked_scores, side="right") + 1
        pessimistic[places] = count - np.searchsorted(rivals[:count], asked_scores, side="left") + 1
    return Ranks(optimistic, pessimistic)


def by_node(scores: Floats, asked: Pairs, known: Pairs, ranked: Side) -> pd.DataFrame:
    """Return a row for each node with an asked pair: how its asked partners stand among all candidates but known ones.

    `known` pairs (what a method was told) are left out of the ranking, unless they are asked. Columns: `node` (row or
    column of `scores`), `positives` (its asked pairs), `ranked` (how many candidates), `average_precision`,
    `recall_at_10`, `_50`, `_100`, and `reciprocal_rank` of the first positive. Ties count as by `realistic_ranks`.
    Raises `ValueError` for a score that is no number.

    Shapes: scores [subject, object], asked [2, pair], known [2, other pair].
    """
    rows, nodes = [], asked[0] if ranked == "object" else asked[1]
    for places, row, mine, others in _rows(scores, asked, known, ranked):
        kept, positive = np.ones(len(row), bool), np.zeros(len(row), bool)
        kept[others], kept[mine], positive[mine] = False, True, True
        row, positive = row[kept], positive[kept]
        recalls = [recall_at(row, positive, k) for k in RECALLS_AT]
        precision, first = average_precision(row, positive), reciprocal_rank(row, positive)
        rows.append((nodes[places[0]], positive.sum(), len(row), precision, *recalls, first))
    recalled = [f"recall_at_{k}" for k in RECALLS_AT]
    columns = ["node", "positives", "ranked", "average_precision", *recalled, "reciprocal_rank"]
    return pd.DataFrame(rows, columns=columns).astype({"node": int, "positives": int, "ranked": int})


def _rows(
    scores: Floats, asked: Pairs, known: Pairs, ranked: Side
) -> Iterator[tuple[NDArray[np.int64], Floats, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield, for each node with an asked pair: the places of its asked pairs, a copy of its candidates' scores, its
    asked partners and its known ones."""
    if ranked == "subject":
        scores, asked, known = scores.T, asked[::-1], known[::-1]
    theirs, others = _grouped(asked[0], scores.shape[0]), _grouped(known[0], scores.shape[0])
    for node in np.unique(asked[0]):
        row = np.array(scores[node])
        if np.isnan(row).any():
            raise ValueError(
                f"the scores of {'subject' if ranked == 'object' else 'object'} {node} are not all numbers"
            )
        places = theirs.of(node)
        yield places, row, asked[1, places], known[1, others.of(node)]


@dataclass(frozen=True)
class _Grouped:
    """Places in the order of their node; `starts[node]` is where the node's begin."""

    places: NDArray[np.int64]
    starts: NDArray[np.int64]

    def of(self, node: int) -> NDArray[np.int64]:
        return self.places[self.starts[node] : self.starts[node + 1]]


def _grouped(nodes: NDArray[np.int64], count: int) -> _Grouped:
    places = np.argsort(nodes, kind="stable")
    return _Grouped(places, np.searchsorted(nodes[places], np.arange(count + 1)))
