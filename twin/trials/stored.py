"""Stored: what happened in a trial, in a file beside its result, so that it can be looked at and exported again."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

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
_TOLD: dict[str, type] = {"design": dict, "arms": list, "versions": dict}
"""What is read of a result, and its types."""
_AGAIN = "run the trial again with `panakeia trial run`"


class StoredError(ValueError):
    """A folder that holds no trial, a file of it that is damaged, or the files of two trials."""


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

    Raises `StoredError` for a folder without its files, with damaged ones, or with those of different trials, and
    `DesignError` for a result whose design is none.
    """
    folder = Path(folder)
    for name in (RESULT, COURSES):
        if not (folder / name).is_file():
            raise StoredError(f"{folder} has no {name}: expected a folder that `panakeia trial run --out` wrote")
    told = _result(folder / RESULT)
    design = check(told["design"], TrialDesign, str(folder / RESULT))
    arrays = _arrays(folder / COURSES)
    enrolled = [arm.get("enrolled") if isinstance(arm, dict) else None for arm in told["arms"]]
    if mismatch := next(_mismatches(design, enrolled, arrays), None):
        both = f"{folder}: {RESULT} and {COURSES} are of different trials; run the trial again"
        raise StoredError(f"{both} ({COURSES} has other {mismatch})")
    arms = [arm.name for arm in design.arms]
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


def _result(path: Path) -> dict[str, Any]:
    """Return what a result says, of which at least the design, the arms and the versions are there."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as failure:  # no JSON, or no UTF-8
        raise StoredError(f"{path} is damaged or cut short, it is no JSON ({failure}): {_AGAIN}") from None
    if not isinstance(told, dict):
        raise StoredError(f"{path} is no trial's result: got a {type(told).__name__}, expected an object: {_AGAIN}")
    for key, kind in _TOLD.items():
        if not isinstance(told.get(key), kind):
            state = f"{key!r} is no {kind.__name__}" if key in told else f"it has no {key!r}"
            raise StoredError(f"{path} is no trial's result, {state}: {_AGAIN}")
    return told


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name."""
    try:
        with path.open("rb") as opened, np.lib.npyio.NpzFile(opened, allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in file.files}
    except (BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as failure:
        told = str(failure) or type(failure).__name__
        raise StoredError(f"{path} is damaged or cut short, its arrays cannot be read ({told}): {_AGAIN}") from None


def _mismatches(design: TrialDesign, enrolled: list[Any], arrays: dict[str, NDArray[Any]]) -> Iterator[str]:
    """Yield what of a file's arrays is not as the design has it, in words."""
    grid, potential = design.grid, _under(arrays, "potential")
    if [len(one) for one in (arrays.get(f"{place}/ids", ()) for place in range(len(design.arms)))] != enrolled:
        yield "numbers of patients"
    for place, count in enumerate(enrolled):
        here = _under(arrays, str(place))
        shapes: dict[str, tuple[int, ...]] = {"ids": (count,)}
        shapes |= {"doses": (count, grid.steps), "given": (count, grid.steps), "last_day": (count,), "died": (count,)}
        shapes |= {f"events/{hazard.name}": (count,) for hazard in design.hazards}
        shapes |= {f"measured/{name}": (count, len(grid.visits)) for name in design.measured}
        shapes |= {f"true/{name}": (count, grid.steps + 1) for name in design.model.observables}
        for name, shape in shapes.items():
            if name not in here or here[name].shape != shape:
                yield f"{name.partition('/')[0].replace('_', ' ')} of arm {design.arms[place].name!r}"
        if not set(here["ids"].tolist()) <= set(potential.get("USUBJID", np.array([])).tolist()):
            yield "patients"
    told = set(potential.get("ARM", np.array([])).tolist())
    if told != {arm.name for arm in design.arms} or "SHOWN" not in potential:
        yield "arms"
    for endpoint in design.endpoints:
        if not any(name.startswith(endpoint.name) for name in potential):
            yield "endpoints"
    if len({one.shape for one in potential.values()}) > 1:
        yield "potential outcomes"


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
