"""Neo4j as a store: a graph on a server, reached by Bolt.

Community edition has one database, so a full build is written beside the graph in place, under labels of its own
(`GeneStaged` for `Gene`), and one transaction then gives the new nodes the labels of the old ones. An edge is seen
through its nodes: every query names a node's kind, and sees either the old graph or the new one.
See docs/decisions/0003-replace-on-neo4j.md for what that promises and what not.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
from neo4j import READ_ACCESS, Driver, GraphDatabase, ManagedTransaction, Transaction
from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError, ServiceUnavailable

from kg.audit import Audit
from kg.filter import EVERYTHING, Filter
from kg.graph import Evidence, Graph, arrow_schema, holding
from kg.progress import Progress, silent
from kg.schema import (
    EVIDENCE_COLUMNS,
    NODE_KINDS,
    PERSON,
    RELATIONS,
    WITHDRAWN,
    Step,
    edge_columns,
    node_columns,
)
from kg.stores import neo4j_write as write
from kg.stores.added import added
from kg.stores.degrees import from_lists
from kg.stores.neo4j_change import Settled, commit
from kg.stores.neo4j_retry import patiently
from kg.stores.protocol import NOTHING, Hop, Key, Known, StoreError
from kg.stores.releases import RELEASES, releases_of

MOST_AT_ONCE = 50_000
"""Edges that one transaction adds or takes away: one of 200,000 does not fit into a server of 2 GiB."""
FETCHED_ROWS = 5_000

T = TypeVar("T")


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
        self._settled = Settled()
        with self._failures():
            self._driver: Driver = GraphDatabase.driver(self.address, auth=login, notifications_min_severity="OFF")

    def __enter__(self) -> Self:
        try:
            with self._failures():
                self._driver.verify_connectivity()
                with suppress(ClientError), self._driver.session() as session:  # a reader may not be allowed to
                    write.index_imported(session)
        except StoreError:
            self._driver.close()
            raise
        except ValueError as failure:
            self._driver.close()
            raise StoreError(f"{self.address} is no address: expected bolt://HOST:PORT ({failure})") from failure
        return self

    def __exit__(self, *failure: object) -> None:
        self._driver.close()

    def replace(self, graph: Graph, progress: Progress = silent, audit: Audit | None = None) -> None:
        """Put this graph in place of the server's; until the last step, readers see the old graph.

        A server that goes away meanwhile is waited for (`kg.stores.neo4j_retry`). Raises `StoreError` where it stays
        away or fails, or an edge's end is not in the graph: with the old graph in place, or, after that last step, with
        the new one.
        """
        with self._failures(), self._writer(progress) as only_writer:
            self._put(graph, only_writer, progress)

    def _put(self, graph: Graph, only_writer: Callable[[], None], progress: Progress) -> None:
        """Stage a graph beside the one in place, and change them over; the caller is the only writer."""
        build = str(uuid4())
        with self._driver.session(max_transaction_retry_time=0) as session:
            patiently(lambda: write.declare(session, graph))
            patiently(lambda: write.clear(session))
            patiently(lambda: session.execute_write(write.begin, build))
            write.stage(self._driver, graph, build, progress)
            progress("putting the new graph in place", 0.9)
            only_writer()
            commit(self._driver, lambda transaction: write.swap(transaction, graph, build))
            patiently(lambda: write.index_all_kinds(session))
            progress("asking for what was written", 0.92)
            patiently(lambda: self._verify(graph))
            progress("clearing the old graph away", 0.93)
            patiently(lambda: write.clear(session))
            progress("done", 1.0)

    def _verify(self, graph: Graph) -> None:
        """Ask for an edge of each relation as readers will; so the server has planned their queries when they come.

        Raises `StoreError` where the answer is not what the graph says.
        """
        hops: dict[Hop, str] = {}
        for relation, rows in ((name, _both_ways(graph, name)) for name in graph.edges):
            if not rows.num_rows:
                continue
            subject, target, source = (rows[column][0].as_py() for column in ("subject", "object", "source"))
            hops[subject, Step(relation, True), target] = source
        ends: dict[Step, list[str]] = defaultdict(list)
        for subject, step, target in hops:
            ends[step].append(subject)
            ends[step.reverse].append(target)
        known = self.nodes([(step.start, node) for step, nodes in ends.items() for node in nodes])
        leaving = {(node, step) for (_, node), about in known.items() for step in about.degrees}
        led = {(origin, step, node) for step, origin, nodes in self.follow(ends) for node in nodes}
        stated = {(hop, evidence.source) for hop, evidence in self.evidence(hops)}
        for hop, source in hops.items():
            subject, step, target = hop
            counted = {(subject, step), (target, step.reverse)} <= leaving
            if not counted or hop not in led or (hop, source) not in stated:
                raise StoreError(f"{self.address} does not hold the edge {subject} {step} {target}: build once more")

    def add(self, graph: Graph, gone: Graph = NOTHING) -> None:
        """Add nodes and edges in one transaction; a node or an edge that is there is overwritten.

        Which edge is the same one is said by `kg.schema.edge_identity`. What is `gone` is taken away before. What has
        more edges than a transaction holds is put in place of the server's graph together with that, as a build is.
        Raises `StoreError`, with nothing written, where an edge's end is neither in the store nor in the graph.
        """
        if sum(rows.num_rows for rows in (*graph.edges.values(), *gone.edges.values())) > MOST_AT_ONCE:
            with self._failures(), self._writer(silent) as only_writer:
                self._put(added(self.read(), graph, gone), only_writer, silent)
            return
        with (
            self._failures(),
            self._driver.session(max_transaction_retry_time=0) as session,
            self._writer(silent) as only_writer,
        ):

            def merge(transaction: ManagedTransaction) -> None:
                only_writer()
                write.merge(transaction, graph, gone)

            patiently(lambda: write.declare(session, graph))
            commit(self._driver, merge)
            patiently(lambda: write.index_all_kinds(session))

    def read(self) -> Graph:
        """Return the whole graph, sources included.

        Raises `StoreError` where the graph changes again and again while it is read.
        """
        return self._answer(_read)

    def query(self, cypher: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Run one reading Cypher query with parameters and return its rows.

        Name the kind of a node, or `NamedThing`, in every pattern: other nodes may be part of a build in progress.
        """
        return self._answer(lambda transaction: transaction.run(cypher, dict(parameters)).data())

    def nodes(self, keys: Collection[Key]) -> dict[Key, Known]:
        """Return what is known of each of these nodes that is there."""
        rows = self._collected(
            f"UNWIND $ids AS wanted MATCH (n:{write.ANY_KIND} {{id: wanted}}) WHERE n.degrees IS NOT NULL "
            "RETURN collect([labels(n), n.id, n.name, n.steps, n.degrees])",
            {"ids": [node for _, node in keys]},
        )
        found = {
            (label, node): Known(name, from_lists(steps, degrees))
            for labels, node, name, steps, degrees in rows
            for label in labels
        }
        return {key: found[key] for key in keys if key in found}

    def follow(
        self, origins: Mapping[Step, Collection[str]], where: Filter = EVERYTHING
    ) -> Iterator[tuple[Step, str, list[str]]]:
        """Yield, for each step and each node that it is taken from and leads on from, the nodes it leads to.

        The relation is a parameter, so that the server plans two queries in all; a symmetric one is asked of both.
        """
        for forward, arrow in ((True, "-[r]->"), (False, "<-[r]-")):
            relations: dict[str, list[str]] = defaultdict(list)
            for step, ids in origins.items():
                if step.forward == forward or step.symmetric:
                    for node in ids:
                        relations[node].append(step.relation)
            if not relations:
                continue
            rows = self._collected(
                f"UNWIND $origins AS origin MATCH (x:{write.ANY_KIND} {{id: origin[0]}}){arrow}(y) "
                f"WHERE type(r) IN origin[1]{where.condition('r', also=_holds(origins, 'y'))} "
                "WITH origin[0] AS x, type(r) AS relation, collect(y.id) AS ys RETURN collect([relation, x, ys])",
                {"origins": list(relations.items()), **where.parameters()},
            )
            for relation, node, ends in rows:
                yield Step(relation, forward or RELATIONS[relation].symmetric), node, ends

    def evidence(self, hops: Collection[Hop], where: Filter = EVERYTHING) -> Iterator[tuple[Hop, Evidence]]:
        """Yield the statements, of those that pass the filter, of each edge that one of these hops goes along."""
        wanted = list(hops)
        columns = ", ".join(f"r.{column}" for column in EVIDENCE_COLUMNS)
        rows = self._collected(
            f"UNWIND $hops AS hop MATCH (x:{write.ANY_KIND} {{id: hop[1]}})-[r]-(y:{write.ANY_KIND} {{id: hop[2]}}) "
            "WHERE type(r) = hop[3] AND (hop[4] IS NULL OR (startNode(r) = x) = hop[4])"
            f"{where.condition('r', also=_holds((step for _, step, _ in wanted), 'y'))} "
            f"RETURN collect([hop[0], {columns}])",
            {
                "hops": [(i, x, y, step.relation, _direction(step)) for i, (x, step, y) in enumerate(wanted)],
                **where.parameters(),
            },
        )
        for number, *values in rows:
            yield wanted[number], Evidence.of(values)

    def _collected(self, cypher: str, parameters: Mapping[str, object]) -> list[list[Any]]:
        """Return the rows that a query collects into one record: the driver takes 50 us for each record."""
        rows: list[list[Any]] = self._answer(
            lambda transaction: transaction.run(cypher, dict(parameters)).single(strict=True).value()
        )
        return rows

    def _answer(self, ask: Callable[[ManagedTransaction], T]) -> T:
        with self._failures(), self._driver.session(default_access_mode=READ_ACCESS) as session:
            return self._settled.answer(session, ask)

    @contextmanager
    def _writer(self, progress: Progress) -> Iterator[Callable[[], None]]:
        """Be the only writer: a lock that the server holds while a transaction is open, and frees when we die.

        Yields what makes sure of that, and takes the lock again where the server lost it as it went away.
        """
        progress("waiting for other writers", 0.0)
        with ExitStack() as held:
            locked: list[Transaction] = []

            def lock() -> None:
                held.close()
                locked.clear()
                session = held.enter_context(self._driver.session())
                write.declare_lock(session)
                transaction = session.begin_transaction()
                held.callback(_let_go, transaction)
                write.lock(transaction)
                locked.append(transaction)

            def make_sure() -> None:
                try:
                    for transaction in locked:
                        transaction.run("RETURN 1").consume()
                except (DriverError, Neo4jError):
                    locked.clear()
                if not locked:
                    patiently(lock)

            patiently(lock)
            yield make_sure

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


def _let_go(transaction: Transaction) -> None:
    """End a transaction that changed nothing; where the server is gone, it has ended."""
    with suppress(DriverError, Neo4jError):
        transaction.close()


def _holds(steps: Iterable[Step], end: str) -> tuple[str, ...]:
    """Return what must be true of an edge `r` of any of these steps, and of the node that it leads to.

    It is what `kg.schema.Step.holds` says, in words that hold of every relation: two queries are planned in all.
    """
    if not any(step.holds("r", end) for step in steps):
        return ()
    return "coalesce(r.negated, false) = false", f"coalesce({end}.consent, '') <> '{WITHDRAWN}'"


def _direction(step: Step) -> bool | None:
    """Return whether the step goes along the arrow; None where it does not matter."""
    return None if step.symmetric else step.forward


def _read(transaction: ManagedTransaction) -> Graph:
    nodes = {kind: _read_nodes(transaction, kind) for kind in NODE_KINDS}
    edges = {relation: _read_edges(transaction, relation) for relation in _relations(transaction)}
    return Graph(
        {kind: rows for kind, rows in nodes.items() if rows.num_rows},
        {relation: rows for relation, rows in edges.items() if rows.num_rows},
        releases_of(transaction.run(RELEASES).data()),
    )


def _relations(transaction: ManagedTransaction) -> list[str]:
    """Return the relations that the server knows: to plan a query for each of the others would take a while."""
    there = set(transaction.run("CALL db.relationshipTypes()").value())
    return [relation for relation in RELATIONS if relation in there]


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
        f"RETURN {', '.join(f'{_stored(name)} AS {name}' for name in names)}, collect(b.id) AS objects }} "
        f"RETURN a.id, objects, {', '.join(names)}",
        schema.set(1, pa.field("object", pa.list_(pa.string()))),
    ).combine_chunks()
    objects = grouped["object"]
    parents = pc.list_parent_indices(objects)
    return grouped.drop_columns("object").take(parents).add_column(1, schema.field(1), pc.list_flatten(objects))


def _stored(column: str) -> str:
    """Return a column of an edge `r`; the references are never unsaid, but the import drops a list that is empty."""
    return "coalesce(r.references, [])" if column == "references" else f"r.{column}"


def _fetch(transaction: ManagedTransaction, cypher: str, schema: pa.Schema) -> pa.Table:
    batches = []
    result = transaction.run(cypher)
    while records := result.fetch(FETCHED_ROWS):
        columns = zip(zip(*records, strict=True), schema, strict=True)
        batches.append(pa.record_batch([pa.array(values, field.type) for values, field in columns], schema=schema))
    return pa.Table.from_batches(batches, schema)


def _both_ways(graph: Graph, relation: str) -> pa.Table:
    """Return the edges of a relation that lead both ways: none negated, none of a patient who withdrew consent."""
    rows, withdrawn = holding(relation, graph.edges[relation]), graph.withdrawn()
    ends = RELATIONS[relation]
    for end, kind in (("subject", ends.subject), ("object", ends.object)):
        if kind == PERSON:
            rows = rows.filter(pc.invert(pc.is_in(rows[end], withdrawn)))
    return rows
