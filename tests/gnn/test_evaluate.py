"""The evaluation: what it refuses, what it tells beside the figures, and that a method that knows is found to know."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from gnn.calibrate import expected_calibration_error, reliability
from gnn.evaluate import Method, Protocol, Rows, Scored, SplitError, evaluate, folds_of, splits_of
from gnn.folds import deal_pairs
from gnn.methods import baselines, candidates_of, model
from gnn.metrics import AGAINST_JUDGED
from gnn.stability import ORDER, OVERLAP
from gnn.task import TASKS
from kg.graph import Graph
from tests.gnn.conftest import DISEASES, DRUGS, SMALL, area_under_curve, edges

TREATS = TASKS["treats"]
TRUE, OTHER = 0.8, 0.1


@pytest.fixture
def truth(families: Graph) -> np.ndarray:
    found = np.zeros((len(DRUGS), len(DISEASES)), bool)
    found[tuple(candidates_of(families, SMALL).edges("treats"))] = True
    return found


def all_knowing(truth: np.ndarray, foretold: np.ndarray | None = None) -> Method:
    """Return a method that says the same whatever it is given: the truth, or what is foretold."""
    ties_broken = np.random.default_rng(0).uniform(-0.05, 0.05, truth.shape)
    said = logit(np.where(truth, TRUE, OTHER) + ties_broken if foretold is None else foretold)

    def method(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
        return Scored(said[rows][:, columns], (said > 0)[rows][:, columns], 0.9)

    return method


@pytest.mark.parametrize("split", splits_of(TREATS))
@pytest.mark.parametrize("trained", [None, 1])
def test_who_knows_everything_is_perfect(families: Graph, truth: np.ndarray, split: str, trained: int | None) -> None:
    protocol = Protocol(split, folds=3, trained=trained, areas={"one": DISEASES[:2], "two": DISEASES[1:4]})
    found = evaluate(families, candidates_of(families, SMALL), TREATS, {"it": all_knowing(truth)}, protocol)
    means = found.figures.set_index("metric")["mean"]
    for metric in ("average_precision", "recall_at_100", "reciprocal_rank", "mrr", "hits_at_1", "auroc", "auprc"):
        assert means[metric] == 1.0, metric
    assert ("recall_at_100_by_fold" in means) == (split == "area")
    assert found.promises.get("shortlist_kept") == (None if split == "drug" else 1.0)
    assert found.about["split"] == split
    json.dumps(found.to_json(), allow_nan=False)


def test_promises_are_held_against_what_came_true(families: Graph, truth: np.ndarray) -> None:
    """Of what is foretold at random, the error is that of the same bins counted apart."""
    foretold = np.random.default_rng(0).uniform(0.05, 0.95, truth.shape)
    found = evaluate(
        families, candidates_of(families, SMALL), TREATS, {"it": all_knowing(truth, foretold)}, Protocol(folds=3)
    )
    for equal in ("mass", "width"):
        expected = expected_calibration_error(reliability(foretold.ravel(), truth.ravel(), equal=equal))
        assert found.promises[f"calibration_error_equal_{equal}"] == pytest.approx(expected)
        assert found.promises[f"calibration_error_equal_{equal}_by_chance"] < expected
    alone = evaluate(
        families,
        candidates_of(families, SMALL),
        TREATS,
        {"it": all_knowing(truth, foretold)},
        Protocol(folds=3, trained=1),
    )
    hidden = np.zeros_like(truth)
    hidden[tuple(deal_pairs(np.argwhere(truth).T, truth.shape, 3, seed=0)[0].hidden)] = True
    expected = expected_calibration_error(reliability(foretold[hidden], truth[hidden]))
    assert alone.promises["calibration_error_equal_mass"] == pytest.approx(expected)
    listed = foretold > 0.5
    kept = [listed[truth[:, disease], disease].mean() for disease in range(truth.shape[1]) if truth[:, disease].any()]
    assert found.promises["shortlist_kept"] == pytest.approx(np.mean(kept))
    assert found.promises["shortlist_median_length"] == np.median(listed[:, truth.any(0)].sum(0))
    assert found.promises["shortlist_level"] == 0.9


def test_held_out_treatments_are_compared_with_pairs_judged_not_indicated(families: Graph, truth: np.ndarray) -> None:
    refused = ~truth & (np.random.default_rng(3).random(truth.shape) < 0.3)
    pairs = {(DRUGS[drug], DISEASES[disease]) for drug, disease in np.argwhere(refused)}
    pairs |= {(DRUGS[drug], DISEASES[disease]) for drug, disease in np.argwhere(truth)[:5]}
    pairs.add(("DRUGBANK:DB99999", DISEASES[0]))
    told = {"not_indicated_for": edges("not_indicated_for", pairs, "pharmacotherapydb")}
    graph = Graph(families.nodes, {**families.edges, **told}, families.sources)
    foretold = np.random.default_rng(4).uniform(0.05, 0.95, truth.shape)
    seen, method = candidates_of(graph, SMALL), all_knowing(truth, foretold)
    row = evaluate(graph, seen, TREATS, {"it": method}, Protocol(folds=3)).figure("it", AGAINST_JUDGED)
    either = truth | refused
    assert row["mean"] == pytest.approx(area_under_curve(foretold[either], truth[either]))
    assert row["lower"] < row["mean"] < row["upper"]
    assert row["count"] == refused.sum()
    fold = deal_pairs(np.argwhere(truth).T, truth.shape, 3, seed=0)[0]
    hidden = np.zeros_like(truth)
    hidden[tuple(fold.hidden)] = True
    either &= hidden
    row = evaluate(graph, seen, TREATS, {"it": method}, Protocol(folds=3, trained=1)).figure("it", AGAINST_JUDGED)
    assert row["mean"] == pytest.approx(area_under_curve(foretold[either], truth[either]))


def test_the_model_stands_beside_its_baselines(families: Graph) -> None:
    methods = {"model": model(SMALL), **baselines(SMALL)}
    told: list[tuple[str, float]] = []
    found = evaluate(
        families,
        candidates_of(families, SMALL),
        TREATS,
        methods,
        Protocol(folds=3, trained=1),
        lambda step, done: told.append((step, done)),
    )
    means = found.figures.set_index(["method", "metric"])["mean"]
    for name in methods:
        assert 0 < means[name, "auroc"] < 1
        if name != "model":
            difference = means["model", "average_precision"] - means[name, "average_precision"]
            assert means[f"model - {name}", "average_precision"] == pytest.approx(difference)
    assert means["model", "auroc"] > means["degree_prior", "auroc"]
    assert told[:2] == [("fold 1 of 1: fold 1, model", 0.0), ("fold 1 of 1: fold 1, degree_prior", 1 / len(methods))]
    assert 0 < means["model", "most_frequent_in_top_20"] <= 1
    assert len(found.reliability) and found.promises["shortlist_level"] == 0.9


def test_what_cannot_be_split_is_refused(families: Graph) -> None:
    seen = candidates_of(families, SMALL)
    answers = seen.edges("treats")
    with pytest.raises(SplitError, match="split: got 'gene', expected one of pairs, disease, drug, area"):
        folds_of(TREATS, seen, answers, Protocol("gene"))
    with pytest.raises(SplitError, match="no treats edge can be held out by area: expected some to measure by"):
        folds_of(TREATS, seen, answers, Protocol("area", areas={"elsewhere": ("DOID:1",)}))
    assert splits_of(TASKS["binds"]) == ("pairs", "drug", "gene")


def test_scores_of_a_model_are_log_odds(families: Graph) -> None:
    """Calibrated on pairs that were hidden in turn: on average as many are foretold as are true."""
    seen, nothing = candidates_of(families, SMALL), pd.DataFrame({"drug": [], "disease": []})
    config = replace(SMALL, steps=1)
    scored = model(config)(families, nothing, np.arange(len(DRUGS)), np.arange(len(DISEASES)))
    known = seen.edges("treats")
    assert expit(scored.scores).sum() == pytest.approx(known.shape[1], rel=0.25)
    assert scored.shortlist is not None and scored.shortlist[tuple(known)].mean() > 0.8


def test_another_seed_of_the_first_fold_tells_how_stable_the_lists_are(families: Graph, truth: np.ndarray) -> None:
    seen, calls = candidates_of(families, SMALL), list[str]()

    def called(name: str, method: Method) -> Method:
        def run(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
            calls.append(name)
            return method(graph, held_out, rows, columns)

        return run

    it, turned = all_knowing(truth), all_knowing(~truth)
    for other, agreed in ((it, 1.0), (turned, 0.0)):
        again = {"it": called("again", other)}
        found = evaluate(families, seen, TREATS, {"it": called("it", it)}, Protocol(folds=3), reseeded=again)
        assert (found.figure("it", OVERLAP)["mean"] == 1.0) == bool(agreed)
        assert found.figure("it", ORDER)["mean"] == pytest.approx(1.0) or not agreed
    assert calls == ["it", "again", "it", "it"] * 2


def test_ctrl_c_leaves_the_figures_of_the_folds_that_are_whole(families: Graph, truth: np.ndarray) -> None:
    seen, calls = candidates_of(families, SMALL), list[int]()

    def stopping(after: int) -> Method:
        def run(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
            calls.append(1)
            if len(calls) > after:
                raise KeyboardInterrupt
            return all_knowing(truth)(graph, held_out, rows, columns)

        return run

    stopped = evaluate(families, seen, TREATS, {"it": stopping(1)}, Protocol("disease", folds=3))
    alone = evaluate(families, seen, TREATS, {"it": all_knowing(truth)}, Protocol("disease", folds=3, trained=1))
    assert stopped.about["stopped"] and stopped.about["folds"] == ["fold 1"] and not alone.about["stopped"]
    pd.testing.assert_frame_equal(stopped.figures, alone.figures)
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        evaluate(families, seen, TREATS, {"it": stopping(0)}, Protocol("disease", folds=3))
