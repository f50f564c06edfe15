"""Allocation rules, against closed forms, limits of theory and simulation."""

import numpy as np
import pytest
from scipy.special import betaln

from twin.trials.design.allocation import (
    Limits,
    Urn,
    best_of_rates,
    doubly_adaptive,
    fewest_failures,
    neyman,
    thompson,
    urn_limit,
)


def better(a: int, b: int, c: int, d: int) -> float:
    """Return P(beta(c, d) > beta(a, b)) of whole numbers: Cook's finite sum (MD Anderson technical report, 2005)."""
    terms = [np.exp(betaln(a + i, b + d) - np.log(d + i) - betaln(1 + i, d) - betaln(a, b)) for i in range(c)]
    return float(sum(terms))


def test_the_chance_to_be_best_is_the_finite_sum() -> None:
    found = best_of_rates(np.array([7.0, 12.0]), np.array([13.0, 8.0]))
    assert found == pytest.approx([1.0 - better(8, 14, 13, 9), better(8, 14, 13, 9)], abs=1e-12)


def test_the_chance_to_be_best_of_four_is_that_of_draws() -> None:
    random = np.random.default_rng(1)
    successes, failures = np.array([3.0, 5.0, 6.0, 2.0]), np.array([9.0, 9.0, 8.0, 4.0])
    drawn = random.beta(1.0 + successes, 1.0 + failures, (400_000, 4)).argmax(axis=1)
    found = best_of_rates(successes, failures)
    assert found.sum() == pytest.approx(1.0, abs=1e-10)
    assert np.bincount(drawn, minlength=4) / 400_000 == pytest.approx(found, abs=4 * np.sqrt(0.25 / 400_000))


def test_thompson_s_power_and_limits() -> None:
    best = np.array([0.9, 0.08, 0.02])
    assert thompson(best, 0.0) == pytest.approx([1 / 3] * 3)
    assert thompson(best) == pytest.approx(best)
    assert thompson(best, 0.5) == pytest.approx(np.sqrt(best) / np.sqrt(best).sum())
    held = thompson(best, 1.0, Limits(least=(0.1, 0.1, 0.1)))
    assert held == pytest.approx([0.8, 0.1, 0.1])
    capped = thompson(best, 1.0, Limits(most=(0.6, 1.0, 1.0)))
    assert capped == pytest.approx([0.6, 0.32, 0.08])
    both = thompson(best, 1.0, Limits((0.1, 0.1, 0.1), (0.6, 0.6, 0.6)))
    assert both.sum() == pytest.approx(1.0)
    assert both.min() >= 0.1 - 1e-12
    assert both.max() <= 0.6 + 1e-12


def test_targets_are_their_closed_forms() -> None:
    rates = np.array([0.2, 0.5])
    assert neyman(rates) == pytest.approx([0.4 / 0.9, 0.5 / 0.9])
    assert fewest_failures(rates)[1] / fewest_failures(rates)[0] == pytest.approx(np.sqrt(2.5))
    assert urn_limit(rates) == pytest.approx([0.5 / 1.3, 0.8 / 1.3])


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_the_biased_coin_comes_to_its_target_with_hu_and_zhang_s_variance(gamma: float) -> None:
    """Where the target v is known, an arm's share has the variance v (1 - v) / (1 + 2 gamma) / n (their theorem 2)."""
    random, trials, patients = np.random.default_rng(4), 4000, 400
    target = np.array([0.35, 0.65])
    counts = np.ones((trials, 2))
    for _ in range(patients - 2):
        share = counts / counts.sum(axis=1, keepdims=True)
        pulled = target * (target / share) ** gamma
        first = random.random(trials) < pulled[:, 0] / pulled.sum(axis=1)
        counts += np.stack([first, ~first], axis=1)
    assert doubly_adaptive(target, counts[0], gamma) == pytest.approx(
        target
        * (target / (counts[0] / patients)) ** gamma
        / (target * (target / (counts[0] / patients)) ** gamma).sum()
    )
    share = counts[:, 0] / patients
    assert share.mean() == pytest.approx(0.35, abs=0.003)
    assert share.var() * patients == pytest.approx(0.35 * 0.65 / (1.0 + 2.0 * gamma), rel=0.08)


def test_play_the_winner_comes_to_its_limit() -> None:
    """Wei and Durham: the share of the first arm tends to q2 / (q1 + q2)."""
    random, urn, rates = np.random.default_rng(3), Urn((1.0, 1.0)), (0.3, 0.6)
    first = 0
    for _ in range(6000):
        arm = int(random.random() >= urn.shares[0])
        first += arm == 0
        urn = urn.after(arm, bool(random.random() < rates[arm]))
    assert first / 6000 == pytest.approx(0.4 / (0.7 + 0.4), abs=0.03)


def test_the_ecmo_trial_s_urn() -> None:
    """Bartlett RH, et al. Pediatrics 1985;76:479, as retold by Ware JH, Stat Sci 1989;4:298.

    A success on ECMO, a failure on control, then ten successes on ECMO.

    The chance of ECMO for each next patient grows 1/2, 2/3, 3/4, ... as each of the responses adds a ball to it.
    """
    urn, chances = Urn((1.0, 1.0)), []
    for arm, success in [(0, True), (1, False), *[(0, True)] * 10]:
        chances.append(urn.shares[0])
        urn = urn.after(arm, success)
    assert chances == pytest.approx([(1.0 + seen) / (2.0 + seen) for seen in range(12)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Limits((0.6, 0.6)), "none add up to 1"),
        (lambda: Limits((0.5, 0.2), (0.4, 0.6)), "above most shares"),
        (lambda: Limits((0.1, 0.1)).held(np.array([0.2, 0.3, 0.5])), "expected 3"),
        (lambda: thompson(np.array([0.5, 0.5]), -1.0), "got the power -1"),
        (lambda: doubly_adaptive(np.array([0.5, 0.5]), np.array([0.0, 3.0])), "start with equal shares"),
        (lambda: Urn((1.0,)), "two arms or more"),
    ],
)
def test_what_cannot_allocate_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
