"""Assurance of sizes: against closed forms and the mean over simulated effects."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from twin.trials.design.assurance import assurances, size_of_assurance
from twin.trials.design.boundaries import Looks, boundaries
from twin.trials.design.comparison import Means, Rates, Survival
from twin.trials.design.spending import Rule

SINGLE = Looks(Rule("obrien-fleming"), (1.0,), 0.05, 2, 0.2)


def test_assurance_of_a_mean_is_its_closed_form() -> None:
    found = assurances(Means(0.5, 1.0, known_sd=True), SINGLE, 0.2, (128.0, 400.0))
    assert found.plans[0].assurance == pytest.approx(0.71741, abs=5e-6)
    assert found.plans[1].assurance == pytest.approx(norm.cdf((0.5 - 0.195996) / np.hypot(0.1, 0.2)), abs=1e-6)
    assert found.limit == pytest.approx(norm.cdf(2.5))


@pytest.mark.parametrize("size", [10.0, 128.0, 1e4, 1e6, 1e8])
@pytest.mark.parametrize(("effect", "sd"), [(0.1, 0.3), (0.02, 1.0), (0.5, 0.05), (-0.1, 0.3)])
def test_assurance_of_any_size_is_its_closed_form(size: float, effect: float, sd: float) -> None:
    """Of a million patients the power is a step in the effect, which even steps of the prior would miss by 5e-4."""
    found = assurances(Means(effect, 1.0, known_sd=True), SINGLE, sd, (size,)).plans[0].assurance
    error = 2.0 / np.sqrt(size)
    assert found == pytest.approx(norm.cdf((abs(effect) - norm.isf(0.025) * error) / np.hypot(error, sd)), abs=1e-8)


def test_assurance_with_looks_of_a_million_patients_is_near_the_prior_s_share() -> None:
    """Three looks of 10^6 patients: the mean of the power over effects, by SciPy's adaptive quadrature."""
    looks = Looks(Rule("obrien-fleming"), (1 / 3, 2 / 3, 1.0))
    comparison, bounds = Means(0.1, 1.0, known_sd=True), boundaries(looks)
    found = assurances(comparison, looks, 0.3, (1e6,)).plans[0].assurance

    def chance(effect: float) -> float:
        drift = min(max(effect * np.sqrt(1e6) / 2.0, -12.0), 12.0)
        return float(bounds.walked(drift).above.sum()) * float(norm.pdf(effect, 0.1, 0.3))

    turn = quad(chance, -0.024, 0.024, epsabs=1e-9, limit=60)[0]
    assert found == pytest.approx(turn + norm.sf(0.024, 0.1, 0.3), abs=1e-7)


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
