"""Neo4j as a store: a graph on a server, reached by Bolt.

Community edition has one database, so a full build is written beside the graph in place, under labels of its own
(`GeneStaged` for `Gene`), and one transaction then gives the new nodes the labels of the old ones. An edge is seen
through its nodes: every query names a node's kind, and sees either the old graph or the new one.
See docs/decisions/0003-replace-on-neo4j.md for what that promises and what not.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, Self
from urllib.parse import unquote, urlsplit, urlunsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from neo4j import READ_ACCESS, Driver, GraphDatabase, ManagedTransaction, Session
from neo4j.exceptions import AuthError, DriverError, Neo4jError, ServiceUnavailable

from kg.graph import Graph, arrow_schema, table
from kg.schema import NODE_KINDS, RELATIONS, AttributeType, edge_columns, node_columns
from kg.store import RELEASE_COLUMNS, RELEASE_LABEL, Progress, StoreError, read_releases, release_row

BATCH_ROWS = 5_000
WRITERS = 2
"""Connections that write edges at a time; where two meet at a node, the server lets one wait, or retry."""
LABELS: dict[str, dict[str, AttributeType]] = {
    **{kind: node_columns(kind) for kind in NODE_KINDS},
    RELEASE_LABEL: RELEASE_COLUMNS,
}
STAGED = "Staged"
DISCARDED = "Discarded"
WRITER = "PanakeiaWriter"


@dataclass(frozen=True)
class Batch:
    """So many nodes or edges that one transaction writes, as part of a step."""

    step: str
    count: int
    write: Callable[[ManagedTransaction], None]


@dataclass(frozen=True)
class EdgeBatch:
    """Edges of one relation as they are sent, grouped by one of their ends: most share their attributes.

    Sent so, an edge costs little more than its other end's identifier.
    """

    near: str
    """The end that the edges are grouped by: `subject` or `object`."""
    groups: list[tuple[str, int, list[str]]]
    """The near end's node, the position of the edges' attributes, and the nodes at their far ends."""
    attributes: list[dict[str, object]]
    count: int

    @property
    def far(self) -> str:
        """The other end."""
        return "object" if self.near == "subject" else "subject"


def address_and_login(url: str) -> tuple[str, tuple[str, str]]:
    """Return a URL without user and password, and these two, from the URL or the environment (see `Neo4jStore`).

    Raises `StoreError` where there is no password.
    """
    parts = urlsplit(url)
    address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    user = unquote(parts.username or "") or os.environ.get("NEO4J_USER") or "neo4j"
    password = unquote(parts.password or "") or os.environ.get("NEO4J_PASSWORD")
    if not password:
        raise StoreError(f"{address} needs a password: set NEO4J_PASSWORD (and NEO4J_USER, if not 'neo4j')")
    return address, (user, password)


class Neo4jStore:
    """A graph on a Neo4j server, which holds nothing else.

    User and password come from the URL (`bolt://user:password@host:7687`) or from `NEO4J_USER` (default `neo4j`) and
    `NEO4J_PASSWORD`. Raises `StoreError` where there is no password.
    """

    def __init__(self, url: str) -> None:
        self.address, login = address_and_login(url)
        with self._failures():
            self._driver: Driver = GraphDatabase.driver(self.address, auth=login, notifications_min_severity="OFF")

    def __enter__(self) -> Self:
        try:
            with self._failures():
                self._driver.verify_connectivity()
        except StoreError:
            self._driver.close()
            raise
        except ValueError as failure:
            self._driver.close()
            raise StoreError(f"{self.address} is no address: expected bolt://HOST:PORT ({failure})") from failure
        return self

    def __exit__(self, *failure: object) -> None:
        self._driver.close()

    def replace(self, graph: Graph, progress: Progress) -> None:
        """Put this graph in place of the server's; until the last step, readers see the old graph.

        Raises `StoreError`, with the old graph in place, where the server fails or an edge's end is not in the graph.
        """
        with self._failures(), self._driver.session() as session, self._writer(progress):
            labels = [label for label, _ in _labelled(graph)]
            _constrain(session, labels)
            _index_staged(session, labels)
            _clear(session)
            _stage(self._driver, graph, progress)
            progress("putting the new graph in place", 0.9)
            session.execute_write(_swap)
            progress("clearing the old graph away", 0.92)
            _clear(session)
            progress("done", 1.0)

    def add(self, graph: Graph) -> None:
        """Add nodes and edges in one transaction; a node or an edge that is there is overwritten.

        Raises `StoreError`, with nothing written, where an edge's end is neither in the store nor in the graph.
        """
        with self._failures(), self._driver.session() as session, self._writer(lambda *_: None):
            _constrain(session, [label for label, _ in _labelled(graph)])
            session.execute_write(_merge, graph)

    def read(self) -> Graph:
        """Return the whole graph, sources included.

        Raises `StoreError` where the graph was replaced while it was read.
        """
        with self._failures(), self._driver.session(default_access_mode=READ_ACCESS) as session:
            before = session.execute_read(_stamp)
            nodes = {kind: session.execute_read(_read_nodes, kind) for kind in NODE_KINDS}
            edges = {relation: session.execute_read(_read_edges, relation) for relation in RELATIONS}
            sources = read_releases(self)
            if session.execute_read(_stamp) != before:
                raise StoreError(f"the graph at {self.address} was replaced while it was read: read it again")
        return Graph(
            {kind: rows for kind, rows in nodes.items() if rows.num_rows},
            {relation: rows for relation, rows in edges.items() if rows.num_rows},
            sources,
        )

    def query(self, cypher: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Run one reading Cypher query with parameters and return its rows.

        Name the kind of a node in every pattern: nodes of other labels may be part of a build in progress.
        """
        with self._failures(), self._driver.session(default_access_mode=READ_ACCESS) as session:
            return session.execute_read(lambda transaction: transaction.run(cypher, dict(parameters)).data())

    @contextmanager
    def _writer(self, progress: Progress) -> Iterator[None]:
        """Be the only writer: a lock that the server holds while a transaction is open, and frees when we die."""
        progress("waiting for other writers", 0.0)
        with self._driver.session() as session:
            _constrain(session, [WRITER])
            with session.begin_transaction() as transaction:
                transaction.run(f"MERGE (n:{WRITER} {{id: 'writer'}})").consume()
                yield
                transaction.rollback()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn the driver's failures into a `StoreError` that says what to do."""
        try:
            yield
        except AuthError as failure:
            raise StoreError(
                f"{self.address} refused the user or the password: check the URL, or NEO4J_USER and NEO4J_PASSWORD"
            ) from failure
        except ServiceUnavailable as failure:
            raise StoreError(
                f"no Neo4j server answers at {self.address}: check host and port, and that it runs (make neo4j)"
            ) from failure
        except (Neo4jError, DriverError) as failure:
            raise StoreError(f"{self.address} failed: {failure}") from failure


def _constrain(session: Session, labels: Iterable[str]) -> None:
    """Make `id` unique, and so indexed, in each of these labels, where it is not already."""
    _declare(session, (f"CREATE CONSTRAINT IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE" for label in labels))


def _index_staged(session: Session, labels: Iterable[str]) -> None:
    """Index `id` in the labels of a graph being built: its nodes are checked already, and a constraint costs locks."""
    _declare(session, (f"CREATE INDEX IF NOT EXISTS FOR (n:{label}{STAGED}) ON (n.id)" for label in labels))
    session.run("CALL db.awaitIndexes()").consume()


def _declare(session: Session, statements: Iterable[str]) -> None:
    with session.begin_transaction() as transaction:
        for statement in statements:
            transaction.run(statement).consume()
        transaction.commit()


def _clear(session: Session) -> None:
    """Delete what a broken or a finished build left behind, edges first: a hub has too many for one transaction."""
    left = "|".join((DISCARDED, *(label + STAGED for label in LABELS)))
    for pattern in (f"(:{left})-[x]->()", f"(x:{left})"):
        session.run(f"MATCH {pattern} CALL (x) {{ DELETE x }} IN TRANSACTIONS OF {BATCH_ROWS} ROWS").consume()


def _stage(driver: Driver, graph: Graph, progress: Progress) -> None:
    """Write the graph beside the one in place."""
    done, total = 0, len(graph.sources) + sum(rows.num_rows for rows in (*graph.nodes.values(), *graph.edges.values()))
    for batches in (_staged_nodes(graph), _staged_edges(graph)):
        for batch in _written(driver, batches):
            done += batch.count
            progress(batch.step, 0.9 * done / total)


def _staged_nodes(graph: Graph) -> Iterator[Batch]:
    for label, rows in _labelled(graph):
        for nodes in _node_batches(rows):
            write = partial(_create_nodes, label=label + STAGED, rows=nodes)
            yield Batch(f"nodes: {label}", len(nodes), write)


def _staged_edges(graph: Graph) -> Iterator[Batch]:
    for relation, rows in graph.edges.items():
        for edges in _edge_batches(rows):
            write = partial(_create_edges, relation=relation, suffix=STAGED, batch=edges)
            yield Batch(f"edges: {relation}", edges.count, write)


def _written(driver: Driver, batches: Iterable[Batch]) -> Iterator[Batch]:
    """Write the batches, some at a time; yield each when it is sent, and end when all are stored."""

    def write(batch: Batch) -> None:
        with driver.session() as session:
            session.execute_write(batch.write)

    with ThreadPoolExecutor(WRITERS) as pool:
        writing: deque[Future[None]] = deque()
        for batch in batches:
            writing.append(pool.submit(write, batch))
            if len(writing) > WRITERS:  # so that no more than one batch waits in memory
                writing.popleft().result()
            yield batch
        for last in writing:
            last.result()


def _labelled(graph: Graph) -> Iterator[tuple[str, pa.Table]]:
    yield from graph.nodes.items()
    yield RELEASE_LABEL, table(RELEASE_COLUMNS, map(release_row, graph.sources))


def _node_batches(rows: pa.Table) -> Iterator[list[dict[str, object]]]:
    for batch in rows.combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
        yield [_present(row) for row in batch.to_pylist()]


def _edge_batches(rows: pa.Table) -> Iterator[EdgeBatch]:
    """Yield the edges, grouped by the end that has more nodes: so two batches seldom write to the same ones."""
    near = max(("subject", "object"), key=lambda end: pc.count_distinct(rows[end]).as_py())
    for part in rows.sort_by(near).combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
        numbers, attributes = _shared(part.drop_columns(["subject", "object"]))
        batch = EdgeBatch(near, [], attributes, part.num_rows)
        edges = zip(part[near].to_pylist(), numbers, part[batch.far].to_pylist(), strict=True)
        for (node, number), group in groupby(edges, key=itemgetter(0, 1)):
            batch.groups.append((node, number, [edge[2] for edge in group]))
        yield batch


def _shared(rows: pa.RecordBatch) -> tuple[list[int], list[dict[str, object]]]:
    """Return the distinct rows, without what is null in them, and for each row which of these it is."""
    texts = [text for column in rows.columns for text in _texts(column)]
    whole = pc.binary_join_element_wise(*texts, "\x1e", null_handling="replace", null_replacement="\x1d")
    numbers = whole.dictionary_encode().indices.to_numpy()
    _, first = np.unique(numbers, return_index=True)
    return numbers.tolist(), [_present(row) for row in rows.take(first).to_pylist()]


def _texts(column: pa.Array) -> list[pa.Array]:
    """Return texts that differ where the column's values do."""
    if pa.types.is_list(column.type):
        return [pc.list_value_length(column).cast(pa.string()), pc.binary_join(column, "\x1f")]
    return [column.cast(pa.string())]


def _present(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if value is not None}


def _create_nodes(transaction: ManagedTransaction, label: str, rows: list[dict[str, object]]) -> None:
    transaction.run(f"UNWIND $rows AS row CREATE (n:{label}) SET n = row", rows=rows).consume()


def _merge_nodes(transaction: ManagedTransaction, label: str, rows: list[dict[str, object]]) -> None:
    transaction.run(f"UNWIND $rows AS row MERGE (n:{label} {{id: row.id}}) SET n = row", rows=rows).consume()


def _create_edges(transaction: ManagedTransaction, relation: str, suffix: str, batch: EdgeBatch) -> None:
    labels = _end_labels(relation)
    written = transaction.run(
        f"UNWIND $groups AS group MATCH ({batch.near}:{labels[batch.near]}{suffix} {{id: group[0]}}) "
        f"UNWIND group[2] AS id MATCH ({batch.far}:{labels[batch.far]}{suffix} {{id: id}}) "
        f"CREATE (subject)-[r:{relation}]->(object) SET r = $attributes[group[1]] RETURN count(*) AS written",
        groups=batch.groups,
        attributes=batch.attributes,
    ).single(strict=True)["written"]
    if missing := batch.count - written:
        raise StoreError(f"{missing} {relation} edges have an end that is not a node: check the graph")


def _delete_edges(transaction: ManagedTransaction, relation: str, batch: EdgeBatch) -> None:
    """Delete the relation's edges that have these ends, whichever way round if the relation is symmetric."""
    labels = _end_labels(relation)
    arrow = "-" if RELATIONS[relation].symmetric else "->"
    transaction.run(
        f"UNWIND $groups AS group MATCH (subject:{labels['subject']})-[r:{relation}]{arrow}(object:{labels['object']}) "
        f"WHERE {batch.near}.id = group[0] AND {batch.far}.id IN group[2] DELETE r",
        groups=batch.groups,
    ).consume()


def _end_labels(relation: str) -> dict[str, str]:
    return {"subject": RELATIONS[relation].subject, "object": RELATIONS[relation].object}


def _swap(transaction: ManagedTransaction) -> None:
    for label in LABELS:
        transaction.run(f"MATCH (n:{label}) REMOVE n:{label} SET n:{DISCARDED}").consume()
    for label in LABELS:
        transaction.run(f"MATCH (n:{label}{STAGED}) REMOVE n:{label}{STAGED} SET n:{label}").consume()


def _merge(transaction: ManagedTransaction, graph: Graph) -> None:
    for label, rows in _labelled(graph):
        for part in _node_batches(rows):
            _merge_nodes(transaction, label, part)
    for relation, rows in graph.edges.items():
        batches = list(_edge_batches(rows))
        for batch in batches:
            _delete_edges(transaction, relation, batch)
        for batch in batches:
            _create_edges(transaction, relation, "", batch)


def _stamp(transaction: ManagedTransaction) -> list[str]:
    """Return what changes when the graph is replaced: which nodes its releases are."""
    return transaction.run(f"MATCH (s:{RELEASE_LABEL}) RETURN elementId(s) AS e ORDER BY e").value()


def _read_nodes(transaction: ManagedTransaction, kind: str) -> pa.Table:
    columns = node_columns(kind)
    values = ", ".join(f"n.{column}" for column in columns)
    return _fetch(transaction, f"MATCH (n:{kind}) RETURN {values}", arrow_schema(columns))


def _read_edges(transaction: ManagedTransaction, relation: str) -> pa.Table:
    """Return a relation's edges; the server sends a subject's edges that share all attributes as one row."""
    ends = RELATIONS[relation]
    schema = arrow_schema(edge_columns(relation))
    names = schema.names[2:]
    grouped = _fetch(
        transaction,
        f"MATCH (a:{ends.subject}) CALL (a) {{ MATCH (a)-[r:{relation}]->(b:{ends.object}) "
        f"RETURN {', '.join(f'r.{name} AS {name}' for name in names)}, collect(b.id) AS objects }} "
        f"RETURN a.id, objects, {', '.join(names)}",
        schema.set(1, pa.field("object", pa.list_(pa.string()))),
    ).combine_chunks()
    objects = grouped["object"]
    parents = pc.list_parent_indices(objects)
    return grouped.drop_columns("object").take(parents).add_column(1, schema.field(1), pc.list_flatten(objects))


def _fetch(transaction: ManagedTransaction, cypher: str, schema: pa.Schema) -> pa.Table:
    batches = []
    result = transaction.run(cypher)
    while records := result.fetch(BATCH_ROWS):
        columns = zip(zip(*records, strict=True), schema, strict=True)
        batches.append(pa.record_batch([pa.array(values, field.type) for values, field in columns], schema=schema))
    return pa.Table.from_batches(batches, schema)
