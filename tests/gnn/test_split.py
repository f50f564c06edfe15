"""Splits: nothing of a held-out pair is left, and training does not see whether it ever was there."""

import numpy as np
import pandas as pd
import pytest

from gnn.split import LeakError, assert_no_leak, pair_folds, pairs_frame, without
from gnn.train import train
from gnn.view import view
from kg.graph import Graph
from tests.gnn.conftest import SMALL, edges, make_graph, silent


@pytest.fixture
def held_out(families: Graph) -> pd.DataFrame:
    seen = view(families)
    return pairs_frame(seen, pair_folds(seen.pairs("treats"), 5, np.random.default_rng(1)) == 0)


def pairs_of(graph: Graph, relation: str) -> set[tuple[str, str]]:
    ends = graph.edges[relation]
    return set(zip(ends["subject"].to_pylist(), ends["object"].to_pylist(), strict=True))


def test_folds_are_equal_and_stratified() -> None:
    labels = np.random.default_rng(0).random((40, 30)) < 0.05
    folds = pair_folds(labels, 5, np.random.default_rng(1))
    for chosen in (labels, ~labels):
        counts = np.bincount(folds[chosen], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_without_takes_a_pair_out_in_every_form(families: Graph, held_out: pd.DataFrame) -> None:
    hidden = set(held_out.itertuples(index=False, name=None))
    predicted = edges("predicted_treats", {next(iter(sorted(hidden)))})
    planted = Graph(families.nodes, {**families.edges, "predicted_treats": predicted}, families.sources)
    left = without(planted, held_out)
    for relation in ("treats", "palliates", "predicted_treats"):
        assert pairs_of(left, relation) == pairs_of(planted, relation) - hidden
    assert left.edges["binds"].equals(families.edges["binds"])
    assert_no_leak(left, held_out)
    with pytest.raises(LeakError, match=r"held-out pairs are .* edges of the graph"):
        assert_no_leak(planted, held_out)


def test_training_cannot_tell_whether_held_out_edges_exist(families: Graph, held_out: pd.DataFrame) -> None:
    """The canary: every held-out pair is planted as an edge, or none is; the model is the same, bit by bit."""
    hidden = set(held_out.itertuples(index=False, name=None))
    kept = pairs_of(families, "treats") - hidden
    barren, planted = make_graph(kept), make_graph(kept | hidden)
    planted = Graph(
        planted.nodes,
        {**planted.edges, "palliates": edges("palliates", pairs_of(planted, "palliates") | hidden)},
        planted.sources,
    )
    one, other = (train(graph, SMALL, silent, held_out) for graph in (barren, planted))
    for name, values in one.weights.items():
        assert np.array_equal(values, other.weights[name]), name
    assert np.array_equal(one.scores, other.scores)
    assert np.array_equal(one.priors, other.priors)


def test_without_held_out_pairs_the_planted_edges_do_change_the_model(families: Graph, held_out: pd.DataFrame) -> None:
    hidden = set(held_out.itertuples(index=False, name=None))
    kept = pairs_of(families, "treats") - hidden
    one, other = (train(make_graph(treats), SMALL, silent) for treats in (kept, kept | hidden))
    assert not np.array_equal(one.scores, other.scores)
