"""Prognoses see baseline alone, are cross-validated by patient, and cover as many outcomes as they say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twin.prognosis.conformal import coverage
from twin.prognosis.learned import CrossValidation, folds_of, pseudo_observations
from twin.prognosis.question import Learner, Question
from twin.prognosis.sequence import SequenceTwin
from twin.prognosis.stacked import Stacked
from twin.prognosis.tabular import Boosting, Linear
from twin.trials.analysis.survival import Times, restricted_mean
from twin.trials.analysis.table import AnalysisError, MissingColumn, TooFewSubjects

FEATURES = ("BASE", "age", "sex", "noise")
QUICK = SequenceTwin(hidden=8, epochs=15, networks=1, learning_rate=2e-2)
LEARNERS = [Boosting(trees=60), Linear(), QUICK, Stacked(("BASE",), Boosting(trees=60))]
names = pytest.mark.parametrize("learner", LEARNERS, ids=lambda one: type(one).__name__)


def patients(count: int, seed: int, visits: tuple[float, ...] = (1.0, 2.0)) -> pd.DataFrame:
    """Made-up patients whose mean outcome is BASE + visit · (2 if female), with noise of deviation 1."""
    random = np.random.default_rng(seed)
    one = pd.DataFrame(
        {
            "USUBJID": [f"P{number}" for number in range(count)],
            "BASE": random.normal(size=count),
            "age": np.where(random.uniform(size=count) < 0.1, np.nan, random.normal(60.0, 10.0, count)),
            "sex": random.choice(["female", "male"], count),
            "noise": random.normal(size=count),
        }
    )
    rows = pd.concat([one.assign(AVISITN=visit) for visit in visits], ignore_index=True)
    mean = rows["BASE"] + rows["AVISITN"] * np.where(rows["sex"] == "female", 2.0, 0.0)
    return rows.assign(AVAL=mean + random.normal(size=len(rows)), MEAN=mean)


QUESTION = Question(features=FEATURES, visit="AVISITN")


@names
def test_forecasts_are_near_what_can_be_known_and_cover_what_they_say(learner: Learner) -> None:
    new = patients(400, 1)
    told = learner.fit(patients(500, 0), QUESTION).predict(new.drop(columns=["AVAL", "MEAN"]))
    share = ((told["PROGNOSIS"] - new["MEAN"]) ** 2).mean() / new["MEAN"].var()
    assert share < 0.12
    assert abs(coverage(new["AVAL"].to_numpy(), told["LOWER"].to_numpy(), told["UPPER"].to_numpy()) - 0.9) < 0.04


@names
def test_nothing_after_baseline_changes_a_forecast(learner: Learner) -> None:
    table = patients(120, 0).assign(CHG=lambda rows: rows["AVAL"] - rows["BASE"], later=lambda rows: rows["AVAL"])
    new = patients(30, 1)
    told = learner.fit(table, QUESTION).predict(new)
    again = learner.fit(table.assign(CHG=0.0, later=0.0), QUESTION).predict(new.assign(AVAL=-1e9))
    pd.testing.assert_frame_equal(told, again)


def test_a_patient_is_foretold_by_others_alone() -> None:
    """With outcomes that are each patient's own secret, told by a feature, the visits of one must not leak."""
    table = patients(150, 0).assign(AVAL=lambda rows: rows.groupby("USUBJID")["noise"].transform("first") ** 2 * 50.0)
    secret = np.random.default_rng(3).normal(size=150)
    number = table["USUBJID"].str[1:].astype(int)
    table = table.assign(AVAL=secret[number], noise=number.astype(float))
    seen = Boosting(trees=60, least_in_leaf=1).fit(table, QUESTION).out_of_fold
    assert ((seen["OUTCOME"] - seen["PROGNOSIS"]) ** 2).mean() > 0.9 * secret.var()


def test_a_member_that_finds_nothing_weighs_little() -> None:
    """Where the baseline value alone tells the outcome, its own model is what is left."""
    table = patients(300, 0, visits=(0.0,)).drop(columns="USUBJID")
    told = Stacked(("BASE",), Boosting(trees=200, least_in_leaf=2)).fit(table, Question(features=FEATURES))
    boosted, linear, alone = told.forecast.weights  # type: ignore[attr-defined]
    assert boosted < 0.2
    assert linear + alone == pytest.approx(1.0, abs=0.15)


def test_all_rows_of_a_patient_are_in_one_fold() -> None:
    subjects = np.repeat(np.arange(50), 3)
    fold = folds_of(subjects, CrossValidation(folds=5))
    assert all(np.unique(fold[subjects == one]).size == 1 for one in range(50))
    assert np.bincount(fold).tolist() == [30] * 5
    with pytest.raises(TooFewSubjects, match="9 subjects for 5 folds"):
        folds_of(np.arange(9), CrossValidation(folds=5))


@pytest.mark.parametrize("learner", [Boosting(trees=60), Linear()], ids=["boosting", "linear"])
def test_chances_are_calibrated(learner: Learner) -> None:
    question = Question("RESPONDED", "binary", FEATURES)

    def drawn(seed: int) -> pd.DataFrame:
        rows = patients(1500, seed, visits=(1.0,))
        chance = 1.0 / (1.0 + np.exp(-rows["MEAN"]))
        responded = np.random.default_rng(seed + 9).uniform(size=len(rows)) < chance
        return rows.assign(RESPONDED=responded.astype(float), CHANCE=chance)

    new = drawn(1)
    told = learner.fit(drawn(0), question).predict(new)
    assert ((told["PROGNOSIS"] - new["CHANCE"]) ** 2).mean() < 0.01
    assert (told["LOWER"] <= told["PROGNOSIS"]).all() and (told["PROGNOSIS"] <= told["UPPER"]).all()
    for _, some in new.assign(told=told["PROGNOSIS"]).groupby(pd.qcut(told["PROGNOSIS"], 4)):
        assert abs(some["told"].mean() - some["RESPONDED"].mean()) < 0.06


def test_pseudo_observations() -> None:
    random = np.random.default_rng(0)
    time, cut = random.exponential(2.0, size=(2, 80))
    whole = Times(time, np.ones(80))
    np.testing.assert_allclose(pseudo_observations(whole, 1.5), np.minimum(time, 1.5), atol=1e-9)
    some = Times(np.minimum(time, cut), (time <= cut).astype(float))
    assert pseudo_observations(some, 1.5).mean() == pytest.approx(restricted_mean(some, 1.5)[0], abs=0.01)


def test_times_to_an_event_are_foretold_up_to_the_horizon() -> None:
    random = np.random.default_rng(0)
    risk = random.normal(size=(2, 600))
    time, cut = random.exponential(np.exp(-risk)), random.exponential(3.0, size=(2, 600))
    table = pd.DataFrame({"BASE": risk[0], "AVAL": np.minimum(time[0], cut[0]), "CNSR": (time[0] > cut[0]) * 1})
    question = Question(kind="survival", horizon=2.0)
    told = Boosting(trees=60).fit(table, question).predict(pd.DataFrame({"BASE": risk[1]}))["PROGNOSIS"]
    mean = (1.0 - np.exp(-2.0 * np.exp(risk[1]))) / np.exp(risk[1])  # of an exponential time up to 2
    assert np.corrcoef(told, mean)[0, 1] > 0.95
    assert abs(told.mean() - mean.mean()) < 0.06


def test_bad_tables_are_refused_by_name() -> None:
    learner, table = Linear(), patients(40, 0)
    with pytest.raises(AnalysisError, match="USUBJID"):
        learner.fit(table, replace(QUESTION, visit=None))
    with pytest.raises(MissingColumn, match="height"):
        learner.fit(table, replace(QUESTION, features=("height",)))
    with pytest.raises(MissingColumn, match="sex"):
        learner.fit(table, QUESTION).predict(table.drop(columns="sex"))
    with pytest.raises(AnalysisError, match="AVISITN is 3 in some row; learned were 1, 2"):
        QUICK.fit(table, QUESTION).predict(table.assign(AVISITN=3.0))
