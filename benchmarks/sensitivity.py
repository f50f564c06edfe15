"""Claim: the example trial's effect is near EU-PACT's; and how far it leans on the choices that were ours to make.

Each choice is changed alone, in a trial of 4,000 twins. The trial like COAG lasts 4 weeks and counts from day 5; its
arms start with the IWPC's clinical equation (COAG: a clinical one of Gage) and with Gage's pharmacogenetic one. Prints
one JSON object: each trial's shares of time in range and effect, with 95 % intervals.

    python benchmarks/sensitivity.py
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jax

from twin import trial
from twin.checked import check
from twin.library import warfarin_hamberg2007
from twin.protocol import TrialDesign

EXAMPLE = Path(__file__).parent.parent / "app" / "examples" / "warfarin_trial.toml"
TWINS = 4_000
PUBLISHED = {
    "eu_pact_2013": {"standard": 0.603, "guided": 0.674, "difference": 0.070, "lower": 0.033, "upper": 0.106},
    "coag_2013": {"standard": 0.454, "guided": 0.452, "difference": -0.002, "lower": -0.034, "upper": 0.031},
}
"""Shares of time in range, adjusted difference, 95 % interval: doi:10.1056/NEJMoa1311386, doi:10.1056/NEJMoa1310669."""

EU_PACT_GUIDED = {"rule": "eu_pact_loading", "maintenance": "iwpc_pharmacogenetic"}
COAG_ARMS = [
    {"name": "clinical", "start": {"rule": "algorithm", "algorithm": "iwpc_clinical"}},
    {"name": "genotype-guided", "start": {"rule": "algorithm", "algorithm": "gage_2008"}},
]
CHANGES: dict[str, dict[str, Any]] = {
    "as the example": {},
    "fewer visits": {"visits": {"days": [1, 4, 6, 8, 15, 22, 57, 85]}},
    "one dose in ten forgotten": {"conduct": {"adherence": 0.9}},
    "no revision of the guided dose": {"arms": [None, {"name": "genotype-guided", "start": EU_PACT_GUIDED}]},
    "a trial like COAG": {
        "arms": COAG_ARMS,
        "trial": {"weeks": 4},
        "visits": {"days": [1, 4, 6, 8, 11, 15, 22, 29]},
        "endpoint": {"from_day": 5},
    },
}


def changed(content: dict[str, Any], change: dict[str, Any]) -> TrialDesign:
    """Return the design with a change of some of its tables' values, or of its arms (None keeps one)."""
    content = content | {"trial": content["trial"] | {"subjects_per_arm": TWINS}}
    for table, values in change.items():
        if table == "arms":
            content["arms"] = [new or old for new, old in zip(values, content["arms"], strict=True)]
        else:
            content[table] = content[table] | values
    return check(content, TrialDesign, "benchmark")


def measured(design: TrialDesign) -> dict[str, Any]:
    """Run a trial and return its shares of time in range and its effect."""
    result = trial.run(design, lambda step, fraction: None)
    return {
        "time_in_range": {arm: estimate.to_json() for arm, estimate in result.means.items()},
        "effect": result.differences[0].effect.to_json(),
    }


def main() -> None:
    """Measure and print."""
    content = trial.load(EXAMPLE).model_dump(mode="json", exclude_none=True)
    found = {}
    for name, change in CHANGES.items():
        sys.stderr.write(f"{name}\n")
        found[name] = measured(changed(content, change))
    name = "transit rate 1/MTT1"
    sys.stderr.write(f"{name}\n")
    parameters = warfarin_hamberg2007.PARAMETERS
    once = {"short_transit_steps": replace(parameters["short_transit_steps"], value=1.0)}
    jax.clear_caches()  # compiled code holds the parameters
    with patch.dict(parameters, once):
        found[name] = measured(changed(content, {}))
    claim = "the effect of the example trial, and how far it leans on its choices"
    sys.stdout.write(
        json.dumps({"claim": claim, "twins": TWINS, "found": found, "published": PUBLISHED}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
