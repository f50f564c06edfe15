"""The evaluation that a report shows: on pairs that the training never saw, among as many drugs as it says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gnn import evaluate
from gnn.checkpoint import Model
from gnn.config import TrainConfig
from gnn.evaluate import COLUMNS, held_out_fifth, methods, pooled, usual
from gnn.metrics import AGAINST_JUDGED
from kg.graph import Graph
from kg.progress import Progress, silent
from tests.gnn.conftest import SMALL, area_under_curve, edges


@pytest.fixture
def ranked_by_hand(model: Model, monkeypatch: pytest.MonkeyPatch) -> list[tuple[np.ndarray, pd.DataFrame]]:
    """Let the training give scores drawn at random, and keep them with the pairs that it was told to hold out."""
    kept: list[tuple[np.ndarray, pd.DataFrame]] = []

    def drawn(graph: Graph, config: TrainConfig, progress: Progress, held_out: pd.DataFrame) -> Model:
        scores = np.random.default_rng(4).random(model.known.shape).astype(np.float32)
        kept.append((scores, held_out))
        return replace(model, scores=scores, priors=np.zeros_like(scores))

    monkeypatch.setattr(evaluate, "train", drawn)
    return kept


def test_each_disease_ranks_its_held_out_drugs(
    families: Graph, model: Model, ranked_by_hand: list[tuple[np.ndarray, pd.DataFrame]]
) -> None:
    found = held_out_fifth(families, SMALL, silent).set_index(["method", "metric"])
    ((scores, held_out),) = ranked_by_hand
    assert len(held_out) == pytest.approx(model.known.size / 5, abs=2)
    stated = families.edges["treats"]
    treats = set(zip(stated["subject"].to_pylist(), stated["object"].to_pylist(), strict=True))
    precisions, firsts, chances, sizes = [], [], [], []
    for disease, pairs in held_out.groupby("disease"):
        column = model.diseases.index(disease)
        ranked = sorted(pairs["drug"], key=lambda drug: -scores[model.drugs.index(drug), column])
        places = [place for place, drug in enumerate(ranked, start=1) if (drug, disease) in treats]
        if places:
            precisions.append(np.mean([hits / place for hits, place in enumerate(places, start=1)]))
            firsts.append(1 / places[0])
            chances.append(len(places) / len(ranked))
            sizes.append(len(ranked))
    assert found.loc[("model", "average_precision"), "mean"] == pytest.approx(np.mean(precisions))
    assert found.loc[("model", "reciprocal_rank"), "mean"] == pytest.approx(np.mean(firsts))
    assert found.loc[("degree prior", "average_precision"), "mean"] == pytest.approx(np.mean(chances))
    difference = np.subtract(precisions, chances)
    row = found.loc[("difference", "average_precision")]
    assert row["mean"] == pytest.approx(difference.mean())
    assert difference.min() <= row["lower"] < row["mean"] < row["upper"] <= difference.max()
    for column, expected in (
        ("diseases", len(sizes)),
        ("ranked_median", int(np.median(sizes))),
        ("ranked_least", min(sizes)),
        ("ranked_most", max(sizes)),
    ):
        assert (found[column] == expected).all()


def test_recall_among_more_drugs_than_there_are_is_left_out(
    families: Graph, ranked_by_hand: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = int(held_out_fifth(families, SMALL, silent)["ranked_least"].iloc[0])
    for first, told in ((100, False), (least, False), (least - 1, True)):
        monkeypatch.setattr(evaluate, "RECALL_AT", first)
        monkeypatch.setattr(evaluate, "METRICS", ("average_precision", f"recall_at_{first}", "reciprocal_rank"))
        found = held_out_fifth(families, SMALL, silent)
        assert tuple(found.columns) == COLUMNS
        assert (f"recall_at_{first}" in set(found["metric"])) == told


def test_held_out_treatments_are_compared_with_pairs_judged_not_indicated(
    families: Graph, model: Model, ranked_by_hand: list[tuple[np.ndarray, pd.DataFrame]]
) -> None:
    refused = ~model.known & (np.random.default_rng(3).random(model.known.shape) < 0.3)
    pairs = {(model.drugs[drug], model.diseases[disease]) for drug, disease in np.argwhere(refused)}
    pairs |= {(model.drugs[drug], model.diseases[disease]) for drug, disease in np.argwhere(model.known)[:5]}
    told = {"not_indicated_for": edges("not_indicated_for", pairs, "pharmacotherapydb")}
    graph = Graph(families.nodes, {**families.edges, **told}, families.sources)
    without = held_out_fifth(families, SMALL, silent)
    found = held_out_fifth(graph, SMALL, silent)
    ours = found["metric"] == AGAINST_JUDGED
    pd.testing.assert_frame_equal(found[~ours], without)
    (scores, _), (_, held_out) = ranked_by_hand
    hidden = np.zeros_like(refused)
    for drug, disease in held_out.itertuples(index=False, name=None):
        hidden[model.drugs.index(drug), model.diseases.index(disease)] = True
    either = hidden & (model.known | refused)
    expected = area_under_curve(scores[either], model.known[either])
    row = found[ours].set_index("method").loc["model"]
    assert row["mean"] == pytest.approx(expected)
    assert row["lower"] < expected < row["upper"]
    assert (row["ranked_median"], row["diseases"]) == ((hidden & refused).sum(), either.any(0).sum())
    prior = found[ours].set_index("method").loc["degree prior"]
    assert (prior["mean"], prior["lower"], prior["upper"]) == (0.5, 0.5, 0.5)  # all priors are 0 here
    difference = found[ours].set_index("method").loc["difference"]
    assert difference["mean"] == pytest.approx(expected - 0.5)


def test_progress_tells_the_fold_and_the_method(families: Graph) -> None:
    folds = (np.arange(24 * 12).reshape(24, 12) % 2).astype(np.int8)
    rivals = {name: methods(SMALL)["degree_prior"] for name in ("one", "other")}
    told: list[tuple[str, float]] = []
    pooled(families, folds, rivals, lambda step, done: told.append((step, done)))
    expected = [("fold 1 of 2, one", 0), ("fold 1 of 2, other", 0.25), ("fold 2 of 2, one", 0.5)]
    assert told == [(f"all pairs: {step}", done) for step, done in [*expected, ("fold 2 of 2, other", 0.75)]]
    told.clear()
    usual(families, folds, rivals, "treats", lambda step, done: told.append((step, done)))
    assert told == [(f"usual: {step}", done) for step, done in [*expected, ("fold 2 of 2, other", 0.75)]]
