"""Claim: two million parameter sets a second on two cores, keyed by patient, so that no other patient changes them.

Prints one JSON object: seconds and processor seconds for 2,000,000 patients x 6 standard normal numbers, ids as texts
among the input. Beside it in the same process: a generator of NumPy for each patient, seeded by SHA-256 of the id (the
other way to key luck by patient), and one generator for all, whose numbers hang on the patients' order and number.

    python benchmarks/luck.py
"""

import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from twin.model import Floats
from twin.streams import normals

PATIENTS, PARAMETERS, FEW, RUNS = 2_000_000, 6, 20_000, 3


def one_generator_each(ids: Sequence[str]) -> Floats:
    """Return [patient, parameter], each patient's numbers from a generator of its own."""
    found = np.empty((len(ids), PARAMETERS))
    for place, name in enumerate(ids):
        key = hashlib.sha256(f"(0, ('patient', {name!r}, 'parameters'))".encode()).digest()
        found[place] = np.random.Generator(np.random.PCG64(int.from_bytes(key[:16]))).standard_normal(PARAMETERS)
    return found


def one_generator_for_all(ids: Sequence[str]) -> Floats:
    """Return [patient, parameter], from one generator in the patients' order."""
    return np.random.default_rng(0).standard_normal((len(ids), PARAMETERS))


def counted(ids: Sequence[str]) -> Floats:
    """Return [patient, parameter], counted by seed, decision, patient and parameter."""
    return normals(0, "parameters", ids, PARAMETERS)


def timed(draw: Callable[[Sequence[str]], Floats], ids: Sequence[str]) -> dict[str, float]:
    """Return the least seconds and processor seconds of a few runs, and the patients a second of either."""
    seconds, processor = [], []
    for _ in range(RUNS):
        begun, begun_processor = time.perf_counter(), time.process_time()
        draw(ids)
        seconds.append(time.perf_counter() - begun)
        processor.append(time.process_time() - begun_processor)
    return {
        "patients": len(ids),
        "seconds": round(min(seconds), 3),
        "processor_seconds": round(min(processor), 3),
        "sets_per_s": round(len(ids) / min(seconds)),
        "sets_per_processor_s": round(len(ids) / min(processor)),
    }


def main() -> None:
    """Measure and print."""
    ids = tuple(f"S{number:07d}" for number in range(PATIENTS))
    report = {"claim": "2 million parameter sets of 6 normal numbers a second on two cores, keyed by patient"}
    for name, draw, some in (
        ("counted", counted, ids),
        ("one generator a patient", one_generator_each, ids[:FEW]),
        ("one generator for all", one_generator_for_all, ids),
    ):
        print(name, file=sys.stderr)
        report[name] = timed(draw, some)
    each = report["one generator a patient"]["sets_per_processor_s"]
    report["times_faster_than_one_generator_a_patient"] = round(report["counted"]["sets_per_processor_s"] / each, 1)
    report["machine"] = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
