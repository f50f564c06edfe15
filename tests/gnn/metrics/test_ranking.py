"""Ranks and what is made of them, against brute force, hand-worked values and scipy."""

import numpy as np
import pytest
from scipy.stats import rankdata

from gnn.metrics import (
    average_precision,
    by_node,
    filtered_ranks,
    realistic_ranks,
    recall_at,
    reciprocal_rank,
)


@pytest.fixture
def tied() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    return random.integers(6, size=60).astype(float), random.random(60) < 0.2


def test_realistic_ranks_are_average_ranks(tied: tuple[np.ndarray, np.ndarray]) -> None:
    scores, positive = tied
    assert realistic_ranks(scores, positive) == pytest.approx(rankdata(-scores, method="average")[positive])


def test_average_precision_is_the_area_over_distinct_thresholds(tied: tuple[np.ndarray, np.ndarray]) -> None:
    scores, positive = tied
    area, recalled = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        taken = scores >= threshold
        recall = (taken & positive).sum() / positive.sum()
        area, recalled = area + (recall - recalled) * (taken & positive).sum() / taken.sum(), recall
    assert average_precision(scores, positive) == pytest.approx(area)


def test_a_constant_score_gains_nothing() -> None:
    scores, positive = np.zeros(99), np.arange(99) < 9
    assert average_precision(scores, positive) == pytest.approx(9 / 99)
    assert reciprocal_rank(scores, positive) == pytest.approx(1 / 50)
    assert recall_at(scores, positive, 49) == 0.0


def test_worked_by_hand() -> None:
    scores, positive = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([False, True, False, True, True])
    assert average_precision(scores, positive) == pytest.approx((1 / 2 + 2 / 4 + 3 / 5) / 3)
    assert reciprocal_rank(scores, positive) == 1 / 2
    assert recall_at(scores, positive, 4) == pytest.approx(2 / 3)


SCORES = np.array([[0.9, 0.4, 0.4, 0.1], [0.2, 0.8, 0.3, 0.3], [0.9, 0.6, 0.4, 0.5]])
ASKED = np.array([[0, 1, 2], [1, 2, 0]])
KNOWN = np.array([[0, 2, 1], [0, 1, 1]])


def test_filtered_ranks_worked_by_hand() -> None:
    """Pair (0, 1) competes with .4 and .1: .9 is known. (1, 2) with .2 and .3. (2, 0) with .4 and .5."""
    tails = filtered_ranks(SCORES, ASKED, KNOWN, "object")
    assert tails.optimistic.tolist() == [1, 1, 1]
    assert tails.pessimistic.tolist() == [2, 2, 1]
    assert tails.realistic.tolist() == [1.5, 1.5, 1.0]
    assert tails.reciprocal() == pytest.approx([2 / 3, 2 / 3, 1.0])
    assert tails.hits(1).tolist() == [0.0, 0.0, 1.0]
    # In column 1 all others are known; in column 2 .4 and .4 are better than .3; in column 0 .9 is known, .2 is worse.
    heads = filtered_ranks(SCORES, ASKED, KNOWN, "subject")
    assert heads.realistic.tolist() == [1.0, 3.0, 1.0]
    assert heads.hits(3).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("ranked", ["subject", "object"])
def test_filtered_ranks_are_scipy_s_average_ranks_without_other_true_pairs(ranked: str) -> None:
    random = np.random.default_rng(5)
    scores = random.integers(9, size=(17, 23)).astype(np.float32)
    true = random.random(scores.shape) < 0.2
    asked = true & (random.random(scores.shape) < 0.4)
    found = filtered_ranks(scores, np.argwhere(asked).T, np.argwhere(true).T, ranked)
    for place, (subject, other) in enumerate(np.argwhere(asked)):
        line, labels, own = (
            (scores[subject], true[subject], other)
            if ranked == "object"
            else (scores[:, other], true[:, other], subject)
        )
        kept = ~labels
        kept[own] = True
        for method, ranks in (("average", found.realistic), ("min", found.optimistic), ("max", found.pessimistic)):
            assert ranks[place] == rankdata(-line[kept], method=method)[kept[:own].sum()]


def test_a_constant_score_has_the_middle_rank_from_both_sides() -> None:
    asked, none = np.array([[0, 1], [3, 4]]), np.empty((2, 0), np.int64)
    for ranked, middle in (("object", 6.0), ("subject", 3.0)):
        assert filtered_ranks(np.zeros((5, 11)), asked, none, ranked).realistic.tolist() == [middle, middle]


@pytest.mark.parametrize("ranked", ["subject", "object"])
def test_a_score_that_is_no_number_is_refused(ranked: str) -> None:
    scores = SCORES.copy()
    scores[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"the scores of (subject 1|object 2) are not all numbers"):
        filtered_ranks(scores, ASKED, KNOWN, ranked)


@pytest.mark.parametrize("ranked", ["subject", "object"])
def test_the_table_of_nodes_is_that_of_each_line_alone(ranked: str) -> None:
    random = np.random.default_rng(6)
    scores = random.integers(40, size=(130, 120)).astype(np.float32)
    asked, known = random.random(scores.shape) < 0.01, random.random(scores.shape) < 0.05
    found = by_node(scores, np.argwhere(asked).T, np.argwhere(known).T, ranked).set_index("node")
    lines = [array if ranked == "object" else array.T for array in (scores, asked, known)]
    assert found.index.tolist() == np.flatnonzero(lines[1].any(1)).tolist()
    for node, row in found.iterrows():
        line, positive, told = (array[node] for array in lines)
        kept = positive | ~told
        assert (row["positives"], row["ranked"]) == (positive.sum(), kept.sum())
        assert row["average_precision"] == average_precision(line[kept], positive[kept])
        assert row["recall_at_10"] == recall_at(line[kept], positive[kept], 10)
        assert row["recall_at_50"] == recall_at(line[kept], positive[kept], 50)
        assert row["recall_at_100"] == recall_at(line[kept], positive[kept], 100)
        assert row["reciprocal_rank"] == reciprocal_rank(line[kept], positive[kept])
