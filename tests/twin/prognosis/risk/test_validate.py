"""Nothing of a fold's rows reaches what is learned for it, and no patient is on both sides."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.twin.prognosis.risk.patients import FEATURES, QUESTIONS, patients
from twin.prognosis.question import AfterBaseline, Question
from twin.prognosis.risk.delong import area
from twin.prognosis.risk.learner import named, names
from twin.prognosis.risk.outcome import outcome_of
from twin.prognosis.risk.split import SplitSettings, split_named
from twin.prognosis.risk.train import RiskSettings, train
from twin.prognosis.risk.validate import learn_tuned, validate
from twin.trials.analysis.table import AnalysisError, TooFewSubjects

SPLITS = {
    "patient": SplitSettings(outer=3, inner=2),
    "site": SplitSettings("site", site="hospital", inner=2),
    "time": SplitSettings("time", time="day", outer=2, inner=2),
}
LEARNERS = ("base_rate", "logistic", "elastic_net")


@pytest.mark.parametrize("split", SPLITS)
def test_rows_that_judge_change_nothing_that_is_learned(split: str) -> None:
    """A fold's rows get other features, new levels, gaps and outcomes: its settings and forecasts stay to the bit."""
    rows, question, settings = patients(150), QUESTIONS["binary"], SPLITS[split]
    outcome = outcome_of(rows, question)
    before = validate(rows, outcome, question, LEARNERS, settings)
    place = len(before.folds) - 1
    fold, probe = before.folds[place], patients(40, 9)[list(FEATURES)]
    planted, told = rows.copy(), outcome.copy()
    told[fold.judged] = 1.0 - told[fold.judged]
    planted.loc[fold.judged, "marker"] = 1e6 * (2.0 * told[fold.judged] - 1.0)
    planted.loc[fold.judged, "age"] = np.nan
    planted.loc[fold.judged, "sex"] = "a level of the future"
    # the same split: the strata of a split by patient are outcomes, so that folds are held as they were
    some, seen = planted.iloc[fold.learned].reset_index(drop=True), told[fold.learned]
    for name in LEARNERS:
        setting, forecast = learn_tuned(some, seen, question, name, settings)
        assert setting == before.chosen[name][place]
        np.testing.assert_array_equal(forecast(probe), before.forecasts[name][place](probe))


@pytest.mark.parametrize("name", ["logistic", "elastic_net", "boosting"])
def test_noise_stays_noise_after_tuning(name: str) -> None:
    """Of 20 features of noise, some go with the outcome by chance: chosen with the judged rows, they would foretell."""
    random = np.random.default_rng(0)
    columns = tuple(f"x{number}" for number in range(20))
    rows = pd.DataFrame(random.normal(size=(120, 20)), columns=columns).assign(died=random.integers(0, 2, 120))
    question, settings = Question("died", "binary", columns), SplitSettings(outer=3, inner=2)
    found = validate(rows, outcome_of(rows, question), question, (name,), settings)
    assert abs(area(found.outcome, found.scores[name].to_numpy()) - 0.5) < 0.15


def test_all_rows_of_a_patient_are_in_one_fold_of_every_split() -> None:
    """Each patient has a secret outcome in all rows, and a feature that names the patient: it must not be found."""
    rows = pd.concat([patients(90).assign(day=lambda t, add=add: t["day"] + add) for add in (0.0, 40.0, 80.0)])
    rows = rows.reset_index(drop=True)
    question = replace(QUESTIONS["binary"], repeated=True)
    who = question.subjects(rows)
    for name, settings in SPLITS.items():
        for inner in (False, True):
            for fold in split_named(name).folds(rows, outcome_of(rows, question), question, settings, inner):
                assert not set(who[fold.learned]) & set(who[fold.judged]), name
                assert fold.judged.size
    with pytest.raises(AnalysisError, match="repeat a subject"):
        train(rows, QUESTIONS["binary"])


def test_sites_are_left_out_whole_and_times_go_forward() -> None:
    rows, question = patients(200), QUESTIONS["binary"]
    outcome = outcome_of(rows, question)
    sites = split_named("site").folds(rows, outcome, question, SPLITS["site"], False)
    assert [fold.name for fold in sites] == ["north", "south", "west"]
    for fold in sites:
        assert set(rows["hospital"].iloc[fold.judged]) == {fold.name}
        assert fold.name not in set(rows["hospital"].iloc[fold.learned])
    spans = split_named("time").folds(rows, outcome, question, SPLITS["time"], False)
    for fold in spans:
        assert rows["day"].iloc[fold.learned].max() < rows["day"].iloc[fold.judged].min()
    assert len(spans) == 2
    shares = [
        outcome[fold.judged].mean()
        for fold in split_named("patient").folds(rows, outcome, question, SPLITS["patient"], False)
    ]
    assert np.ptp(shares) < 0.02  # events are dealt evenly


def test_what_is_known_later_is_refused_by_name() -> None:
    with pytest.raises(AfterBaseline, match="discharge"):
        Question("died", "binary", ("age", "discharge"), later=("discharge",))
    with pytest.raises(AfterBaseline, match="AVAL"):
        Question("died", "binary", ("age", "AVAL"))
    with pytest.raises(AfterBaseline, match="hospital"):
        asked = Question("died", "binary", ("age", "hospital"))
        train(patients(60), asked, RiskSettings(split=SPLITS["site"]))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (SplitSettings("site"), "--site COLUMN"),
        (SplitSettings("time"), "--time COLUMN"),
        (SplitSettings("place"), "no split 'place'"),
        (SplitSettings("sites"), "did you mean site"),
        (SplitSettings("site", site="sex"), "sex is missing in"),
        (SplitSettings(outer=40), "60 patients for 40 folds"),
    ],
)
def test_a_split_that_cannot_be_is_refused(settings: SplitSettings, told: str) -> None:
    with pytest.raises(AnalysisError, match=told):
        train(patients(60), Question("died", "binary", ("age",)), RiskSettings(split=settings))


def test_a_fold_without_events_is_refused_by_name() -> None:
    rows = patients(60).assign(died=lambda table: (table["hospital"] == "west").astype(float))
    with pytest.raises(AnalysisError, match=r"fold west would learn from .* rows that all have died 0"):
        train(rows, Question("died", "binary", ("age",)), RiskSettings(split=SPLITS["site"]))
    with pytest.raises(TooFewSubjects, match="does not part"):
        rows = patients(60).assign(day=1.0)
        train(rows, Question("died", "binary", ("age",)), RiskSettings(split=SPLITS["time"]))


def test_learners_are_found_by_name() -> None:
    assert names("binary") == ("base_rate", "logistic", "boosting", "elastic_net", "random_forest")
    with pytest.raises(AnalysisError, match="did you mean random_forest"):
        named("random_forrest", "binary")
    with pytest.raises(AnalysisError, match="for an outcome that is binary"):
        named("cox", "binary")
