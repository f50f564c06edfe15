"""Checkpoint: a PatientModel on disk: one safetensors file, as `gnn.checkpoint` has it for a Model."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from gnn.calibrate import Calibrator
from gnn.checkpoint import (
    FORMAT,
    STATED,
    CheckpointError,
    Packed,
    model_file,
    sha256_of,
    stated_by,
)
from gnn.config import load_config
from gnn.patients.likes import Likes
from gnn.patients.model import LATER, REGIMES, PatientModel
from gnn.patients.received import MOVED_BY, Later, Record, Vocabulary
from gnn.readout import Readout
from gnn.task import BENEFITS
from kg.graph import SourceRelease, data_version
from kg.output import whole_file


def save(model: PatientModel, folder: str | Path) -> None:
    """Write a model into a folder, in place of the one that may be there.

    Raises `OSError` if it cannot be written; then the old one stands.
    """
    packed = Packed({}, {})
    stated = pack(model, packed)
    arrays = {name: np.ascontiguousarray(values) for name, values in packed.arrays.items()}
    stated |= {
        "format": FORMAT,
        "panakeia": version("panakeia"),
        "arrays_sha256": sha256_of(save_arrays(arrays)),
        "told": packed.told,
    }
    with whole_file(model_file(folder)) as part:
        part.write_bytes(save_arrays(arrays, {STATED: json.dumps(stated)}))


def load(folder: str | Path) -> PatientModel:
    """Read the model in a folder.

    Raises `CheckpointError` if it is none of patients, or of another format, or if it is half written or changed.
    """
    packed = model_file(folder).read_bytes()
    stated = stated_by(packed) or {}
    whole = stated.get("format") == FORMAT and stated.get("arrays_sha256") == sha256_of(packed)
    try:
        if whole:
            return unpack(stated, Packed(load_arrays(packed), stated["told"]))
        why = "it is of another format, half written, or was changed"
    except (KeyError, TypeError, ValueError) as failure:
        why = f"it is incomplete ({failure!r})"
    raise CheckpointError(f"{model_file(folder)}: {why}: train one with `panakeia train --task benefits`")


def about_patients(folder: str | Path) -> bool:
    """Say whether the model in a folder is one of patients."""
    try:
        stated = stated_by(model_file(folder).read_bytes()) or {}
    except OSError:
        return False
    return bool(stated.get("config", {}).get("task") == BENEFITS.name)


Judge = tuple[Readout, Mapping[str, Calibrator]]
"""What judges the pairs of a regime, and what makes probabilities of what it says, by the name of `calibrator_for`."""


def pack_judge(packed: Packed, regime: str, judge: Judge) -> Packed:
    """Put what judges a regime into `packed`, and return that."""
    readout, calibrators = judge
    packed.arrays[f"readouts/{regime}/weight"] = readout.weight
    packed.arrays[f"readouts/{regime}/bias"] = np.array([readout.bias], np.float32)
    packed.arrays[f"readouts/{regime}/drawn"] = readout.drawn
    packed.told[f"calibrators/{regime}"] = {name: one.way for name, one in calibrators.items()}
    for name, one in calibrators.items():
        packed.arrays.update({f"calibrators/{name}/{part}": values for part, values in one.arrays().items()})
    return packed


def judge_of(packed: Packed, regime: str) -> Judge:
    """Take back what judges a regime; raises `KeyError` where that was not packed."""
    arrays = packed.arrays
    weight, bias, drawn = (arrays[f"readouts/{regime}/{name}"] for name in ("weight", "bias", "drawn"))
    calibrators = {
        name: Calibrator(way, arrays[f"calibrators/{name}/knots"], arrays[f"calibrators/{name}/values"])
        for name, way in packed.told[f"calibrators/{regime}"].items()
    }
    return Readout(weight, float(bias[0]), drawn), calibrators


def pack(model: PatientModel, packed: Packed) -> dict[str, Any]:
    """Put a model's arrays into `packed`; return what it states beside them, as JSON values."""
    arrays, words = packed.arrays, model.words
    arrays |= {f"words/{channel}": weight for channel, weight in words.weight.items()}
    arrays |= {f"record/{name}": getattr(model.record, name) for name in ("common", "whole", "side")}
    for regime, later in model.later.items():
        arrays[f"{regime}/common"] = later.common
        arrays |= {f"{regime}/moved/{name}": weights for name, weights in later.moved.items()}
    packed.sparse("likes/near", model.likes.near)
    packed.sparse("likes/treats", model.likes.treats)
    for regime, readout in model.readouts.items():
        calibrators = {name: one for name, one in model.calibrators.items() if name.partition("/")[0] == regime}
        pack_judge(packed, regime, (readout, calibrators))
    arrays["hidden"] = model.hidden
    arrays["bounds"] = np.array([*model.bounds.values()], np.float64).reshape(-1, 2)
    return {
        "config": dataclasses.asdict(model.config),
        "data_version": data_version(model.sources),
        "summary": model.summary(),
        "held_out": (
            len(model.hidden),
            hashlib.sha256(model.hidden.tobytes()).hexdigest() if len(model.hidden) else "",
        ),
        "sources": [dataclasses.asdict(release) for release in model.sources],
        "records": dict(model.records),
        "candidates": model.candidates,
        "names": model.names,
        "drugs": words.drugs,
        "data_sets": words.sources,
        "things": words.names,
        "conditions": model.likes.conditions,
        "measured": [*model.bounds],
    }


def unpack(stated: Mapping[str, Any], packed: Packed) -> PatientModel:
    """Return the model that was packed; raises `KeyError` for what is missing."""
    arrays = packed.arrays
    judges = {regime: judge_of(packed, regime) for regime in REGIMES if f"readouts/{regime}/weight" in arrays}
    things = {channel: tuple(names) for channel, names in stated["things"].items()}
    return PatientModel(
        config=load_config(None, **stated["config"]),
        sources=tuple(SourceRelease(**release) for release in stated["sources"]),
        records=stated["records"],
        hidden=arrays["hidden"],
        candidates=tuple(stated["candidates"]),
        names=tuple(stated["names"]),
        words=Vocabulary(
            tuple(stated["drugs"]),
            tuple(stated["data_sets"]),
            things,
            {channel: arrays[f"words/{channel}"] for channel in things},
        ),
        bounds=dict(zip(stated["measured"], map(tuple, arrays["bounds"].tolist()), strict=True)),
        record=Record(*(arrays[f"record/{name}"] for name in ("common", "whole", "side"))),
        later={
            regime: Later(arrays[f"{regime}/common"], {name: arrays[f"{regime}/moved/{name}"] for name in MOVED_BY})
            for regime in LATER
            if regime in judges
        },
        likes=Likes(packed.matrix("likes/near"), tuple(stated["conditions"]), packed.matrix("likes/treats")),
        readouts={regime: readout for regime, (readout, _) in judges.items()},
        calibrators={name: one for _, calibrators in judges.values() for name, one in calibrators.items()},
    )
