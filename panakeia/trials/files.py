"""The files that a trial is written into: all of them, or none."""

import json
from pathlib import Path

from kg.files.table import write_csv
from kg.files.text import create_text
from kg.output import whole_set
from panakeia.report import Report
from panakeia.trials.page import in_full
from panakeia.trials.wording import worded
from twin.trials.result import TrialResult
from twin.trials.stored import COURSES, RESULT, write_courses

TRIAL_FILES = (RESULT, "subjects.csv", "report.html", COURSES)
"""What a trial is written into, in a folder."""


def write_trial(result: TrialResult, out: str | Path) -> None:
    """Write a trial's `result.json`, `subjects.csv`, `report.html` and `courses.npz` into a folder."""
    first, *lines = result.to_text().splitlines()
    versions = {"seed": str(result.design.trial.seed), **result.versions}
    page = Report(first, tuple(line.strip() for line in lines), in_full(result), versions)
    with whole_set(*(Path(out) / name for name in TRIAL_FILES)) as (told, subjects, report, courses):
        told.write_text(json.dumps(result.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        with create_text(subjects) as file:
            write_csv(result.subjects, file)
        report.write_text(worded(page, result.design.model).to_html(), encoding="utf-8")
        write_courses(result, courses)
