"""Warfarin: dose to INR with age, CYP2C9 and VKORC1 (Hamberg 2007).

S-warfarin, half of the racemic dose, is absorbed from the gut (rate ka) into two compartments (L, L/h):

    gut' = -ka·gut        central' = ka·gut - (CL + Q)/V1·central + Q/V2·peripheral
    C = central/V1        peripheral' = Q/V1·central - Q/V2·peripheral
    CL = 0.314 L/h · (1 - reduction by CYP2C9) · (1 - 0.0091·(age - 71))

It inhibits the synthesis of clotting factors, which pass through two transit chains, A1 ... A6 and A7, all 1 at first:

    I = C^γ / (EC50^γ + C^γ), EC50 by VKORC1        A1' = ktr1·(1 - I - A1),  Ai' = ktr1·(Ai-1 - Ai)
    INR = BASE + 20·(1 - A6·A7)^λ                    A7' = ktr2·(1 - I - A7)

The state keeps the depletion 1 - Ai, which starts at 0.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp

from twin.error import Error
from twin.library.warfarin.covariates import AGE, CYP2C9, DRUG, INR_CODES, VKORC1
from twin.model import MISSED_DOSES, Compartment, Model, Theta
from twin.quantity import Assumed, Measured, Quantity
from twin.variability import Variability

_PAPER = "Hamberg 2007, Clin Pharmacol Ther 81:529, doi:10.1038/sj.clpt.6100084"
_QUOTED = "; as quoted alike by two public implementations"
_TABLE_2 = f"{_PAPER}, Table 2{_QUOTED}"
_TABLE_4 = f"{_PAPER}, Table 4{_QUOTED}"
_APPENDIX = f"{_PAPER}, Appendix{_QUOTED}"

PARAMETERS: dict[str, Quantity] = {
    "S_share": Measured(0.5, "1", "warfarin is a racemate: half of the dose is S-warfarin"),
    "clearance": Measured(0.314, "L/h", f"{_TABLE_2}; CYP2C9 *1/*1, 71 years"),
    "clearance_age": Measured(-0.0091, "1/year", f"{_TABLE_2}; sign and linear form from the text"),
    "reference_age": Measured(71.0, "years", _TABLE_2),
    "clearance_reduction *1/*2": Measured(0.315, "1", _TABLE_2),
    "clearance_reduction *1/*3": Measured(0.453, "1", _TABLE_2),
    "clearance_reduction *2/*2": Measured(0.722, "1", _TABLE_2),
    "clearance_reduction *2/*3": Measured(0.690, "1", _TABLE_2),
    "clearance_reduction *3/*3": Measured(0.852, "1", _TABLE_2),
    "central_volume": Measured(13.8, "L", _TABLE_2),
    "exchange": Measured(0.131, "L/h", _TABLE_2),
    "peripheral_volume": Measured(6.59, "L", _TABLE_2),
    "absorption": Measured(2.0, "1/h", f"{_TABLE_2}; fixed by the authors"),
    "EC50 GG": Measured(4.61, "mg/L", _TABLE_4),
    "EC50 GA": Measured(3.02, "mg/L", _TABLE_4),
    "EC50 AA": Measured(2.20, "mg/L", _TABLE_4),
    "steepness": Measured(0.424, "1", f"{_TABLE_4}; γ"),
    "short_transit": Measured(11.6, "h", f"{_TABLE_4}; MTT1"),
    "long_transit": Measured(120.0, "h", f"{_TABLE_4}; MTT2"),
    "INR_exponent": Measured(3.61, "1", f"{_TABLE_4}; λ"),
    "INR_rise": Measured(20.0, "1", f"{_APPENDIX}; fixed by the authors"),
    "short_transit_steps": Assumed(
        6.0,
        "1",
        "ktr1 = 6/MTT1: MTT1 spans the six compartments. The Appendix is quoted as ktr1 = 1/MTT1, but then the INR"
        " after a single dose peaks on day 5, where prothrombin activity is lowest on day 2 (O'Reilly 1968, Circulation"
        " 38:169). The steady state is the same; on day 3 of 5 mg a day (71 years, *1/*1, GG) the INR is 1.23,"
        " with 1/MTT1 1.05",
    ),
    "INR_base": Assumed(
        1.0, "1", "the paper takes each patient's INR before treatment, and reports none; healthy is 1"
    ),
}

_OMEGA = "; the percentage is taken as the CV of a log-normal parameter, and correlations, which are not quoted, as 0"
VARIABILITY = {
    "clearance_l_per_h": Assumed(0.310, "CV", _TABLE_2 + _OMEGA),
    "central_volume_l": Assumed(0.262, "CV", _TABLE_2 + _OMEGA),
    "peripheral_volume_l": Assumed(0.991, "CV", _TABLE_2 + _OMEGA),
    "ec50_mg_per_l": Assumed(0.409, "CV", _TABLE_4 + _OMEGA),
    "short_transit_h": Assumed(0.141, "CV", _TABLE_4 + _OMEGA),
    "long_transit_h": Assumed(1.02, "CV", _TABLE_4 + _OMEGA),
}

INR, S_WARFARIN = "INR", "S_warfarin_mg_per_L"
_SIGMA = "; taken as the standard deviation of the logarithm, which the quotations do not settle"
_VARIANCE = "; quoted as 0.0325 and taken for its variance: the SD is √0.0325 (docs/decisions/0024)"
ERRORS = {
    INR: Error(on_log=Assumed(0.1803, "1", _TABLE_4 + _VARIANCE)),
    S_WARFARIN: Error(on_log=Assumed(0.301, "1", _TABLE_2 + "; √0.0908, quoted after a single dose" + _SIGMA)),
}

LEFT_OUT = (
    "R-warfarin, whose effect on the INR the authors tested and did not find",
    "variability between occasions: diet, illness, a patient's own drift",
    "interacting drugs, and inducers or inhibitors of CYP2C9",
    MISSED_DOSES,
    "extra doses",
    "body weight, sex, ancestry and other genes, which are not in the published model",
    "uncertainty of the published parameters themselves",
)

CHAIN = 6


class Parameters(NamedTuple):
    """Individual parameters."""

    clearance_l_per_h: Any
    central_volume_l: Any
    peripheral_volume_l: Any
    ec50_mg_per_l: Any
    short_transit_h: Any
    long_transit_h: Any
    exchange_l_per_h: Any
    absorption_per_h: Any
    s_share: Any
    steepness: Any
    short_steps: Any
    inr_base: Any
    inr_rise: Any
    inr_exponent: Any


class Body(NamedTuple):
    """S-warfarin in mg, and 1 - A of the two chains."""

    gut_mg: Any
    central_mg: Any
    peripheral_mg: Any
    short_chain: Any  # [compartment]
    long_chain: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient with these covariates, without variability."""
    lost = [0.0, *(theta[f"clearance_reduction {pair}"] for pair in CYP2C9.levels[1:])]
    ec50 = [theta[f"EC50 {pair}"] for pair in VKORC1.levels]
    older = covariates["age_years"] - theta["reference_age"]
    return Parameters(
        clearance_l_per_h=theta["clearance"]
        * (1.0 - jnp.array(lost)[covariates["CYP2C9"]])
        * (1.0 + theta["clearance_age"] * older),
        central_volume_l=theta["central_volume"],
        peripheral_volume_l=theta["peripheral_volume"],
        ec50_mg_per_l=jnp.array(ec50)[covariates["VKORC1"]],
        short_transit_h=theta["short_transit"],
        long_transit_h=theta["long_transit"],
        exchange_l_per_h=theta["exchange"],
        absorption_per_h=theta["absorption"],
        s_share=theta["S_share"],
        steepness=theta["steepness"],
        short_steps=theta["short_transit_steps"],
        inr_base=theta["INR_base"],
        inr_rise=theta["INR_rise"],
        inr_exponent=theta["INR_exponent"],
    )


def start(person: Parameters) -> Body:
    """Return the state of a patient who has never taken warfarin."""
    return Body(0.0, 0.0, 0.0, jnp.zeros(CHAIN), 0.0)


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    absorbed = person.absorption_per_h * body.gut_mg
    out = person.exchange_l_per_h * body.central_mg / person.central_volume_l
    back = person.exchange_l_per_h * body.peripheral_mg / person.peripheral_volume_l
    concentration = body.central_mg / person.central_volume_l
    inhibited = _inhibition(person, concentration)
    before = jnp.concatenate([inhibited[None], body.short_chain[:-1]])
    return Body(
        gut_mg=-absorbed,
        central_mg=absorbed - person.clearance_l_per_h * concentration - out + back,
        peripheral_mg=out - back,
        short_chain=person.short_steps / person.short_transit_h * (before - body.short_chain),
        long_chain=(inhibited - body.long_chain) / person.long_transit_h,
    )


def _inhibition(person: Parameters, concentration: Any) -> Any:
    """Return the share of synthesis that a concentration inhibits; the power's slope at 0 is kept out of gradients."""
    present = concentration > 0
    powered = jnp.exp(person.steepness * jnp.log(jnp.where(present, concentration, 1.0) / person.ec50_mg_per_l))
    return jnp.where(present, powered / (1.0 + powered), 0.0)


def observe(person: Parameters, body: Body) -> dict[str, Any]:
    """Return the INR and the concentration of S-warfarin."""
    depleted = 1.0 - (1.0 - body.short_chain[-1]) * (1.0 - body.long_chain)
    return {
        INR: person.inr_base + person.inr_rise * depleted**person.inr_exponent,
        S_WARFARIN: body.central_mg / person.central_volume_l,
    }


MODEL = Model(
    name="warfarin_hamberg2007",
    citation=_PAPER,
    covariates=(AGE, CYP2C9, VKORC1),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"gut": Compartment("gut_mg", bioavailability=lambda person: person.s_share)},
    observe=observe,
    observables={INR: "1", S_WARFARIN: "mg/L"},
    drug=DRUG,
    recorded={INR: INR_CODES},
    variability=Variability(between=VARIABILITY),
    errors=ERRORS,
    left_out=LEFT_OUT,
)
