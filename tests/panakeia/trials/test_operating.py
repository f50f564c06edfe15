"""Operating characteristics at the faces: files, a page, and a run that goes on in its folder."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kg.files.checked import check
from kg.output import OutputError
from panakeia import Session
from panakeia.trials.operating import FILES, sections
from tests.panakeia.conftest import Panakeia
from twin.trials.operating import OperatingCharacteristics
from twin.trials.protocol import TrialDesign

Written = tuple[Path, OperatingCharacteristics]

DESIGN = """
[trial]
name = "two doses"
model = "theophylline_boeckmann1994"
seed = 3
weeks = 1
subjects_per_arm = 20
design = "parallel"
[population]
source = "made up"
[visits]
days = [1, 8]
[conduct]
adherence = 1.0
measurement_error = true
[[endpoints]]
kind = "value"
name = "TROUGH"
observable = "theophylline_mg_per_L"
[vary]
"trial.subjects_per_arm" = [10, 20]
[interims]
information = [0.5, 1.0]
kind = "pocock"
[[arms]]
name = "low"
policy = { kind = "fixed", doses = [300.0] }
[[arms]]
name = "high"
policy = { kind = "fixed", doses = [500.0] }
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("power")
    (folder / "trial.toml").write_text(DESIGN, encoding="utf-8")
    return folder, Session().trial_simulate(
        folder / "trial.toml", out=folder / "out", replicates=10, truth_patients=400
    )


def test_figures_are_written_as_json_csv_and_a_page(written: Written) -> None:
    folder, found = written
    plain = json.loads((folder / "out" / FILES[0]).read_text(encoding="utf-8"))
    names = ["as designed", "subjects_per_arm = 10", "subjects_per_arm = 20", "no effect"]
    assert [one["scenario"] for one in plain["scenarios"]] == names
    first = plain["scenarios"][0]["comparisons"][0]
    assert plain["truth_patients"] == 400 and "the truth by 400 twins" in found.to_text()
    true = Session().trial_run(check(tomllib.loads(DESIGN) | {"vary": {}}, TrialDesign, "x")).differences[0].truth
    assert 0.0 < first["truth_se"] == pytest.approx(true.standard_error * np.sqrt(40 / 400), rel=0.4)
    assert {"power", "power_lower", "bias", "bias_se", "coverage", "truth", "patients"} <= set(first)
    assert [row["look"] for row in plain["scenarios"][0]["stopping"]] == [1, 2]
    pd.testing.assert_frame_equal(pd.read_csv(folder / "out" / FILES[1]), found.table, check_dtype=False)
    page = (folder / "out" / FILES[2]).read_text(encoding="utf-8")
    assert "Power against trial.subjects_per_arm" in page and page.count("<svg") == 2


def test_a_page_says_what_is_power_and_what_the_intervals_hold(written: Written) -> None:
    power, curve, everything = sections(written[1])
    assert "type I error" in power.lead and "finite number of replicates" in power.caption
    assert curve.figure is not None and everything.tables[0].folded


def test_the_same_command_goes_on_where_it_was(written: Written, panakeia: Panakeia) -> None:
    folder, found = written
    made = {path: path.stat().st_mtime_ns for path in (folder / "out" / "chunks").iterdir()}
    asked = ["trial", "simulate", str(folder / "trial.toml"), "--replicates", "10", "--out", str(folder / "out")]
    asked += ["--truth-patients", "400"]
    again = panakeia(*asked, "--json")
    assert again.status == 0, again.err
    assert again.json() == found.to_json()
    assert {path: path.stat().st_mtime_ns for path in (folder / "out" / "chunks").iterdir()} == made
    other = panakeia(*asked[:4], "11", *asked[5:])
    assert other.status == 2 and "chunks of another run" in other.err


def test_the_design_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "trial.toml").write_text(DESIGN, encoding="utf-8")
    with pytest.raises(OutputError):
        Session().trial_simulate(tmp_path / "trial.toml", out=tmp_path / "trial.toml", replicates=2)
