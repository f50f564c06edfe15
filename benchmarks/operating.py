"""Claim: 1,000 replicates of a 500-patient 12-week warfarin trial, titrated on the INR, in 30 s on two cores.

Prints one JSON object: the time with two processes and what it finds, beside the same trial run one at a time in the
same process, every patient in every arm, as `trial run` does; times of a few of these, scaled.

    python benchmarks/operating.py [--replicates 1000] [--workers 2]
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from kg.files.checked import check
from twin.trials import run
from twin.trials.operating import Asked, simulate
from twin.trials.protocol import TrialDesign

EXAMPLE = Path(__file__).parent.parent / "panakeia" / "examples" / "warfarin_trial.toml"
ONE_BY_ONE = 10


def designed(**changes: Any) -> TrialDesign:
    """Return the example as a parallel trial of 250 patients an arm with its primary endpoint."""
    content = run.load(EXAMPLE).model_dump(mode="json", exclude_none=True)
    content["trial"] |= {"subjects_per_arm": 250, "design": "parallel", **changes}
    content["endpoints"] = content["endpoints"][:1]
    return check(content, TrialDesign, "benchmark")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    design = designed()
    run.run(design)
    begun = time.perf_counter()
    for seed in range(ONE_BY_ONE):
        run.run(designed(seed=seed))
    one = (time.perf_counter() - begun) / ONE_BY_ONE
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        found = simulate(Asked(design, options.replicates, 2_000), Path(folder) / "runs", options.workers)
        seconds = time.perf_counter() - begun
    scenarios = len(found.scenarios)
    report = {
        "claim": "1,000 replicates of a 500-patient 12-week warfarin trial in <= 30 s on two cores",
        "replicates": options.replicates,
        "workers": options.workers,
        "seconds": seconds,
        "scenarios": scenarios,
        "seconds_for_a_scenario_of_1000": seconds / scenarios * 1000 / options.replicates,
        "one_by_one": {"trials": ONE_BY_ONE, "seconds_for_1000": 1000 * one},
        "times_faster": 1000 * one / (seconds / scenarios * 1000 / options.replicates),
        "found": found.to_json()["scenarios"],
        "machine": {"cores": os.cpu_count()},
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
