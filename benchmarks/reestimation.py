"""Claim: a size chosen anew at a look brings power where the plan was too small, and holds the type I error, on twins.

Two doses of theophylline, the level a day after the last of seven, 20 twins an arm as planned. Prints one JSON
object: by rule the share of trials that find the higher dose better, with its 95 % interval, and the patients on the
mean, where it is, and where no arm is better; beside the same trial at its planned size, and at the largest.

    python benchmarks/reestimation.py [--replicates 2000]
"""

import argparse
import json
import sys
from typing import Any

from kg.files.checked import check
from twin.estimate import share
from twin.trials.protocol import TrialDesign
from twin.trials.replicates import replicate
from twin.trials.variants import variants

RULES: dict[str, dict[str, Any]] = {
    "planned size": {},
    "blinded": {"reestimation": {"kind": "blinded", "most": 2.0, "effect": 1.1, "power": 0.9}},
    "promising zone": {"reestimation": {"kind": "promising_zone", "most": 2.0, "target": 0.9}},
    "twice the planned size": {"trial": {"subjects_per_arm": 40}},
}


def designed(changes: dict[str, Any]) -> TrialDesign:
    """Return the trial with a rule."""
    outline = {"name": "two doses", "model": "theophylline_boeckmann1994", "seed": 3, "weeks": 1, "design": "parallel"}
    content = {
        "trial": {**outline, "subjects_per_arm": 20, **changes.get("trial", {})},
        "population": {"source": "made up"},
        "visits": {"days": [1, 8]},
        "conduct": {"adherence": 1.0, "measurement_error": True},
        "endpoints": [{"kind": "value", "name": "TROUGH", "observable": "theophylline_mg_per_L"}],
        "arms": [
            {"name": "low", "policy": {"kind": "fixed", "doses": [300.0]}},
            {"name": "high", "policy": {"kind": "fixed", "doses": [420.0]}},
        ],
    }
    return check(content | {name: one for name, one in changes.items() if name != "trial"}, TrialDesign, "benchmark")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=2_000)
    count = parser.parse_args().replicates
    found: dict[str, Any] = {}
    for name, changes in RULES.items():
        design = designed(changes)
        for what, one in (("power", design), ("type_i_error", variants(design)[-1][1])):
            rows = replicate(one, 0, count)
            rate = share(int(rows["rejected"].sum()), count)
            figures = {"rate": rate.value, "lower": rate.lower, "upper": rate.upper}
            found.setdefault(name, {})[what] = figures | {"patients": float(rows["patients"].mean())}
    sys.stdout.write(json.dumps({"replicates": count, "rules": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
