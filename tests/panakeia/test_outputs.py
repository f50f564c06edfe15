"""What the faces write: a trial's files come all or not at all, and a report whole."""

from importlib.resources import files
from pathlib import Path

import pytest

from panakeia.report import Report
from panakeia.trials.files import TRIAL_FILES, write_trial
from tests.starved import starved
from twin.trials.run import load, run


@pytest.fixture
def design(tmp_path: Path) -> Path:
    example = (files("panakeia") / "examples" / "warfarin_trial.toml").read_text(encoding="utf-8")
    path = tmp_path / "trial.toml"
    path.write_text(example.replace("subjects_per_arm = 1000", "subjects_per_arm = 4"), encoding="utf-8")
    return path


def test_a_trial_s_files_are_all_replaced_or_none(design: Path, tmp_path: Path) -> None:
    out, first = tmp_path / "out", tmp_path / "first"
    write_trial(run(load(design)), first)
    sizes = {name: (first / name).stat().st_size for name in TRIAL_FILES}
    assert max(sizes, key=sizes.get) == "report.html"
    out.mkdir()
    for name in TRIAL_FILES:
        (out / name).write_text("old", encoding="utf-8")
    code = """
from pathlib import Path
from panakeia.trials.files import write_trial
from twin.trials.run import load, run
result = run(load(Path(sys.argv[1])))
starve()
try:
    write_trial(result, Path(sys.argv[2]))
except OSError as failure:
    print(failure.filename, failure.strerror)
"""
    done = starved(code, sizes["report.html"] - 100, design, out)  # enough for the first two
    assert done.stdout == f"{out} File too large\n", done.stderr
    assert {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()} == dict.fromkeys(TRIAL_FILES, "old")
    write_trial(run(load(design)), out)
    assert {path.name: path.stat().st_size for path in out.iterdir()} == sizes


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    Report("Old", (), (), {}).write(path)
    code = """
from panakeia.report import Report
starve()
try:
    Report("New", (), (), {}).write(sys.argv[1])
except OSError as failure:
    print(failure.filename, failure.strerror)
"""
    assert starved(code, 100, path).stdout == f"{path} File too large\n"
    assert "Old" in path.read_text(encoding="utf-8") and list(path.parent.iterdir()) == [path]
