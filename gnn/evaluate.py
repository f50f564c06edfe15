"""Evaluate: how a training with these settings does on treatments that it never saw, beside the degree prior."""

import numpy as np
import pandas as pd

from gnn.config import TrainConfig
from gnn.metrics import METRICS, bootstrap, by_disease
from gnn.split import pair_folds, pairs_frame
from gnn.train import train
from gnn.view import view
from kg.graph import Graph
from kg.progress import Progress, silent

FOLDS = 5
"""One pair in five is held out."""


def held_out_fifth(graph: Graph, config: TrainConfig, progress: Progress = silent) -> pd.DataFrame:
    """Train without a fifth of all pairs, treated or not, and rank each disease's held-out drugs among each other.

    Returns a row for each method (model, degree prior, their difference) and metric: mean over the diseases with a
    held-out treatment, 95 % bootstrap interval over them, and their number. It tells how far to trust a ranking of new
    candidates; `benchmarks/repurposing.py` measures it on all pairs. Raises `gnn.config.ConfigError` like `train`.
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
    rows = []
    for name, values in found.items():
        for column, metric in enumerate(METRICS):
            interval = bootstrap(values[:, column], np.random.default_rng(config.seed))
            rows.append((name, metric, interval.mean, interval.lower, interval.upper, len(values)))
    return pd.DataFrame(rows, columns=["method", "metric", "mean", "lower", "upper", "diseases"])
