"""Embeddings and relational networks as baselines: PyG's own scores, no leak into the inner fold, and no starving."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from gnn.baselines import embedding, relational
from gnn.baselines.embedding import METHODS, alike, answers, embed, queries
from gnn.baselines.relational import encode
from gnn.baselines.stopping import (
    Limits,
    Link,
    filtered_mrr,
    inner_fold,
    log_joint,
    one_against_others,
    until_it_stops,
    without_pairs,
)
from gnn.view import view
from kg.graph import Graph

TREATS = Link("treats", "Drug", "Disease")
SHORT = Limits(epochs=20, patience=3, every=2)


@pytest.mark.parametrize("name", METHODS)
def test_scores_are_those_of_pyg(name: str) -> None:
    model = METHODS[name](9, 4, 6)
    heads, tails = torch.arange(4), torch.arange(3, 9)
    ours = alike(model, queries(model, heads, 2), answers(model, tails))
    theirs = torch.stack([model(heads, torch.full((4,), 2), tail.expand(4)) for tail in tails], 1)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_the_rank_of_a_hidden_pair_by_hand() -> None:
    """Subject 0: object 2 is second of those that are no other true one (1 is known); object 2: subject 0 is first."""
    scores = np.array([[0.1, 0.9, 0.5, 0.7], [0.0, 0.2, 0.3, 0.8]], np.float32)
    known, hidden = np.array([[0, 1], [1, 3]]), np.array([[0], [2]])
    assert filtered_mrr(lambda rows: scores[rows], known, hidden) == pytest.approx((1 / 2 + 1) / 2)


def test_a_constant_score_is_no_good() -> None:
    hidden = np.array([[0], [2]])
    flat = filtered_mrr(lambda rows: np.zeros((len(rows), 9), np.float32), np.array([[8], [0]]), hidden)
    assert flat == pytest.approx(1 / 5)


@pytest.mark.parametrize("by", ["pair", "subject", "object"])
def test_what_an_inner_fold_hides_is_in_no_relation(families: Graph, by: str) -> None:
    seen = view(families)
    left, hidden = inner_fold(seen, TREATS, by, 0.3, np.random.default_rng(0))
    gone = set(map(tuple, hidden.T.tolist()))
    assert gone
    for relation in ("treats", "palliates"):
        before = set(map(tuple, seen.edges(relation).T.tolist()))
        assert set(map(tuple, left.edges(relation).T.tolist())) == before - gone
    assert np.array_equal(left.edges("binds"), seen.edges("binds"))
    if by != "pair":
        side = 0 if by == "subject" else 1
        assert not np.isin(left.edges("treats")[side], hidden[side]).any()


def test_a_palliated_pair_goes_with_its_treatment(families: Graph) -> None:
    seen = view(families)
    assert (0, 11) in set(map(tuple, seen.edges("palliates").T.tolist()))
    assert (0, 11) not in set(
        map(tuple, without_pairs(seen, TREATS, np.array([[0], [11]])).edges("palliates").T.tolist())
    )


def test_the_best_state_is_kept() -> None:
    """A figure that rises, falls and never comes back: training stops, and the weights are those of the third epoch."""
    model, figures = torch.nn.Linear(1, 1), iter([0.1, 0.2, 0.5, 0.4, 0.3, 0.2, 0.9])

    def epoch() -> None:
        with torch.no_grad():
            model.weight.fill_(1 if model.weight.item() not in range(1, 9) else model.weight.item() + 1)

    budget = until_it_stops(model, epoch, lambda: next(figures), Limits(epochs=100, patience=3))
    assert (model.weight.item(), budget.best_epoch, budget.epochs, budget.best_mrr) == (3, 3, 6, 0.5)
    assert budget.stopped.startswith("no better")


def test_the_joint_share_of_true_logits_is_the_joint_share() -> None:
    """Logits that are the logarithm of a table of shares give it back, where the degrees are its margins."""
    shares = np.array([[4.0, 1.0], [2.0, 5.0]])
    known = torch.zeros(2, 2)
    logits = torch.from_numpy(shares).log().float()
    found = log_joint(logits, logits, logits.logsumexp(0), torch.arange(2), known)
    expected = (np.log(shares / shares.sum(1, keepdims=True)) + np.log(shares / shares.sum(0))) / 2 + np.log(0.5)
    assert found == pytest.approx(expected, abs=1e-5)


def test_other_true_ones_are_no_rivals() -> None:
    logits, true = torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([[True, True, False]])
    found = one_against_others(logits, true, torch.tensor([0]), torch.tensor([1]))
    assert found.item() == pytest.approx(np.log(np.exp(1) + 1) - 1, abs=1e-6)


def ranked(families: Graph, train: Callable) -> tuple[float, float]:
    """Return the filtered MRR of treatments held out in every form, and that of no order at all."""
    seen, hidden = inner_fold(view(families), TREATS, "pair", 0.2, np.random.default_rng(5))
    scorer = train(seen)
    assert scorer.budget.best_epoch >= 1
    known = seen.edges("treats")
    flat = filtered_mrr(lambda rows: np.zeros((len(rows), 12), np.float32), known, hidden)
    return filtered_mrr(scorer, known, hidden), flat


@pytest.mark.parametrize("name", METHODS)
def test_an_embedding_ranks_the_families(families: Graph, name: str) -> None:
    config = replace(embedding.CONFIGS[name], dim=16, share=0.2, limits=SHORT)
    found, flat = ranked(families, lambda seen: embed(seen, TREATS, name, config))
    assert found > 1.5 * flat


@pytest.mark.parametrize("name", relational.CONFIGS)
def test_a_relational_network_ranks_the_families(families: Graph, name: str) -> None:
    chosen = relational.CONFIGS[name]
    config = replace(
        chosen, encoder=replace(chosen.encoder, dim=16), learning_rate=0.01, batch=32, all_relations=False, limits=SHORT
    )
    found, flat = ranked(families, lambda seen: encode(seen, TREATS, config))
    assert found > 1.2 * flat


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no card in this machine")
def test_a_card_learns_the_same(families: Graph) -> None:
    """The same weights to begin with, the same draws: scores differ by rounding alone."""
    seen, everyone, few = view(families), np.arange(24), Limits(epochs=4, every=2)
    for name in METHODS:
        config = replace(embedding.CONFIGS[name], dim=16, limits=few)
        here, there = (embed(seen, TREATS, name, replace(config, device=device)) for device in ("cpu", "cuda"))
        np.testing.assert_allclose(here(everyone), there(everyone), rtol=1e-3, atol=1e-3, err_msg=name)
    for name, chosen in relational.CONFIGS.items():
        config = replace(chosen, encoder=replace(chosen.encoder, dim=16, dropout=0.0), limits=few)
        here, there = (encode(seen, TREATS, replace(config, device=device)) for device in ("cpu", "cuda"))
        np.testing.assert_allclose(here(everyone), there(everyone), rtol=1e-3, atol=1e-3, err_msg=name)
