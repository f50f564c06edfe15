"""Times to an event, against what R's survival 3.5-3 and survRM2 print, statsmodels and closed forms."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from twin.trials.analysis.cox import Cox, partial_likelihood
from twin.trials.analysis.survival import (
    LogRank,
    RestrictedMean,
    Times,
    kaplan_meier,
    log_rank,
    restricted_mean,
)
from twin.trials.analysis.table import AnalysisError, Arms, MissingValues, NoEvents, NotConverged

WOMEN = Arms("female", "male", "SEX")
ARMS = Arms("drug", "placebo")


def read(mirror: Path, name: str) -> pd.DataFrame:
    path = mirror / "trials" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return pd.read_csv(path)


@pytest.fixture(scope="module")
def lung(mirror: Path) -> pd.DataFrame:
    table = read(mirror, "lung.csv.gz")
    table = table.rename(columns={"time": "AVAL", "age": "AGE", "ph.ecog": "ECOG", "inst": "SITE"})
    return table.assign(CNSR=1 - table.status, SEX=np.where(table.sex == 2, "female", "male"))


def drawn(size: int = 80, seed: int = 2) -> pd.DataFrame:
    """Times in whole days, so that many tie."""
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.arange(size) % 2)
    age = rng.normal(60.0, 10.0, size)
    event, cut = rng.exponential(20.0 * np.exp(0.5 * treated)), rng.exponential(40.0, size)
    return pd.DataFrame(
        {
            "TRT01P": np.where(treated == 1, "drug", "placebo"),
            "AGE": age,
            "SITE": rng.choice(["a", "b"], size),
            "AVAL": np.ceil(np.minimum(event, cut)),
            "CNSR": (cut < event) * 1,
        }
    )


@pytest.mark.mirror
def test_lung_by_sex_is_r_s(lung: pd.DataFrame) -> None:
    """R: survdiff(Surv(time, status) ~ sex, lung); coxph(... ~ sex + age); survfit, conf.type "log"."""
    test = log_rank(Times.of(lung), (lung.SEX == "male").to_numpy(np.float64))
    assert test.observed == (112.0, 53.0)
    assert test.expected == pytest.approx((91.6, 73.4), abs=0.05)
    assert test.statistic**2 == pytest.approx(10.3, abs=0.05)
    found = Cox(WOMEN, ("AGE",))(lung)
    assert (found.value, found.standard_error) == pytest.approx((-0.51321852, 0.16745796), abs=5e-9)
    coefficients, variance = partial_likelihood(lung[["AGE", "sex"]].to_numpy(float), Times.of(lung), np.zeros(228))
    assert (coefficients[0], variance[0, 0] ** 0.5) == pytest.approx((0.01704533, 0.00922327), abs=5e-9)
    medians = {sex: kaplan_meier(Times.of(group), "log").quantile() for sex, group in lung.groupby("SEX")}
    assert (medians["male"].value, medians["male"].lower, medians["male"].upper) == (270.0, 212.0, 310.0)
    assert (medians["female"].value, medians["female"].lower, medians["female"].upper) == (426.0, 348.0, 550.0)


@pytest.mark.mirror
def test_a_stratified_log_rank_is_statsmodels_s(lung: pd.DataFrame) -> None:
    """As statsmodels finds it."""
    known = lung.dropna(subset="ECOG")
    found = LogRank(WOMEN, ("ECOG",))(known)
    chi2, p = survdiff(known.AVAL, known.status, known.SEX, strata=known.ECOG)
    assert (found.statistic**2, found.p_value) == pytest.approx((chi2, p), rel=1e-8)


@pytest.mark.mirror
def test_restricted_means_are_survrm2_s(mirror: Path) -> None:
    """The vignette's pbc trial until 10 years: 7.146 (.283), 7.283 (.295), -0.137 (-0.939 to 0.665), p .738."""
    pbc = read(mirror, "survival_pbc.csv.gz").dropna(subset="trt")
    table = pd.DataFrame(
        {"AVAL": pbc.time / 365.25, "CNSR": (pbc.status != 2) * 1, "TRT01P": pbc.trt.map({1.0: "drug", 2.0: "placebo"})}
    )
    times = Times.of(table)
    drug = (table.TRT01P == "drug").to_numpy()
    assert restricted_mean(times[drug], 10.0) == pytest.approx((7.146, 0.283), abs=5e-4)
    assert restricted_mean(times[~drug], 10.0) == pytest.approx((7.283, 0.295), abs=5e-4)
    found = RestrictedMean(ARMS, 10.0)(table)
    assert (found.value, found.lower, found.upper, found.p_value) == pytest.approx(
        (-0.137, -0.939, 0.665, 0.738), abs=5e-4
    )


@pytest.mark.parametrize("strata", [(), ("SITE",)])
def test_cox_with_many_ties_is_statsmodels_s(strata: tuple[str, ...]) -> None:
    table = drawn()
    design = np.column_stack([(table.TRT01P == "drug") * 1.0, table.AGE])
    within = table.SITE if strata else None
    fitted = PHReg(table.AVAL, design, status=1 - table.CNSR, strata=within, ties="efron").fit()
    found = Cox(ARMS, ("AGE",), strata)(table)
    assert (found.value, found.standard_error) == pytest.approx((fitted.params[0], fitted.bse[0]), rel=1e-6)


def test_a_curve_is_statsmodels_s() -> None:
    table = drawn()
    curve, beside = kaplan_meier(Times.of(table)), SurvfuncRight(table.AVAL, 1 - table.CNSR)
    at = np.isin(curve.time, beside.surv_times)
    assert curve.survival[at] == pytest.approx(beside.surv_prob, abs=1e-12)
    assert curve.standard_error[at][:-1] == pytest.approx(beside.surv_prob_se[:-1], abs=1e-12)


def test_a_curve_without_cutting_off_is_a_share() -> None:
    curve = kaplan_meier(Times(np.arange(1.0, 11.0), np.ones(10)), "plain")
    assert curve.survival == pytest.approx(1.0 - np.arange(1.0, 11.0) / 10.0)
    assert curve.at(4.5).value == pytest.approx(0.6)
    assert curve.at(4.5).standard_error == pytest.approx(np.sqrt(0.6 * 0.4 / 10.0))
    assert curve.quantile().value == 5.5
    assert curve.at(0.5).value == 1.0
    assert restricted_mean(Times(np.arange(1.0, 11.0), np.ones(10)), 10.0)[0] == pytest.approx(5.5)


def test_an_interval_on_the_log_log_scale_stays_within_0_and_1() -> None:
    """By hand, at S = .5 of four subjects: .5 ^ exp(± 1.96 * .5 / ln 2)."""
    curve = kaplan_meier(Times(np.arange(1.0, 5.0), np.ones(4)))
    wide = np.exp(1.959963985 * 0.5 / np.log(2.0))
    assert (curve.lower[1], curve.upper[1]) == pytest.approx((0.5**wide, 0.5 ** (1.0 / wide)), rel=1e-8)
    assert np.nanmin(curve.lower) > 0.0
    assert np.nanmax(curve.upper) < 1.0


def test_a_median_that_is_not_reached_is_not_known() -> None:
    curve = kaplan_meier(Times(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 0.0])))
    assert np.isnan(curve.quantile().value)
    assert np.isnan(curve.at(4.0).value)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.assign(CNSR=1), NoEvents, "event"),
        (lambda t: t.assign(CNSR=np.where(t.TRT01P == "drug", 1, 0)), NoEvents, "'drug' has the event"),
        (lambda t: t.assign(AVAL=-t.AVAL), MissingValues, "negative in 80 rows"),
        (lambda t: t.assign(AVAL=np.nan), MissingValues, "80 of 80"),
        (lambda t: t.assign(AVAL=100.0 - t.AGE, CNSR=0, AGE=t.AGE + 0.0), NotConverged, "extreme covariate"),
    ],
)
def test_what_is_wrong_is_named(change, error: type[Exception], words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=words):
        Cox(ARMS, ("AGE",))(change(drawn()))


def test_no_comparison_where_arms_are_never_at_risk_together() -> None:
    for estimator in (LogRank(ARMS, ("TRT01P",)), Cox(ARMS, strata=("TRT01P",))):
        with pytest.raises(NoEvents, match="nothing to compare"):
            estimator(drawn())


def test_a_level_without_events_has_no_hazard_ratio() -> None:
    table = drawn().assign(SITE=lambda t: np.where(t.index < 15, "none", "some"))
    with pytest.raises(NotConverged, match="0 or infinite"):
        Cox(ARMS, ("SITE",))(table.assign(CNSR=np.where(table.index < 15, 1, table.CNSR)))


def test_no_comparison_where_nobody_has_the_event() -> None:
    for estimator in (LogRank(ARMS), RestrictedMean(ARMS, 5.0)):
        with pytest.raises(NoEvents, match="event"):
            estimator(drawn().assign(CNSR=1))
    with pytest.raises(AnalysisError, match="take an earlier"):
        RestrictedMean(ARMS, 500.0)(drawn().assign(CNSR=lambda t: (t.AVAL > 30) * 1))


def test_tests_of_hazards_hold_their_error() -> None:
    """300 trials without an effect: chance keeps the share within .05 ± .041, but for one in 1,000."""
    rejected = []
    for seed in range(300):
        table = drawn(60, seed).assign(TRT01P=lambda t: np.random.default_rng(len(t)).permutation(t.TRT01P))
        rejected.append((LogRank(ARMS)(table).p_value or 1.0) < 0.05)
    assert abs(np.mean(rejected) - 0.05) < 0.041
