"""Claim: a million patient-days a second of warfarin's model, at a relative error below 1e-7.

Prints one JSON object: patients per second for 28 days of daily doses (INR each day), against scipy's LSODA on the same
equations in the same process, and both methods' largest relative error of the INR against a tight reference.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from twin import library
from twin.engine import begin
from twin.model import Floats, Individual, Model
from twin.patient import Cohort
from twin.simulate import draw
from twin.steps import carry

DAYS, PATIENTS, COMPARED = 28, 20_000, 12


def cohort(n: int) -> Cohort:
    """Return made-up patients of all ages and genotypes."""
    luck = np.random.default_rng(0)
    covariates = {
        "age_years": luck.uniform(20, 95, n),
        "CYP2C9": luck.choice(["*1/*1", "*1/*2", "*1/*3", "*2/*2", "*2/*3", "*3/*3"], n),
        "VKORC1": luck.choice(["GG", "GA", "AA"], n),
    }
    return Cohort(tuple(f"S{place}" for place in range(n)), covariates)


def integrate(one: Individual, doses_mg: Floats, method: str, **tolerance: float) -> Floats:
    """Return one patient's INR at the end of each day, the equations integrated numerically."""
    exchange, absorption, steepness = 0.131, 2.0, 0.424
    sensitivity = one.ec50_mg_per_l**steepness

    def slope(_: float, y: Floats) -> Floats:
        powered = (max(y[1], 0.0) / one.central_volume_l) ** steepness
        effect = powered / (sensitivity + powered)
        out, back = exchange / one.central_volume_l * y[1], exchange / one.peripheral_volume_l * y[2]
        d = np.empty(10)
        d[0] = -absorption * y[0]
        d[1] = absorption * y[0] - one.clearance_l_per_h / one.central_volume_l * y[1] - out + back
        d[2] = out - back
        d[3] = 6 / one.short_transit_h * (1 - effect - y[3])
        d[4:9] = 6 / one.short_transit_h * (y[3:8] - y[4:9])
        d[9] = (1 - effect - y[9]) / one.long_transit_h
        return d

    y, inr = np.array([0.0] * 3 + [1.0] * 7), []
    for dose_mg in doses_mg:
        y[0] += dose_mg / 2
        y = solve_ivp(slope, (0, 24), y, method, **tolerance).y[:, -1]
        inr.append(1 + 20 * (1 - y[8] * y[9]) ** 3.61)
    return np.array(inr)


def ours(model: Model, individuals: Individual, doses_mg: Floats) -> Floats:
    """Return each patient's INR at the end of each day, [patient, day]."""
    return carry(model, individuals, begin(model, individuals), doses_mg)[1]["INR"]


def timed(what: str, run: Callable[[], Floats]) -> tuple[Floats, float]:
    """Return what a run gives and the seconds that it took."""
    sys.stderr.write(f"{what}\n")
    begin = time.perf_counter()
    return run(), time.perf_counter() - begin


def main() -> None:
    """Run both methods and print the figures."""
    model = library.load("warfarin_hamberg2007")
    individuals = draw(model, cohort(PATIENTS), seed=0)
    doses = np.random.default_rng(1).uniform(1, 10, (PATIENTS, DAYS))
    few = [type(individuals)(*(float(values[place]) for values in individuals)) for place in range(COMPARED)]

    def integrated(method: str, **tolerance: float) -> Floats:
        return np.array([integrate(one, doses[place], method, **tolerance) for place, one in enumerate(few)])

    _, first_s = timed("closed form, with compilation", lambda: ours(model, individuals, doses))
    found, ours_s = timed("closed form", lambda: ours(model, individuals, doses))
    lsoda, lsoda_s = timed("LSODA 1e-6", lambda: integrated("LSODA", rtol=1e-6, atol=1e-8))
    exact, _ = timed("reference: DOP853 1e-12", lambda: integrated("DOP853", rtol=1e-12, atol=1e-14))
    figures = {
        "claim": "patients per second, 28 daily doses, INR each day",
        "patients": PATIENTS,
        "patients_per_s": round(PATIENTS / ours_s),
        "patient_days_per_s": round(PATIENTS * DAYS / ours_s),
        "first_run_with_compilation_s": round(first_s, 2),
        "max_relative_error": float(np.abs(found[:COMPARED] / exact - 1).max()),
        "lsoda_patients_per_s": round(COMPARED / lsoda_s, 1),
        "lsoda_max_relative_error": float(np.abs(lsoda / exact - 1).max()),
        "times_faster_than_lsoda": round(PATIENTS / ours_s / (COMPARED / lsoda_s)),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
