"""Tacrolimus at the moment of a kidney transplant: by what is known before it, to choose the first dose.

The equations are those of Andrews 2019's final model (`andrews2019`), fitted anew to the same 337 patients with

    CL = 22.5 L/h · 1.62 where CYP3A5*1 is carried · 0.814 where CYP3A4*22 is · (age/55.72)^-0.50 · (surface/1.93)^0.72
    V1 = 685 L

and no laboratory value: before a transplant, none told anything of the dose. The paper's first dose, twice a day, is

    dose = AUC·CL, with AUC = 222 µg·h/L over 12 h for a trough of 10 µg/L (277 for 12.5, 332 for 15)

which is the dose with a mean concentration of 222/12 = 18.5 µg/L once nothing changes any more.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from twin.error import Error
from twin.library.tacrolimus import andrews2019 as final
from twin.library.tacrolimus import covariates as asked
from twin.model import MISSED_DOSES, Theta
from twin.quantity import Measured, Quantity
from twin.variability import Variability

_PAPER = final.MODEL.citation
_TABLE = f"{_PAPER}, Table 2, starting dose model; as quoted by a public implementation"
_EQUATION = f"{_PAPER}, equation 2; as quoted by a public implementation"
_STREAM = f"{_PAPER}, Data S1; as quoted by a public implementation"

PARAMETERS: dict[str, Quantity] = {
    "lag": Measured(0.39, "h", _TABLE),
    "absorption": Measured(3.70, "1/h", _TABLE),
    "clearance": Measured(22.5, "L/h", _TABLE),
    "central_volume": Measured(685.0, "L", _TABLE),
    "exchange": Measured(10.6, "L/h", _TABLE),
    "peripheral_volume": Measured(6590.0, "L", _TABLE),
    "clearance_ratio CYP3A5*1": Measured(1.62, "1", _EQUATION),
    "clearance_ratio CYP3A4*22": Measured(0.814, "1", _EQUATION),
    "exponent age_years": Measured(-0.50, "1", _TABLE),
    "exponent body_surface_m2": Measured(0.72, "1", _TABLE),
    "reference age_years": Measured(55.72, "years", f"{_STREAM}; equation 2 rounds it to 56"),
    "reference body_surface_m2": Measured(1.93, "m2", _STREAM),
}
VARIABILITY = {
    "clearance_l_per_h": Measured(0.394, "CV", _TABLE),
    "central_volume_l": Measured(0.540, "CV", _TABLE),
    "peripheral_volume_l": Measured(0.537, "CV", _TABLE),
    "exchange_l_per_h": Measured(0.796, "CV", _TABLE),
}
OCCASIONS = {"clearance_l_per_h": Measured(0.146, "CV", _TABLE)}
CYP3A4 = replace(asked.CYP3A4, default="*1/*1", frequencies=None)
"""The paper's equation counts an unknown one as without *22."""


def individual(theta: Theta, covariates: Mapping[str, Any]) -> final.Parameters:
    """Return the parameters of a patient with these covariates, without variability."""
    return final.Parameters(
        clearance_l_per_h=asked.clearance(theta, covariates, (asked.AGE, asked.BODY_SURFACE)),
        central_volume_l=theta["central_volume"] * jnp.ones_like(covariates[asked.AGE.name]),
        exchange_l_per_h=theta["exchange"],
        peripheral_volume_l=theta["peripheral_volume"],
        absorption_per_h=theta["absorption"],
        lag_h=theta["lag"],
    )


MODEL = replace(
    final.MODEL,
    name="tacrolimus_andrews2019_start",
    covariates=(asked.AGE, asked.BODY_SURFACE, asked.CYP3A5, CYP3A4),
    parameters=PARAMETERS,
    individual=individual,
    variability=Variability(between=VARIABILITY, occasions=OCCASIONS),
    errors={final.CONCENTRATION: Error(proportional=Measured(0.244, "1", f"{_TABLE}; by LC-MS/MS"))},
    left_out=(
        "interacting drugs",
        "laboratory values after the transplant",
        "prolonged-release tablets",
        "patients under 15 years",
        MISSED_DOSES,
    ),
)
