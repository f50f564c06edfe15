"""Degrees: how many edges of each step leave a node, counted when a graph is written and kept on its nodes.

Who ranks paths asks for the degrees of thousands of nodes: read from the nodes they cost one short query, counted they
would cost a query for each kind that counts every relation of that kind.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kg.graph import Graph, arrow_schema
from kg.schema import RELATIONS, STEPS, AttributeType, Step, steps_from

Run = Callable[[str, Mapping[str, object]], list[dict[str, Any]]]
"""Runs a Cypher statement with parameters in a writer's transaction, and returns its rows."""

DEGREE_COLUMNS: dict[str, AttributeType] = {"steps": "string[]", "degrees": "int64[]"}
"""What a stored node has beside `kg.schema.node_columns`: the steps that leave it, and how many edges each has."""

_COUNTS = pa.schema([("id", pa.string()), ("steps", pa.string()), ("degrees", pa.int64())])

RECOUNTED = 5_000
"""Nodes that one statement counts or writes."""


def with_degrees(graph: Graph) -> dict[str, pa.Table]:
    """Return the graph's tables of nodes with `DEGREE_COLUMNS`."""
    counts: dict[str, list[pa.Table]] = defaultdict(list)
    for relation, rows in graph.edges.items():
        for step, ends in _leaving(relation, rows):
            values, numbers = pc.value_counts(ends).flatten()
            name = pa.repeat(str(step), len(values))
            counts[step.start].append(pa.table({"id": values, "steps": name, "degrees": numbers}))
    return {kind: _with_lists(nodes, counts[kind]) for kind, nodes in graph.nodes.items()}


def recount(run: Run, graph: Graph) -> None:
    """Bring the degrees up to date on each node that an addition, already written, wrote or joined to another."""
    for kind, ids in touched(graph).items():
        steps = steps_from(kind)
        counted = ", ".join(f"COUNT {{ MATCH (n){step.pattern()}() }} AS d{i}" for i, step in enumerate(steps))
        for begin in range(0, len(ids), RECOUNTED):
            found = run(
                f"UNWIND $ids AS wanted MATCH (n:{kind}) WHERE n.id = wanted RETURN n.id AS id, {counted}",
                {"ids": ids[begin : begin + RECOUNTED]},
            )
            rows = [_as_lists(row, steps) for row in found]
            joined = [row for row in rows if row["steps"]]  # the others were written by the addition, without an edge
            if joined:
                run(
                    f"UNWIND $rows AS row MATCH (n:{kind}) WHERE n.id = row.id "
                    "SET n.steps = row.steps, n.degrees = row.degrees",
                    {"rows": joined},
                )


def from_lists(steps: list[str], degrees: list[int]) -> dict[Step, int]:
    """Return a node's degrees by step from the two lists that a store keeps.

    >>> from_lists(["-treats->"], [3])
    {Step(relation='treats', forward=True): 3}
    """
    return {STEPS[step]: degree for step, degree in zip(steps, degrees, strict=True) if step in STEPS}


def _leaving(relation: str, rows: pa.Table) -> Iterator[tuple[Step, pa.ChunkedArray]]:
    """Yield each step of a relation with the node that it leaves, for each edge."""
    if RELATIONS[relation].symmetric:
        yield Step(relation, True), pa.chunked_array([*rows["subject"].chunks, *rows["object"].chunks], pa.string())
    else:
        yield Step(relation, True), rows["subject"]
        yield Step(relation, False), rows["object"]


def _with_lists(nodes: pa.Table, counts: list[pa.Table]) -> pa.Table:
    """Return the nodes with the counts of each as lists, empty where it has none."""
    every = pa.concat_tables([_COUNTS.empty_table(), *counts])
    grouped = every.group_by("id").aggregate([("steps", "list"), ("degrees", "list")])
    rows = pc.index_in(nodes["id"], grouped["id"].combine_chunks())
    for column in arrow_schema(DEGREE_COLUMNS):
        lists = grouped[f"{column.name}_list"].take(rows).cast(column.type)
        nodes = nodes.append_column(column, pc.fill_null(lists, pa.scalar([], column.type)))
    return nodes


def touched(graph: Graph) -> dict[str, list[str]]:
    """Return the graph's nodes and the ends of its edges, by kind."""
    ids: dict[str, set[str]] = defaultdict(set)
    for kind, nodes in graph.nodes.items():
        ids[kind].update(nodes["id"].to_pylist())
    for relation, rows in graph.edges.items():
        for step, ends in _leaving(relation, rows):
            ids[step.start].update(pc.unique(ends).to_pylist())
    return {kind: sorted(found) for kind, found in ids.items()}


def _as_lists(row: Mapping[str, Any], steps: tuple[Step, ...]) -> dict[str, object]:
    degrees = {str(step): row[f"d{i}"] for i, step in enumerate(steps) if row[f"d{i}"]}
    return {"id": row["id"], "steps": list(degrees), "degrees": list(degrees.values())}
