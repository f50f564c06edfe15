"""The Store protocol: what a place that holds a graph can do."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, Self

from kg.audit import Audit
from kg.filter import EVERYTHING, Filter
from kg.graph import Evidence, Graph
from kg.progress import Progress, silent
from kg.schema import Step

Key = tuple[str, str]
"""A node's kind and identifier."""

Hop = tuple[str, Step, str]
"""An edge as one goes along it: the node it leaves, the step, the node it leads to."""


class Known(NamedTuple):
    """What is known of a node without looking at its edges: its name, and to how many nodes each step leads."""

    name: str
    degrees: Mapping[Step, int]


OTHER_VERSION = "the graph's nodes lack what this version keeps on them, so it is of another version: build it anew"


NOTHING = Graph({}, {})
"""A graph without a node."""


class StoreError(OSError):
    """A store that cannot be opened, read or written; the message says what to do."""


class Store(Protocol):
    """A graph at rest. Both stores pass the same contract tests (`tests/kg/stores/test_contract.py`).

    Whoever walks the graph asks `nodes`, `follow` and `evidence`, each for many at a time: every store answers them in
    the Cypher that is fast on it (docs/decisions/0005). All other questions are `query`'s, in Cypher that both speak.
    """

    def replace(self, graph: Graph, progress: Progress = silent, audit: Audit | None = None) -> None:
        """Put this graph in place of what the store holds; until it is in place, the old graph stays whole.

        A store that is a file keeps the audit of the graph's build beside it; a server has no place for one.
        """

    def add(self, graph: Graph, gone: Graph = NOTHING) -> None:
        """Add nodes and edges to what the store holds; a node or edge that it has already is overwritten.

        Which edge is the same one is said by `kg.schema.edge_identity`. What is `gone` is taken away at the same time,
        before: its edges, and its nodes with all of theirs. It has only edges and nodes that are there.
        """

    def read(self) -> Graph:
        """Return the whole graph, sources included."""

    def query(self, cypher: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Run one reading Cypher query with parameters and return its rows."""

    def nodes(self, keys: Collection[Key]) -> dict[Key, Known]:
        """Return what is known of each of these nodes that is there."""

    def follow(
        self, origins: Mapping[Step, Collection[str]], where: Filter = EVERYTHING
    ) -> Iterator[tuple[Step, str, list[str]]]:
        """Yield, for each step and each node that it is taken from and leads on from, the nodes it leads to.

        A node comes once for each statement, of those that pass the filter, of an edge that leads to it.
        """

    def evidence(self, hops: Collection[Hop], where: Filter = EVERYTHING) -> Iterator[tuple[Hop, Evidence]]:
        """Yield the statements, of those that pass the filter, of each edge that one of these hops goes along."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...
