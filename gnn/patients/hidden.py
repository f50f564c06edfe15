"""Hidden: which pairs a model must not hear of, kept as marks that name no patient."""

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa

from gnn.patients.events import Longs
from kg.graph import Graph
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


def _marks(pairs: Iterable[tuple[str, str]]) -> Longs:
    known: dict[tuple[str, str], int] = {}
    found = []
    for pair in pairs:
        if pair not in known:
            digest = hashlib.blake2b("\t".join(pair).encode(), digest_size=8).digest()
            known[pair] = int.from_bytes(digest, "little", signed=True)
        found.append(known[pair])
    return np.array(found, np.int64)
