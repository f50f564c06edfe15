"""Checkpoint: a trained Model, and how it lies on disk (safetensors and JSON, nothing that runs code)."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from gnn.config import TrainConfig, load_config
from kg.graph import SourceRelease, data_version

CONFIG, ARRAYS = "model.json", "model.safetensors"
FORMAT = 1


class CheckpointError(ValueError):
    """A folder that holds no model that this version can read."""


@dataclass(frozen=True)
class Model:
    """A trained model, with what it says of every pair.

    `scores` is like a probability that the pair stands in the list of known treatments, `priors` the same from the two
    degrees alone, `known` the edges it learned from. The score of a known pair comes from messages that its own edge
    was hidden from. `contributions[part]` is what a part of the model adds to the logit of the score, beyond what it
    adds for the average pair. `weights` are the networks' parameters, `sources` the releases that it learned from, and
    `listed_by` the names of those that state the task's relation.

    Shapes: scores, priors, known and each of the contributions [drug, disease].
    """

    config: TrainConfig
    sources: tuple[SourceRelease, ...]
    listed_by: tuple[str, ...]
    drugs: tuple[str, ...]
    drug_names: tuple[str, ...]
    diseases: tuple[str, ...]
    disease_names: tuple[str, ...]
    scores: NDArray[np.float32]
    priors: NDArray[np.float32]
    known: NDArray[np.bool_]
    contributions: Mapping[str, NDArray[np.float32]]
    weights: Mapping[str, NDArray[np.float32]]

    def listed(self, known: bool) -> str:
        """Say whether a pair is among those that the sources list for the task: all that "known" can mean.

        A pair that is not in a list may well be known elsewhere, or known not to work: it is not called new.
        """
        lists = [f"{release.name} {release.version}" for release in self.sources if release.name in self.listed_by]
        told = f"{lists[0]}'s list" if len(lists) == 1 else f"the lists of {' and '.join(lists) or 'unnamed sources'}"
        return f"in {told}" if known else f"not in {told}"

    def summary(self) -> dict[str, Any]:
        """Return what was trained, on what, in a few words."""
        return {
            "task": self.config.task,
            "seed": self.config.seed,
            "data_version": data_version(self.sources),
            "drugs": len(self.drugs),
            "diseases": len(self.diseases),
            "known_pairs": int(self.known.sum()),
            "parameters": sum(weight.size for weight in self.weights.values()),
        }


def save(model: Model, folder: Path) -> None:
    """Write a model into a folder, in place of the one that may be there."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"scores": model.scores, "priors": model.priors, "known": model.known}
    arrays |= {f"contributions/{part}": values for part, values in model.contributions.items()}
    arrays |= {f"weights/{name}": values for name, values in model.weights.items()}
    packed = save_arrays({name: np.ascontiguousarray(values) for name, values in arrays.items()})
    stated = {
        "format": FORMAT,
        "panakeia": version("panakeia"),
        "arrays_sha256": hashlib.sha256(packed).hexdigest(),
        "config": dataclasses.asdict(model.config),
        "data_version": data_version(model.sources),
        "sources": [dataclasses.asdict(release) for release in model.sources],
        "listed_by": model.listed_by,
        "drugs": list(zip(model.drugs, model.drug_names, strict=True)),
        "diseases": list(zip(model.diseases, model.disease_names, strict=True)),
    }
    for name, content in ((ARRAYS, packed), (CONFIG, json.dumps(stated, indent=1).encode())):
        beside = folder / f".{name}.{os.getpid()}"
        beside.write_bytes(content)
        beside.replace(folder / name)


def load(folder: Path) -> Model:
    """Read the model in a folder.

    Raises `CheckpointError` if there is none, if its two files do not belong together, or if its format is another's.
    """
    cure = "train one with `panakeia train --out DIR`"
    try:
        stated = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        packed = (folder / ARRAYS).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as failure:
        raise CheckpointError(f"there is no model in {folder} ({failure.filename} is missing): {cure}") from failure
    except ValueError as failure:
        raise CheckpointError(f"{folder / CONFIG} is not the JSON of a model ({failure}): {cure}") from failure
    if not isinstance(stated, dict) or stated.get("format") != FORMAT:
        raise CheckpointError(f"{folder / CONFIG} is not a model of format {FORMAT}: {cure} with this version")
    if hashlib.sha256(packed).hexdigest() != stated.get("arrays_sha256"):
        raise CheckpointError(f"{folder / ARRAYS} does not belong to {CONFIG} (half written, or changed): {cure}")
    try:
        return _model(stated, load_arrays(packed))
    except (KeyError, TypeError, ValueError, SafetensorError) as failure:
        raise CheckpointError(f"the model in {folder} is incomplete ({failure!r}): {cure}") from failure


def _model(stated: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Model:
    drugs, drug_names = zip(*stated["drugs"], strict=True)
    diseases, disease_names = zip(*stated["diseases"], strict=True)
    return Model(
        config=load_config(None, **stated["config"]),
        sources=tuple(SourceRelease(**release) for release in stated["sources"]),
        listed_by=tuple(stated["listed_by"]),
        drugs=drugs,
        drug_names=drug_names,
        diseases=diseases,
        disease_names=disease_names,
        scores=arrays["scores"],
        priors=arrays["priors"],
        known=arrays["known"],
        contributions=_under("contributions/", arrays),
        weights=_under("weights/", arrays),
    )


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
