"""Type 2 diabetes: weight, insulin, glucose and HbA1c under diet, exercise and placebo (WHIG; Choy 2016, 181 patients).

Lifestyle, one dose of 1 at its start, lowers the weight's input at once, placebo 42 days later; t is days since then:

    weight' = ln 2/96.9 d · (BW·(1 + .0299·t/365)·(1 - .0408 - .0228·[t >= 42]) - weight)
    IS = (1 - .0514·(weight - BW))/(1 + e^1.1)        B = 1/(1 + e^(-.446 + .209·t/365))
    EFB = 1 + .171 / ((1 + e^(-3.69·(t - 42)))·(1 + e^(8.05·(t - 190))))
    FPG = (3.5 + √(3.5² + 4·35.1/(7.8·IS·B·EFB)))/2        FSI = 7.8·B·EFB·(FPG - 3.5)
    A1' = .0129·FPG + .0709·(.963 once treated) - 3/38.9 d·A1,  Ai' = 3/38.9 d·(Ai-1 - Ai),  HbA1c = A1 + A2 + A3
"""

from collections import namedtuple
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.nn import sigmoid

from twin.error import Error
from twin.model import Compartment, Model, Theta
from twin.quantity import Assumed, Measured, Quantity
from twin.variability import Variability

_PAPER = "Choy 2016, CPT Pharmacometrics Syst Pharmacol 5:11, doi:10.1002/psp4.12051"
_TABLE = f"{_PAPER}, Table 1; as quoted by a public implementation"
_METHODS = f"{_PAPER}, Methods, after HOMA2; as quoted by a public implementation"

PARAMETERS: dict[str, Quantity] = {
    "weight_kg": Measured(104.0, "kg", _TABLE),
    "weight_half_life_d": Measured(96.9, "d", _TABLE),
    "insensitivity": Measured(1.1, "logit", f"{_TABLE}; is0"),
    "sensitivity_per_kg": Measured(0.0514, "1/kg", _TABLE),
    "beta_loss": Measured(-0.446, "logit", f"{_TABLE}; b0"),
    "beta_loss_per_year": Measured(0.209, "logit/year", f"{_TABLE}; rb"),
    "beta_rise": Measured(0.171, "1", f"{_TABLE}; EFB at most"),
    "beta_rise_shape": Assumed(-3.69, "1/d", f"{_TABLE}, without a unit: taken as per day, as it does"),
    "beta_fall_shape": Assumed(8.05, "1/d", f"{_TABLE}, without a unit: taken as per day, as it does"),
    "beta_fall_d": Measured(190.0, "d", _TABLE),
    "lifestyle_percent": Measured(4.08, "%", f"{_TABLE}; less weight input"),
    "placebo_percent": Measured(2.28, "%", f"{_TABLE}; less weight input"),
    "placebo_after_d": Measured(42.0, "d", f"{_PAPER}, Methods: six weeks of run-in"),
    "weight_rise_percent_per_year": Measured(2.99, "%/year", f"{_TABLE}; more weight input"),
    "by_glucose": Measured(0.0129, "%/d per mmol/L", f"{_TABLE}; HbA1c from fasting glucose"),
    "meals_per_d": Measured(0.0709, "%/d", f"{_TABLE}; HbA1c from meals"),
    "meals_treated": Measured(0.963, "1", _TABLE),
    "transit_d": Measured(38.9, "d", f"{_TABLE}; of HbA1c"),
    "glucose_floor": Measured(3.5, "mmol/L", _METHODS),
    "insulin_gain": Measured(7.8, "mU/L per mmol/L", _METHODS),
    "glucose_gain": Measured(35.1, "mmol/L mU/L", f"{_METHODS}: 4.5 times 7.8"),
}
Parameters: Any = namedtuple("Parameters", PARAMETERS)  # type: ignore[misc]
"""Individual parameters: the population's, by their names."""
_HUNDREDTHS = f"{_TABLE}, which has a hundred times this: taken as hundredths of a per cent, as it does"
VARIABILITY: dict[str, Quantity] = {
    "weight_kg": Measured(0.146, "CV", _TABLE),
    "insensitivity": Measured(0.305, "SD", _TABLE),
    "sensitivity_per_kg": Measured(0.67, "CV", _TABLE),
    "beta_loss": Measured(1.4, "SD", _TABLE),
    "beta_rise": Measured(0.499, "CV", _TABLE),
    "beta_fall_d": Measured(0.349, "CV", _TABLE),
    "beta_loss_per_year": Measured(0.21, "SD", _TABLE),
    "meals_per_d": Measured(0.154, "CV", _TABLE),
    "lifestyle_percent": Assumed(0.356, "SD", _HUNDREDTHS),
    "placebo_percent": Assumed(0.402, "SD", _HUNDREDTHS),
    "weight_rise_percent_per_year": Assumed(0.744, "SD", _HUNDREDTHS),
}
UNITS = {"weight_kg": "kg", "insulin_mU_per_L": "mU/L", "glucose_mmol_per_L": "mmol/L", "HbA1c_percent": "%"}
_VARIANCES = dict(zip(UNITS, (0.00919, 0.262, 0.0688, 0.0241), strict=True))
DAY_H, YEAR_D, CHAIN = 24.0, 365.0, 3


class Body(NamedTuple):
    """Whether lifestyle has changed (1), since how many days, weight in kg, and the parts of HbA1c in %, [part]."""

    treated: Any
    treated_d: Any
    weight_kg: Any
    hba1c: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Any:
    """Return the parameters of a patient, without variability: those of the population."""
    return Parameters(**theta)


def fasting(person: Any, body: Body) -> tuple[Any, Any]:
    """Return fasting glucose in mmol/L and insulin in mU/L, at their balance."""
    days = body.treated_d
    sensitivity = sigmoid(-person.insensitivity) * (
        1.0 - person.sensitivity_per_kg * (body.weight_kg - person.weight_kg)
    )
    beta = sigmoid(-(person.beta_loss + person.beta_loss_per_year * days / YEAR_D))
    rising = sigmoid(-person.beta_rise_shape * (days - person.placebo_after_d))
    falling = sigmoid(-person.beta_fall_shape * (days - person.beta_fall_d))
    beta = beta * (1.0 + person.beta_rise * rising * falling)
    needed = 4.0 * person.glucose_gain / (person.insulin_gain * sensitivity * beta)
    glucose = (person.glucose_floor + jnp.sqrt(person.glucose_floor**2 + needed)) / 2.0
    return glucose, person.insulin_gain * beta * (glucose - person.glucose_floor)


def start(person: Any) -> Body:
    """Return the state of an untreated patient, HbA1c in balance with glucose."""
    body = Body(0.0, 0.0, person.weight_kg, jnp.zeros(CHAIN))
    made = person.by_glucose * fasting(person, body)[0] + person.meals_per_d
    return body._replace(hba1c=jnp.full(CHAIN, made * person.transit_d / CHAIN))


def rates(person: Any, body: Body) -> Body:
    """Return how the state changes an hour."""
    placebo = jnp.where(body.treated_d >= person.placebo_after_d, person.placebo_percent, 0.0)
    rise = 1.0 + person.weight_rise_percent_per_year / 100.0 * body.treated_d / YEAR_D
    eaten = rise * (1.0 - (person.lifestyle_percent * body.treated + placebo) / 100.0)
    meals = person.meals_per_d * (1.0 - (1.0 - person.meals_treated) * body.treated)
    passed = CHAIN / person.transit_d * body.hba1c
    made = person.by_glucose * fasting(person, body)[0] + meals
    return Body(
        treated=0.0,
        treated_d=body.treated / DAY_H,
        weight_kg=jnp.log(2.0) / person.weight_half_life_d * (person.weight_kg * eaten - body.weight_kg) / DAY_H,
        hba1c=(jnp.concatenate([made[None], passed[:-1]]) - passed) / DAY_H,
    )


def observe(person: Any, body: Body) -> dict[str, Any]:
    """Return weight, fasting insulin and glucose, and HbA1c."""
    glucose, insulin = fasting(person, body)
    return dict(zip(UNITS, (body.weight_kg, insulin, glucose, body.hba1c.sum()), strict=True))


MODEL = Model(
    name="diabetes_choy2016",
    citation=_PAPER,
    covariates=(),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"lifestyle": Compartment("treated")},
    observe=observe,
    observables=UNITS,
    variability=Variability(between=VARIABILITY),
    errors={
        name: Error(proportional=Measured(variance**0.5, "1", f"{_TABLE}; the root of its variance"))
        for name, variance in _VARIANCES.items()
    },
    left_out=("medicines for diabetes", "correlations of the variability, which are in a supplement", "covariates"),
    dose_unit="1",
)
