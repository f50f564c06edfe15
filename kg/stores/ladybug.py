"""The embedded store: one Ladybug database file, written beside and put in place, so that it is always whole."""

import ctypes
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import ladybug
import pyarrow as pa
import pyarrow.compute as pc

from kg.audit import Audit
from kg.filter import EVERYTHING, Filter
from kg.graph import Evidence, Graph, arrow_schema, edge_keys, table
from kg.progress import Progress, silent
from kg.schema import (
    EVIDENCE_COLUMNS,
    NODE_KINDS,
    RELATIONS,
    AttributeType,
    Step,
    edge_columns,
    node_columns,
)
from kg.stores.added import added
from kg.stores.degrees import from_lists, recount
from kg.stores.kept import KEPT_COLUMNS, with_kept
from kg.stores.ladybug_file import LARGEST_FILE, settle_file, written_file
from kg.stores.protocol import NOTHING, Hop, Key, Known, StoreError
from kg.stores.releases import RELEASE_COLUMNS, RELEASE_LABEL, read_releases, release_row

READER_MEMORY = 1 << 30
"""Bytes of Ladybug's buffer pool; it would take 80 % of the machine's memory by itself."""

BATCH_ROWS = 1_000_000
"""The most rows of a batch that Ladybug answers with."""

FEW_NODES = 2048
"""Up to so many nodes are created one after another: before a COPY's first node, its index takes 35 ms to set up."""

FEW_BYTES = 16 << 20
"""The most that they may hold: what is created takes more memory than what is copied."""

_CYPHER_TYPES: dict[AttributeType, str] = {
    "string": "STRING",
    "double": "DOUBLE",
    "int64": "INT64",
    "string[]": "STRING[]",
    "int64[]": "INT64[]",
    "boolean": "BOOLEAN",
}

_KEPT = "|".join(
    {
        *KEPT_COLUMNS,
        *(column for kind in NODE_KINDS for column in node_columns(kind)),
        *(column for relation in RELATIONS for column in edge_columns(relation)),
    }
)


class LadybugStore:
    """A graph in one file, with a node table for each kind, a relationship table for each relation.

    A write never touches the file: it goes to a new one beside it, which takes its place when it is whole and on the
    disk. Who reads meanwhile reads the old graph on. One process writes at a time.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if path.is_dir():
            raise StoreError(f"{path} is a folder: expected the file of a graph, such as {path / 'graph.lbdb'}")
        if not (create or path.exists()):
            raise StoreError(f"there is no graph at {path}: build one with `panakeia build --store FILE`")
        self._path = path
        self._reader: ladybug.Database | None = None
        self._checked = False

    def replace(self, graph: Graph, progress: Progress = silent, audit: Audit | None = None) -> None:
        """Put this graph in place of what the store holds, and its audit, or none, beside it.

        Until they are in place, the old graph and its audit stay whole.
        """
        with self._writing(keep=False, audit=audit) as connection:
            _copy_all(connection, graph, progress)

    def add(self, graph: Graph, gone: Graph = NOTHING) -> None:
        """Add nodes and edges to what the store holds; a node or edge that it has already is overwritten.

        Which edge is the same one is said by `kg.schema.edge_identity`. What is `gone` is taken away before. Where
        nodes are, the file is written anew: what is deleted in a copy would stay in its bytes.
        """
        if gone.nodes:
            with self._writing(keep=True, copy=False) as connection:
                whole = added(self.read(), graph, gone)
                self._close()
                _copy_all(connection, whole, silent)
            return
        with self._writing(keep=True) as connection:
            for kind, nodes in with_kept(graph).items():
                _upsert_nodes(connection, kind, nodes)
            _upsert_nodes(connection, RELEASE_LABEL, _release_table(graph))
            for relation in graph.edges.keys() | gone.edges.keys():
                _upsert_edges(connection, relation, graph.edges.get(relation), gone.edges.get(relation))
            recount(partial(_fetch, connection), partial(_set_nodes, connection), "label", graph, gone)

    def read(self) -> Graph:
        """Return the whole graph, sources included."""
        kinds = {row["kind"] for row in self.query("MATCH (n) RETURN DISTINCT label(n) AS kind", {})}
        edges = self.query("MATCH ()-[r]->() RETURN DISTINCT label(r) AS relation", {})
        relations = {row["relation"] for row in edges}
        return Graph(
            {kind: self.node_table(kind, node_columns(kind)) for kind in NODE_KINDS if kind in kinds},
            {name: self.edge_table(name, edge_columns(name)) for name in RELATIONS if name in relations},
            read_releases(self),
        )

    def node_table(self, kind: str, columns: Mapping[str, AttributeType]) -> pa.Table:
        """Return these columns of all nodes of a kind, of those of `kg.schema.node_columns` and `KEPT_COLUMNS`."""
        returned = ", ".join(f"n.`{name}` AS `{name}`" for name in columns)
        return self._rows(f"MATCH (n:{kind}) RETURN {returned}", columns)

    def edge_table(self, relation: str, columns: Mapping[str, AttributeType]) -> pa.Table:
        """Return these columns of all edges of a relation, `subject` and `object` and those that it has."""
        return self._rows(_match_edges(relation, columns), columns)

    def query(self, cypher: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Run one reading Cypher query with parameters and return its rows."""
        with self._reading() as connection:
            return _fetch(connection, cypher, parameters)

    def nodes(self, keys: Collection[Key]) -> dict[Key, Known]:
        """Return what is known of each of these nodes that is there."""
        ids: dict[str, list[str]] = defaultdict(list)
        for kind, node in keys:
            ids[kind].append(node)
        found = {}
        for kind, wanted in ids.items():
            rows = self.query(
                f"UNWIND $ids AS wanted MATCH (n:{kind}) WHERE n.id = wanted "
                "RETURN n.id AS id, n.name AS name, n.steps AS steps, n.degrees AS degrees",
                {"ids": wanted},
            )
            for row in rows:
                found[kind, row["id"]] = Known(row["name"], from_lists(row["steps"], row["degrees"]))
        return found

    def follow(
        self, origins: Mapping[Step, Collection[str]], where: Filter = EVERYTHING
    ) -> Iterator[tuple[Step, str, list[str]]]:
        """Yield, for each step and each node that it is taken from and leads on from, the nodes it leads to.

        The match is optional because Ladybug looks the nodes up first then, and else reads the whole relation.
        """
        for step, ids in origins.items():
            holds = step.holds("r", "y")
            rows = self.query(
                f"UNWIND $ids AS wanted MATCH (x:{step.start}) WHERE x.id = wanted "
                f"OPTIONAL MATCH (x){step.pattern('r' if where or holds else '')}(y:{step.end})"
                f"{where.condition('r', 'WHERE', holds)} "
                "RETURN x.id AS x, collect(y.id) AS ys",
                {"ids": list(ids), **where.parameters()},
            )
            yield from ((step, row["x"], row["ys"]) for row in rows if row["ys"])

    def evidence(self, hops: Collection[Hop], where: Filter = EVERYTHING) -> Iterator[tuple[Hop, Evidence]]:
        """Yield the statements, of those that pass the filter, of each edge that one of these hops goes along."""
        columns = ", ".join(f"r.{column} AS {column}" for column in EVIDENCE_COLUMNS)
        ends: dict[Step, list[dict[str, str]]] = defaultdict(list)
        for x, step, y in hops:
            ends[step].append({"x": x, "y": y})
        for step, pairs in ends.items():
            rows = self.query(
                f"UNWIND $pairs AS pair MATCH (x:{step.start}) WHERE x.id = pair.x "
                f"OPTIONAL MATCH (x){step.pattern('r')}(y:{step.end}) WHERE y.id = pair.y"
                f"{where.condition('r', also=step.holds('r', 'y'))} RETURN x.id AS x, y.id AS y, {columns}",
                {"pairs": pairs, **where.parameters()},
            )
            for row in rows:
                if row["y"]:
                    yield (row["x"], step, row["y"]), Evidence.of(row[column] for column in EVIDENCE_COLUMNS)

    def __enter__(self) -> Self:
        with suppress(OSError):  # a reader may not be allowed to tidy
            settle_file(self._path)
        if self._path.exists():
            self._open()
        return self

    def __exit__(self, *failure: object) -> None:
        self._close()

    def _open(self) -> ladybug.Database:
        if self._reader is None:
            if not self._path.is_file():
                raise StoreError(f"there is no graph at {self._path} yet: build one with `panakeia build`")
            try:
                self._reader = ladybug.Database(
                    self._path, buffer_pool_size=READER_MEMORY, max_db_size=LARGEST_FILE, read_only=True
                )
            except RuntimeError as failure:
                cure = "choose another file, or delete this one and build anew"
                raise StoreError(f"{self._path} does not open as a graph ({failure}): {cure}") from failure
        return self._reader

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader, self._checked = None, False
            _give_memory_back()

    @contextmanager
    def _reading(self) -> Iterator[ladybug.Connection]:
        """Yield a connection for one query: it keeps each plan it has made, and the memory that the plan used.

        Raises `StoreError` for a graph without a table that this version has: what another version wrote may mean
        something else, even where the tables that are asked for are there.
        """
        database = self._open()
        with _as_store_errors(self._path), ladybug.Connection(database) as connection:
            if not self._checked:
                _require_tables(connection, self._path)
                self._checked = True
            yield connection

    def _rows(self, cypher: str, columns: Mapping[str, AttributeType]) -> pa.Table:
        with self._reading() as connection:
            return _table(connection, cypher).cast(arrow_schema(columns))

    @contextmanager
    def _writing(self, *, keep: bool, copy: bool = True, audit: Audit | None = None) -> Iterator[ladybug.Connection]:
        """Yield a connection to a new file, with the store's graph or empty; put it in place afterwards."""
        if self._path.exists():
            self._open()  # raises if the file is not a graph: nothing else is ever overwritten
            if keep:
                with self._reading():
                    pass
            self._close()
        with (
            _as_store_errors(self._path),
            written_file(self._path, _create_tables, keep=keep, copy=copy, audit=audit) as connection,
        ):
            yield connection
        _give_memory_back()


def _give_memory_back() -> None:
    """Give the system what Ladybug has freed: the C library keeps it, some tens of megabytes more after each write.

    Only glibc keeps so much, and only it has the call.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def _as_store_errors(path: Path) -> Iterator[None]:
    """Turn what Ladybug raises into `StoreError`."""
    try:
        yield
    except RuntimeError as failure:
        if re.search(rf"Table \w+ does not exist|Cannot find property ({_KEPT})\b|columns were expected", str(failure)):
            told = f"{path} is empty or of another version ({failure}): build it anew with `panakeia build`"
            raise StoreError(told) from failure
        raise StoreError(f"{path}: {failure}") from failure


def _execute(connection: ladybug.Connection, cypher: str, parameters: Mapping[str, object]) -> ladybug.QueryResult:
    result = connection.execute(cypher, dict(parameters))
    if isinstance(result, list):
        raise StoreError(f"expected one query, got {len(result)}: {cypher!r}")
    return result


def _fetch(connection: ladybug.Connection, cypher: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
    return [dict(row) for row in _execute(connection, cypher, parameters).rows_as_dict()]


def _table(connection: ladybug.Connection, cypher: str) -> pa.Table:
    """Return what a query finds, in batches no larger than that: Ladybug takes the memory of a whole one at once."""
    result = _execute(connection, cypher, {})
    return result.get_as_arrow(max(1, min(result.get_num_tuples(), BATCH_ROWS)))


def _require_tables(connection: ladybug.Connection, path: Path) -> None:
    there = {row["name"] for row in _fetch(connection, "CALL show_tables() RETURN name", {})}
    if lacking := [name for name in (*NODE_KINDS, RELEASE_LABEL, *RELATIONS) if name not in there]:
        raise StoreError(
            f"{path} is empty or of another version (it has no table {lacking[0]}): build it anew with `panakeia build`"
        )


def _create_tables(connection: ladybug.Connection) -> None:
    for kind in NODE_KINDS:
        _create_node_table(connection, kind, node_columns(kind) | KEPT_COLUMNS)
    _create_node_table(connection, RELEASE_LABEL, RELEASE_COLUMNS)
    for relation in RELATIONS:
        _create_edge_table(connection, relation)


def _create_node_table(connection: ladybug.Connection, label: str, columns: Mapping[str, AttributeType]) -> None:
    declared = ", ".join(f"`{name}` {_CYPHER_TYPES[kind]}" for name, kind in columns.items())
    connection.execute(f"CREATE NODE TABLE {label} ({declared}, PRIMARY KEY (id))")


def _create_edge_table(connection: ladybug.Connection, relation: str) -> None:
    ends = RELATIONS[relation]
    declared = ", ".join(f"`{name}` {_CYPHER_TYPES[kind]}" for name, kind in _edge_properties(relation).items())
    connection.execute(f"CREATE REL TABLE {relation} (FROM {ends.subject} TO {ends.object}, {declared})")


def _edge_properties(relation: str) -> dict[str, AttributeType]:
    return {name: kind for name, kind in edge_columns(relation).items() if name not in ("subject", "object")}


def _copy_all(connection: ladybug.Connection, graph: Graph, progress: Progress) -> None:
    tables = {**with_kept(graph), RELEASE_LABEL: _release_table(graph), **graph.edges}
    total, done = sum(rows.num_rows for rows in tables.values()), 0
    for name, rows in tables.items():
        progress(f"store {name}", 0.7 * done / max(1, total))
        _copy(connection, name, rows)
        done += rows.num_rows
    progress("put in place", 0.7)


def _copy(connection: ladybug.Connection, name: str, rows: pa.Table) -> None:
    if not rows.num_rows:
        return
    statement = f"COPY {name} FROM $rows"
    if name not in RELATIONS and rows.num_rows <= FEW_NODES and rows.nbytes <= FEW_BYTES:
        properties = ", ".join(f"`{column}`: `{column}`" for column in rows.column_names)
        statement = f"LOAD FROM $rows CREATE (:{name} {{{properties}}})"
    connection.execute(statement, {"rows": _without_gaps(rows)})


def _without_gaps(rows: pa.Table) -> pa.Table:
    """Return the rows in batches that all have some: Ladybug takes an empty one for the end, and loses what follows."""
    return pa.Table.from_batches([batch for batch in rows.to_batches() if batch.num_rows], rows.schema)


def _upsert_nodes(connection: ladybug.Connection, label: str, rows: pa.Table) -> None:
    columns = {row["name"] for row in _fetch(connection, f"CALL table_info('{label}') RETURN name", {})}
    if other := sorted(columns ^ set(rows.column_names)):
        raise StoreError(
            f"the graph is of another version ({label} nodes differ in {other[0]}): build it anew with `panakeia build`"
        )
    stored = _table(connection, f"MATCH (n:{label}) RETURN n.id AS id")["id"]
    known = pc.is_in(rows["id"], stored.combine_chunks())
    _copy(connection, label, rows.filter(pc.invert(known)))
    _set_nodes(connection, label, rows.filter(known))


def _set_nodes(connection: ladybug.Connection, label: str, rows: pa.Table) -> None:
    """Set these columns of nodes that are there."""
    settings = ", ".join(f"n.`{name}` = `{name}`" for name in rows.column_names if name != "id")
    if rows.num_rows:
        connection.execute(
            f"LOAD FROM $rows MATCH (n:{label} {{id: id}}) SET {settings}", {"rows": _without_gaps(rows)}
        )


def _upsert_edges(connection: ladybug.Connection, relation: str, added: pa.Table | None, gone: pa.Table | None) -> None:
    """Write the relation's table anew: Ladybug copies into an empty one a hundred times faster than into a full one."""
    columns = arrow_schema(edge_columns(relation))
    kept = _table(connection, _match_edges(relation, edge_columns(relation))).cast(columns)
    for rows in (added, gone):
        if rows is not None:
            kept = kept.filter(pc.invert(pc.is_in(edge_keys(relation, kept), edge_keys(relation, rows))))
    connection.execute(f"DROP TABLE {relation}")
    _create_edge_table(connection, relation)
    _copy(connection, relation, kept if added is None else pa.concat_tables([kept, added.select(columns.names)]))


def _release_table(graph: Graph) -> pa.Table:
    return table(RELEASE_COLUMNS, [release_row(release) for release in graph.sources])


def _match_edges(relation: str, columns: Iterable[str]) -> str:
    ends, of = RELATIONS[relation], {"subject": "s.id", "object": "o.id"}
    returned = ", ".join(f"{of.get(name, f'r.`{name}`')} AS `{name}`" for name in columns)
    return f"MATCH (s:{ends.subject})-[r:{relation}]->(o:{ends.object}) RETURN {returned}"
