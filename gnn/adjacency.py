"""Adjacency: who sends to whom by each relation, in memory or in files that are only looked into, read from a store."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gnn.view import LEARNED_KINDS, LEARNED_RELATIONS, View
from kg.output import whole_folder
from kg.query.known import identifiers
from kg.schema import NODE_KINDS, RELATIONS, Step
from kg.stores.protocol import Store

EdgeType = tuple[str, str, str]
"""The kind that sends, a relation, or `rev_` and a relation against its arrow, and the kind that hears."""

REVERSE = "rev_"

NODES_AT_ONCE = 20_000
"""How many nodes' edges are asked of a store at a time."""

COUNTS = "nodes.json"
"""The file that says how many nodes of each kind there are, in a folder with an adjacency's arrays."""


class Incoming(NamedTuple):
    """The edges of one type by the node that hears: node i hears `senders[starts[i] : starts[i + 1]]`.

    Shapes: starts [node + 1], senders [edge].
    """

    starts: NDArray[np.int64]
    senders: NDArray[np.int32]

    def ends(self) -> NDArray[np.int64]:
        """Return each edge's sender and hearer. Shapes: [2, edge]."""
        return np.stack(
            [self.senders.astype(np.int64), np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))]
        )


@dataclass(frozen=True)
class Adjacency:
    """A graph's structure: the number of nodes of each kind, and every edge both ways. Rows are those of a `View`."""

    counts: Mapping[str, int]
    incoming: Mapping[EdgeType, Incoming]

    def edges(self, relation: str) -> NDArray[np.int64]:
        """Return the subject and the object of a relation's edges; of a symmetric one, each both ways.

        Shapes: [2, edge]. Raises `KeyError` where there is none.
        """
        ends = RELATIONS[relation]
        return self.incoming[ends.subject, relation, ends.object].ends()

    def touching(self, kinds: Collection[str]) -> "Adjacency":
        """Return only the relations that touch one of these kinds."""
        near = {ends: edges for ends, edges in self.incoming.items() if {ends[0], ends[2]} & set(kinds)}
        return replace(self, incoming=near)

    def without(self, subject: str, target: str, pairs: NDArray[np.int64]) -> "Adjacency":
        """Return the structure without any edge, of whatever relation, between these pairs.

        Shapes: pairs [2, pair], rows of a subject's kind and of a target's.
        """
        left = dict(self.incoming)
        for (sender, relation, hearer), edges in self.incoming.items():
            hidden = [
                ends[0] * self.counts[hearer] + ends[1]
                for kinds, ends in (((subject, target), pairs), ((target, subject), pairs[::-1]))
                if kinds == (sender, hearer)
            ]
            if hidden:
                ends = edges.ends()
                kept = ~np.isin(ends[0] * self.counts[hearer] + ends[1], np.concatenate(hidden))
                left[sender, relation, hearer] = by_hearer(ends[:, kept], self.counts[hearer])
        return replace(self, incoming=left)


def by_hearer(ends: NDArray[np.int64], hearers: int) -> Incoming:
    """Sort edges, a sender and a hearer each, by the hearer. Shapes: ends [2, edge]."""
    order = np.lexsort(ends)
    starts = np.zeros(hearers + 1, np.int64)
    np.cumsum(np.bincount(ends[1], minlength=hearers), out=starts[1:])
    return Incoming(starts, ends[0, order].astype(np.int32))


def adjacency(view: View) -> Adjacency:
    """Return the structure of a view, in memory."""
    counts = {kind: view.count(kind) for kind in view.curies}
    incoming = {}
    for _, relation, _ in view.data.edge_types:
        incoming |= _both_ways(relation, view.edges(relation), counts)
    return Adjacency(counts, incoming)


def write_adjacency(store: Store, folder: Path, relations: Collection[str] = LEARNED_RELATIONS) -> None:
    """Read the structure of a store's graph into a folder, relation by relation.

    The whole graph is never in memory: the identifiers of all nodes are, and the rows of one relation's edges.
    """
    with whole_folder(folder) as part:
        ids = {kind: _candidates(store, kind) for kind in NODE_KINDS if kind in LEARNED_KINDS}
        ids = {kind: those for kind, those in ids.items() if len(those)}
        counts = {kind: len(those) for kind, those in ids.items()}
        (part / COUNTS).write_text(json.dumps(counts), encoding="utf-8")
        for relation in relations:
            ends = RELATIONS[relation]
            if {ends.subject, ends.object} <= counts.keys():
                found = list(_read(store, Step(relation, True), ids[ends.subject], ids[ends.object]))
                if found:
                    _save(part, _both_ways(relation, np.concatenate(found, axis=1), counts))


def open_adjacency(folder: Path) -> Adjacency:
    """Open what `write_adjacency` wrote: arrays of which only what is looked at is read into memory."""
    incoming = {}
    for path in sorted(folder.glob("*.starts.npy")):
        name = path.name.removesuffix(".starts.npy")
        sender, relation, hearer = name.split("-")
        senders = np.load(folder / f"{name}.senders.npy", mmap_mode="r")
        incoming[sender, relation, hearer] = Incoming(np.load(path, mmap_mode="r"), senders)
    return Adjacency(json.loads((folder / COUNTS).read_text(encoding="utf-8")), incoming)


def _candidates(store: Store, kind: str) -> pa.Array:
    """Return the identifiers of a kind's nodes in order; drugs and diseases are those that a view has."""
    ids = identifiers(store, kind)
    if kind in {"Drug", "Disease"}:
        ids = ids.filter(pc.starts_with(ids, NODE_KINDS[kind].prefixes[0] + ":"))
    return ids


def _read(store: Store, step: Step, subjects: pa.Array, objects: pa.Array) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of a step's edges, those of some nodes at a time. Shapes: [2, edge]."""
    for first in range(0, len(subjects), NODES_AT_ONCE):
        asked = subjects.slice(first, NODES_AT_ONCE)
        led = [(start, ends) for _, start, ends in store.follow({step: asked.to_pylist()})]
        if led:
            starts = pc.index_in(pa.array([start for start, _ in led]), asked).to_numpy().astype(np.int64) + first
            ends = pa.array([end for _, ends in led for end in ends], pa.string())
            places = pc.fill_null(pc.index_in(ends, objects), -1).to_numpy().astype(np.int64)
            rows = np.stack([np.repeat(starts, [len(ends) for _, ends in led]), places])
            yield rows[:, places >= 0]


def _both_ways(relation: str, rows: NDArray[np.int64], counts: Mapping[str, int]) -> dict[EdgeType, Incoming]:
    """Return each edge once, however often it is stated, and its reverse. Shapes: rows [2, edge]."""
    ends = RELATIONS[relation]
    if ends.symmetric:
        rows = np.concatenate([rows, rows[::-1]], axis=1)
    rows = np.stack(np.divmod(np.unique(rows[0] * counts[ends.object] + rows[1]), counts[ends.object]))
    found = {(ends.subject, relation, ends.object): by_hearer(rows, counts[ends.object])}
    if not ends.symmetric:
        found[ends.object, REVERSE + relation, ends.subject] = by_hearer(rows[::-1], counts[ends.subject])
    return found


def _save(folder: Path, incoming: Mapping[EdgeType, Incoming]) -> None:
    for ends, edges in incoming.items():
        np.save(folder / f"{'-'.join(ends)}.starts.npy", edges.starts)
        np.save(folder / f"{'-'.join(ends)}.senders.npy", edges.senders)
