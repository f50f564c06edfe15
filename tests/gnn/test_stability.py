"""Stability: the lists of two seeds compared, against sets and against a published sum."""

import numpy as np
import pytest

from gnn.lists import Lists
from gnn.stability import DEEP, FIRST, ORDER, OVERLAP, stability

CANDIDATES = 150


def lists(scores: np.ndarray, known: np.ndarray | None = None) -> Lists:
    asked = np.stack([np.arange(len(scores) - 1), np.zeros(len(scores) - 1, int)])  # of the last node nothing is asked
    told = np.empty((2, 0), np.int64) if known is None else known
    count = len(scores)
    return Lists(scores, asked, told, np.arange(count), np.zeros(count, np.int64), two_sided=True)


def test_the_same_lists_agree_and_turned_ones_do_not() -> None:
    scores = np.random.default_rng(0).random((4, CANDIDATES))
    same = stability({"it": (lists(scores), lists(2 * scores))}, 0).set_index("metric")
    assert same["mean"].tolist() == pytest.approx([1, 1]) and same["count"].tolist() == [3, 3]
    turned = stability({"it": (lists(scores), lists(-scores))}, 0).set_index("metric")
    assert turned.loc[OVERLAP, "mean"] == 0 and turned.loc[ORDER, "mean"] < 0.2


def test_overlap_is_the_share_of_both_first_tens() -> None:
    random = np.random.default_rng(1)
    one, other = random.random((5, CANDIDATES)), random.random((5, CANDIDATES))
    one[:, :6] = other[:, :6] = 2 + random.random((5, 6))
    told = np.array([[0, 1], [0, 1]])  # a known pair of two nodes, that stands in no list
    firsts = []
    for node in range(4):
        best = [
            [c for c in np.argsort(-scores[node]) if [node, c] not in told.T.tolist()][:FIRST]
            for scores in (one, other)
        ]
        firsts.append(len({*best[0]} & {*best[1]}) / FIRST)
    found = stability({"it": (lists(one, told), lists(other, told))}, 0).set_index("metric")
    assert found.loc[OVERLAP, "mean"] == pytest.approx(np.mean(firsts))
    assert found.loc[OVERLAP, "lower"] <= found.loc[OVERLAP, "mean"] <= found.loc[OVERLAP, "upper"]


def test_order_counts_the_first_places_most() -> None:
    """Two lists that swap the first two of many, against the sum of equation 30 of Webber et al. 2010."""
    scores = -np.arange(CANDIDATES, dtype=float)[None].repeat(2, 0)
    swapped = scores.copy()
    swapped[:, [0, 1]] = swapped[:, [1, 0]]
    found = stability({"it": (lists(scores), lists(swapped))}, 0).set_index("metric")
    p = 0.98
    expected = p**DEEP + (1 - p) / p * sum((0 if depth == 1 else 1) * p**depth for depth in range(1, DEEP + 1))
    assert found.loc[ORDER, "mean"] == pytest.approx(expected)
