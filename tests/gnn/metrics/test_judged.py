"""Comparisons with judged pairs against brute force and Mann and Whitney's sum of ranks."""

import numpy as np
import pytest

from gnn.metrics import area_under_curve, comparisons, interval
from tests.gnn.conftest import area_under_curve as by_ranks


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
