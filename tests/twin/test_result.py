"""A trial's words and figures: each sentence holds for the design it is printed with; quantiles are of who is left."""

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.files.checked import check
from twin import library, trial
from twin.protocol import TrialDesign
from twin.result import Course, TrialResult, _allocated, summarise

EXAMPLE = Path(__file__).parents[2] / "panakeia" / "examples" / "warfarin_trial.toml"
FIXED = {"rule": "fixed", "doses_mg": [5.0]}
DESIGNS = list(product((1.0, 0.9), (0.0, 0.01), (True, False), ("twins", "parallel"), ("rosendaal", "daily_true")))


def designed(starts: list[dict[str, Any]] | None = None, **changes: Any) -> TrialDesign:
    content = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    content["trial"] |= {"subjects_per_arm": 8, "weeks": 12, "design": changes.pop("design", "twins")}
    content["endpoint"] |= {"from_day": 5, "method": changes.pop("method", "rosendaal")}
    content["visits"] = {"days": [1, 4, 8, 15, 29, 57, 78]}
    content["conduct"] |= changes
    if starts is not None:
        content["arms"] = [{"name": f"arm {place}", "start": start} for place, start in enumerate(starts)]
    return check(content, TrialDesign, "trial.toml")


def summarised(design: TrialDesign, last_day: np.ndarray | None = None) -> TrialResult:
    """Summarise INRs made up as 2 + patient / 10, the same on each day and in each arm."""
    model = library.load(design.trial.model)
    enrolled = trial.enrol(design, model)
    n = enrolled.cohort.n
    inr = np.repeat(2.0 + np.arange(n)[:, np.newaxis] / 10, design.days + 1, axis=1)
    measured = inr[:, : len(design.visits.days)]
    ends = np.full(n, np.inf) if last_day is None else last_day
    courses = [Course(arm.name, inr, measured, np.ones((n, design.days)), ends) for arm in design.arms]
    return summarise(design, model, enrolled.cohort, courses)


@pytest.mark.parametrize(("adherence", "dropout", "error", "kind", "method"), DESIGNS)
def test_each_assumption_holds_for_its_design(
    adherence: float, dropout: float, error: bool, kind: str, method: str
) -> None:
    design = designed(
        adherence=adherence, dropout_per_week=dropout, measurement_error=error, design=kind, method=method
    )
    result = summarised(design)
    told = result.assumptions
    conduct = told[told["about"] == "conduct"].set_index("assumption")["value"]
    assert conduct.filter(like="is taken").tolist() == [adherence]
    assert conduct.filter(like="to leave").tolist() == [dropout]
    left_out = set(told.loc[told["about"] == "left out of the model", "assumption"])
    sentences = " ".join(told["assumption"])
    for holds, words in (
        (adherence < 1, "rules do not know which doses were missed"),
        (error, "Measured INRs scatter"),
        (not error, "INRs are measured without error."),
        (kind == "parallel", "the trial shows one arm of each"),
    ):
        assert (words in sentences) == holds, words
    assert left_out >= {"extra doses", "interacting drugs, and inducers or inhibitors of CYP2C9"}
    assert ("missed doses" in left_out) == (adherence == 1)
    for holds, words in (
        (method == "rosendaal", "share of time with INR 2 to 3, interpolated between the visits of day 8 to 78"),
        (method == "daily_true", "share of the mornings of day 5 to 85 with a true INR 2 to 3"),
        (dropout > 0, "before a patient leaves"),
    ):
        assert (words in result.estimand) == holds, words


@pytest.mark.parametrize("error", [True, False])
def test_an_assumed_number_is_named_for_what_it_is(error: bool) -> None:
    told = summarised(designed(measurement_error=error)).assumptions
    values = told[told["about"] == "parameters"].set_index("assumption")["value"].to_dict()
    assert values["INR_base"] == 1.0 and values["between patients: clearance_l_per_h"] == 0.31
    assert {name: value for name, value in values.items() if "INR" in name and name != "INR_base"} == (
        {"residual: INR": 0.1803} if error else {}
    )
    assert not any("S_warfarin" in name for name in values), "no trial measures a concentration"


@pytest.mark.parametrize(
    ("starts", "surface", "decades"),
    [
        ([FIXED, FIXED], False, False),
        ([FIXED, {"rule": "algorithm", "algorithm": "gage_2008"}], True, False),
        ([FIXED, {"rule": "algorithm", "algorithm": "iwpc_clinical"}], False, True),
        ([FIXED, {"rule": "eu_pact_loading", "maintenance": "iwpc_pharmacogenetic"}], False, True),
        ([FIXED, {"rule": "eu_pact_loading", "maintenance": "gage_2008", "revision": "lenzini_2010"}], True, False),
    ],
)
def test_only_formulas_in_use_are_told(starts: list[dict[str, Any]], surface: bool, decades: bool) -> None:
    told = " ".join(summarised(designed(starts)).assumptions["assumption"])
    assert ("Mosteller" in told) == surface
    assert ("whole decades" in told) == decades


def test_quantiles_are_of_the_patients_who_are_still_followed() -> None:
    """Eight patients with INRs 2.0 to 2.7; two leave after day 10, four after day 20, the last two after day 30."""
    ends = np.array([30.0, 20.0, 10.0, 20.0, 30.0, 20.0, 10.0, 20.0])
    frame = summarised(designed(dropout_per_week=0.01), ends).inr_quantiles["standard"].set_index("day")
    assert frame.columns.tolist() == ["n", "median", "lower", "upper"]
    assert frame["n"].tolist() == [8] * 10 + [6] * 10 + [2] * 10 + [0] * 55
    assert frame.loc[10, "median"] == pytest.approx(2.35)
    assert frame.loc[11, "median"] == pytest.approx(2.35)  # 2.0, 2.1, 2.3, 2.4, 2.5, 2.7
    assert frame.loc[20, "upper"] == pytest.approx(2.5 + 0.75 * 0.2)  # 95 % of the way over five gaps: 4.75
    assert frame.loc[21, ["lower", "median", "upper"]].tolist() == pytest.approx([2.02, 2.2, 2.38])  # 2.0 and 2.4
    assert frame.loc[31:, ["lower", "median", "upper"]].isna().all().all()


def test_quantiles_of_a_parallel_trial_are_of_the_patients_of_each_arm() -> None:
    result = summarised(designed(design="parallel"))
    for arm, frame in result.inr_quantiles.items():
        ids = result.subjects.loc[result.subjects["ARM"] == arm, "USUBJID"]
        inr = np.sort([2.0 + (int(name[1:]) - 1) / 10 for name in ids])
        assert frame["n"].tolist() == [8] * 85
        assert frame["median"].iloc[0] == pytest.approx((inr[3] + inr[4]) / 2)


@pytest.mark.parametrize("arms", [2, 3])
def test_patients_are_allocated_at_random_in_equal_numbers_whatever_their_order(arms: int) -> None:
    ids = [f"S{number}" for number in range(3000)]
    allocated = _allocated(5, ids, arms)
    assert np.bincount(allocated).tolist() == [3000 // arms] * arms
    order = np.random.default_rng(0).permutation(3000)
    assert _allocated(5, [ids[place] for place in order], arms).tolist() == allocated[order].tolist()
    assert abs(np.corrcoef(allocated, np.arange(3000))[0, 1]) < 4 / np.sqrt(3000)
    assert abs(np.corrcoef(allocated, _allocated(6, ids, arms))[0, 1]) < 4 / np.sqrt(3000)


@pytest.mark.parametrize("arms", [2, 3])
def test_an_added_patient_moves_one_other_at_most_at_each_bound_between_arms(arms: int) -> None:
    ids = [f"S{number}" for number in range(40)]
    for size in range(arms, 40):
        before, after = _allocated(1, ids[:size], arms), _allocated(1, ids[: size + 1], arms)
        assert (before != after[:size]).sum() <= arms - 1
        assert np.ptp(np.bincount(after, minlength=arms)) <= 1
