"""What an export cannot say, and files that are damaged, are named; who takes no dose has no record of one."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from kg.output import OutputError
from panakeia.ask import Session
from panakeia.trials.files import write_trial
from tests.twin.trials import small
from tests.twin.trials.designs import fixed
from tests.twin.trials.export.conftest import study_of
from twin.trials.export import sdtm, xpt
from twin.trials.export.adam import adam
from twin.trials.export.folder import FORMATS, Format, export
from twin.trials.export.study import BadStudyId, OutOfCalendar, Study
from twin.trials.protocol import TrialDesign
from twin.trials.run import run
from twin.trials.stored import Stored, StoredError, read

PLACEBO = {"name": "placebo", "policy": {"kind": "placebo", "every": "12h"}, "titration": "none"}
NOTHING = {"name": "nothing", "policy": fixed(0.0, every="12h"), "titration": "none"}
ACTIVE = {"name": "active", "policy": fixed(7.0, every="12h"), "titration": "none"}


def twice_a_day(*arms: object, adherence: float = 1.0, **changes: object) -> TrialDesign:
    content = small.twice_a_day(5).model_dump(mode="json", exclude_none=True)
    content |= {"arms": list(arms), "conduct": content["conduct"] | {"adherence": adherence}} | changes
    return TrialDesign.schema_for(content).model_validate(content)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("arms", "adherence", "records"),
    [
        ((NOTHING, ACTIVE), 1.0, 5),
        ((NOTHING, PLACEBO), 1.0, 5),
        ((PLACEBO, ACTIVE), 0.0, 5),
        ((NOTHING, ACTIVE), 0.0, 0),
    ],
)
def test_who_never_takes_a_dose_has_no_exposure_and_placebo_is_a_dose_of_0(
    arms: tuple[object, object], adherence: float, records: int, form: Format, tmp_path: Path
) -> None:
    study = study_of(twice_a_day(*arms, adherence=adherence))
    written = {one.file.partition(".")[0]: one for one in export(study, form, tmp_path)}
    for one in written.values():
        assert len(FORMATS[form].read(tmp_path / one.folder / one.file)) == len(one.dataset.rows) > 0
    rows = sdtm.exposure(study).rows
    assert len(rows) == records and ("ex" in written) == ("adex" in written) == bool(records)
    assert set(rows.loc[rows["EXTRT"] == "PLACEBO", "EXDOSE"]) <= {0.0}
    subjects = written["adsl"].dataset.rows
    treated = set(rows["USUBJID"])
    assert set(subjects.loc[subjects["SAFFL"] == "Y", "USUBJID"]) == treated
    assert set(written["dm"].dataset.rows.query("RFXSTDTC != ''")["USUBJID"]) == treated
    totals = [one.rows for one in adam(study) if one.name == "ADEX"]
    assert all(set(one["USUBJID"]) == treated for one in totals)


def test_a_trial_that_measures_nothing_has_no_laboratory(tmp_path: Path) -> None:
    content = small.survival(5).model_dump(mode="json", exclude_none=True)
    content["endpoints"] = content["endpoints"][:1]
    study = study_of(TrialDesign.schema_for(content).model_validate(content))
    assert study.stored.design.measured == ()
    files = {one.file for one in export(study, "xpt", tmp_path)}
    assert files == {f"{name}.xpt" for name in ("dm", "suppdm", "ds", "ex", "adsl", "adex", "adtte", "potent")}


@pytest.mark.parametrize("per_week", [1e-300, 1e-3])
def test_patients_who_come_when_no_date_can_say_are_named(per_week: float) -> None:
    slow = {"kind": "piecewise", "periods": [{"per_week": per_week}]}
    stored = Stored.of(run(twice_a_day(PLACEBO, ACTIVE, enrolment=slow)))
    with pytest.raises(OutOfCalendar, match=r"enrolment: the last patient comes .* weeks after .* state a faster"):
        Study.of(stored)


@pytest.mark.parametrize("start", [date(1, 1, 1), date(1899, 12, 31), date(2200, 1, 1), date.max])
def test_a_start_out_of_the_calendar_is_named(start: date, tacrolimus: Study) -> None:
    with pytest.raises(OutOfCalendar, match=f"start: got {start}; an export has dates from 1900-01-01 to 2199-12-31"):
        replace(tacrolimus, start=start)


@pytest.mark.parametrize("start", [date(1900, 1, 1), date(2199, 12, 24)])
def test_the_first_and_the_last_start_are_exported(start: date, tacrolimus: Study, tmp_path: Path) -> None:
    export(replace(tacrolimus, start=start), "xpt", tmp_path)
    assert xpt.read(tmp_path / "adam" / "adsl.xpt")["RANDDT"].tolist() == [start] * 20


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trial")
    write_trial(run(small.survival(5)), folder)
    return folder


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


def of_one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones(2))


def renamed(what: str) -> Callable[[Path], None]:
    def rename(path: Path) -> None:
        told = json.loads(path.read_text(encoding="utf-8"))
        told["design"][what][1]["name"] = "another"
        path.write_text(json.dumps(told), encoding="utf-8")

    return rename


AGAIN = "run the trial again"


@pytest.mark.parametrize(
    ("file", "damage", "told"),
    [
        ("courses.npz", cut, f"courses.npz is damaged or cut short, .*: {AGAIN}"),
        ("courses.npz", flipped, f"courses.npz is damaged or cut short, .*: {AGAIN}"),
        ("courses.npz", lambda path: path.write_bytes(b""), f"courses.npz is damaged or cut short, .*: {AGAIN}"),
        ("courses.npz", of_one_array, f"courses.npz is damaged .*: {AGAIN}"),
        ("result.json", cut, rf"result.json is damaged or cut short, it is no JSON \(.*\): {AGAIN}"),
        ("result.json", lambda path: path.write_bytes(b"\xff"), rf"result.json is damaged .*: {AGAIN}"),
        (
            "result.json",
            lambda path: path.write_text("{}", encoding="utf-8"),
            f"result.json is no .*, it has no 'design': {AGAIN}",
        ),
        (
            "result.json",
            lambda path: path.write_text("[1]", encoding="utf-8"),
            f"result.json is no .*: got a list, .*: {AGAIN}",
        ),
        (
            "result.json",
            lambda path: path.write_text('{"design": 1}', encoding="utf-8"),
            f"'design' is no dict: {AGAIN}",
        ),
        ("result.json", renamed("hazards"), f"are of different trials; {AGAIN} .*other events of arm "),
        ("result.json", renamed("endpoints"), rf"are of different trials; {AGAIN} .*other endpoints\)"),
        ("result.json", renamed("arms"), rf"are of different trials; {AGAIN} .*other arms\)"),
    ],
)
def test_a_damaged_file_of_a_trial_is_named(
    file: str, damage: Callable[[Path], None], told: str, written: Path, tmp_path: Path
) -> None:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    damage(tmp_path / file)
    with pytest.raises(StoredError, match=told):
        read(tmp_path)


def test_an_export_lies_in_a_folder_of_its_own_and_has_a_study(written: Path) -> None:
    before = sorted(written.iterdir())
    with pytest.raises(OutputError, match=r"is the trial's own folder, .*: expected another one, such as .*/xpt"):
        Session().trial_export(written, out=written / "xpt" / "..")
    for nothing in ("", "  ", "a\nb"):
        with pytest.raises(BadStudyId, match=r"study: got .*, expected an identifier"):
            Session().trial_export(written, study=nothing)
    with pytest.raises(OutOfCalendar, match="start: got"):
        Session().trial_export(written, start=date.max)
    assert sorted(written.iterdir()) == before


@pytest.mark.parametrize(
    ("what", "key"),
    [("arms", r"arms\[1\]\.name"), ("hazards", r"hazards\[1\]\.name"), ("endpoints", r"endpoints\[0\]\.name")],
)
@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        (
            "x" * 201,
            xpt.TextTooLong,
            r" makes a text of 20[15] bytes in the datasets: XPT has 200 at most; choose another",
        ),
        ("größer", xpt.NotAscii, " is not ASCII, which XPT needs; choose another name and run the trial again, or"),
    ],
)
def test_names_that_xpt_cannot_hold_are_named_by_their_key(
    what: str, key: str, name: str, error: type[xpt.ExportError], told: str, tmp_path: Path
) -> None:
    content = small.survival(5).model_dump(mode="json", exclude_none=True)
    content[what][0 if what == "endpoints" else 1]["name"] = name
    study = study_of(TrialDesign.schema_for(content).model_validate(content))
    with pytest.raises(error, match=f"^{key}{told}"):
        export(study, "xpt", tmp_path)
    assert not list(tmp_path.iterdir())
    assert export(study, "dataset-json", tmp_path)
