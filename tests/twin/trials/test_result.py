"""A trial's words and figures: each sentence holds for the design it is printed with; quantiles are of who is left."""

import json
from itertools import product
from typing import Any

import numpy as np
import pytest

from kg.files.checked import check
from tests.twin.trials.designs import INR, Content, designed, dropout, fixed
from twin.trials import run
from twin.trials.course import Course
from twin.trials.protocol import TrialDesign
from twin.trials.result import TrialResult
from twin.trials.summary import summarise

FIXED = fixed(5.0)
DESIGNS = list(product((1.0, 0.9), (0.0, 0.01), (True, False), ("twins", "parallel"), ("rosendaal", "daily_true")))


def small(policies: list[Content] | None = None, **changes: Any) -> TrialDesign:
    """A trial of eight patients an arm, with the changes made to its conduct."""

    def change(c: Content) -> None:
        c["trial"] |= {"subjects_per_arm": 8, "weeks": 12, "design": changes.pop("design", "twins")}
        c["endpoints"] = [c["endpoints"][0] | {"from_day": 5, "method": changes.pop("method", "rosendaal")}]
        c["visits"] = {"days": [1, 4, 8, 15, 29, 57, 78]}
        leaving = changes.pop("dropout_per_week", 0.0)
        c["hazards"] = dropout(leaving) if leaving else []
        c["conduct"] |= changes
        if policies is not None:
            c["arms"] = [{"name": f"arm {place}", "policy": policy} for place, policy in enumerate(policies)]

    return designed(change)


def summarised(design: TrialDesign, last_day: np.ndarray | None = None) -> TrialResult:
    """Summarise INRs made up as 2 + patient / 10, the same on each day and in each arm."""
    n = design.trial.subjects_per_arm * (1 if design.trial.design == "twins" else len(design.arms))
    inr = np.repeat(2.0 + np.arange(n)[:, np.newaxis] / 10, design.days + 1, axis=1)
    true, measured = {name: inr for name in design.model.observables}, {INR: inr[:, : len(design.visits.days)]}
    ends, doses = np.full(n, np.inf) if last_day is None else last_day, np.ones((n, design.days))
    events = {hazard.name: ends for hazard in design.hazards}
    courses = [
        Course(arm.name, design.grid, true, measured, doses, doses, events, ends, np.zeros(n, bool))
        for arm in design.arms
    ]
    return summarise(design, run.enrol(design, n).cohort, courses)


@pytest.mark.parametrize(("adherence", "leaving", "error", "kind", "method"), DESIGNS)
def test_each_assumption_holds_for_its_design(
    adherence: float, leaving: float, error: bool, kind: str, method: str
) -> None:
    design = small(adherence=adherence, dropout_per_week=leaving, measurement_error=error, design=kind, method=method)
    result = summarised(design)
    told = result.assumptions
    conduct = told[told["about"] == "conduct"].set_index("assumption")["value"]
    assert conduct.filter(like="is taken").tolist() == [adherence]
    assert conduct.filter(like="leaves the trial").tolist() == [leaving] * (leaving > 0)
    left_out = set(told.loc[told["about"] == "left out of the model", "assumption"])
    sentences = " ".join(told["assumption"])
    for holds, words in (
        (adherence < 1, "rules do not know which doses were missed"),
        (error, "Measured INR scatter"),
        (not error, "INR is measured without error."),
        (kind == "parallel", "the trial shows one arm of each"),
    ):
        assert (words in sentences) == holds, words
    assert left_out >= {"extra doses", "interacting drugs, and inducers or inhibitors of CYP2C9"}
    assert ("missed doses" in left_out) == (adherence == 1)
    for holds, words in (
        (method == "rosendaal", "share of time with INR 2 to 3, interpolated between the visits of day 8 to 78"),
        (method == "daily_true", "share of the mornings of day 5 to 85 with a true INR 2 to 3"),
        (leaving > 0, "before a patient leaves"),
    ):
        assert (words in result.estimand) == holds, words


@pytest.mark.parametrize("error", [True, False])
def test_an_assumed_number_is_named_for_what_it_is(error: bool) -> None:
    told = summarised(small(measurement_error=error)).assumptions
    values = told[told["about"] == "parameters"].set_index("assumption")["value"].to_dict()
    assert values["INR_base"] == 1.0 and values["between patients: clearance_l_per_h"] == 0.31
    assert {name: value for name, value in values.items() if "INR" in name and name != "INR_base"} == (
        {"residual: INR": 0.1803} if error else {}
    )
    assert not any("S_warfarin" in name for name in values), "no trial measures a concentration"


def algorithm(name: str, **more: str) -> Content:
    return {"kind": "warfarin_algorithm", "algorithm": name, **more}


@pytest.mark.parametrize(
    ("policies", "surface", "decades"),
    [
        ([FIXED, FIXED], False, False),
        ([FIXED, algorithm("gage_2008")], True, False),
        ([FIXED, algorithm("iwpc_clinical")], False, True),
        ([FIXED, algorithm("iwpc_pharmacogenetic", loading="eu_pact")], False, True),
        ([FIXED, algorithm("gage_2008", loading="eu_pact", revision="lenzini_2010")], True, False),
    ],
)
def test_only_formulas_in_use_are_told(policies: list[Content], surface: bool, decades: bool) -> None:
    told = " ".join(summarised(small(policies)).assumptions["assumption"])
    assert ("Mosteller" in told) == surface
    assert ("whole decades" in told) == decades


def test_quantiles_are_of_the_patients_who_are_still_followed() -> None:
    """Eight patients with INRs 2.0 to 2.7; two leave after day 10, four after day 20, the last two after day 30."""
    ends = np.array([30.0, 20.0, 10.0, 20.0, 30.0, 20.0, 10.0, 20.0])
    frame = summarised(small(dropout_per_week=0.01), ends).quantiles[INR]["standard"].set_index("day")
    assert frame.columns.tolist() == ["n", "median", "lower", "upper"]
    assert frame["n"].tolist() == [8] * 10 + [6] * 10 + [2] * 10 + [0] * 55
    assert frame.loc[10, "median"] == pytest.approx(2.35)
    assert frame.loc[11, "median"] == pytest.approx(2.35)  # 2.0, 2.1, 2.3, 2.4, 2.5, 2.7
    assert frame.loc[20, "upper"] == pytest.approx(2.5 + 0.75 * 0.2)  # 95 % of the way over five gaps: 4.75
    assert frame.loc[21, ["lower", "median", "upper"]].tolist() == pytest.approx([2.02, 2.2, 2.38])  # 2.0 and 2.4
    assert frame.loc[31:, ["lower", "median", "upper"]].isna().all().all()


def test_quantiles_of_a_parallel_trial_are_of_the_patients_of_each_arm() -> None:
    result = summarised(small(design="parallel"))
    for arm, frame in result.quantiles[INR].items():
        ids = result.subjects.loc[result.subjects["ARM"] == arm, "USUBJID"]
        inr = np.sort([2.0 + (int(name[1:]) - 1) / 10 for name in ids])
        assert frame["n"].tolist() == [8] * 85
        assert frame["median"].iloc[0] == pytest.approx((inr[3] + inr[4]) / 2)


def test_the_result_is_plain_data_with_sources_and_assumptions() -> None:
    design = designed()
    result = run.run(design)
    plain = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert check(plain["design"], TrialDesign, "result.json") == design
    assert {row["basis"] for row in plain["parameters"]} == {"measured", "assumed"}
    assert all(row["source"] and row["unit"] for row in plain["parameters"])
    assert any("lenzini_2010" in row["name"] for row in plain["parameters"])
    assumed = {row["name"]: row["source"] for row in plain["parameters"] if row["basis"] == "assumed"}
    assumed.pop("residual: S_warfarin_mg_per_L")  # which no trial measures
    assert {row["assumption"]: row["reason"] for row in plain["assumptions"] if row["about"] == "parameters"} == assumed
    told = {row["about"]: row for row in reversed(plain["assumptions"])}
    assert told["population"]["reason"] == design.population.source and told["population"]["value"] is None
    values = [row["value"] for row in plain["assumptions"] if row["about"] == "conduct" and row["value"] is not None]
    assert values == [1.0], "the adherence; nobody leaves"
    assert plain["versions"]["jax"]
    assert list(result.quantiles[INR]["standard"].columns) == ["day", "n", "median", "lower", "upper"]
    assert "genotype-guided - standard, each patient in both arms: +" in result.to_text()
