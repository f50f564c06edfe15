"""A trial's files hold its result, and come all or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from panakeia.report import Report, Section, Table
from panakeia.trials.files import TRIAL_FILES, write_trial
from panakeia.trials.wording import worded
from twin import library
from twin.estimate import Estimate
from twin.trials.result import TrialResult


def test_a_page_calls_quantities_as_people_write_them() -> None:
    told = "the share with tacrolimus_ug_per_L at least 10, of those of 50 age_years"
    table = Table(pd.DataFrame({"what": [told], "n": [3]}), told)
    page = Report(told, (told,), (Section(told, told, None, (table,), told),))
    words = "the share with tacrolimus [ug/L] at least 10, of those of 50 age [years]"
    found = worded(page, library.load("tacrolimus_andrews2019"))
    (section,) = found.sections
    assert {found.title, *found.findings, section.title, section.lead, section.caption} == {words}
    (rows,) = section.tables
    assert rows.name == words and rows.rows.to_dict("list") == {"what": [words], "n": [3]}


def test_a_trial_s_page_stands_beside_its_result(warfarin: TrialResult, tmp_path: Path) -> None:
    write_trial(warfarin, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= set(TRIAL_FILES)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    title, *lines = warfarin.to_text().splitlines()
    name, _, shows = title.partition(": ")
    assert f"<h1>{name}</h1>" in page and f"{shows[0].upper()}{shows[1:]}.</p>" in page
    assert all(f"<li>{line.strip()}</li>".replace("'", "&#39;") in page for line in lines)
    assert "<h2>Assumptions</h2>" in page and "<h2>Parameters</h2>" in page
    assert f"seed: 1 · panakeia: {warfarin.versions['panakeia']}" in page
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(warfarin.to_json())
    )
    subjects = pd.read_csv(tmp_path / "subjects.csv")
    assert subjects["TTR"].tolist() == warfarin.subjects["TTR"].tolist()


def test_a_result_that_json_cannot_hold_leaves_nothing_behind(warfarin: TrialResult, tmp_path: Path) -> None:
    broken = replace(warfarin, parameters=warfarin.parameters.assign(value=float("nan")))
    with pytest.raises(ValueError, match="JSON"):
        write_trial(broken, tmp_path / "trial")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_effect_that_cannot_be_estimated_is_null_and_said(warfarin: TrialResult, tmp_path: Path) -> None:
    first, *others = warfarin.endpoints
    nothing = Estimate(*[float("nan")] * 4, 0.95, "no estimate: there are no events")
    (difference,) = first.differences
    broken = replace(first, differences=(replace(difference, parallel=nothing, effect=nothing),))
    write_trial(replace(warfarin, endpoints=(broken, *others)), tmp_path)
    told = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["differences"][0]["parallel"]
    assert told["value"] is None and told["method"] == "no estimate: there are no events"
    assert "as a parallel trial: no estimate: there are no events" in (tmp_path / "report.html").read_text(
        encoding="utf-8"
    )
