"""Trials to test with: the warfarin example with some things changed, and one whose course is known in closed form."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kg.files.checked import check
from twin.model import Floats
from twin.trials import run
from twin.trials.course import Course
from twin.trials.protocol import TrialDesign

EXAMPLES = Path(__file__).parents[3] / "panakeia" / "examples"
EXAMPLE = EXAMPLES / "warfarin_trial.toml"
INR = "INR"
Content = dict[str, Any]
Change = Callable[[Content], object]


def content(change: Change = lambda content: None, path: Path = EXAMPLE) -> Content:
    """The content of an example's file with 200 patients an arm, and the change made."""
    loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    loaded["trial"]["subjects_per_arm"] = 200
    change(loaded)
    return loaded


def designed(change: Change = lambda content: None, path: Path = EXAMPLE) -> TrialDesign:
    return check(content(change, path), TrialDesign, "trial.toml")


def fixed(*doses: float, **more: Any) -> Content:
    return {"kind": "fixed", "doses": list(doses), **more}


def dropout(per_week: float) -> list[Content]:
    return [{"kind": "constant", "name": "dropout", "then": "leave", "per_week": per_week}]


CONCENTRATION = "phenobarbital_mg_per_L"


def plain(change: Change = lambda content: None, **tables: Any) -> TrialDesign:
    """A trial of a model with one compartment and no covariates, in which what is measured is true.

    Doses of 5 and 10 mg a day for four weeks, visits each week, and what `tables` replace.
    """
    loaded: Content = {
        "trial": {
            "name": "plain",
            "model": "phenobarbital_grasela1985",
            "seed": 1,
            "weeks": 4,
            "subjects_per_arm": 200,
            "design": "twins",
        },
        "population": {"source": "made up"},
        "visits": {"days": [1, 8, 15, 22, 29]},
        "conduct": {"adherence": 1.0, "measurement_error": False},
        "endpoints": [{"kind": "value", "name": "END", "observable": CONCENTRATION}],
        "arms": [{"name": "low", "policy": fixed(5.0)}, {"name": "high", "policy": fixed(10.0)}],
        **tables,
    }
    change(loaded)
    return check(loaded, TrialDesign, "trial.toml")


def courses(design: TrialDesign, n: int = 200) -> tuple[run.Enrolled, list[Course]]:
    """The patients of a trial, and what happens to all of them in each arm."""
    enrolled = run.enrol(design, n)
    return enrolled, [run.follow(design, arm, enrolled) for arm in design.arms]


def concentrations(enrolled: run.Enrolled, doses: Floats) -> Floats:
    """What the one compartment has on each morning before the dose, of doses [patient, day]: [patient, day + 1].

    By hand: each day what is there and the dose fall by exp(-24 h · clearance / volume).
    """
    clearance, volume = (np.asarray(one) for one in enrolled.bodies[0])
    left, amount = np.exp(-24.0 * clearance / volume), [np.zeros(len(volume))]
    for dose in doses.T:
        amount.append((amount[-1] + dose) * left)
    return np.array(amount).T / volume[:, np.newaxis]
