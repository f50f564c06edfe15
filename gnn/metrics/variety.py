"""Variety: whether the same few nodes lead every list, and whether another seed gives the same lists."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import entropy

from gnn.metrics.ranking import Pairs, Side

Floats = NDArray[np.floating[Any]]


def best_pairs(scores: Floats, n: int, left_out: Pairs | None = None) -> Pairs:
    """Return the `n` pairs that score most, best first, `left_out` ones (the known ones, say) aside.

    Of equal scores, the earlier subject and object first: an arbitrary order, but the same each time. Raises
    `ValueError` where fewer than `n` pairs are left. Shapes: scores [subject, object] -> [2, n].

    >>> best_pairs(np.array([[1.0, 3.0], [2.0, 0.0]]), 2, np.array([[0], [1]])).tolist()
    [[1, 0], [0, 0]]
    """
    flat = np.array(scores, dtype=float).ravel()
    if left_out is not None:
        flat[np.ravel_multi_index(tuple(left_out), scores.shape)] = -np.inf
    if (left := int((flat > -np.inf).sum())) < n:
        raise ValueError(f"{left} pairs are left to rank: expected at least {n}")
    least = np.partition(flat, len(flat) - n)[len(flat) - n]
    among = np.flatnonzero(flat >= least)
    best = among[np.argsort(-flat[among], kind="stable")[:n]]
    return np.stack(np.unravel_index(best, scores.shape))


def entropy_of_best(best: Pairs, side: Side, count: int) -> float:
    """Return the entropy of the nodes at one end of the best pairs, as a share of that of `count` nodes evenly drawn.

    Drug-Entropy@n of the MATRIX project where the side is the drugs': 0 where one drug takes all n places, 1 where all
    `count` drugs take as many. Shapes: best [2, n].

    >>> entropy_of_best(np.array([[0, 0, 1, 1], [0, 1, 2, 3]]), "subject", 4)
    0.5
    """
    nodes = best[0] if side == "subject" else best[1]
    return float(entropy(np.bincount(nodes, minlength=count), base=count))


def frequent_flyers(scores: Floats, k: int, ranked: Side) -> NDArray[np.float64]:
    """Return, for each candidate, in which share of the lists it is among the first `k`.

    A list ranks all candidates of the `ranked` side for one node of the other. Where equal scores leave open who is
    among the first `k`, those share the places that are left. Shapes: scores [subject, object] -> [candidate].

    >>> frequent_flyers(np.array([[0.9, 0.9], [0.1, 0.5]]), 1, "subject").tolist()
    [1.0, 0.0]
    """
    lists = scores if ranked == "object" else scores.T
    shares = np.zeros(lists.shape[1])
    for row in lists:
        least = np.partition(row, len(row) - k)[len(row) - k]
        above, level = row > least, row == least
        shares += above + level * ((k - above.sum()) / level.sum())
    return shares / len(lists)


def overlap(first: Sequence[Any], second: Sequence[Any]) -> float:
    """Return the share of the items of two lists of equal length that both have, wherever.

    >>> overlap(["a", "b", "c", "d"], ["b", "a", "e", "f"])
    0.5
    """
    if len(first) != len(second):
        raise ValueError(f"lists of {len(first)} and {len(second)} items: expected two of the same length")
    return len(set(first) & set(second)) / len(first)


def rank_agreement(first: Sequence[Any], second: Sequence[Any], p: float = 0.98) -> float:
    """Return the rank-biased overlap of two equally long lists, extrapolated: 1 for the same order, 0 for no overlap.

    RBO_ext of Webber et al. 2010 (doi:10.1145/1852102.1852106, equation 30), (X_k / k) p^k + (1 - p)/p sum_d (X_d / d)
    p^d with X_d items common to both lists' first d. At p = 0.98 the first 50 places carry 86 % of the weight.
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"lists of {len(first)} and {len(second)} items: expected two of the same length, not empty")
    seen: tuple[set[Any], set[Any]] = (set(), set())
    total, common = 0.0, 0
    for depth, (mine, theirs) in enumerate(zip(first, second, strict=True), start=1):
        seen[0].add(mine)
        seen[1].add(theirs)
        common += (mine in seen[1]) + (theirs in seen[0]) - (mine == theirs)
        total += common / depth * p**depth
    return common / len(first) * math.pow(p, len(first)) + (1 - p) / p * total
