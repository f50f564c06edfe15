"""Judged against closed forms: AUTOC 1/2 and Qini 1/6 of effects 2x, statsmodels' HC3, means of fifths."""

import numpy as np
import pytest
import statsmodels.api as sm

from twin.prognosis.response.crossfit import Foretold
from twin.prognosis.response.enrich import enrichment
from twin.prognosis.response.judged import fifths, projection, targeting


def test_areas_of_a_perfect_order_are_those_of_the_integral() -> None:
    """Effects 2x of x uniform: the best q have on average 2 - q, which is 1 - q above all; areas 1/2 and 1/6."""
    x = (np.arange(4000) + 0.5) / 4000
    curve, autoc, qini = targeting(x, 2.0 * x, draws=50, seed=0, level=0.95)
    assert (autoc.value, qini.value) == pytest.approx((1 / 2, 1 / 6), abs=2e-3)
    assert curve["gain"].to_numpy() == pytest.approx(1.0 - curve["share"].to_numpy(), abs=1e-3)
    assert autoc.lower < autoc.value < autoc.upper


def test_the_order_turned_round_and_none_at_all() -> None:
    x = (np.arange(1000) + 0.5) / 1000
    assert targeting(-x, 2.0 * x, draws=20, seed=0, level=0.95)[1].value < -0.4
    assert targeting(np.zeros(1000), 2.0 * x, draws=20, seed=0, level=0.95)[1].value == pytest.approx(0.0, abs=1e-12)


def test_the_interval_of_an_area_is_as_long_as_its_deviation_over_trials() -> None:
    """1,000 trials of pure noise: their deviation is what one trial's bootstrap says."""
    random = np.random.default_rng(0)
    x = random.normal(size=300)
    many = [targeting(x, random.normal(size=300), draws=2, seed=0, level=0.95)[1].value for _ in range(400)]
    one = targeting(x, random.normal(size=300), draws=400, seed=0, level=0.95)[1]
    assert one.standard_error == pytest.approx(np.std(many), rel=0.25)


def test_the_projection_is_that_of_statsmodels() -> None:
    random = np.random.default_rng(2)
    effect, mean = random.normal(size=(2, 500))
    treated = (random.random(500) < 0.4).astype(float)
    outcome = mean + (treated - 0.4) * (2.0 + 0.7 * (effect - effect.mean())) + random.normal(size=500)
    average, slope = projection(Foretold(effect, effect, mean, outcome), treated, 0.4, 0.95)
    away = treated - 0.4
    design = sm.add_constant(np.column_stack([away, away * (effect - effect.mean())]))
    theirs = sm.OLS(outcome - mean, design).fit(cov_type="HC3")
    assert [average.value, slope.value] == pytest.approx(theirs.params[1:])
    assert [average.standard_error, slope.standard_error] == pytest.approx(theirs.bse[1:])
    assert slope.p_value == pytest.approx(theirs.pvalues[2] / 2)


def test_where_all_are_foretold_alike_there_is_no_slope() -> None:
    random = np.random.default_rng(2)
    treated = np.tile([0.0, 1.0], 100)
    found = Foretold(np.ones(200), random.normal(size=200), np.zeros(200), treated + random.normal(size=200))
    average, slope = projection(found, treated, 0.5, 0.95)
    assert average.value == pytest.approx(1.0, abs=0.4) and np.isnan(slope.value) and slope.p_value is None


def test_fifths_have_the_means_of_their_scores() -> None:
    score = np.arange(100.0)
    frame, apart = fifths(score, score, 0.95)
    assert frame["effect"].tolist() == [9.5, 29.5, 49.5, 69.5, 89.5] and frame["n"].tolist() == [20] * 5
    assert (apart.value, apart.p_value) == (80.0, 0.0)


def test_a_trial_of_those_who_gain_twice_as_much_needs_a_quarter_of_the_patients() -> None:
    random = np.random.default_rng(4)
    priority = np.repeat([1.0, 0.0], 2000)
    score = 2.0 * priority + 0.1 * random.normal(size=4000)
    outcome, treated = random.normal(size=4000), np.tile([0.0, 1.0], 2000)
    half = enrichment(priority, score, outcome, treated, 0.95).iloc[2]
    assert half["gain"] == pytest.approx(2.0, abs=0.01)
    assert (half["patients"], half["screened"]) == pytest.approx((0.25, 0.5), rel=0.1)
