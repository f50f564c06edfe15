"""Phenobarbital in newborn infants: one compartment, doses into a vein (Grasela and Donn 1985).

    central' = -CL/V · central        C = central/V

CL and V are log-normal between infants; their weight is not in this fit.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from twin.covariates import Recorded
from twin.error import Error
from twin.model import Compartment, Model, Theta
from twin.quantity import Measured, Quantity
from twin.variability import Variability

_DATA = "Grasela and Donn 1985, Dev Pharmacol Ther 8:374"
_FIT = f"59 infants of {_DATA}, fitted by R's nlme 3.1-162"

PARAMETERS: dict[str, Quantity] = {
    "clearance": Measured(0.006138, "L/h", f"{_FIT}: ln CL -5.093242"),
    "volume": Measured(1.408512, "L", f"{_FIT}: ln V 0.342534"),
}
VARIABILITY = {
    "clearance_l_per_h": Measured(0.440210, "SD(log)", _FIT),
    "volume_l": Measured(0.450440, "SD(log)", _FIT),
}
CONCENTRATION = "phenobarbital_mg_per_L"


class Parameters(NamedTuple):
    """Individual parameters."""

    clearance_l_per_h: Any
    volume_l: Any


class Body(NamedTuple):
    """Phenobarbital in mg."""

    central_mg: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of an infant, without variability."""
    return Parameters(theta["clearance"], theta["volume"])


def start(infant: Parameters) -> Body:
    """Return the state of an infant who has never had a dose."""
    return Body(0.0)


def rates(infant: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    return Body(-infant.clearance_l_per_h / infant.volume_l * body.central_mg)


def observe(infant: Parameters, body: Body) -> dict[str, Any]:
    """Return the concentration."""
    return {CONCENTRATION: body.central_mg / infant.volume_l}


MODEL = Model(
    name="phenobarbital_grasela1985",
    citation=_DATA,
    covariates=(),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"vein": Compartment("central_mg")},
    observe=observe,
    observables={CONCENTRATION: "mg/L"},
    drug="DRUGBANK:DB01174",
    recorded={CONCENTRATION: Recorded(("LOINC:3948-7",), {"mg/L": 1.0, "ug/mL": 1.0})},
    variability=Variability(between=VARIABILITY),
    errors={CONCENTRATION: Error(additive=Measured(2.792742, "mg/L", _FIT))},
    left_out=(
        "weight and the Apgar score, on which clearance and volume depend: the fit with weight did not converge",
        "the correlation of clearance and volume",
        "growth, and clearance that matures in the weeks after birth",
    ),
)
