"""From a candidate to a trial: the chance is that of a two-point prior, by numbers known elsewhere, and says all."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from panakeia import Session
from panakeia.prospect import Belief, Candidate, Prospect, Recruits, prospect
from tests.panakeia.conftest import Panakeia
from twin.trials.design.boundaries import SINGLE, Looks, boundaries, equally_spaced
from twin.trials.design.comparison import Means, Rates, Survival
from twin.trials.design.spending import Rule

CANDIDATE = Candidate("drug", "disease", 0.4, "a test")
BELIEF = Belief(carries_over=0.5, effect_sd=0.2)


def asked(candidate: Candidate = CANDIDATE, belief: Belief = BELIEF, recruits: Recruits | None = None) -> Prospect:
    return prospect(candidate, belief, Means(0.5, 1.0, known_sd=True), SINGLE, (64.0, 128.0, 2000.0), recruits)


def test_the_chance_is_the_closed_form_of_a_normal_test() -> None:
    """Of a z test with effect N(m, s²), assurance is Φ((m/se - z) / √(1 + s²/se²)) (O'Hagan 2005, equation 3)."""
    rows = asked().rows
    for row in rows.to_dict("records"):
        error, z = 2.0 / np.sqrt(row["size"]), norm.isf(0.025)
        works = norm.cdf((0.5 / error - z) / np.sqrt(1 + 0.2**2 / error**2))
        assert row["if_it_works"] == pytest.approx(works, abs=1e-7)
        assert row["chance"] == pytest.approx(0.2 * works + 0.8 * 0.025, abs=1e-7)
    assert rows["chance"].is_monotonic_increasing
    limit = 0.2 * norm.cdf(0.5 / 0.2) + 0.8 * 0.025
    assert asked().limit == pytest.approx(limit)
    assert limit - 0.005 < rows["chance"].iloc[-1] < limit


def test_it_is_what_trials_of_such_drugs_do() -> None:
    luck = np.random.default_rng(1)
    trials = 400_000
    effect = np.where(luck.random(trials) < 0.2, luck.normal(0.5, 0.2, trials), 0.0)
    error = 2.0 / np.sqrt(128)
    succeeded = (luck.normal(effect, error) / error > norm.isf(0.025)).mean()
    assert asked().rows["chance"][1] == pytest.approx(succeeded, abs=4 * np.sqrt(0.15 * 0.85 / trials))


def test_a_candidate_that_is_sure_and_carries_over_has_the_plain_assurance() -> None:
    sure = asked(Candidate("d", "x", 1.0, ""), Belief(1.0, 0.2)).rows
    assert sure["chance"].tolist() == sure["if_it_works"].tolist()
    never = asked(Candidate("d", "x", 0.0, "")).rows
    assert never["chance"].tolist() == pytest.approx([0.025] * 3), "the type I error"


def test_interim_looks_keep_the_type_i_error_of_what_does_not_work() -> None:
    looks = Looks(Rule("obrien-fleming"), equally_spaced(3), 0.025, 1, 0.1)
    found = prospect(Candidate("d", "x", 0.0, ""), BELIEF, Survival(0.7), looks, (300.0,))
    assert found.rows["chance"][0] == pytest.approx(boundaries(looks).walked(0.0).above.sum(), abs=1e-9)
    assert found.rows["chance"][0] == pytest.approx(0.025, abs=1e-5) and found.counts == "events"


def test_all_that_stands_between_a_score_and_an_effect_is_printed() -> None:
    found = asked(recruits=Recruits("like ours", 250, 0.4))
    assert found.assumptions["value"].tolist() == [0.4, 0.5, 0.5, 0.2, 0.0, 250.0, 0.4]
    told = found.to_text()
    assert "probability 0.2 = 0.4 x 0.5" in told and "a hypothesis, not advice" in told
    assert told.count("assumed, ") == 7 and "share of listed drugs that have such an effect 0.5" in told
    assert found.rows["available"].tolist() == [True, False, False], "100 patients take part"
    assert found.to_json()["available"] == 100 and "available" not in asked().rows


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Belief(1.2, 0.1), "share that carries over 1.2, expected a fraction"),
        (lambda: Belief(0.5, 0.0), "deviation 0 of the effect, expected one above 0"),
        (lambda: Candidate("d", "x", -0.1, ""), "probability -0.1, expected a fraction"),
        (lambda: prospect(CANDIDATE, BELIEF, Rates(0.8, 0.8, null=-0.1), SINGLE, (100.0,)), "the null is a margin"),
    ],
)
def test_what_cannot_be_is_refused(make: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make()  # type: ignore[operator]


STATED = ("--endpoint", "mean", "--effect", "0.5", "--sd", "1", "--effect-sd", "0.2", "--carries-over", "0.5")


def test_a_command_asks_for_what_the_network_does_not_know(panakeia: Panakeia, starter_store: Path) -> None:
    given = ("study", "assurance", "drug", "disease", *STATED, "--sizes", "128", "--probability", "0.4")
    run = panakeia(*given, "--store", starter_store)
    assert run.status == 0 and "assumed, network: calibrated probability that drug is listed for disease 0.4" in run.out
    without = panakeia(*[one for one in given if one not in ("--carries-over", "0.5")], "--effect", "0.5")
    assert without.status == 2 and "--carries-over" in without.err


def test_the_probability_of_a_trained_model_and_a_cohort_of_the_graph(
    starter_store: Path, starter_model: Path, tmp_path: Path
) -> None:
    session = Session(starter_store, starter_model)
    definition = tmp_path / "cohort.toml"
    definition.write_text('name = "all on warfarin"\n[entry]\ndrug = "warfarin"\n', encoding="utf-8")
    comparison = Means(0.5, 1.0)
    found = session.study_assurance(
        ("metformin", "type 2 diabetes mellitus"), BELIEF, comparison, [64.0], cohort=definition, participation=0.5
    )
    pair = pd.DataFrame({"drug": ["metformin"], "disease": ["type 2 diabetes mellitus"]})
    scored = session.score(pair).to_frame().iloc[0]
    assert found.candidate.probability == scored["probability"]
    patients = len(session.cohort(definition).patients)
    assert found.recruits == Recruits("all on warfarin", patients, 0.5) and patients > 0
