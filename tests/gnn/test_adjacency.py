"""The structure that is read from a store in pieces is that of the view, and loses a pair in every form."""

from pathlib import Path

import numpy as np
import pytest

from gnn import adjacency as module
from gnn.adjacency import Adjacency, adjacency, open_adjacency, write_adjacency
from gnn.view import view
from kg.graph import Graph
from kg.stores.protocol import Store
from tests.gnn.conftest import DISEASES, DRUGS


def ends(graph: Adjacency) -> dict[tuple[str, str, str], set[tuple[int, int]]]:
    return {name: set(map(tuple, edges.ends().T.tolist())) for name, edges in graph.incoming.items()}


def test_a_view_both_ways(families: Graph) -> None:
    seen = view(families)
    found = ends(adjacency(seen))
    for subject, relation, target in seen.data.edge_types:
        pairs = set(map(tuple, seen.edges(relation).T.tolist()))
        back = {(other, one) for one, other in pairs}
        if relation == "gene_interacts_gene":
            assert found[subject, relation, target] == pairs | back
        else:
            assert found[subject, relation, target] == pairs
            assert found[target, f"rev_{relation}", subject] == back


def test_a_store_read_in_pieces_is_its_view(
    families: Graph, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NODES_AT_ONCE", 5)
    write_adjacency(store, tmp_path)
    found, expected = open_adjacency(tmp_path), adjacency(view(families))
    assert {kind: count for kind, count in expected.counts.items() if count} == found.counts
    assert found.incoming.keys() == expected.incoming.keys()
    for name, edges in expected.incoming.items():
        assert np.array_equal(found.incoming[name].starts, edges.starts)
        assert np.array_equal(found.incoming[name].senders, edges.senders)
        assert isinstance(found.incoming[name].senders, np.memmap)


def test_a_pair_goes_in_every_form(families: Graph) -> None:
    graph = adjacency(view(families))
    hidden = np.array([[0, 3], [11, 2]])  # the first is palliated
    left, before = ends(graph.without("Drug", "Disease", hidden)), ends(graph)
    pairs = {(0, 11), (3, 2)}
    assert (DRUGS[0], DISEASES[11]) in families.edges["palliates"].select(["subject", "object"]).to_pandas().apply(
        tuple, axis=1
    ).tolist()
    for name, edges in before.items():
        gone = pairs if (name[0], name[2]) == ("Drug", "Disease") else {(other, one) for one, other in pairs}
        assert left[name] == (edges - gone if {name[0], name[2]} == {"Drug", "Disease"} else edges)
    assert (11, 0) in before["Disease", "rev_palliates", "Drug"]


def test_a_symmetric_pair_goes_both_ways(families: Graph) -> None:
    graph = adjacency(view(families))
    name = ("Gene", "gene_interacts_gene", "Gene")
    one, other = graph.edges("gene_interacts_gene")[:, 0]
    left = ends(graph.without("Gene", "Gene", np.array([[one], [other]])))[name]
    assert ends(graph)[name] - left == {(one, other), (other, one)}
