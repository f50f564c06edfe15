"""Features of series by hand, and metrics of glucose that need times."""

import math

import numpy as np
import pytest
from scipy import stats

from twin.model import Floats
from twin.prognosis.series.course import Course, SeriesError, Settings
from twin.prognosis.series.features import features, windows
from twin.prognosis.series.glucose import changes, glucose_features, mage, refuse_unit
from twin.prognosis.series.plots import profile


def course(hours: Floats | list[float], values: Floats | list[float]) -> Course:
    at = np.asarray(hours, float)
    return Course("a", "", 2, "first", "last", at, at % 24, np.asarray(values, float))


def test_level_trend_and_variability_by_hand() -> None:
    """Days 0, 1, 2, 4 with 1, 3, 2, 6: by hand the slope is 10.25 / 8.75."""
    found = features(course([0, 24, 48, 96], [1, 3, 2, 6]), Settings())
    assert (found.n, found.span_days, found.mean, found.median, found.lowest, found.highest) == (4, 4, 3, 2.5, 1, 6)
    assert found.sd == pytest.approx(math.sqrt(14 / 3)) and found.cv == pytest.approx(found.sd / 3)
    assert found.mad == 1.0 and found.masd == 1.5  # deviations 1.5, .5, .5, 3.5; changes 2 and 1, the gap's is none
    assert found.slope == pytest.approx(10 / 8.75)
    residuals = np.array([1, 3, 2, 6]) - 3 - found.slope * (np.array([0, 1, 2, 4]) - 1.75)
    error = math.sqrt((residuals**2).sum() / 2 / 8.75)
    assert found.slope_upper - found.slope == pytest.approx(4.302653 * error)
    assert found.theil_sen == pytest.approx(np.median([2, 0.5, 1.25, -1, 1, 2]))
    assert (found.gaps, found.longest_gap_h, found.share, found.every_h) == (1, 48.0, 0.8, 24.0)


def test_a_long_series_has_the_slope_of_pairs_that_are_evenly_chosen() -> None:
    hours = np.arange(5000) / 12
    found = features(course(hours, 3 * hours / 24), Settings())
    assert found.theil_sen == pytest.approx(3.0) == found.slope


def test_one_reading_has_no_variability() -> None:
    found = features(course([0], [5]), Settings())
    assert found.mean == 5 and all(math.isnan(one) for one in (found.sd, found.slope, found.masd, found.share))


def test_windows_hold_their_begin() -> None:
    one = course([0, 24, 48, 96], [1, 3, 2, 6])
    found = windows(one, Settings(window_h=48))
    assert [(w.from_day, w.to_day, w.n, w.mean) for w in found] == [(0, 2, 2, 2), (2, 4, 1, 2), (4, 6, 1, 6)]
    assert found[0].sd == pytest.approx(math.sqrt(2)) and math.isnan(found[1].sd)
    assert [w.n for w in windows(one, Settings(window_h=48, step_h=24))] == [2, 2, 1, 1, 1]
    with pytest.raises(SeriesError, match="expected at most"):
        windows(course([0, 1e6], [1, 2]), Settings(window_h=1))
    with pytest.raises(SeriesError, match="without a window"):
        Settings(step_h=24)
    with pytest.raises(SeriesError, match="expected more than 0"):
        Settings(window_h=0)


def test_differences_between_days_and_hours_by_hand() -> None:
    """Two days by the hour, the second 10 above the first: MODD is 10; an hour's change is a constant, so its SD 0."""
    hours = np.arange(48.0)
    values = 100 + hours % 24 + 10 * (hours >= 24)
    one = course(hours, values)
    found = glucose_features(one, features(one, Settings()), Settings(unit="mg/dL"))
    assert found["modd"] == 10.0 and found["days"] == 2.0 and found["share"] == 1.0 and found["sufficient"] is False
    hourly = np.array([*[1.0] * 23, -13.0, *[1.0] * 23])
    assert found["conga_1h"] == pytest.approx(hourly.std(ddof=1))
    assert changes(np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 4.0]), 1.0, 0.4).tolist() == [1.0]


def test_a_swing_ends_at_a_gap() -> None:
    """Up 60, then after a gap from 200 down to 110: over the gap the swing would be 100."""
    values = np.array([100.0, 160.0, 200.0, 110.0])
    assert mage(values, 30.0) == 100.0
    assert mage(values, 30.0, [2]) == 60.0


def test_enough_is_14_days_with_70_percent() -> None:
    hours = np.arange(14 * 24.0)
    values = 100 + 10 * np.sin(hours)

    def enough(kept: Floats) -> object:
        one = course(kept - kept[0], values[: kept.size])
        return glucose_features(one, features(one, Settings(every_h=1)), Settings(every_h=1, unit="mg/dL"))[
            "sufficient"
        ]

    assert enough(hours) and not enough(hours[:-24])
    assert not enough(np.append(hours[:200], hours[-1:]))


def test_the_unit_is_never_guessed() -> None:
    mmol, mg = course([0, 1], [5.0, 6.0]), course([0, 1], [90.0, 110.0])
    with pytest.raises(SeriesError, match=r"1 of 2 series .* from line 2 on.*say --unit mmol/L"):
        refuse_unit([mg, mmol], "mg/dL")
    with pytest.raises(SeriesError, match="say --unit mg/dL"):
        refuse_unit([mg], "mmol/L")
    with pytest.raises(SeriesError, match="got the unit"):
        refuse_unit([mg], "g")


def test_units_give_the_same_metrics() -> None:
    hours = np.arange(100.0)
    values = 120 + 40 * np.sin(hours / 3)
    one, other = course(hours, values), course(hours, values / 18.0156)
    found = glucose_features(one, features(one, Settings()), Settings(unit="mg/dL"))
    same = glucose_features(other, features(other, Settings()), Settings(unit="mmol/L"))
    assert all(same[name] == pytest.approx(value) for name, value in found.items())


def test_the_profile_is_of_the_hour_of_the_day() -> None:
    hours = np.repeat(np.arange(10) * 24.0, 1) + 6.25
    found = profile(course(hours, np.arange(10.0)))
    assert found[12].tolist() == np.percentile(np.arange(10.0), [5, 25, 50, 75, 95]).tolist()
    assert np.isnan(found[11]).all()


def test_the_interval_of_pairs_is_as_another_sees_it() -> None:
    days, values = np.array([0, 1, 2, 4, 7, 9.0]), np.array([1, 3, 2, 6, 5, 9.0])
    found = features(course(days * 24, values), Settings())
    slopes = sorted((values[j] - values[i]) / (days[j] - days[i]) for i in range(6) for j in range(i + 1, 6))
    half = stats.norm.ppf(0.975) * math.sqrt(6 * 5 * 17 / 18)  # Sen 1968, equation 2.6, without ties
    low, high = round((15 - half) / 2), round((15 + half) / 2)
    assert found.theil_sen == pytest.approx(np.median(slopes))
    assert (found.theil_sen_lower, found.theil_sen_upper) == pytest.approx((slopes[low - 1], slopes[high]))
