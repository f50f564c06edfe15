"""The score interval against published ones and statsmodels' test."""

import pandas as pd
import pytest
from statsmodels.stats.proportion import test_proportions_2indep as score_test

from twin.estimate import Estimate
from twin.trials.analysis.proportions import ScoreDifference
from twin.trials.analysis.table import Arms, NoEvents
from twin.trials.estimators.risk_difference import RiskDifference

ARMS = Arms("drug", "placebo")


def found(treated: tuple[int, int], control: tuple[int, int], level: float = 0.95) -> Estimate:
    """Return the difference of (responders, subjects) of two arms."""
    hits = [1] * treated[0] + [0] * (treated[1] - treated[0]) + [1] * control[0] + [0] * (control[1] - control[0])
    arms = ["drug"] * treated[1] + ["placebo"] * control[1]
    return ScoreDifference(ARMS, level=level)(pd.DataFrame({"USUBJID": range(len(hits)), "TRT01P": arms, "AVAL": hits}))


@pytest.mark.parametrize(
    ("treated", "control", "interval"),
    [
        ((56, 70), (48, 80), (0.0528, 0.3382)),
        ((9, 10), (3, 10), (0.1700, 0.8406)),
        ((6, 7), (2, 7), (0.0342, 0.8534)),
    ],
)
def test_the_published_intervals(treated, control, interval) -> None:  # type: ignore[no-untyped-def]
    """Newcombe RG, Stat Med 1998;17:873-890, table II, method 6."""
    one = found(treated, control)
    assert (one.lower, one.upper) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize(("treated", "control"), [((18, 46), (1, 44)), ((20, 60), (11, 55)), ((28, 30), (5, 40))])
def test_the_p_value_is_statsmodels_s(treated, control) -> None:  # type: ignore[no-untyped-def]
    expected = score_test(*treated, *control, method="score", compare="diff", correction=True)
    assert found(treated, control).p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_arms_may_be_swapped() -> None:
    there, back = found((20, 60), (11, 55), 0.9), found((11, 55), (20, 60), 0.9)
    assert (there.lower, there.upper) == pytest.approx((-back.upper, -back.lower), abs=1e-9)


def test_all_against_none_is_no_point() -> None:
    one = found((10, 10), (0, 20))
    assert (one.value, one.upper) == (1.0, 1.0)
    assert one.lower == pytest.approx(0.7156, abs=5e-5)


def test_all_alike_is_said() -> None:
    with pytest.raises(NoEvents, match="1 in every row"):
        found((5, 5), (6, 6))


def test_a_risk_difference_without_covariates_is_by_score() -> None:
    assert isinstance(RiskDifference().analysis(ARMS, 0.95), ScoreDifference)
    assert not isinstance(RiskDifference(covariates=("BASE",)).analysis(ARMS, 0.95), ScoreDifference)
