"""Type 1 diabetes: meals, insulin and glucose in the UVA/Padova simulator's virtual patients (Dalla Man 2014).

Glucose in plasma and tissue (Gp, Gt: mg/kg), insulin in liver, plasma and under the skin (Il, Ip, I1, I2: pmol/kg), its
delayed action (I', XL, X: pmol/L), a meal in stomach and gut (Q1, Q2, Qgut: mg); rates a minute, BW in kg:

    Q1' = -kmax·Q1        Q2' = kmax·Q1 - kgut·Q2        Qgut' = kgut·Q2 - kabs·Qgut        Ra = f·kabs·Qgut/BW
    kgut = kmin + (kmax - kmin)/2·(tanh(α·(Q1 + Q2 - b·D)) - tanh(β·(Q1 + Q2 - d·D)) + 2),
           α = 5/(2D·(1 - b)),  β = 5/(2D·d),  D what was in the stomach when the last meal was eaten
    Gp' = max(kp1 - kp2·Gp - kp3·XL, 0) + Ra - Fsnc - ke1·max(Gp - ke2, 0) - k1·Gp + k2·Gt,    G = Gp/Vg
    Gt' = k1·Gp - k2·Gt - (Vm0 + Vmx·X)·Gt/(Km0 + Gt)
    Ip' = -(m2 + m4)·Ip + m1·Il + ka1·I1 + ka2·I2        Il' = -(m1 + m30)·Il + m2·Ip        I = Ip/Vi
    X' = -p2u·(X - I + Ib)        I'' = -ki·(I' - I)        XL' = -ki·(XL - I')
    I1' = u/BW - (ka1 + kd)·I1        I2' = kd·I1 - ka2·I2        Gs' = -ksc·(Gs - Gp)

A meal enters a mouth that empties within minutes; while it does, D follows what is in mouth and stomach.
"""

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from twin.covariates import Continuous
from twin.model import Compartment, Model, Theta
from twin.quantity import Assumed, Measured, Quantity

_PAPER = "Dalla Man 2014, J Diabetes Sci Technol 8:26, doi:10.1177/1932296813514502"
_MEALS = "Dalla Man 2007, IEEE Trans Biomed Eng 54:1740, doi:10.1109/TBME.2007.893506"

PARAMETERS: dict[str, Quantity] = {
    "insulin": Measured(6000.0, "pmol/U", f"{_PAPER}; by convention"),
    "gram": Measured(1000.0, "mg/g", "by definition"),
    "eating": Assumed(60.0, "1/h", "a meal is in the stomach within minutes; the papers give it at once"),
    "following": Assumed(300.0, "1/h", "D follows mouth and stomach faster than the mouth empties"),
    "crumbs": Assumed(0.05, "1", "D stands still once the mouth has less than this share of it"),
}
BOUNDS = {
    "BW": ("kg", 18, 140), "kabs": ("1/min", 0.017, 1.6), "kmax": ("1/min", 0.01, 0.086),
    "kmin": ("1/min", 0.0022, 0.032), "b": ("1", 0.45, 1), "d": ("1", 0.071, 0.43), "f": ("1", 0.72, 1.2),
    "Vg": ("dL/kg", 1.2, 2.8), "kp1": ("mg/kg/min", 2.8, 15), "kp2": ("1/min", 0.0015, 0.03),
    "kp3": ("mg/kg/min per pmol/L", 0.0036, 0.033), "Fsnc": ("mg/kg/min", 0.8, 1.3),
    "ke1": ("1/min", 0.0004, 0.00063), "ke2": ("mg/kg", 270, 430), "k1": ("1/min", 0.026, 0.14),
    "k2": ("1/min", 0.039, 0.36), "Vm0": ("mg/kg/min", 1.6, 18), "Vmx": ("mg/kg/min per pmol/L", 0.013, 0.2),
    "Km0": ("mg/kg", 140, 350), "m1": ("1/min", 0.087, 0.57), "m2": ("1/min", 0.1, 0.52),
    "m30": ("1/min", 0.13, 0.85), "m4": ("1/min", 0.04, 0.21), "Vi": ("L/kg", 0.027, 0.1),
    "p2u": ("1/min", 0.013, 0.11), "ki": ("1/min", 0.0022, 0.056), "ka1": ("1/min", 0.0015, 0.011),
    "ka2": ("1/min", 0.0062, 0.035), "kd": ("1/min", 0.01, 0.026), "ksc": ("1/min", 0.04, 0.19),
    "Ib": ("pmol/L", 66, 180), "Gpb": ("mg/kg", 180, 410), "Gtb": ("mg/kg", 24, 490), "Ilb": ("pmol/kg", 1.1, 7.1),
    "Ipb": ("pmol/kg", 2.7, 11), "isc1ss": ("pmol/kg", 21, 220), "isc2ss": ("pmol/kg", 14, 220),
}  # fmt: skip
"""A virtual patient, with unit and bounds somewhat beyond the 30; from Ib on, where one stays without a meal."""
COVARIATES = tuple(Continuous(name, *about) for name, about in BOUNDS.items())
GLUCOSE, SENSED, INSULIN = "glucose_mg_per_dL", "sensed_glucose_mg_per_dL", "insulin_pmol_per_L"
HOUR_MIN = 60.0
Parameters: Any = namedtuple("Parameters", (*BOUNDS, *PARAMETERS))  # type: ignore[misc]


Body = namedtuple(
    "Body",
    "mouth solid liquid gut reference plasma_glucose tissue_glucose plasma_insulin liver_insulin action delayed"
    " delayed_twice skin_insulin skin_insulin_later sensed",
)
"""The state, as in the equations; `reference` is D, `action` X + Ib, and the delayed insulins are I' and XL."""


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Any:
    """Return the parameters of a virtual patient."""
    return Parameters(*(covariates[name] for name in BOUNDS), *(theta[name] for name in PARAMETERS))


def start(p: Any) -> Body:
    """Return a fasting patient under the basal infusion; D begins at 1 mg."""
    resting = (p.Gpb, p.Gtb, p.Ipb, p.Ilb, p.Ib, p.Ib, p.Ib, p.isc1ss, p.isc2ss, p.Gpb)
    return Body(0.0, 0.0, 0.0, 0.0, 1.0, *resting)


def _emptying(p: Any, body: Body) -> Any:
    filled, rising, falling = (body.solid + body.liquid) / body.reference, 2.5 / (1.0 - p.b), 2.5 / p.d
    bent = jnp.tanh(rising * (filled - p.b)) - jnp.tanh(falling * (filled - p.d)) + 2.0
    return p.kmin + (p.kmax - p.kmin) / 2.0 * bent


def rates(p: Any, body: Body) -> Body:
    """Return how the state changes an hour."""
    eaten, emptied = p.eating / HOUR_MIN * body.mouth, _emptying(p, body) * body.liquid
    eating = body.mouth**2 / (body.mouth**2 + (p.crumbs * body.reference) ** 2)
    left = body.mouth + body.solid + body.liquid - body.reference
    made = jnp.maximum(p.kp1 - p.kp2 * body.plasma_glucose - p.kp3 * body.delayed_twice, 0.0)
    excreted = p.ke1 * jnp.maximum(body.plasma_glucose - p.ke2, 0.0)
    appearing = p.f * p.kabs * body.gut / p.BW
    to_tissue = p.k1 * body.plasma_glucose - p.k2 * body.tissue_glucose
    used = (p.Vm0 + p.Vmx * (body.action - p.Ib)) * body.tissue_glucose / (p.Km0 + body.tissue_glucose)
    insulin, from_skin = body.plasma_insulin / p.Vi, p.ka1 * body.skin_insulin + p.ka2 * body.skin_insulin_later
    a_minute = Body(
        mouth=-eaten,
        solid=eaten - p.kmax * body.solid,
        liquid=p.kmax * body.solid - emptied,
        gut=emptied - p.kabs * body.gut,
        reference=p.following / HOUR_MIN * eating * left,
        plasma_glucose=made + appearing - p.Fsnc - excreted - to_tissue,
        tissue_glucose=to_tissue - used,
        plasma_insulin=p.m1 * body.liver_insulin - (p.m2 + p.m4) * body.plasma_insulin + from_skin,
        liver_insulin=p.m2 * body.plasma_insulin - (p.m1 + p.m30) * body.liver_insulin,
        action=p.p2u * (insulin - body.action),
        delayed=p.ki * (insulin - body.delayed),
        delayed_twice=p.ki * (body.delayed - body.delayed_twice),
        skin_insulin=-(p.ka1 + p.kd) * body.skin_insulin,
        skin_insulin_later=p.kd * body.skin_insulin - p.ka2 * body.skin_insulin_later,
        sensed=p.ksc * (body.plasma_glucose - body.sensed),
    )
    return Body(*(HOUR_MIN * rate for rate in a_minute))


def basal_units_per_h(p: Any) -> Any:
    """Return the infusion of insulin under the skin that keeps a fasting patient's glucose where it is, in U/h."""
    return HOUR_MIN * (p.ka1 + p.kd) * p.isc1ss * p.BW / p.insulin


def observe(p: Any, body: Body) -> dict[str, Any]:
    """Return glucose in plasma and under the skin, and insulin in plasma."""
    return {GLUCOSE: body.plasma_glucose / p.Vg, SENSED: body.sensed / p.Vg, INSULIN: body.plasma_insulin / p.Vi}


MODEL = Model(
    name="diabetes_dallaman2014",
    citation=f"{_PAPER}; {_MEALS}",
    covariates=COVARIATES,
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={
        "insulin": Compartment("skin_insulin", bioavailability=lambda p: p.insulin / p.BW),
        "meal": Compartment("mouth", bioavailability=lambda p: p.gram),
    },
    observe=observe,
    observables={GLUCOSE: "mg/dL", SENSED: "mg/dL", INSULIN: "pmol/L"},
    left_out=(
        "glucagon, exercise, and sensitivity by the hour of the day",
        "noise of sensor and pump",
        "real patients",
    ),
    dose_unit="U of insulin under the skin, g of carbohydrate as a meal",
    longest_step_h=1.0,
)
