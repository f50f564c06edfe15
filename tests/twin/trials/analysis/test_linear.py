"""Differences of means against SciPy, statsmodels and closed forms."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as formulas
from scipy import stats

from twin.estimate import Estimate
from twin.trials.analysis.linear import Ancova, Errors, Procova, Unadjusted
from twin.trials.analysis.table import (
    AnalysisError,
    Arms,
    MissingColumn,
    MissingValues,
    OneArmOnly,
    SingularDesign,
    TooFewSubjects,
)

ARMS = Arms("drug", "placebo")


def trial(size: int = 60, seed: int = 1, effect: float = 1.0) -> pd.DataFrame:
    drawn = np.random.default_rng(seed)
    baseline, treated = drawn.normal(10.0, 2.0, size), drawn.permutation(np.arange(size) % 2)
    return pd.DataFrame(
        {
            "USUBJID": np.arange(size),
            "TRT01P": np.where(treated == 1, "drug", "placebo"),
            "BASE": baseline,
            "SITE": drawn.choice(["a", "b", "c"], size),
            "AVAL": effect * treated + 0.8 * baseline + drawn.normal(0.0, 1.0 + treated, size),
        }
    )


def test_unadjusted_is_welch_s_test() -> None:
    table = trial()
    found = Unadjusted(ARMS)(table)
    groups = [table.loc[table["TRT01P"].isin([arm]), "AVAL"] for arm in ("drug", "placebo")]
    expected = stats.ttest_ind(*groups, equal_var=False)
    assert (found.statistic, found.p_value, found.degrees_of_freedom) == pytest.approx(
        (expected.statistic, expected.pvalue, expected.df), rel=1e-10
    )


@pytest.mark.parametrize("errors", ["HC0", "HC1", "HC2", "HC3", "equal"])
def test_ancova_is_statsmodels_s(errors: Errors) -> None:
    table = trial()
    found = Ancova(ARMS, ("BASE", "SITE"), errors=errors, level=0.9)(table)
    kind = "nonrobust" if errors == "equal" else errors
    fitted = formulas.ols("AVAL ~ C(TRT01P, Treatment('placebo')) + BASE + SITE", table).fit(cov_type=kind, use_t=True)
    interval = fitted.conf_int(0.1).iloc[1]
    assert (found.value, found.standard_error, found.p_value) == pytest.approx(
        (fitted.params.iloc[1], fitted.bse.iloc[1], fitted.pvalues.iloc[1]), rel=1e-8
    )
    assert (found.lower, found.upper) == pytest.approx(tuple(interval), rel=1e-8)
    assert errors == "equal" or errors in found.method


def test_ancova_without_covariates_is_a_difference_of_means() -> None:
    table = trial()
    means = table.groupby("TRT01P").AVAL.mean()
    found = Ancova(ARMS, (), errors="HC2")(table)
    assert found.value == pytest.approx(means["drug"] - means["placebo"], rel=1e-12)
    assert found.standard_error == pytest.approx(Unadjusted(ARMS)(table).standard_error, rel=1e-10)


def test_a_score_saves_what_its_correlation_foretells() -> None:
    table = trial(4000, effect=0.0)
    table["PROGNOSIS"] = table.BASE
    table["AVAL"] = table.BASE + np.random.default_rng(5).normal(0.0, 2.0, len(table))
    correlation = np.corrcoef(table.BASE, table.AVAL)[0, 1]
    ratio = (Procova(ARMS)(table).standard_error / Unadjusted(ARMS)(table).standard_error) ** 2
    assert ratio == pytest.approx(1.0 - correlation**2, rel=0.01)
    assert "PROCOVA" in Procova(ARMS)(table).method


def test_ancova_holds_its_error() -> None:
    """At unequal variances and arms; chance alone keeps the share of 300 within .05 ± .041, but for one in 1,000."""
    found: list[Estimate] = []
    for seed in range(300):
        table = trial(40, seed, effect=0.0)
        found.append(Ancova(ARMS)(table))
    share = np.mean([estimate.p_value is not None and estimate.p_value < 0.05 for estimate in found])
    assert abs(share - 0.05) < 0.041


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.drop(columns="BASE"), MissingColumn, "no column BASE; it has USUBJID"),
        (lambda t: t[t.TRT01P == "drug"], OneArmOnly, "the arm 'placebo' has no row in TRT01P; arms that have: 'drug'"),
        (lambda t: t.assign(AVAL=t.AVAL.where(t.index > 2)), MissingValues, "AVAL is missing or infinite in 3 of 60"),
        (lambda t: t.assign(BASE=t.BASE.where(t.index > 0)), MissingValues, "BASE is missing or infinite in 1 of 60"),
        (lambda t: t.assign(AVAL="high"), MissingValues, "expected numbers"),
        (lambda t: t.assign(BASE=7.0), SingularDesign, "BASE is constant"),
        (lambda t: t.assign(BASE=(t.TRT01P == "drug") * 1.0), SingularDesign, "combination"),
        (lambda t: pd.concat([t, t]), AnalysisError, "60 rows repeat a subject"),
        (lambda t: t.groupby("TRT01P").head(1), TooFewSubjects, "2 rows for 3 coefficients"),
    ],
)
def test_what_is_wrong_is_named(change, error: type[Exception], words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=words.replace("(", r"\(")):
        Ancova(ARMS)(change(trial()))


def test_a_site_of_one_patient_cannot_be_weighed() -> None:
    table = trial()
    table.loc[0, "SITE"] = "alone"
    with pytest.raises(SingularDesign, match="a row alone"):
        Ancova(ARMS, ("SITE",))(table)
    assert Ancova(ARMS, ("SITE",), errors="equal")(table).standard_error > 0.0


def test_an_arm_is_not_compared_with_itself() -> None:
    with pytest.raises(OneArmOnly, match="both 'drug'"):
        Arms("drug", "drug")
