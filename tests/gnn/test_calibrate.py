"""Calibration against closed forms, published intervals and worlds whose truth is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from gnn import calibrate
from gnn.calibrate import (
    WAYS,
    Calibrator,
    error_by_chance,
    expected_calibration_error,
    fit_calibrator,
    fit_shortlist,
    kept_share,
    reliability,
)

TRUTHS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as is": lambda logits: logits,
    "too sure": lambda logits: 0.6 * logits - 1.5,
    "not sure enough": lambda logits: 1.6 * logits + 2,
    "never sure": lambda logits: logit(0.75 * expit(logits)),
    "bent": lambda logits: np.where(logits < -3, logits, -3 + 0.4 * (logits + 3)),
}


def world(truth: str, seed: int, count: int = 120_000) -> tuple[np.ndarray, np.ndarray]:
    """Return logits of pairs of which a few in a thousand are positive, as often as a truth says."""
    random = np.random.default_rng(seed)
    logits = random.normal(-8, 1.5, count) + np.where(random.random(count) < 0.02, random.exponential(3.5, count), 0)
    return logits, random.random(count) < expit(TRUTHS[truth](logits))


@pytest.mark.parametrize("truth", TRUTHS)
def test_probabilities_of_the_top_come_true_on_pairs_not_seen(truth: str) -> None:
    """As nearly as 2,000 pairs can tell: within .015 of the error that true probabilities have by chance."""
    logits, labels = world(truth, seed=1)
    assert 0.001 < labels.mean() < 0.008
    found = fit_calibrator(logits, labels, np.random.default_rng(0))
    fresh, came_true = world(truth, seed=2)
    for equal in ("mass", "width"):
        errors = [
            expected_calibration_error(reliability(probabilities, came_true, equal=equal, top=2_000))
            for probabilities in (found.probabilities(fresh), expit(fresh))
        ]
        top = np.sort(expit(TRUTHS[truth](fresh)))[-2_000:]
        assert errors[0] < error_by_chance(top, np.random.default_rng(3), draws=20, equal=equal) + 0.015
        if truth != "as is":
            assert errors[1] > errors[0] + 0.015


def test_a_calibrated_ranking_is_the_same_ranking() -> None:
    logits, labels = world("never sure", seed=1, count=20_000)
    ways = calibrate._all_ways(logits, labels, np.ones(len(logits)))
    assert tuple(ways) == WAYS
    fresh = np.unique(np.concatenate([world("bent", seed=5, count=500)[0], [-60.0, 60.0]]))
    for way, found in ways.items():
        assert found.way == way
        assert (np.diff(found.logits(fresh)) > 0).all()
        again = Calibrator(way, **found.arrays())
        assert np.array_equal(again.logits(fresh), found.logits(fresh))


def test_platt_s_line_passes_through_the_shares_at_two_logits() -> None:
    """With two values of the input, a logistic regression gives each its share: 30 of 1,000 and 700 of 1,000."""
    logits = np.repeat([-1.0, 2.0], 1_000)
    labels = np.concatenate([np.arange(1_000) < 30, np.arange(1_000) < 700])
    found = calibrate._all_ways(logits, labels, np.ones(2_000))["platt"]
    assert found.probabilities(np.array([-1.0, 2.0])) == pytest.approx([0.03, 0.7], abs=1e-4)


def test_steps_are_those_of_pooling_adjacent_violators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares .1, .4, .2, .6 at the logits 0 to 3: the middle two are pooled to .3, at their middle 1.5."""
    monkeypatch.setattr(calibrate, "PSEUDO_PAIRS", 0.0)
    logits = np.repeat([0.0, 1.0, 2.0, 3.0], 10)
    labels = np.concatenate([np.arange(10) < hits for hits in (1, 4, 2, 6)])
    found = calibrate._all_ways(logits, labels, np.ones(40))["isotonic"]
    assert found.knots == pytest.approx([0.0, 1.5, 3.0])
    assert expit(found.values) == pytest.approx([0.1, 0.3, 0.6])


@pytest.mark.parametrize("way", WAYS)
def test_a_sampled_pair_stands_for_as_many_as_its_weight(way: str) -> None:
    logits, labels = world("too sure", seed=1)
    kept = labels | (np.random.default_rng(4).random(len(labels)) < 0.1)
    whole = calibrate._all_ways(logits, labels, np.ones(len(labels)))[way]
    part = calibrate._all_ways(logits[kept], labels[kept], np.where(labels, 1.0, 10.0)[kept])[way]
    top = np.linspace(-3, 5, 9)
    assert part.probabilities(top) == pytest.approx(whole.probabilities(top), abs=0.1)


def test_pairs_of_a_group_are_held_out_together(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = world("as is", seed=1, count=3_000)
    groups = np.random.default_rng(0).integers(40, size=3_000)
    logits += groups * 1e-7  # so that a logit tells its group
    seen: list[np.ndarray] = []
    whole = calibrate._all_ways

    def listening(logits: np.ndarray, *rest: Any) -> dict[str, Calibrator]:
        seen.append(np.isin(all_logits, logits))
        return whole(logits, *rest)

    all_logits = logits
    monkeypatch.setattr(calibrate, "_all_ways", listening)
    fit_calibrator(logits, labels, np.random.default_rng(0), groups=groups)
    *folds, last = seen
    assert last.all() and len(folds) == 5
    for rest in folds:
        assert not set(groups[rest]) & set(groups[~rest])
    assert (np.sum([~rest for rest in folds], axis=0) == 1).all()


def test_one_label_alone_cannot_be_calibrated_by() -> None:
    with pytest.raises(ValueError, match="0 of 3 pairs are positive: expected both labels to calibrate by"):
        fit_calibrator(np.zeros(3), np.zeros(3, bool), np.random.default_rng(0))


def test_the_table_of_reliability_worked_by_hand() -> None:
    """Wilson's interval of 10 out of 50 is .1124 to .3304 (R: prop.test(10, 50, correct = FALSE))."""
    probabilities = np.concatenate([np.full(50, 0.25), np.full(50, 0.05)])
    labels = np.concatenate([np.arange(50) < 10, np.zeros(50, bool)])
    for equal, bins in (("mass", 2), ("width", 10)):
        table = reliability(probabilities, labels, bins=bins, equal=equal)
        assert table["pairs"].tolist() == [50, 50]
        assert table["foretold"].tolist() == pytest.approx([0.05, 0.25])
        assert table["observed"].tolist() == [0.0, 0.2]
        assert table.loc[1, ["lower", "upper"]].tolist() == pytest.approx([0.11244, 0.33037], abs=1e-5)
        assert expected_calibration_error(table) == pytest.approx(0.05)
    top = reliability(probabilities, labels, bins=5, top=50)
    assert top["pairs"].tolist() == [10] * 5
    assert top["foretold"].tolist() == pytest.approx([0.25] * 5)
    assert reliability(np.array([1.0]), np.array([True]), equal="width")["observed"].tolist() == [1.0]
    with pytest.raises(ValueError, match="equal: got 'size', expected 'mass' or 'width'"):
        reliability(probabilities, labels, equal="size")


def test_the_error_by_chance_of_one_bin_is_the_mean_deviation_of_a_normal() -> None:
    """E |share - p| = sqrt(2 p (1 - p) / (pi n))."""
    found = error_by_chance(np.full(400, 0.3), np.random.default_rng(0), draws=1_500, bins=1)
    assert found == pytest.approx(np.sqrt(2 * 0.3 * 0.7 / (np.pi * 400)), rel=0.05)


def nodes_of(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the true partners of so many nodes, a few or many each, alike within a node."""
    random = np.random.default_rng(seed)
    sizes = random.geometric(0.15, size=count)
    nodes = np.repeat(np.arange(count), sizes)
    return random.normal(size=len(nodes)) + 2 * random.normal(size=count)[nodes], nodes


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_a_threshold_is_the_highest_that_risk_control_allows(level: float) -> None:
    scores, nodes = nodes_of(60, seed=1)
    scores = np.round(scores, 1)  # with ties
    found = fit_shortlist(scores, nodes, level)

    def risk(threshold: float) -> float:
        return float(pd.Series(scores < threshold).groupby(nodes).mean().mean())

    allowed = [one for one in np.unique(scores) if (60 * risk(one) + 1) / 61 <= 1 - level]
    assert found.threshold == max(allowed)
    assert found.nodes == 60


def test_shortlists_of_nodes_held_out_keep_the_promise() -> None:
    """On average over worlds: no less than the level, and within two points of it."""
    kept = []
    for seed in range(400):
        scores, nodes = nodes_of(150, seed)
        fitted_on = nodes < 75
        found = fit_shortlist(scores[fitted_on], nodes[fitted_on], 0.9)
        kept.append(np.mean([*kept_share(found, scores[~fitted_on], nodes[~fitted_on]).values()]))
    error = np.std(kept) / np.sqrt(len(kept))
    assert 0.9 - 2 * error < np.mean(kept) < 0.92


def test_a_promise_that_few_nodes_cannot_back_takes_everything() -> None:
    found = fit_shortlist(np.arange(8.0), np.arange(8), 0.9)
    assert found.holds(np.array([-1e9, 0.0])).all()
    assert fit_shortlist(np.arange(9.0), np.arange(9), 0.9).threshold == 0.0
    assert kept_share(
        fit_shortlist(np.arange(20.0), np.arange(20), 0.9), np.array([0.0, 1.0, 2.0]), np.array([3, 3, 4])
    ) == {
        3: 0.5,
        4: 1.0,
    }
    with pytest.raises(ValueError, match=r"level: got 90, expected a share between 0 and 1"):
        fit_shortlist(np.arange(9.0), np.arange(9), 90)
