"""Metrics against brute force, hand-worked values and scipy."""

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import rankdata

from gnn.metrics import (
    METRICS,
    area_under_curve,
    average_precision,
    bootstrap,
    by_disease,
    comparisons,
    interval,
    realistic_ranks,
    recall_at,
    reciprocal_rank,
)
from tests.gnn.conftest import area_under_curve as by_ranks


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


def test_diseases_without_a_positive_among_the_ranked_are_left_out() -> None:
    scores = np.array([[3.0, 1.0, 2.0], [2.0, 2.0, 1.0], [1.0, 3.0, 3.0]])
    positive = np.array([[True, True, False], [False, False, False], [False, False, False]])
    ranked = np.array([[True, False, True], [True, True, True], [True, True, True]])
    assert by_disease(scores, positive, ranked).tolist() == [[1.0, 1.0, 1.0]]


def test_every_disease_with_a_positive_has_its_row() -> None:
    """Of 150 drugs in their order, the positives stand at 2 and 101, at 100, nowhere, and at 1."""
    positive = np.zeros((150, 4), bool)
    for drug, disease in ((1, 0), (100, 0), (99, 1), (0, 3)):
        positive[drug, disease] = True
    scores = np.tile(-np.arange(150.0)[:, None], (1, 4))
    found = by_disease(scores, positive, np.ones_like(positive))
    assert METRICS == ("average_precision", "recall_at_100", "reciprocal_rank")
    expected = [[(1 / 2 + 2 / 101) / 2, 0.5, 1 / 2], [1 / 100, 1.0, 1 / 100], [1.0, 1.0, 1.0]]
    assert found == pytest.approx(np.array(expected))
    assert by_disease(scores, np.zeros_like(positive), np.ones_like(positive)).shape == (0, 3)


def test_bootstrap_agrees_with_scipy() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=77)
    ours = bootstrap(values, np.random.default_rng(2))
    theirs = scipy_bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(3), n_resamples=10_000)
    assert ours.mean == pytest.approx(values.mean())
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert ours.lower == pytest.approx(theirs.confidence_interval.low, abs=0.03 * width)
    assert ours.upper == pytest.approx(theirs.confidence_interval.high, abs=0.03 * width)


@pytest.fixture
def judged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with ties of 30 drugs for 9 diseases; some pairs are positive, others negative, most are neither."""
    random = np.random.default_rng(5)
    labels = random.random((30, 9))
    return random.integers(8, size=(30, 9)).astype(float), labels < 0.1, labels > 0.85


def test_a_comparison_is_won_by_the_higher_score_and_shared_by_equal_ones(
    judged: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    scores, positive, negative = judged
    wins, counts = comparisons(scores, positive, negative)
    diseases = np.flatnonzero((positive | negative).any(0))
    for row, mine in enumerate(diseases):
        for column, other in enumerate(diseases):
            pairs = [(a, b) for a in scores[positive[:, mine], mine] for b in scores[negative[:, other], other]]
            assert counts[row, column] == len(pairs)
            assert wins[row, column] == sum((a > b) + 0.5 * (a == b) for a, b in pairs)


def test_the_area_of_all_comparisons_is_mann_and_whitney_s(judged: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    scores, positive, negative = judged
    either = positive | negative
    area = area_under_curve(*comparisons(scores, positive, negative), np.random.default_rng(0), draws=1)[0]
    assert area == pytest.approx(by_ranks(scores[either], positive[either]))


def test_a_draw_takes_a_disease_with_all_of_its_pairs(judged: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Each drawn area is that of the diseases repeated as often as they were drawn."""
    scores, positive, negative = judged
    areas = area_under_curve(*comparisons(scores, positive, negative), np.random.default_rng(1), draws=20)
    count = scores.shape[1]
    drawn = np.random.default_rng(1).multinomial(count, np.full(count, 1 / count), size=20)
    for area, times in zip(areas[1:], drawn, strict=True):
        columns = np.repeat(np.arange(count), times)
        either = (positive | negative)[:, columns]
        expected = by_ranks(scores[:, columns][either], positive[:, columns][either])
        assert area == pytest.approx(expected)
    about = interval(areas)
    assert about.mean == areas[0] and areas[1:].min() <= about.lower < about.upper <= areas[1:].max()


def test_without_a_pair_to_compare_with_the_area_is_no_number() -> None:
    scores, positive = np.zeros((3, 2)), np.eye(3, 2, dtype=bool)
    wins, counts = comparisons(scores, positive, np.zeros_like(positive))
    assert np.isnan(area_under_curve(wins, counts, np.random.default_rng(0), draws=3)).all()
