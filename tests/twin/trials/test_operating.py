"""A trial run many times: its rates against closed forms, its pieces against each other, and what it refuses."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from kg.files.checked import DesignError, check
from twin.chunks import ChunkError
from twin.trials.interims import Interims
from twin.trials.operating import Asked, OperatingCharacteristics, simulate
from twin.trials.plots import curve_figure, power_figure
from twin.trials.protocol import TrialDesign
from twin.trials.replicates import patients, replicate, truth
from twin.trials.run import run
from twin.trials.scenario import NULL
from twin.trials.variants import variants

CONCENTRATION = "theophylline_mg_per_L"


def content(**changes: Any) -> dict[str, Any]:
    """A trial of two doses of theophylline, measured a day after the last of seven."""
    stated: dict[str, Any] = {
        "trial": {
            "name": "two doses",
            "model": "theophylline_boeckmann1994",
            "seed": 3,
            "weeks": 1,
            "subjects_per_arm": 20,
            "design": "parallel",
        },
        "population": {"source": "made up"},
        "visits": {"days": [1, 8]},
        "conduct": {"adherence": 1.0, "measurement_error": True},
        "endpoints": [{"kind": "value", "name": "TROUGH", "observable": CONCENTRATION}],
        "arms": [
            {"name": "low", "policy": {"kind": "fixed", "doses": [300.0]}},
            {"name": "high", "policy": {"kind": "fixed", "doses": [420.0]}},
        ],
    }
    return stated | changes


def designed(**changes: Any) -> TrialDesign:
    return check(content(**changes), TrialDesign, "trial.toml")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> OperatingCharacteristics:
    scenarios = [{"name": "few", "set": {"trial.subjects_per_arm": 10}}]
    return simulate(Asked(designed(scenarios=scenarios), 400, 20_000), tmp_path_factory.mktemp("trials") / "runs")


def test_every_trial_is_tried_without_an_effect_too(found: OperatingCharacteristics) -> None:
    assert found.table["scenario"].tolist() == ["as designed", "few", NULL]
    assert found.table["null"].tolist() == [False, False, True]
    none = found.table.iloc[2]
    assert (none["truth"], none["truth_se"]) == (0.0, 0.0)
    low, high = binom.ppf((0.0005, 0.9995), 400, 0.025) / 400
    assert low <= none["rejected"] <= high
    assert abs(none["bias"]) < 4 * none["bias_se"]


def test_power_is_that_of_the_formula_for_the_same_effect_and_deviation(found: OperatingCharacteristics) -> None:
    for _, row in found.table.iterrows():
        expected = norm.sf(norm.isf(0.025) - row["truth"] / row["sd"])
        assert row["rejected"] == pytest.approx(expected, abs=0.09)
        assert row["rejected_lower"] < row["rejected"] < row["rejected_upper"]
        assert row["mean_se"] == pytest.approx(row["sd"], rel=0.12)
        assert abs(row["bias"]) < 4 * row["bias_se"]
        low, high = binom.ppf((0.0005, 0.9995), 400, 0.95) / 400
        assert low <= row["coverage"] <= high
    assert found.table["patients"].tolist() == [40.0, 20.0, 40.0]


def test_it_is_told_as_json_as_text_and_as_a_plot(found: OperatingCharacteristics) -> None:
    plain = found.to_json()
    by_name = {one["scenario"]: one["comparisons"][0] for one in plain["scenarios"]}
    assert by_name[NULL]["type_i_error"] == found.table.iloc[2]["rejected"]
    assert by_name["few"]["power_lower"] < by_name["few"]["power"] and "power" not in by_name[NULL]
    assert "type I error" in found.to_text()
    labels = [label.get_text() for label in power_figure(found).axes[0].get_yticklabels()]
    assert labels == ["as designed", "few", NULL]


def test_a_replicate_is_the_same_in_whatever_company() -> None:
    design = designed()
    some = replicate(design, 0, 5)
    alone = pd.concat([replicate(design, number, 1) for number in range(5)], ignore_index=True)
    pd.testing.assert_frame_equal(some, alone)
    assert some["replicate"].tolist() == [0, 1, 2, 3, 4]
    assert some["estimate"].nunique() == 5


def test_the_truth_is_the_difference_of_all_in_both_arms_without_who_leaves() -> None:
    leaving = [{"kind": "constant", "name": "dropout", "then": "leave", "per_week": 0.5}]
    with_, without = (truth(designed(hazards=hazards), 500)["TROUGH", "high"] for hazards in (leaving, []))
    assert with_ == without
    assert with_.value > 0


def test_processes_find_what_one_process_does(tmp_path: Path, found: OperatingCharacteristics) -> None:
    asked = Asked(designed(), 6, 50)
    pd.testing.assert_frame_equal(simulate(asked, tmp_path / "a", 2).table, simulate(asked, tmp_path / "b").table)


KILLED = """
import sys
from kg.files.checked import check
from twin.trials.operating import Asked, simulate
from twin.trials.protocol import TrialDesign
from tests.twin.trials.test_operating import designed
def said(step, fraction):
    print(fraction, flush=True)
big = designed(trial=designed().trial.model_dump() | {"subjects_per_arm": 1000})
simulate(Asked(big, 60, 50), sys.argv[1], progress=said)
"""


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    folder, root = tmp_path / "runs", Path(__file__).parents[3]
    command = [sys.executable, "-c", KILLED, str(folder)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if float(line) > 0.3:
                os.kill(process.pid, signal.SIGKILL)
                break
    kept = {path.name: path.stat().st_mtime_ns for path in folder.glob("chunk-*")}
    assert kept
    time.sleep(0.01)
    big = designed(trial=designed().trial.model_dump() | {"subjects_per_arm": 1000})
    again = simulate(Asked(big, 60, 50), folder)
    assert {name: (folder / name).stat().st_mtime_ns for name in kept} == kept
    pd.testing.assert_frame_equal(again.table, simulate(Asked(big, 60, 50), tmp_path / "new").table)


def test_another_design_does_not_go_on_in_the_folder(tmp_path: Path) -> None:
    simulate(Asked(designed(), 2, 20), tmp_path / "runs")
    with pytest.raises(ChunkError, match="chunks of another run"):
        simulate(Asked(designed(), 3, 20), tmp_path / "runs")
    with pytest.raises(ChunkError, match="expected 2 or more of both"):
        Asked(designed(), 1)


def test_looks_stop_as_often_as_the_bounds_say(tmp_path: Path) -> None:
    """Under no effect a look's rate is the alpha that is spent there; sizes are those of the patients seen."""
    interims = {"information": [0.5, 1.0], "kind": "pocock"}
    design = designed(interims=interims, trial=content()["trial"] | {"subjects_per_arm": 30})
    found = simulate(Asked(design, 500, 20), tmp_path / "runs")
    rows = found.stopping[found.stopping["scenario"] == NULL].set_index("look")
    spent = Interims(information=(0.5, 1.0), kind="pocock").bounds.alpha_spent
    for look, share in ((1, spent[0]), (2, spent[1] - spent[0])):
        low, high = binom.ppf((0.0005, 0.9995), 500, share) / 500
        assert low <= rows.loc[look, "efficacy"] <= high
    assert rows["patients"].tolist() == [30, 60]
    as_designed = found.table.iloc[0]
    first = found.stopping.iloc[0]["efficacy"]
    assert as_designed["patients"] == pytest.approx(30 * first + 60 * (1 - first), abs=1e-9)


def test_a_trial_stops_at_the_first_bound_that_is_passed() -> None:
    one = Interims(information=(0.5, 1.0), kind="pocock", futility="lan-demets-of")
    assert one.bounds.lower is not None
    low = float(one.bounds.lower[0])
    assert one.stopped(np.array([3.0, 0.0])) == (0, True)
    assert one.stopped(np.array([low - 0.01, 3.0])) == (0, False)
    assert one.stopped(np.array([1.5, 3.0])) == (1, True)
    assert one.stopped(np.array([1.5, 1.0])) == (1, False)
    two = Interims(information=(0.5, 1.0), kind="pocock", sides=2)
    assert two.stopped(np.array([-3.0, 0.0])) == (0, False), "it stops for harm"
    assert two.stopped(np.array([3.0, 0.0])) == (0, True)
    assert one.stopped(np.array([np.nan, 3.0])) == (1, True), "what is not known stops nothing"


def test_a_trial_waits_for_who_came_later() -> None:
    interims = {"information": [0.5, 1.0], "kind": "pocock"}
    slow = {"kind": "piecewise", "periods": [{"per_week": 1.0}]}
    rows = replicate(designed(interims=interims, enrolment=slow, arms=strong()), 0, 20)
    early = rows[rows["look"] == 1]
    assert len(early) > 5
    assert early["patients"].eq(20).all()
    assert early["enrolled"].between(20, 26).all(), "a week of follow-up, a patient a week"


def strong() -> list[dict[str, Any]]:
    doses = {"low": 100.0, "high": 600.0}
    return [{"name": name, "policy": {"kind": "fixed", "doses": [dose]}} for name, dose in doses.items()]


def test_times_to_event_are_cut_at_the_day_of_a_look() -> None:
    hazards = [{"kind": "weibull", "name": "relapse", "then": "count", "shape": 1.0, "scale_d": 6.0}]
    endpoints = [{"kind": "time_to_event", "name": "RELAPSE", "events": ["relapse"]}]
    slow = {"kind": "piecewise", "periods": [{"per_week": 10.0}]}
    interims = {"information": [0.5, 1.0], "kind": "obrien-fleming"}
    design = designed(hazards=hazards, endpoints=endpoints, interims=interims, enrolment=slow)
    rows = replicate(design, 0, 40)
    assert rows["estimate"].abs().max() < 2
    assert rows["rejected"].sum() <= 5
    assert set(rows["look"]) <= {1, 2} and rows["patients"].max() == patients(design)


def test_a_margin_moves_what_must_be_refuted() -> None:
    endpoint = content()["endpoints"][0]
    equal = [{"name": name, "policy": {"kind": "fixed", "doses": [300.0]}} for name in ("old", "new")]
    strict, lenient = (
        replicate(designed(arms=equal, endpoints=[endpoint | {"margin": margin}]), 0, 60)["rejected"].mean()
        for margin in (0.0, 20.0)
    )
    assert strict < 0.2 and lenient == 1.0


def test_what_varies_is_tried_in_all_combinations() -> None:
    vary = {"trial.subjects_per_arm": [10, 20], "arms[1].policy.doses": [[300.0], [400.0]]}
    told = variants(designed(vary=vary))
    assert len(told) == 1 + 4 + 1
    sizes = [(one.trial.subjects_per_arm, one.arms[1].policy.doses) for _, one in told[1:5]]  # type: ignore[attr-defined]
    assert sizes == [(10, (300.0,)), (10, (400.0,)), (20, (300.0,)), (20, (400.0,))]


def test_a_curve_has_a_line_for_what_else_varies(tmp_path: Path) -> None:
    vary = {"trial.subjects_per_arm": [5, 10], "conduct.adherence": [0.5, 1.0]}
    found = simulate(Asked(designed(vary=vary), 4, 20), tmp_path / "runs")
    (axes,) = curve_figure(found, "trial.subjects_per_arm").axes
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["adherence 0.5", "adherence 1.0"]
    with pytest.raises(ValueError, match="expected a key that the design varies"):
        curve_figure(found, "weeks")


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ({"name": "a", "set": {"conduct.adherense": 0.5}}, "scenario 'a' has 1 mistake"),
        (
            {"name": "a", "set": {"conducts.adherence": 0.5}},
            "scenario 'a': conducts.adherence: 'conducts' is not there",
        ),
        ({"name": "a", "set": {"arms[2].share": 2.0}}, r"scenario 'a': arms\[2\].share: 2 is not there"),
        ({"name": "a", "set": {"conduct.adherence": 5}}, "conduct.adherence: got 5, expected <= 1"),
        ({"name": "as designed"}, "scenarios: as designed is there twice"),
    ],
)
def test_a_scenario_that_does_not_fit_is_named(scenario: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        variants(designed(scenarios=[scenario]))


def test_a_parameter_of_the_model_can_be_another() -> None:
    design = designed(parameters={"clearance": 1.0})
    assert design.model.theta["clearance"] == 1.0
    assert truth(design, 50)["TROUGH", "high"].value > truth(designed(), 50)["TROUGH", "high"].value
    with pytest.raises(DesignError, match="has no clearances; it has"):
        designed(parameters={"clearances": 1.0})


def test_the_chance_of_any_false_finding_is_kept_over_several_endpoints() -> None:
    endpoint = content()["endpoints"][0]
    many = [
        endpoint | {"name": f"TROUGH{place}"} if place == 0 else {"kind": "mean_dose", "name": f"DOSE{place}"}
        for place in range(2)
    ]
    equal = [{"name": name, "policy": {"kind": "fixed", "doses": [300.0]}} for name in ("one", "two", "three")]
    adherence = {"adherence": 0.8, "measurement_error": True}

    def any_found(multiplicity: Any) -> tuple[float, float]:
        design = designed(arms=equal, endpoints=many, conduct=adherence, analysis={"multiplicity": multiplicity})
        rows = replicate(design, 0, 150)
        return rows.groupby("replicate")["rejected"].any().mean(), rows["rejected"].mean()

    weights = [0.5, 0.5, 0.0, 0.0]
    passed = [[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    plain, _ = any_found("none")
    for adjustment in ("holm", "fixed_sequence", {"kind": "graph", "weights": weights, "transitions": passed}):
        kept, each = any_found(adjustment)
        assert each <= kept <= 0.06 < plain
    with pytest.raises(DesignError, match="got 1 weights, expected 4, one for each comparison"):
        any_found({"kind": "graph", "weights": [1.0], "transitions": [[0.0]]})


def test_an_arm_may_have_parameters_of_its_own_which_are_assumptions() -> None:
    arms = content()["arms"]
    arms[1] = {"name": "slower", "policy": arms[0]["policy"], "parameters": {"clearance": 1.4}}
    design = designed(arms=arms)
    assert truth(design, 200)["TROUGH", "slower"].value > 1.0
    (_, null) = variants(design)[-1]
    assert null.arms[1].parameters == {} and truth(null, 50)["TROUGH", "slower"].value == 0.0
    told = run(design).assumptions.set_index("assumption")["value"]
    assert told["clearance, in the arm 'slower' alone"] == 1.4
    with pytest.raises(DesignError, match=r"arms\[1\].parameters: theophylline_boeckmann1994 has no clear; it has"):
        designed(arms=[arms[0], arms[1] | {"parameters": {"clear": 1.0}}])
