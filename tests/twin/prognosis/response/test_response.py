"""Effects that are known are found again, none is found where there is none, and no outcome has a part in its own."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from tests.twin.prognosis.response.trials import ARMS, ASKED, trial
from twin.prognosis.question import AfterBaseline
from twin.prognosis.response.base import Base
from twin.prognosis.response.crossfit import Honest, crossfit
from twin.prognosis.response.enrich import GAIN, STRATUM, enriched
from twin.prognosis.response.learners.learner import EffectLearner
from twin.prognosis.response.learners.r import RLearner
from twin.prognosis.response.learners.x import XLearner
from twin.prognosis.response.question import Asked, Trial
from twin.prognosis.response.response import Settings, respond
from twin.trials.analysis.survival import Times, restricted_mean
from twin.trials.analysis.table import AnalysisError, TooFewSubjects

ONCE = Honest(folds=3, repeats=1)
QUICK = Settings(honest=ONCE, draws=100)


@pytest.mark.parametrize("learner", [RLearner(folds=2), XLearner()], ids=["R", "X"])
@pytest.mark.parametrize("chance", [0.5, 0.3])
def test_known_effects_are_found_again(learner: EffectLearner, chance: float) -> None:
    table = trial(1200, chance=chance)
    found = respond(table, ASKED, replace(QUICK, learner=learner))
    assert np.corrcoef(found.patients[GAIN], table["effect"])[0, 1] > 0.97
    assert found.average.lower < 1.0 < found.average.upper
    assert found.slope.lower < 1.0 < found.slope.upper and found.found
    told = found.predict(table)[GAIN]
    assert np.polyfit(table["effect"], told, 1) == pytest.approx([1.0, 0.0], abs=0.25)
    assert found.to_frame()["effect"].is_monotonic_increasing
    who = found.who.set_index("feature")
    assert who.loc["x1", "gain_most"] > 1.0 > -1.0 > who.loc["x1", "gain_least"]


def test_trees_find_an_effect_of_one_kind_of_patient_only() -> None:
    table = trial(1500, slope=0.0)
    table["y"] += (table["arm"] == "new") * 2.0 * ((table["site"] == "b") & (table["x2"] > 0))
    found = respond(table, ASKED, replace(QUICK, learner=RLearner(Base("boosting"), folds=2)))
    assert found.found and found.fifths["effect"].iloc[-1] == pytest.approx(3.0, abs=0.5)


def test_without_heterogeneity_it_is_seldom_found() -> None:
    """Trials with one effect for all: AUTOC's interval is above 0 in one of forty, the slope's p below 0.05 in two."""
    found = {"area": 0, "slope": 0}
    for seed in range(30):
        one = respond(
            trial(200, slope=0.0, seed=seed),
            replace(ASKED, features=("x1", "x2")),
            Settings(RLearner(folds=2), Honest(folds=2, repeats=1), draws=100),
        )
        found["area"] += one.found
        found["slope"] += (1.0 if one.slope.p_value is None else one.slope.p_value) < 0.05
    assert binomtest(found["area"], 30, 0.025, alternative="greater").pvalue > 0.02
    assert binomtest(found["slope"], 30, 0.05, alternative="greater").pvalue > 0.02


@pytest.mark.parametrize("learner", [RLearner(folds=2), XLearner()], ids=["R", "X"])
def test_no_outcome_has_a_part_in_what_is_foretold_of_its_own_patient(learner: EffectLearner) -> None:
    table = trial(200)
    changed = table.copy()
    changed.loc[17, "y"] += 1000.0
    effects = []
    for one in (table, changed):
        told = crossfit(Trial.of(one, ASKED), learner, ONCE)
        effects.append(told.effect - told.score.mean())
    assert effects[0][17] == pytest.approx(effects[1][17], abs=1e-9)
    assert not np.allclose(effects[0], effects[1])


def test_of_times_no_other_fold_s_outcome_has_a_part_either() -> None:
    table = trial(200)
    table["days"] = np.exp(table["y"] - table["y"].min())
    table["CNSR"] = (np.arange(200) % 3 == 0).astype(int)
    asked = replace(ASKED, outcome="days", kind="survival", horizon=20.0)
    changed = table.copy()
    changed.loc[17, "days"] = 0.01
    told = [crossfit(Trial.of(one, asked), XLearner(), ONCE) for one in (table, changed)]
    first, second = (one.effect[17] - one.score.mean() for one in told)
    assert first == pytest.approx(second, abs=1e-9)


def test_the_mean_gain_of_times_is_the_difference_of_restricted_means() -> None:
    table = trial(500, slope=0.0)
    random = np.random.default_rng(1)
    table["days"] = random.exponential(np.where(table["arm"] == "new", 30.0, 15.0))
    cut = random.uniform(10.0, 60.0, 500)
    table["CNSR"] = (cut < table["days"]).astype(int)
    table["days"] = np.minimum(cut, table["days"])
    asked = replace(ASKED, outcome="days", kind="survival", horizon=30.0)
    found = respond(table, asked, QUICK)
    times = {arm: Times.of(table[table["arm"] == arm], "days") for arm in ("new", "old")}
    means = {arm: restricted_mean(of, 30.0)[0] for arm, of in times.items()}
    assert found.average.value == pytest.approx(means["new"] - means["old"], abs=0.6 * found.average.standard_error)


def test_lower_is_better_turns_gains_round() -> None:
    table = trial(300)
    higher, lower = (
        respond(one, replace(ASKED, better=better), QUICK)
        for one, better in ((table, "higher"), (table.assign(y=-table["y"]), "lower"))
    )
    assert lower.patients[GAIN].to_numpy() == pytest.approx(higher.patients[GAIN].to_numpy(), abs=1e-9)
    assert lower.autoc.value == pytest.approx(higher.autoc.value)


def test_chances_gain_and_are_enriched() -> None:
    table = trial(800)
    table["y"] = (table["y"] > 1.0).astype(float)
    found = respond(table, replace(ASKED, kind="binary"), QUICK)
    best = enriched(found, table, 0.25)
    assert len(best) == 200 and best["effect"].mean() > table["effect"].mean() + 0.8
    assert set(found.patients[STRATUM]) == {1, 2} and found.patients[STRATUM].value_counts()[1] == 400
    assert (best[STRATUM] == 2).all()
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"features": ("y",)}, AfterBaseline, "y cannot be a feature"),
        ({"features": ("arm",)}, AfterBaseline, "arm cannot be a feature"),
        ({"propensity": 1.0}, AnalysisError, "got the propensity 1"),
        ({"kind": "survival"}, AnalysisError, "got the horizon None"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    change: dict[str, object], error: type[ValueError], told: str
) -> None:
    with pytest.raises(error, match=told):
        Asked(**{"outcome": "y", "arms": ARMS, "features": ("x1",), **change})  # type: ignore[arg-type]


def test_tables_that_cannot_answer_are_refused() -> None:
    with pytest.raises(TooFewSubjects, match="expected 50 or more in each"):
        respond(trial(60), ASKED, QUICK)
    with pytest.raises(AnalysisError, match="got the share 0"):
        enriched(respond(trial(200), ASKED, QUICK), trial(200), 0.0)
    with pytest.raises(AnalysisError, match="repeat a subject"):
        respond(pd.concat([trial(100).assign(USUBJID=range(100))] * 2), ASKED, QUICK)
