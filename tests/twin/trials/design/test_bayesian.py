"""Bayesian stopping: against Pocock's bounds, Lee and Liu's published design, closed forms and simulated trials."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, betabinom, norm

from twin.trials.design.bayesian import StoppingRule, bayesian_design, bounds_of, operating
from twin.trials.design.binary_outcomes import BinaryTrial
from twin.trials.design.normal_outcomes import NormalTrial

SINGLE_ARM = BinaryTrial(tuple(range(10, 37)), (0.2, 0.8), benchmark=0.2)


@pytest.mark.parametrize(("looks", "z"), [(2, 2.178272), (3, 2.289478), (4, 2.361300), (5, 2.413180)])
def test_calibrated_on_a_flat_prior_the_threshold_is_pocock_s(looks: int, z: float) -> None:
    """A posterior above p on a flat prior is a z above a constant: rpact 3.3.4's Pocock bounds at .025."""
    trial = NormalTrial(tuple(20 * (look + 1) for look in range(looks)), 1.0)
    found = bayesian_design(trial, StoppingRule(0.9), (0.0,), (0.5,), 0.025)
    assert norm.ppf(found.rule.efficacy) == pytest.approx(z, abs=1e-6)
    assert found.type_one_error == pytest.approx(0.025, abs=1e-9)


def test_a_phase_two_design_by_predictive_probability_is_lee_and_liu_s() -> None:
    """Lee JJ, Liu DD. Clin Trials 2008;5:93-106, rates .2 and .4, beta(.2, .8), theta_T .9, theta_L .001,
    looks from the tenth patient on.

    Published (author manuscript PMC5626665), and computed anew below: rejection regions 0/10 1/17 2/21 3/24 4/27 5/29
    6/31 7/33 8/34 9/35 10/36, type I error .088, power .906, 27.67 patients to expect under the null.
    """
    rule = StoppingRule(0.9, 0.001, predictive=True, early=False)
    found = bayesian_design(SINGLE_ARM, rule, ((0.2, 0.2),), ((0.2, 0.4),))
    until = {bound["gives_up_until"]: bound["patients"] for bound in reversed(bounds_of(SINGLE_ARM, rule))}
    assert until == {10: 36, 9: 35, 8: 34, 7: 33, 6: 31, 5: 29, 4: 27, 3: 24, 2: 21, 1: 17, 0: 10}
    assert found.type_one_error == pytest.approx(0.088, abs=5e-4)
    assert found.true[0].power == pytest.approx(0.906, abs=5e-4)
    assert found.null[0].expected_size == pytest.approx(27.67, abs=5e-3)
    anew = [lee_and_liu(rate) for rate in (0.2, 0.4)]
    assert (anew[0][0], anew[1][0]) == pytest.approx((found.type_one_error, found.true[0].power), abs=1e-9)
    assert anew[0][1] == pytest.approx(found.null[0].expected_size, abs=1e-9)
    assert anew[0][2] == {most: patients for most, patients in until.items() if patients < 36}


def lee_and_liu(rate: float) -> tuple[float, float, dict[int, int]]:
    """Return the chance to reject, the size to expect, and the first patients after which so few responses give up.

    By sums over beta-binomials, and all paths of responses, patient by patient.
    """
    here, given_up, size, first = np.array([1.0]), 0.0, 0.0, {}
    for n in range(1, 37):
        here = np.append(here, 0.0) * (1 - rate) + np.append(0.0, here) * rate
        for x in range(n + 1) if 10 <= n < 36 else ():
            more = np.arange(37 - n)
            wins = beta.sf(0.2, 0.2 + x + more, 36.8 - x - more) > 0.9
            if betabinom.pmf(more, 36 - n, 0.2 + x, 0.8 + n - x)[wins].sum() < 0.001:
                first.setdefault(x, n)
                given_up, size, here[x] = given_up + here[x], size + n * here[x], 0.0
    responses = np.arange(37)
    return float(here[beta.sf(0.2, 0.2 + responses, 36.8 - responses) > 0.9].sum()), size + 36 * (1 - given_up), first


def test_a_predictive_probability_is_lee_and_liu_s_example() -> None:
    """Of 40 patients 23 are seen and 16 respond, beta(.6, .4), 60 % to exceed with 90 %: .5656."""
    trial = BinaryTrial((23, 40), (0.6, 0.4), benchmark=0.6)
    assert trial.predictive(0.9)[0][0, 16] == pytest.approx(0.5656, abs=5e-5)
    sums = sum(betabinom.pmf(more, 17, 16.6, 7.4) for more in range(18) if beta.sf(0.6, 16.6 + more, 24.4 - more) > 0.9)
    assert trial.predictive(0.9)[0][0, 16] == pytest.approx(sums, abs=1e-12)


@pytest.mark.parametrize(("prior", "margin"), [((1.0, 1.0), 0.0), ((0.5, 0.5), 0.0), ((2.0, 3.0), -0.1)])
def test_the_posterior_of_two_arms_is_its_integral(prior: tuple[float, float], margin: float) -> None:
    trial = BinaryTrial((12,), prior, prior, margin=margin)
    a, b = prior
    for control, treatment in ((0, 1), (5, 7), (12, 12)):
        integral, _ = quad(
            lambda rate, c=control, t=treatment: (
                beta.pdf(rate, a + c, b + 12 - c) * beta.sf(rate + margin, a + t, b + 12 - t)
            ),
            0.0,
            1.0,
            points=[0.1] if margin else None,
            epsabs=1e-11,
            limit=200,
        )
        assert trial.posteriors[0][control, treatment] == pytest.approx(integral, abs=2e-6)


@pytest.mark.parametrize("predictive", [False, True])
def test_simulated_two_arm_trials_end_as_foretold(predictive: bool) -> None:
    trial, rule = BinaryTrial((30, 60, 90)), StoppingRule(0.98, 0.1, predictive)
    told = operating(trial, rule, (0.3, 0.45))
    random, trials = np.random.default_rng(9), 50_000
    posteriors, by = trial.posteriors, trial.predictive(0.98) if predictive else trial.posteriors
    counts, going = np.zeros((trials, 2), int), np.ones(trials, bool)
    rejected, given_up = np.zeros(3), np.zeros(3)
    for look in range(3):
        counts += random.binomial(30, (0.3, 0.45), (trials, 2))
        wins = going & (posteriors[look][counts[:, 0], counts[:, 1]] > 0.98)
        loses = going & ~wins & ((by[look][counts[:, 0], counts[:, 1]] < 0.1) | (look == 2))
        rejected[look], given_up[look] = wins.mean(), loses.mean()
        going &= ~(wins | loses)
    error = 4 * np.sqrt(0.25 / trials)
    assert told.rejected == pytest.approx(rejected, abs=error)
    assert told.given_up == pytest.approx(given_up, abs=error)
    assert told.rejected.sum() + told.given_up.sum() == pytest.approx(1.0, abs=1e-10)


def test_calibration_holds_the_error_at_the_worst_of_several_rates_and_no_more() -> None:
    trial, null = BinaryTrial((40, 80)), ((0.1, 0.1), (0.3, 0.3), (0.5, 0.5))
    found = bayesian_design(trial, StoppingRule(0.9, 0.05), null, ((0.3, 0.55),), 0.025)
    assert 0.020 < found.type_one_error <= 0.025
    looser = StoppingRule(found.rule.efficacy - 1e-5, 0.05)
    assert max(operating(trial, looser, truth).power for truth in null) > 0.025


@pytest.mark.parametrize("predictive", [False, True])
def test_simulated_normal_trials_with_a_prior_end_as_foretold(predictive: bool) -> None:
    trial, rule = NormalTrial((25, 50), 1.0, 0.1, 0.4), StoppingRule(0.95, 0.2, predictive)
    told = operating(trial, rule, 0.3)
    random, trials = np.random.default_rng(10), 200_000
    first, second = random.normal(0.3, np.sqrt(2 / 25), (2, trials))
    seen = [first, (first + second) / 2.0]
    chance = []
    for difference, patients in zip(seen, (25, 50), strict=True):
        precision = 1 / 0.16 + patients / 2.0
        mean = (0.1 / 0.16 + difference * patients / 2.0) / precision
        chance.append((norm.sf(0.0, mean, precision**-0.5), mean, precision))
    wins = chance[0][0] > 0.95
    gives_up = chance[0][0] < 0.2
    if predictive:  # by draws of what is to come would take long: its mean and variance are known
        needed = (norm.ppf(0.95) * np.sqrt(1 / 0.16 + 25.0) - 0.1 / 0.16) / 25.0
        spread = np.sqrt((1 / chance[0][2] + 2 / 25) / 4.0)
        gives_up = norm.sf(needed, (first + chance[0][1]) / 2.0, spread) < 0.2
    later = ~wins & ~gives_up & (chance[1][0] > 0.95)
    assert told.rejected == pytest.approx([wins.mean(), later.mean()], abs=4 * np.sqrt(0.25 / trials))
    assert told.given_up[0] == pytest.approx((gives_up & ~wins).mean(), abs=4 * np.sqrt(0.25 / trials))


def test_a_design_tells_its_bounds_in_the_data_s_terms() -> None:
    found = bayesian_design(NormalTrial((50, 100), 2.0), StoppingRule(0.9, 0.1), (0.0,), (1.0,), 0.025).to_json()
    first = found["bounds"][0]
    assert first["rejects_from_difference"] == pytest.approx(first["rejects_from_z"] * 2.0 * np.sqrt(2.0 / 50.0))
    assert first["gives_up_below_z"] == pytest.approx(norm.ppf(0.1))
    assert found["null"][0]["power"] == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BinaryTrial((20, 10)), "grow from look to look"),
        (lambda: BinaryTrial((3000,)), "numbers from 1 to 2000"),
        (lambda: BinaryTrial((20,), (0.0, 1.0)), "expected two numbers above 0"),
        (lambda: BinaryTrial((20,), benchmark=1.0), "got the benchmark 1"),
        (lambda: NormalTrial((20,), -1.0), "got the deviation -1"),
        (lambda: StoppingRule(0.9, 0.95), "they overlap"),
        (lambda: operating(BinaryTrial((20,)), StoppingRule(0.9), 0.3), "expected two rates"),
        (lambda: operating(NormalTrial((20,), 1.0), StoppingRule(0.9), (0.1, 0.2)), "expected a difference"),
        (lambda: bayesian_design(SINGLE_ARM, StoppingRule(0.9), (), ((0.2, 0.4),)), "tell what is true"),
        (
            lambda: bayesian_design(NormalTrial((20,), 1.0), StoppingRule(0.9), (9.0,), (10.0,), 0.025),
            "no threshold holds",
        ),
    ],
)
def test_what_cannot_be_designed_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
