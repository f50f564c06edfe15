"""Two compartments with saturable elimination and an effect compartment; the effect inhibits a turnover's input.

    depot' = -ka depot                      central' = ka depot - Vmax C/(Km + C) - Q/V1 central + Q/V2 peripheral
    C = central/V1                          peripheral' = Q/V1 central - Q/V2 peripheral
    effect' = ke0 (C - effect)              response' = kin (1 - Imax effect/(IC50 + effect)) - kout response

Elimination after Michaelis and Menten. At rest the response is kin/kout. The values are made up.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from twin.model import Compartment, Model, Theta
from twin.quantity import Assumed, Quantity
from twin.variability import Variability

_MADE_UP = "made up: the structure is what is meant"
PARAMETERS: dict[str, Quantity] = {
    "absorption": Assumed(1.0, "1/h", _MADE_UP),
    "most_elimination": Assumed(15.0, "mg/h", f"{_MADE_UP}; Vmax"),
    "half_elimination": Assumed(2.0, "mg/L", f"{_MADE_UP}; Km"),
    "central_volume": Assumed(50.0, "L", _MADE_UP),
    "exchange": Assumed(8.0, "L/h", _MADE_UP),
    "peripheral_volume": Assumed(80.0, "L", _MADE_UP),
    "equilibration": Assumed(0.2, "1/h", f"{_MADE_UP}; ke0"),
    "input": Assumed(10.0, "1/h", f"{_MADE_UP}; kin, the response has no unit"),
    "loss": Assumed(0.1, "1/h", f"{_MADE_UP}; kout"),
    "most_inhibition": Assumed(0.9, "1", f"{_MADE_UP}; Imax"),
    "half_inhibition": Assumed(0.5, "mg/L", f"{_MADE_UP}; IC50"),
}


class Parameters(NamedTuple):
    """Individual parameters."""

    absorption_per_h: Any
    most_elimination_mg_per_h: Any
    half_elimination_mg_per_l: Any
    central_volume_l: Any
    exchange_l_per_h: Any
    peripheral_volume_l: Any
    equilibration_per_h: Any
    input_per_h: Any
    loss_per_h: Any
    most_inhibition: Any
    half_inhibition_mg_per_l: Any


class Body(NamedTuple):
    """The drug in mg, its concentration at the effect, and the response."""

    depot_mg: Any
    central_mg: Any
    peripheral_mg: Any
    effect_mg_per_l: Any
    response: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient."""
    return Parameters(*(theta[name] for name in PARAMETERS))


def start(person: Parameters) -> Body:
    """Return the state at rest."""
    return Body(0.0, 0.0, 0.0, 0.0, person.input_per_h / person.loss_per_h)


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    concentration = body.central_mg / person.central_volume_l
    absorbed = person.absorption_per_h * body.depot_mg
    exchanged = person.exchange_l_per_h * (concentration - body.peripheral_mg / person.peripheral_volume_l)
    eliminated = person.most_elimination_mg_per_h * concentration / (person.half_elimination_mg_per_l + concentration)
    effect = body.effect_mg_per_l
    inhibited = person.most_inhibition * effect / (person.half_inhibition_mg_per_l + effect)
    return Body(
        -absorbed,
        absorbed - eliminated - exchanged,
        exchanged,
        person.equilibration_per_h * (concentration - effect),
        person.input_per_h * (1 - inhibited) - person.loss_per_h * body.response,
    )


def observe(person: Parameters, body: Body) -> dict[str, Any]:
    """Return the concentration and the response."""
    return {"concentration": body.central_mg / person.central_volume_l, "response": body.response}


MODEL = Model(
    name="generic_michaelis_menten",
    citation="the structure of Michaelis and Menten 1913, with that of Dayneka 1993, doi:10.1007/BF01061691",
    covariates=(),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"depot": Compartment("depot_mg"), "central": Compartment("central_mg")},
    observe=observe,
    observables={"concentration": "mg/L", "response": "1"},
    variability=Variability(
        between={name: Assumed(0.3, "CV", _MADE_UP) for name in Parameters._fields if name != "most_inhibition"}
    ),
    left_out=("all covariates",),
)
