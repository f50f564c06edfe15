"""Checkpoint: a trained Model, and how it lies on disk (one safetensors file, nothing that runs code)."""

import dataclasses
import hashlib
import json
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
from kg.output import whole_file

FILE = "model.safetensors"
FORMAT = 2
STATED = "panakeia"
"""The key of the file's metadata under which the model's JSON stands."""
OLD_FILE = "model.json"
"""What a model of format 1 has beside its arrays; it does not describe those of a later one."""


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

    `routes` is what `gnn.carriers` follows a score back by: `drugs.alike`, `diseases.alike` with each kind of likeness,
    `*.values` and `*.vectors` with the spectra of the two fused ones (for the parts of the model that are used), the
    inner `folds` that hid each known pair, and the mean `sizes` of what was sent, for each fold and with none hidden.

    Shapes: scores, priors, known and each of the contributions [drug, disease]; drugs.alike [channel, drug, treated
    drug], diseases.alike [channel, disease, disease], values [2, node], vectors [2, node, node], folds [member, known
    pair], sizes [member, fold + 1, channel].
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
    routes: Mapping[str, NDArray[Any]]

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


def save(model: Model, folder: str | Path) -> None:
    """Write a model into a folder, in place of the one that may be there.

    Raises `OSError` if it cannot be written; then the old one stands.
    """
    arrays = {"scores": model.scores, "priors": model.priors, "known": model.known}
    arrays |= {f"contributions/{part}": values for part, values in model.contributions.items()}
    arrays |= {f"routes/{name}": values for name, values in model.routes.items()}
    arrays |= {f"weights/{name}": values for name, values in model.weights.items()}
    arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    stated = {
        "format": FORMAT,
        "panakeia": version("panakeia"),
        "arrays_sha256": _sha256(save_arrays(arrays)),
        "config": dataclasses.asdict(model.config),
        "data_version": data_version(model.sources),
        "sources": [dataclasses.asdict(release) for release in model.sources],
        "listed_by": model.listed_by,
        "drugs": list(zip(model.drugs, model.drug_names, strict=True)),
        "diseases": list(zip(model.diseases, model.disease_names, strict=True)),
    }
    with whole_file(model_file(folder)) as part:
        part.write_bytes(save_arrays(arrays, {STATED: json.dumps(stated)}))
    (Path(folder) / OLD_FILE).unlink(missing_ok=True)


def model_file(folder: str | Path) -> Path:
    """Return the file in a folder that holds its model."""
    return Path(folder) / FILE


def load(folder: str | Path) -> Model:
    """Read the model in a folder.

    Raises `CheckpointError` if there is none, if it is half written or changed, or if its format is another's.
    """
    cure = "train one with `panakeia train --out DIR`"
    path = model_file(folder)
    try:
        packed = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as failure:
        raise CheckpointError(f"there is no model in {folder} ({FILE} is missing): {cure}") from failure
    if (stated := _stated(packed)) is None and (Path(folder) / OLD_FILE).exists():
        raise CheckpointError(f"the model in {folder} is of an older version, in two files: {cure} anew")
    if stated is None:
        raise CheckpointError(f"{path} is not the file of a model, or half of one: {cure}")
    if stated.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a model of format {FORMAT}: {cure} with this version")
    if _sha256(packed) != stated.get("arrays_sha256"):
        raise CheckpointError(f"{path} is half written, or was changed: {cure}")
    try:
        return _model(stated, load_arrays(packed))
    except (KeyError, TypeError, ValueError, SafetensorError) as failure:
        raise CheckpointError(f"the model in {folder} is incomplete ({failure!r}): {cure}") from failure


def _stated(packed: bytes) -> dict[str, Any] | None:
    """Return what a model's file says of itself in its header; None if it is no such file."""
    try:
        stated = json.loads(json.loads(packed[8 : _header_end(packed)])["__metadata__"][STATED])
    except (KeyError, TypeError, ValueError):
        return None
    return stated if isinstance(stated, dict) else None


def _sha256(packed: bytes) -> str:
    """Return the sum of the arrays, which stand behind the header."""
    return hashlib.sha256(memoryview(packed)[_header_end(packed) :]).hexdigest()


def _header_end(packed: bytes) -> int:
    """Return where the header ends: its length stands in the first eight bytes."""
    return 8 + int.from_bytes(packed[:8], "little")


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
        routes=_under("routes/", arrays),
    )


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
