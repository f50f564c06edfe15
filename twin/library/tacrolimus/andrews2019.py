"""Tacrolimus after a kidney transplant: two compartments, absorption with a lag, and what clearance depends on.

    gut' = -ka·gut                    central' = ka·gut - (CL + Q)/V1·central + Q/V2·peripheral
    C = 1000·central/V1 (µg/L)        peripheral' = Q/V1·central - Q/V2·peripheral
    CL = 23 L/h · 1.631 where CYP3A5*1 is carried · 0.8 where CYP3A4*22 is · (age/55.72)^-0.43 · (albumin/42)^0.43
         · (surface/1.93)^0.88 · (creatinine/134.98)^-0.14 · (haematocrit/34)^-0.76
    V1 = 692 L · (lean mass/58.94)^1.52

All are apparent: bioavailability was fixed to 1 (Andrews 2019, 337 patients, the first three months).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from twin.covariates import Recorded
from twin.error import Error
from twin.library.tacrolimus.covariates import CYP3A4, CYP3A5, LEAN_MASS, ON_CLEARANCE, clearance, power
from twin.model import MISSED_DOSES, Compartment, Model, Theta
from twin.quantity import Measured, Quantity
from twin.variability import Variability

_PAPER = "Andrews 2019, Br J Clin Pharmacol 85:601, doi:10.1111/bcp.13838"
_TABLE = f"{_PAPER}, Table 2, final model; as quoted by a public implementation"
_STREAM = f"{_PAPER}, Data S1; as quoted by a public implementation"

PARAMETERS: dict[str, Quantity] = {
    "lag": Measured(0.38, "h", _TABLE),
    "absorption": Measured(3.58, "1/h", _TABLE),
    "clearance": Measured(23.0, "L/h", _TABLE),
    "central_volume": Measured(692.0, "L", _TABLE),
    "exchange": Measured(11.6, "L/h", _TABLE),
    "peripheral_volume": Measured(5340.0, "L", _TABLE),
    "clearance_ratio CYP3A5*1": Measured(1.631, "1", f"{_PAPER}, equation 1"),
    "clearance_ratio CYP3A4*22": Measured(0.8, "1", f"{_PAPER}, equation 1"),
    "exponent age_years": Measured(-0.43, "1", _TABLE),
    "exponent albumin_g_per_L": Measured(0.43, "1", _TABLE),
    "exponent body_surface_m2": Measured(0.88, "1", _TABLE),
    "exponent creatinine_umol_per_L": Measured(-0.14, "1", _TABLE),
    "exponent haematocrit_percent": Measured(-0.76, "1", _TABLE),
    "exponent lean_mass_kg": Measured(1.52, "1", _TABLE),
    "reference age_years": Measured(55.72, "years", _STREAM),
    "reference albumin_g_per_L": Measured(42.0, "g/L", _STREAM),
    "reference body_surface_m2": Measured(1.93, "m2", _STREAM),
    "reference creatinine_umol_per_L": Measured(134.98, "umol/L", _STREAM),
    "reference haematocrit_percent": Measured(34.0, "%", f"{_STREAM}, which has the fraction .34"),
    "reference lean_mass_kg": Measured(58.94, "kg", _STREAM),
}
VARIABILITY = {
    "clearance_l_per_h": Measured(0.386, "CV", _TABLE),
    "central_volume_l": Measured(0.492, "CV", _TABLE),
    "peripheral_volume_l": Measured(0.530, "CV", _TABLE),
    "exchange_l_per_h": Measured(0.787, "CV", _TABLE),
}
OCCASIONS = {"clearance_l_per_h": Measured(0.136, "CV", _TABLE)}
CONCENTRATION = "tacrolimus_ug_per_L"


class Parameters(NamedTuple):
    """Individual parameters."""

    clearance_l_per_h: Any
    central_volume_l: Any
    exchange_l_per_h: Any
    peripheral_volume_l: Any
    absorption_per_h: Any
    lag_h: Any


class Body(NamedTuple):
    """Tacrolimus in mg."""

    gut_mg: Any
    central_mg: Any
    peripheral_mg: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient with these covariates, without variability."""
    return Parameters(
        clearance_l_per_h=clearance(theta, covariates, ON_CLEARANCE),
        central_volume_l=theta["central_volume"] * power(theta, covariates, LEAN_MASS.name),
        exchange_l_per_h=theta["exchange"],
        peripheral_volume_l=theta["peripheral_volume"],
        absorption_per_h=theta["absorption"],
        lag_h=theta["lag"],
    )


def start(person: Parameters) -> Body:
    """Return the state of a patient who has never had a dose."""
    return Body(0.0, 0.0, 0.0)


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    absorbed = person.absorption_per_h * body.gut_mg
    cleared = person.clearance_l_per_h * body.central_mg / person.central_volume_l
    out = person.exchange_l_per_h * body.central_mg / person.central_volume_l
    back = person.exchange_l_per_h * body.peripheral_mg / person.peripheral_volume_l
    return Body(-absorbed, absorbed - cleared - out + back, out - back)


MODEL = Model(
    name="tacrolimus_andrews2019",
    citation=_PAPER,
    covariates=(*ON_CLEARANCE, LEAN_MASS, CYP3A5, CYP3A4),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"gut": Compartment("gut_mg", lag_h=lambda person: person.lag_h)},
    observe=lambda person, body: {CONCENTRATION: 1000.0 * body.central_mg / person.central_volume_l},
    observables={CONCENTRATION: "ug/L"},
    drug="DRUGBANK:DB00864",
    recorded={CONCENTRATION: Recorded(("LOINC:11253-2",), {"ug/L": 1.0, "ng/mL": 1.0})},
    variability=Variability(between=VARIABILITY, occasions=OCCASIONS),
    errors={CONCENTRATION: Error(proportional=Measured(0.245, "1", f"{_TABLE}; by LC-MS/MS, not by immunoassay"))},
    left_out=("interacting drugs", "covariates that change in time", "prolonged-release tablets", MISSED_DOSES),
)
