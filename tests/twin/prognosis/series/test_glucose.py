"""Metrics of glucose by hand, on series small enough to do so, and by the published anchors of the formulas."""

import math

import numpy as np
import pytest

from twin.prognosis.series.glucose import mage, metrics
from twin.trials.analysis.table import AnalysisError


def test_the_indicator_of_a_mean_is_as_its_paper_tabulates_it() -> None:
    """Bergenstal 2018, table: a mean of 100, 150, 200 and 300 mg/dL is a GMI of 5.7, 6.9, 8.1 and 10.5 %."""
    found = [metrics(np.array([mean - 1.0, mean + 1.0]), "mg/dL").gmi for mean in (100.0, 150.0, 200.0, 300.0)]
    assert [round(one, 1) for one in found] == [5.7, 6.9, 8.1, 10.5]


def test_ranges_hold_their_bounds() -> None:
    found = metrics(np.array([53.0, 54.0, 69.0, 70.0, 180.0, 181.0, 250.0, 251.0]), "mg/dL")
    shares = (found.below_54, found.below_70, found.in_70_180, found.above_180, found.above_250)
    assert shares == (1 / 8, 3 / 8, 2 / 8, 3 / 8, 1 / 8)
    assert found.below_70 + found.in_70_180 + found.above_180 == 1.0


def test_mean_and_deviation_by_hand() -> None:
    found = metrics(np.array([90.0, 100.0, 110.0]), "mg/dL")
    assert (found.mean, found.sd, found.cv) == (100.0, 10.0, 0.1)


def test_units_agree_and_others_are_refused() -> None:
    one, other = metrics(np.array([90.078, 180.156]), "mg/dL"), metrics(np.array([5.0, 10.0]), "mmol/L")
    assert other.mean == pytest.approx(one.mean) and other.lbgi == pytest.approx(one.lbgi)
    with pytest.raises(AnalysisError, match="got the unit 'g/L', expected one of mg/dL, mmol/L"):
        metrics(np.array([1.0, 2.0]), "g/L")
    with pytest.raises(AnalysisError, match="expected two or more"):
        metrics(np.array([100.0]), "mg/dL")


def test_the_indices_of_risk_are_none_at_112_and_as_large_as_the_scale_s_ends() -> None:
    """The scale is 0 at 112.5 mg/dL, and its square is 10 (risk 100) at 20 and 600 mg/dL (Kovatchev 1997)."""
    middle = metrics(np.array([112.5, 112.5]), "mg/dL")
    assert middle.lbgi + middle.hbgi < 1e-3
    ends = metrics(np.array([20.0, 600.0]), "mg/dL")
    assert (2 * ends.lbgi, 2 * ends.hbgi) == (pytest.approx(100.0, abs=0.5), pytest.approx(100.0, abs=0.5))


def test_swings_above_a_deviation_in_the_direction_of_the_first() -> None:
    course = np.array([100.0, 160.0, 150.0, 170.0, 90.0, 180.0, 110.0])  # up 70, down 80, up 90, down 70; 10 is none
    assert mage(course, 30.0) == pytest.approx((70 + 90) / 2)
    assert mage(course[::-1], 30.0) == pytest.approx((70 + 80) / 2)
    assert math.isnan(mage(course, 200.0))
    assert metrics(np.array([100.0, 100.0]), "mg/dL").to_json()["mage"] is None
