"""Checkpoint: a trained Model, and how it lies on disk (one safetensors file, nothing that runs code)."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from gnn.calibrate import Calibrator, Shortlist
from gnn.config import TrainConfig, load_config
from gnn.edge_weights import EdgeWeights
from gnn.likeness import Matrix, Rows, Side, Spectrum, shared_by
from gnn.model import Answers
from gnn.outlook import Senders, Surroundings
from gnn.readout import Readout
from gnn.task import REGIMES, Task
from gnn.walks import Walk, Way
from gnn.workings import Workings
from kg.files.stamp import Stamp, stamp_of
from kg.graph import SourceRelease, data_version
from kg.output import whole_file

FILE = "model.safetensors"
FORMAT = 4
STATED = "panakeia"
"""The key of the file's metadata under which the model's JSON stands."""
TOLD_BYTES = 64 << 20
"""What was said of all candidates for some nodes may take so much."""
_LONGEST_HEADER = 100_000_000
"""Bytes; the format itself allows no longer one."""
Walks = Mapping[str, Walk | str]
OLD_FILE = "model.json"
"""What a model of format 1 has beside its arrays; it does not describe those of a later one."""


class CheckpointError(ValueError):
    """A folder that holds no model that this version can read."""


@dataclass(frozen=True)
class Member:
    """One of the models whose log-odds are averaged.

    `learned` are the networks of its learned likeness, of both ends, where it has one; `readouts` are by
    `regime/relation`. What reached the answered pairs when their own fold was hidden is kept: `heard`.

    Shapes: pairs [2, pair], heard [pair, input].
    """

    learned: tuple[EdgeWeights, EdgeWeights] | None
    readouts: Mapping[str, Readout]
    pairs: Rows
    heard: Matrix


@dataclass(frozen=True)
class Model:
    """A trained model: all that it takes to score pairs, also of nodes that it has not seen.

    `sources` are the releases that it learned from, `listed_by` the names of those that state the answers, `names` what
    the nodes of both ends are called; the first `trained` of each were in the graph. `sizes` is the mean size of each
    fixed input. `calibrators` turn log-odds into probabilities, `shortlists` say from which log-odds on a candidate
    is on the list of the asked node: both by regime. Of `new` nodes, of the end that is not asked, nothing was learned,
    since all their pairs were hidden: their warm pairs have a calibrator of their own (`NEW`). `held_out` says how many
    pairs were hidden, and the sum of them.

    Shapes: sizes [input], new [node].
    """

    config: TrainConfig
    sources: tuple[SourceRelease, ...]
    listed_by: tuple[str, ...]
    names: tuple[tuple[str, ...], tuple[str, ...]]
    trained: tuple[int, int]
    around: Surroundings
    senders: Senders
    answers: Answers
    sizes: Matrix
    members: tuple[Member, ...]
    calibrators: Mapping[str, Calibrator]
    shortlists: Mapping[str, Shortlist]
    held_out: tuple[int, str] = (0, "")
    new: Rows = field(default_factory=lambda: np.empty(0, np.int64))

    @cached_property
    def workings(self) -> Workings:
        """What was worked out of it, and is kept beside it."""
        return Workings()

    @cached_property
    def told(self) -> Workings:
        """What was said of the candidates for a node, which is asked again by an explanation, a filter, another page.

        They have a bound of their own: many nodes that are asked for take no place from what all questions begin with.
        """
        return Workings(TOLD_BYTES)

    @property
    def task(self) -> Task:
        """What it was trained for."""
        return self.around.task

    def listed(self, known: bool) -> str:
        """Say whether a pair is among those that the sources list for the task: all that "known" can mean.

        A pair that is not in a list may well be known elsewhere, or known not to work: it is not called new.
        """
        lists = [f"{release.name} {release.version}" for release in self.sources if release.name in self.listed_by]
        told = f"{lists[0]}'s list" if len(lists) == 1 else f"the lists of {' and '.join(lists) or 'unnamed sources'}"
        return f"in {told}" if known else f"not in {told}"

    def summary(self) -> dict[str, Any]:
        """Return what was trained, on what, in a few words."""
        subject, target = (column + "s" for column in self.task.columns)
        readouts = [readout for member in self.members for readout in member.readouts.values()]
        networks = [network for member in self.members for network in member.learned or ()]
        return {
            "task": self.config.task,
            "seed": self.config.seed,
            "data_version": data_version(self.sources),
            subject: self.around.shape[0],
            target: self.around.shape[1],
            "known_pairs": int(self.answers.known[self.task.relation].nnz),
            "held_out_pairs": self.held_out[0],
            "parameters": sum(len(readout.weight) + 1 for readout in readouts)
            + sum(array.size for network in networks for array in dataclasses.astuple(network)),
        }


def save(model: Model, folder: str | Path) -> None:
    """Write a model into a folder, in place of the one that may be there.

    Raises `OSError` if it cannot be written; then the old one stands.
    """
    packed = Packed({}, {})
    for name, side in _ends(model.around):
        _pack_side(packed, name, side)
    for end in ("subjects", "objects"):
        packed.arrays[f"senders/{end}"] = getattr(model.senders, end)
    for relation, known in model.answers.known.items():
        packed.sparse(f"answers/{relation}", known)
    for relation, factors in model.answers.factors.items():
        packed.arrays.update({f"factors/{relation}/{place}": values for place, values in enumerate(factors)})
    packed.arrays.update({f"regressed/{relation}": values for relation, values in model.answers.regressed.items()})
    for number, member in enumerate(model.members):
        pack_member(packed, f"members/{number}", member)
    packed.arrays.update({"sizes": model.sizes, "new": model.new})
    for regime, calibrator in model.calibrators.items():
        packed.arrays.update({f"calibrators/{regime}/{name}": one for name, one in calibrator.arrays().items()})
    arrays = {name: np.ascontiguousarray(values) for name, values in packed.arrays.items()}
    stated = {
        "format": FORMAT,
        "panakeia": version("panakeia"),
        "arrays_sha256": sha256_of(save_arrays(arrays)),
        "config": dataclasses.asdict(model.config),
        "data_version": data_version(model.sources),
        "sources": [dataclasses.asdict(release) for release in model.sources],
        "listed_by": model.listed_by,
        "names": model.names,
        "nodes": [side.nodes for _, side in _ends(model.around)],
        "calibrated": {regime: one.way for regime, one in model.calibrators.items()},
        "shortlists": {regime: dataclasses.astuple(one) for regime, one in model.shortlists.items()},
        "held_out": model.held_out,
        "summary": model.summary(),
        "told": packed.told,
    }
    with whole_file(model_file(folder)) as part:
        part.write_bytes(save_arrays(arrays, {STATED: json.dumps(stated)}))
    (Path(folder) / OLD_FILE).unlink(missing_ok=True)


def model_file(folder: str | Path) -> Path:
    """Return the file in a folder that holds its model."""
    return Path(folder) / FILE


def about(folder: str | Path) -> dict[str, Any] | None:
    """Return what the model in a folder says of itself, without reading it; None if there is none of this format."""
    path = model_file(folder)
    if (stamp := stamp_of(path)) is None:
        return None
    try:
        found = _stated_in(path, stamp)
    except OSError:
        return None
    return found if found and found.get("format") == FORMAT else None


@lru_cache(maxsize=4)  # who names a task, or opens a page, asks it of each model: a header has all names of nodes
def _stated_in(path: Path, stamp: Stamp) -> dict[str, Any] | None:
    """Return what a model's file says in its header, read once for as long as the file is that of the stamp."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return stated_by(size.to_bytes(8, "little") + file.read(min(size, _LONGEST_HEADER)))


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
    if (stated := stated_by(packed)) is None and (Path(folder) / OLD_FILE).exists():
        raise CheckpointError(f"the model in {folder} is of an older version, in two files: {cure} anew")
    if stated is None:
        raise CheckpointError(f"{path} is not the file of a model, or half of one: {cure}")
    if stated.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a model of format {FORMAT}: {cure} with this version")
    if sha256_of(packed) != stated.get("arrays_sha256"):
        raise CheckpointError(f"{path} is half written, or was changed: {cure}")
    try:
        return _model(stated, Packed(load_arrays(packed), stated["told"]))
    except (KeyError, TypeError, ValueError, SafetensorError) as failure:
        raise CheckpointError(f"the model in {folder} is incomplete ({failure!r}): {cure}") from failure


@dataclass(frozen=True)
class Packed:
    """Arrays by name, and what they do not say themselves: shapes of sparse ones, names of doors."""

    arrays: dict[str, NDArray[Any]]
    told: dict[str, Any]

    def sparse(self, name: str, matrix: sp.csr_array) -> None:
        """Put a sparse matrix among the arrays."""
        self.told[name] = list(matrix.shape)
        self.arrays[f"{name}/data"] = matrix.data.astype(np.float32)
        self.arrays[f"{name}/indices"] = matrix.indices.astype(np.int32)
        self.arrays[f"{name}/indptr"] = matrix.indptr.astype(np.int32)

    def matrix(self, name: str) -> sp.csr_array:
        """Take a sparse matrix back."""
        parts = tuple(self.arrays[f"{name}/{part}"] for part in ("data", "indices", "indptr"))
        return sp.csr_array(parts, shape=tuple(self.told[name]))


def _ends(around: Surroundings) -> tuple[tuple[str, Side], tuple[str, Side]]:
    return ("subjects", around.subjects), ("objects", around.objects)


def _pack_side(packed: Packed, name: str, side: Side) -> None:
    doors: dict[tuple[str, ...], int] = {}
    for group, ways in (("ways", side.ways), ("meets", side.meets)):
        packed.told[f"{name}/{group}"] = [[way, doors.setdefault(one.doors, len(doors))] for way, one in ways.items()]
        for way, one in ways.items():
            packed.arrays[f"{name}/{group}/{way}/damped"] = one.damped
            if one.onward is not None:
                packed.sparse(f"{name}/{group}/{way}/onward", one.onward)
            packed.sparse(f"{name}/{group}/{way}/reached", one.reached)
    packed.told[f"{name}/doors"] = [list(names) for names in doors]
    packed.told[f"{name}/powers"] = [spectrum.power for spectrum in side.spectra]
    for spectrum in side.spectra:
        packed.arrays[f"{name}/spectra/{spectrum.power}/values"] = spectrum.values
        packed.arrays[f"{name}/spectra/{spectrum.power}/vectors"] = spectrum.vectors


def _side(packed: Packed, name: str, kind: str, nodes: tuple[str, ...], walks: Walks) -> Side:
    doors = [tuple(names) for names in packed.told[f"{name}/doors"]]
    groups: list[dict[str, Way]] = []
    for group in ("ways", "meets"):
        found = {}
        for way, place in packed.told[f"{name}/{group}"]:
            stem = f"{name}/{group}/{way}"
            onward = packed.matrix(f"{stem}/onward") if f"{stem}/onward" in packed.told else None
            found[way] = Way(packed.matrix(f"{stem}/reached"), doors[place], packed.arrays[f"{stem}/damped"], onward)
        groups.append(found)
    spectra = tuple(
        Spectrum(
            packed.arrays[f"{name}/spectra/{power}/values"], packed.arrays[f"{name}/spectra/{power}/vectors"], power
        )
        for power in packed.told[f"{name}/powers"]
    )
    return Side(kind, nodes, walks, *groups, shared_by(groups[0], walks), spectra)


_EDGE_WEIGHTS = tuple(field.name for field in dataclasses.fields(EdgeWeights))


def pack_member(packed: Packed, name: str, member: Member) -> None:
    """Put a member among the arrays, under a name."""
    for end, network in zip(("subjects", "objects"), member.learned or (), strict=False):
        packed.arrays.update({f"{name}/learned/{end}/{field}": getattr(network, field) for field in _EDGE_WEIGHTS})
    for which, readout in member.readouts.items():
        packed.arrays[f"{name}/readouts/{which}/weight"] = readout.weight
        packed.arrays[f"{name}/readouts/{which}/bias"] = np.array([readout.bias], np.float32)
        packed.arrays[f"{name}/readouts/{which}/drawn"] = readout.drawn
    packed.arrays.update({f"{name}/pairs": member.pairs, f"{name}/heard": member.heard})
    packed.told[f"{name}/learned"] = member.learned is not None


def member_of(packed: Packed, name: str, task: Task) -> Member:
    """Take a member back."""
    learned = None
    if packed.told[f"{name}/learned"]:
        over, across = (
            EdgeWeights(*(packed.arrays[f"{name}/learned/{end}/{field}"] for field in _EDGE_WEIGHTS))
            for end in ("subjects", "objects")
        )
        learned = over, across
    readouts = {}
    for which in (f"{regime}/{relation}" for regime in REGIMES for relation in task.labels):
        stem = f"{name}/readouts/{which}"
        bias = float(packed.arrays[f"{stem}/bias"][0])
        readouts[which] = Readout(packed.arrays[f"{stem}/weight"], bias, packed.arrays[f"{stem}/drawn"])
    return Member(learned, readouts, packed.arrays[f"{name}/pairs"], packed.arrays[f"{name}/heard"])


def _model(stated: Mapping[str, Any], packed: Packed) -> Model:
    config = load_config(None, **stated["config"])
    task, (subjects, objects) = config.about, (tuple(nodes) for nodes in stated["nodes"])
    around = Surroundings(
        task,
        _side(packed, "subjects", task.subject, subjects, task.walks_from("subject")),
        _side(packed, "objects", task.object, objects, task.walks_from("object")),
    )
    known = {relation: packed.matrix(f"answers/{relation}") for relation in task.labels}
    factors = {
        relation: (packed.arrays[f"factors/{relation}/0"], packed.arrays[f"factors/{relation}/1"])
        for relation in task.labels
        if f"factors/{relation}/0" in packed.arrays
    }
    regressed = {
        relation: packed.arrays[f"regressed/{relation}"]
        for relation in task.labels
        if f"regressed/{relation}" in packed.arrays
    }
    members = sum(1 for name in packed.told if name.startswith("members/"))
    return Model(
        config=config,
        sources=tuple(SourceRelease(**release) for release in stated["sources"]),
        listed_by=tuple(stated["listed_by"]),
        names=(tuple(stated["names"][0]), tuple(stated["names"][1])),
        trained=around.shape,
        around=around,
        senders=Senders(packed.arrays["senders/subjects"], packed.arrays["senders/objects"]),
        answers=Answers(known, factors, regressed),
        sizes=packed.arrays["sizes"],
        members=tuple(member_of(packed, f"members/{number}", task) for number in range(members)),
        calibrators={
            regime: Calibrator(way, *(packed.arrays[f"calibrators/{regime}/{name}"] for name in ("knots", "values")))
            for regime, way in stated["calibrated"].items()
        },
        shortlists={regime: Shortlist(*parts) for regime, parts in stated["shortlists"].items()},
        held_out=(stated["held_out"][0], stated["held_out"][1]),
        new=packed.arrays["new"],
    )


def stated_by(packed: bytes) -> dict[str, Any] | None:
    """Return what a model's file says of itself in its header; None if it is no such file."""
    try:
        stated = json.loads(json.loads(packed[8 : _header_end(packed)])["__metadata__"][STATED])
    except (KeyError, TypeError, ValueError):
        return None
    return stated if isinstance(stated, dict) else None


def sha256_of(packed: bytes) -> str:
    """Return the sum of the arrays, which stand behind the header."""
    return hashlib.sha256(memoryview(packed)[_header_end(packed) :]).hexdigest()


def _header_end(packed: bytes) -> int:
    """Return where the header ends: its length stands in the first eight bytes."""
    return 8 + int.from_bytes(packed[:8], "little")
