"""Resume: the members that a training run has finished, kept beside its model until all are there.

Members (of a model of patients: regimes) are trained one after another, each from random streams of its own, so a run
that was stopped goes on after the last whole one, to the same model bit by bit. What is kept is numbers alone
(safetensors), and is only taken for what it was fitted from: the same settings, code, answers, candidates and
surroundings, to the last bit.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_arrays

from gnn.checkpoint import STATED, Member, Packed, member_of, pack_member
from gnn.config import TrainConfig
from gnn.likeness import Matrix
from gnn.task import Task
from kg.output import whole_file

FORMAT = 2
PATTERN = "training-*.safetensors"
"""The names of the files of what is finished, in the folder of the model to come."""

Finished = tuple[Member, dict[tuple[str, str], Matrix]]
"""A member, and what it says of each candidate whose fold it did not see, by regime and relation."""


class Stopped(KeyboardInterrupt):
    """A training that was interrupted; the message says what is left of it."""


def key(config: TrainConfig, arrays: Iterable[NDArray[Any]]) -> str:
    """Return a sum of all that a member is fitted from; in equal circumstances it is the same.

    >>> key(TrainConfig(), [np.zeros(2)]) == key(TrainConfig(seed=1), [np.zeros(2)])
    False
    """
    told = [FORMAT, version("panakeia"), dataclasses.asdict(config)]
    found = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for array in arrays:
        found.update(f"{array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).view(np.uint8))
    return found.hexdigest()


def put(folder: str | Path, run: str, number: int, packed: Packed) -> None:
    """Write what is whole of a run (its `key`) beside the model to come."""
    arrays = {name: np.ascontiguousarray(values) for name, values in packed.arrays.items()}
    stated = json.dumps({"run": run, "told": packed.told})
    with whole_file(_file(folder, number)) as part:
        part.write_bytes(save_arrays(arrays, {STATED: stated}))


def taken(folder: str | Path, run: str, number: int) -> Packed | None:
    """Return what is whole of this very run; None where there is nothing, or half of it: that is trained anew."""
    try:
        with safe_open(_file(folder, number), "numpy") as file:
            stated: Mapping[str, Any] = json.loads((file.metadata() or {}).get(STATED, "{}"))
            if stated.get("run") != run:
                return None
            return Packed({name: file.get_tensor(name) for name in file.keys()}, dict(stated["told"]))  # noqa: SIM118
    except (OSError, KeyError, ValueError, SafetensorError):
        return None


def keep(folder: str | Path, run: str, number: int, finished: Finished) -> None:
    """Write a finished member of a run (its `key`) beside the model to come."""
    member, crossed = finished
    packed = Packed({}, {})
    pack_member(packed, "member", member)
    for (regime, relation), logits in crossed.items():
        packed.arrays[f"crossed/{regime}/{relation}"] = logits
    put(folder, run, number, packed)


def kept(folder: str | Path, run: str, number: int, task: Task) -> Finished | None:
    """Return a finished member of this very run; None where there is none."""
    packed = taken(folder, run, number)
    if packed is None:
        return None
    crossed = {}
    for name in packed.arrays:
        if name.startswith("crossed/"):
            _, regime, relation = name.split("/")
            crossed[regime, relation] = packed.arrays[name]
    try:
        return member_of(packed, "member", task), crossed
    except (KeyError, ValueError):
        return None  # of another version: it is trained anew


def left_over(folder: str | Path, of: int, what: str = "members") -> str:
    """Say what is left of a run that was stopped, of so many members, or of `what` else is kept one by one."""
    whole = len(list(Path(folder).glob(PATTERN)))
    kept = f"{whole} of {of} {what} are whole and kept in {folder}" if whole else f"none of {of} {what} was whole yet"
    return f"stopped: {kept}; the same command goes on from there, and a model that was there before still stands"


def clear(folder: str | Path) -> None:
    """Take away what was kept: the model is whole."""
    for path in Path(folder).glob(PATTERN):
        with suppress(FileNotFoundError):
            path.unlink()


def _file(folder: str | Path, number: int) -> Path:
    return Path(folder) / PATTERN.replace("*", str(number))
