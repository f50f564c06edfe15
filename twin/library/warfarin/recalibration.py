"""How `hamberg2007_iwpc` was estimated: least squares on the logarithm of stable doses, on a half of the patients.

    ln(dose taken) = ln(dose with which the model comes to an INR of 2.5) + the terms below + error

At steady state the dose is nearly proportional to clearance and EC50, so that each term moves one of the parameters by
a factor; what is not proportional is made good by fitting again around the moved model.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.dose.asked import Asked, Bounds
from twin.dose.schedule import Schedule
from twin.dose.solve import settled
from twin.dose.subjects import of_individuals
from twin.dose.target import Target
from twin.engine import typical
from twin.library.warfarin.doses import UNKNOWN, Covariates
from twin.library.warfarin.iwpc import Treated
from twin.model import Floats, Model

SEED = 2009
"""Of the split into halves; chosen before any was looked at."""
TARGET_INR = 2.5
ROUNDS = 3
DAILY_MG = (0.05, 150.0)
STEADY_H = 200 * 24.0
"""How long a dose is taken until the INR counts."""

Booleans = NDArray[np.bool_]


def comparable(treated: Treated) -> Booleans:
    """Return who took a stable dose for an INR within 2 to 3, with both genotypes and the age known."""
    known = [treated.covariates[gene] != UNKNOWN for gene in ("CYP2C9", "VKORC1")]
    aimed = (treated.aimed_at >= 2.0) & (treated.aimed_at <= 3.0)
    told = np.isfinite(treated.weekly_mg) & ~treated.completed["age_years"]
    return np.asarray(treated.stable & aimed & told & known[0] & known[1])


def half(patients: int) -> Booleans:
    """Return a random half of the patients: those that the estimate sees."""
    chosen = np.zeros(patients, bool)
    chosen[np.random.default_rng(SEED).permutation(patients)[: patients // 2]] = True
    return chosen


def covariates_of(treated: Treated, who: Booleans) -> Covariates:
    """Return the covariates of some patients, within the models' bounds: who is younger counts as 18."""
    told = {name: np.asarray(values)[who] for name, values in treated.covariates.items()}
    return told | {"age_years": np.maximum(told["age_years"].astype(np.float64), 18.0)}


def doses_for_target(model: Model, covariates: Covariates, theta: Mapping[str, float] | None = None) -> Floats:
    """Return each patient's daily dose in mg for the target, by a model: [patient]; NaN where it is out of reach."""
    asked = Asked(Target("INR", TARGET_INR, TARGET_INR), Schedule(at_h=STEADY_H), Bounds(*DAILY_MG))
    found = settled(of_individuals(model, typical(model, covariates, theta)), asked, TARGET_INR)[1]
    return np.where(found.met, found.dose, np.nan)


def estimate(model: Model, covariates: Covariates, daily_mg: Floats) -> tuple[dict[str, float], dict[str, float]]:
    """Estimate the model's terms from the doses that patients took; returns theta and the terms' standard errors.

    The errors are of the logarithm of each term's factor, of the weight's exponent as it is.
    """
    theta = dict(model.theta) | _neutral()
    design = _design(covariates)
    columns = np.column_stack(list(design.values()))
    for _ in range(ROUNDS):
        away = np.log(daily_mg) - np.log(doses_for_target(model, covariates, theta))
        moved = np.linalg.lstsq(columns, away, rcond=None)[0]
        theta = _moved(theta, dict(zip(design, moved, strict=True)))
    left = away - columns @ moved
    variance = left @ left / (len(left) - columns.shape[1])
    errors = np.sqrt(np.diag(np.linalg.inv(columns.T @ columns)) * variance)
    return {name: theta[name] for name in design}, dict(zip(design, errors.tolist(), strict=True))


ANCESTRY = ("asian", "black", "mixed_or_missing")
ALLELES = ("*1/*2", "*1/*3", "*2/*2", "*2/*3", "*3/*3")


def _neutral() -> dict[str, float]:
    """Return the terms that the published model lacks, where they change nothing."""
    return {"weight_exponent": 0.0, **{f"EC50_ratio {race}": 1.0 for race in ANCESTRY}}


def _design(covariates: Covariates) -> dict[str, Floats]:
    """Return the terms' columns, by the parameter that each moves: [patient]."""
    columns = {
        "EC50 GG": np.ones(len(covariates["weight_kg"])),
        "weight_exponent": np.log(covariates["weight_kg"].astype(np.float64) / 70.0),
    }
    columns |= {f"EC50_ratio {race}": covariates["race"] == race for race in ANCESTRY}
    columns |= {f"EC50 {pair}": covariates["VKORC1"] == pair for pair in ("GA", "AA")}
    columns |= {f"clearance_reduction {pair}": covariates["CYP2C9"] == pair for pair in ALLELES}
    return {name: np.asarray(column, np.float64) for name, column in columns.items()}


def _moved(theta: Mapping[str, float], terms: Mapping[str, float]) -> dict[str, float]:
    """Return theta with each parameter moved by its term: the intercept moves every EC50."""
    found = dict(theta)
    for name, term in terms.items():
        if name == "weight_exponent":
            found[name] += term
        elif name.startswith("clearance_reduction"):
            found[name] = 1.0 - (1.0 - found[name]) * float(np.exp(term))
        else:
            found[name] *= float(np.exp(term))
    for pair in ("GA", "AA"):
        found[f"EC50 {pair}"] *= float(np.exp(terms["EC50 GG"]))
    return found
