"""Claim: 0.0325, the residual error of the INR that Hamberg 2007 is quoted with, is a variance: an SD of 0.18.

    python benchmarks/inr_error.py DATA

DATA is the folder with warfarin.csv.gz. Prints one JSON object: under both readings, how long two trials' arms are in
range, measured and true, with 95 % intervals, beside EU-PACT and COAG; and the residual error of volunteers'
prothrombin complex activity, fitted by FOCEI, as an error of the logarithm of an INR, by two ways from the one to the
other.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jax
import numpy as np
from sensitivity import COAG_2013, TWINS, changed, changes, measured
from trial import EU_PACT_2013, EXAMPLE

from twin import library
from twin.error import Error
from twin.fit.data import data_set
from twin.fit.diagnose import goodness_of_fit
from twin.fit.population import fit_population
from twin.library.warfarin.hamberg2007_values import ERRORS, INR, PARAMETERS
from twin.model import Floats
from twin.records import read_records
from twin.trials.run import load

QUOTED = 0.0325
READINGS = {"standard deviation": QUOTED, "variance": float(np.sqrt(QUOTED))}
INR_AT_A_QUARTER = 2.5
"""A Quick value of 25 % is an INR of about 2.5 with a sensitive thromboplastin (ISI 1)."""


def trials() -> dict[str, Any]:
    """Return the shares of time in range of trials like EU-PACT and COAG, by reading and by who counts."""
    design = changed(load(EXAMPLE), trial={"subjects_per_arm": TWINS})
    asked = {"EU-PACT": {}, "COAG": changes(design)["a trial like COAG"]}
    found: dict[str, Any] = {}
    for reading, sd in READINGS.items():
        error = ERRORS[INR].on_log
        assert error is not None
        jax.clear_caches()  # compiled code may hold the error
        with patch.dict(ERRORS, {INR: Error(on_log=replace(error, value=sd))}):
            for name, change in asked.items():
                for method in ("rosendaal", "daily_true"):
                    sys.stderr.write(f"{reading}, {name}, {method}\n")
                    primary = design.endpoints[0].model_dump(mode="json", exclude_none=True)
                    stated = change.get("endpoints", [primary])[0] | {"method": method}
                    whole = {**change, "endpoints": [stated]}
                    found.setdefault(reading, {}).setdefault(name, {})[method] = measured(changed(design, **whole))
    return found


def by_hyperbola(activity_percent: Floats) -> Floats:
    """Return the INR of an activity: the clotting time is linear in one over it, 1 at 100 %."""
    slope = (INR_AT_A_QUARTER - 1.0) / (100.0 / 25.0 - 1.0)
    return 1.0 + slope * (100.0 / activity_percent - 1.0)


def by_model(activity_percent: Floats) -> Floats:
    """Return the INR that Hamberg 2007 foretells where this share of clotting factors is left."""
    lost = np.maximum(1.0 - activity_percent / 100.0, 0.0)
    return 1.0 + PARAMETERS["INR_rise"].value * lost ** PARAMETERS["INR_exponent"].value


def volunteers(path: Path) -> dict[str, Any]:
    """Return the SD of ln INR around the own course of 32 volunteers, whose activity was measured."""
    model = library.load("warfarin_oreilly1968")
    fit = fit_population(model, data_set(model, read_records(path)))
    rows = goodness_of_fit(fit)
    rows = rows[rows["observable"] == "pca"]
    seen, own = rows["DV"].to_numpy(), rows["IPRED"].to_numpy()
    free = 1 - fit.shrinkage.epsilon["pca"] if fit.shrinkage else 1.0
    ways = {"hyperbola": by_hyperbola, "model": by_model}
    away = {name: np.log(way(seen)) - np.log(way(own)) for name, way in ways.items()}
    treated = own < 50
    return {
        "activities": len(rows),
        "residual SD of the activity, %": fit.population.sigma["pca"]["additive"],
        "epsilon shrinkage": 1 - free,
        "SD of ln INR": {name: float(np.std(one) / free) for name, one in away.items()},
        "SD of ln INR, activity below 50 %": {name: float(np.std(one[treated]) / free) for name, one in away.items()},
        "n below 50 %": int(treated.sum()),
    }


def main(folder: Path) -> None:
    """Measure and print."""
    report = {
        "readings": READINGS,
        "volunteers": volunteers(folder / "warfarin.csv.gz"),
        "time in range": trials(),
        "published": {"EU-PACT": EU_PACT_2013, "COAG": COAG_2013},
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
