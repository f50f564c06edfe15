"""Contributions add up to the forecast, and are those of shap; importance and dependence are scikit-learn's."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence as their_dependence

from tests.twin.prognosis.risk.patients import QUESTIONS, patients
from twin.prognosis.risk.explain import centre_of, contributions
from twin.prognosis.risk.figures import contributions_figure, figures
from twin.prognosis.risk.importance import partial_dependence, permutation_importance
from twin.prognosis.risk.learner import names
from twin.prognosis.risk.outcome import outcome_of
from twin.prognosis.risk.scope import Ranges
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.train import Risk, RiskSettings, train
from twin.prognosis.risk.validate import learn_tuned, validate

SETTINGS = SplitSettings(outer=2, inner=2)
EVERY = [(kind, name) for kind in QUESTIONS for name in names(QUESTIONS[kind].kind)]


@cache
def trained(kind: str) -> Risk:
    return train(
        patients(160),
        QUESTIONS[kind],
        RiskSettings(keep=names(QUESTIONS[kind].kind)[1], learners=(names(QUESTIONS[kind].kind)[1],)),
    )


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_contributions_add_up_to_the_forecast(kind: str, name: str) -> None:
    rows, question = patients(160), QUESTIONS[kind]
    _, forecast = learn_tuned(rows, outcome_of(rows, question), question, name, SETTINGS)
    new = patients(20, 7).assign(sex=lambda table: table["sex"].where(table.index != 3, "unknown"))
    found = contributions(forecast, centre_of(forecast, rows), new)
    assert list(found.each) == list(question.features)
    told = found.forecast()
    if found.scale == "log hazard ratio":  # of two patients, the ratio of -log(1 - chance) is the ratio of hazards
        told, expected = told / told[0], np.log1p(-forecast(new)) / np.log1p(-forecast(new)[0])
    else:
        expected = forecast(new)
    np.testing.assert_allclose(told, expected, atol=1e-9)
    if name != "base_rate":
        assert np.abs(found.each["marker"]).mean() > np.abs(found.each["noise"]).mean()


def test_linear_contributions_are_shaps() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    rows, question = patients(160), QUESTIONS["binary"]
    _, forecast = learn_tuned(rows, outcome_of(rows, question), question, "logistic", SETTINGS)
    encoder, last = (step for _, step in forecast.estimator.steps)  # type: ignore[attr-defined]
    inputs = encoder.transform(np.column_stack([forecast.features.matrix(rows)]))  # type: ignore[attr-defined]
    background = shap.maskers.Independent(inputs, max_samples=len(inputs))
    theirs = shap.LinearExplainer(last, background).shap_values(inputs)
    ours = contributions(forecast, centre_of(forecast, rows), rows).each
    np.testing.assert_allclose(ours.sum(axis=1), theirs.sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(ours["noise"], theirs[:, 2], atol=1e-9)


def test_importance_finds_what_tells_the_outcome() -> None:
    rows, question = patients(300), QUESTIONS["binary"]
    found = validate(rows, outcome_of(rows, question), question, ("logistic",), SETTINGS)
    told = permutation_importance(rows, found, question, "logistic").set_index("feature")["loss of AUROC"]
    assert told.index[0] == "marker" and told["marker"] > 0.1 and abs(told["noise"]) < 0.02


def test_dependence_is_scikit_learns() -> None:
    rows, question = patients(150), QUESTIONS["binary"]
    _, forecast = learn_tuned(rows, outcome_of(rows, question), question, "boosting", SETTINGS)
    ranges = Ranges.of(rows, question.features)
    ours = partial_dependence(rows, forecast, question, ranges)
    marker = ours[ours["feature"] == "marker"]
    theirs = their_dependence(
        forecast.estimator,  # type: ignore[attr-defined]
        ranges.features.matrix(rows),
        [1],
        custom_values={1: marker["value"].astype(float).to_numpy()},
        method="brute",
        response_method="predict_proba",
    )
    np.testing.assert_allclose(marker["forecast"], theirs["average"][0], atol=1e-9)
    assert ours[ours["feature"] == "sex"]["value"].tolist() == ["female", "male"]


@pytest.mark.parametrize("kind", QUESTIONS)
def test_figures_are_drawn(kind: str) -> None:
    risk = trained(kind)
    drawn = figures(risk)
    assert set(drawn) >= {"calibration", "importance", "dependence"}
    assert ("decision" in drawn) == (kind != "continuous")
    one = patients(1, 5)
    found = contributions(risk.forecast, risk.centre, one)
    axes = contributions_figure(found, one.iloc[0]).axes[0]
    assert len(axes.get_yticklabels()) == 4
    assert found.to_frame(one)["contribution"].abs().is_monotonic_decreasing


def test_a_missing_value_has_its_own_part() -> None:
    rows, question = patients(160), QUESTIONS["binary"]
    _, forecast = learn_tuned(rows, outcome_of(rows, question), question, "logistic", SETTINGS)
    new = pd.concat([patients(1, 3)] * 2, ignore_index=True).assign(age=[70.0, np.nan])
    found = contributions(forecast, centre_of(forecast, rows), new)
    assert found.each["age"].nunique() == 2
    assert found.each["marker"].nunique() == 1
