"""Degrees: to how many nodes each step leads from a node, counted when a graph is written and kept on its nodes.

An edge that several sources state, or one source both ways, leads to one node. One that is negated, or of a patient
who withdrew consent, leads nowhere (`kg.schema.Step.holds`).

Who ranks paths asks for the degrees of thousands of nodes: read from the nodes they cost one short query, counted they
would cost a query for each kind that counts every relation of that kind.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.graph import Graph, arrow_schema, holding, table
from kg.schema import PERSON, RELATIONS, STEPS, AttributeType, Step, steps_from

Run = Callable[[str, Mapping[str, object]], list[dict[str, Any]]]
"""Runs a Cypher statement with parameters in a writer's transaction, and returns its rows."""

Save = Callable[[str, pa.Table], None]
"""Sets columns of nodes of a kind that are there: the table has their `id` and these columns."""

DEGREE_COLUMNS: dict[str, AttributeType] = {"steps": "string[]", "degrees": "int64[]"}
"""What a stored node has beside `kg.schema.node_columns`: the steps that leave it, and to how many nodes each leads."""

_COUNTS = pa.schema([("id", pa.string()), ("steps", pa.string()), ("degrees", pa.int64())])

RECOUNTED = 5_000
"""Nodes that one statement counts or writes."""


def with_degrees(graph: Graph) -> dict[str, pa.Table]:
    """Return the graph's tables of nodes with `DEGREE_COLUMNS`."""
    counts: dict[str, list[pa.Table]] = defaultdict(list)
    withdrawn = graph.withdrawn()
    for relation, rows in graph.edges.items():
        for step, ids, numbers in _counted(relation, holding(relation, rows), withdrawn):
            name = pa.repeat(str(step), len(ids))
            counts[step.start].append(pa.table({"id": ids, "steps": name, "degrees": numbers}))
    return {kind: _with_lists(nodes, counts[kind]) for kind, nodes in graph.nodes.items()}


def recount(run: Run, save: Save, relation_of: str, graph: Graph, gone: Graph) -> None:
    """Bring the degrees up to date on each node that an addition, already written, wrote, or joined to or parted from
    another, and on the neighbours of each patient that it wrote, who may have withdrawn consent. `relation_of` is the
    name of the function that tells an edge's relation: the stores differ in it.
    """
    patients = graph.nodes[PERSON]["id"].to_pylist() if PERSON in graph.nodes else []
    known: dict[str, set[str]] = defaultdict(set)
    for found in (touched(graph), touched(gone), _beside(run, relation_of, patients)):
        for kind, nodes in found.items():
            known[kind].update(nodes)
    for kind in sorted(known):
        ids = sorted(known[kind])
        steps = steps_from(kind)
        questions = [(together[0].forward, _counting(kind, together, relation_of)) for together in _alike(steps)]
        for begin in range(0, len(ids), RECOUNTED):
            degrees: dict[str, dict[Step, int]] = {one: {} for one in ids[begin : begin + RECOUNTED]}
            for forward, question in questions:
                for row in run(question, {"ids": list(degrees)}):
                    degrees[row["id"]][Step(row["relation"], forward)] = row["degree"]
            save(kind, table({"id": "string", **DEGREE_COLUMNS}, (_as_lists(*one, steps) for one in degrees.items())))


def from_lists(steps: list[str], degrees: list[int]) -> dict[Step, int]:
    """Return a node's degrees by step from the two lists that a store keeps.

    >>> from_lists(["-treats->"], [3])
    {Step(relation='treats', forward=True): 3}
    """
    return {STEPS[step]: degree for step, degree in zip(steps, degrees, strict=True) if step in STEPS}


def _counted(relation: str, rows: pa.Table, withdrawn: pa.Array) -> Iterator[tuple[Step, pa.Array, pa.Array]]:
    """Yield what `_neighbours` does, of the steps to patients without those who withdrew consent: they are nobody's
    neighbours.
    """
    for step, ids, numbers in _neighbours(relation, rows):
        if step.end != PERSON or not len(withdrawn):
            yield step, ids, numbers
    for end, kind in (("subject", RELATIONS[relation].subject), ("object", RELATIONS[relation].object)):
        if kind == PERSON and len(withdrawn):
            consenting = rows.filter(pc.invert(pc.is_in(rows[end], withdrawn)))
            yield from (one for one in _neighbours(relation, consenting) if one[0].forward == (end == "object"))


def _neighbours(relation: str, rows: pa.Table) -> Iterator[tuple[Step, pa.Array, pa.Array]]:
    """Yield each step of a relation with the nodes that it leaves, and to how many nodes it leads from each."""
    subjects, objects = rows["subject"].chunks, rows["object"].chunks
    steps = [Step(relation, True), Step(relation, False)]
    if RELATIONS[relation].symmetric:
        subjects, objects = subjects + objects, objects + subjects
        del steps[1]
    ends = [
        pa.chunked_array(chunks, pa.string()).combine_chunks().dictionary_encode() for chunks in (subjects, objects)
    ]
    near, far = (np.asarray(end.indices, np.int64) for end in ends)
    size = max(1, len(ends[1].dictionary))
    pairs = np.sort(near * size + far)  # sorted in 0.05 s for two million, where np.unique takes 3 s
    distinct = np.divmod(pairs[np.diff(pairs, prepend=-1) > 0], size)
    for step, end, nodes in zip(steps, ends, distinct, strict=False):
        yield step, end.dictionary, pa.array(np.bincount(nodes))


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
        for kind, end in ((RELATIONS[relation].subject, "subject"), (RELATIONS[relation].object, "object")):
            ids[kind].update(pc.unique(rows[end]).to_pylist())
    return {kind: sorted(found) for kind, found in ids.items()}


def _beside(run: Run, relation_of: str, patients: list[str]) -> dict[str, set[str]]:
    """Return the stored neighbours of patients, by kind."""
    found: dict[str, set[str]] = defaultdict(set)
    for together in _alike(steps_from(PERSON)):
        question = (
            f"UNWIND $ids AS wanted MATCH (n:{PERSON}) WHERE n.id = wanted MATCH (n){_edge(together)}(m) "
            f"RETURN DISTINCT {relation_of}(r) AS relation, m.id AS id"
        )
        for begin in range(0, len(patients), RECOUNTED):
            for row in run(question, {"ids": patients[begin : begin + RECOUNTED]}):
                found[Step(row["relation"], together[0].forward).end].add(row["id"])
    return found


def _edge(steps: list[Step]) -> str:
    """Return the Cypher of an edge along any of steps that are alike."""
    return steps[0].arrow(f"[r:{'|'.join(step.relation for step in steps)}]")


def _alike(steps: tuple[Step, ...]) -> list[list[Step]]:
    """Return the steps from a kind in groups that one statement can count: their Cypher differs in the relation alone.

    A statement for each step, or one that names each in turn, would be planned for most of the time.
    """
    groups: dict[tuple[str, tuple[str, ...], bool], list[Step]] = defaultdict(list)
    for step in steps:
        groups[step.arrow(""), step.holds("r", "m"), step.end == PERSON].append(step)
    return list(groups.values())


def _counting(kind: str, steps: list[Step], relation_of: str) -> str:
    """Return the Cypher that counts the neighbours of nodes by steps that are alike."""
    first = steps[0]
    end = f"m:{PERSON}" if first.end == PERSON else "m"
    where = " AND ".join(first.holds("r", "m")) or "true"
    return (
        f"UNWIND $ids AS wanted MATCH (n:{kind}) WHERE n.id = wanted MATCH (n){_edge(steps)}({end}) WHERE {where} "
        f"RETURN n.id AS id, {relation_of}(r) AS relation, count(DISTINCT m) AS degree"
    )


def _as_lists(node: str, degrees: Mapping[Step, int], steps: tuple[Step, ...]) -> dict[str, object]:
    left = [step for step in steps if step in degrees]
    return {"id": node, "steps": [str(step) for step in left], "degrees": [degrees[step] for step in left]}
