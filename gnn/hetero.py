"""Hetero: any graph, or part of one, as PyTorch Geometric's HeteroData; `gnn.view` has what may be learned from."""

import numpy as np
import pyarrow.compute as pc
import torch

from gnn.pyg import HeteroData
from kg.graph import Graph
from kg.schema import RELATIONS


def to_hetero_data(graph: Graph) -> HeteroData:
    """Return a graph's structure: every node, and every edge whose ends are nodes of it, parallel ones too.

    `data[kind].num_nodes` nodes, called `data[kind].names`, are `data[kind].curies`, in the graph's order;
    `data[subject, relation, object].edge_index` has the rows of the ends, `.sources` who states each. Nothing has
    features, and nothing is left out: predictions, judgements and people are in it if they are in the graph.

    Shapes: edge_index [2, edge].
    """
    data = HeteroData()
    for kind, nodes in graph.nodes.items():
        data[kind].num_nodes = nodes.num_rows
        data[kind].curies, data[kind].names = nodes["id"].to_pylist(), nodes["name"].to_pylist()
    for relation, edges in graph.edges.items():
        ends = RELATIONS[relation]
        if not {ends.subject, ends.object} <= graph.nodes.keys():
            continue
        rows = [
            pc.fill_null(pc.index_in(edges[end], graph.nodes[kind]["id"].combine_chunks()), -1).to_numpy()
            for end, kind in (("subject", ends.subject), ("object", ends.object))
        ]
        index = np.stack(rows).astype(np.int64)
        inside = (index >= 0).all(axis=0)
        store = data[ends.subject, relation, ends.object]
        store.edge_index = torch.from_numpy(index[:, inside])
        store.sources = edges["source"].filter(inside).to_pylist()
    return data
