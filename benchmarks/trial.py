"""Claim: two arms of 1,000 patients, 84 days, INR-guided doses, in 10 s after compilation; luck shared by the arms.

Prints one JSON object: the time, against the same patients and doses through scipy's LSODA one by one in the same
process; the largest difference of the INR between the two; the effect beside EU-PACT's; and by how much common random
numbers lower the variance of the effect, measured over repeated small trials.

    python benchmarks/trial.py
"""

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from kg.files.checked import check
from twin.model import Floats
from twin.trials.protocol import TrialDesign
from twin.trials.result import TrialResult
from twin.trials.run import enrol, follow, load, run

EXAMPLE = Path(__file__).parent.parent / "panakeia" / "examples" / "warfarin_trial.toml"
EU_PACT_2013 = {"standard": 0.603, "genotype-guided": 0.674, "difference": 0.070, "lower": 0.033, "upper": 0.106}
"""Shares of time in range and their adjusted difference, 95 % interval: doi:10.1056/NEJMoa1311386."""
BASELINE_PATIENTS = 20
TIMED_RUNS = 3
SMALL_TRIALS, SMALL_ARM = 60, 50


def silent(step: str, fraction: float) -> None:
    """Show nothing while a trial is timed."""


def changed(original: TrialDesign, **changes: Any) -> TrialDesign:
    """Return a design with other values in some of its tables, or with another list of arms or endpoints."""
    content = original.model_dump(mode="json", exclude_none=True)
    for table, values in changes.items():
        content[table] = values if isinstance(values, list) else content[table] | values
    return check(content, TrialDesign, "benchmark")


def timed(design: TrialDesign) -> tuple[float, TrialResult]:
    """Run a trial and return its seconds and its result."""
    begun = time.perf_counter()
    result = run(design, silent)
    return time.perf_counter() - begun, result


def rates(_: float, y: Floats, individual: tuple[float, ...]) -> Floats:
    """Return the derivatives of Hamberg's model: gut, central, peripheral (mg), six transits and one."""
    clearance, v1, v2, ec50, mtt1, mtt2 = individual[:6]
    power = (max(y[1], 0.0) / v1) ** 0.424
    free = ec50**0.424 / (ec50**0.424 + power)
    out, back = 0.131 * y[1] / v1, 0.131 * y[2] / v2
    body = [-2.0 * y[0], 2.0 * y[0] - clearance * y[1] / v1 - out + back, out - back]
    chain = 6 / mtt1 * (np.concatenate([[free], y[3:8]]) - y[3:9])
    return np.array([*body, *chain, (free - y[9]) / mtt2])


def one_by_one(individual: tuple[float, ...], doses_mg: Floats) -> Floats:
    """Return a patient's INR on each morning by LSODA, restarted at each dose."""
    state = np.array([0.0, 0.0, 0.0, *[1.0] * 7])
    inr = [1.0]
    for dose_mg in doses_mg:
        state[0] += dose_mg / 2
        state = solve_ivp(rates, (0.0, 24.0), state, "LSODA", args=(individual,), rtol=1e-7, atol=1e-10).y[:, -1]
        inr.append(1 + 20 * (1 - state[8] * state[9]) ** 3.61)
    return np.array(inr)


def baseline(design: TrialDesign) -> dict[str, float]:
    """Take a few patients through the control arm's doses one by one; scale their time to the whole trial."""
    enrolled = enrol(design, design.trial.subjects_per_arm)
    course = follow(design, design.arms[0], enrolled)
    (bodies,) = enrolled.bodies
    begun, worst = time.perf_counter(), 0.0
    for patient in range(BASELINE_PATIENTS):
        individual = tuple(float(values[patient]) for values in bodies)
        inr = one_by_one(individual, course.doses[patient])
        worst = max(worst, float(np.max(np.abs(inr / course.true["INR"][patient] - 1.0))))
    seconds = time.perf_counter() - begun
    courses = design.trial.subjects_per_arm * len(design.arms)
    return {
        "patients": BASELINE_PATIENTS,
        "seconds": seconds,
        "seconds_scaled_to_the_trial": seconds * courses / BASELINE_PATIENTS,
        "largest_relative_difference_of_inr": worst,
    }


def variance_of_the_effect(design: TrialDesign, kind: str) -> tuple[float, float]:
    """Return the mean and the variance of the effect over small trials with different seeds."""
    effects = []
    for seed in range(SMALL_TRIALS):
        small = changed(design, trial={"seed": 10_000 + seed, "subjects_per_arm": SMALL_ARM, "design": kind})
        effects.append(run(small, silent).differences[0].effect.value)
    return float(np.mean(effects)), float(np.var(effects, ddof=1))


def main() -> None:
    """Measure and print."""
    design = load(EXAMPLE)
    print("the example trial", file=sys.stderr)
    first, result = timed(design)
    seconds = float(np.median([timed(design)[0] for _ in range(TIMED_RUNS)]))
    print("the baseline", file=sys.stderr)
    lsoda = baseline(design)
    print(f"{2 * SMALL_TRIALS} small trials", file=sys.stderr)
    twins, parallel = (variance_of_the_effect(design, kind) for kind in ("twins", "parallel"))
    difference = result.differences[0]
    patient_days = design.trial.subjects_per_arm * len(design.arms) * design.days
    report = {
        "claim": "2 x 1,000 patients, 84 days, in <= 10 s after compilation",
        "seconds": seconds,
        "seconds_with_compilation": first,
        "patient_days_per_s": patient_days / seconds,
        "baseline_scipy_lsoda": lsoda,
        "times_faster": lsoda["seconds_scaled_to_the_trial"] / seconds,
        "time_in_range": {arm: estimate.to_json() for arm, estimate in result.means.items()},
        "effect": difference.effect.to_json(),
        "effect_in_a_parallel_trial_of_this_size": difference.parallel.to_json(),
        "eu_pact_2013": EU_PACT_2013,
        "common_random_numbers": {
            "variance_ratio_in_the_trial": difference.variance_ratio,
            "small_trials": SMALL_TRIALS,
            "subjects_per_arm": SMALL_ARM,
            "mean_effect": {"twins": twins[0], "parallel": parallel[0]},
            "variance": {"twins": twins[1], "parallel": parallel[1]},
            "variance_ratio": parallel[1] / twins[1],
        },
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
