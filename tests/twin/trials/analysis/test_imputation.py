"""Imputation and pooling, against the mixed model, closed forms of the assumptions, and Barnard and Rubin's formula."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twin.estimate import Estimate
from twin.trials.analysis.imputation import Chain, Courses, Strategy, completed, inverse_wishart
from twin.trials.analysis.linear import Ancova, Unadjusted
from twin.trials.analysis.mmrm import Mmrm
from twin.trials.analysis.pooling import MultipleImputation, pooled, tipping_point
from twin.trials.analysis.table import AnalysisError, Arms, MissingValues, OneArmOnly, TooFewSubjects

ARMS = Arms("drug", "placebo")
PLAIN = MultipleImputation(ARMS, Unadjusted(ARMS), covariates=(), chain=Chain(200, burn_in=50, every=5))


def visits(size: int = 200, seed: int = 3, effect: float = 4.0) -> pd.DataFrame:
    """Three visits; those who are low leave more often, on treatment too; a few miss one in between."""
    drawn = np.random.default_rng(seed)
    treated, base = drawn.permutation(np.arange(size) % 2), drawn.normal(50.0, 10.0, size)
    course = drawn.multivariate_normal([0.0, 1.0, 2.0], [[9.0, 6.0, 5.0], [6.0, 12.0, 8.0], [5.0, 8.0, 16.0]], size)
    course += 0.3 * base[:, np.newaxis] + effect * treated[:, np.newaxis] * np.array([0.3, 0.6, 1.0])
    course[drawn.random(size) < 0.05, 1] = np.nan
    course[(course[:, 0] < 14.0) & (drawn.random(size) < 0.6), 1:] = np.nan
    course[drawn.random(size) < 0.1, 2] = np.nan
    rows = [
        {"USUBJID": one, "TRT01P": ("placebo", "drug")[treated[one]], "BASE": base[one], "AVISITN": at + 1.0, "AVAL": y}
        for one in range(size)
        for at, y in enumerate(course[one])
    ]
    return pd.DataFrame(rows)


def expected(table: pd.DataFrame, strategy: Strategy) -> float:
    """The difference of arms at the last visit where each who left has the mean that the strategy states.

    From the mixed model's own estimates, subject by subject: what many imputations tend to.
    """
    fit = Mmrm(ARMS, covariates_by_visit=()).fit(table)
    control = fit.coefficients[3:]
    wide = table.pivot(index=["TRT01P", "USUBJID"], columns="AVISITN", values="AVAL")
    means: dict[str, list[float]] = {"drug": [], "placebo": []}
    for (arm, _), row in zip(wide.index, wide.to_numpy(), strict=True):
        own = control + (fit.coefficients[:3] if arm == "drug" else 0.0)
        seen = np.isfinite(row)
        last = int(np.flatnonzero(seen)[-1])
        mean = own.copy()
        if strategy == "CR":
            mean = control.copy()
        elif strategy in ("J2R", "CIR"):
            mean[last + 1 :] = control[last + 1 :] + (own[last] - control[last] if strategy == "CIR" else 0.0)
        weights = np.linalg.solve(fit.covariance[np.ix_(seen, seen)], fit.covariance[seen, 2])
        means[arm].append(row[2] if seen[2] else mean[2] + (row[seen] - mean[seen]) @ weights)
    return float(np.mean(means["drug"]) - np.mean(means["placebo"]))


@pytest.mark.parametrize("strategy", ["MAR", "J2R", "CIR", "CR"])
def test_a_strategy_is_its_closed_form(strategy: Strategy) -> None:
    """Within what 200 imputations leave to chance, and a tenth of the error for the posterior's own mean."""
    table = visits()
    found = replace(PLAIN, strategy=strategy)(table)
    assert found.value == pytest.approx(expected(table, strategy), abs=0.12 * found.standard_error)


def test_assumptions_come_in_their_order() -> None:
    table = visits()
    values = {strategy: expected(table, strategy) for strategy in ("MAR", "J2R", "CIR", "CR")}
    assert values["MAR"] > values["CIR"] > values["J2R"]
    assert values["MAR"] > values["CR"]


def test_missing_at_random_is_the_mixed_model_s() -> None:
    table = visits()
    found = MultipleImputation(ARMS, Ancova(ARMS, errors="equal"), chain=Chain(100, 2, 50, 5))(table)
    beside = Mmrm(ARMS)(table)
    assert found.value == pytest.approx(beside.value, abs=0.15 * beside.standard_error)
    assert found.standard_error == pytest.approx(beside.standard_error, rel=0.1)
    assert "missing at random" in found.method
    assert "ANCOVA" in found.method


def test_with_nothing_missing_it_is_the_analysis() -> None:
    whole = visits().groupby("USUBJID").filter(lambda t: t.AVAL.notna().all())
    found, plain = PLAIN(whole), Unadjusted(ARMS)(whole.query("AVISITN == 3"))
    assert (found.value, found.standard_error) == pytest.approx((plain.value, plain.standard_error), rel=1e-12)


def test_what_was_seen_stays_and_a_seed_is_a_run() -> None:
    courses = Courses.of(visits(), ARMS, ("BASE",))
    drawn = completed(courses, "J2R", Chain(3, 7, 10, 1))
    assert np.isfinite(drawn).all()
    assert all((one[courses.seen] == courses.outcome[courses.seen]).all() for one in drawn)
    assert (completed(courses, "J2R", Chain(3, 7, 10, 1)) == drawn).all()
    assert not (completed(courses, "J2R", Chain(3, 8, 10, 1)) == drawn).all()


def test_covariances_are_drawn_about_their_mean() -> None:
    scale = np.array([[40.0, 12.0], [12.0, 30.0]])
    drawn = np.random.default_rng(1)
    mean = np.mean([inverse_wishart(scale, 20, drawn) for _ in range(8000)], axis=0)
    assert mean == pytest.approx(scale / 17.0, rel=0.03)


def test_rubin_s_rules_by_hand() -> None:
    """Three imputations, 28 degrees in each: within 1, between 1 (4 / 3 of it counts), so 4 / 7 are missing."""
    parts = [Estimate(value, 0.0, 0.0, 1.0, 0.95, "x", degrees_of_freedom=28.0) for value in (1.0, 2.0, 3.0)]
    found = pooled(parts)
    share = (4.0 / 3.0) / (7.0 / 3.0)
    old, seen = 2.0 / share**2, 29.0 / 31.0 * 28.0 * (1.0 - share)
    assert (found.value, found.standard_error) == pytest.approx((2.0, np.sqrt(7.0 / 3.0)))
    assert found.degrees_of_freedom == pytest.approx(old * seen / (old + seen))


def test_a_delta_moves_the_effect_by_the_share_that_left() -> None:
    table = visits()
    courses, drawn = PLAIN.imputed(table)
    left = courses.left[courses.design[:, 1] == 1.0, 2].mean()
    gap = PLAIN.pooled_at(courses, drawn, -5.0).value - PLAIN.pooled_at(courses, drawn, 0.0).value
    assert gap == pytest.approx(-5.0 * left, rel=1e-9)
    assert "-5 on treatment after leaving" in PLAIN.pooled_at(courses, drawn, -5.0).method


def test_at_the_tipping_point_the_p_value_is_alpha() -> None:
    table = visits()
    short = replace(PLAIN, chain=Chain(20, 1, 50, 2))
    found = tipping_point(short, table, (0.0, -5.0, -10.0, -20.0))
    assert found.tips_at is not None
    courses, drawn = short.imputed(table)
    assert short.pooled_at(courses, drawn, found.tips_at).p_value == pytest.approx(0.05, abs=1e-3)
    assert found.to_frame()["rejected"].tolist()[0]
    assert tipping_point(short, table, (0.0, 5.0)).tips_at is None
    assert "tips where" in found.to_text()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.drop(columns="AVISITN"), AnalysisError, "no column AVISITN"),
        (lambda t: t[t.TRT01P == "drug"], OneArmOnly, "'placebo'"),
        (lambda t: t.assign(AVAL=t.AVAL.where(t.AVISITN < 3)), MissingValues, "nobody was seen at visit 3"),
        (lambda t: t.assign(BASE=np.nan), MissingValues, "BASE is missing"),
        (lambda t: pd.concat([t, t]), AnalysisError, "repeat a subject's visit"),
        (lambda t: t[t.USUBJID < 5], TooFewSubjects, "5 subjects for 3 visits"),
    ],
)
def test_what_is_wrong_is_named(change, error: type[Exception], words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=words):
        MultipleImputation(ARMS, Ancova(ARMS))(change(visits()))


def test_a_strategy_that_is_none_is_named() -> None:
    with pytest.raises(AnalysisError, match="expected one of MAR, J2R, CIR, CR"):
        replace(PLAIN, strategy="LOCF")(visits())  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="two or more"):
        Chain(1)
    with pytest.raises(AnalysisError, match="two or more"):
        tipping_point(PLAIN, visits(), (0.0,))
