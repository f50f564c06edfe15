"""Assurance of sizes: against closed forms and the mean over simulated effects."""

import numpy as np
import pytest
from scipy.stats import norm

from twin.trials.design.assurance import assurances, size_of_assurance
from twin.trials.design.boundaries import Looks
from twin.trials.design.comparison import Means, Rates, Survival
from twin.trials.design.spending import Rule

SINGLE = Looks(Rule("obrien-fleming"), (1.0,), 0.05, 2, 0.2)


def test_assurance_of_a_mean_is_its_closed_form() -> None:
    found = assurances(Means(0.5, 1.0, known_sd=True), SINGLE, 0.2, (128.0, 400.0))
    assert found.plans[0].assurance == pytest.approx(0.71741, abs=5e-6)
    assert found.plans[1].assurance == pytest.approx(norm.cdf((0.5 - 0.195996) / np.hypot(0.1, 0.2)), abs=1e-6)
    assert found.limit == pytest.approx(norm.cdf(2.5))


def test_assurance_of_events_is_its_closed_form() -> None:
    """The logarithm of the hazard ratio is normal, and so is its estimate, with variance 4 / events."""
    found = assurances(Survival(0.7), SINGLE, 0.15, (300.0,))
    error = 2.0 / np.sqrt(300.0)
    closed = norm.cdf((-np.log(0.7) - 1.959963985 * error) / np.hypot(error, 0.15))
    assert found.plans[0].assurance == pytest.approx(closed, abs=1e-8)


def test_assurance_of_a_rate_is_the_mean_power_of_drawn_effects() -> None:
    rates = Rates(0.4, 0.25)
    found = assurances(rates, SINGLE, 0.05, (300.0,))
    effects = np.random.default_rng(1).normal(0.15, 0.05, 4000)
    powers = np.array([rates.power(300.0, 0.025, 1, effect) for effect in effects])
    assert found.plans[0].assurance == pytest.approx(powers.mean(), abs=4 * powers.std() / np.sqrt(4000))


def test_the_size_of_an_assurance_has_it() -> None:
    found = size_of_assurance(Means(0.5, 1.0, known_sd=True), SINGLE, 0.2, 0.8)
    error = np.sqrt(4.0 / found.plans[0].size)
    assert norm.cdf((0.5 - 1.959963985 * error) / np.hypot(error, 0.2)) == pytest.approx(0.8, abs=1e-5)
    assert found.to_json()["sizes"][0]["assurance"] == pytest.approx(0.8, abs=1e-5)


def test_no_size_has_more_than_the_chance_of_any_effect() -> None:
    with pytest.raises(ValueError, match=r"below 0\.6915"):
        size_of_assurance(Means(0.1, 1.0), SINGLE, 0.2, 0.7)
    with pytest.raises(ValueError, match="got no sizes"):
        assurances(Means(0.1, 1.0), SINGLE, 0.2, ())
