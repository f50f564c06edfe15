"""Trials to test with: the warfarin example with some things changed."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kg.files.checked import check
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
