"""Enrolment: the days on which patients come, against Poisson processes."""

import numpy as np
import pytest
from scipy import stats

from kg.files.checked import DesignError
from tests.twin.trials.designs import Content, plain
from twin.trials.enrolments.at_once import AtOnce
from twin.trials.enrolments.piecewise import Period, Piecewise

IDS = tuple(f"S{number}" for number in range(3000))


def test_everybody_comes_at_once() -> None:
    assert AtOnce().days(IDS[:3], 1).tolist() == [0.0] * 3


def test_one_rate_is_a_poisson_process() -> None:
    days = Piecewise(periods=(Period(per_week=21.0),)).days(IDS, 1)
    gaps = np.diff(days, prepend=0.0)
    assert stats.kstest(gaps, stats.expon(scale=1 / 3).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4 / np.sqrt(len(IDS))
    assert days[-1] == pytest.approx(1000.0, abs=4 * np.sqrt(3000) / 3)


def test_a_rate_changes_at_the_end_of_its_period() -> None:
    """Two a week for 10 weeks, 20 a week until week 30, then 100: 20, 400, and 100 a week."""
    periods = (Period(per_week=2.0, until_week=10.0), Period(per_week=20.0, until_week=30.0), Period(per_week=100.0))
    days = Piecewise(periods=periods).days(IDS, 1)
    assert (np.diff(days) >= 0).all() and days[0] > 0
    for weeks, expected in (((0, 10), 20), ((10, 30), 400), ((30, 40), 1000)):
        came = int(((days >= 7 * weeks[0]) & (days < 7 * weeks[1])).sum())
        assert 1e-3 < stats.poisson(expected).cdf(came) < 1 - 1e-3
    inside = days[(days >= 70) & (days < 210)]
    assert stats.kstest(inside, stats.uniform(70, 140).cdf).pvalue > 1e-3, "a Poisson process is even within a period"


def test_luck_is_the_patients_own_and_the_seeds() -> None:
    enrolment = Piecewise(periods=(Period(per_week=21.0),))
    assert enrolment.days(IDS[:10], 1).tolist() == enrolment.days(IDS, 1)[:10].tolist()
    assert enrolment.days(IDS, 1).tolist() != enrolment.days(IDS, 2).tolist()
    assert [row.value for row in enrolment.assumptions()] == [21.0]


@pytest.mark.parametrize(
    ("periods", "message"),
    [
        ([], "enrolment.periods: got 0 items, expected at least 1"),
        ([{"per_week": 0.0}], r"enrolment.periods\[0\].per_week: got 0.0, expected > 0"),
        ([{"per_week": 1.0, "until_week": 4}], "enrolment: every period needs until_week but the last one"),
        ([{"per_week": 1.0}, {"per_week": 1.0}], "enrolment: every period needs until_week but the last one"),
        (
            [{"per_week": 1.0, "until_week": 4}, {"per_week": 1.0, "until_week": 4}, {"per_week": 1.0}],
            "enrolment: the periods' until_week must ascend",
        ),
    ],
)
def test_impossible_periods_are_refused(periods: list[Content], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        plain(enrolment={"kind": "piecewise", "periods": periods})
