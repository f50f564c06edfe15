"""Claim: the recalibrated twin's dose is, within 5 %, what patients took, for each ancestry and each diplotype.

The patients are those of the IWPC who took a stable dose for an INR within 2 to 3. Prints one JSON object:

- `equations`: mean absolute error in mg a week of the dosing equations and of 35 mg for everyone, over all patients who
  have a dose, and over those compared; with 95 % intervals of the mean.
- `log_error`: the mean of ln(dose taken / dose by the method) and its 95 % interval, over all, by ancestry, diplotype,
  weight and age; for the published twin, the recalibrated one and the equations, on all patients compared, and for the
  twins also on the half that the recalibration did not see (`unseen`).

With `--estimate`, prints the recalibration's parameters, estimated anew on its half, with standard errors.

    python benchmarks/warfarin_doses.py [--data DIR] [--estimate]
"""

import argparse
import json
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from twin import library
from twin.estimate import mean
from twin.library.warfarin.doses import MAINTENANCE, Covariates
from twin.library.warfarin.iwpc import Treated, read
from twin.library.warfarin.recalibration import (
    comparable,
    covariates_of,
    doses_for_target,
    estimate,
    half,
)
from twin.model import Floats

FIXED_MG_A_WEEK = 35.0
FEWEST = 25
"""A smaller group is left out of the largest error."""
WEIGHTS_KG, AGES = (50, 60, 70, 80, 90, 100, 120), (40, 50, 60, 70, 80)
PUBLISHED, RECALIBRATED = "warfarin_hamberg2007", "warfarin_hamberg2007_iwpc"


def main() -> None:
    """Read the patients, compute their doses by every method, and print the tables."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given.add_argument("--data", type=Path, default=Path(os.environ.get("PANAKEIA_DATA", "../shared/data")))
    given.add_argument("--estimate", action="store_true")
    asked = given.parse_args()
    treated = read(asked.data / "pgx" / "iwpc-warfarin.csv.gz")
    who = comparable(treated)
    covariates, daily_mg = covariates_of(treated, who), treated.weekly_mg[who] / 7.0
    seen = half(len(daily_mg))
    if asked.estimate:
        some = {name: values[seen] for name, values in covariates.items()}
        theta, errors = estimate(library.load(RECALIBRATED), some, daily_mg[seen])
        print(json.dumps({name: {"estimate": theta[name], "se_log": errors[name]} for name in theta}, indent=1))
        return
    twins = {name: doses_for_target(library.load(name), covariates) for name in (PUBLISHED, RECALIBRATED)}
    doses = twins | {name: equation(covariates) for name, (_, equation) in MAINTENANCE.items()}
    doses |= {"fixed 35 mg": np.full(len(daily_mg), FIXED_MG_A_WEEK / 7.0)}
    log_error = {name: by_group(covariates, np.log(daily_mg / dose)) for name, dose in doses.items()}
    others = {name: values[~seen] for name, values in covariates.items()}
    unseen = {name: by_group(others, np.log(daily_mg / dose)[~seen]) for name, dose in twins.items()}
    found = {
        "patients": len(treated.weekly_mg),
        "completed": {name: int(filled.sum()) for name, filled in treated.completed.items()},
        "compared": len(daily_mg),
        "equations": equations(treated) | {"compared": absolute(doses, daily_mg)},
        "log_error": log_error,
        "unseen": unseen,
        "largest_of_ancestry_or_diplotype_unseen": {name: largest(table) for name, table in unseen.items()},
    }
    print(json.dumps(found, indent=1))


def equations(treated: Treated) -> dict[str, Any]:
    """Return how many patients each equation gives a dose, and how far off it is where a dose was taken."""
    scored = {name: equation(treated.covariates) * 7.0 for name, (_, equation) in MAINTENANCE.items()}
    scored |= {"fixed 35 mg": np.full(len(treated.weekly_mg), FIXED_MG_A_WEEK)}
    return {
        "scored": {name: int(np.isfinite(weekly).sum()) for name, weekly in scored.items()},
        "all_with_a_dose": absolute({name: weekly / 7.0 for name, weekly in scored.items()}, treated.weekly_mg / 7.0),
    }


def absolute(doses: Mapping[str, Floats], daily_mg: Floats) -> dict[str, Any]:
    """Return each method's mean absolute error in mg a week, over the patients whom it gives a dose."""
    return {name: _summary(known(7.0 * np.abs(dose - daily_mg))) for name, dose in doses.items()}


def by_group(covariates: Covariates, log_error: Floats) -> dict[str, Any]:
    """Return the mean error of each group, with its interval."""
    weight, age = (np.asarray(covariates[name], np.float64) for name in ("weight_kg", "age_years"))
    labels = {
        "all": np.full(len(weight), "all"),
        "ancestry": covariates["race"],
        "CYP2C9": covariates["CYP2C9"],
        "VKORC1": covariates["VKORC1"],
        "weight_kg": _bands(weight, WEIGHTS_KG),
        "age_years": _bands(age, AGES),
    }
    return {
        kind: {str(group): _summary(known(log_error[of == group])) for group in np.unique(of)}
        for kind, of in labels.items()
    }


def largest(table: Mapping[str, Any]) -> float:
    """Return the largest mean error of an ancestry or a diplotype with enough patients."""
    groups = [group for kind in ("ancestry", "CYP2C9", "VKORC1") for group in table[kind].values()]
    return max(abs(group["mean"]) for group in groups if group["patients"] >= FEWEST)


def known(values: Floats) -> Floats:
    """Return the values that are there."""
    return values[np.isfinite(values)]


def _summary(values: Floats) -> dict[str, float]:
    if len(values) < 2:
        return {"patients": len(values)}
    found = mean(values)
    figures = {"mean": found.value, "lower": found.lower, "upper": found.upper}
    return {"patients": len(values)} | {name: round(value, 3) for name, value in figures.items()}


def _bands(values: Floats, bounds: tuple[int, ...]) -> np.ndarray:
    names = [f"< {bounds[0]}", *(f"{a} to {b}" for a, b in pairwise(bounds)), f">= {bounds[-1]}"]
    return np.array(names)[np.searchsorted(bounds, values, side="right")]


if __name__ == "__main__":
    main()
