"""Claim: a policy that is good in the model it was made with need not be in another of the same drug.

Patients are of two published models, Hamberg 2007 and 2010, with the age and genotypes of IWPC patients (a random
sample); each policy chooses the dose of warfarin at eleven visits over twelve weeks, from measured INRs, in half mg up
to 15 mg. Prints one JSON object: for each policy and model the share of days with an INR within 2 to 3, with its 95 %
interval over patients, who have the same luck under every policy; and how the doses for an INR of 2.5 of both models
differ over these patients.

    python benchmarks/twin_policies.py [--data DIR] [--patients N] [--seed SEED]
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from twin import library
from twin.dose.asked import Bounds
from twin.dose.policy import ByTwin, Table, fixed, score
from twin.dose.target import Target
from twin.dose.visits import Care
from twin.library.warfarin.iwpc import read
from twin.library.warfarin.recalibration import comparable, covariates_of, doses_for_target
from twin.patient import Cohort

MADE_WITH = "warfarin_hamberg2007"
DAYS = (0.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 28.0, 42.0, 56.0, 70.0, 84.0)
TABLE = Table(5.0, ((1.5, 0.2), (2.0, 0.1), (3.0, 0.0), (4.0, -0.1), (np.inf, -0.25)))
"""A generic titration table: 5 mg to begin with, then by -25 to +20 % as the INR is far from the range."""
CARE = Care(Target("INR", 2.0, 3.0), DAYS, Bounds(0.5, 15.0, 0.5))


def main() -> None:
    """Score the policies on both models and print the table."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given.add_argument("--data", type=Path, default=Path(os.environ.get("PANAKEIA_DATA", "../shared/data")))
    given.add_argument("--patients", type=int, default=500)
    given.add_argument("--seed", type=int, default=14)
    asked = given.parse_args()
    cohort = sampled(asked.data, asked.patients, asked.seed)
    models = [library.load(name) for name in (MADE_WITH, library.SECOND[MADE_WITH])]
    policies = {
        "5 mg for everyone": fixed(5.0),
        "titration table": TABLE,
        "typical twin's dose": ByTwin(models[0], learns=False),
        "twin that learns": ByTwin(models[0]),
        "twin of the second model that learns": ByTwin(models[1]),
    }
    table = score(policies, models, cohort, CARE, seed=asked.seed, progress=told)
    doses = [doses_for_target(model, cohort.covariates) for model in models]
    found = {"patients": cohort.n, "policies": table.to_dict("records"), "doses": differing(*doses)}
    print(json.dumps(found, indent=1))


def sampled(data: Path, patients: int, seed: int) -> Cohort:
    """Return covariates of so many of the consortium's patients, at random."""
    treated = read(data / "pgx" / "iwpc-warfarin.csv.gz")
    covariates = covariates_of(treated, comparable(treated))
    some = np.random.default_rng(seed).permutation(len(covariates["age_years"]))[:patients]
    wanted = {name: covariates[name][some] for name in ("age_years", "CYP2C9", "VKORC1")}
    return Cohort(tuple(f"IWPC {number}" for number in range(len(some))), wanted)


def differing(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    """Return the mean of ln(second / first) and the share of patients whose doses differ by more than a fifth."""
    away = np.log(second / first)
    known = away[np.isfinite(away)]
    return {
        "patients": known.size,
        "mean_log_ratio": float(known.mean()),
        "more_than_a_fifth": float((np.abs(known) > np.log(1.2)).mean()),
    }


def told(step: str, share: float) -> None:
    """Say on standard error how far it is."""
    print(f"{share:4.0%} {step}", file=sys.stderr)


if __name__ == "__main__":
    main()
