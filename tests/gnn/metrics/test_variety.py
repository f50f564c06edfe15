"""Variety against the package rbo (0.1.3, worked out apart), closed forms and counting."""

import math

import numpy as np
import pytest

from gnn.metrics import best_pairs, entropy_of_best, frequent_flyers, overlap, rank_agreement


@pytest.mark.parametrize(("p", "expected"), [(0.9, 0.6912534952285715), (0.98, 0.7003797624634294)])
def test_rank_agreement_is_rank_biased_overlap(p: float, expected: float) -> None:
    assert rank_agreement("abcdefghij", "bacxdyefzg", p) == pytest.approx(expected)


def test_lists_that_are_the_same_or_have_nothing_in_common() -> None:
    assert rank_agreement("abc", "abc") == pytest.approx(1.0)
    assert rank_agreement("abc", "xyz") == 0.0
    assert (overlap("abc", "cab"), overlap("abc", "xyz")) == (1.0, 0.0)
    for measure in (overlap, rank_agreement):
        with pytest.raises(ValueError, match="lists of 3 and 2 items: expected two of the same length"):
            measure("abc", "ab")


def test_the_best_pairs_are_those_of_a_whole_sort() -> None:
    scores = np.random.default_rng(0).permutation(30 * 20).reshape(30, 20)
    left_out = np.argwhere(scores > 580).T
    found = best_pairs(scores, 50, left_out)
    assert scores[tuple(found)].tolist() == list(range(580, 530, -1))
    with pytest.raises(ValueError, match="5 pairs are left to rank: expected at least 6"):
        best_pairs(scores, 6, np.argwhere(scores >= 5).T)


def test_entropy_of_the_best() -> None:
    even = np.array([[0, 1, 2, 3], [7, 7, 7, 7]])
    assert entropy_of_best(even, "subject", 4) == pytest.approx(1.0)
    assert entropy_of_best(even, "object", 9) == 0.0
    assert entropy_of_best(even, "subject", 1_552) == pytest.approx(math.log(4) / math.log(1_552))


def test_frequent_flyers_fill_every_list() -> None:
    random = np.random.default_rng(1)
    scores = random.integers(5, size=(40, 12)).astype(float)
    for ranked, lists in (("subject", scores.T), ("object", scores)):
        found = frequent_flyers(scores, 6, ranked)
        assert found.sum() == pytest.approx(6)
        sure = [sum(np.sum(row >= row[candidate]) <= 6 for row in lists) for candidate in range(lists.shape[1])]
        never = [sum(np.sum(row > row[candidate]) >= 6 for row in lists) for candidate in range(lists.shape[1])]
        assert (found >= np.array(sure) / len(lists) - 1e-12).all()
        assert (found <= 1 - np.array(never) / len(lists) + 1e-12).all()
    assert frequent_flyers(np.zeros((5, 3)), 2, "subject") == pytest.approx(np.full(5, 2 / 5))
