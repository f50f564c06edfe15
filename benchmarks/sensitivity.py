"""Claim: the example trial's effect is near EU-PACT's; and how far it leans on the choices that were ours to make.

Each choice is changed alone, in a trial of 4,000 twins. The trial like COAG lasts 4 weeks and counts from day 5; its
arms start with the IWPC's clinical equation (COAG: a clinical one of Gage) and with Gage's pharmacogenetic one. Prints
one JSON object: each trial's shares of time in range and effect, with 95 % intervals.

    python benchmarks/sensitivity.py
"""

import json
import sys
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import jax
from trial import EU_PACT_2013, EXAMPLE, changed, silent

from twin.library.warfarin.hamberg2007_values import PARAMETERS
from twin.trials.protocol import TrialDesign
from twin.trials.run import load, run

TWINS = 4_000
COAG_2013 = {"clinical": 0.454, "genotype-guided": 0.452, "difference": -0.002, "lower": -0.034, "upper": 0.031}
"""Shares of time in range and their adjusted difference, 95 % interval: doi:10.1056/NEJMoa1310669."""

CLINICAL = {"name": "clinical", "policy": {"kind": "warfarin_algorithm", "algorithm": "iwpc_clinical"}}
GUIDED_IN_COAG = {"name": "genotype-guided", "policy": {"kind": "warfarin_algorithm", "algorithm": "gage_2008"}}
GUIDED_WITHOUT_REVISION = {
    "name": "genotype-guided",
    "policy": {"kind": "warfarin_algorithm", "loading": "eu_pact", "algorithm": "iwpc_pharmacogenetic"},
}


def changes(design: TrialDesign) -> dict[str, dict[str, Any]]:
    """Return what each trial changes in the example's design."""
    standard = design.arms[0].model_dump(mode="json", exclude_none=True)
    return {
        "as the example": {},
        "fewer visits": {"visits": {"days": [1, 4, 6, 8, 15, 22, 57, 85]}},
        "one dose in ten forgotten": {"conduct": {"adherence": 0.9}},
        "no revision of the guided dose": {"arms": [standard, GUIDED_WITHOUT_REVISION]},
        "a trial like COAG": {
            "arms": [CLINICAL, GUIDED_IN_COAG],
            "trial": {"weeks": 4},
            "visits": {"days": [1, 4, 6, 8, 11, 15, 22, 29]},
            "endpoints": [design.endpoints[0].model_dump(mode="json", exclude_none=True) | {"from_day": 5}],
        },
    }


def measured(design: TrialDesign) -> dict[str, Any]:
    """Run a trial and return its shares of time in range and its effect."""
    result = run(design, silent)
    return {
        "time_in_range": {arm: estimate.to_json() for arm, estimate in result.means.items()},
        "effect": result.differences[0].effect.to_json(),
    }


def main() -> None:
    """Measure and print."""
    design = changed(load(EXAMPLE), trial={"subjects_per_arm": TWINS})
    found = {}
    for name, change in changes(design).items():
        sys.stderr.write(f"{name}\n")
        found[name] = measured(changed(design, **change))
    name = "transit rate 1/MTT1"
    sys.stderr.write(f"{name}\n")
    once = {"short_transit_steps": replace(PARAMETERS["short_transit_steps"], value=1.0)}
    jax.clear_caches()  # compiled code holds the parameters
    with patch.dict(PARAMETERS, once):
        found[name] = measured(design)
    report = {
        "claim": "the effect of the example trial, and how far it leans on its choices",
        "twins": TWINS,
        "found": found,
        "published": {"eu_pact_2013": EU_PACT_2013, "coag_2013": COAG_2013},
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
