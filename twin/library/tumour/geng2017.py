"""Lung tumour under chemo- and radiotherapy, as in the simulation by which causal models are judged (Geng 2017).

A tumour of volume V grows towards K; chemotherapy C (half-life a day) and fractions of d Gy kill. In a day, noise e:

    V' = V · (1 + ρ·ln(K/V) - βc·C - (α·d + β·d²) + e),  C' = C/2 + dose,  β = α/10,  e ~ normal(0, 0.01)

`next_day` is that map. The model is its course in continuous time without noise; R is what a fraction has yet to do:

    (ln V)' = ρ·ln(K/V) - βc·C·h - k·R·(α + 2β·R)/(1 - α·R - β·R²),  C' = -ln 2·C,  R' = -k·R

h = 2 ln 2 makes a dose of chemotherapy kill in all what it does in the map, which holds C for a day; k is fast, and the
integral over a fraction is the map's -ln(1 - α·d - β·d²). ρ and α are normal, cut off at 0, correlated: by scores.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.scipy.stats import norm

from twin.covariates import Category, Continuous
from twin.model import Compartment, Model, Theta
from twin.quantity import Assumed, Measured, Quantity
from twin.variability import Variability

_CODE = "Geng 2017, Sci Rep 7:13542, doi:10.1038/s41598-017-13646-z, as simulated for Lim 2018, NeurIPS 31"

PARAMETERS: dict[str, Quantity] = {
    "capacity_diameter": Measured(30.0, "cm", _CODE),
    "growth mean": Measured(7e-5, "1/d", f"{_CODE}; before it is cut off at 0"),
    "growth sd": Measured(7.23e-3, "1/d", _CODE),
    "radiosensitivity mean": Measured(0.0398, "1/Gy", f"{_CODE}; α before it is cut off at 0"),
    "radiosensitivity sd": Measured(0.168, "1/Gy", _CODE),
    "radiosensitivity ratio": Measured(10.0, "Gy", f"{_CODE}; α/β"),
    "chemosensitivity": Measured(0.028, "L/mg/d", f"{_CODE}; βc"),
    "type_shift": Measured(0.1, "1", f"{_CODE}; types 1 and 3 have a mean α, or βc, so much larger"),
    "chemotherapy half-life": Measured(1.0, "d", _CODE),
    "held": Assumed(1.3862944, "1", "2 ln 2: a dose kills in all what it does in the daily map"),
    "fraction_rate": Assumed(1.0, "1/h", "a fraction kills within hours; in the map at once"),
}
_OF_SCORE = "the place in the distribution; each is cut off for itself, in the simulation both together"
VARIABILITY: dict[str, Quantity] = {
    "growth_score": Assumed(1.0, "SD", _OF_SCORE),
    "radiosensitivity_score": Assumed(1.0, "SD", _OF_SCORE),
    "chemosensitivity_per_d": Measured(0.0007, "SD", _CODE),
}
CORRELATIONS = {("growth_score", "radiosensitivity_score"): Measured(0.87, "1", _CODE)}
VOLUME = "tumour_volume_cm3"
DAY_H, SPHERE, NOISE = 24.0, jnp.pi / 6.0, 0.01


class Parameters(NamedTuple):
    """Individual parameters."""

    start_cm3: Any
    capacity_cm3: Any
    growth_mean: Any
    growth_sd: Any
    radiosensitivity_mean: Any
    radiosensitivity_sd: Any
    radiosensitivity_ratio: Any
    chemosensitivity_per_d: Any
    chemotherapy_rate_per_d: Any
    held: Any
    fraction_rate_per_h: Any
    growth_score: Any = 0.0
    radiosensitivity_score: Any = 0.0


class Body(NamedTuple):
    """Chemotherapy in mg/L, what is left of a fraction in Gy, and ln(V/K)."""

    chemotherapy: Any
    fraction: Any
    log_share: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient with these covariates, without variability: the medians."""
    kind, shift = covariates["patient_type"], 1.0 + theta["type_shift"]
    return Parameters(
        start_cm3=SPHERE * covariates["diameter_cm"] ** 3,
        capacity_cm3=SPHERE * theta["capacity_diameter"] ** 3,
        growth_mean=theta["growth mean"],
        growth_sd=theta["growth sd"],
        radiosensitivity_mean=theta["radiosensitivity mean"] * jnp.where(kind == 0, shift, 1.0),
        radiosensitivity_sd=theta["radiosensitivity sd"],
        radiosensitivity_ratio=theta["radiosensitivity ratio"],
        chemosensitivity_per_d=theta["chemosensitivity"] * jnp.where(kind == 2, shift, 1.0),
        chemotherapy_rate_per_d=jnp.log(2.0) / theta["chemotherapy half-life"],
        held=theta["held"],
        fraction_rate_per_h=theta["fraction_rate"],
    )


def sensitivities(person: Parameters) -> tuple[Any, Any, Any]:
    """Return growth ρ in 1/d, α in 1/Gy and β in 1/Gy²: normal, cut off at 0, at the patient's scores."""

    def above_zero(mean: Any, sd: Any, score: Any) -> Any:
        below = norm.cdf(-mean / sd)
        return mean + sd * norm.ppf(below + (1.0 - below) * norm.cdf(score))

    growth = above_zero(person.growth_mean, person.growth_sd, person.growth_score)
    alpha = above_zero(person.radiosensitivity_mean, person.radiosensitivity_sd, person.radiosensitivity_score)
    return growth, alpha, alpha / person.radiosensitivity_ratio


def start(person: Parameters) -> Body:
    """Return the state of an untreated patient."""
    return Body(0.0, 0.0, jnp.log(person.start_cm3 / person.capacity_cm3))


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    growth, alpha, beta = sensitivities(person)
    gray, rays = body.fraction, person.fraction_rate_per_h * body.fraction
    by_rays = rays * (alpha + 2.0 * beta * gray) / jnp.maximum(1.0 - alpha * gray - beta * gray**2, 1e-3)
    by_drug = person.chemosensitivity_per_d * person.held * body.chemotherapy
    decayed = person.chemotherapy_rate_per_d / DAY_H * body.chemotherapy
    return Body(-decayed, -rays, (-growth * body.log_share - by_drug) / DAY_H - by_rays)


def next_day(person: Parameters, volume_cm3: Any, chemotherapy: Any, gray: Any, noise: Any) -> Any:
    """Return the volume a day later by the published map, with C of the day and standard normal noise."""
    growth, alpha, beta = sensitivities(person)
    killed = person.chemosensitivity_per_d * chemotherapy + alpha * gray + beta * gray**2
    return volume_cm3 * (1.0 + growth * jnp.log(person.capacity_cm3 / volume_cm3) - killed + NOISE * noise)


MODEL = Model(
    name="tumour_geng2017",
    citation=_CODE,
    covariates=(Continuous("diameter_cm", "cm", 0.1, 13.0), Category("patient_type", ("1", "2", "3"))),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"chemotherapy": Compartment("chemotherapy"), "radiotherapy": Compartment("fraction")},
    observe=lambda person, body: {VOLUME: person.capacity_cm3 * jnp.exp(body.log_share)},
    observables={VOLUME: "cm3"},
    variability=Variability(between=VARIABILITY, correlations=CORRELATIONS),
    left_out=(
        "noise from day to day (see `next_day`)",
        "death at 13 cm, recovery by chance",
        "the policy of treatment",
    ),
    dose_unit="mg/L of chemotherapy, Gy of radiotherapy",
)
