"""Measure asking a trained model: one node, a node in no graph, a hundred in a batch, a file of a million pairs.

All in one process, without torch, on the store that the model was trained on. The rows of the file are pairs by CURIE,
drawn by the seed: of a task with fewer pairs than rows, pairs come more than once, and are scored once each. Beside the
file's scores, in the same process: the degree prior of the same pairs, and a product of two dense tables of as many
dimensions as the model's factors have, looked up at the same pairs: as little as scoring by vectors can take.
Seconds are of the clock and of the processor; memory is the most that the process ever held, after each step.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from gnn.checkpoint import Model, load
from gnn.described import read_description
from gnn.pairs import read_pairs
from gnn.rank import SCORE_COLUMNS, rank_all, ranked, score
from gnn.score import joined, pair_priors
from kg.files.table import write_tsv
from kg.search import Node
from kg.stores.opening import open_store
from kg.stores.protocol import Store

NEW_DISEASE = Path(__file__).parents[1] / "panakeia" / "examples" / "new_disease.toml"

BATCH = 100


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", required=True, help="the store that the model was trained on")
    parser.add_argument("--model", type=Path, required=True, help="folder of a model")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the file of pairs")
    parser.add_argument("--seed", type=int, default=0, help="seed of the pairs that are drawn")
    options = parser.parse_args()
    steps: dict[str, dict[str, float]] = {}
    model = clocked(steps, "load the model", lambda: load(options.model))
    with open_store(options.store) as store, TemporaryDirectory() as folder:
        rank_nodes(steps, model, store)
        counts = score_file(steps, model, store, Path(folder), (options.rows, options.seed))
    found = {
        "benchmark": "asking",
        "task": model.task.name,
        "data_version": model.summary()["data_version"],
        "members": len(model.members),
        **counts,
        "steps": steps,
        "pairs_a_second": round(options.rows / steps["score the pairs"]["seconds"]),
        "torch_imported": "torch" in sys.modules,
    }
    assert not found["torch_imported"], "asking a model imported torch"
    json.dump(found, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def rank_nodes(steps: dict[str, dict[str, float]], model: Model, store: Store) -> None:
    """Rank for one node of the end that the task is asked from, for many, and for a disease in no graph."""
    side = model.around.subjects if model.task.asked == "subject" else model.around.objects
    kind, names = model.task.kind_at(model.task.asked), model.names[model.task.asked_place]
    nodes = [Node(node, kind, name) for node, name in zip(side.nodes[:BATCH], names, strict=False)]
    end = model.task.asked
    clocked(steps, f"rank for one {kind.lower()}", lambda: rank_all(model, store, nodes[:1], end))
    clocked(steps, f"rank for {len(nodes)} {kind.lower()}s", lambda: rank_all(model, store, nodes, end))
    if kind == "Disease":
        told = clocked(steps, "read a description", lambda: read_description(NEW_DISEASE, store))
        place = np.array([model.around.shape[1]])
        clocked(
            steps, "rank for a described disease", lambda: ranked(joined(model, [], [told.node]), place, end, top=20)
        )


def score_file(
    steps: dict[str, dict[str, float]], model: Model, store: Store, folder: Path, drawn: tuple[int, int]
) -> dict[str, int]:
    """Score a file of pairs, and its pairs by the baselines; return how many there were."""
    count, seed = drawn
    random = np.random.default_rng(seed)
    rows, columns = (random.integers(size, size=count) for size in model.trained)
    ends = model.around.subjects.nodes, model.around.objects.nodes
    path, out = folder / "pairs.tsv", folder / "scores.tsv"
    ids = [np.array(nodes)[places] for nodes, places in zip(ends, (rows, columns), strict=True)]
    with path.open("w", encoding="utf-8") as file:
        write_tsv(pd.DataFrame(dict(zip(model.task.columns, ids, strict=True))), file)
    pairs = clocked(steps, "read the file", lambda: read_pairs(path, taken=SCORE_COLUMNS))
    scored = clocked(steps, "score the pairs", lambda: score(model, store, pairs))
    with out.open("w", encoding="utf-8") as file:
        clocked(steps, "write the file", lambda: write_tsv(scored, file))
    priors = clocked(steps, "degree prior of the pairs", lambda: pair_priors(model, rows, columns))
    assert np.allclose(scored["prior"], priors)
    left, right = (random.normal(size=(size, model.config.rank)).astype(np.float32) for size in model.trained)
    clocked(steps, "dense product at the pairs", lambda: (left @ right.T)[rows, columns])
    return {"rows": count, "different_pairs": len(np.unique(rows * model.trained[1] + columns))}


def clocked(steps: dict[str, dict[str, float]], name: str, work: Callable[[], Any]) -> Any:
    """Do some work, and note how long it took and how much memory the process has held."""
    started, used = time.perf_counter(), time.process_time()
    found = work()
    steps[name] = {
        "seconds": round(time.perf_counter() - started, 3),
        "processor_seconds": round(time.process_time() - used, 3),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    return found


if __name__ == "__main__":
    main()
