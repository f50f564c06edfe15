"""Held: what of a graph's file is asked most, in memory: names, degrees, and edges with who states them; no patient.

Who answers many questions of one graph reads it once (`kg.stores.held_file`) and shares it between all threads: it
never changes, and belongs to the very file that it was read from (`stamp`). All else is asked of the store.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kg.audit import Audit
from kg.files.stamp import Stamp
from kg.filter import EVERYTHING, Filter
from kg.graph import Evidence, Graph, SourceRelease
from kg.progress import Progress, silent
from kg.schema import PERSON, RELATIONS, STEPS, Step
from kg.stores.held_names import Names
from kg.stores.hidden import WithoutPatients
from kg.stores.protocol import NOTHING, Hop, Key, Known, Store

_STEPS = tuple(STEPS.values())
Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class Nodes:
    """The nodes of a kind: their place by identifier, and their degrees, `starts[i]` to `starts[i + 1]` of node i.

    `turns` says of each which it is of all, by name and identifier. Shapes: turns [node]; starts [node + 1]; steps,
    degrees [degree].
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    places: Mapping[str, int]
    turns: Numbers
    starts: Numbers
    steps: NDArray[np.int16]
    degrees: Numbers

    @classmethod
    def of(cls, rows: pa.Table) -> "Nodes":
        numbers = pa.array([str(step) for step in _STEPS])
        steps, degrees = (rows[name].combine_chunks() for name in ("steps", "degrees"))
        known = pc.fill_null(pc.index_in(pc.list_flatten(steps), numbers), -1).to_numpy()
        ids = tuple(rows["id"].to_pylist())
        turns = np.empty(len(ids), np.int32)
        turns[pc.sort_indices(rows, [("name", "ascending"), ("id", "ascending")]).to_numpy()] = np.arange(len(ids))
        return cls(
            ids,
            tuple(rows["name"].to_pylist()),
            {one: place for place, one in enumerate(ids)},
            turns,
            np.concatenate([[0], np.cumsum(pc.list_value_length(steps).to_numpy())]).astype(np.int32),
            known.astype(np.int16),
            pc.list_flatten(degrees).to_numpy().astype(np.int32),
        )

    def known(self, place: int) -> Known:
        """Return what is known of a node."""
        part = slice(self.starts[place], self.starts[place + 1])
        steps, degrees = self.steps[part].tolist(), self.degrees[part].tolist()
        return Known(
            self.names[place], {_STEPS[step]: count for step, count in zip(steps, degrees, strict=True) if step >= 0}
        )


@dataclass(frozen=True)
class Led:
    """Where a step leads: from node i of its kind to `ends[starts[i]:starts[i + 1]]`, once for each statement.

    What each states is `said[stated]`. Shapes: starts [node + 1]; ends, stated [edge].
    """

    starts: Numbers
    ends: Numbers
    stated: Numbers
    said: tuple[Evidence, ...]

    @classmethod
    def of(cls, edges: tuple[Numbers, Numbers], count: int, statements: tuple[Numbers, tuple[Evidence, ...]]) -> "Led":
        """Take in edges by where they begin and end, from so many nodes, and what each states."""
        (origins, ends), (stated, said) = edges, statements
        order = np.argsort(origins, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(origins, minlength=count))])
        return cls(starts.astype(np.int32), ends[order], stated[order], said)

    def part(self, place: int) -> slice:
        """Return where the edges of a node are."""
        return slice(self.starts[place], self.starts[place + 1])


@dataclass(frozen=True)
class HeldGraph:
    """What is held of a graph, and the stamp of its file."""

    stamp: Stamp
    releases: tuple[SourceRelease, ...]
    names: Names
    nodes: Mapping[str, Nodes]
    led: Mapping[Step, Led]

    def leads(self, step: Step) -> bool:
        """Whether it is known here where a step leads: not to patients, nor by what may be negated."""
        return PERSON not in (step.start, step.end) and not step.holds("r", "y")

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many nodes there are of each kind, and edges of each relation, but of those of patients."""
        edges = {}
        for name, relation in RELATIONS.items():
            if PERSON not in (relation.subject, relation.object):
                led = self.led.get(Step(name, True))
                edges[name] = 0 if led is None else len(led.ends) // (2 if relation.symmetric else 1)
        return {kind: len(nodes.ids) for kind, nodes in self.nodes.items()}, edges

    def follow(self, step: Step, ids: Collection[str]) -> Iterator[tuple[Step, str, list[str]]]:
        """Yield the nodes that a step leads to, as a store does."""
        if (led := self.led.get(step)) is None:
            return
        places, ends = self.nodes[step.start].places, self.nodes[step.end].ids
        for one in ids:
            if (place := places.get(one)) is not None and (found := led.ends[led.part(place)].tolist()):
                yield step, one, [ends[end] for end in found]

    def evidence(self, hop: Hop, where: Filter) -> Iterator[tuple[Hop, Evidence]]:
        """Yield the statements of an edge, as a store does."""
        one, step, other = hop
        if (led := self.led.get(step)) is None:
            return
        place, end = self.nodes[step.start].places.get(one), self.nodes[step.end].places.get(other)
        if place is not None and end is not None:
            part = led.part(place)
            for stated in led.stated[part][led.ends[part] == end].tolist():
                if where.passes(led.said[stated]):
                    yield hop, led.said[stated]

    def first(self, step: Step, one: str, limit: int, where: Filter) -> dict[tuple[str, str], set[Evidence]]:
        """Return the first nodes, by name, that a step leads to, with the statements that pass."""
        led, there = self.led.get(step), self.nodes[step.end]
        found: dict[int, set[Evidence]] = {}
        if led is not None and (place := self.nodes[step.start].places.get(one)) is not None:
            part = led.part(place)
            order = np.argsort(there.turns[led.ends[part]], kind="stable")
            for end, stated in zip(led.ends[part][order].tolist(), led.stated[part][order].tolist(), strict=True):
                if where.passes(evidence := led.said[stated]):
                    if end not in found and len(found) == limit:
                        break
                    found.setdefault(end, set()).add(evidence)
        return {(there.ids[end], there.names[end]): evidence for end, evidence in found.items()}


class Held:
    """A store whose names, degrees and edges are answered from memory, until something is written through it."""

    def __init__(self, store: Store, held: HeldGraph) -> None:
        self._store, self._held, self._written = store, held, False

    @property
    def held(self) -> HeldGraph | None:
        """What is held of the graph; None after a write."""
        return None if self._written else self._held

    def nodes(self, keys: Collection[Key]) -> dict[Key, Known]:
        """Return what is known of each of these nodes that is there."""
        if self._written:
            return self._store.nodes(keys)
        found = {}
        for kind, one in keys:
            nodes = self._held.nodes.get(kind)
            if nodes is not None and (place := nodes.places.get(one)) is not None:
                found[kind, one] = nodes.known(place)
        people = [key for key in keys if key[0] == PERSON]
        return found | (self._store.nodes(people) if people else {})

    def follow(
        self, origins: Mapping[Step, Collection[str]], where: Filter = EVERYTHING
    ) -> Iterator[tuple[Step, str, list[str]]]:
        """Yield, for each step and each node that it is taken from and leads on from, the nodes it leads to."""
        for step, ids in origins.items():
            if where or self._written or not self._held.leads(step):
                yield from self._store.follow({step: ids}, where)
            else:
                yield from self._held.follow(step, ids)

    def evidence(self, hops: Collection[Hop], where: Filter = EVERYTHING) -> Iterator[tuple[Hop, Evidence]]:
        """Yield the statements, of those that pass the filter, of each edge that one of these hops goes along."""
        asked = []
        for hop in hops:
            if self._written or not self._held.leads(hop[1]):
                asked.append(hop)
            else:
                yield from self._held.evidence(hop, where)
        if asked:
            yield from self._store.evidence(asked, where)

    def replace(self, graph: Graph, progress: Progress = silent, audit: Audit | None = None) -> None:
        """Put this graph in place of what the store holds."""
        self._written = True
        self._store.replace(graph, progress, audit)

    def add(self, graph: Graph, gone: Graph = NOTHING) -> None:
        """Add nodes and edges to what the store holds."""
        self._written = True
        self._store.add(graph, gone)

    def read(self) -> Graph:
        """Return the whole graph."""
        return self._store.read()

    def query(self, cypher: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Run one reading Cypher query with parameters and return its rows."""
        return self._store.query(cypher, parameters)

    def __enter__(self) -> Self:
        self._store.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._store.__exit__(*failure)


def held_of(store: Store) -> HeldGraph | None:
    """Return what is held of a store's graph, if it is."""
    if isinstance(store, WithoutPatients):
        return held_of(store.store)
    return store.held if isinstance(store, Held) else None


def names_of(store: Store) -> Names | None:
    """Return the names that are held of a store's graph, if they are."""
    return None if (held := held_of(store)) is None else held.names
