"""Leaks planted on purpose: each guard against knowing a held-out pair has a canary that sings when it is gone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from gnn import evaluate
from gnn.baselines.counts import metapath_regression
from gnn.checkpoint import Model
from gnn.config import TrainConfig
from gnn.evaluate import held_out_fifth, methods, pooled, usual
from gnn.metapaths import metapaths
from gnn.negatives import judged, learnable
from gnn.split import pairs_frame
from gnn.train import train
from gnn.view import view
from kg.graph import Graph
from kg.progress import silent
from tests.gnn.conftest import DISEASES, DRUGS, SMALL, area_under_curve, edges, make_graph

METHODS = tuple(methods(SMALL))


def treated(labels: np.ndarray) -> set[tuple[str, str]]:
    return {(DRUGS[drug], DISEASES[disease]) for drug, disease in np.argwhere(labels)}


def drawn(chance: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((len(DRUGS), len(DISEASES))) < chance


def memorise(graph: Graph, held_out: pd.DataFrame | None) -> np.ndarray:
    """Score by heart: 1 for each pair that stands in the graph to learn from, and nothing else."""
    return view(graph).pairs("treats").astype(float)


@pytest.fixture
def folds() -> np.ndarray:
    """One pair in five is in fold 0, whatever its label."""
    return np.where(drawn(0.2, seed=8), 0, 1).astype(np.int8)


@pytest.mark.parametrize("name", METHODS)
def test_no_method_can_tell_what_is_true_of_a_held_out_pair(families: Graph, folds: np.ndarray, name: str) -> None:
    """Every label of a fold is turned, and each of its pairs palliated and predicted: its scores are the same bits."""
    labels, hidden = view(families).pairs("treats"), folds == 0
    turned = make_graph(treated(labels ^ hidden))
    planted = {
        relation: edges(relation, treated(hidden), source="planted")
        for relation in ("palliates", "predicted_treats", "not_indicated_for")
    }
    turned = Graph(turned.nodes, {**turned.edges, **planted}, turned.sources)
    method = {name: methods(SMALL)[name]}
    ours, theirs = (pooled(graph, folds, method)[name] for graph in (families, turned))
    assert np.array_equal(ours[hidden], theirs[hidden])
    assert np.ptp(ours[hidden]) > 0
    assert not np.array_equal(ours[~hidden], theirs[~hidden])


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("source", ["made-up", "pharmacotherapydb"])
def test_nothing_is_learned_from_a_judgement(families: Graph, name: str, source: str) -> None:
    """Whether half of the pairs without a treatment were judged not indicated, or none: the scores are the same bits,
    even where the judgements come from a source that is learned from."""
    refused = ~view(families).pairs("treats") & drawn(0.5, seed=11)
    judged = Graph(
        families.nodes,
        {**families.edges, "not_indicated_for": edges("not_indicated_for", treated(refused), source)},
        families.sources,
    )
    method = methods(SMALL)[name]
    assert np.array_equal(method(families, None), method(judged, None))


def test_judged_pairs_are_those_of_the_view(families: Graph) -> None:
    seen, refused = view(families), drawn(0.1, seed=12)
    stranger = {("DRUGBANK:DB99999", DISEASES[0])}
    told = {"not_indicated_for": edges("not_indicated_for", treated(refused) | stranger, "pharmacotherapydb")}
    assert np.array_equal(judged(Graph(families.nodes, told), seen), refused)
    assert not judged(families, seen).any()


def test_learning_by_heart_scores_nothing_on_held_out_pairs(families: Graph, folds: np.ndarray) -> None:
    told: list[set[tuple[str, str]]] = []

    def listening(graph: Graph, held_out: pd.DataFrame | None) -> np.ndarray:
        told.append(set(held_out.itertuples(index=False, name=None)))
        return memorise(graph, held_out)

    found = pooled(families, folds, {"by heart": listening})["by heart"]
    assert not found.any()
    assert told == [treated(folds == 0), treated(folds == 1)]


def test_learning_by_heart_ranks_the_usual_held_out_treatments_at_chance(families: Graph) -> None:
    labels = view(families).pairs("treats")
    folds = np.random.default_rng(8).integers(3, size=labels.shape).astype(np.int8)
    found = usual(families, folds, {"by heart": memorise}, "treats")["by heart"][:, 0]
    expected = []
    for disease in np.flatnonzero(labels.any(0)):
        shares = []
        for fold in range(3):
            hits = (labels[:, disease] & (folds[:, disease] == fold)).sum()
            if hits:
                shares.append(hits / (hits + (~labels[:, disease]).sum()))
        expected.append(np.mean(shares))
    assert found == pytest.approx(np.array(expected))


def test_learning_by_heart_scores_nothing_in_the_report(
    families: Graph, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_heart(graph: Graph, config: TrainConfig, progress: Callable, held_out: pd.DataFrame | None = None) -> Model:
        learned = evaluate.without(graph, held_out) if held_out is not None else graph
        return replace(model, scores=memorise(learned, None), priors=np.zeros_like(model.priors))

    monkeypatch.setattr(evaluate, "train", by_heart)
    found = held_out_fifth(families, SMALL, silent).set_index(["method", "metric"])["mean"]
    assert found["model", "average_precision"] == found["degree prior", "average_precision"]


@pytest.mark.parametrize("name", ["model", "metapath_counts"])
def test_held_out_pairs_are_no_negatives(name: str) -> None:
    """The mean score is the share of treatments among the pairs learned from: five times less if all were."""
    labels, hidden = drawn(0.3, seed=5), drawn(0.8, seed=6)
    graph = make_graph(treated(labels & ~hidden))
    seen = view(graph)
    held_out = pairs_frame(seen, hidden)
    assert np.array_equal(learnable(seen, held_out), ~hidden)
    scores = methods(replace(SMALL, parts=()))[name](graph, held_out)
    scores = scores if name == "model" else expit(scores)  # the regression gives log-odds
    assert scores[~hidden].mean() == pytest.approx((labels & ~hidden).sum() / (~hidden).sum(), rel=0.3)


def test_pairs_that_the_graph_does_not_hold_are_no_matter(families: Graph) -> None:
    seen = view(families)
    half_known = [(DRUGS[0], "DOID:999"), ("DRUGBANK:DB99999", DISEASES[0]), (DRUGS[1], DISEASES[2])]
    allowed = learnable(seen, pd.DataFrame(half_known, columns=["drug", "disease"]))
    assert np.argwhere(~allowed).tolist() == [[1, 2]]
    assert learnable(seen, None).all()


def one_each() -> np.ndarray:
    """Every second drug treats one disease, each another one."""
    labels = np.zeros((len(DRUGS), len(DISEASES)), bool)
    labels[np.arange(0, len(DRUGS), 2), np.random.default_rng(3).permutation(len(DISEASES))] = True
    return labels


@pytest.mark.parametrize("name", ["model", "metapath_counts"])
def test_a_pairs_own_label_is_not_in_its_degrees(name: str) -> None:
    """Where no drug treats two diseases, a drug that treats one is the worst choice for another.

    A pair that counts itself says the opposite: all treatments are of drugs that treat something.
    """
    graph = make_graph(treated(one_each()))
    seen = view(graph)
    known = seen.pairs("treats")
    if name == "model":
        scores = train(graph, replace(SMALL, parts=(), ridge=1.0), silent).scores
    else:
        scores = metapath_regression(metapaths(seen), known, np.ones_like(known), 1.0, np.random.default_rng(0))
    treating = known.any(1)
    assert scores[treating][~known[treating]].mean() < scores[~treating].mean()


def test_a_pairs_own_label_is_not_in_its_messages() -> None:
    """Labels drawn at random leave nothing to learn: pairs scored by messages without their own label stay mixed."""
    labels = drawn(0.3, seed=9)
    config = replace(SMALL, ridge=100.0)
    assert area_under_curve(train(make_graph(treated(labels)), config, silent).scores, labels) < 0.8
