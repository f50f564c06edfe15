"""Hidden: which pairs a model must not hear of, kept as marks that name no patient, and which patients it must not."""

import hashlib
from collections.abc import Collection, Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gnn.split import LeakError
from kg.graph import Graph
from kg.patients.known import Longs
from kg.schema import PERSON, RELATIONS


def marks(pairs: pd.DataFrame) -> Longs:
    """Return a number for each pair of a patient and a drug (by identifier), sorted; it is no way back to them.

    Shapes: [pair].
    """
    return np.unique(_marks(zip(pairs["patient"].astype(str), pairs["drug"].astype(str), strict=True)))


def without_hidden(graph: Graph, hidden: Longs) -> Graph:
    """Return a graph of patients without any edge between a patient and a drug whose pair is hidden."""
    if not len(hidden):
        return graph
    edges = dict(graph.edges)
    for relation, rows in graph.edges.items():
        ends = RELATIONS[relation]
        if {ends.subject, ends.object} == {PERSON, "Drug"}:
            person, drug = ("subject", "object") if ends.subject == PERSON else ("object", "subject")
            found = _marks(zip(rows[person].to_pylist(), rows[drug].to_pylist(), strict=True))
            edges[relation] = rows.filter(pa.array(~np.isin(found, hidden)))
    return Graph(graph.nodes, edges, graph.sources)


def of_patients(graph: Graph, people: Collection[str]) -> Graph:
    """Return a graph with these patients alone, and what is told of them; all else stays."""
    wanted = pa.array([*people], pa.string())
    nodes, edges = dict(graph.nodes), dict(graph.edges)
    nodes[PERSON] = nodes[PERSON].filter(pc.is_in(nodes[PERSON]["id"], wanted))
    for relation, end in _ends_at_patients(graph):
        edges[relation] = edges[relation].filter(pc.is_in(edges[relation][end], wanted))
    return Graph(nodes, edges, graph.sources)


def assert_nobody(graph: Graph, people: Collection[str]) -> None:
    """Raise `LeakError` if one of these patients, or anything told of them, is in a graph: without saying who."""
    wanted = pa.array([*people], pa.string())
    there = pc.sum(pc.is_in(graph.nodes[PERSON]["id"], wanted)).as_py() or 0
    told = sum(pc.sum(pc.is_in(graph.edges[name][end], wanted)).as_py() or 0 for name, end in _ends_at_patients(graph))
    if there or told:
        raise LeakError(
            f"{there} held-out patients and {told} of their events are in the graph to train on: expected none; take "
            "them out with gnn.patients.hidden.of_patients"
        )


def _ends_at_patients(graph: Graph) -> Iterator[tuple[str, str]]:
    """Yield each relation with patients, and the end that they are at."""
    for relation in graph.edges:
        ends = RELATIONS[relation]
        yield from ((relation, end) for end in ("subject", "object") if getattr(ends, end) == PERSON)


def _marks(pairs: Iterable[tuple[str, str]]) -> Longs:
    known: dict[tuple[str, str], int] = {}
    found = []
    for pair in pairs:
        if pair not in known:
            digest = hashlib.blake2b("\t".join(pair).encode(), digest_size=8).digest()
            known[pair] = int.from_bytes(digest, "little", signed=True)
        found.append(known[pair])
    return np.array(found, np.int64)
