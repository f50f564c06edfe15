"""Evaluate: how a method does on treatments that it never saw, and what it must beat.

A method learns from a graph that the held-out pairs were taken out of, and never from another.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from gnn.baselines.counts import metapath_regression, shared_targets
from gnn.checkpoint import Model
from gnn.config import TrainConfig
from gnn.metapaths import metapaths
from gnn.metrics import (
    AGAINST_JUDGED,
    METRICS,
    RECALL_AT,
    Interval,
    area_under_curve,
    bootstrap,
    by_disease,
    comparisons,
    interval,
)
from gnn.negatives import judged, learnable
from gnn.prior import degree_prior
from gnn.score import logits, prior
from gnn.split import pair_folds, pairs_frame, without
from gnn.train import train
from gnn.view import view
from kg.graph import Graph
from kg.progress import Progress, silent

FOLDS = 5
"""One pair in five is held out."""

RIDGE = 10.0
"""Of the metapath-count regression; 1, 10 and 50 ranked alike on the deals used for choosing."""

Scores = NDArray[np.floating[Any]]

Method = Callable[[Graph, pd.DataFrame | None], Scores]
"""Scores every pair, learning from a graph without the held-out pairs; none is a negative. Shapes: [drug, disease]."""

COLUMNS = ("method", "metric", "mean", "lower", "upper", "diseases", "ranked_median", "ranked_least", "ranked_most")


def held_out_fifth(graph: Graph, config: TrainConfig, progress: Progress = silent) -> pd.DataFrame:
    """Train without a fifth of all pairs, treated or not, and rank each disease's held-out drugs among each other.

    Returns a row for each method (model, degree prior, their difference) and metric: mean over the diseases with a
    held-out treatment, 95 % bootstrap interval over them, their number, and among how many drugs each of them ranked
    its own (median, least and most). A metric that is 1 whatever the scores, recall among the first 100 of no more than
    100 drugs, is left out. The fewer drugs are ranked, the better all numbers look: `benchmarks/repurposing.py` ranks
    all drugs. Where the graph has pairs that were judged not indicated, `AGAINST_JUDGED` compares the held-out ones of
    them with the held-out treatments: then "ranked" counts these pairs, and "diseases" those with a pair of either.
    Raises `gnn.config.ConfigError` like `train`.
    """
    seen = view(graph.stated_by(config.label_sources), config.label_sources)
    known = seen.pairs(config.about.relation)
    hidden = pair_folds(known, FOLDS, np.random.default_rng([config.seed, FOLDS])) == 0
    model = train(graph, config, progress, held_out=pairs_frame(seen, hidden))
    found = {name: by_disease(scores, known, hidden) for name, scores in everything(model).items()}
    found["difference"] = found["model"] - found["degree prior"]
    ranked = hidden.sum(0)[(hidden & known).any(0)]
    among = (int(np.median(ranked)), int(ranked.min()), int(ranked.max()))
    rows = []
    for name, values in found.items():
        for column, metric in enumerate(METRICS):
            if metric == f"recall_at_{RECALL_AT}" and ranked.min() <= RECALL_AT:
                continue
            about = bootstrap(values[:, column], np.random.default_rng(config.seed))
            rows.append((name, metric, about.mean, about.lower, about.upper, len(values), *among))
    refused = judged(graph, seen) & ~known & hidden
    if refused.any():
        scored = everything(model)
        diseases, pairs = int((refused | (known & hidden)).any(0).sum()), int(refused.sum())
        for name, about in against_judged(scored, known & hidden, refused, config.seed).items():
            rows.append((name, AGAINST_JUDGED, about.mean, about.lower, about.upper, diseases, *[pairs] * 3))
    return pd.DataFrame(rows, columns=COLUMNS)


def against_judged(
    scored: Mapping[str, Scores], known: NDArray[np.bool_], refused: NDArray[np.bool_], seed: int
) -> dict[str, Interval]:
    """Return how often a treatment outscores a pair that was judged not indicated, by each method.

    All treatments are compared with all such pairs, of whatever disease; the interval is over draws of the diseases.
    With two methods there is their `difference` too, over the same draws.

    Shapes: scores, known, refused [drug, disease].
    """
    draws = {
        name: area_under_curve(*comparisons(scores, known, refused), np.random.default_rng(seed))
        for name, scores in scored.items()
    }
    if len(draws) == 2:
        first, second = draws.values()
        draws["difference"] = first - second
    return {name: interval(values) for name, values in draws.items()}


def methods(config: TrainConfig) -> dict[str, Method]:
    """Return the model and its baselines: for the degree prior and shared targets no pair is a negative anyway."""

    def metapath_counts(graph: Graph, held_out: pd.DataFrame | None) -> Scores:
        seen, random = view(graph), np.random.default_rng(config.seed)
        known = seen.pairs(config.task)
        return metapath_regression(metapaths(seen), known, learnable(seen, held_out), RIDGE, random)

    return {
        "model": lambda graph, held_out: everything(train(graph, config, held_out=held_out))["model"],
        "degree_prior": lambda graph, held_out: degree_prior(*degrees(view(graph).pairs(config.task))),
        "metapath_counts": metapath_counts,
        "shared_targets": lambda graph, held_out: shared_targets(view(graph)),
    }


def degrees(known: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many pairs each drug and each disease is in. Shapes: [drug, disease] -> [drug], [disease]."""
    return known.sum(1), known.sum(0)


def everything(model: Model) -> dict[str, Scores]:
    """Return what the model and the degree prior say of all pairs. Shapes: [drug, disease] each."""
    rows, columns = (np.arange(count) for count in model.trained)
    return {"model": expit(logits(model, rows, columns)), "degree prior": prior(model, rows, columns)}


def pooled(
    graph: Graph, folds: NDArray[np.int8], rivals: Mapping[str, Method], progress: Progress = silent
) -> dict[str, Scores]:
    """Score each pair by methods that learned from the graph without the pair's fold, treated or not.

    Shapes: folds [drug, disease] -> [drug, disease].
    """
    seen, count = view(graph), int(folds.max()) + 1
    found = {name: np.zeros(folds.shape) for name in rivals}
    for fold in range(count):
        hidden = folds == fold
        held_out = pairs_frame(seen, hidden)
        left = without(graph, held_out)
        for place, (name, method) in enumerate(rivals.items()):
            progress(f"all pairs: fold {fold + 1} of {count}, {name}", (fold + place / len(rivals)) / count)
            found[name][hidden] = method(left, held_out)[hidden]
    return found


def usual(
    graph: Graph, folds: NDArray[np.int8], rivals: Mapping[str, Method], task: str, progress: Progress = silent
) -> dict[str, Scores]:
    """Return each metric for each disease, averaged over the folds that held out one of its treatments.

    The usual way: only a fold's treatments are taken out, every other pair may be a negative, and they are ranked among
    all drugs not known for the disease in training.

    Shapes: folds [drug, disease] -> [disease with a treatment, metric].
    """
    seen, count = view(graph), int(folds.max()) + 1
    known = seen.pairs(task)
    found = {name: np.full((count, known.shape[1], len(METRICS)), np.nan) for name in rivals}
    for fold in range(count):
        hidden = (folds == fold) & known
        left = without(graph, pairs_frame(seen, hidden))
        for place, (name, method) in enumerate(rivals.items()):
            progress(f"usual: fold {fold + 1} of {count}, {name}", (fold + place / len(rivals)) / count)
            found[name][fold, hidden.any(0)] = by_disease(method(left, None), hidden, ~known | hidden)
    return {name: np.nanmean(values[:, known.any(0)], axis=0) for name, values in found.items()}
