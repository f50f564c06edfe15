"""Time in range against hand-worked examples and a fine count."""

import numpy as np
import pytest

from twin.trials.endpoints.time_in_range import time_in_range_daily, time_in_range_rosendaal


def test_rosendaal_by_hand() -> None:
    # Day 0 to 10, 1.8 to 2.4: in range from 2.0, 4/6 of 10 days. Day 10 to 24, 2.4 to 3.8: to 3.0, 6/14 of 14 days.
    # Day 24 to 30, 3.8 to 3.2: none. In all 6.667 + 6 of 30 days.
    share = time_in_range_rosendaal(np.array([0.0, 10.0, 24.0, 30.0]), np.array([[1.8, 2.4, 3.8, 3.2]]), 2.0, 3.0)
    assert share[0] == pytest.approx((20 / 3 + 6) / 30, rel=1e-12)


def test_rosendaal_does_not_bridge_more_than_56_days() -> None:
    inr = np.array([[2.0, 2.0, 9.0, 9.0], [2.0, np.nan, np.nan, np.nan]])
    share = time_in_range_rosendaal(np.array([0.0, 56.0, 113.0, 120.0]), inr, 2.0, 3.0)
    assert share == pytest.approx([56 / 63, np.nan], nan_ok=True)


def test_rosendaal_of_flat_crossing_and_ended_follow_up() -> None:
    inr = np.array([[2.5, 2.5, 2.5], [3.5, 3.5, 3.5], [1.0, 4.0, 1.0], [2.0, 3.0, np.nan], [2.5, np.nan, np.nan]])
    share = time_in_range_rosendaal(np.array([0.0, 5.0, 20.0]), inr, 2.0, 3.0)
    assert share == pytest.approx([1.0, 0.0, 1 / 3, 1.0, np.nan], nan_ok=True)


def test_rosendaal_equals_a_fine_count_of_the_interpolated_line() -> None:
    generator = np.random.default_rng(5)
    days = np.cumsum(generator.uniform(1, 20, 12))
    inr = generator.uniform(1, 5, (6, 12))
    fine = np.linspace(days[0], days[-1], 2_000_001)
    counted = [np.mean((line >= 2) & (line <= 3)) for line in (np.interp(fine, days, row) for row in inr)]
    assert time_in_range_rosendaal(days, inr, 2.0, 3.0) == pytest.approx(counted, abs=1e-5)


def test_daily_time_in_range_ignores_days_without_an_inr() -> None:
    inr = np.array([[2.0, 3.0, 3.1, np.nan], [np.nan] * 4, [np.nan, np.nan, 2.5, np.nan]])
    assert time_in_range_daily(inr, 2.0, 3.0) == pytest.approx([2 / 3, np.nan, 1.0], nan_ok=True)


@pytest.mark.parametrize(("inr", "share"), [(1.999, 0.0), (2.0, 1.0), (3.0, 1.0), (3.001, 0.0)])
def test_the_ends_of_the_range_belong_to_it(inr: float, share: float) -> None:
    row = np.array([[inr, inr]])
    assert time_in_range_rosendaal(np.array([0.0, 7.0]), row, 2.0, 3.0).tolist() == [share]
    assert time_in_range_daily(row, 2.0, 3.0).tolist() == [share]


def test_rosendaal_of_visits_within_a_day() -> None:
    share = time_in_range_rosendaal(np.array([0.0, 0.25]), np.array([[1.5, 2.5]]), 2.0, 3.0)
    assert share[0] == pytest.approx(0.5)
