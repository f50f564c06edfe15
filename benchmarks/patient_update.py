"""Claim: a patient's twin is updated on new measurements within 50 ms, once the model has been compiled.

    python benchmarks/patient_update.py [MODEL ...]

Each model: 20 made-up patients (of the model's own variability and residual error), each read and fitted as
`panakeia twin fit` does: the most likely parameters, then 1,000 draws. Prints one JSON object a model: seconds of the
first fit, with compilation, and milliseconds of the others, median and worst, on the clock and of the processor; for a
warfarin patient also with no genotype known (18 combinations).
"""

import json
import sys
import time

import numpy as np
import pandas as pd

from twin import library
from twin.fit.one import of_table
from twin.fit.patient import fit_patient
from twin.mixture import mixture
from twin.records import read_records
from twin.regimen import read_regimen
from twin.simulate import Variation, parse_times, simulate

PATIENTS = 20
GIVEN = {
    "theophylline_boeckmann1994": {},
    "tacrolimus_andrews2019": {
        "age_years": "50",
        "albumin_g_per_L": "38",
        "body_surface_m2": "1.9",
        "creatinine_umol_per_L": "120",
        "haematocrit_percent": "33",
        "lean_mass_kg": "55",
        "CYP3A5": "*3/*3",
        "CYP3A4": "*1/*1",
    },
    "warfarin_hamberg2007": {"age_years": "71", "CYP2C9": "*1/*1", "VKORC1": "GA"},
}
DOSED = {
    "theophylline_boeckmann1994": (320.0, 24.0, 0),
    "tacrolimus_andrews2019": (5.0, 12.0, 13),
    "warfarin_hamberg2007": (5.0, 24.0, 13),
}
"""Amount, interval in hours, additional doses."""
SEEN_H = {
    "theophylline_boeckmann1994": (1.0, 5.0, 12.0),
    "tacrolimus_andrews2019": (24.0, 72.0, 120.0),
    "warfarin_hamberg2007": (72.0, 120.0, 168.0, 264.0),
}


def patients(name: str) -> list[pd.DataFrame]:
    """Return tables of made-up patients: those of the first observable, one draw of the model each."""
    model, (amount, interval, more) = library.load(name), DOSED[name]
    dose = pd.DataFrame(
        {"TIME": [0.0], "AMT": [amount], "II": [interval if more else 0.0], "ADDL": [more], "EVID": [1]}
    )
    person = mixture(model, "made up", {}, GIVEN[name])
    times = parse_times("0:264:1h")
    found = []
    for seed in range(PATIENTS):
        varied = Variation(seed=seed, draws=2, residual=True)
        course = simulate(model, person, read_regimen(dose), times, varied).lower[0, 0]
        at = np.array(SEEN_H[name])
        value = np.maximum(course[at.astype(int)], 0.05)
        seen = pd.DataFrame({"TIME": at, "DV": value, "DVID": "1", "EVID": 0})
        found.append(pd.concat([dose, seen]).sort_values("TIME", kind="stable"))
    return found


def timed(name: str, given: dict[str, str]) -> dict[str, object]:
    """Return how long fits take."""
    model, clock, used = library.load(name), [], []
    for table in patients(name):
        began, begun = time.perf_counter(), time.process_time()
        data, person = of_table(model, read_records(table), given)
        fit_patient(model, data, prior_shares=person.shares.tolist())
        clock.append(time.perf_counter() - began)
        used.append(time.process_time() - begun)
    return {
        "model": name,
        "combinations": len(person.shares),
        "first_s": round(clock[0], 2),
        "median_ms": round(1e3 * float(np.median(clock[1:])), 1),
        "worst_ms": round(1e3 * max(clock[1:]), 1),
        "processor_median_ms": round(1e3 * float(np.median(used[1:])), 1),
    }


def main(names: list[str]) -> None:
    for name in names or list(GIVEN):
        print(json.dumps(timed(name, GIVEN[name])), flush=True)
        if name == "warfarin_hamberg2007":
            print(json.dumps(timed(name, {"age_years": "71"})), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
