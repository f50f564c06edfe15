"""Methods: the model and its baselines, as an evaluation asks them."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from gnn.baselines.counts import metapath_regression, shared_targets
from gnn.config import TrainConfig
from gnn.evaluate import Method, Rows, Scored
from gnn.factorise import factorise
from gnn.metapaths import metapaths
from gnn.negatives import learnable
from gnn.prior import degree_prior
from gnn.score import calibrated, logits, regime_of
from gnn.train import train
from gnn.view import View, view
from kg.graph import Graph
from kg.progress import Progress, silent

RIDGE = 10.0
"""Of the metapath-count regression; 1, 10 and 50 ranked alike on the deals used for choosing."""


def candidates_of(graph: Graph, config: TrainConfig) -> View:
    """Return the view that an evaluation ranks in: the candidates, and the answers that the label sources state."""
    return view(graph.stated_by(config.label_sources), config.label_sources)


def model(config: TrainConfig, progress: Progress = silent) -> Method:
    """Return the model: trained without the held-out pairs, it gives calibrated log-odds and its own shortlist."""

    def method(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
        trained = train(graph, config, progress, held_out)
        scores, listed = logits(trained, rows, columns), np.zeros((len(rows), len(columns)), bool)
        regimes = regime_of(trained, rows, columns)
        for regime in np.unique(regimes):
            cells = regimes == regime
            listed[cells] = trained.shortlists[regime].holds(scores[cells])
        level = trained.shortlists[str(regimes.flat[0])].level
        return Scored(calibrated(trained, rows[:, None], columns[None, :], scores), listed, level)

    return method


def reseeded(config: TrainConfig) -> dict[str, Method]:
    """Return the methods that depend on a seed, with another one."""
    other = replace(config, seed=config.seed + 1)
    others = {name: method for name, method in baselines(other).items() if name in ("als", "metapath_counts")}
    return {"model": model(other), **others}


def baselines(config: TrainConfig) -> dict[str, Method]:
    """Return what the model must beat, by name; all are told the same, none more."""
    task = config.about

    def degrees(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
        seen = candidates_of(graph, config)
        ends = seen.edges(task.relation)
        counts = [np.bincount(end, minlength=seen.count(kind)) for end, kind in zip(ends, task.kinds, strict=True)]
        return Scored(degree_prior(*counts)[rows][:, columns])

    def metapath_counts(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
        seen, random = candidates_of(graph, config), np.random.default_rng(config.seed)
        found = metapath_regression(metapaths(seen), seen.pairs("treats"), learnable(seen, held_out), RIDGE, random)
        return Scored(found[rows][:, columns])

    def targets(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
        return Scored(shared_targets(candidates_of(graph, config))[rows][:, columns])

    def als(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
        seen = candidates_of(graph, config)
        ends = seen.edges(task.relation)
        shape = tuple(seen.count(kind) for kind in task.kinds)
        known = csr_array((np.ones(ends.shape[1], np.float32), tuple(ends)), shape=shape)
        left, right = factorise(known, config.factors, config.seed)
        return Scored(left[rows] @ right[columns].T)

    found: dict[str, Method] = {"degree_prior": degrees, "als": als}
    if task.name == "treats":
        found |= {"metapath_counts": metapath_counts, "shared_targets": targets}
    return found
