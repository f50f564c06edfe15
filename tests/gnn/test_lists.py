"""Lists and their figures, against the same lists ranked by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from gnn.folds import deal_nodes, deal_pairs
from gnn.lists import Lists, alone, figures, of_nodes, pooled
from gnn.metrics import average_precision, recall_at, reciprocal_rank
from tests.gnn.conftest import area_under_curve

SHAPE = (30, 12)


@pytest.fixture
def answers() -> np.ndarray:
    return np.stack(np.nonzero(np.random.default_rng(0).random(SHAPE) < 0.2)).astype(np.int64)


def scores(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(50, size=SHAPE).astype(float)


def means(lists: Lists) -> pd.Series:
    return figures({"it": lists}, seed=0).set_index("metric")["mean"]


@pytest.mark.parametrize("end", ["subject", "object"])
def test_pooled_lists_take_each_pair_from_the_method_that_it_was_hidden_from(answers: np.ndarray, end: str) -> None:
    folds = deal_pairs(answers, SHAPE, 3, seed=1)
    said = [scores(seed) for seed in range(3)]
    lists = pooled(folds, said, end)
    expected = np.zeros(SHAPE)
    for fold, one in zip(folds, said, strict=True):
        for subject, target in fold.hidden.T:
            expected[subject, target] = one[subject, target]
    labels = np.zeros(SHAPE, bool)
    labels[tuple(answers)] = True
    if end == "object":
        expected, labels = expected.T, labels.T
    assert np.array_equal(lists.scores, expected)
    found = means(lists)
    rows = [row for row in range(len(labels)) if labels[row].any()]
    assert found["average_precision"] == pytest.approx(
        np.mean([average_precision(expected[r], labels[r]) for r in rows])
    )
    assert found["recall_at_10"] == pytest.approx(np.mean([recall_at(expected[r], labels[r], 10) for r in rows]))
    assert found["reciprocal_rank"] == pytest.approx(np.mean([reciprocal_rank(expected[r], labels[r]) for r in rows]))
    assert found["auroc"] == pytest.approx(area_under_curve(expected, labels))
    assert found["auprc"] == pytest.approx(average_precision(expected.ravel(), labels.ravel()))
    ranks = []
    for row, column in np.argwhere(labels):
        for line, truth, own in ((expected[row], labels[row], column), (expected[:, column], labels[:, column], row)):
            kept = ~truth
            kept[own] = True
            ranks.append(rankdata(-line[kept])[kept[:own].sum()])
    assert found["mrr"] == pytest.approx(np.mean(1 / np.array(ranks)))
    assert found["hits_at_3"] == pytest.approx(np.mean(np.array(ranks) <= 3))


def test_a_fold_alone_leaves_out_what_its_method_was_told(answers: np.ndarray) -> None:
    """Best scores for all answers: those of the other folds would take the first places, were they ranked."""
    fold = deal_pairs(answers, SHAPE, 3, seed=1)[1]
    best = np.zeros(SHAPE)
    best[tuple(answers)] = 2.0
    best[tuple(fold.asked)] = 1.0
    found = means(alone(fold, best, answers, "object"))
    for metric in ("average_precision", "mrr", "hits_at_1", "auroc", "auprc"):
        assert found[metric] == 1.0, metric


@pytest.mark.parametrize("end", ["subject", "object"])
def test_lists_of_held_out_nodes_rank_all_candidates(answers: np.ndarray, end: str) -> None:
    folds = deal_nodes(answers, SHAPE, end, 4, seed=1)
    whole = scores(5)
    said = [whole[fold.nodes] if end == "subject" else whole[:, fold.nodes] for fold in folds]
    found = means(of_nodes(folds, said))
    labels = np.zeros(SHAPE, bool)
    labels[tuple(answers)] = True
    line, truth = (whole, labels) if end == "subject" else (whole.T, labels.T)
    rows = np.flatnonzero(truth.any(1))
    assert found["average_precision"] == pytest.approx(np.mean([average_precision(line[r], truth[r]) for r in rows]))
    assert found["auprc"] == pytest.approx(average_precision(line[rows].ravel(), truth[rows].ravel()))
    with pytest.raises(ValueError, match="fold 1 holds out pairs: expected one that holds out whole nodes"):
        of_nodes(deal_pairs(answers, SHAPE, 2, seed=0), [whole, whole])


def test_a_node_of_two_folds_counts_once_and_folds_have_a_mean_of_their_own() -> None:
    """Node 7 is found first in one fold and second in the other, node 8 first: 3/4 and 1 over nodes."""
    lists = Lists(
        scores=np.array([[3.0, 2.0, 1.0], [2.0, 3.0, 1.0], [3.0, 2.0, 1.0]]),
        asked=np.array([[0, 1, 2], [0, 0, 0]]),
        known=np.empty((2, 0), np.int64),
        node=np.array([7, 7, 8]),
        fold=np.array([0, 1, 1]),
        two_sided=False,
    )
    table = figures({"it": lists}, seed=0, named={0: "one", 1: "two"}).set_index("metric")
    assert table.loc["reciprocal_rank", "mean"] == pytest.approx((0.75 + 1) / 2)
    assert table.loc["reciprocal_rank", "count"] == 2
    assert table.loc["recall_at_100_by_fold", ["mean", "count"]].tolist() == [1.0, 2]
    assert table.loc["mrr", "mean"] == pytest.approx((1 + 0.5 + 1) / 3)


def test_differences_are_of_the_same_nodes_pairs_and_draws(answers: np.ndarray) -> None:
    folds = deal_pairs(answers, SHAPE, 3, seed=1)
    lists = {str(seed): pooled(folds, [scores(seed)] * 3, "object") for seed in (1, 2)}
    table = figures(lists, seed=0).set_index(["method", "metric"])
    for metric in table.loc["1"].index:
        row = table.loc["1 - 2", metric]
        assert row["mean"] == pytest.approx(table.loc["1", metric]["mean"] - table.loc["2", metric]["mean"])
        assert row["lower"] <= row["mean"] <= row["upper"]
    same = figures({"1": lists["1"], "again": lists["1"]}, seed=0).set_index("method").loc["1 - again"]
    assert (same[["mean", "lower", "upper"]] == 0).all(axis=None)


def test_pairs_left_out_stand_in_no_list(answers: np.ndarray) -> None:
    lists = pooled(deal_pairs(answers, SHAPE, 3, seed=1), [scores(1)] * 3, "object")
    left_out = np.arange(lists.asked.shape[1]) % 2 == 0
    less = lists.without(left_out)
    assert less.asked.shape[1] == (~left_out).sum()
    ranked = np.array(lists.scores)
    ranked[tuple(lists.asked[:, left_out])] = -1  # last, as if it were not there, but for one place a list
    labels = np.zeros_like(ranked, bool)
    labels[tuple(less.asked)] = True
    expected = [reciprocal_rank(row, truth) for row, truth in zip(ranked, labels, strict=True) if truth.any()]
    assert means(less)["reciprocal_rank"] == pytest.approx(np.mean(expected))
