"""The plain model stands unless it is beaten; what is suspicious, small or left out is said."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tests.twin.prognosis.risk.patients import FEATURES, QUESTIONS, patients
from twin.prognosis.question import AfterBaseline, Question
from twin.prognosis.risk.asked import Asked
from twin.prognosis.risk.judge import JudgeSettings
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.train import Risk, RiskSettings, train
from twin.trials.analysis.table import AnalysisError, MissingColumn

QUICK = SplitSettings(outer=3, inner=2)


def quick(table: pd.DataFrame, question: Question, *learners: str, keep: str | None = None) -> Risk:
    return train(table, question, RiskSettings(learners, keep, QUICK, JudgeSettings(resamples=60)))


def test_plain_logistic_regression_is_statsmodels() -> None:
    rows = patients(300)
    risk = quick(rows, Question("died", "binary", ("marker", "noise")), "logistic")
    fit = sm.Logit(rows["died"], sm.add_constant(rows[["marker", "noise"]])).fit(disp=False)
    expected = fit.predict(sm.add_constant(rows[["marker", "noise"]]))
    np.testing.assert_allclose(risk.predict(rows)["PROGNOSIS"], expected, atol=1e-4)


def test_plain_linear_and_cox_regression_are_statsmodels() -> None:
    rows = patients(200)
    risk = quick(rows, Question("score", "continuous", ("marker", "noise")), "linear")
    design = sm.add_constant(rows[["marker", "noise"]])
    np.testing.assert_allclose(
        risk.predict(rows)["PROGNOSIS"], sm.OLS(rows["score"], design).fit().predict(design), 1e-6
    )
    hazards = quick(rows, Question("days", "survival", ("marker", "noise"), horizon=12.0), "cox")
    fit = sm.PHReg(rows["days"], rows[["marker", "noise"]], status=1 - rows["CNSR"], ties="efron").fit()
    ratio = np.log(-np.log1p(-hazards.predict(rows)["PROGNOSIS"]))
    expected = rows[["marker", "noise"]].to_numpy() @ fit.params
    np.testing.assert_allclose(ratio - ratio[0], expected - expected[0], atol=1e-4)


def test_the_plain_model_stands_where_nothing_beats_it() -> None:
    assert quick(patients(200), QUESTIONS["binary"], "boosting", "elastic_net").learner == "logistic"


def test_the_plain_model_falls_where_it_is_beaten_beyond_doubt() -> None:
    """The event is where the marker is far from 0 either way: no line tells it."""
    rows = patients(300).assign(died=lambda table: (table["marker"].abs() > 0.7).astype(float))
    risk = quick(rows, QUESTIONS["binary"], "boosting", "elastic_net")
    assert risk.learner == "boosting"
    assert risk.report.figures["learner"].unique().tolist() == ["base_rate", "logistic", "boosting", "elastic_net"]
    assert quick(rows, QUESTIONS["binary"], "boosting", keep="logistic").learner == "logistic"
    assert quick(patients(200), QUESTIONS["binary"], "boosting").learner == "boosting"  # who asks for one gets it


def test_a_feature_that_is_the_outcome_is_named() -> None:
    rows = patients(150).assign(
        code=lambda table: np.where(table["died"] == 1, "Z", "A"),
        stopped=lambda table: np.where(table["died"] == 1, table["noise"], np.nan),
    )
    risk = quick(rows, Question("died", "binary", ("age", "code", "stopped")), "logistic")
    told = [text for text in risk.report.warnings if "known at the index date" in text]
    assert [text.split(" alone ")[0] for text in told] == ["code", "stopped"]
    assert "by its being missing" in told[1]
    assert not [text for text in quick(rows, QUESTIONS["binary"], "logistic").report.warnings if "index date" in text]
    some = rows.assign(stopped=rows["stopped"].where(rows.index % 5 > 0))  # not in every event, but in no one else
    assert "share with one outcome 1.000" in quick(some, Question("died", "binary", ("stopped",))).report.warnings[0]
    number = rows.assign(code=lambda table: table["score"] * 2)
    assert "|rank correlation|" in quick(number, Question("score", features=("code",)), "linear").report.warnings[0]


def test_what_is_small_or_left_out_is_counted() -> None:
    rows = patients(80)
    risk = quick(rows.assign(died=rows["died"].where(rows.index > 4)), QUESTIONS["binary"], "logistic")
    assert risk.report.counts["rows without an outcome, left out"] == 5
    assert risk.report.out_of_fold["ROW"].tolist() == list(range(6, 81))
    assert any("a small sample" in text for text in risk.report.warnings)


def test_features_are_named_or_what_is_none() -> None:
    rows = patients(60)
    with pytest.raises(AfterBaseline, match="--all-but"):
        Asked("died", ("age",), ("day",)).of(rows)
    _, question = Asked("died", all_but=("score", "days", "CNSR", "day", "hospital")).of(rows)
    assert question.features == FEATURES and question.kind == "binary"
    split = SplitSettings("site", site="hospital")
    assert "hospital" not in Asked("died", all_but=("score",)).of(rows.drop(columns=["CNSR"]), split)[1].features
    with pytest.raises(MissingColumn, match="the table has no height"):
        Asked("died", ("height",)).of(rows)


def test_outcomes_are_read_as_what_they_are() -> None:
    rows = patients(60).assign(
        end=lambda table: np.where(table["died"] == 1, "dead", "SECRET"), stage=[1.0, 2.0, 3.0] * 20
    )
    told, question = Asked("end", ("age",), event="dead").of(rows)
    assert question.kind == "binary" and told["end"].sum() == rows["died"].sum()
    with pytest.raises(AnalysisError, match="say which is the event") as refused:
        Asked("end", ("age",)).of(rows)
    assert "'SECRET' and 'dead'" in str(refused.value)  # what two groups are called names nobody
    with pytest.raises(AnalysisError, match="no row has the value 'died'"):
        Asked("end", ("age",), event="died").of(rows)
    assert Asked("score", ("age",)).of(rows)[1].kind == "continuous"
    assert Asked("days", ("age",), horizon=12.0).of(rows)[1].kind == "survival"
    coded, _ = Asked("died", ("stage",), levels=("stage",)).of(rows)
    assert set(coded["stage"]) == {"1", "2", "3"}


def test_an_event_within_a_window_leaves_out_who_was_not_followed() -> None:
    rows = patients(200)
    told, question = Asked("days", ("age",), kind="binary", horizon=12.0).of(rows)
    event = (rows["days"] <= 12.0) & (rows["CNSR"] == 0)
    known = event | (rows["days"] >= 12.0)
    assert question.kind == "binary" and len(told) == known.sum() < 200
    assert told["days"].sum() == event.sum()
