"""What the benchmarks of the network share: every data set is built, methods are measured, one JSON is printed."""

import json
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import torch

from gnn.areas import read_areas
from gnn.config import TrainConfig
from gnn.evaluate import Method, Protocol, Rows, Scored, evaluate
from gnn.folds import AREA
from gnn.methods import candidates_of, reseeded
from kg.build import Terms, build, default_sources
from kg.fetch import Fetch
from kg.graph import Graph, data_version
from kg.stores.opening import open_store


def measure(
    name: str,
    config: TrainConfig,
    methods: Mapping[str, Method],
    split: str,
    data: Path | None,
    *,
    folds: int = 5,
    trained: int | None = None,
) -> None:
    """Measure methods on every data set of the mirror folder, and print what came of it, with seconds and memory.

    The model and what else depends on a seed is trained once more with another, on the first fold, for stability.
    """
    torch.set_num_threads(min(2, torch.get_num_threads()))
    started, fetch = time.perf_counter(), Fetch(data and Path(data))
    with TemporaryDirectory() as folder:
        build(default_sources(fetch), fetch, Path(folder) / "graph.lbdb", Terms())
        with open_store(Path(folder) / "graph.lbdb") as store:
            graph = store.read()
    seen, seconds = candidates_of(graph, config), dict[str, list[float]]()
    areas = read_areas(fetch, seen.curies["Disease"]) if split == AREA else None
    clocked = {method: timed(one, seconds.setdefault(method, [])) for method, one in methods.items()}
    protocol = Protocol(split, folds, trained, config.seed, areas)
    found = evaluate(graph, seen, config.about, clocked, protocol, note, reseeded(config))
    result = {
        "benchmark": name,
        "data_version": data_version(graph.sources),
        "config": asdict(config),
        **found.to_json(),
        "seconds_a_fold": {method: round(sum(one) / len(one), 1) for method, one in seconds.items()},
        "seconds": round(time.perf_counter() - started, 1),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "threads": torch.get_num_threads(),
    }
    json.dump(result, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def timed(method: Method, seconds: list[float]) -> Method:
    """Return the method that appends to `seconds` how long it took."""

    def run(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
        started = time.perf_counter()
        scored = method(graph, held_out, rows, columns)
        seconds.append(time.perf_counter() - started)
        return scored

    return run


def note(step: str, fraction: float) -> None:
    """Tell how far the benchmark is, on standard error."""
    sys.stderr.write(f"{fraction:4.0%} {step}\n")
    sys.stderr.flush()
