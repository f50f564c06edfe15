"""Claim: what a prediction does by group is measured, with what it costs to change it, on doses and on risks.

    python benchmarks/fairness.py --data DIR

prints one JSON object:

- `doses`: the distance in mg a week between the dose taken and that of the IWPC's dosing equation, of the clinical one,
  of the published twin and of the recalibrated twin, by race: mean absolute error and mean error, with intervals by
  bootstrap; the equation on all who have a dose, all methods on the patients compared, and on the half of these that
  the recalibration did not see.
- `diabetes`: NHANES, adults, a logistic regression and boosted trees learned without race, foretold out of fold:
  metrics by the five groups at a threshold of 0.15, disparities in words, and the price of each mitigation.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin import library
from twin.library.warfarin.doses import MAINTENANCE
from twin.library.warfarin.iwpc import read
from twin.library.warfarin.recalibration import comparable, covariates_of, doses_for_target, half
from twin.prognosis.fairness.cases import Asked
from twin.prognosis.fairness.compare import Settings, compare
from twin.prognosis.fairness.comparison import Comparison
from twin.prognosis.fairness.mitigations.mitigation import Mitigation
from twin.prognosis.fairness.mitigations.reweighing import Reweighing
from twin.prognosis.fairness.mitigations.thresholds import Thresholds
from twin.prognosis.fairness.price import price
from twin.prognosis.question import Question
from twin.prognosis.tabular import Boosting, Linear

TWINS = {"published twin": "warfarin_hamberg2007", "recalibrated twin": "warfarin_hamberg2007_iwpc"}
DOSES = Settings(("mean_absolute_error", "mean_error", "within_20_percent"))
THRESHOLD = 0.15
FEATURES = ("Age", "Gender", "BMI", "BPSysAve", "BPDiaAve", "Pulse", "TotChol", "DirectChol", "PhysActive", "Smoke100")
MITIGATIONS: dict[str, Mitigation] = {
    "equal selection rates by thresholds": Thresholds("selection_rate"),
    "equal true positive rates by thresholds": Thresholds("true_positive_rate"),
    "both error rates by thresholds": Thresholds("equalized_odds"),
    "reweighing": Reweighing(FEATURES),
}


def doses(folder: Path) -> dict[str, Any]:
    """Return each method's errors by race."""
    treated = read(folder / "pgx" / "iwpc-warfarin.csv.gz")
    equations = {name: equation(treated.covariates) * 7.0 for name, (_, equation) in MAINTENANCE.items()}
    everybody = {
        name: _by_race(treated.covariates["race"], treated.weekly_mg, dose) for name, dose in equations.items()
    }
    who = comparable(treated)
    covariates, taken = covariates_of(treated, who), treated.weekly_mg[who]
    told = {name: equation(covariates) * 7.0 for name, (_, equation) in MAINTENANCE.items()}
    told |= {name: doses_for_target(library.load(model), covariates) * 7.0 for name, model in TWINS.items()}
    unseen = ~half(taken.size)
    return {
        "everybody with a dose": everybody,
        "compared": {name: _by_race(covariates["race"], taken, dose) for name, dose in told.items()},
        "unseen by the recalibration": {
            name: _by_race(covariates["race"][unseen], taken[unseen], dose[unseen]) for name, dose in told.items()
        },
    }


def _by_race(race: np.ndarray, taken: np.ndarray, dose: np.ndarray) -> dict[str, Any]:
    table = pd.DataFrame({"race": race, "taken": taken, "dose": dose})
    return _told(compare(table, Asked(("race",), "taken", "dose"), DOSES))


def diabetes(folder: Path) -> dict[str, Any]:
    """Return the metrics and the prices of two models by race."""
    raw = pd.read_csv(folder / "risk" / "nhanes-2009-2012.csv.gz", low_memory=False)
    adults = raw[(raw["Age"] >= 20) & raw["Diabetes"].notna()].reset_index(drop=True)
    table = adults[["Race1", *FEATURES]].assign(diabetes=(adults["Diabetes"] == "Yes").astype(float))
    question = Question("diabetes", "binary", FEATURES)
    found: dict[str, Any] = {"adults": len(table)}
    for name, learner in {"logistic": Linear(), "boosted trees": Boosting()}.items():
        chance = learner.fit(table, question).out_of_fold["PROGNOSIS"].to_numpy()
        rows, asked = table.assign(chance=chance), Asked(("Race1",), "diabetes", "chance", threshold=THRESHOLD)
        compared = compare(rows, asked)
        found[name] = {**_told(compared), "words": [one.words() for one in compared.disparities["Race1"]]}
        found[name]["parity"] = {key: round(value, 4) for key, value in compared.parities["Race1"].items()}
        ways = MITIGATIONS if name == "logistic" else {}
        for called, way in ways.items():
            sys.stderr.write(f"{name}: {called}\n")
            paid = price(rows, asked, way)
            found[name][called] = {
                **{f"gap of {one.metric}": _change(one) for one in paid.gaps},
                **{one.metric: _change(one) for one in paid.changes if one.group == "everybody"},
                "thresholds": {group: round(cut, 4) for group, cut in paid.thresholds.items()},
            }
    return found


def _told(found: Comparison) -> dict[str, Any]:
    """Return each group's figures: value, lower, upper, by group and metric."""
    rows: dict[str, Any] = {}
    for row in found.rows:
        one = rows.setdefault(row.group, {"n": row.n, "few": row.few, "events": row.events})
        one[row.metric] = [round(value, 4) for value in (row.value, row.lower, row.upper)]
    return rows


def _change(one: Any) -> list[float]:
    return [round(value, 4) for value in (one.before, one.after, one.difference, one.lower, one.upper)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set PANAKEIA_DATA")
    folder = Path(options.data)
    print(json.dumps({"doses": doses(folder), "diabetes": diabetes(folder)}, indent=2))


if __name__ == "__main__":
    main()
