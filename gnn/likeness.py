"""Likeness: what the nodes at one end of a task are like, by each walk and attribute, and all of these fused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from gnn.attributes import ATTRIBUTES, Row
from gnn.walks import Walk, Way, first_relation, way
from kg.schema import RELATIONS

if TYPE_CHECKING:
    from gnn.view import View

Matrix = NDArray[np.float32]
Rows = NDArray[np.int64]

WHOLE = 4_000
"""Up to how many nodes the spectrum of a likeness is computed whole; of more, its first `RANK` dimensions."""

RANK = 256

SELF = 0.5
"""How much a node is among the things that it shares, where these are nodes like itself."""


@dataclass(frozen=True)
class Spectrum:
    """The eigenvalues and vectors of a fused likeness to a power. Shapes: values [rank], vectors [node, rank]."""

    values: Matrix
    vectors: Matrix
    power: int


@dataclass(frozen=True)
class Side:
    """The nodes at one end of a task.

    `ways` are the walks and attributes by which they are alike, and `shared` what each node reaches by them, of length
    1 (or 0, where it reaches nothing), so that a product of two rows is their likeness (a cosine). `meets` are the
    walks of the chains. `spectra` are of the mean likeness and, for small sides, of its square. `walks` says of each
    way and meeting where it goes first.

    Shapes: shared[name], meets[name].reached [node, thing].
    """

    kind: str
    nodes: tuple[str, ...]
    walks: Mapping[str, Walk | str]
    ways: Mapping[str, Way]
    meets: Mapping[str, Way]
    shared: Mapping[str, sp.csr_array]
    spectra: tuple[Spectrum, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of all fixed likenesses, the fused ones last."""
        return (*self.shared, *FUSED)

    def alike(self, rows: Rows, others: Rows) -> Matrix:
        """Return how much alike these nodes are, by each of `channels`; a node is not alike itself.

        Shapes: rows [row], others [other] -> [channel, row, other].
        """
        return self.alike_by((rows, self.of(rows)), (others, [one.T for one in self.of(others)]))

    def of(self, nodes: Rows) -> list[sp.csr_array]:
        """Return what these nodes share, by each of `shared`. Shapes: [node, thing] each."""
        return [vectors[nodes] for vectors in self.shared.values()]

    def alike_by(self, mine: tuple[Rows, Sequence[sp.csr_array]], theirs: tuple[Rows, Sequence[sp.sparray]]) -> Matrix:
        """Return how much alike nodes are, of which it is known what they share (`of`; `theirs` [thing, node] each)."""
        (rows, ours), (others, across) = mine, theirs
        same = np.nonzero(rows[:, None] == others[None, :])
        found = np.zeros((len(self.channels), len(rows), len(others)), np.float32)
        for place, (here, there) in enumerate(zip(ours, across, strict=True)):
            (here @ there).toarray(out=found[place])
            found[place][same] = 0
        if self.shared:
            found[-2] = found[: len(self.shared)].mean(0)
        found[-1] = found[-2] ** 3
        return found

    def mean_among(self, rows: Rows) -> Matrix:
        """Return the mean likeness among these nodes, of each to itself 1. Shapes: [row, row]."""
        found = np.zeros((len(rows), len(rows)), np.float32)
        for vectors in self.shared.values():
            found += (vectors[rows] @ vectors[rows].T).toarray() / np.float32(len(self.shared))
        np.fill_diagonal(found, 1)
        return found

    def joined_by(self, newcomers: Sequence["Newcomer"]) -> "Side":
        """Return this side with more nodes at its end.

        Their place in the spectra follows from their likeness to the others (Nystrom's formula).
        """
        if not newcomers:
            return self
        ways = {name: _joined(one, newcomers, self.walks[name]) for name, one in self.ways.items()}
        meets = {name: _joined(one, newcomers, self.walks[name]) for name, one in self.meets.items()}
        shared = {
            name: sp.vstack([self.shared[name], unit(one.reached[len(self.nodes) :], itself(self.walks[name]))], "csr")
            for name, one in ways.items()
        }
        old, new = np.arange(len(self.nodes)), np.arange(len(newcomers)) + len(self.nodes)
        mean = sum((vectors[new] @ vectors[old].T).toarray() for vectors in shared.values()) / max(len(shared), 1)
        spectra = tuple(_placed(spectrum, mean) for spectrum in self.spectra)
        nodes = (*self.nodes, *(newcomer.id for newcomer in newcomers))
        return replace(self, nodes=nodes, ways=ways, meets=meets, shared=shared, spectra=spectra)


@dataclass(frozen=True)
class Newcomer:
    """A node that a model has not seen: where its first steps lead, by relation, and its own columns."""

    id: str
    name: str
    row: Row
    ends: Mapping[str, Sequence[str]]

    def firsts(self, walk: Walk | str) -> Sequence[str]:
        """Return the doors to which the first step of a walk leads, or the tokens of an attribute."""
        if isinstance(walk, str):
            return sorted(set(ATTRIBUTES[walk][1](self.row)))
        return self.ends.get(walk[0], ()) if walk else (self.id,)


def _joined(one: Way, newcomers: Sequence[Newcomer], walk: Walk | str) -> Way:
    more = one.of([newcomer.firsts(walk) for newcomer in newcomers])
    return replace(one, reached=sp.vstack([one.reached, more], format="csr"))


def _placed(spectrum: Spectrum, mean: Matrix) -> Spectrum:
    """Return a spectrum with more nodes. Shapes: mean [new node, node]."""
    told = spectrum.values > 1e-3 * spectrum.values.max(initial=0)
    scale = np.where(told, 1 / np.where(told, spectrum.values, 1), 0)
    vectors = (mean**spectrum.power) @ spectrum.vectors[: mean.shape[1]] * scale
    return replace(spectrum, vectors=np.vstack([spectrum.vectors, vectors.astype(np.float32)]))


FUSED = ("mean", "sharp")
"""The mean of all likenesses, and its cube."""


def side(view: "View", kind: str, walks: Mapping[str, Walk | str], meeting: Mapping[str, Walk | str]) -> Side:
    """Look at the nodes of a kind: by which walks they are alike, and by which they may meet the other end."""
    ways = {name: one for name, walk in walks.items() if (one := way(view, kind, walk)).reached.nnz}
    meets = {name: way(view, kind, walk) for name, walk in meeting.items()}
    nodes = tuple(view.curies.get(kind, ()))
    shared = shared_by(ways, walks)
    return Side(kind, nodes, {**walks, **meeting}, ways, meets, shared, _spectra(shared, len(nodes)))


def met(subjects: Side, objects: Side) -> tuple[Side, Side]:
    """Let the attributes of the chains meet: in the tokens that nodes at both ends have."""
    meets = [dict(subjects.meets), dict(objects.meets)]
    for name in subjects.meets:
        if isinstance(subjects.walks[name], str):
            ways = [side[name] for side in meets]
            tokens = sorted(set(ways[0].doors) & set(ways[1].doors))
            for side, way in zip(meets, ways, strict=True):
                side[name] = way.to(tokens)
    return replace(subjects, meets=meets[0]), replace(objects, meets=meets[1])


def shared_by(ways: Mapping[str, Way], walks: Mapping[str, Walk | str]) -> dict[str, sp.csr_array]:
    """Return what nodes reach by each way, as rows of length 1."""
    return {name: unit(one.reached, itself(walks[name])) for name, one in ways.items()}


def itself(walk: Walk | str) -> float:
    """Return how much a node is among the things that it reaches by a walk: only where one step leads to its like."""
    relation = first_relation(walk)
    return SELF if relation and len(walk) == 1 and RELATIONS[relation].symmetric else 0.0


def unit(reached: sp.csr_array, itself: float) -> sp.csr_array:
    """Return rows of length 1, or 0 where there is nothing, the node itself being among the things to this extent.

    Where the matrix is not square, the nodes are none of the things: their own share is in the length alone.

    Shapes: [node, thing].
    """
    own = itself**2
    if itself and reached.shape[0] == reached.shape[1]:
        reached, own = (reached + itself * sp.eye_array(reached.shape[0], dtype=np.float32)).tocsr(), 0
    length = np.sqrt(np.asarray(reached.multiply(reached).sum(axis=1)).ravel() + own)
    scaled = sp.diags_array(np.where(length > 0, 1 / np.maximum(length, 1e-12), 0)) @ reached
    return scaled.tocsr().astype(np.float32)


def _spectra(shared: Mapping[str, sp.csr_array], count: int) -> tuple[Spectrum, ...]:
    if not shared or not count:
        return ()
    stacked = sp.hstack([*shared.values()], format="csr") / np.sqrt(len(shared))
    if count > WHOLE:
        random = np.random.default_rng(0)  # only the start of the iteration: the result does not depend on it
        left, sizes, _ = svds(stacked, k=min(RANK, min(stacked.shape) - 1), v0=random.random(min(stacked.shape)))
        order = np.argsort(-sizes)
        return (Spectrum((sizes[order] ** 2).astype(np.float32), left[:, order].astype(np.float32), 1),)
    mean = (stacked @ stacked.T).toarray()
    np.fill_diagonal(mean, 1)
    return tuple(_spectrum(mean, power) for power in (1, 2))


def _spectrum(kernel: Matrix, power: int) -> Spectrum:
    values, vectors = np.linalg.eigh(kernel**power)
    return Spectrum(np.maximum(values, 0).astype(np.float32), vectors.astype(np.float32), power)
