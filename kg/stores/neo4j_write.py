"""What is sent to a Neo4j server: a graph in batches, staged beside the one in place, or merged into it.

See docs/decisions/0003-replace-on-neo4j.md for why a full build goes by labels of its own.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from neo4j import Driver, ManagedTransaction, Session, Transaction
from neo4j.exceptions import ConstraintError

from kg.graph import Graph, table
from kg.progress import Progress
from kg.schema import NODE_COLUMNS, NODE_KINDS, RELATIONS, edge_identity
from kg.stores.degrees import recount, touched
from kg.stores.kept import KEPT_COLUMNS, with_kept
from kg.stores.neo4j_retry import patiently
from kg.stores.protocol import OTHER_VERSION, StoreError
from kg.stores.releases import RELEASE_COLUMNS, RELEASE_LABEL, release_row

BATCH_ROWS = 5_000
WRITERS = 2
"""Connections that write edges at a time; where two meet at a node, the server lets one wait, or retry."""
ANY_KIND = "NamedThing"
"""Biolink's root, on every node of the graph in place beside its kind: one plan of the server then serves all kinds."""
LABELS = (*NODE_KINDS, RELEASE_LABEL)
STAGED = "Staged"
DISCARDED = "Discarded"
WRITER = "PanakeiaWriter"
RECEIPT = "ReceiptStaged"
"""A node for each batch that is stored, written with it, and one for the whole build: so that a batch whose commit was
never answered is not stored twice, and none is stored when another build has begun."""


@dataclass(frozen=True)
class Batch:
    """So many nodes or edges that one transaction writes, as part of a step."""

    step: str
    count: int
    write: Callable[[ManagedTransaction], None]


class Elements:
    """Nodes of one label, and the ids that the server knows them by."""

    def __init__(self, elements: Mapping[str, str]) -> None:
        self._nodes = pa.array(elements.keys(), pa.string())
        self.ids = list(elements.values())

    def positions(self, nodes: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return where in `ids` each node's is, null for an unknown one."""
        return pc.index_in(nodes, self._nodes)


@dataclass(frozen=True)
class EdgeBatch:
    """Edges of one relation as they are sent, grouped by one of their ends: most share their attributes.

    Sent so, an edge costs little more than its other end.
    """

    near: str
    """The end that the edges are grouped by: `subject` or `object`."""
    groups: list[tuple[str, int, list[str]]]
    """The near end's element id, the position of the edges' attributes, and the element ids of their far ends."""
    attributes: list[dict[str, object]]
    count: int

    @property
    def far(self) -> str:
        """The other end."""
        return "object" if self.near == "subject" else "subject"


def lock(transaction: Transaction) -> None:
    """Become the only writer until the transaction ends: whoever else asks waits for that."""
    transaction.run(f"MERGE (n:{WRITER} {{id: 'writer'}})").consume()


def declare_lock(session: Session) -> None:
    """Make the node unique that `lock` holds, and receipts."""
    _declare(session, [_unique(WRITER), _unique(RECEIPT)])


def declare(session: Session, graph: Graph) -> None:
    """Make `id` unique, and so indexed, in each label of the graph."""
    _declare(session, map(_unique, _labels(graph)))


def index_all_kinds(session: Session) -> None:
    """Index `id` across all kinds, when their nodes are there: the server plans by what an index held at first."""
    _declare(session, [f"CREATE INDEX IF NOT EXISTS FOR (n:{ANY_KIND}) ON (n.id)"])
    session.run("CALL db.awaitIndexes()").consume()


def index_imported(session: Session) -> None:
    """Finish a graph that was not written by us but imported (`kg.stores.neo4j_admin`); any other stays as it is.

    Nodes get the empty lists that the import drops, and then the index by which one sees that it is done.
    """
    asked = f"SHOW INDEXES YIELD labelsOrTypes WHERE '{ANY_KIND}' IN labelsOrTypes RETURN count(*) AS indexes"
    if session.run(asked).single(strict=True).value():
        return
    if session.run(f"MATCH (n:{ANY_KIND}) RETURN count(n) AS nodes").single(strict=True).value():
        lists = [name for name, kind in (NODE_COLUMNS | KEPT_COLUMNS).items() if kind.endswith("[]")]
        for label, names in ((ANY_KIND, lists), (RELEASE_LABEL, ["files"])):
            missing = " OR ".join(f"n.{name} IS NULL" for name in names)
            filled = ", ".join(f"n.{name} = coalesce(n.{name}, [])" for name in names)
            session.run(
                f"MATCH (n:{label}) WHERE {missing} CALL (n) {{ SET {filled} }} IN TRANSACTIONS OF {BATCH_ROWS} ROWS"
            ).consume()
        _declare(session, map(_unique, LABELS))
        index_all_kinds(session)


def _unique(label: str) -> str:
    return f"CREATE CONSTRAINT IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE"


def _declare(session: Session, statements: Iterable[str]) -> None:
    with session.begin_transaction() as transaction:
        for statement in statements:
            transaction.run(statement).consume()
        transaction.commit()


def clear(session: Session) -> None:
    """Delete what a broken or a finished build left behind, edges first: a hub has too many for one transaction."""
    left = "|".join((DISCARDED, RECEIPT, *(label + STAGED for label in LABELS)))
    for pattern in (f"(:{left})-[x]->()", f"(x:{left})"):
        session.run(f"MATCH {pattern} CALL (x) {{ DELETE x }} IN TRANSACTIONS OF {BATCH_ROWS} ROWS").consume()


def begin(transaction: ManagedTransaction, build: str) -> None:
    """Leave the receipt of a build that begins; `clear` takes it away, and so ends the build."""
    transaction.run(f"MERGE (:{RECEIPT} {{id: $build}})", build=build).consume()


def stage(driver: Driver, graph: Graph, build: str, progress: Progress) -> None:
    """Write the graph beside the one in place; while the server is away, each batch is tried again.

    Staged labels have no index: their nodes are checked already, and edges are written between element ids.
    """
    done, total = 0, len(graph.sources) + sum(rows.num_rows for rows in (*graph.nodes.values(), *graph.edges.values()))
    for batches in (_staged_nodes(graph), _staged_edges(driver, graph)):
        for batch in _written(driver, build, batches):
            done += batch.count
            progress(batch.step, 0.9 * (done / total))


def _staged_nodes(graph: Graph) -> Iterator[Batch]:
    for label, rows in _labelled(graph):
        for nodes in _node_batches(rows):
            write = partial(_create_nodes, label=label + STAGED, rows=nodes)
            yield Batch(f"nodes: {label}", len(nodes), write)


def _staged_edges(driver: Driver, graph: Graph) -> Iterator[Batch]:
    with driver.session() as session:
        elements = patiently(lambda: session.execute_read(_elements, touched(graph), STAGED))
    for relation, rows in graph.edges.items():
        for edges in _edge_batches(relation, rows, elements):
            write = partial(_create_edges, relation=relation, batch=edges)
            yield Batch(f"edges: {relation}", edges.count, write)


def _written(driver: Driver, build: str, batches: Iterable[Batch]) -> Iterator[Batch]:
    """Write the batches, some at a time; yield each when it is sent, and end when all are stored."""

    def write(batch: Batch, receipt: str) -> None:
        with driver.session(max_transaction_retry_time=0) as session, suppress(ConstraintError):  # stored before
            patiently(lambda: session.execute_write(_write_once, batch, build, receipt))

    with ThreadPoolExecutor(WRITERS) as pool:
        writing: deque[Future[None]] = deque()
        for batch in batches:
            writing.append(pool.submit(write, batch, f"{build} {uuid4()}"))
            if len(writing) > WRITERS:  # so that no more than one batch waits in memory
                writing.popleft().result()
            yield batch
        for last in writing:
            last.result()


def _write_once(transaction: ManagedTransaction, batch: Batch, build: str, receipt: str) -> None:
    """Write a batch with its receipt; raises `ConstraintError`, for the receipt, where it is stored already."""
    made = transaction.run(
        f"MATCH (:{RECEIPT} {{id: $build}}) CREATE (:{RECEIPT} {{id: $receipt}})", build=build, receipt=receipt
    ).consume()
    if not made.counters.nodes_created:
        raise StoreError("another build began while the server was away: build once more when that has ended")
    batch.write(transaction)


def _labels(graph: Graph) -> list[str]:
    return [*graph.nodes, RELEASE_LABEL]


def _labelled(graph: Graph) -> Iterator[tuple[str, pa.Table]]:
    yield from with_kept(graph).items()
    yield RELEASE_LABEL, table(RELEASE_COLUMNS, map(release_row, graph.sources))


def _node_batches(rows: pa.Table) -> Iterator[list[dict[str, object]]]:
    for batch in rows.combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
        yield [_present(row) for row in batch.to_pylist()]


def _elements(
    transaction: ManagedTransaction, ids: Mapping[str, Sequence[str]], suffix: str = ""
) -> dict[str, Elements]:
    """Return the element ids of those of these nodes that are there, by label."""
    found = {}
    for label, wanted in ids.items():
        pairs = transaction.run(
            f"MATCH (n:{label}{suffix}) WHERE n.id IN $ids RETURN collect([n.id, elementId(n)])", ids=wanted
        ).single(strict=True)
        found[label] = Elements(dict(pairs.value()))
    return found


def _edge_batches(relation: str, rows: pa.Table, elements: Mapping[str, Elements]) -> Iterator[EdgeBatch]:
    """Yield the edges, grouped by the end that has more nodes: so two batches seldom write to the same ones.

    Raises `StoreError` where an end has no element.
    """
    nodes = {end: elements[label] for end, label in _end_labels(relation).items()}
    for end in nodes:
        rows = rows.set_column(rows.column_names.index(end), end, nodes[end].positions(rows[end]))
        if missing := rows[end].null_count:
            raise StoreError(f"{missing} {relation} edges have an end that is not a node: check the graph")
    near = max(nodes, key=lambda end: pc.count_distinct(rows[end]).as_py())
    for part in rows.sort_by(near).combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
        numbers, attributes = _shared(part.drop_columns(list(nodes)))
        batch = EdgeBatch(near, [], attributes, part.num_rows)
        near_ids, far_ids = nodes[near].ids, nodes[batch.far].ids
        edges = zip(part[near].to_pylist(), numbers, part[batch.far].to_pylist(), strict=True)
        for (position, number), group in groupby(edges, key=itemgetter(0, 1)):
            batch.groups.append((near_ids[position], number, [far_ids[edge[2]] for edge in group]))
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
    transaction.run(
        f"UNWIND $rows AS row MERGE (n:{label} {{id: row.id}}) SET n = row SET n:{_in_place(label)}", rows=rows
    ).consume()


def _set_nodes(transaction: ManagedTransaction, label: str, rows: pa.Table) -> None:
    """Set these columns of nodes that are there."""
    for part in _node_batches(rows):
        transaction.run(f"UNWIND $rows AS row MATCH (n:{label} {{id: row.id}}) SET n += row", rows=part).consume()


def _in_place(label: str) -> str:
    """Return the labels of a node that is in place."""
    return label if label == RELEASE_LABEL else f"{label}:{ANY_KIND}"


def _create_edges(transaction: ManagedTransaction, relation: str, batch: EdgeBatch) -> None:
    made = transaction.run(
        f"UNWIND $groups AS group MATCH ({batch.near}) WHERE elementId({batch.near}) = group[0] "
        f"UNWIND group[2] AS element MATCH ({batch.far}) WHERE elementId({batch.far}) = element "
        f"CREATE (subject)-[r:{relation}]->(object) SET r = $attributes[group[1]]",
        groups=batch.groups,
        attributes=batch.attributes,
    ).consume()
    if made.counters.relationships_created != batch.count:
        raise StoreError(f"nodes vanished while {relation} edges were written between them: build once more")


def _delete_edges(transaction: ManagedTransaction, relation: str, batch: EdgeBatch) -> None:
    """Delete the edges that are the same as those of the batch (`kg.schema.edge_identity`)."""
    arrow = "-" if RELATIONS[relation].symmetric else "->"
    columns = edge_identity(relation)[2:]
    same = " AND ".join(f"(r.{name} = new.{name} OR coalesce(r.{name}, new.{name}) IS NULL)" for name in columns)
    transaction.run(
        "UNWIND $groups AS group WITH group, $attributes[group[1]] AS new "
        f"MATCH (subject)-[r:{relation}]{arrow}(object) "
        f"WHERE elementId({batch.near}) = group[0] AND elementId({batch.far}) IN group[2] AND {same} DELETE r",
        groups=batch.groups,
        attributes=batch.attributes,
    ).consume()


def _end_labels(relation: str) -> dict[str, str]:
    return {"subject": RELATIONS[relation].subject, "object": RELATIONS[relation].object}


def swap(transaction: ManagedTransaction, graph: Graph, build: str) -> None:
    """Put the staged graph in place of the one that is there, unless that is done already.

    Raises `StoreError` where another build has begun, and cleared the staged graph away.
    """
    receipts = f"MATCH (r:{RECEIPT} {{id: $build}}) WITH r, r.swapped AS swapped SET r.swapped = true RETURN swapped"
    found = transaction.run(receipts, build=build).values()
    if not found:
        raise StoreError("another build began while the server was away: build once more when that has ended")
    if found[0][0]:
        return
    old = f"MATCH (n:{'|'.join(LABELS)}) REMOVE n:{':'.join((*LABELS, ANY_KIND))} SET n:{DISCARDED}"
    transaction.run(old).consume()
    for label in _labels(graph):
        transaction.run(f"MATCH (n:{label}{STAGED}) REMOVE n:{label}{STAGED} SET n:{_in_place(label)}").consume()


def merge(transaction: ManagedTransaction, graph: Graph, gone: Graph) -> None:
    """Add nodes and edges to the graph in place; one that is there is overwritten, what is `gone` is taken away before.

    Raises `StoreError` where that graph's nodes lack what this version keeps: only half would be counted or found.
    """
    nodes = f"(n:{'|'.join(NODE_KINDS)}) WHERE n.degrees IS NULL OR n.folded_id IS NULL OR NOT n:{ANY_KIND}"
    if transaction.run(f"RETURN EXISTS {{ MATCH {nodes} }}").single(strict=True).value():
        raise StoreError(OTHER_VERSION)
    for label, rows in _labelled(graph):
        for part in _node_batches(rows):
            _merge_nodes(transaction, label, part)
    parting = _elements(transaction, touched(gone))
    for relation, rows in gone.edges.items():
        for batch in _edge_batches(relation, rows, parting):
            _delete_edges(transaction, relation, batch)
    elements = _elements(transaction, touched(graph))
    for relation, rows in graph.edges.items():
        batches = list(_edge_batches(relation, rows, elements))
        for batch in batches:
            _delete_edges(transaction, relation, batch)
        for batch in batches:
            _create_edges(transaction, relation, batch)
    for kind, nodes in gone.nodes.items():
        for part in _node_batches(nodes.select(["id"])):
            ids = [row["id"] for row in part]
            transaction.run(f"MATCH (n:{kind}) WHERE n.id IN $ids DETACH DELETE n", ids=ids).consume()
    recount(
        lambda cypher, parameters: transaction.run(cypher, dict(parameters)).data(),
        partial(_set_nodes, transaction),
        "type",
        graph,
        gone,
    )
