"""Estimators through the design: each is its analysis of the table that a trial shows; what does not fit is named.

The analyses themselves are held against other programs where they live.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as formulas
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from kg.files.checked import DesignError
from tests.twin.trials.designs import CONCENTRATION, EXAMPLES, Content, courses, designed, dropout, plain
from twin.estimate import Estimate
from twin.trials import run
from twin.trials.analysis.survival import Times, mean_parts, restricted_mean
from twin.trials.endpoints.outcome import Timed, Value
from twin.trials.result import TrialResult

VALUE = {"kind": "value", "name": "END", "observable": CONCENTRATION}
CHANGE = {"kind": "change", "name": "END", "observable": CONCENTRATION}
VISITS = {"kind": "by_visit", "name": "END", "observable": CONCENTRATION}
HIGH = {"kind": "responder", "name": "END", "observable": CONCENTRATION, "at_least": 60.0}
TIME = {"kind": "time_to_event", "name": "END", "events": ["event"]}
EVENT = {"kind": "by_state", "name": "event", "then": "count", "observable": CONCENTRATION}
EVENT |= {"per_week": 0.05, "reference": 20.0, "slope": 0.04}


def parallel(endpoint: Content, analysis: Content | None = None, leaving: float = 0.03) -> TrialResult:
    """A parallel trial of 60 patients an arm, measured with error, who leave, and have events at high values."""

    def change(c: Content) -> None:
        c["trial"] |= {"design": "parallel", "subjects_per_arm": 60}
        c["conduct"]["measurement_error"] = True
        c["hazards"] = [EVENT, *dropout(leaving)]
        c["endpoints"] = [endpoint | ({"analysis": analysis} if analysis else {})]

    return run.run(plain(change))


def groups(result: TrialResult, column: str = "END") -> tuple[pd.Series, pd.Series]:
    table = result.subjects.dropna(subset=[column])
    high, low = (table.loc[table["ARM"] == arm, column] for arm in ("high", "low"))
    return high, low


def effect(result: TrialResult) -> Estimate:
    return result.differences[0].effect


def test_unadjusted_is_welch_s_test_of_those_who_are_seen() -> None:
    result = parallel(VALUE)
    high, low = groups(result)
    assert len(high) + len(low) < 120
    expected = stats.ttest_ind(high, low, equal_var=False)
    assert (effect(result).value, effect(result).p_value) == pytest.approx(
        (high.mean() - low.mean(), expected.pvalue), rel=1e-9
    )
    assert result.means["high"].value == pytest.approx(high.mean(), rel=1e-12)


def test_wilcoxon_is_scipy_s() -> None:
    result = parallel(VALUE, {"kind": "wilcoxon"})
    high, low = groups(result)
    expected = stats.mannwhitneyu(high, low, method="asymptotic")
    assert effect(result).value == pytest.approx(
        np.median(np.subtract.outer(high.to_numpy(), low.to_numpy())), abs=0.02
    )
    assert effect(result).p_value == pytest.approx(expected.pvalue, rel=0.02)


def test_ancova_adjusts_for_the_populations_covariates_and_the_baseline() -> None:
    def change(c: Content) -> None:
        c["trial"] |= {"design": "parallel", "subjects_per_arm": 40}
        c["endpoints"] = [{"kind": "value", "name": "INR29", "observable": "INR", "day": 29}]
        c["endpoints"][0]["analysis"] = {
            "kind": "ancova",
            "covariates": ["BASE", "age_years", "VKORC1"],
            "errors": "HC3",
        }

    design = designed(change)
    result = run.run(design)
    table = result.subjects.rename(columns={"genotype-guided": "drug"}).dropna(subset=["INR29"])
    base = pd.concat(
        [
            pd.Series(course.measured["INR"][:, 0], index=cohort.ids)
            for course, cohort in zip(result.courses, result.cohorts, strict=True)
        ]
    )
    table = table.assign(BASE=base[table["USUBJID"]].to_numpy())
    fitted = formulas.ols("INR29 ~ C(ARM, Treatment('standard')) + BASE + AGE + VKORC1", table).fit(
        cov_type="HC3", use_t=True
    )
    assert (effect(result).value, effect(result).standard_error) == pytest.approx(
        (fitted.params.iloc[1], fitted.bse.iloc[1]), rel=1e-8
    )


def test_change_is_adjusted_for_the_baseline_where_nothing_is_said() -> None:
    """Before the first dose nobody has any drug: the baseline is measured, as 0 and its error, and adjusted for."""
    told = effect(parallel(CHANGE)).method
    assert "HC3" in told and "BASE" in told


def test_risks_differ_as_the_shares_do() -> None:
    result = parallel(HIGH | {"missing": "left_out"})
    high, low = groups(result)
    assert 0 < low.mean() < high.mean() < 1
    assert effect(result).value == pytest.approx(high.mean() - low.mean(), rel=1e-6)


def test_an_arms_share_has_wilsons_interval_and_none_of_its_arms_is_sure() -> None:
    """Nobody is ever above 10,000 mg/L: Student's interval of 200 noes would be the point 0."""
    never = {"kind": "ever", "name": "HIGH", "observable": CONCENTRATION, "above": 10_000.0}
    often = {"kind": "responder", "name": "END", "observable": CONCENTRATION, "at_least": 20.0}
    result = run.run(plain(endpoints=[never, often]))
    for found in result.endpoints:
        for arm, mean in found.means.items():
            hits = int((result.subjects.loc[result.subjects["ARM"] == arm, found.endpoint.name] == 1).sum())
            interval = stats.binomtest(hits, 200).proportion_ci(0.95, "wilson")
            assert (mean.value, mean.lower, mean.upper) == pytest.approx((hits / 200, interval.low, interval.high))
    assert result.means["low"].upper == pytest.approx(0.0188, abs=5e-5)


def test_repeated_measures_use_visits_of_those_who_left() -> None:
    """With complete data and no covariate the mixed model's difference at the last visit is that of the means."""
    result = parallel(VISITS)
    assert set(result.subjects) > {"END_D8", "END_D15", "END_D22", "END_D29"}
    everyone = int(result.subjects["END_D8"].notna().sum())
    assert everyone > int(result.subjects["END_D29"].notna().sum())
    whole = parallel(VISITS, {"kind": "mmrm", "covariates_by_visit": []}, leaving=0.0)
    high, low = groups(whole, "END_D29")
    assert len(high) == len(low) == 60
    assert effect(whole).value == pytest.approx(high.mean() - low.mean(), rel=1e-6)


def test_imputed_visits_are_pooled() -> None:
    one = effect(parallel(VISITS, {"kind": "imputed", "imputations": 5}))
    moved = effect(parallel(VISITS, {"kind": "imputed", "imputations": 5, "delta": -10.0}))
    usual = effect(parallel(VISITS))
    assert abs(one.value - usual.value) < usual.standard_error
    assert moved.value < one.value - 0.1


def test_log_rank_cox_and_restricted_means_agree_on_who_has_events() -> None:
    rank, cox = (effect(parallel(TIME, {"kind": kind})) for kind in ("log_rank", "cox"))
    days = effect(parallel(TIME, {"kind": "restricted_mean", "horizon_d": 21.0}))
    assert rank.value == pytest.approx(cox.value, abs=0.3) and rank.value > 0.2
    assert rank.p_value == pytest.approx(cox.p_value or 0.0, abs=0.05)
    assert days.value < 0
    result = parallel(TIME)
    parts = [result.subjects[result.subjects["ARM"] == arm] for arm in ("high", "low")]
    means = [
        restricted_mean(Times(part["END"].to_numpy(), 1.0 - part["ENDCNSR"].to_numpy()), 21.0)[0] for part in parts
    ]
    assert days.value == pytest.approx(means[0] - means[1], rel=1e-9)


def test_a_prior_is_weighed_with_the_estimate_by_their_precision() -> None:
    usual = effect(parallel(VALUE))
    found = effect(parallel(VALUE, {"kind": "bayes", "of": {"kind": "unadjusted"}, "mean": 0.0, "sd": 5.0}))
    weight = 5.0**2 / (5.0**2 + usual.standard_error**2)
    assert found.value == pytest.approx(weight * usual.value, rel=1e-3)
    assert found.probability is not None and found.probability > 0.99


def test_strata_are_those_of_the_population() -> None:
    def change(c: Content) -> None:
        c["trial"].update(weeks=30, subjects_per_arm=60)
        c["visits"]["days"] = [1, 57, 113]
        c["endpoints"] = [c["endpoints"][0] | {"analysis": {"kind": "cox", "strata": ["asian"]}}]

    result = run.run(designed(change, EXAMPLES / "survival_trial.toml"))
    table = result.subjects.assign(drug=(result.subjects["ARM"] == "with a second drug").astype(float))
    fitted = PHReg(table["OS"], table[["drug"]], 1 - table["OSCNSR"], strata=table["asian"], ties="efron").fit()
    assert effect(result).value == pytest.approx(fitted.params[0], rel=1e-6)


def test_each_subjects_part_of_a_mean_time_is_its_own_time_where_nobody_is_cut_off() -> None:
    luck = np.random.default_rng(1)
    time = np.ceil(luck.exponential(30, 200))
    for horizon in (20.0, 45.0, 500.0):
        assert mean_parts(Times(time, np.ones(200)), horizon) == pytest.approx(np.minimum(time, horizon), abs=1e-9)


def test_parts_of_a_mean_time_are_jackknife_s_where_some_are_cut_off() -> None:
    luck = np.random.default_rng(1)
    time, cut = np.ceil(luck.exponential(30, 200)), np.ceil(luck.exponential(40, 200))
    times = Times(np.minimum(time, cut), (time <= cut).astype(float))
    parts, (mean, error) = mean_parts(times, 45.0), restricted_mean(times, 45.0)
    assert parts.mean() == pytest.approx(mean, rel=1e-12)
    assert parts.std(ddof=0) / np.sqrt(200) == pytest.approx(error, rel=0.02)
    left_out = [restricted_mean(times[np.arange(200) != one], 45.0)[0] for one in range(200)]
    assert np.corrcoef(parts, 200 * mean - 199 * np.array(left_out))[0, 1] > 0.9999


def test_twins_times_are_not_lengthened_by_who_leaves() -> None:
    """Half of 4,000 leave at random. Without leaving, the difference of times to day 28 is known for each patient."""
    _, (low, high) = courses(plain(hazards=[EVENT, *dropout(0.15)]), 4000)
    seen, true = [], []
    for course in (high, low):
        day = course.events["event"]
        true.append(np.minimum(day, 28.0))
        end = np.minimum(course.last_day, 28.0)
        seen.append(Timed(np.minimum(day, end), day <= end, 28.0))
    assert np.isfinite(low.last_day).mean() > 0.4
    found, expected = seen[0].paired(seen[1], 0.95), Value(true[0]).paired(Value(true[1]), 0.95)
    assert found.value == pytest.approx(expected.value, abs=3 * np.hypot(found.standard_error, expected.standard_error))
    assert found.standard_error > expected.standard_error


@pytest.mark.parametrize(
    ("endpoint", "analysis", "message"),
    [
        (VALUE, {"kind": "cox"}, "cox needs a time to an event, and value is one value a patient; expected another"),
        (TIME, {"kind": "ancova"}, "ancova needs one value a patient, and time_to_event is a time to an event"),
        (VISITS, {"kind": "unadjusted"}, "unadjusted needs one value a patient, and by_visit is a value at each visit"),
        (CHANGE, {"kind": "mmrm"}, "mmrm needs a value at each visit, and change is one value a patient"),
        (
            CHANGE,
            {"kind": "bayes", "of": {"kind": "log_rank"}, "sd": 1.0},
            "bayes needs a time to an event, and change",
        ),
        (
            {"kind": "mean_dose", "name": "END"},
            {"kind": "ancova"},
            "ancova adjusts for BASE, and mean_dose has no baseline; expected other covariates",
        ),
    ],
)
def test_an_analysis_that_does_not_fit_its_endpoint_is_named(
    endpoint: Content, analysis: Content, message: str
) -> None:
    with pytest.raises(DesignError, match=r"endpoints\[0\].analysis: " + message):
        parallel(endpoint, analysis)


@pytest.mark.parametrize(
    ("endpoint", "analysis", "message"),
    [
        (VALUE, {"kind": "t_test"}, r"kind: got 't_test', expected one of ancova, bayes, cox, imputed, log_rank, mmrm"),
        (VALUE, {"kind": "ancova", "errors": "HC9"}, "errors: got 'HC9', expected 'HC0'"),
        (VALUE, {"kind": "bayes", "of": {"kind": "unadjusted"}, "sd": 0.0}, "sd: got 0.0, expected > 0"),
        (VALUE, {"kind": "bayes", "of": {"kind": "some"}, "sd": 1.0}, "of.kind: got 'some', expected one of ancova"),
        (TIME, {"kind": "restricted_mean", "horizon_d": 29.0}, "horizon_d: got 29, expected <= 28, the trial's last"),
        (VISITS, {"kind": "imputed", "strategy": "LOCF"}, "strategy: got 'LOCF', expected 'MAR'"),
    ],
)
def test_a_mistake_in_an_analysis_is_named_with_its_key(endpoint: Content, analysis: Content, message: str) -> None:
    with pytest.raises(DesignError, match=r"endpoints\[0\].analysis\." + message):
        parallel(endpoint, analysis)


def test_a_covariate_that_the_population_does_not_state_is_named() -> None:
    with pytest.raises(DesignError, match=r"population.weight_kg: missing; endpoints\[0\].analysis needs it"):
        parallel(VALUE, {"kind": "ancova", "covariates": ["weight_kg"]})
