"""Adherence: how often doses are taken, by whom, and when not, against the distributions stated."""

import numpy as np
import pytest
from scipy import stats

from kg.files.checked import DesignError
from tests.twin.trials.designs import Content, plain
from twin.trials.adherences.between import Between
from twin.trials.adherences.constant import Constant
from twin.trials.grid import Grid

IDS = tuple(f"S{number}" for number in range(4000))
GRID = Grid(200, 1, (1, 201))


def test_a_constant_adherence_is_a_coin_for_each_dose() -> None:
    taken = Constant(probability=0.9).takes(IDS, GRID, 1)
    assert stats.binomtest(int(taken.sum()), taken.size, 0.9).pvalue > 1e-3
    counts = np.bincount(taken.sum(axis=1), minlength=201)
    expected = len(IDS) * stats.binom(200, 0.9).pmf(np.arange(201))
    some = expected > 5
    assert stats.chisquare(counts[some], expected[some] * counts[some].sum() / expected[some].sum()).pvalue > 1e-3
    assert Constant(probability=1.0).takes(IDS, GRID, 1).all() and Constant(probability=1.0).complete


@pytest.mark.parametrize(("mean", "sd"), [(0.85, 0.15), (0.6, 0.3), (0.95, 0.02)])
def test_patients_propensities_are_beta_with_the_mean_and_deviation_stated(mean: float, sd: float) -> None:
    adherence = Between(mean=mean, sd=sd)
    propensity = adherence.propensity(IDS, 1)
    assert propensity.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(len(IDS)))
    assert propensity.std() == pytest.approx(sd, rel=0.06)
    size = mean * (1 - mean) / sd**2 - 1
    assert stats.kstest(propensity, stats.beta(mean * size, (1 - mean) * size).cdf).pvalue > 1e-3
    shares = adherence.takes(IDS, GRID, 1).mean(axis=1)
    assert np.abs(shares - propensity).max() < 6 * np.sqrt(0.25 / 200), "each takes doses by their own propensity"
    assert shares.var() == pytest.approx(sd**2 + (mean * (1 - mean) - sd**2) / 200, rel=0.1), "as a beta-binomial"


def test_in_a_holiday_nothing_is_taken_for_its_days() -> None:
    """A holiday begins on a day with probability 10 / 365 and lasts four days; else nearly all is taken."""
    steady = {"mean": 0.999, "sd": 0.0001}
    grid = Grid(200, 2, (1, 201))
    taken = Between(**steady, holidays_per_year=10.0, holiday_days=4).takes(IDS, grid, 1)
    usual = Between(**steady).takes(IDS, grid, 1)
    off = ~taken.reshape(-1, 200, 2).any(axis=2) & usual.reshape(-1, 200, 2).any(axis=2)
    free = 1.0 - 10.0 / 365.0
    for day in (1, 2, 4, 50, 200):
        share = 1.0 - free ** min(day, 4)
        assert stats.binomtest(int(off[:, day - 1].sum()), len(IDS), share).pvalue > 1e-3
    begins = off & ~np.pad(off, ((0, 0), (1, 0)))[:, :-1]
    ended = np.array([[begins[:, day], off[:, day : day + 4].all(axis=1)] for day in range(196)])
    assert (ended[:, 1] >= ended[:, 0]).all(), "a holiday that has begun lasts four days or, joined by another, more"
    assert (taken <= usual).all()


def test_luck_hangs_on_patient_and_day_alone() -> None:
    adherence = Between(mean=0.8, sd=0.2, holidays_per_year=6.0)
    whole = adherence.takes(IDS[:50], GRID, 1)
    assert adherence.takes(IDS[10:20], Grid(30, 1, (1, 31)), 1).tolist() == whole[10:20, :30].tolist()
    assert adherence.takes(IDS[:50], GRID, 2).tolist() != whole.tolist()


def test_what_is_assumed_of_adherence_is_told() -> None:
    told = Between(mean=0.8, sd=0.2, holidays_per_year=6.0, holiday_days=5).assumptions()
    assert [row.value for row in told] == [0.8, 0.2, 6.0] and "5 days each" in told[2].assumption


@pytest.mark.parametrize(
    ("adherence", "message"),
    [
        (1.1, "conduct.adherence: got 1.1, expected <= 1"),
        ("high", "conduct.adherence: got 'high', expected a table"),
        (True, "conduct.adherence: got True, expected a table"),
        ({"kind": "some"}, "conduct.adherence.kind: got 'some', expected one of between, constant"),
        ({"kind": "between", "mean": 0.8}, "conduct.adherence.sd: missing"),
        (
            {"kind": "between", "mean": 0.9, "sd": 0.4},
            "conduct.adherence.sd: got 0.4, expected less than 0.3, the most at a mean of 0.9",
        ),
        ({"kind": "between", "mean": 0.8, "sd": 0.2, "holiday_days": 0}, "conduct.adherence.holiday_days: got 0, exp"),
    ],
)
def test_an_impossible_adherence_is_refused(adherence: Content, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        plain(conduct={"adherence": adherence, "measurement_error": False})
