"""Evaluate: how a training with these settings does on treatments that it never saw, beside the degree prior."""

import numpy as np
import pandas as pd

from gnn.config import TrainConfig
from gnn.metrics import METRICS, RECALL_AT, bootstrap, by_disease
from gnn.split import pair_folds, pairs_frame
from gnn.train import train
from gnn.view import view
from kg.graph import Graph
from kg.progress import Progress, silent

FOLDS = 5
"""One pair in five is held out."""

COLUMNS = ("method", "metric", "mean", "lower", "upper", "diseases", "ranked_median", "ranked_least", "ranked_most")


def held_out_fifth(graph: Graph, config: TrainConfig, progress: Progress = silent) -> pd.DataFrame:
    """Train without a fifth of all pairs, treated or not, and rank each disease's held-out drugs among each other.

    Returns a row for each method (model, degree prior, their difference) and metric: mean over the diseases with a
    held-out treatment, 95 % bootstrap interval over them, their number, and among how many drugs each of them ranked
    its own (median, least and most). A metric that is 1 whatever the scores, recall among the first 100 of no more than
    100 drugs, is left out. The fewer drugs are ranked, the better all numbers look: `benchmarks/repurposing.py` ranks
    all drugs. Raises `gnn.config.ConfigError` like `train`.
    """
    seen = view(graph)
    known = seen.pairs(config.task)
    hidden = pair_folds(known, FOLDS, np.random.default_rng([config.seed, FOLDS])) == 0
    model = train(graph, config, progress, held_out=pairs_frame(seen, hidden))
    found = {
        name: by_disease(scores, known, hidden)
        for name, scores in (("model", model.scores), ("degree prior", model.priors))
    }
    found["difference"] = found["model"] - found["degree prior"]
    ranked = hidden.sum(0)[(hidden & known).any(0)]
    among = (int(np.median(ranked)), int(ranked.min()), int(ranked.max()))
    rows = []
    for name, values in found.items():
        for column, metric in enumerate(METRICS):
            if metric == f"recall_at_{RECALL_AT}" and ranked.min() <= RECALL_AT:
                continue
            interval = bootstrap(values[:, column], np.random.default_rng(config.seed))
            rows.append((name, metric, interval.mean, interval.lower, interval.upper, len(values), *among))
    return pd.DataFrame(rows, columns=COLUMNS)
