"""Warfarin: dose to INR with age, CYP2C9 and VKORC1 alleles, in more than 1,500 patients (Hamberg 2010).

S-warfarin, half of the racemic dose, is absorbed from the gut (rate ka) into one compartment. The paper is K-PD: it saw
INRs alone, so that the amount A drives the effect by the rate CL/V·A against EDK50 = CL·EC50, which is C against EC50:

    gut' = -ka·gut        central' = ka·gut - CL·C        C = central/V
    CL = (CL of one CYP2C9 allele + CL of the other)·(1 - 0.00571·(age - 71))
    EC50 = EC50 of one VKORC1 allele + EC50 of the other

It inhibits the synthesis of two clotting factors, each by a chain of three, all 1 at first (the state has 1 - F):

    I = Emax·C^γ / (EC50^γ + C^γ)        F1' = k1·(1 - I - F1),  Fi' = k1·(Fi-1 - Fi),  k1 = 3/MTT1; so k2 = 3/MTT2
    INR = BASE + 20·(1 - (F1,3 + F2,3)/2)
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp

from twin.error import Error
from twin.library.warfarin import hamberg2007
from twin.library.warfarin.covariates import CYP2C9, VKORC1
from twin.library.warfarin.hamberg2007_values import INR, S_WARFARIN
from twin.model import Theta
from twin.quantity import Assumed, Measured, Quantity
from twin.variability import Variability

_PAPER = "Hamberg 2010, Clin Pharmacol Ther 87:727, doi:10.1038/clpt.2010.37"
_QUOTED = f"{_PAPER}; as quoted by two public implementations"

PARAMETERS: dict[str, Quantity] = {
    "S_share": Measured(0.5, "1", "warfarin is a racemate: half of the dose is S-warfarin"),
    "clearance *1": Measured(0.174, "L/h", f"{_QUOTED}; of an allele, 71 years"),
    "clearance *2": Measured(0.0879, "L/h", f"{_QUOTED}; of an allele, 71 years"),
    "clearance *3": Measured(0.0422, "L/h", f"{_QUOTED}; of an allele, 71 years"),
    "clearance_age": Measured(-0.00571, "1/year", f"{_QUOTED}; one of them has the sign that makes clearance rise"),
    "reference_age": Measured(71.0, "years", _QUOTED),
    "volume": Measured(14.3, "L", _QUOTED),
    "absorption": Measured(2.0, "1/h", f"{_QUOTED}; fixed by the authors"),
    "EC50 G": Measured(2.05, "mg/L", f"{_QUOTED}; of an allele"),
    "EC50 A": Measured(0.96, "mg/L", f"{_QUOTED}; of an allele"),
    "steepness": Measured(1.15, "1", f"{_QUOTED}; γ"),
    "most_inhibited": Measured(1.0, "1", f"{_QUOTED}; Emax, fixed by the authors"),
    "short_transit": Measured(28.6, "h", f"{_QUOTED}; MTT1"),
    "long_transit": Measured(118.3, "h", f"{_QUOTED}; MTT2"),
    "INR_rise": Measured(20.0, "1", f"{_QUOTED}; fixed by the authors"),
    "INR_base": Assumed(1.0, "1", "the paper takes each patient's INR before treatment; healthy is 1"),
}

_DISPUTED = "; the two disagree whether .34 (EC50), .089 (CL) and .054 (V) are variances, CVs or SDs of the logarithm"
VARIABILITY = {
    "clearance_l_per_h": Assumed(0.089, "SD(log)", "√(.089² - .054²) is one's .071 of CL/V" + _DISPUTED),
    "volume_l": Assumed(0.054, "SD(log)", "read as a standard deviation, as one of them does" + _DISPUTED),
    "ec50_mg_per_l": Assumed(0.240, "SD(log)", "one states it: .34/√2, of two alleles apart" + _DISPUTED),
}
_SIGMA = "; one implementation takes it as the standard deviation of the logarithm, the other its square root"
ERRORS = {
    INR: Error(on_log=Assumed(0.19, "1", _QUOTED + "; the other quotes .20" + _SIGMA)),
    S_WARFARIN: Error(on_log=Assumed(0.099, "1", _QUOTED + _SIGMA)),
}


class Parameters(NamedTuple):
    """Individual parameters."""

    clearance_l_per_h: Any
    volume_l: Any
    ec50_mg_per_l: Any
    short_transit_h: Any
    long_transit_h: Any
    absorption_per_h: Any
    s_share: Any
    steepness: Any
    most_inhibited: Any
    inr_base: Any
    inr_rise: Any


class Body(NamedTuple):
    """S-warfarin in mg, and 1 - F of the two chains, [compartment]."""

    gut_mg: Any
    central_mg: Any
    short_chain: Any
    long_chain: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient with these covariates, without variability."""
    clearance = {allele: theta[f"clearance {allele}"] for allele in CYP2C9.alleles}
    ec50 = {allele: theta[f"EC50 {allele}"] for allele in VKORC1.alleles}
    cleared = jnp.array([sum(clearance[allele] for allele in pair.split("/")) for pair in CYP2C9.levels])
    sensitive = jnp.array([sum(ec50[allele] for allele in pair) for pair in VKORC1.levels])
    aged = 1.0 + theta["clearance_age"] * (covariates["age_years"] - theta["reference_age"])
    return Parameters(
        clearance_l_per_h=cleared[covariates["CYP2C9"]] * aged,
        volume_l=theta["volume"],
        ec50_mg_per_l=sensitive[covariates["VKORC1"]],
        short_transit_h=theta["short_transit"],
        long_transit_h=theta["long_transit"],
        absorption_per_h=theta["absorption"],
        s_share=theta["S_share"],
        steepness=theta["steepness"],
        most_inhibited=theta["most_inhibited"],
        inr_base=theta["INR_base"],
        inr_rise=theta["INR_rise"],
    )


def start(person: Parameters) -> Body:
    """Return the state of a patient who has never taken warfarin."""
    return Body(0.0, 0.0, jnp.zeros(3), jnp.zeros(3))


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour; the power's slope at 0 is kept out of gradients."""
    concentration = body.central_mg / person.volume_l
    present = concentration > 0
    powered = (jnp.where(present, concentration, 1.0) / person.ec50_mg_per_l) ** person.steepness
    inhibited = jnp.where(present, person.most_inhibited * powered / (1.0 + powered), 0.0)[None]
    short, long = (jnp.concatenate([inhibited, chain[:-1]]) for chain in (body.short_chain, body.long_chain))
    return Body(
        gut_mg=-person.absorption_per_h * body.gut_mg,
        central_mg=person.absorption_per_h * body.gut_mg - person.clearance_l_per_h * concentration,
        short_chain=3.0 / person.short_transit_h * (short - body.short_chain),
        long_chain=3.0 / person.long_transit_h * (long - body.long_chain),
    )


def observe(person: Parameters, body: Body) -> dict[str, Any]:
    """Return the INR and the concentration of S-warfarin."""
    depleted = (body.short_chain[-1] + body.long_chain[-1]) / 2.0
    return {INR: person.inr_base + person.inr_rise * depleted, S_WARFARIN: body.central_mg / person.volume_l}


MODEL = replace(
    hamberg2007.MODEL,
    name="warfarin_hamberg2010",
    citation=_PAPER,
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    observe=observe,
    variability=Variability(between=VARIABILITY),
    errors=ERRORS,
    left_out=("R-warfarin", "variability of the K-PD elimination rate, quoted as .589", *hamberg2007.LEFT_OUT[1:]),
)
