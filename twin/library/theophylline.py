"""Theophylline: one compartment, first-order absorption, in twelve adults (Boeckmann, Sheiner and Beal 1994).

    gut' = -ka·gut        central' = ka·gut - CL/V·central        C = central/V

ka, CL and V are log-normal between patients.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from twin.covariates import Recorded
from twin.error import Error
from twin.model import Compartment, Model, Theta
from twin.quantity import Measured, Quantity
from twin.variability import Variability

_DATA = "Boeckmann, Sheiner and Beal 1994, NONMEM Users Guide part V"
_FIT = f"12 subjects of {_DATA}, fitted by nlmixr2's FOCEI, as its documentation prints it"

PARAMETERS: dict[str, Quantity] = {
    "absorption": Measured(1.590, "1/h", _FIT),
    "clearance": Measured(2.752, "L/h", _FIT),
    "volume": Measured(31.81, "L", _FIT),
}
VARIABILITY = {
    "absorption_per_h": Measured(0.704, "CV", _FIT),
    "clearance_l_per_h": Measured(0.267, "CV", _FIT),
    "volume_l": Measured(0.139, "CV", _FIT),
}
CONCENTRATION = "theophylline_mg_per_L"


class Parameters(NamedTuple):
    """Individual parameters."""

    absorption_per_h: Any
    clearance_l_per_h: Any
    volume_l: Any


class Body(NamedTuple):
    """Theophylline in mg."""

    gut_mg: Any
    central_mg: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient, without variability."""
    return Parameters(theta["absorption"], theta["clearance"], theta["volume"])


def start(person: Parameters) -> Body:
    """Return the state of a patient who has never had a dose."""
    return Body(0.0, 0.0)


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    absorbed = person.absorption_per_h * body.gut_mg
    return Body(-absorbed, absorbed - person.clearance_l_per_h / person.volume_l * body.central_mg)


def observe(person: Parameters, body: Body) -> dict[str, Any]:
    """Return the concentration."""
    return {CONCENTRATION: body.central_mg / person.volume_l}


MODEL = Model(
    name="theophylline_boeckmann1994",
    citation=_DATA,
    covariates=(),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"gut": Compartment("gut_mg")},
    observe=observe,
    observables={CONCENTRATION: "mg/L"},
    drug="DRUGBANK:DB00277",
    recorded={CONCENTRATION: Recorded(("LOINC:4049-3",), {"mg/L": 1.0, "ug/mL": 1.0})},
    variability=Variability(between=VARIABILITY),
    errors={CONCENTRATION: Error(additive=Measured(0.694, "mg/L", _FIT))},
    left_out=("weight", "smoking, age and heart failure, on which clearance depends", "clearance that saturates"),
)
