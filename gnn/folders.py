"""Folders: where the models of several tasks lie, what is there, and what one says beside another."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gnn import checkpoint, resume
from gnn.checkpoint import CheckpointError
from gnn.config import TrainConfig
from kg.output import whole_file

CARD, EVALUATION = "MODEL_CARD.md", "evaluation.json"
"""What else lies in a model's folder: its card, and what an evaluation of it measured."""

DEFAULT_TASK = TrainConfig().task


def folder_for(base: str | Path, task: str) -> Path:
    """Return the folder of a task's model beside `base`, which is that of the first task.

    >>> str(folder_for("out/model", "treats")), str(folder_for("out/model", "binds"))
    ('out/model', 'out/model-binds')
    """
    base = Path(base)
    return base if task == DEFAULT_TASK else base.with_name(f"{base.name}-{task}")


def holding(base: str | Path, tasks: Collection[str]) -> Path:
    """Return the folder with a model of one of these tasks: `base` itself, or one beside it (`folder_for`).

    Raises `CheckpointError`, which says where it was looked for.
    """
    stated = checkpoint.about(base)
    if stated is not None and stated["config"]["task"] in tasks:
        return Path(base)
    beside = [folder_for(base, task) for task in tasks]
    for folder in beside:
        other = checkpoint.about(folder)
        if other is not None and other["config"]["task"] in tasks:
            return folder
    if stated is None:
        for folder in (Path(base), *beside):
            if checkpoint.model_file(folder).exists():
                checkpoint.load(folder)  # which says what is wrong with it
    there = f"the model in {base} is of the task {stated['config']['task']}" if stated else f"there is none in {base}"
    first = sorted(tasks)[0]
    raise CheckpointError(
        f"there is no model of the task {' or '.join(sorted(tasks))}: {there}, and "
        f"{' or '.join(map(str, dict.fromkeys(beside)))} has none: train one with `panakeia train --task {first}`"
    )


@dataclass(frozen=True)
class Described:
    """A model in a folder, as far as it says of itself; `evaluation` is what was measured, if it was."""

    folder: Path
    stated: Mapping[str, Any]
    trained: datetime
    evaluation: Mapping[str, Any]

    @property
    def summary(self) -> dict[str, Any]:
        """Return what was trained, on what, and when."""
        told = {"task": self.stated["config"]["task"], "seed": self.stated["config"]["seed"]}
        told["data_version"] = self.stated.get("data_version", "")
        return {**told, **self.stated.get("summary", {}), "trained": self.trained.isoformat(" ", "seconds")}


def described(folder: str | Path) -> Described:
    """Return what the model in a folder says of itself; raises `CheckpointError` where there is none."""
    if (stated := checkpoint.about(folder)) is None:
        checkpoint.load(folder)  # which says what is wrong with it
        raise CheckpointError(f"the model in {folder} does not describe itself: train it anew with `panakeia train`")
    when = datetime.fromtimestamp(checkpoint.model_file(folder).stat().st_mtime, UTC)
    return Described(Path(folder), stated, when, evaluation(folder, stated))


def evaluation(folder: str | Path, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was measured of the model in a folder; nothing where that is of another model, or not to be read.

    The file is JSON: `model` (the `arrays_sha256` of what was measured), and `splits`: by the name of each, what
    `gnn.evaluate.Evaluation.to_json` gives, with the data version.
    """
    try:
        told = json.loads((Path(folder) / EVALUATION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(told, dict) or told.get("model") != stated.get("arrays_sha256"):
        return {}
    return told


def keep_evaluation(folder: str | Path, measured: Mapping[str, Any]) -> None:
    """Write what was measured by a split beside the model in a folder, as of this very model.

    What was measured by other splits stays, unless it is of another model. Raises what `described` raises.
    """
    stated = described(folder).stated
    splits = evaluation(folder, stated).get("splits", {})
    told = {"model": stated["arrays_sha256"], "splits": {**splits, measured["split"]: dict(measured)}}
    with whole_file(Path(folder) / EVALUATION) as part:
        part.write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def found(root: str | Path) -> list[Described]:
    """Return the models in a folder and in the folders under it, down to three levels, by name."""
    root = Path(root)
    files = {path for depth in range(4) for path in root.glob("/".join(["*"] * depth + [checkpoint.FILE]))}
    folders = sorted(path.parent for path in files)
    return [described(folder) for folder in folders if checkpoint.about(folder) is not None]


def differences(one: Described, other: Described) -> list[tuple[str, Any, Any]]:
    """Return the name of each setting, fact or figure, and what it is in either model, where the two differ."""
    a, b = _flat(one), _flat(other)
    return [(name, a.get(name), b.get(name)) for name in {**a, **b} if a.get(name) != b.get(name)]


def delete(folder: str | Path) -> list[Path]:
    """Delete the model in a folder, with its card and evaluation, and the folder if nothing else is in it.

    Returns what was deleted. Raises `CheckpointError` where there is no model.
    """
    folder = Path(folder)
    path = checkpoint.model_file(folder)
    if not path.is_file():
        raise CheckpointError(f"there is no model in {folder}: expected a folder that `panakeia models list` shows")
    gone = [path, *(folder / name for name in (CARD, EVALUATION)), *folder.glob(resume.PATTERN)]
    gone = [one for one in gone if one.is_file()]
    for one in gone:
        one.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
    return gone


def _flat(model: Described) -> dict[str, Any]:
    """Return all that a model says of itself, by name."""
    sources = {
        f"data: {release['name']}": f"{release['version']} ({', '.join(sorted(release['files'].values()))[:12]})"
        for release in model.stated.get("sources", ())
    }
    settings = {f"setting: {name}": value for name, value in model.stated["config"].items()}
    figures = {
        f"{split}: {row['method']}, {row['metric']}": row["mean"]
        for split, measured in model.evaluation.get("splits", {}).items()
        for row in measured["figures"]
    }
    return {**model.summary, **settings, **sources, **figures}
