"""Stored: what happened in a trial, in a file beside its result, so that it can be looked at and exported again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kg.files.checked import check
from twin.patient import Cohort
from twin.trials.course import Course
from twin.trials.protocol import TrialDesign
from twin.trials.result import TrialResult

RESULT, COURSES = "result.json", "courses.npz"
_BY_NAME = ("true", "measured", "events")
_ARRAYS = ("doses", "given", "last_day", "died")


class StoredError(ValueError):
    """A folder that holds no trial, or the files of two trials."""


@dataclass(frozen=True, eq=False)
class Stored:
    """A trial that was run: its design, and for each arm those whom the trial shows there, and what happened to them.

    `potential` has every enrolled patient in every arm (`twin.trials.potential`).
    """

    design: TrialDesign
    courses: tuple[Course, ...]
    cohorts: tuple[Cohort, ...]
    potential: pd.DataFrame
    versions: Mapping[str, str]

    @classmethod
    def of(cls, result: TrialResult) -> "Stored":
        """Return what is stored of a result."""
        return cls(result.design, result.courses, result.cohorts, result.potential, result.versions)


def write_courses(result: TrialResult, path: Path) -> None:
    """Write the courses of a trial, its patients and their potential outcomes into a file of numpy arrays."""
    arrays: dict[str, NDArray[Any]] = {}
    for place, (course, cohort) in enumerate(zip(result.courses, result.cohorts, strict=True)):
        arrays[f"{place}/ids"] = np.array(cohort.ids, str)
        arrays |= {f"{place}/covariates/{name}": _plain(values) for name, values in cohort.covariates.items()}
        for kind in _BY_NAME:
            arrays |= {f"{place}/{kind}/{name}": values for name, values in getattr(course, kind).items()}
        arrays |= {f"{place}/{name}": getattr(course, name) for name in _ARRAYS}
    arrays |= {f"potential/{name}": _plain(result.potential[name].to_numpy()) for name in result.potential}
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # no name here is one of its options


def read(folder: str | Path) -> Stored:
    """Read a trial from the folder that `panakeia trial run` wrote.

    Raises `StoredError` for a folder without its files, or with those of different trials.
    """
    folder = Path(folder)
    for name in (RESULT, COURSES):
        if not (folder / name).is_file():
            raise StoredError(f"{folder} has no {name}: expected a folder that `panakeia trial run --out` wrote")
    told = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    design = check(told["design"], TrialDesign, str(folder / RESULT))
    with np.load(folder / COURSES, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    arms = [arm.name for arm in design.arms]
    counts = [len(arrays[f"{place}/ids"]) for place in range(len(arms)) if f"{place}/ids" in arrays]
    if counts != [arm["enrolled"] for arm in told["arms"]]:
        raise StoredError(f"{folder}: {RESULT} and {COURSES} are of different trials; run the trial again")
    told_potential = {name: one.tolist() for name, one in _under(arrays, "potential").items()}
    return Stored(
        design,
        tuple(_course(design, arm, _under(arrays, str(place))) for place, arm in enumerate(arms)),
        tuple(
            Cohort(tuple(arrays[f"{place}/ids"].tolist()), _under(arrays, f"{place}/covariates"))
            for place in range(len(arms))
        ),
        pd.DataFrame(told_potential),
        told["versions"],
    )


def _course(design: TrialDesign, arm: str, arrays: dict[str, NDArray[Any]]) -> Course:
    true, measured, events = (_under(arrays, kind) for kind in _BY_NAME)
    doses, given, last_day, died = (arrays[name] for name in _ARRAYS)
    return Course(arm, design.grid, true, measured, doses, given, events, last_day, died)


def _under(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(f"{prefix}/"): one for name, one in arrays.items() if name.startswith(f"{prefix}/")}


def _plain(values: Any) -> NDArray[Any]:
    """Return values as an array that needs no pickle: numbers, truths or texts."""
    found = np.asarray(values)
    return found.astype(str) if found.dtype.kind in "OT" else found
