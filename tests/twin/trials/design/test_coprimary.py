"""Co-primary endpoints, against Sozu's tables, R's mvtnorm and simulated patients; non-inferiority against rpact."""

import numpy as np
import pytest
from scipy.stats import norm, t

from twin.trials.design.comparison import Events, Means, Rates, Survival
from twin.trials.design.coprimary import CoPrimary, power_of_all, size_of_all


def alike(effects: tuple[float, ...], correlation: float) -> CoPrimary:
    return CoPrimary(tuple(Means(effect, 1.0, known_sd=True) for effect in effects), correlation)


@pytest.mark.parametrize(
    ("effects", "correlation", "per_arm"),
    [  # R: uniroot over pmvnorm(TVPACK, Miwa)
        ((0.2, 0.2), 0.0, 515.3287451),
        ((0.2, 0.2), 0.3, 502.3526916),
        ((0.2, 0.2), 0.5, 489.3431914),
        ((0.2, 0.2), 0.8, 457.8978954),
        ((0.25, 0.4), 0.5, 252.0970161),
        ((0.2, 0.25, 0.3), 0.3, 427.3103469),
        ((0.2, 0.25, 0.3), 0.8, 400.5174458),
    ],
)
def test_sizes_are_those_of_the_joint_normal(effects: tuple[float, ...], correlation: float, per_arm: float) -> None:
    assert size_of_all(alike(effects, correlation), 0.8, 0.025).size / 2.0 == pytest.approx(per_arm, abs=1e-4)


@pytest.mark.parametrize(
    ("effects", "per_arm"),
    [  # Sozu et al., J Biopharm Stat 2011;21:650, table 1, as the vignette of R's twoCoprimary 1.0.0 prints it again
        ((0.2, 0.2), (516, 503, 490, 458)),
        ((0.2, 0.25), (432, 424, 417, 401)),
        ((0.2, 0.4), (393, 393, 393, 393)),
        ((0.25, 0.3), (284, 278, 272, 260)),
        ((0.3, 0.35), (201, 197, 192, 183)),
        ((0.4, 0.4), (129, 126, 123, 115)),
    ],
)
def test_whole_sizes_are_those_of_the_published_table(effects: tuple[float, ...], per_arm: tuple[int, ...]) -> None:
    found = [size_of_all(alike(effects, one), 0.8, 0.025).per_arm["control"] for one in (0.0, 0.3, 0.5, 0.8)]
    assert tuple(found) == per_arm


def test_endpoints_that_are_one_take_the_size_of_the_hardest() -> None:
    assert size_of_all(alike((0.2, 0.2), 1.0), 0.8, 0.025).size == pytest.approx(
        Means(0.2, 1.0, known_sd=True).size(0.8, 0.025)
    )


def test_simulated_patients_show_both_as_often_as_foretold() -> None:
    endpoints = CoPrimary((Means(0.5, 1.0), Means(0.6, 1.5)), 0.6)
    found = power_of_all(endpoints, 120.0, 0.05, 2)
    random, trials = np.random.default_rng(5), 20_000
    covariance = [[1.0, 0.9], [0.9, 2.25]]
    arms = [random.multivariate_normal(mean, covariance, (trials, 60)) for mean in ((0.0, 0.0), (0.5, 0.6))]
    spread = sum(arm.var(axis=1, ddof=1) for arm in arms) / 60.0
    t = (arms[1].mean(axis=1) - arms[0].mean(axis=1)) / np.sqrt(spread)
    assert (t > 1.980272).all(axis=1).mean() == pytest.approx(found.power, abs=4 * np.sqrt(0.25 / trials))
    assert (t > 1.980272).mean(axis=0) == pytest.approx(found.each, abs=4 * np.sqrt(0.25 / trials))


@pytest.mark.parametrize(
    ("comparison", "size"),
    [  # rpact 3.3.4, one-sided .025, 90 %: getSampleSizeMeans, -Rates, -Survival with thetaH0
        (Means(0.0, 2.0, null=-0.8), 264.6211354),
        (Rates(0.85, 0.85, null=-0.1), 551.4962267),
        (Survival(1.0, null=1.291), 644.2526749),
    ],
)
def test_non_inferiority_is_rpact_s(comparison: Means | Rates | Survival, size: float) -> None:
    assert comparison.size(0.9, 0.025) == pytest.approx(size, abs=2e-4)


def test_a_co_primary_margin_is_refuted_beside_a_superior_endpoint() -> None:
    endpoints = CoPrimary((Rates(0.85, 0.85, null=-0.1), Means(0.3, 1.0)), 0.0)
    found = size_of_all(endpoints, 0.9, 0.025)
    assert found.each.prod() == pytest.approx(0.9, abs=1e-8)
    assert found.size > Rates(0.85, 0.85, null=-0.1).size(0.9, 0.025)
    assert found.to_json()["patients_per_arm"]["control"] == int(np.ceil(found.size / 2.0))


def test_a_time_to_an_event_counts_as_many_patients_as_have_its_events() -> None:
    """Schoenfeld by hand: 4 (z.975 + z.9)^2 / ln(.7)^2 = 330.38 events, and 60 % of patients have one."""
    timed = Events(0.7, 0.6)
    assert timed.size(0.9, 0.025) == pytest.approx(4.0 * (1.959964 + 1.281552) ** 2 / np.log(0.7) ** 2 / 0.6, rel=1e-6)
    alone = CoPrimary((timed, Means(0.5, 1.0, known_sd=True)), 0.0)
    size = size_of_all(alone, 0.9, 0.025).size
    z = np.array([np.log(1 / 0.7) * np.sqrt(0.6 * size / 4.0), 0.5 * np.sqrt(size / 4.0)]) - norm.isf(0.025)
    assert norm.cdf(z).prod() == pytest.approx(0.9, abs=1e-7)


def test_simulated_patients_show_a_time_and_a_mean_as_often_as_foretold() -> None:
    """Exponential times and a normal outcome by a Gaussian copula; how both tests correlate is measured in them."""
    random, trials, arm = np.random.default_rng(11), 4_000, 150
    effect, ratio, end = 0.3, 0.7, 1.5
    seen = np.empty((trials, 2))
    happened = 0
    for trial in range(trials):
        both = random.multivariate_normal((0.0, 0.0), [[1.0, 0.7], [0.7, 1.0]], 2 * arm)
        treated = np.repeat((0.0, 1.0), arm)
        time = -np.log(norm.sf(both[:, 0])) / np.where(treated == 1.0, ratio, 1.0)
        order = np.argsort(time)
        at_risk = np.arange(2 * arm, 0, -1)
        share = np.cumsum(treated[order][::-1])[::-1] / at_risk
        events = time[order] <= end
        happened += events.sum()
        log_rank = (share - treated[order])[events].sum() / np.sqrt((share * (1 - share))[events].sum())
        outcome = both[:, 1] + effect * treated
        seen[trial] = log_rank, (outcome[arm:].mean() - outcome[:arm].mean()) / np.sqrt(2.0 / arm)
    correlation = float(np.corrcoef(seen.T)[0, 1])
    share_of_all = happened / (trials * 2 * arm)
    assert 0.35 < correlation < 0.75 and 0.6 < share_of_all < 0.8
    endpoints = CoPrimary((Events(ratio, share_of_all), Means(effect, 1.0, known_sd=True)), correlation)
    found = power_of_all(endpoints, 2.0 * arm, 0.025)
    assert (seen > norm.isf(0.025)).all(axis=1).mean() == pytest.approx(found.power, abs=0.03)


def test_welch_s_test_has_the_power_foretold() -> None:
    random, trials = np.random.default_rng(2), 40_000
    treated, control = random.normal(0.9, 2.0, (trials, 30)), random.normal(0.0, 1.0, (trials, 15))
    first, second = treated.var(axis=1, ddof=1) / 30.0, control.var(axis=1, ddof=1) / 15.0
    freedom = (first + second) ** 2 / (first**2 / 29.0 + second**2 / 14.0)
    seen = (treated.mean(axis=1) - control.mean(axis=1)) / np.sqrt(first + second) > t.isf(0.025, freedom)
    power = Means(0.9, 2.0, sd_control=1.0, allocation=2.0).power(45.0, 0.025)
    assert seen.mean() == pytest.approx(power, abs=4 * np.sqrt(0.25 / trials))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CoPrimary((Means(0.5, 1.0),)), "got 1 co-primary endpoints"),
        (lambda: CoPrimary((Means(0.5, 1.0), Survival(0.7))), "such as count patients; of a time to an event, the"),
        (lambda: CoPrimary((Means(0.5, 1.0), Means(0.5, 1.0, allocation=2.0))), "one allocation ratio"),
        (lambda: alike((0.2, 0.2), -1.5), "expected one from -1 to 1"),
        (lambda: alike((0.2, 0.2, 0.2), -0.1), "expected one from 0 to 1"),
        (lambda: power_of_all(alike((0.2, 0.2), 0.1), 2.0, 0.025), "expected at least 4 patients"),
    ],
)
def test_what_cannot_be_planned_together_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
