"""Neighbourhoods: all of one's neighbours or a fair draw, and messages as on the whole graph."""

import networkx
import numpy as np
import pytest
import torch

from gnn.adjacency import Adjacency, adjacency, by_hearer
from gnn.encoders import EncoderConfig, LinkPredictor
from gnn.neighbours import Neighbourhood, hide, neighbourhood
from gnn.pyg import HGTConv, RGCNConv
from gnn.view import view
from kg.graph import Graph


@pytest.fixture(scope="module")
def graph(families: Graph) -> Adjacency:
    return adjacency(view(families))


def rows(around: Neighbourhood) -> dict[tuple[str, str, str], set[tuple[int, int]]]:
    """Return the edges of a neighbourhood as rows of the whole graph."""
    return {
        name: set(zip(around.nodes[name[0]][edges[0]].tolist(), around.nodes[name[2]][edges[1]].tolist(), strict=True))
        for name, edges in around.edges(len(around.hops)).items()
    }


def test_hops_are_those_of_a_breadth_first_walk(graph: Adjacency) -> None:
    whole = networkx.Graph()
    for (sender, _, hearer), edges in graph.incoming.items():
        whole.add_edges_from(((sender, one), (hearer, other)) for one, other in edges.ends().T.tolist())
    far = networkx.single_source_shortest_path_length(whole, ("Disease", 3))
    around = neighbourhood(graph, {"Disease": np.array([3])}, (None, None, None), np.random.default_rng(0))
    for hops, reached in enumerate(around.reached):
        found = {(kind, row) for kind, count in reached.items() for row in around.nodes[kind][:count].tolist()}
        assert found == {node for node, length in far.items() if length <= hops}


def test_at_most_so_many_by_each_relation_none_twice(graph: Adjacency) -> None:
    around = neighbourhood(graph, {"Drug": np.arange(24)}, (3, 2), np.random.default_rng(0))
    for most, hop in zip((3, 2), around.hops, strict=True):
        for name, edges in hop.items():
            heard = graph.incoming[name]
            degrees = np.diff(heard.starts)[around.nodes[name[2]][np.unique(edges[1])]]
            assert np.bincount(edges[1])[np.unique(edges[1])].tolist() == np.minimum(degrees, most).tolist()
            assert len(np.unique(edges, axis=1).T) == edges.shape[1]
    assert all(edges <= set(map(tuple, graph.incoming[name].ends().T.tolist())) for name, edges in rows(around).items())


def test_each_neighbour_is_as_likely() -> None:
    """Four of ten, drawn six thousand times: each is drawn four times in ten, as is each pair twelve in ninety."""
    ends = np.stack([np.arange(10), np.zeros(10, np.int64)])
    graph = Adjacency(
        {"A": 10, "B": 6_000},
        {
            ("A", "to", "B"): by_hearer(
                np.concatenate([ends + np.array([[0], [hearer]]) for hearer in range(6_000)], axis=1), 6_000
            )
        },
    )
    around = neighbourhood(graph, {"B": np.arange(6_000)}, (4,), np.random.default_rng(0))
    senders, hearers = around.hops[0]["A", "to", "B"]
    drawn = np.zeros((6_000, 10))
    drawn[hearers, around.nodes["A"][senders]] = 1
    together = drawn.T @ drawn / 6_000
    assert np.diag(together) == pytest.approx(np.full(10, 0.4), abs=0.03)
    assert together[~np.eye(10, dtype=bool)] == pytest.approx(np.full(90, 12 / 90), abs=0.02)


def test_hidden_pairs_are_in_no_message(graph: Adjacency) -> None:
    pairs = graph.edges("treats")[:, :5]
    around = neighbourhood(
        graph, {"Drug": pairs[0][:1], "Disease": np.unique(pairs[1])}, (None, None), np.random.default_rng(0)
    )
    before, left = rows(around), rows(hide(around, "Drug", "Disease", pairs))
    gone = set(map(tuple, pairs.T.tolist()))
    assert before["Drug", "treats", "Disease"] & gone
    assert left["Drug", "treats", "Disease"] == before["Drug", "treats", "Disease"] - gone
    turned = {(other, one) for one, other in gone}
    assert left["Disease", "rev_treats", "Drug"] == before["Disease", "rev_treats", "Drug"] - turned
    assert left["Drug", "binds", "Gene"] == before["Drug", "binds", "Gene"]


def test_rgcn_over_all_neighbours_is_pygs_over_the_whole_graph(graph: Adjacency) -> None:
    """PyG's convolution of one graph with all kinds, given our weights: the same vectors."""
    encoder = LinkPredictor(graph, EncoderConfig("rgcn", dim=8, layers=2)).encoder
    firsts = dict(zip(graph.counts, np.cumsum([0, *graph.counts.values()]).tolist(), strict=False))
    index = [edges.ends() + np.array([[firsts[ends[0]]], [firsts[ends[2]]]]) for ends, edges in graph.incoming.items()]
    numbers = np.repeat(np.arange(len(index)), [part.shape[1] for part in index])
    kinds = np.repeat(np.arange(len(graph.counts)), list(graph.counts.values()))
    vectors = torch.cat([encoder.tables[kind].weight for kind in graph.counts])
    for number, layer in enumerate(encoder.layers):
        whole = RGCNConv(8, 8, len(index), root_weight=False, bias=False)
        with torch.no_grad():
            for place, ends in enumerate(graph.incoming):
                whole.weight[place] = layer.convolutions[ends[2]].weight[layer.numbers[ends[2]][ends]]
        heard = whole(vectors, torch.from_numpy(np.concatenate(index, axis=1)), torch.from_numpy(numbers))
        for place, kind in enumerate(graph.counts):
            own, those = layer.convolutions[kind], torch.from_numpy(kinds == place)
            heard[those] = heard[those] + vectors[those] @ own.root + own.bias
        vectors = heard.relu() if number == 0 else heard
    seeds = {"Drug": np.array([2, 5]), "Disease": np.array([1])}
    found = encoder(neighbourhood(graph, seeds, (None, None), np.random.default_rng(0)))
    for kind, chosen in seeds.items():
        torch.testing.assert_close(found[kind], vectors[chosen + firsts[kind]], rtol=1e-4, atol=1e-5)


def test_hgt_over_all_neighbours_is_pygs_over_the_whole_graph(graph: Adjacency) -> None:
    encoder = LinkPredictor(graph, EncoderConfig("hgt", dim=8, layers=2, heads=2)).encoder
    edges = {ends: torch.from_numpy(heard.ends()) for ends, heard in graph.incoming.items()}
    vectors = {kind: encoder.tables[kind].weight for kind in graph.counts}
    for number, layer in enumerate(encoder.layers):
        assert isinstance(layer.convolution, HGTConv)
        vectors = layer.convolution(vectors, edges)
        vectors = {kind: rows.relu() if number == 0 else rows for kind, rows in vectors.items()}
    seeds = {"Drug": np.array([2, 5]), "Disease": np.array([1])}
    found = encoder(neighbourhood(graph, seeds, (None, None), np.random.default_rng(0)))
    for kind, chosen in seeds.items():
        torch.testing.assert_close(found[kind], vectors[kind][chosen], rtol=1e-4, atol=1e-5)
