"""Claim: what a table of people gives away, equal to pycanon's figures on NHANES; noise as the theory has it.

Prints one JSON object: of the figures that pycanon 1.3.6 gives for nine sets of quasi-identifiers and sensitive
attributes (`tests/data/nhanes-pycanon.json`), the share that ours equal, and the seconds both took; and for several
epsilons the mean absolute error of noisy counts and the share within the stated bound, each beside what the discrete
Laplace distribution has.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kg.patients.disclosure import figures
from kg.patients.noise import noisy, within

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.kg.patients.pycanon_figures import QUESTIONS, people  # noqa: E402

NAMES = {
    "k": "k_anonymity",
    "alpha": "alpha",
    "distinct_l": "l_diversity",
    "entropy_l": "entropy_l_diversity",
    "t": "t_closeness",
    "basic_beta": "basic_beta_likeness",
    "enhanced_beta": "enhanced_beta_likeness",
    "delta": "delta_disclosure",
}
PYCANON_S = 128.0
"""Seconds that `tests/kg/patients/pycanon_figures.py` took for all of them, in its own environment, on one core."""
DRAWS = 200_000


def equal(mirror: Path) -> dict[str, Any]:
    """Return how many of pycanon's figures ours equal to twelve digits, and the seconds that ours took."""
    expected = json.loads((ROOT / "tests" / "data" / "nhanes-pycanon.json").read_text(encoding="utf-8"))
    table = pd.DataFrame(people(mirror))
    begin = time.perf_counter()
    found = [figures(table, quasi, sensitive).to_json() for quasi, sensitive in QUESTIONS]
    seconds = time.perf_counter() - begin
    same = [
        math.isclose(ours[name] or 0, theirs[of], rel_tol=1e-12, abs_tol=1e-12)
        for ours, theirs in zip(found, expected, strict=True)
        for of, name in NAMES.items()
    ]
    return {
        "people": len(table),
        "figures": len(same),
        "equal": sum(same),
        "seconds": round(seconds, 2),
        "pycanon_seconds": PYCANON_S,
    }


def noise() -> Iterator[dict[str, float]]:
    """Yield for each epsilon the error of noisy counts, and what it is in theory."""
    for epsilon in (0.05, 0.1, 0.5, 1.0, 2.0):
        errors = np.abs(np.array(noisy([0] * DRAWS, epsilon)))
        a, bound = math.exp(-epsilon), within(epsilon)
        yield {
            "epsilon": epsilon,
            "mean_absolute_error": round(float(errors.mean()), 4),
            "in_theory": round(2 * a / (1 - a * a), 4),
            "within_95_percent": bound,
            "share_within": round(float((errors <= bound).mean()), 4),
            "share_in_theory": round(1 - 2 * a ** (bound + 1) / (1 + a), 4),
        }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="mirror folder of public files")
    found = {
        "claim": "disclosure figures equal pycanon's; noise is discrete Laplace",
        **equal(parser.parse_args().data),
        "noise": list(noise()),
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
