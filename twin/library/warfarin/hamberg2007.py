"""Warfarin: dose to INR with age, CYP2C9 and VKORC1 (Hamberg 2007).

S-warfarin, half of the racemic dose, is absorbed from the gut (rate ka) into two compartments (L, L/h):

    gut' = -ka·gut        central' = ka·gut - (CL + Q)/V1·central + Q/V2·peripheral
    C = central/V1        peripheral' = Q/V1·central - Q/V2·peripheral
    CL = 0.314 L/h · (1 - reduction by CYP2C9) · (1 - 0.0091·(age - 71))

It inhibits the synthesis of clotting factors, which pass through two transit chains, A1 ... A6 and A7, all 1 at first:

    I = C^γ / (EC50^γ + C^γ), EC50 by VKORC1        A1' = ktr1·(1 - I - A1),  Ai' = ktr1·(Ai-1 - Ai)
    INR = BASE + 20·(1 - A6·A7)^λ                    A7' = ktr2·(1 - I - A7)

The state keeps the depletion 1 - Ai, which starts at 0. Values and their sources: `hamberg2007_values`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp

from twin.library.warfarin.covariates import AGE, CYP2C9, DRUG, INR_CODES, VKORC1
from twin.library.warfarin.hamberg2007_values import ERRORS, INR, PAPER, PARAMETERS, S_WARFARIN, VARIABILITY
from twin.model import MISSED_DOSES, Compartment, Model, Theta
from twin.variability import Variability

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
    citation=PAPER,
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
