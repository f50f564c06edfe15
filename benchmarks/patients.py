"""Measure drugs for patients: those first given later to patients never seen, those left out, and those nobody takes.

    python benchmarks/patients.py --store STORE [--splits patient pairs drug] [--deals 3]

prints one JSON object: seconds and memory of a training, and what `panakeia evaluate --task benefits` measures of each
split, of a store into which patients were imported (`panakeia patient import`). `patient` is dealt `--deals` times into
five folds, `pairs` once, and of `drug` one fold of five is measured. See `gnn.patients.evaluate` for what is asked.
"""

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from gnn.config import load_config
from gnn.evaluate import Protocol
from gnn.patients.evaluate import DRUG, WHOLE, evaluate
from gnn.patients.train import train
from kg.stores.opening import open_store

FOLDS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, default=os.environ.get("PANAKEIA_STORE"), help="a store with patients")
    parser.add_argument("--splits", nargs="+", default=["patient", "pairs", "drug"], help="what is held out")
    parser.add_argument("--deals", type=int, default=3, help="how many deals of the patients into folds")
    options = parser.parse_args()
    found: dict[str, Any] = {"benchmark": "patients", "load_of_others": os.getloadavg()[0]}
    started = time.perf_counter(), time.process_time()
    with open_store(options.store) as store:
        graph = store.read()
    config = load_config(None, task="benefits")
    model = train(graph, config)
    found["train"] = {
        "seconds_with_reading": time.perf_counter() - started[0],
        "processor_s": time.process_time() - started[1],
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "model": model.summary(),
    }
    for split in options.splits:
        whole = split == WHOLE
        protocol = Protocol(split, FOLDS, 1 if split == DRUG else None)
        started = time.perf_counter(), time.process_time()
        measured = evaluate(graph, config, protocol, deals=options.deals if whole else 1).to_json()
        seconds = {"seconds": time.perf_counter() - started[0], "processor_s": time.process_time() - started[1]}
        found[split] = {**measured, **seconds}
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
