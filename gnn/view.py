"""View: a graph as PyTorch Geometric's HeteroData, and which row is which CURIE."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray

from gnn.pyg import HeteroData
from kg.graph import Graph, SourceRelease
from kg.schema import NODE_KINDS, RELATIONS
from kg.vocabulary import biology

LEARNED_KINDS = frozenset(kind.name for kind in biology.KINDS)
"""The kinds of a view: not people, what is known of people alone, and what tells people apart."""

LEARNED_RELATIONS = tuple(relation.name for relation in biology.RELATIONS)
"""The relations of a view: what is known of drugs, diseases and biology; never predictions, judgements or people."""


@dataclass(frozen=True)
class View:
    """A graph to learn from.

    `data[kind].num_nodes` and `data[subject, relation, object].edge_index` hold the structure; row i of a kind is the
    node `curies[kind][i]`, called `names[kind][i]`, with the columns of `tables[kind]`. Rows and edges are sorted,
    whatever the order in the graph.
    """

    data: HeteroData
    curies: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, pa.Table]

    def count(self, kind: str) -> int:
        """Return the number of nodes of a kind, 0 where there is none."""
        return len(self.curies.get(kind, ()))

    def edges(self, relation: str) -> NDArray[np.int64]:
        """Return the ends of a relation's edges as rows.

        Shapes: [2, edge]; [2, 0] where the graph has no such edge.
        """
        ends = RELATIONS[relation]
        key = (ends.subject, relation, ends.object)
        if key not in self.data.edge_types:
            return np.empty((2, 0), np.int64)
        return self.data[key].edge_index.numpy()

    def pairs(self, relation: str) -> NDArray[np.bool_]:
        """Return which subject has this relation to which object, of two small kinds. Shapes: [subject, object]."""
        ends = RELATIONS[relation]
        found = np.zeros((self.count(ends.subject), self.count(ends.object)), bool)
        found[tuple(self.edges(relation))] = True
        return found

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the nodes of a kind, each with its columns."""
        return self.tables[kind].to_pylist() if kind in self.tables else []


def view(graph: Graph, candidates: Collection[str] = ()) -> View:
    """Turn a graph into what can be learned from.

    Of a kind of which the sources named in `candidates` have any node, only theirs are there. Drugs and diseases are
    those identified by their kind's preferred prefix: a drug known only by the code of a patient's prescription has no
    biology to learn from.
    """
    data, curies, names, tables = HeteroData(), {}, {}, {}
    known = Graph(graph.nodes, {}).stated_by(candidates).nodes if candidates else {}
    for kind, nodes in graph.nodes.items():
        if kind not in LEARNED_KINDS:
            continue
        nodes = known.get(kind, nodes)
        if kind in {"Drug", "Disease"}:
            nodes = nodes.filter(pc.starts_with(nodes["id"], NODE_KINDS[kind].prefixes[0] + ":"))
        nodes = tables[kind] = nodes.sort_by("id")
        curies[kind], names[kind] = tuple(nodes["id"].to_pylist()), tuple(nodes["name"].to_pylist())
        data[kind].num_nodes = nodes.num_rows
    for relation in LEARNED_RELATIONS:
        if relation not in graph.edges:
            continue
        ends = RELATIONS[relation]
        index = _rows(relation, graph.edges[relation], curies)
        if index.shape[1]:
            data[ends.subject, relation, ends.object].edge_index = torch.from_numpy(index)
    return View(data, curies, names, tables)


def learned_from(graph: Graph, relations: Collection[str] = LEARNED_RELATIONS) -> tuple[SourceRelease, ...]:
    """Return the releases that state an edge of these relations: not those that tell of patients alone."""
    stated = {name for relation in relations if relation in graph.edges for name in _sources(graph, relation)}
    return tuple(release for release in graph.sources if release.name in stated)


def _sources(graph: Graph, relation: str) -> list[str]:
    names: list[str] = pc.unique(graph.edges[relation]["source"]).to_pylist()
    return names


def _rows(relation: str, edges: pa.Table, curies: Mapping[str, tuple[str, ...]]) -> NDArray[np.int64]:
    """Return the sorted, unique row pairs of edges whose ends are both among these nodes. Shapes: [2, edge].

    However many sources state an edge, it is one; a symmetric one too, whichever way round they state it.
    """
    ends = RELATIONS[relation]
    size = max(len(curies.get(ends.object, ())), 1)
    subjects, objects = (
        pc.fill_null(pc.index_in(edges[end], pa.array(curies.get(kind, ()), pa.string())), -1)
        .to_numpy()
        .astype(np.int64)
        for end, kind in (("subject", ends.subject), ("object", ends.object))
    )
    if ends.symmetric:
        subjects, objects = np.minimum(subjects, objects), np.maximum(subjects, objects)
    keep = (subjects >= 0) & (objects >= 0)
    return np.stack(np.divmod(np.unique(subjects[keep] * size + objects[keep]), size))
