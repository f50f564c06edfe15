"""Patients: seconds and memory from all the mirror's records of patients to events in a store, beside a bare read.

    python benchmarks/patient_import.py --data ../shared/data [--graph GRAPH.lbdb]

imports 10,580 phenopackets, the demo of MIMIC-IV, 50 FHIR bundles and GiBleed in a process of its own, whose memory is
watched, into an embedded store with the starter graph (or a copy of one that `panakeia build` made, whose nodes codes
then map to), imports it all once more, and prints one JSON object. The baseline is the floor: the same files parsed by
`json` and pandas in one process, which maps, checks and stores nothing.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from kg.audit import Audit
from kg.build import build
from kg.fetch import Fetch
from kg.patients.imports import import_patients
from kg.stores.opening import open_store

TARGETS = {"import_s": 300, "peak_gib": 4}
"""What is asked, of two cores: at most."""

RECORDS = ("phenopackets.jsonl.gz", "mimic-iv-demo", "fhir", "omop/gibleed")
"""What is imported, in the mirror's folder of patients."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--graph", type=Path, help="an embedded store to import beside, which is copied first")
    parser.add_argument("--import-into", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    paths = [Path(options.data) / "patients" / name for name in RECORDS]
    if options.import_into:
        sys.stdout.write(json.dumps(imported(paths, options.import_into)) + "\n")
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "graph.lbdb"
        if options.graph:
            shutil.copyfile(options.graph, store)
        else:
            build(["starter"], Fetch(offline=True), store)
        first = watched(options.data, store)
        again = watched(options.data, store)
        size = store.stat().st_size / 2**20
    bare, bare_s = timed_bare(paths)
    result = {
        "benchmark": "patient_import",
        "cores": len(os.sched_getaffinity(0)),
        "load_of_others": load,
        "targets": TARGETS,
        "import": first,
        "import_again": {key: again[key] for key in ("import_s", "peak_gib", "persons", "events", "gone")},
        "file_mib": size,
        "baseline": {"bare_read_s": bare_s, "rows": bare},
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def watched(data: Path, store: Path) -> dict[str, Any]:
    """Import in a process of its own; return its figures with the largest memory that it held, sampled 20 times a s."""
    command = [sys.executable, __file__, "--data", str(data), "--import-into", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        process, peak = psutil.Process(child.pid), 0
        while child.poll() is None:
            try:
                peak = max(peak, sum(one.memory_info().rss for one in (process, *process.children(recursive=True))))
            except psutil.NoSuchProcess:
                break
            time.sleep(0.05)
        assert child.stdout
        figures: dict[str, Any] = json.loads(child.stdout.read())
    return {**figures, "peak_gib": peak / 2**30}


def imported(paths: list[Path], path: Path) -> dict[str, Any]:
    """Import into a store; return the seconds and what came of it."""
    with open_store(path) as store:
        begin = time.perf_counter()
        found = import_patients(paths, store, b"of the benchmark, and no secret", progress=tell)
        wall_s = time.perf_counter() - begin
    told = found.to_json()
    return {
        "import_s": wall_s,
        "cpu_s": time.process_time(),
        "persons": len(found.patients),
        "events": events(found.audit),
        "gone": told["gone"],
        "rejected": found.audit.rejected.num_rows,
        "left_out": sum(found.left_out.values()),
    }


def events(audit: Audit) -> dict[str, int]:
    """Return how many edges of each relation came in."""
    rows: Counter[str] = Counter()
    for tally in audit.tallies:
        if tally.table.startswith("patient_"):
            rows[tally.table] += tally.rows - tally.merged - tally.rejected
    return dict(sorted(rows.items()))


def timed_bare(paths: list[Path]) -> tuple[dict[str, int], float]:
    """Parse all of it and nothing more; return the rows or documents by file name's ending, and the seconds."""
    begin = time.perf_counter()
    rows: Counter[str] = Counter()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if ".json" in file.name:
                rows["documents"] += sum(1 for _ in documents(file))
            elif ".csv" in file.name:
                rows["rows"] += len(pd.read_csv(file, dtype=str, keep_default_na=False))
    return dict(rows), time.perf_counter() - begin


def documents(path: Path) -> Iterator[Any]:
    """Yield each JSON document of a file: one a line, or one in all."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        if ".jsonl" in path.name:
            yield from map(json.loads, stream)
        else:
            yield json.load(stream)


def tell(step: str, fraction: float) -> None:
    """Say on standard error what is being done."""
    sys.stderr.write(f"{fraction:4.0%} {step}\n")


if __name__ == "__main__":
    main()
