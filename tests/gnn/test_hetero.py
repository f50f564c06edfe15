"""HeteroData of any graph: all of it, in its order, with names."""

import numpy as np

from gnn.hetero import to_hetero_data
from kg.graph import Graph
from kg.schema import RELATIONS


def test_every_node_and_edge_is_there_under_its_name(graph: Graph) -> None:
    data = to_hetero_data(graph)
    assert {kind: data[kind].num_nodes for kind in data.node_types} == graph.node_counts()
    assert {relation for _, relation, _ in data.edge_types} == set(graph.edges)
    for name, edges in graph.edges.items():
        ends = RELATIONS[name]
        store = data[ends.subject, name, ends.object]
        subjects, objects = store.edge_index.tolist()
        assert [data[ends.subject].curies[row] for row in subjects] == edges["subject"].to_pylist()
        assert [data[ends.object].curies[row] for row in objects] == edges["object"].to_pylist()
        assert store.sources == edges["source"].to_pylist()
    assert data["Drug"].names == graph.nodes["Drug"]["name"].to_pylist()


def test_an_edge_with_an_end_outside_the_part_is_left_out(graph: Graph) -> None:
    part = Graph({"Drug": graph.nodes["Drug"].slice(0, 1), "Gene": graph.nodes["Gene"]}, graph.edges)
    data = to_hetero_data(part)
    assert all({subject, target} <= {"Drug", "Gene"} for subject, _, target in data.edge_types)
    binds = data["Drug", "binds", "Gene"].edge_index.numpy()
    assert np.array_equal(binds[0], np.zeros(binds.shape[1])) and binds.shape[1] == 2
