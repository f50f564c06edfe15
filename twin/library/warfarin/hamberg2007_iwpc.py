"""Warfarin: Hamberg 2007 with clearance and sensitivity estimated anew from the stable doses of IWPC patients.

The equations are those of Hamberg 2007 (`hamberg2007`). Clearance also depends on weight, EC50 on ancestry:

    CL = 0.314 L/h · (1 - reduction by CYP2C9) · (1 - 0.0091·(age - 71)) · (weight/70 kg)^θ
    EC50 = EC50 by VKORC1 · ratio by ancestry

θ, the reductions, EC50 and the ratios are least squares on the logarithm of the dose (`recalibration`), on a random
half of the patients who took a stable dose for an INR within 2 to 3; the other half is left for a test. A steady dose
tells the product of clearance and EC50, not which of them moved.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from twin.library.body import WEIGHT
from twin.library.warfarin import hamberg2007 as published
from twin.library.warfarin import hamberg2007_values as values
from twin.library.warfarin.covariates import RACE
from twin.model import Theta
from twin.quantity import Assumed, Measured, Quantity

_FROM = "doi:10.1056/NEJMoa0809329"
_ESTIMATED = f"least squares on the log stable doses of 1,532 IWPC patients ({_FROM}), by recalibration.py"
ESTIMATES: dict[str, Quantity] = {
    "EC50 GG": Measured(3.0228, "mg/L", _ESTIMATED),
    "EC50 GA": Measured(2.3013, "mg/L", _ESTIMATED),
    "EC50 AA": Measured(1.5730, "mg/L", _ESTIMATED),
    "clearance_reduction *1/*2": Measured(0.1469, "1", _ESTIMATED),
    "clearance_reduction *1/*3": Measured(0.3004, "1", _ESTIMATED),
    "clearance_reduction *2/*2": Measured(0.2574, "1", _ESTIMATED),
    "clearance_reduction *2/*3": Measured(0.5604, "1", _ESTIMATED),
    "clearance_reduction *3/*3": Measured(0.7193, "1", _ESTIMATED),
    "weight_exponent": Measured(0.4605, "1", _ESTIMATED),
    "EC50_ratio asian": Measured(1.0923, "1", _ESTIMATED),
    "EC50_ratio black": Measured(0.9221, "1", _ESTIMATED),
    "EC50_ratio mixed_or_missing": Measured(0.9356, "1", _ESTIMATED),
}
PARAMETERS: dict[str, Quantity] = {
    **values.PARAMETERS,
    **ESTIMATES,
    "reference_weight": Assumed(70.0, "kg", "where the weight changes nothing; the EC50 takes up any other choice"),
}


def individual(theta: Theta, covariates: Mapping[str, Any]) -> published.Parameters:
    """Return the parameters of a patient with these covariates, without variability."""
    person = published.individual(theta, covariates)
    ratio = jnp.array([1.0, *(theta[f"EC50_ratio {race}"] for race in RACE.levels[1:])])
    heavier = (covariates["weight_kg"] / theta["reference_weight"]) ** theta["weight_exponent"]
    return person._replace(
        clearance_l_per_h=person.clearance_l_per_h * heavier,
        ec50_mg_per_l=person.ec50_mg_per_l * ratio[covariates["race"]],
    )


LEFT_OUT = tuple(one for one in published.LEFT_OUT if not one.startswith(("body weight", "uncertainty")))

MODEL = replace(
    published.MODEL,
    name="warfarin_hamberg2007_iwpc",
    citation=f"{published.MODEL.citation}; estimated anew on the IWPC's patients, {_FROM}",
    covariates=(*published.MODEL.covariates, WEIGHT, RACE),
    parameters=PARAMETERS,
    individual=individual,
    left_out=(
        *LEFT_OUT,
        "sex and other genes",
        "how much less patients differ who have the same weight and ancestry: their variability is the published one",
    ),
)
