"""Every figure is that of scikit-learn, statsmodels, the definition, or a closed form."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, brier_score_loss, r2_score, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar

from tests.twin.prognosis.risk.patients import QUESTIONS, patients
from twin.prognosis.question import Question
from twin.prognosis.risk.concordance import concordances
from twin.prognosis.risk.curves import calibration_curve, decision_curve
from twin.prognosis.risk.delong import area, areas
from twin.prognosis.risk.judge import JudgeSettings, frame_of, judge
from twin.prognosis.risk.measure import measures_of
from twin.prognosis.risk.measures.survival import chance_by, weights
from twin.prognosis.risk.outcome import outcome_of
from twin.prognosis.risk.split import Fold
from twin.prognosis.risk.validate import Validated
from twin.trials.analysis.cox import baseline_hazard, partial_likelihood
from twin.trials.analysis.survival import Times

BINARY = QUESTIONS["binary"]


def scored(count: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    given = random.normal(-1.0, 1.5, count)
    outcome = (random.uniform(size=count) < expit(0.2 + 0.7 * given)).astype(float)
    return outcome, np.round(expit(given), 2).clip(0.01, 0.99)


def test_chances_are_measured_as_elsewhere() -> None:
    outcome, score = scored()
    found = measures_of("binary").figures(outcome, score, BINARY, False)
    assert found["AUROC"] == pytest.approx(roc_auc_score(outcome, score))
    assert found["AUPRC"] == pytest.approx(average_precision_score(outcome, score))
    assert found["Brier"] == pytest.approx(brier_score_loss(outcome, score))
    assert found["accuracy"] == pytest.approx(((score >= 0.5) == outcome).mean())
    assert found["majority class"] == pytest.approx(max(outcome.mean(), 1 - outcome.mean()))
    slope = sm.GLM(outcome, sm.add_constant(logit(score)), family=sm.families.Binomial()).fit()
    assert found["calibration slope"] == pytest.approx(slope.params[1], abs=1e-6)
    large = sm.GLM(outcome, np.ones((outcome.size, 1)), offset=logit(score), family=sm.families.Binomial()).fit()
    assert found["calibration intercept"] == pytest.approx(large.params[0], abs=1e-6)


def test_delong_is_its_definition() -> None:
    """Structural components by their definition, pair by pair (DeLong 1988, formulas 4 to 6)."""
    outcome, one = scored(120)
    other = np.round(one + np.random.default_rng(2).normal(0.0, 0.3, one.size), 1)
    parts = []
    for score in (one, other):
        away = score[outcome == 1][:, np.newaxis] - score[outcome == 0]
        parts.append((np.sign(away) + 1.0) / 2.0)
    events, others = parts[0].shape
    expected = np.cov([part.mean(axis=1) for part in parts]) / events
    expected = expected + np.cov([part.mean(axis=0) for part in parts]) / others
    found, spread = areas(outcome, np.stack([one, other]))
    np.testing.assert_allclose(found, [part.mean() for part in parts])
    np.testing.assert_allclose(spread, expected)
    assert area(outcome, other) == pytest.approx(found[1])
    assert np.isnan(areas(np.ones(5), np.ones((1, 5)))[0]).all()


def test_concordance_is_its_definition_and_its_error_that_of_draws() -> None:
    rows = patients(150, 3)
    time, event = np.round(rows["days"].to_numpy()), 1.0 - rows["CNSR"].to_numpy()
    score = np.round(rows["marker"].to_numpy(), 1)
    agreed = pairs = 0.0
    for i in range(150):
        for j in range(150):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                pairs += 1.0
                agreed += 0.5 if score[i] == score[j] else float(score[i] > score[j])
    found, spread = concordances(time, event, score[np.newaxis])
    assert found[0] == pytest.approx(agreed / pairs)
    random, drawn = np.random.default_rng(0), []
    for _ in range(300):
        some = random.integers(0, 150, 150)
        drawn.append(concordances(time[some], event[some], score[np.newaxis, some])[0][0])
    assert np.sqrt(spread[0, 0]) == pytest.approx(np.std(drawn), rel=0.15)


def test_without_anybody_cut_off_a_time_is_measured_as_a_chance() -> None:
    random = np.random.default_rng(0)
    outcome, score = np.column_stack([random.exponential(size=200), np.ones(200)]), random.uniform(size=200)
    question = Question("t", "survival", ("x",), horizon=0.8)
    event = (outcome[:, 0] <= 0.8).astype(float)
    found = measures_of("survival").figures(outcome, score, question, False)
    assert found["Brier"] == pytest.approx(brier_score_loss(event, score))
    assert found["observed / expected"] == pytest.approx(event.mean() / score.mean())
    assert chance_by(Times(outcome[:, 0], outcome[:, 1]), 0.8) == pytest.approx(event.mean())
    np.testing.assert_allclose(weights(Times(*outcome.T), 0.8, Times(*outcome.T)), 1.0)
    benefit = decision_curve(outcome, pd.DataFrame({"x": score}), question)
    plain = decision_curve(event, pd.DataFrame({"x": score}), BINARY)
    np.testing.assert_allclose(benefit["net benefit"], plain["net benefit"])


def test_weights_for_those_cut_off_keep_the_mean() -> None:
    """Weighted events until the horizon come to Kaplan and Meier's share (Satten and Datta 2001)."""
    rows = patients(400, 5)
    times = Times(rows["days"].to_numpy(), 1.0 - rows["CNSR"].to_numpy())
    event = (times.event == 1.0) & (times.time <= 12.0)
    assert (weights(times, 12.0, times) * event).mean() == pytest.approx(chance_by(times, 12.0))


def test_cox_shrunk_is_the_maximum_and_its_baseline_breslows() -> None:
    rows = patients(120, 2)
    design = rows[["marker", "noise"]].to_numpy()
    scaled = (design - design.mean(axis=0)) / design.std(axis=0)
    times = Times(rows["days"].to_numpy(), 1.0 - rows["CNSR"].to_numpy())

    def minus(at: np.ndarray) -> float:
        risk = np.exp(scaled @ at)
        rest = [risk[times.time >= time].sum() for time in times.time]
        return float(-(times.event * (scaled @ at - np.log(rest))).sum() + 7.0 * (at @ at) / 2.0)

    found, _ = partial_likelihood(design, times, np.zeros(120), 7.0)
    np.testing.assert_allclose(found * design.std(axis=0), minimize(minus, np.zeros(2), tol=1e-10).x, atol=1e-5)
    fit = sm.PHReg(times.time, design, status=times.event, ties="breslow").fit()
    moments, hazard = baseline_hazard(times, design @ fit.params)
    at, theirs, _ = fit.baseline_cumulative_hazard[0]
    before = [theirs[at == moment][-1] for moment in moments]  # statsmodels has the hazard just before each time
    np.testing.assert_allclose(hazard[:-1], before[1:], rtol=1e-8)


def test_numbers_are_measured_as_elsewhere() -> None:
    random = np.random.default_rng(0)
    outcome = random.normal(size=100)
    score = outcome + random.normal(size=100)
    found = measures_of("continuous").figures(outcome, score, QUESTIONS["continuous"], False)
    assert found["R2"] == pytest.approx(r2_score(outcome, score))
    assert found["MAE"] == pytest.approx(np.abs(outcome - score).mean())
    assert found["calibration slope"] == pytest.approx(sm.OLS(outcome, sm.add_constant(score)).fit().params[1])


def validated(outcome: np.ndarray, scores: dict[str, np.ndarray], subjects: np.ndarray) -> Validated:
    fold = Fold("1", np.arange(0), np.arange(len(outcome)))
    told = {name: ("",) for name in scores}
    return Validated(outcome, subjects, (fold,), pd.DataFrame(scores), told, {name: () for name in scores})


def test_intervals_are_paired_and_by_patient() -> None:
    outcome, score = scored(150)
    near = score + 1e-6 * np.arange(150)
    scores = {"base_rate": np.full(150, outcome.mean()), "logistic": score, "boosting": near}
    settings = JudgeSettings(resamples=100)
    once = frame_of(judge(validated(outcome, scores, np.arange(150)), BINARY, settings), "binary")
    found = once.set_index(["learner", "measure"])
    same = found.loc[("boosting", "AUROC")]
    assert abs(same["above logistic"]) < 0.01 and same["difference upper"] - same["difference lower"] < 0.02
    assert found.loc[("base_rate", "AUROC"), "value"] == 0.5
    assert found.loc[("logistic", "AUROC"), "method"].startswith("AUROC, DeLong")
    right, common = (score >= 0.5) == (outcome == 1), outcome == (outcome.mean() >= 0.5)
    table = [[(right & common).sum(), (right & ~common).sum()], [(~right & common).sum(), (~right & ~common).sum()]]
    assert found.loc[("logistic", "accuracy above majority"), "p"] == pytest.approx(mcnemar(table, exact=True).pvalue)
    # four rows of each patient, all the same, tell no more than one
    many = {name: np.repeat(one, 4) for name, one in scores.items()}
    often = judge(validated(np.repeat(outcome, 4), many, np.repeat(np.arange(150), 4)), BINARY, settings)
    wide = frame_of(often, "binary").set_index(["learner", "measure"])
    for name in ("AUROC", "Brier"):
        one, four = (table.loc[("logistic", name)] for table in (found, wide))
        assert four["upper"] - four["lower"] == pytest.approx(one["upper"] - one["lower"], rel=0.35)


def test_net_benefit_is_counted() -> None:
    """At 0.2: 2 of 3 acted on have the event, of 4 patients: (2 - 1 · 0.25) / 4."""
    outcome, score = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.3, 0.25, 0.1])
    found = decision_curve(outcome, pd.DataFrame({"x": score}), BINARY).set_index("threshold").loc[0.2]
    assert found["net benefit"] == pytest.approx((2 - 0.25) / 4)
    assert found["all"] == pytest.approx((2 - 2 * 0.25) / 4)
    assert found["nobody"] == 0.0


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_calibration_curve_counts_everybody(kind: str) -> None:
    rows = patients(200)
    question = QUESTIONS[kind]
    outcome = outcome_of(rows, question)
    found = calibration_curve(outcome, np.linspace(0.01, 0.6, 200), question)
    assert found["patients"].sum() == 200 and len(found) == 10
    assert found["foretold"].is_monotonic_increasing
    found = found[found["observed"] < 1.0]  # of a tenth that all have the event, Kaplan and Meier's has no interval
    assert ((found["lower"] <= found["observed"]) & (found["observed"] <= found["upper"])).all()
