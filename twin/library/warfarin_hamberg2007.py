"""Warfarin: dose to INR with age, CYP2C9 and VKORC1 (Hamberg 2007).

S-warfarin, half of the racemic dose, is absorbed from the gut (rate ka) into two compartments (L, L/h):

    gut' = -ka·gut        central' = ka·gut - (CL + Q)/V1·central + Q/V2·peripheral
    C = central/V1        peripheral' = Q/V1·central - Q/V2·peripheral
    CL = 0.314 L/h · (1 - reduction by CYP2C9) · (1 - 0.0091·(age - 71))

It inhibits the synthesis of clotting factors, which pass through two transit chains, A1 ... A6 and A7, all 1 at first:

    I = C^γ / (EC50^γ + C^γ), EC50 by VKORC1        A1' = ktr1·(1 - I - A1),  Ai' = ktr1·(Ai-1 - Ai)
    INR = BASE + 20·(1 - A6·A7)^λ                    A7' = ktr2·(1 - I - A7)

The state keeps the depletion 1 - Ai, which starts at 0. The kinetics and the chains are linear, so the state is carried
over an interval in closed form; only the drive I(C(t)) is integrated, by quadrature.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from twin.model import MISSED_DOSES, Assumed, Continuous, Floats, Genotype, Measured, Model, Quantity
from twin.solve import Modes, carry_chain, graded_nodes, in_passage, transit_response, two_compartment_modes

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
_SIGMA = "; taken as the standard deviation of the logarithm, which the quotations do not settle (it may be a variance)"
RESIDUAL = {
    INR: Assumed(0.0325, "1", _TABLE_4 + _SIGMA),
    S_WARFARIN: Assumed(0.301, "1", _TABLE_2 + "; at steady state, 0.0908 after a single dose" + _SIGMA),
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

AGE = Continuous("age_years", "years", 18.0, 110.0)
CYP2C9 = Genotype("CYP2C9", ("*1", "*2", "*3"), "/")
VKORC1 = Genotype("VKORC1", ("G", "A"), "", {"rs9923231 reference (C)": "G", "rs9923231 variant (T)": "A"})
"""-1639G>A (rs9923231), written on the gene's strand; a genome's call names the bases of the plus strand."""

CHAIN = 6


class Parameters(NamedTuple):
    """Individual parameters, [patient] each."""

    clearance_l_per_h: Any
    central_volume_l: Any
    peripheral_volume_l: Any
    ec50_mg_per_l: Any
    short_transit_h: Any
    long_transit_h: Any


class Body(NamedTuple):
    """A patient's state: S-warfarin in the gut and in the two modes of the central compartment; 1 - A of the chains."""

    gut_mg: Any
    fast_mg: Any
    slow_mg: Any
    short_chain: Any  # [compartment, patient]
    long_chain: Any


class Passage(NamedTuple):
    """What an interval does: decay and absorption at its nodes [node, patient], and at its end [patient]."""

    fast_at: Any
    slow_at: Any
    absorbed_at: Any
    gut_left: Any
    fast_left: Any
    slow_left: Any
    absorbed_fast: Any
    absorbed_slow: Any
    short_left: Any  # [compartment, patient]
    short_weights: Any  # [compartment, node, patient]
    long_left: Any
    long_weights: Any  # [node, patient]


def _value(name: str) -> float:
    return PARAMETERS[name].value


def typical(covariates: Mapping[str, NDArray[Any]]) -> Parameters:
    """Return the individual parameters of patients with these covariates, without variability."""
    age = np.asarray(covariates["age_years"], dtype=np.float64)
    kept = {pair: 1.0 - _value(f"clearance_reduction {pair}") for pair in CYP2C9.diplotypes[1:]} | {"*1/*1": 1.0}
    ec50 = {pair: _value(f"EC50 {pair}") for pair in VKORC1.diplotypes}
    everyone = np.ones_like(age)
    return Parameters(
        clearance_l_per_h=_value("clearance")
        * np.array([kept[str(pair)] for pair in covariates["CYP2C9"]])
        * (1.0 + _value("clearance_age") * (age - _value("reference_age"))),
        central_volume_l=_value("central_volume") * everyone,
        peripheral_volume_l=_value("peripheral_volume") * everyone,
        ec50_mg_per_l=np.array([ec50[str(pair)] for pair in covariates["VKORC1"]]),
        short_transit_h=_value("short_transit") * everyone,
        long_transit_h=_value("long_transit") * everyone,
    )


def start(patients: int) -> Body:
    """Return the state of patients who have never taken warfarin."""
    nothing: Floats = np.zeros(patients)
    return Body(nothing, nothing, nothing, np.zeros((CHAIN, patients)), nothing)


def propagator(individuals: Parameters, hours: jax.Array) -> Passage:
    """Return what an interval of `hours` does to each patient."""
    modes = _modes(individuals)
    absorption = jnp.asarray(_value("absorption"))
    at, weights = graded_nodes(hours)
    at, weights = at[:, jnp.newaxis], weights[:, jnp.newaxis]
    short_rate = _value("short_transit_steps") / individuals.short_transit_h
    long_rate = 1.0 / individuals.long_transit_h

    def absorbed(t: jax.Array) -> tuple[jax.Array, jax.Array]:
        fast = modes.fast_share * in_passage(absorption, modes.fast_per_h, t)
        slow = modes.slow_share * in_passage(absorption, modes.slow_per_h, t)
        return absorption * fast, absorption * slow

    absorbed_fast, absorbed_slow = absorbed(hours)
    return Passage(
        fast_at=jnp.exp(-modes.fast_per_h * at),
        slow_at=jnp.exp(-modes.slow_per_h * at),
        absorbed_at=sum(absorbed(at)),
        gut_left=jnp.exp(-absorption * hours) * jnp.ones_like(long_rate),
        fast_left=jnp.exp(-modes.fast_per_h * hours),
        slow_left=jnp.exp(-modes.slow_per_h * hours),
        absorbed_fast=absorbed_fast,
        absorbed_slow=absorbed_slow,
        short_left=transit_response(short_rate, hours, CHAIN),
        short_weights=short_rate * weights * transit_response(short_rate, hours - at, CHAIN),
        long_left=jnp.exp(-long_rate * hours),
        long_weights=long_rate * weights * jnp.exp(-long_rate * (hours - at)),
    )


def _modes(individuals: Parameters) -> Modes:
    exchange = _value("exchange")
    return two_compartment_modes(
        individuals.clearance_l_per_h / individuals.central_volume_l,
        exchange / individuals.central_volume_l,
        exchange / individuals.peripheral_volume_l,
    )


def advance(individuals: Parameters, passage: Passage, body: Body, dose_mg: jax.Array) -> Body:
    """Return the state at the end of an interval at whose start each patient took `dose_mg` of racemic warfarin."""
    gut = body.gut_mg + _value("S_share") * dose_mg
    central = passage.fast_at * body.fast_mg + passage.slow_at * body.slow_mg + passage.absorbed_at * gut
    inhibited = _inhibition(individuals, central / individuals.central_volume_l)
    return Body(
        gut_mg=passage.gut_left * gut,
        fast_mg=passage.fast_left * body.fast_mg + passage.absorbed_fast * gut,
        slow_mg=passage.slow_left * body.slow_mg + passage.absorbed_slow * gut,
        short_chain=carry_chain(passage.short_left, body.short_chain)
        + jnp.sum(passage.short_weights * inhibited, axis=1),
        long_chain=passage.long_left * body.long_chain + jnp.sum(passage.long_weights * inhibited, axis=0),
    )


def _inhibition(individuals: Parameters, concentration: jax.Array) -> jax.Array:
    """Return the share of synthesis that a concentration inhibits; the power's slope at 0 is kept out of gradients."""
    present = concentration > 0
    ratio = jnp.where(present, concentration, 1.0) / individuals.ec50_mg_per_l
    powered = ratio ** _value("steepness")
    return jnp.where(present, powered / (1.0 + powered), 0.0)


def observe(individuals: Parameters, body: Body) -> dict[str, jax.Array]:
    """Return the INR and the concentration of S-warfarin, [patient] each."""
    depleted = 1.0 - (1.0 - body.short_chain[-1]) * (1.0 - body.long_chain)
    return {
        INR: _value("INR_base") + _value("INR_rise") * depleted ** _value("INR_exponent"),
        S_WARFARIN: (body.fast_mg + body.slow_mg) / individuals.central_volume_l,
    }


MODEL = Model(
    name="warfarin_hamberg2007",
    citation=_PAPER,
    covariates=(AGE, CYP2C9, VKORC1),
    parameters=PARAMETERS,
    variability=VARIABILITY,
    residual=RESIDUAL,
    observables={INR: "1", S_WARFARIN: "mg/L"},
    left_out=LEFT_OUT,
    longest_step_h=24.0,
    typical=typical,
    start=start,
    propagator=propagator,
    advance=advance,
    observe=observe,
)
