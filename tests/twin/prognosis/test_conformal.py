"""Intervals hold what they promise; Venn and Abers' bounds are those of scikit-learn's isotonic regression."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from twin.prognosis.conformal import Chances, Margin, coverage
from twin.trials.analysis.table import TooFewSubjects


def test_margins_are_order_statistics() -> None:
    away = np.arange(1.0, 100.0)
    margin = Margin.of(away, np.zeros(99), np.zeros(99), level=0.9)
    assert margin.at(np.zeros(1), np.zeros(1)) == (5.0, 95.0)  # the 95th of 99 from either side: (1 - .05) · 100


def test_too_few_subjects_cannot_promise_much() -> None:
    with pytest.raises(TooFewSubjects, match=r"18 subjects .* expected 19"):
        Margin.of(np.zeros(18), np.zeros(18), np.zeros(18), level=0.9)


def test_half_of_what_is_left_out_lies_on_either_side_of_a_skewed_outcome() -> None:
    random = np.random.default_rng(0)
    known, new = random.exponential(size=(2, 100_000))
    margin = Margin.of(known, np.ones(100_000), np.zeros(100_000), level=0.8)
    assert margin.above == pytest.approx(-np.log(0.1) - 1.0, abs=0.04)
    assert margin.below == pytest.approx(1.0 + np.log(0.9), abs=0.01)
    lower, upper = margin.at(np.ones(100_000), np.zeros(100_000))
    assert coverage(new, lower, upper) == pytest.approx(0.8, abs=0.01)
    assert (new < lower).mean() == pytest.approx(0.1, abs=0.01)


def test_each_visit_has_its_own_margin() -> None:
    away = np.concatenate([np.arange(1.0, 100.0), 2.0 * np.arange(1.0, 100.0)])
    margin = Margin.of(away, np.zeros(198), np.repeat([0.0, 10.0], 99), level=0.9)
    assert [margin.at(np.zeros(1), np.array([visit]))[1][0] for visit in (0.0, 5.0, 10.0)] == [95.0, 142.5, 190.0]


def test_bounds_of_chances_are_isotonic_regressions() -> None:
    random = np.random.default_rng(1)
    score = np.round(random.uniform(size=60), 2)
    outcome = (random.uniform(size=60) < score).astype(float)
    chances = Chances.of(outcome, score)
    for at, lower, upper in zip(chances.scores, chances.lower, chances.upper, strict=True):
        for added, bound in ((0.0, lower), (1.0, upper)):
            fitted = IsotonicRegression().fit(np.append(score, at), np.append(outcome, added))
            assert bound == pytest.approx(float(fitted.predict([at])[0]), abs=1e-9)


def test_chances_become_right_whatever_the_score() -> None:
    random = np.random.default_rng(2)
    chance = random.uniform(size=(2, 4000))
    seen = (random.uniform(size=(2, 4000)) < chance).astype(float)
    told, lower, upper = Chances.of(seen[0], chance[0] ** 3).at(chance[1] ** 3)
    assert (lower <= told).all() and (told <= upper).all()
    for low in np.arange(0.0, 1.0, 0.2):
        some = (chance[1] >= low) & (chance[1] < low + 0.2)
        assert told[some].mean() == pytest.approx(seen[1][some].mean(), abs=0.04)
