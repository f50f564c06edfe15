"""Differences of chances, against statsmodels and closed forms."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

from twin.trials.analysis.logistic import RiskDifference, logistic
from twin.trials.analysis.table import Arms, MissingValues, NoEvents, NotConverged

ARMS = Arms("drug", "placebo")


def trial(size: int = 120, seed: int = 1, effect: float = 0.8) -> pd.DataFrame:
    drawn = np.random.default_rng(seed)
    treated, base = drawn.permutation(np.arange(size) % 2), drawn.normal(0.0, 1.0, size)
    answer = drawn.random(size) < expit(-0.3 + effect * treated + base)
    return pd.DataFrame(
        {"TRT01P": np.where(treated == 1, "drug", "placebo"), "BASE": 50.0 + 10.0 * base, "AVAL": answer * 1}
    )


@pytest.mark.parametrize("errors", ["robust", "model"])
def test_without_covariates_it_is_a_difference_of_shares(errors) -> None:  # type: ignore[no-untyped-def]
    table = trial()
    found = RiskDifference(ARMS, errors=errors)(table)
    shares = table.groupby("TRT01P").AVAL.agg(["mean", "count"])
    expected = shares["mean"]["drug"] - shares["mean"]["placebo"]
    error = np.sqrt((shares["mean"] * (1.0 - shares["mean"]) / shares["count"]).sum())
    assert (found.value, found.standard_error) == pytest.approx((expected, error), rel=1e-8)


def test_coefficients_are_statsmodels_s() -> None:
    table = trial()
    design = sm.add_constant(np.column_stack([(table.TRT01P == "drug") * 1.0, table.BASE]))
    fitted = sm.Logit(table.AVAL, design).fit(disp=False, tol=1e-12)
    coefficients, variance = logistic(design, table.AVAL.to_numpy(float))
    assert coefficients == pytest.approx(fitted.params.to_numpy(), rel=1e-7)
    assert np.sqrt(np.diag(variance)) == pytest.approx(fitted.bse.to_numpy(), rel=1e-6)


def test_the_model_s_error_is_the_delta_method_s() -> None:
    """By differences of the foretold means in each coefficient."""
    table = trial()
    design = np.column_stack([np.ones(len(table)), (table.TRT01P == "drug") * 1.0, table.BASE])
    coefficients, variance = logistic(design, table.AVAL.to_numpy(float))

    def gain(at: np.ndarray) -> float:
        arms = [
            expit(np.column_stack([design[:, 0], np.full(len(table), arm), design[:, 2]]) @ at) for arm in (1.0, 0.0)
        ]
        return float((arms[0] - arms[1]).mean())

    steps = 1e-6 * np.eye(3) * np.abs(coefficients)
    slope = np.array([(gain(coefficients + step) - gain(coefficients - step)) / (2.0 * step.sum()) for step in steps])
    found = RiskDifference(ARMS, ("BASE",), errors="model")(table)
    assert found.value == pytest.approx(gain(coefficients), rel=1e-10)
    assert found.standard_error == pytest.approx(np.sqrt(slope @ variance @ slope), rel=1e-6)


def test_robust_errors_are_those_of_repeated_trials() -> None:
    """300 trials: the mean error is their deviation within chance; adjusting gains."""
    found = [RiskDifference(ARMS, ("BASE",))(trial(150, seed)) for seed in range(300)]
    deviation = np.std([one.value for one in found], ddof=1)
    assert np.mean([one.standard_error for one in found]) == pytest.approx(deviation, rel=0.14)
    plain = [RiskDifference(ARMS)(trial(150, seed)).standard_error for seed in range(30)]
    assert np.mean([one.standard_error for one in found[:30]]) < np.mean(plain)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.assign(AVAL=2), MissingValues, "neither 0 nor 1 in 120 of 120"),
        (lambda t: t.assign(AVAL=0), NoEvents, "AVAL is 0 in every row"),
        (lambda t: t.assign(AVAL=(t.TRT01P == "drug") * 1), NotConverged, "odds are infinite"),
        (lambda t: t.assign(AVAL=(t.BASE > 50.0) * 1), NotConverged, "odds are infinite"),
        (lambda t: t.assign(AVAL=np.nan), MissingValues, "120 of 120"),
    ],
)
def test_what_is_wrong_is_named(change, error: type[Exception], words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=words):
        RiskDifference(ARMS, ("BASE",))(change(trial()))
