"""Weight under GLP-1 receptor agonists: an arm's mean change beyond placebo, in time (a meta-analysis; Guo 2025).

55 trials, 16,269 participants. The treatment, one dose of any amount, begins; the arm's dose is a covariate (weeks):

    E' = k·(Emax·D/(ED50 + D)·e^(-0.0304·(age - 53.6)) - E),  k = 0.0578        so E = ... · (1 - e^(-kt))

Drugs whose trials showed no dose-response have Emax whatever D is. An arm is what varies here, not a patient: the
model must not be used for individuals.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp

from twin.covariates import Category, Continuous
from twin.model import Compartment, Model, Theta
from twin.quantity import Assumed, Measured, Quantity
from twin.variability import Variability

_PAPER = "Guo 2025, Obes Pillars 13:100162, doi:10.1016/j.obpill.2025.100162"
_TABLE = f"{_PAPER}, Table S6; as quoted by a public implementation"

EMAX_KG = {
    "cotadutide": -10.5,
    "danuglipron": -9.29,
    "JNJ-64565111": -18.6,
    "retatrutide": -22.6,
    "orforglipron": -14.7,
    "semaglutide injected": -11.7,
    "survodutide": -13.5,
    "exenatide": -6.05,
    "liraglutide": -4.25,
    "semaglutide swallowed": -5.36,
    "tirzepatide": -12.9,
    "mazdutide": -7.75,
}
ED50_MG = {
    "cotadutide": 0.219,
    "danuglipron": 80.0,
    "JNJ-64565111": 6.73,
    "retatrutide": 4.0,
    "orforglipron": 14.6,
    "semaglutide injected": 0.384,
}
PARAMETERS: dict[str, Quantity] = {
    **{f"Emax {drug}": Measured(value, "kg", _TABLE) for drug, value in EMAX_KG.items()},
    **{f"ED50 {drug}": Measured(value, "mg", f"{_TABLE}; fixed by the authors") for drug, value in ED50_MG.items()},
    "onset": Measured(0.0578, "1/wk", _TABLE),
    "age_slope": Measured(-0.0304, "1/year", _TABLE),
    "reference_age": Measured(53.6, "years", f"{_PAPER}, Results 3.1: the median of the trials' means"),
    "begun": Assumed(1e-9, "1", "so small that a dose of any amount begins the treatment"),
}
BETWEEN_ARMS = {
    "most_kg": Measured(0.330, "variance(log)", f"{_TABLE}; between groups of trials"),
    "onset_per_wk": Measured(0.627, "variance(log)", f"{_TABLE}; between groups of trials"),
}
CHANGE, WEEK_H = "weight_change_kg", 168.0


class Parameters(NamedTuple):
    """Parameters of an arm."""

    most_kg: Any
    onset_per_wk: Any
    begun: Any


class Body(NamedTuple):
    """What was given to begin the treatment, and the mean change of weight in kg."""

    given: Any
    change_kg: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of an arm with these covariates, without variability."""
    most = jnp.array([theta[f"Emax {drug}"] for drug in EMAX_KG])[covariates["drug"]]
    half = jnp.array([theta.get(f"ED50 {drug}", 0.0) for drug in EMAX_KG])[covariates["drug"]]
    share = covariates["dose_mg"] / (half + covariates["dose_mg"])
    older = covariates["mean_age_years"] - theta["reference_age"]
    return Parameters(most * share * jnp.exp(theta["age_slope"] * older), theta["onset"], theta["begun"])


def start(arm: Parameters) -> Body:
    """Return the state of an untreated arm."""
    return Body(0.0, 0.0)


def rates(arm: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    aimed_at = arm.most_kg * body.given / (body.given + arm.begun)
    return Body(0.0, arm.onset_per_wk * (aimed_at - body.change_kg) / WEEK_H)


def observe(arm: Parameters, body: Body) -> dict[str, Any]:
    """Return the mean change of weight."""
    return {CHANGE: body.change_kg}


MODEL = Model(
    name="weight_guo2025",
    citation=_PAPER,
    covariates=(
        Category("drug", tuple(EMAX_KG)),
        Continuous("dose_mg", "mg", 1e-3, 200.0),
        Continuous("mean_age_years", "years", 29.5, 64.7),
    ),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"treatment": Compartment("given")},
    observe=observe,
    observables={CHANGE: "kg"},
    variability=Variability(between=BETWEEN_ARMS),
    left_out=(
        "individuals: it is of arms' means alone",
        "diet, exercise and placebo: the change is beyond theirs",
        "how often the dose is given, its titration, and what follows after the last one",
        "the residual error of an arm's mean, which falls with the number of participants",
    ),
    dose_unit="1",
)
