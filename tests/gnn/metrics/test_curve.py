"""Areas under curves against scikit-learn's (1.9.1, worked out apart) and brute force."""

import numpy as np
import pytest

from gnn.metrics import areas, average_precision, curve, thresholds
from tests.gnn.conftest import area_under_curve

SCORES = np.array([[0, 3, 1, 4, 1, 5], [9, 2, 6, 5, 3, 5], [8, 9, 7, 9, 3, 2], [3, 8, 4, 6, 2, 6]], float)
POSITIVE = np.array([[0, 0, 1, 2, 3, 3], [3, 5, 0, 3, 1, 4]])
LEFT_OUT = np.array([[1, 2], [2, 1]])


@pytest.mark.parametrize("rows", [1, 3, 64])
def test_areas_are_scikit_learn_s(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """roc_auc_score and average_precision_score of these 24 pairs, and of the 22 that are not left out."""
    monkeypatch.setattr(curve, "ROWS", rows)
    whole = areas(thresholds(SCORES, POSITIVE), np.random.default_rng(0), draws=1)
    assert whole.auroc[0] == pytest.approx(0.7037037037037037)
    assert whole.auprc[0] == pytest.approx(0.48492063492063486)
    part = areas(thresholds(SCORES, POSITIVE, LEFT_OUT), np.random.default_rng(0), draws=1)
    assert part.auroc[0] == pytest.approx(0.75)
    assert part.auprc[0] == pytest.approx(0.6470760233918129)


def test_a_draw_takes_a_subject_with_all_of_its_pairs() -> None:
    random = np.random.default_rng(2)
    scores = random.integers(30, size=(12, 40)).astype(np.float32)
    positive = random.random(scores.shape) < 0.1
    found = areas(thresholds(scores, np.argwhere(positive).T), np.random.default_rng(3), draws=90)
    drawn = np.random.default_rng(3).multinomial(12, np.full(12, 1 / 12), size=90)
    for place, times in enumerate([np.ones(12, int), *drawn]):
        rows = np.repeat(np.arange(12), times)
        line, labels = scores[rows].ravel(), positive[rows].ravel()
        assert found.auprc[place] == pytest.approx(average_precision(line, labels))
        assert found.auroc[place] == pytest.approx(area_under_curve(line, labels))


def test_a_constant_score_gains_nothing() -> None:
    found = areas(thresholds(np.zeros((4, 6)), POSITIVE), np.random.default_rng(0), draws=1)
    assert (found.auroc[0], found.auprc[0]) == (0.5, 6 / 24)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no positive pair: expected at least one"):
        thresholds(SCORES, np.empty((2, 0), np.int64))
    with pytest.raises(ValueError, match="the scores of subjects 0 to 3 are not all numbers"):
        thresholds(np.where(SCORES == 6, np.nan, SCORES), POSITIVE)
