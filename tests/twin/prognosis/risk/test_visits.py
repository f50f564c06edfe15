"""A network over visits reads the past and no later visit; it foretells in NumPy as it learned, and is explained."""

import itertools
import math
import sys
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.prognosis.gated import Gated
from twin.prognosis.question import Question
from twin.prognosis.recurrent import RecurrentConfig, Sequences, ensemble
from twin.prognosis.risk.delong import area
from twin.prognosis.risk.explain import centre_of, contributions
from twin.prognosis.risk.histories import Histories
from twin.prognosis.risk.importance import partial_dependence
from twin.prognosis.risk.judge import JudgeSettings
from twin.prognosis.risk.learner import names
from twin.prognosis.risk.learners import recurrent
from twin.prognosis.risk.saved import load, save
from twin.prognosis.risk.scope import Ranges
from twin.prognosis.risk.shapley import shapley
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.train import Risk, RiskSettings, train
from twin.prognosis.risk.validate import known
from twin.prognosis.risk.visits import VisitForecast, Visits
from twin.trials.analysis.table import AnalysisError, MissingColumn, MissingValues

FEATURES = ("marker", "sex", "told")
CHANCE = Question("ill", "binary", FEATURES, visit="day")
NUMBER = replace(CHANCE, outcome="score", kind="continuous")
QUICK = Visits(hidden=8, decay=1e-4, networks=1, epochs=60)


def visits(count: int = 120, seed: int = 0) -> pd.DataFrame:
    """Return patients of 1 to 5 visits who are ill where the marker was high at the visit before.

    `told` of a visit is whether they were ill at the one before: who reads a later visit knows all.
    """
    random, rows = np.random.default_rng(seed), []
    for patient in range(count):
        marker = random.normal(size=random.integers(1, 6))
        ill = (np.append(random.normal(), marker[:-1]) > 0.0).astype(float)
        days = np.cumsum(random.integers(20, 60, marker.size))
        for at, day in enumerate(days):
            told = 2.0 * ill[at - 1] - 1.0 if at else 0.0
            rows.append((f"SECRET-{patient}", float(day), marker[at], ("f", "m")[patient % 2], told, ill[at]))
    table = pd.DataFrame(rows, columns=["USUBJID", "day", "marker", "sex", "told", "ill"])
    random.shuffle(order := np.arange(len(table)))
    table = table.iloc[order].reset_index(drop=True)  # rows need not stand in order
    return table.assign(
        score=3.0 * table["ill"] + 10.0,
        marker=table["marker"].where(random.uniform(size=len(table)) > 0.05),
    )


@cache
def forecast(kind: str = "binary") -> VisitForecast:
    rows, question = visits(300), CHANCE if kind == "binary" else NUMBER
    return QUICK.way(rows, rows[question.outcome].to_numpy(), question)


@cache
def trained() -> Risk:
    settings = RiskSettings(("recurrent",), split=SplitSettings(outer=2, inner=2), judge=JudgeSettings(resamples=20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recurrent, "Visits", partial(Visits, networks=2, epochs=4))
        return train(visits(40), CHANCE, settings)


def test_histories_are_each_patients_rows_in_time() -> None:
    table = pd.DataFrame({"USUBJID": ["b", "a", "b", "b", "a"], "day": [5.0, 9.0, 1.0, 5.0, 2.0]})
    found = Histories.of(table, CHANCE)
    assert found.step.tolist() == [1, 1, 0, 2, 0]  # two rows of one visit are in the table's order
    assert found.gap.tolist() == [4.0, 7.0, 0.0, 0.0, 0.0]
    assert found.until(3).tolist() == [2, 0, 3] and found.until(2).tolist() == [2]
    assert found.laid(table["day"].to_numpy()).tolist() == [[1.0, 5.0, 5.0], [2.0, 9.0, 0.0]]
    with pytest.raises(MissingValues, match="USUBJID is missing in 1 of 5 rows"):
        Histories.of(table.assign(USUBJID=["b", None, "b", "b", "a"]), CHANCE)
    with pytest.raises(MissingColumn, match="need the column USUBJID"):
        Histories.of(table.drop(columns="USUBJID"), CHANCE)


@pytest.mark.parametrize("loss", ["squared", "log"])
def test_numpy_answers_as_pytorch_does(loss: str) -> None:
    random = np.random.default_rng(0)
    seen, target = random.normal(size=(30, 6, 3)), (random.uniform(size=(30, 6)) < 0.5).astype(float)
    patients = Sequences(np.zeros((30, 1)), seen, seen, target, np.ones((30, 6)))
    [network] = ensemble(patients, RecurrentConfig(5, 3, loss=loss), 1)  # type: ignore[arg-type]
    np.testing.assert_allclose(Gated(network.arrays()).answers(seen, seen), network.predict(patients), atol=1e-5)


def test_the_loss_is_the_log_loss_where_weights_say() -> None:
    random = np.random.default_rng(1)
    seen, target = random.normal(size=(20, 4, 2)), (random.uniform(size=(20, 4)) < 0.3).astype(float)
    weight = (random.uniform(size=(20, 4)) < 0.7).astype(float)
    patients = Sequences(np.zeros((20, 1)), seen, seen, target, weight)
    [network] = ensemble(patients, RecurrentConfig(4, 2, loss="log"), 1)
    held = np.random.default_rng(0).permutation(20) % 5 == 0
    chance = 1.0 / (1.0 + np.exp(-network.predict(patients.of(held))))
    own = -np.log(np.where(target[held] == 1.0, chance, 1.0 - chance))
    assert min(network.validation[1:]) == pytest.approx((weight[held] * own).sum() / weight[held].sum(), rel=1e-4)


@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_no_forecast_reads_a_later_visit(kind: str) -> None:
    """Each row is foretold the same when all later visits of all patients are gone, or are made up."""
    told, table = forecast(kind), known(visits(30, 5), CHANCE)
    whole = told(table)
    for day in np.quantile(table["day"], [0.2, 0.5, 0.8]):
        past = (table["day"] <= day).to_numpy()
        np.testing.assert_allclose(told(table[past]), whole[past], rtol=1e-12)
        other = table.assign(
            marker=table["marker"].where(past, 1e3), told=table["told"].where(past, -1e3), day=table["day"] + ~past * 7
        )
        np.testing.assert_allclose(told(other)[past], whole[past], rtol=1e-12)
        assert not np.allclose(told(other)[~past], whole[~past])


def test_the_past_is_used_and_a_leak_from_the_future_is_not() -> None:
    """At a first visit nothing is known of the outcome, though the next visit's `told` says it; later the past does."""
    table = visits(300, 9)
    score, ill = forecast()(known(table, CHANCE)), table["ill"].to_numpy()
    histories = Histories.of(table, CHANCE)
    first = (histories.step == 0) & (histories.laid(np.ones(len(table)))[histories.patient].sum(axis=1) > 1)
    assert area(ill[first], score[first]) == pytest.approx(0.5, abs=0.12)
    assert area(ill[histories.step > 0], score[histories.step > 0]) > 0.9
    alone = table.assign(USUBJID=[f"P-{row}" for row in range(len(table))])  # the same rows without a past
    score = forecast()(known(alone, CHANCE))
    assert area(ill[histories.step > 0], score[histories.step > 0]) == pytest.approx(0.5, abs=0.12)


def test_a_number_is_foretold_from_the_past() -> None:
    table = visits(200, 9)
    later = Histories.of(table, NUMBER).step > 0
    error = table["score"] - forecast("continuous")(known(table, NUMBER))
    assert (error[later] ** 2).mean() < 0.5 * table["score"][later].var()


def test_a_seed_gives_the_same_network_and_another_another() -> None:
    rows = visits(30)
    first, again, other = (
        replace(QUICK, epochs=3, seed=seed).way(rows, rows["ill"].to_numpy(), CHANCE)(known(rows, CHANCE))
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_it_is_offered_where_visits_are_named() -> None:
    assert "recurrent" in names("binary", True) and "recurrent" in names("continuous", True)
    assert "recurrent" not in (*names("binary"), *names("survival", True))
    with pytest.raises(AnalysisError, match="recurrent reads a patient's visits in order: say which column"):
        train(visits(40), replace(CHANCE, visit=None, repeated=True), RiskSettings(("recurrent",)))


def test_it_is_judged_as_others_and_comes_back_from_disk(tmp_path: Path) -> None:
    risk, new = trained(), visits(10, 4).drop(columns=["ill", "score"])
    assert risk.learner == "recurrent" and set(risk.report.folds["learner"]) == {"base_rate", "logistic", "recurrent"}
    assert {"Brier", "AUROC", "calibration slope"} <= set(risk.report.figures["measure"])
    assert set(risk.report.importance["feature"]) == set(FEATURES) == set(risk.report.dependence["feature"])
    save(risk, tmp_path)
    again = load(tmp_path)
    pd.testing.assert_frame_equal(risk.predict(new), again.predict(new))
    ours, theirs = (contributions(one.forecast, one.centre, new, 3).each for one in (risk, again))
    pd.testing.assert_frame_equal(ours, theirs)
    assert "a row's forecast reads its patient's rows up to it" in (tmp_path / "card.md").read_text(encoding="utf-8")
    for path in tmp_path.iterdir():
        assert b"SECRET" not in path.read_bytes(), path


def test_foretelling_and_explaining_need_no_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    told, table = forecast(), known(visits(5, 4), CHANCE)
    centre = centre_of(told, table)
    monkeypatch.setitem(sys.modules, "twin.prognosis.recurrent", None)  # the one file that needs it
    assert ((told(table) > 0.0) & (told(table) < 1.0)).all()
    assert contributions(told, centre, table, 0).scale == "log odds"


@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_contributions_add_up_and_are_shapleys(kind: str) -> None:
    """The same parts by all coalitions, in the formula as Shapley wrote it, within their Monte-Carlo errors."""
    told, table = forecast(kind), known(visits(8, 7), CHANCE)
    centre = centre_of(told, visits())
    found = contributions(told, centre, table)
    np.testing.assert_allclose(found.forecast(), told(table), atol=1e-9)
    assert list(found.each) == [*FEATURES, "day"] and found.error is not None
    row = int(Histories.of(table, CHANCE).step.argmax())
    one = contributions(told, centre, table, row)
    np.testing.assert_allclose(one.each.iloc[0], found.each.iloc[row])
    exact = by_all_coalitions(told, centre, table, row)
    assert one.error is not None
    away = np.abs(one.each.iloc[0].to_numpy() - exact)
    assert (away <= 4.0 * one.error.iloc[0].to_numpy() + 1e-9).all()
    assert set(one.to_frame(table.iloc[[row]])) == {"feature", "value", "contribution", "error"}


def by_all_coalitions(told: VisitForecast, centre: np.ndarray, table: pd.DataFrame, row: int) -> np.ndarray:
    read, players = told.inputs(table)[Histories.of(table, CHANCE).until(row)], len(FEATURES) + 1

    def worth(joined: set[int]) -> float:
        history = read if players - 1 in joined else read[-1:]
        inputs = np.where(np.isin(told.owners, list(joined)), history, centre)
        return float(told.scores(inputs[np.newaxis])[0, -1])

    found = np.zeros(players)
    for player in range(players):
        others = [one for one in range(players) if one != player]
        for size in range(players):
            share = math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
            for some in itertools.combinations(others, size):
                found[player] += share * (worth({*some, player}) - worth(set(some)))
    return found


def test_what_players_add_to_a_sum_is_their_own() -> None:
    own = np.array([1.0, -2.0, 0.5])
    added, error = shapley(lambda joined: joined @ own + 7.0, 3)
    np.testing.assert_allclose(added, own)
    np.testing.assert_allclose(error, 0.0, atol=1e-12)
    added, error = shapley(lambda joined: joined.all(axis=1).astype(float), 3)  # all are needed: a third each
    np.testing.assert_allclose(added.sum(), 1.0)
    assert (np.abs(added - 1.0 / 3.0) < 4.0 * error).all()


def test_dependence_takes_whole_patients() -> None:
    rows, seen = visits(200), []

    def told(table: pd.DataFrame) -> np.ndarray:
        seen.append(table)
        return np.zeros(len(table))

    partial_dependence(rows, told, CHANCE, Ranges.of(rows, FEATURES))
    counts, taken = (table["USUBJID"].value_counts() for table in (rows, seen[0]))
    assert 150 < len(seen[0]) <= 200 and (counts[taken.index] == taken).all()


def test_days_that_few_share_bound_a_number_together() -> None:
    settings = RiskSettings(("linear",), split=SplitSettings(outer=2), judge=JudgeSettings(resamples=20))
    risk = train(visits(60), NUMBER, settings)
    told = risk.predict(visits(5, 3))
    assert (told["UPPER"] - told["LOWER"]).round(9).nunique() == 1
