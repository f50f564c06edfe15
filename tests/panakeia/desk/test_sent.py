"""What is sent: files that name others reach none of the machine, and few bytes do not unpack to many."""

import base64
import gzip
import io
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from kg.patients.imaging.error import ImagingError
from panakeia.desk import unpacked
from panakeia.desk.desk import ALL, Desk, DeskSettings
from panakeia.desk.problems import problem_of
from panakeia.desk.unpacked import UnpacksToTooMuch, unpacked_bytes

TRIAL = files("panakeia").joinpath("examples", "warfarin_trial.toml").read_text(encoding="utf-8")
NHDR = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: {}\n"
LONG = "LIST\n" + "voxels.raw\n" * 10_000 + "{}"


@pytest.fixture
def desk(starter_store: Path, starter_model: Path, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(DeskSettings(str(starter_store), starter_model, home=tmp_path / "desk"))
    yield opened
    opened.close()


def of_population(lines: str) -> str:
    before, _, after = TRIAL.partition("[population]")
    return "\n".join([before, "[population]", lines, f"[{after.partition(chr(10) + '[')[2]}"])


@pytest.mark.parametrize("lines", ['kind = "table"\nfile = "{}"', 'kind = "cohort"\nstore = "{}"\npatients = "{}"'])
def test_a_design_that_is_sent_names_no_file_of_the_machine(desk: Desk, tmp_path: Path, lines: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("hidden\n1\n", encoding="utf-8")
    request = {"design": of_population(lines.replace("{}", str(secret)))}
    for asked in (lambda: desk.require("trial_run", request, ALL), lambda: desk.answer("trial_run", request)):
        with pytest.raises(ValueError, match="what is sent reaches no file of this machine") as refused:
            asked()
        assert "hidden" not in str(refused.value)
        assert str(tmp_path) not in problem_of(refused.value).detail


def test_a_design_that_is_sent_names_no_model_of_the_machine(desk: Desk, tmp_path: Path) -> None:
    model = tmp_path / "model.csv"
    model.write_text("hidden\n1\n", encoding="utf-8")
    design = TRIAL.replace('"warfarin_hamberg2007"', f'"{model}"')
    assert design != TRIAL
    with pytest.raises(ValueError, match="what is sent reaches no file of this machine"):
        desk.require("trial_run", {"design": design}, ALL)


@pytest.mark.parametrize("named", ["{}", "LIST\n{}", "LIST 2\n{}\n{}", LONG])
def test_a_header_that_is_sent_has_its_data_in_no_file_of_the_machine(desk: Desk, tmp_path: Path, named: str) -> None:
    pytest.importorskip("SimpleITK")
    raw = tmp_path / "voxels.raw"
    raw.write_bytes(bytes(8))
    header = {"name": "image.nhdr", "text": NHDR.format(named.replace("{}", str(raw)))}
    with pytest.raises(ImagingError, match="has its data in another file"):
        desk.answer("imaging_features", {"image": header, "mask": header})


@pytest.mark.parametrize("verb", ["response", "patient_import"])
def test_a_file_that_unpacks_to_too_much_is_refused(desk: Desk, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panakeia.desk.requests.MOST", 1 << 20)
    small = {"name": "table.csv.gz", "base64": base64.b64encode(gzip.compress(bytes(2 << 20))).decode()}
    asked = {"table": small, "outcome": "x", "arm": "a", "treatment": "b", "control": "c", "feature": ["d"]}
    with pytest.raises(
        UnpacksToTooMuch, match=r"the file table\.csv\.gz is larger than 1 MB when it is unpacked"
    ) as told:
        desk.require(verb, asked if verb == "response" else {"paths": [small]}, ALL)
    assert (problem_of(told.value).status, problem_of(told.value).kind) == (413, "too-large")


def test_files_of_a_request_are_counted_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panakeia.desk.requests.MOST", 1000)
    with pytest.raises(UnpacksToTooMuch):
        desk.require("patient_import", {"paths": [{"name": f"{one}.txt", "text": "x" * 600} for one in "ab"]}, ALL)


def test_a_file_s_bytes_are_those_that_are_read() -> None:
    rows = io.BytesIO()
    pd.DataFrame({"x": [1.0] * 10_000}).to_parquet(rows)
    assert len(rows.getvalue()) < 10_000 and unpacked_bytes(rows.getvalue(), "x.parquet") >= 80_000
    with pytest.raises(UnpacksToTooMuch):
        unpacked_bytes(rows.getvalue(), "x.parquet", 1000)
    packed = gzip.compress(b"abc" * 1000) * 2  # two members, as BGZF has
    assert unpacked_bytes(packed, "x.gz") == 6000
    assert unpacked_bytes(packed[:20], "x.gz") <= unpacked.MOST  # broken: told by who reads it
    assert unpacked_bytes(b"plain", "x") == 5
