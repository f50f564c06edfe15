"""The Store protocol: what a place that holds a graph can do, and how to open one by its URL."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

from kg.graph import Graph, SourceRelease
from kg.schema import AttributeType, Step

Progress = Callable[[str, float], None]
"""Called with the name of a step and the fraction of the whole that is done, from 0 to 1."""


RELEASE_LABEL = "SourceRelease"
"""Every store keeps its graph's releases as nodes of this label, beside the kinds of `kg.schema`."""

RELEASE_COLUMNS: dict[str, AttributeType] = {
    "id": "string",
    "name": "string",
    "version": "string",
    "licence": "string",
    "citation": "string",
    "url": "string",
    "files": "string[]",
}
"""The columns of such a node; `files` are lines as `sha256sum` writes them."""


Key = tuple[str, str]
"""A node's kind and identifier."""

Hop = tuple[str, Step, str]
"""An edge as one goes along it: the node it leaves, the step, the node it leads to."""


class Known(NamedTuple):
    """What is known of a node without looking at its edges: its name, and how many of them each step has."""

    name: str
    degrees: Mapping[Step, int]


OTHER_VERSION = "the graph keeps no degrees of its nodes, so it is of another version: build it anew"


class StoreError(OSError):
    """A store that cannot be opened, read or written; the message says what to do."""


class Store(Protocol):
    """A graph at rest. Both stores pass the same contract tests (`tests/kg/test_store_contract.py`).

    Whoever walks the graph asks `nodes`, `follow` and `evidence`, each for many at a time: every store answers them in
    the Cypher that is fast on it (docs/decisions/0005). All other questions are `query`'s, in Cypher that both speak.
    """

    def replace(self, graph: Graph, progress: Progress) -> None:
        """Put this graph in place of what the store holds; until it is in place, the old graph stays whole."""

    def add(self, graph: Graph) -> None:
        """Add nodes and edges to what the store holds; a node or edge that it has already is overwritten."""

    def read(self) -> Graph:
        """Return the whole graph, sources included."""

    def query(self, cypher: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Run one reading Cypher query with parameters and return its rows."""

    def nodes(self, keys: Collection[Key]) -> dict[Key, Known]:
        """Return what is known of each of these nodes that is there."""

    def follow(self, origins: Mapping[Step, Collection[str]]) -> Iterator[tuple[Step, str, list[str]]]:
        """Yield, for each step and each node that it is taken from and leads on from, the nodes it leads to."""

    def evidence(self, hops: Collection[Hop]) -> Iterator[tuple[Hop, str, list[str]]]:
        """Yield the source and the references of each edge that one of these hops goes along."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...


def open_store(url: str | Path, *, create: bool = False) -> Store:
    """Open the store at a path (embedded) or a `bolt://` or `neo4j://` URL (server).

    With `create`, an embedded store that does not exist yet is allowed; without it, its absence raises `StoreError`.
    """
    text = str(url)
    if text.startswith(("bolt://", "bolt+s://", "bolt+ssc://", "neo4j://", "neo4j+s://", "neo4j+ssc://")):
        from kg.store_neo4j import Neo4jStore

        return Neo4jStore(text)
    if "://" in text:
        scheme = text.partition("://")[0]  # the rest may hold a password
        raise StoreError(f"{scheme}:// is no store's URL: expected a file path, or a bolt:// or neo4j:// URL")
    from kg.store_ladybug import LadybugStore

    return LadybugStore(Path(text), create=create)


def release_row(release: SourceRelease) -> dict[str, object]:
    """Return a release as a row of `RELEASE_COLUMNS`.

    >>> release_row(SourceRelease("hetionet", "1.0", "CC0-1.0", "", "", {"nodes.tsv": "ff00"}))["files"]
    ['ff00  nodes.tsv']
    """
    return {
        "id": f"{release.name}-{release.version}",
        "name": release.name,
        "version": release.version,
        "licence": release.licence,
        "citation": release.citation,
        "url": release.url,
        "files": [f"{digest}  {name}" for name, digest in release.files.items()],
    }


def read_releases(store: Store) -> tuple[SourceRelease, ...]:
    """Return the releases that the store's graph was built from, ordered by name and version."""
    columns = ", ".join(f"s.{column} AS {column}" for column in RELEASE_COLUMNS)
    rows = store.query(f"MATCH (s:{RELEASE_LABEL}) RETURN {columns} ORDER BY name, version", {})
    return tuple(
        SourceRelease(
            row["name"],
            row["version"],
            row["licence"],
            row["citation"],
            row["url"],
            {name: digest for digest, name in (line.split("  ", 1) for line in row["files"])},
        )
        for row in rows
    )
