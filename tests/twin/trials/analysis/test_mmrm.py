"""Repeated measures against R's nlme and mmrm, SAS's PROC MIXED, and what is exact in balanced data.

R's and SAS's optimisers stop a little before the maximum, which a general optimiser and closed forms here confirm to be
ours: their last digits differ by as much.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import f, multivariate_normal

from twin.trials.analysis.freedom import adjusted_variance, contrast, f_test
from twin.trials.analysis.linear import Ancova
from twin.trials.analysis.mmrm import Mmrm
from twin.trials.analysis.reml import Fit, Repeated, at_covariance, fit_reml
from twin.trials.analysis.table import (
    AnalysisError,
    Arms,
    MissingValues,
    OneArmOnly,
    SingularDesign,
    TooFewSubjects,
)

GIRLS = """21 20 21.5 23  21 21.5 24 25.5  20.5 24 24.5 26  23.5 24.5 25 26.5  21.5 23 22.5 23.5  20 21 21 22.5
21.5 22.5 23 25  23 23 23.5 24  20 21 22 21.5  16.5 19 19 19.5  24.5 25 28 28"""
BOYS = """26 25 29 31  21.5 22.5 23 26.5  23 22.5 24 27.5  25.5 27.5 26.5 27  20 23.5 22.5 26  24.5 25.5 27 28.5
22 22 24.5 26.5  24 21.5 24.5 25.5  23 20.5 31 26  27.5 28 31 31.5  23 23 23.5 25  21.5 23.5 24 28  17 24.5 26 29.5
22.5 25.5 25.5 26  23 24.5 26 30  22 21.5 23.5 25"""
"""The distance from pituitary to maxillary fissure at 8, 10, 12 and 14 years: Potthoff RF, Roy SN. Biometrika 1964."""


@pytest.fixture(scope="module")
def orthodont() -> pd.DataFrame:
    values = np.array([float(word) for word in (GIRLS + " " + BOYS).split()]).reshape(-1, 4)
    wide = pd.DataFrame(values, columns=[8.0, 10.0, 12.0, 14.0]).assign(SEX=["F"] * 11 + ["M"] * 16)
    return wide.reset_index(names="USUBJID").melt(["USUBJID", "SEX"], var_name="AVISITN", value_name="AVAL")


@pytest.fixture(scope="module")
def fev() -> pd.DataFrame:
    wide = pd.read_csv(Path(__file__).parent / "fev_data.csv", comment="#")
    long = wide.melt(["USUBJID", "ARMCD", "RACE", "SEX"], var_name="AVISIT", value_name="AVAL")
    return long.assign(AVISITN=long.AVISIT.str[3:].astype(float))


CHILDREN = Mmrm(Arms("F", "M", "SEX"), covariates_by_visit=())
TREATED = Mmrm(Arms("TRT", "PBO", "ARMCD"), covariates=("RACE", "SEX"), covariates_by_visit=(), freedom="satterthwaite")


def test_orthodont_is_nlme_s(orthodont: pd.DataFrame) -> None:
    """nlme::gls(distance ~ Sex * factor(age), corSymm, varIdent, REML)."""
    fit = CHILDREN.fit(orthodont)
    assert fit.log_likelihood == pytest.approx(-207.0174, abs=5e-5)
    at_8, later = np.eye(8)[0], np.eye(8)[3] - np.eye(8)[0]
    assert contrast(fit, at_8)[:2] == pytest.approx((-1.6931818, 0.9114715), abs=5e-7)
    assert contrast(fit, later)[:2] == pytest.approx((-1.6846591, 0.8741224), abs=5e-7)


def test_orthodont_is_mmrm_s(orthodont: pd.DataFrame) -> None:
    """R's mmrm prints 5.4155 ... for the covariance and 25 degrees of freedom, which are exact here: 27 - 2."""
    fit = CHILDREN.fit(orthodont)
    assert fit.covariance[0] == pytest.approx([5.4155, 2.7170, 3.9106, 2.7104], abs=6e-4)
    assert fit.covariance[3, 1:] == pytest.approx([3.3173, 4.1312, 4.9858], abs=6e-4)
    for freedom in ("satterthwaite", "kenward-roger"):
        assert contrast(fit, np.eye(8)[3] - np.eye(8)[0], freedom)[2] == pytest.approx(25.0, abs=1e-6)
    found = replace(CHILDREN, visit=8.0)(orthodont)
    assert (found.p_value, found.degrees_of_freedom) == pytest.approx((0.075040, 25.0), abs=2e-6)


def test_kenward_and_roger_s_test_is_hotelling_s_in_balanced_data(orthodont: pd.DataFrame) -> None:
    """Their aim: T² of 4 differences on 25 degrees is F on 4 and 22, at scale 22 / 25."""
    fit = CHILDREN.fit(orthodont)
    wide = orthodont.pivot(index=["SEX", "USUBJID"], columns="AVISITN", values="AVAL")
    girls, boys = wide.loc["F"].to_numpy(), wide.loc["M"].to_numpy()
    pooled = (10.0 * np.cov(girls.T) + 15.0 * np.cov(boys.T)) / 25.0
    gap = girls.mean(axis=0) - boys.mean(axis=0)
    expected = 22.0 / 25.0 / 4.0 * 11.0 * 16.0 / 27.0 * gap @ np.linalg.solve(pooled, gap)
    found = f_test(fit, np.eye(8)[:4])
    assert (found.statistic, found.denominator) == pytest.approx((expected, 22.0), rel=1e-7)
    assert found.p_value == pytest.approx(f.sf(expected, 4, 22), rel=1e-6)
    assert fit.covariance == pytest.approx(pooled, rel=1e-9)
    assert adjusted_variance(fit) == pytest.approx(fit.variance, abs=1e-9)


def test_coefficients_and_satterthwaite_s_degrees_are_mmrm_s(fev: pd.DataFrame) -> None:
    """R: mmrm(FEV1 ~ RACE + SEX + ARMCD * AVISIT + us(AVISIT | USUBJID), fev_data); 197 patients, 537 visits."""
    fit = TREATED.fit(fev)
    assert 3386.44987722 - 1e-6 < -2.0 * fit.log_likelihood < 3386.44987722
    unit = np.eye(len(fit.names))
    arm, visit = unit[:4], unit[4:8]
    for weights, value, error, degrees in (
        (
            visit[0] + unit[10],
            30.77748,  # R's reference is a man; ours, the first in order, a woman
            0.88656,
            218.80,
        ),
        (unit[8], 1.53050, 0.62448, 168.67),
        (unit[9], 5.64357, 0.66561, 157.14),
        (-unit[10], 0.32606, 0.53195, 166.13),
        (arm[0], 3.77423, 1.07415, 145.55),
        (visit[1] - visit[0], 4.83959, 0.80172, 143.88),
        (visit[2] - visit[0], 10.34211, 0.82269, 155.56),
        (visit[3] - visit[0], 15.05390, 1.31281, 138.47),
        (arm[1] - arm[0], -0.04193, 1.12932, 138.56),
        (arm[2] - arm[0], -0.69369, 1.18765, 158.17),
        (arm[3] - arm[0], 0.62423, 1.85085, 129.72),
    ):
        found = contrast(fit, weights, "satterthwaite")
        assert found[0] == pytest.approx(value, abs=2e-4)
        assert found[1] == pytest.approx(error, abs=2e-4)
        assert found[2] == pytest.approx(degrees, abs=0.02)
    assert fit.covariance[0] == pytest.approx([40.5537, 14.3960, 4.9747, 13.3867], abs=0.02)


def test_a_joint_test_is_sas_s(fev: pd.DataFrame) -> None:
    """PROC MIXED's type 3 test of RACE with Satterthwaite's degrees: F 36.92 on 2 and 166."""
    found = f_test(TREATED.fit(fev), np.eye(11)[8:10], "satterthwaite")
    assert found.statistic == pytest.approx(36.92, abs=0.01)
    assert round(found.denominator) == 166


def test_kenward_and_roger_s_degrees_are_mmrm_s(fev: pd.DataFrame) -> None:
    """R: mmrm(FEV1 ~ RACE + ARMCD * AVISIT + us(AVISIT | USUBJID), fev_data, method = "Kenward-Roger").

    Its standard errors are of another parametrisation, whose second derivatives are not zero; SAS's are as ours.
    """
    fit = replace(TREATED, covariates=("RACE",)).fit(fev)
    unit = np.eye(len(fit.names))
    arm, visit = unit[:4], unit[4:8]
    found = [contrast(fit, weights)[2] for weights in (visit[0], unit[8], unit[9], *arm[:1], *(arm[1:] - arm[0]))]
    assert found == pytest.approx([187.91, 169.95, 158.87, 146.27, 138.39, 158.21, 129.64], abs=0.02)


def test_kenward_and_roger_s_error_is_sas_s(fev: pd.DataFrame) -> None:
    """PROC MIXED, FEV1 = ARMCD, type=un, ddfm=kr; to six digits at the covariance that it prints."""
    seen = fev.dropna()
    subjects, subject = np.unique(seen.USUBJID, return_inverse=True)
    outcome, design = np.full((subjects.size, 4), np.nan), np.zeros((subjects.size, 4, 2))
    place = (subject, seen.AVISITN.to_numpy(int) - 1)
    outcome[place] = seen.AVAL
    design[place] = np.column_stack([np.ones(len(seen)), seen.ARMCD == "TRT"])
    data = Repeated(outcome, design, ("intercept", "ARMCD"))
    fit = fit_reml(data)
    assert 3667.96276376 - 1e-4 < -2.0 * fit.log_likelihood < 3667.96276376
    expected = (3.81972492174648, 0.66124382270307, 160.733266403768)
    assert contrast(fit, np.array([0.0, 1.0])) == pytest.approx(expected, rel=5e-4)
    printed = np.zeros((4, 4))
    printed[np.tril_indices(4)] = [
        108.39,
        45.4113,
        40.1721,
        -2.6971,
        0.7771,
        24.6058,
        -47.0103,
        -13.0998,
        18.7346,
        152.36,
    ]
    there = at_covariance(data, np.tril(printed) + np.tril(printed, -1).T)
    assert contrast(there, np.array([0.0, 1.0])) == pytest.approx(expected, rel=4e-6)
    assert contrast(there, np.array([0.0, 1.0]), "satterthwaite")[1] < 0.6612


def deviance(theta: np.ndarray, data: Repeated) -> float:
    """Minus twice the restricted log-likelihood, subject by subject, of a covariance's Cholesky factor."""
    lower = np.zeros((3, 3))
    lower[np.tril_indices(3)] = theta
    covariance, total, product, beside = lower @ lower.T, 0.0, 0.0, 0.0
    for outcome, design in zip(data.outcome, data.design, strict=True):
        seen = np.isfinite(outcome)
        weight = np.linalg.inv(covariance[np.ix_(seen, seen)])
        product = product + design[seen].T @ weight @ design[seen]
        beside = beside + design[seen].T @ weight @ outcome[seen]
    coefficients = np.linalg.solve(product, beside)
    for outcome, design in zip(data.outcome, data.design, strict=True):
        seen = np.isfinite(outcome)
        total -= 2.0 * multivariate_normal(design[seen] @ coefficients, covariance[np.ix_(seen, seen)]).logpdf(
            outcome[seen]
        )
    return float(total + np.linalg.slogdet(product)[1] - coefficients.size * np.log(2.0 * np.pi))


def visits(size: int = 40, seed: int = 3, effect: float = 0.0) -> pd.DataFrame:
    """Three visits, of which later ones are missing more often where earlier outcomes are low."""
    drawn = np.random.default_rng(seed)
    treated = drawn.permutation(np.arange(size) % 2)
    base = drawn.normal(50.0, 10.0, size)
    course = drawn.multivariate_normal([0.0, 1.0, 2.0], [[9.0, 6.0, 5.0], [6.0, 12.0, 8.0], [5.0, 8.0, 16.0]], size)
    course += 0.3 * base[:, np.newaxis] + effect * treated[:, np.newaxis] * np.array([0.3, 0.6, 1.0])
    gone = (course[:, 0] < 13.0) & (drawn.random(size) < 0.7)
    course[gone, 1:] = np.nan
    rows = [
        {"USUBJID": one, "TRT01P": ("placebo", "drug")[treated[one]], "BASE": base[one], "AVISITN": at + 1.0, "AVAL": y}
        for one in range(size)
        for at, y in enumerate(course[one])
    ]
    return pd.DataFrame(rows)


ARMS = Arms("drug", "placebo")


def test_the_maximum_is_that_of_a_general_optimiser() -> None:
    fit, data = fitted(visits())
    start = np.linalg.cholesky(fit.covariance)[np.tril_indices(3)]
    assert deviance(start, data) == pytest.approx(-2.0 * fit.log_likelihood, abs=1e-8)
    other = minimize(deviance, np.array([3.0, 0.1, 3.0, 0.1, 0.1, 3.0]), (data,), "BFGS")
    assert -2.0 * fit.log_likelihood == pytest.approx(other.fun, abs=1e-5)


def test_the_information_is_the_likelihood_s_curvature() -> None:
    """By differences, in the covariance's elements."""
    fit, data = fitted(visits())
    places = [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]

    def of(change: np.ndarray) -> float:
        covariance = fit.covariance.copy()
        for (one, other), by in zip(places, change, strict=True):
            covariance[one, other] += by
            covariance[other, one] = covariance[one, other]
        return 0.5 * deviance(np.linalg.cholesky(covariance)[np.tril_indices(3)], data)

    step = 0.02 * np.eye(6)
    for one in range(6):
        for other in range(one + 1):
            corners = [of(a * step[one] + b * step[other]) * a * b for a in (1, -1) for b in (1, -1)]
            assert sum(corners) / 0.0016 == pytest.approx(fit.information[one, other], rel=2e-3, abs=1e-4)


def fitted(table: pd.DataFrame) -> tuple[Fit, Repeated]:
    model = Mmrm(ARMS)
    rows = table.dropna()
    data = model._repeated(rows.reset_index(drop=True), np.unique(rows.AVISITN))
    return model.fit(table), data


def test_one_visit_is_ancova() -> None:
    table = visits().query("AVISITN == 1")
    found = Mmrm(ARMS)(table)
    expected = Ancova(ARMS, errors="equal")(table)
    assert (found.value, found.standard_error, found.degrees_of_freedom, found.p_value) == pytest.approx(
        (expected.value, expected.standard_error, expected.degrees_of_freedom, expected.p_value), rel=1e-8
    )


def test_the_order_of_rows_and_the_unit_do_not_matter() -> None:
    table = visits(effect=3.0)
    found = Mmrm(ARMS)(table)
    mixed = Mmrm(ARMS)(table.sample(frac=1.0, random_state=1).assign(AVAL=lambda t: 1000.0 * t.AVAL))
    assert (mixed.value, mixed.upper) == pytest.approx((1000.0 * found.value, 1000.0 * found.upper), rel=1e-7)
    assert mixed.p_value == pytest.approx(found.p_value, rel=1e-7)
    assert Mmrm(ARMS)(table.dropna()).value == pytest.approx(found.value, rel=1e-12)


def test_missing_at_random_does_no_harm() -> None:
    """200 trials with a third of the low missing: bias within chance, intervals cover .95 ± .051 (1 in 1,000)."""
    found = [Mmrm(ARMS)(visits(60, seed, 4.0)) for seed in range(200)]
    bias = np.mean([one.value for one in found]) - 4.0
    assert abs(bias) < 3.29 * np.std([one.value for one in found]) / np.sqrt(200.0)
    assert abs(np.mean([one.lower <= 4.0 <= one.upper for one in found]) - 0.95) < 0.051


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.assign(AVAL=np.nan), MissingValues, "no row has a number in AVAL"),
        (lambda t: t.assign(AVAL=t.AVAL.where(t.TRT01P == "drug")), OneArmOnly, "'placebo' has no row"),
        (lambda t: pd.concat([t, t]), AnalysisError, "repeat a subject's visit"),
        (lambda t: t.assign(TRT01P=np.where(t.AVISITN == 1, "drug", "placebo")), OneArmOnly, "a subject is in both"),
        (lambda t: t.assign(BASE=1.0), SingularDesign, "BASE at visit 1 is constant, or a combination"),
        (lambda t: t.assign(AVAL=t.AVAL.where((t.AVISITN == 1) == (t.USUBJID % 2 == 0))), TooFewSubjects, "at both"),
        (lambda t: t.assign(AVAL=7.0), SingularDesign, "does not vary"),
    ],
)
def test_what_is_wrong_is_named(change, error: type[Exception], words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=words):
        Mmrm(ARMS)(change(visits()))


def test_a_visit_that_nobody_came_to_is_named() -> None:
    with pytest.raises(AnalysisError, match="nobody was seen at visit 9; visits: 1, 2, 3"):
        Mmrm(ARMS, visit=9.0)(visits())
