"""What would be counted wrongly in silence: margins, posteriors, harm, failures, columns, and stale pieces of work."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.files.checked import DesignError, check
from tests.twin.trials.test_operating import content, designed
from twin.trials.endpoints.ever import Ever
from twin.trials.endpoints.responder import Responder
from twin.trials.endpoints.time_in_range import TimeInRange
from twin.trials.operating import Asked, simulate
from twin.trials.protocol import TrialDesign
from twin.trials.replicates import replicate
from twin.trials.run import load, run
from twin.trials.variants import variants

ENDPOINT = content()["endpoints"][0]
EQUAL = [{"name": name, "policy": {"kind": "fixed", "doses": [300.0]}} for name in ("old", "new")]


def test_the_type_i_error_of_a_margin_is_that_of_arms_as_far_apart_as_it() -> None:
    design = designed(arms=EQUAL, endpoints=[ENDPOINT | {"margin": 20.0}])
    (scenario, null) = variants(design)[-1]
    assert scenario.null and null.endpoints[0].margin is None
    assert replicate(null, 0, 60)["rejected"].mean() < 0.15


@pytest.mark.parametrize("multiplicity", ["holm", "fixed_sequence"])
def test_what_is_adjusted_is_tested_against_its_margin(multiplicity: str) -> None:
    design = designed(arms=EQUAL, endpoints=[ENDPOINT | {"margin": 20.0}], analysis={"multiplicity": multiplicity})
    assert replicate(design, 0, 10)["rejected"].all()
    (difference,) = run(design).differences
    assert difference.adjusted_p is not None and difference.adjusted_p < 1e-6


def bayes(better: str, **changes: Any) -> TrialDesign:
    endpoint = ENDPOINT | {"better": better, "analysis": {"kind": "bayes", "of": {"kind": "unadjusted"}, "sd": 100.0}}
    doses = {"low": 100.0, "high": 600.0}
    arms = [{"name": name, "policy": {"kind": "fixed", "doses": [dose]}} for name, dose in doses.items()]
    return designed(endpoints=[endpoint], arms=arms, **changes)


def test_a_posterior_is_of_the_better_side_and_is_adjusted_too() -> None:
    assert replicate(bayes("higher"), 0, 5)["rejected"].all()
    assert not replicate(bayes("lower"), 0, 5)["rejected"].any()
    assert replicate(bayes("higher", analysis={"multiplicity": "holm"}), 0, 5)["rejected"].all()


def test_harm_stops_a_trial_of_two_sides_and_is_no_success() -> None:
    interims = {"information": [0.5, 1.0], "sides": 2, "alpha": 0.05}
    arms = [{"name": name, "policy": {"kind": "fixed", "doses": [dose]}} for name, dose in (("a", 600.0), ("b", 50.0))]
    rows = replicate(designed(arms=arms, interims=interims), 0, 10)
    assert (rows["look"] == 1).any() and not rows["rejected"].any()


def test_other_endpoints_are_of_the_patients_seen_when_the_trial_stopped() -> None:
    interims = {"information": [0.5, 1.0], "kind": "pocock"}
    slow = {"kind": "piecewise", "periods": [{"per_week": 1.0}]}
    arms = [{"name": name, "policy": {"kind": "fixed", "doses": [dose]}} for name, dose in (("a", 100.0), ("b", 600.0))]
    endpoints = [ENDPOINT, {"kind": "mean_dose", "name": "DOSE"}]
    conduct = {"adherence": 0.8, "measurement_error": True}
    rows = replicate(
        designed(arms=arms, interims=interims, enrolment=slow, endpoints=endpoints, conduct=conduct), 0, 20
    )
    wide = rows.pivot(index="replicate", columns="endpoint", values="patients")
    assert (wide["TROUGH"] == wide["DOSE"]).all() and (wide["TROUGH"] == 20).any()


def test_adjustments_that_do_not_hold_over_looks_are_refused() -> None:
    interims = {"information": [0.5, 1.0]}
    with pytest.raises(DesignError, match="holm is not kept over several looks; expected none or fixed_sequence"):
        designed(interims=interims, analysis={"multiplicity": "holm"})


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_failure_is_the_worse_value(better: Any) -> None:
    kinds = (
        TimeInRange(name="a", observable="x", low=0.0, high=1.0, better=better),
        Responder(name="b", observable="x", at_least=1.0, better=better),
        Ever(name="c", observable="x", above=1.0, better=better),
    )
    assert {one.failure for one in kinds} == {0.0 if better == "higher" else 1.0}


@pytest.mark.parametrize("name", ["USUBJID", "arm", "DoseMean", "dropout_DY"])
def test_an_endpoint_may_not_be_called_as_another_column(name: str) -> None:
    hazards = [{"kind": "constant", "name": "dropout", "then": "leave", "per_week": 0.1}]
    with pytest.raises(DesignError, match=r"endpoints\[0\].name: got .* the name of another column of subjects"):
        designed(hazards=hazards, endpoints=[ENDPOINT | {"name": name}])


@pytest.mark.parametrize("name", [" ", "two\nlines", "bell\x07", "low\u200b"])
def test_a_name_can_be_printed_on_a_line(name: str) -> None:
    with pytest.raises(DesignError, match="expected a name that can be printed on a line"):
        designed(arms=[EQUAL[0], EQUAL[1] | {"name": name}])


def test_events_that_cannot_count_so_are_refused() -> None:
    hazards = [{"kind": "constant", "name": "rescue", "then": "count", "per_week": 0.1}]
    timed = [{"kind": "time_to_event", "name": "RESCUE", "events": ["rescue"]}]
    with pytest.raises(DesignError, match="hypothetical, but an endpoint counts it"):
        designed(hazards=hazards, endpoints=timed, estimand={"rescue": "hypothetical"})


def test_a_parameter_that_must_be_above_zero_is() -> None:
    with pytest.raises(DesignError, match="clearance: got 0, expected > 0"):
        designed(parameters={"clearance": 0.0})


def test_what_varies_is_checked_when_a_file_is_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "panakeia/examples/warfarin_power.toml").read_text(encoding="utf-8")
    path = tmp_path / "trial.toml"
    path.write_text(
        text.replace('"trial.subjects_per_arm" = [200, 400, 600]', '"trial.subject_per_arm" = [200]'), encoding="utf-8"
    )
    with pytest.raises(DesignError, match="subject_per_arm: unknown key; did you mean subjects_per_arm"):
        load(path)
    with pytest.raises(DesignError, match="90,000 combinations, expected"):
        variants(designed(vary={"trial.seed": list(range(300)), "trial.weeks": [1] * 300}))
    for key in (".", "[]", "vary.x", "arms[²].share"):
        with pytest.raises(DesignError, match="scenario"):
            variants(designed(vary={key: [1]}))


def test_other_patients_in_a_table_are_another_run(tmp_path: Path) -> None:
    table = tmp_path / "patients.csv"
    doses = {"low": 4.0, "high": 6.0}
    arms = [
        {"name": one, "policy": {"kind": "fixed", "doses": [dose], "per": "weight_kg"}} for one, dose in doses.items()
    ]
    stated = content(population={"kind": "table", "file": str(table), "source": "made up"}, arms=arms)
    found = []
    for weight in (50.0, 100.0):
        table.write_text(
            "id,weight_kg\n" + "".join(f"{place},{weight + place / 100}\n" for place in range(60)), encoding="utf-8"
        )
        found.append(Asked(check(stated, TrialDesign, "trial.toml"), 2, 20))
    assert found[0].told["digest"] != found[1].told["digest"]
    one, two = (simulate(asked, tmp_path / str(place)).table for place, asked in enumerate(found))
    assert one["truth"].iloc[0] != pytest.approx(two["truth"].iloc[0])


def test_a_shift_s_truth_is_a_shift() -> None:
    endpoint = ENDPOINT | {"analysis": {"kind": "wilcoxon"}}
    (difference,) = run(designed(endpoints=[endpoint])).differences
    assert "shift" in difference.truth.method.casefold() or "Hodges" in difference.truth.method
    assert np.isfinite(difference.truth.value)
