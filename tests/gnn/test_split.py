"""Splits: nothing of a held-out pair is left, and training does not see whether it ever was there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import chi2_contingency

from gnn import split
from gnn.split import LeakError, assert_no_leak, pair_folds, pairs_frame, without
from gnn.train import train
from gnn.view import view
from kg.graph import Graph
from kg.progress import silent
from kg.schema import RELATIONS
from tests.gnn.conftest import SMALL, edges, make_graph

ANY = ("treats", "palliates", "predicted_treats", "not_indicated_for")
"""The relations between a drug and a disease."""


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


@pytest.mark.parametrize("axis", [0, 1])
def test_folds_do_not_follow_the_order_of_drugs_or_diseases(axis: int) -> None:
    labels = np.random.default_rng(0).random((40, 30)) < 0.05
    folds = pair_folds(labels, 5, np.random.default_rng(1))
    place = np.broadcast_to(np.expand_dims(np.arange(folds.shape[axis]), 1 - axis), folds.shape)
    for chosen in (labels, ~labels):
        groups = np.minimum(place[chosen] * 3 // folds.shape[axis], 2), place[chosen] % 5
        for group in groups:
            table = np.zeros((5, 5), int)
            np.add.at(table, (folds[chosen], group), 1)
            assert chi2_contingency(table[:, table.any(0)]).pvalue > 1e-3


def test_another_seed_deals_other_folds() -> None:
    labels = np.random.default_rng(0).random((40, 30)) < 0.05
    one, other = (pair_folds(labels, 5, np.random.default_rng(seed)) for seed in (1, 2))
    assert np.mean(one == other) == pytest.approx(1 / 5, abs=0.05)
    assert np.mean((one == other)[labels]) < 0.5


def test_without_takes_a_pair_out_in_every_form(families: Graph, held_out: pd.DataFrame) -> None:
    hidden = set(held_out.itertuples(index=False, name=None))
    chosen = set(sorted(hidden)[:3])
    more = {relation: edges(relation, pairs_of(families, "treats") | chosen) for relation in ANY}
    planted = Graph(families.nodes, {**families.edges, **more}, families.sources)
    left = without(planted, held_out)
    for relation in ANY:
        assert pairs_of(left, relation) == pairs_of(planted, relation) - hidden
    assert pairs_of(left, "treats")
    assert left.edges["binds"].equals(families.edges["binds"])
    assert left.nodes is families.nodes
    assert left.sources == families.sources
    assert_no_leak(left, held_out)


def test_every_relation_between_a_drug_and_a_disease_is_known_here() -> None:
    between = {name for name, one in RELATIONS.items() if {one.subject, one.object} == {"Drug", "Disease"}}
    assert {name for name in between if "related_to" not in name} == {*ANY}


def test_what_another_source_says_of_a_held_out_pair_is_hidden_too(families: Graph, held_out: pd.DataFrame) -> None:
    """PharmacotherapyDB states Hetionet's treatments once more, and judges pairs that the graph calls unlabelled."""
    hidden, treated = set(held_out.itertuples(index=False, name=None)), pairs_of(families, "treats")
    verdicts = {"treats": treated, "palliates": {*sorted(hidden)[:5]}, "not_indicated_for": hidden - treated}
    twice = {
        relation: pa.concat_tables(
            [
                *([families.edges[relation]] if relation in families.edges else []),
                edges(relation, pairs, "pharmacotherapydb"),
            ]
        )
        for relation, pairs in verdicts.items()
    }
    planted = Graph(families.nodes, {**families.edges, **twice}, families.sources)
    with pytest.raises(LeakError):
        assert_no_leak(planted, held_out)
    left = without(planted, held_out)
    assert_no_leak(left, held_out)
    for relation in verdicts:
        assert not pairs_of(left, relation) & hidden
    assert "pharmacotherapydb" in left.edges["treats"]["source"].to_pylist()


@pytest.mark.parametrize("relation", ANY)
def test_a_leak_is_named(families: Graph, held_out: pd.DataFrame, relation: str) -> None:
    first, second = list(held_out.itertuples(index=False, name=None))[:2]
    planted = {**without(families, held_out).edges, relation: edges(relation, {first, second})}
    told = f"2 held-out pairs are {relation} edges of the graph to train on, first {first[0]} {first[1]}: expected none"
    with pytest.raises(LeakError, match=told):
        assert_no_leak(Graph(families.nodes, planted, families.sources), held_out)


def test_an_edge_from_the_disease_to_the_drug_is_one_too(
    families: Graph, held_out: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = replace(RELATIONS["treats"], subject="Disease", object="Drug")
    monkeypatch.setattr(split, "RELATIONS", {**RELATIONS, "treats": turned})
    ends = families.edges["treats"]
    names = ["object" if name == "subject" else "subject" if name == "object" else name for name in ends.column_names]
    backwards = Graph(families.nodes, {"treats": ends.rename_columns(names)}, families.sources)
    with pytest.raises(LeakError):
        assert_no_leak(backwards, held_out)
    hidden = {(disease, drug) for drug, disease in held_out.itertuples(index=False, name=None)}
    left = without(backwards, held_out)
    assert pairs_of(left, "treats") == pairs_of(backwards, "treats") - hidden
    assert_no_leak(left, held_out)


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


def test_training_stops_at_a_held_out_pair_that_is_left(
    families: Graph, held_out: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnn.train.without", lambda graph, held_out: graph)
    with pytest.raises(LeakError, match=r"held-out pairs are \w+ edges of the graph to train on"):
        train(families, SMALL, silent, held_out)


def test_without_held_out_pairs_the_planted_edges_do_change_the_model(families: Graph, held_out: pd.DataFrame) -> None:
    hidden = set(held_out.itertuples(index=False, name=None))
    kept = pairs_of(families, "treats") - hidden
    one, other = (train(make_graph(treats), SMALL, silent) for treats in (kept, kept | hidden))
    assert not np.array_equal(one.scores, other.scores)
