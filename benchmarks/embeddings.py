"""Embeddings: TransE, DistMult, ComplEx, RotatE, R-GCN and HGT of PyG, trained until they stop improving.

    python benchmarks/embeddings.py --data DIR --task treats [--split pairs] [--method transe ...] [--device cuda] \
        --keep DIR

prints one JSON object: each method's figures with intervals, on folds of `gnn.folds`, and what each training took. An
inner fold, hidden as the outer one is, says when to stop; then all training pairs are learned for as many epochs. What
a fold's training scored, [subject, object], is kept in `--keep`: a run that was stopped goes on, and another benchmark
can lay the scores beside its own.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.areas import read_areas
from gnn.baselines.stopping import By, Limits, Link
from gnn.baselines.trained import LIMITS, NAMES, trained
from gnn.folds import Fold, deal_areas, deal_nodes, deal_pairs
from gnn.metrics.curve import areas, thresholds
from gnn.metrics.intervals import Interval, bootstrap, clustered, interval
from gnn.metrics.ranking import by_node, filtered_ranks
from gnn.split import all_pairs_of, assert_no_leak, named, without
from gnn.task import TASKS, Task
from gnn.view import View, view
from kg.build import build_graph
from kg.fetch import Fetch
from kg.graph import Graph, data_version
from kg.sources import hetionet

BY: dict[str, By] = {"pairs": "pair", "area": "object"}


@dataclass(frozen=True)
class Deal:
    """What is held out of what: the graph, its view, the task, and the folds of a split."""

    graph: Graph
    seen: View
    task: Task
    by: By
    folds: list[Fold]

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of subjects and objects."""
        return self.seen.count(self.task.subject), self.seen.count(self.task.object)


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--task", choices=tuple(TASKS), default="treats")
    parser.add_argument("--split", default="pairs", help="pairs, area, or a kind whose whole nodes are held out")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--trained", type=int, help="measure so many folds only; else all")
    parser.add_argument("--method", choices=NAMES, action="append")
    parser.add_argument("--seed", type=int, default=0, help="seed of the deal and of the training")
    parser.add_argument("--seconds", type=float, default=LIMITS.seconds, help="the longest search for the best epoch")
    parser.add_argument("--device", default="cpu", help="where baselines are learned: cpu, cuda")
    parser.add_argument("--keep", type=Path, required=True, help="folder for what is done")
    options = parser.parse_args()
    torch.set_num_threads(1)
    fetch = Fetch(options.data and Path(options.data))
    graph, _ = build_graph([hetionet.read(fetch)])
    told = dealt(graph, fetch, options)
    options.keep.mkdir(parents=True, exist_ok=True)
    methods = {}
    for name in options.method or NAMES:
        parts = [scored(told, fold, name, options) for fold in told.folds]
        methods[name] = {"figures": figures(told, [scores for scores, _ in parts]), "trainings": [b for _, b in parts]}
    result = {
        "benchmark": "embeddings",
        "data_version": data_version(graph.sources),
        "task": options.task,
        "split": options.split,
        "folds": [fold.name for fold in told.folds],
        "seed": options.seed,
        "methods": methods,
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def dealt(graph: Graph, fetch: Fetch, options: argparse.Namespace) -> Deal:
    """Deal the answers of a task into folds."""
    seen, task = view(graph), TASKS[options.task]
    answers, shape = seen.edges(task.relation), (seen.count(task.subject), seen.count(task.object))
    by = BY.get(options.split) or ("subject" if options.split == task.subject.lower() else "object")
    if options.split == "pairs":
        folds = deal_pairs(answers, shape, options.folds, options.seed)
    elif options.split == "area":
        folds = deal_areas(answers, shape, read_areas(fetch, seen.curies["Disease"]), seen.curies["Disease"])
    else:
        folds = deal_nodes(answers, shape, "subject" if by == "subject" else "object", options.folds, options.seed)
    return Deal(graph, seen, task, by, folds[: options.trained])


def scored(
    told: Deal, fold: Fold, name: str, options: argparse.Namespace
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Return a fold's scores by a method that never saw its hidden pairs, and the budget, kept or made.

    Shapes: [subject, object].
    """
    stem = f"{options.task}-{options.split}-{options.seed}-of-{options.folds}-{fold.name.replace(' ', '-')}-{name}"
    kept = options.keep / f"{stem}.npy"
    note = kept.with_suffix(".json")
    if not note.exists():
        hidden = named(fold.hidden, told.task.kinds, told.seen.curies)
        left = without(told.graph, hidden)
        assert_no_leak(left, hidden)
        link = Link(told.task.relation, *told.task.kinds)
        limits = Limits(LIMITS.epochs, LIMITS.patience, LIMITS.every, options.seconds)
        begin = time.perf_counter()
        scorer = trained(name, view(left), link, told.by, limits, options.seed, options.device)
        np.save(kept, scorer(np.arange(told.shape[0])))
        where = torch.cuda.get_device_name() if options.device.startswith("cuda") else options.device
        note.write_text(json.dumps({"fold": fold.name, "device": where, **asdict(scorer.budget)}), encoding="utf-8")
        sys.stderr.write(f"{stem}: {time.perf_counter() - begin:.0f} s, {scorer.budget}\n")
    return np.load(kept, mmap_mode="r"), json.loads(note.read_text(encoding="utf-8"))


def figures(told: Deal, scores: list[NDArray[np.float32]]) -> dict[str, dict[str, float]]:
    """Return the figures over all folds, each pair by the scores of its own fold, with 95 % intervals.

    Each node of the object, or of the subject where subjects are held out, ranks the other end, its known pairs left
    out; MRR and Hits@10 are filtered, over both sides where pairs are held out; AUROC and AUPRC are of all pairs of a
    fold that are not known, where whole nodes are held out of theirs alone. Intervals are over draws of the nodes that
    rank.
    """
    random, ranked = np.random.default_rng(0), "object" if told.by == "subject" else "subject"
    answers = told.seen.edges(told.task.relation)
    rows, ranks, curves = [], [], []
    for fold, values in zip(told.folds, scores, strict=True):
        known = _less(answers, fold.asked, told.shape[1])
        rows.append(by_node(values, fold.asked, known, ranked))
        for side in ("subject", "object") if told.by == "pair" else (ranked,):
            found = filtered_ranks(values, fold.asked, known, side)
            nodes = fold.asked[0 if side == "object" else 1]
            ranks += [np.stack([found.reciprocal(), found.hits(10), nodes])]
        curves.append(_areas(told, fold, values, random))
    result = {}
    for metric in ("average_precision", "recall_at_10", "recall_at_50", "recall_at_100", "reciprocal_rank"):
        values = np.concatenate([table[metric].to_numpy(float) for table in rows])
        result[metric] = asdict(bootstrap(values, random))
    reciprocal, hits, nodes = np.concatenate(ranks, axis=1)
    result["filtered_mrr"] = asdict(clustered(reciprocal, nodes.astype(np.int64), random))
    result["filtered_hits_at_10"] = asdict(clustered(hits, nodes.astype(np.int64), random))
    for place, metric in enumerate(("auroc", "auprc")):
        result[metric] = asdict(_mean([curve[place] for curve in curves]))
    return result


def _areas(told: Deal, fold: Fold, scores: NDArray[np.float32], random: np.random.Generator) -> tuple[Any, Any]:
    """Return AUROC and AUPRC of a fold as `gnn.lists` does, and of draws of subjects. Shapes: [1 + draw], twice."""
    others = told.seen.edges(told.task.relation)
    if told.by != "pair":
        others = _less(all_pairs_of(np.arange(told.shape[0]), told.shape[1]), fold.hidden, told.shape[1])
    curve = areas(thresholds(scores, fold.asked, _less(others, fold.asked, told.shape[1])), random)
    return curve.auroc, curve.auprc


def _mean(draws: list[NDArray[np.float64]]) -> Interval:
    return interval(np.mean(draws, axis=0))


def _less(pairs: NDArray[np.int64], others: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return the pairs that are not among others. Shapes: [2, pair]."""
    return pairs[:, ~np.isin(pairs[0] * size + pairs[1], others[0] * size + others[1])]


if __name__ == "__main__":
    main()
