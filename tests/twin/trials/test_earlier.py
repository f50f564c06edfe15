"""A trial's file of the earlier form, of warfarin alone, means what it always meant."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kg.files.checked import DesignError, check
from tests.twin.trials.designs import Change, content, dropout, fixed
from twin.trials import run
from twin.trials.protocol import TrialDesign

EARLIER = """
[trial]
name = "Genotype-guided start of warfarin"
model = "warfarin_hamberg2007"
seed = 1
weeks = 12
subjects_per_arm = 1000
design = "twins"

[population]
source = "IWPC and 1000 Genomes"
race = "white"
age_years = { mean = 71, sd = 18, lower = 18, upper = 90 }
height_cm = { mean = 171, sd = 10, lower = 140, upper = 205 }
weight_kg = { mean = 84, sd = 20, lower = 40, upper = 160 }
correlations = { age_height = -0.14, age_weight = -0.17, height_weight = 0.45 }
CYP2C9 = { "*1" = 0.803, "*2" = 0.124, "*3" = 0.073 }
VKORC1 = { G = 0.612, A = 0.388 }

[visits]
days = [1, 4, 6, 8, 11, 15, 22, 29, 36, 43, 50, 57, 64, 71, 78, 85]

[conduct]
adherence = 1.0
dropout_per_week = 0.0
measurement_error = true

[endpoint]
inr_low = 2.0
inr_high = 3.0
from_day = 1
method = "rosendaal"

[titration]
from_day = 4
max_mg = 15.0
tablet_mg = 0.5
nomogram = [
  { inr_below = 1.5, change_percent = 15.0 },
  { inr_below = 1.8, change_percent = 10.0 },
  { inr_below = 2.0, change_percent = 7.5 },
  { inr_below = 3.0, change_percent = 0.0 },
  { inr_below = 3.4, change_percent = -7.5 },
  { inr_below = 4.0, change_percent = -10.0 },
  { inr_below = 5.0, change_percent = -12.5, hold_doses = 2 },
  { change_percent = -15.0, hold_doses = 3 },
]

[[arms]]
name = "standard"
start = { rule = "fixed", doses_mg = [10.0, 5.0, 5.0], older_than_years = 75, doses_mg_if_older = [5.0, 5.0, 5.0] }

[[arms]]
name = "genotype-guided"
start = { rule = "eu_pact_loading", maintenance = "iwpc_pharmacogenetic", revision = "lenzini_2010" }
"""


def earlier(change: Change = lambda content: None) -> dict[str, Any]:
    loaded = tomllib.loads(EARLIER)
    loaded["trial"]["subjects_per_arm"] = 200
    change(loaded)
    return loaded


def today(change: Change = lambda content: None) -> dict[str, Any]:
    """The example, with the two endpoints that the earlier form has."""
    loaded = content(change)
    loaded["endpoints"] = loaded["endpoints"][:2]
    loaded["population"]["source"] = "IWPC and 1000 Genomes"
    loaded["titration"]["halves"] = "even"
    return loaded


def equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Both are the same design, and the same trial."""
    before, now = (check(each, TrialDesign, "trial.toml") for each in (one, other))
    assert before == now
    found, expected = run.run(before), run.run(now)
    pd.testing.assert_frame_equal(found.subjects, expected.subjects, check_exact=True)
    assert found.to_json() == expected.to_json()


def test_the_example_of_the_earlier_form_is_the_trial_of_today() -> None:
    equal(earlier(), today())


def test_missed_doses_dropout_and_true_inrs_are_the_same() -> None:
    def before(c: dict[str, Any]) -> None:
        c["trial"]["design"] = "parallel"
        c["conduct"].update(adherence=0.8, dropout_per_week=0.05)
        c["endpoint"].update(from_day=8, method="daily_true")

    def now(c: dict[str, Any]) -> None:
        c["trial"]["design"] = "parallel"
        c["conduct"].update(adherence=0.8)
        c["hazards"] = dropout(0.05)
        for endpoint in c["endpoints"]:
            endpoint.update(from_day=8, method="daily_true")

    equal(earlier(before), today(now))


def test_an_arms_own_titration_and_the_other_starts_are_the_same() -> None:
    rows = [{"change_percent": 0.0}]

    def before(c: dict[str, Any]) -> None:
        own = {"from_day": 6, "max_mg": 9.0, "tablet_mg": 1.0}
        nomogram = [{"inr_below": 2.0, "change_percent": 20.0}, *rows]
        c["arms"] = [
            {"name": "own", "start": {"rule": "fixed", "doses_mg": [5.0]}, "titration": own | {"nomogram": nomogram}},
            {"name": "algorithm", "start": {"rule": "algorithm", "algorithm": "gage_2008"}},
            {"name": "loading", "start": {"rule": "eu_pact_loading", "maintenance": "iwpc_clinical"}},
        ]

    def now(c: dict[str, Any]) -> None:
        own = {"kind": "table", "observable": "INR", "from_day": 6, "max_dose": 9.0, "tablet": 1.0, "halves": "even"}
        table = [{"below": 2.0, "change_percent": 20.0}, *rows]
        of_warfarin = {"kind": "warfarin_algorithm"}
        c["arms"] = [
            {"name": "own", "policy": fixed(5.0), "titration": own | {"rows": table}},
            {"name": "algorithm", "policy": of_warfarin | {"algorithm": "gage_2008"}},
            {"name": "loading", "policy": of_warfarin | {"algorithm": "iwpc_clinical", "loading": "eu_pact"}},
        ]

    equal(earlier(before), today(now))


MISTAKES: list[tuple[Change, str]] = [
    (lambda c: c["endpoint"].update(inr_low=3.5), r"endpoints\[0\]: low must be below high, got 3.5 and 3"),
    (lambda c: c["endpoint"].update(from_day=80), r"endpoints\[0\].from_day: got 80, expected <= 78"),
    (lambda c: c["titration"].update(tablet_mg=16.0), "titration: tablet 16 is above max_dose 15"),
    (lambda c: c["titration"]["nomogram"].pop(), "titration: every row needs below but the last one"),
    (lambda c: c["titration"]["nomogram"].append(3), r"titration.rows\[8\]: got 3, expected a table"),
    (lambda c: c["conduct"].update(dropout_per_week=1.0), r"hazards\[0\].per_week: got 1.0, expected < 1"),
    (lambda c: c["arms"][1]["start"].update(rule="guess"), r"arms\[1\].policy.kind: got 'guess', expected one of by_t"),
    (lambda c: c["arms"][1]["start"].pop("rule"), r"arms\[1\].policy.kind: missing"),
    (lambda c: c["arms"][1]["start"].pop("maintenance"), r"arms\[1\].policy.algorithm: missing"),
    (lambda c: c["arms"][0]["start"].pop("doses_mg_if_older"), r"arms\[0\].policy.instead\[0\].doses: missing"),
    (
        lambda c: c["arms"][0]["start"].pop("older_than_years"),
        r"policy.instead\[0\]: expected one of above, below or le",
    ),
    (lambda c: c["arms"][0]["start"].update(doses_mg=[]), r"arms\[0\].policy.doses: got 0 items, expected at least 1"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES, ids=[message[:40] for _, message in MISTAKES])
def test_a_mistake_is_named_by_todays_key_and_the_key_that_moved(change: Change, message: str) -> None:
    with pytest.raises(DesignError, match=message) as refused:
        check(earlier(change), TrialDesign, "trial.toml")
    assert "keys of an earlier form are read as: endpoint -> endpoints[0]" in str(refused.value)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    plain, marked = (write(tmp_path / f"{len(mark)}.toml", mark + EARLIER) for mark in ("", "\ufeff"))
    assert run.load(marked) == run.load(plain)


def test_a_tablet_that_does_not_fit_the_maximum_is_never_rounded_above_it() -> None:
    def coarse(c: dict[str, Any]) -> None:
        c["titration"]["tablet_mg"] = 4.0
        c["arms"][0]["start"]["doses_mg"] = [15.0]

    design = check(earlier(coarse), TrialDesign, "trial.toml")
    course = run.follow(design, design.arms[0], run.enrol(design, 30))
    assert course.given[:, 0].max() == course.given.max() == 12.0


def test_visits_too_far_apart_and_names_that_differ_by_a_blank_are_refused() -> None:
    def sparse(c: dict[str, Any]) -> None:
        c["visits"]["days"] = [1, 85]
        c["arms"][1]["start"].pop("revision")

    for change, words in (
        (sparse, "no two of the visits of day 1 or later are at most 56 days apart"),
        (lambda c: c["arms"][1].update(name="standard "), r"arms\[1\].name: got 'standard ', which another"),
    ):
        with pytest.raises(DesignError, match=words):
            check(earlier(change), TrialDesign, "trial.toml")


def test_a_dose_held_to_the_end_is_not_the_dose_afterwards() -> None:
    """High INRs hold seven doses; with a visit on day 82 within a hold of day 78, the usual dose comes back."""

    def holding(c: dict[str, Any]) -> None:
        c["visits"]["days"] = [1, 4, 8, 15, 22, 29, 36, 43, 50, 57, 64, 71, 78, 82, 85]
        for row in c["titration"]["nomogram"][-3:]:
            row["hold_doses"] = 7

    design = check(earlier(holding), TrialDesign, "trial.toml")
    course = run.follow(design, design.arms[0], run.enrol(design, 300))
    day_78, day_82 = (course.measured["INR"][:, place] for place in (12, 13))
    back = (day_78 >= 3.4) & (day_82 < 2.0)
    assert back.any() and (course.given[back, 77:81] == 0).all() and (course.given[back, 81:] > 0).all()


def test_a_dose_between_two_numbers_of_tablets_is_given_as_it_was() -> None:
    """5.25 mg in tablets of 0.5 mg, 10.5 of them: 10 in a file of the earlier form, 11 in one of today's."""
    before = check(earlier(), TrialDesign, "trial.toml").titration
    now = check(content(), TrialDesign, "trial.toml").titration
    assert before is not None and now is not None
    doses = np.array([5.25, 5.75])
    assert before.given(doses).tolist() == [5.0, 6.0] and now.given(doses).tolist() == [5.5, 6.0]
