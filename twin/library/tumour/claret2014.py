"""Tumour size and survival in advanced lung cancer under first-line chemotherapy (Claret 2014, 934 patients of MONET1).

TS is the sum of the longest diameters. The treatment, one dose of 1 at its start, shrinks it less and less (days):

    TS = BASE · exp(KL·t - KDE/λ · (1 - e^(-λt)))        so TS' = TS · (KL - KDE·e^(-λt))
    TTG = ln(KDE/KL)/λ, when TS is least
    ln OS ~ normal(µ, σ),  µ = 1.079 - 0.00197·BASE + 0.97695·ln(TTG + 100) + 0.319 if Asian - 0.264 if ever a smoker

The state has ln(TS/BASE), λ's resistance 1 - e^(-λt), and the days treated; the hazard is that of the log-normal OS.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.scipy.stats import norm

from twin.covariates import Category
from twin.error import Error
from twin.model import Compartment, Model, Theta
from twin.quantity import Measured, Quantity
from twin.variability import Variability

_PAPER = "Claret 2014, Clin Pharmacol Ther 95:446, doi:10.1038/clpt.2014.11"
_QUOTED = "; as quoted by a public implementation"
_SIZE, _SURVIVAL = f"{_PAPER}, Table S1{_QUOTED}", f"{_PAPER}, Table 3{_QUOTED}"
_SWAPPED = f"{_SIZE}, which shows by the paper's own TTG that the table has KDE and λ in each other's row"

PARAMETERS: dict[str, Quantity] = {
    "baseline": Measured(90.0, "mm", _SIZE),
    "growth": Measured(0.00107, "1/d", f"{_SIZE}; KL"),
    "shrinkage": Measured(0.0103, "1/d", f"{_SWAPPED}; KDE"),
    "resistance": Measured(0.0193, "1/d", f"{_SWAPPED}; λ"),
    "survival": Measured(1.079, "ln(d)", f"{_SURVIVAL}; intercept"),
    "survival baseline": Measured(-0.00197, "ln(d)/mm", _SURVIVAL),
    "survival regrowth": Measured(0.97695, "1", f"{_SURVIVAL}; of ln(TTG + 100)"),
    "survival Asian": Measured(0.319, "ln(d)", _SURVIVAL),
    "survival smoker": Measured(-0.264, "ln(d)", f"{_SURVIVAL}; former or current"),
    "survival log_scale": Measured(-0.24, "1", f"{_SURVIVAL}; ln σ"),
}
VARIABILITY = {
    "baseline_mm": Measured(0.683, "SD(log)", _SIZE),
    "growth_per_d": Measured(1.18, "SD(log)", _SIZE),
    "shrinkage_per_d": Measured(0.679, "SD(log)", _SIZE),
    "resistance_per_d": Measured(0.797, "SD(log)", _SIZE),
}
SIZE, SURVIVAL = "tumour_size_mm", "overall_survival"
DAY_H = 24.0


class Parameters(NamedTuple):
    """Individual parameters; `survival_shift` is what ancestry and smoking add to the mean of ln OS."""

    baseline_mm: Any
    growth_per_d: Any
    shrinkage_per_d: Any
    resistance_per_d: Any
    survival_shift: Any
    survival_intercept: Any
    survival_per_mm: Any
    survival_by_regrowth: Any
    survival_sd: Any


class Body(NamedTuple):
    """Whether treatment has begun (1), since how many days, the share of its effect that is lost, and ln(TS/BASE)."""

    treated: Any
    treated_d: Any
    resistant: Any
    log_ratio: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient with these covariates, without variability."""
    ancestry = jnp.array([0.0, theta["survival Asian"]])[covariates["asian"]]
    smoking = jnp.array([0.0, theta["survival smoker"]])[covariates["ever_smoker"]]
    return Parameters(
        baseline_mm=theta["baseline"],
        growth_per_d=theta["growth"],
        shrinkage_per_d=theta["shrinkage"],
        resistance_per_d=theta["resistance"],
        survival_shift=ancestry + smoking,
        survival_intercept=theta["survival"],
        survival_per_mm=theta["survival baseline"],
        survival_by_regrowth=theta["survival regrowth"],
        survival_sd=jnp.exp(theta["survival log_scale"]),
    )


def start(person: Parameters) -> Body:
    """Return the state of an untreated patient, whose tumour is the one at the start of treatment."""
    return Body(0.0, 0.0, 0.0, 0.0)


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour; untreated, nothing does: the paper's time begins with treatment."""
    left = body.treated - body.resistant
    growing = person.growth_per_d * body.treated - person.shrinkage_per_d * left
    return Body(0.0, body.treated / DAY_H, person.resistance_per_d * left / DAY_H, growing / DAY_H)


def regrowth_d(person: Parameters) -> Any:
    """Return the days until the tumour grows again, TTG: negative where it never shrinks."""
    return jnp.log(person.shrinkage_per_d / person.growth_per_d) / person.resistance_per_d


def log_survival(person: Parameters) -> Any:
    """Return the mean of the logarithm of survival in days; NaN where TTG is -100 days or less."""
    regrown = person.survival_by_regrowth * jnp.log(regrowth_d(person) + 100.0)
    return person.survival_intercept + person.survival_per_mm * person.baseline_mm + regrown + person.survival_shift


def _score(person: Parameters, body: Body) -> Any:
    return (jnp.log(jnp.maximum(body.treated_d, 1e-9)) - log_survival(person)) / person.survival_sd


def hazard(person: Parameters, body: Body) -> Any:
    """Return the deaths an hour."""
    score, days = _score(person, body), jnp.maximum(body.treated_d, 1e-9)
    return jnp.exp(norm.logpdf(score) - norm.logsf(score)) / (person.survival_sd * days) / DAY_H


def observe(person: Parameters, body: Body) -> dict[str, Any]:
    """Return the tumour's size, and the share of such patients who are alive."""
    return {SIZE: person.baseline_mm * jnp.exp(body.log_ratio), SURVIVAL: norm.sf(_score(person, body))}


MODEL = Model(
    name="tumour_claret2014",
    citation=_PAPER,
    covariates=(Category("asian", ("no", "yes")), Category("ever_smoker", ("no", "yes"))),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"treatment": Compartment("treated")},
    observe=observe,
    observables={SIZE: "mm", SURVIVAL: "1"},
    hazard=hazard,
    variability=Variability(between=VARIABILITY),
    errors={SIZE: Error(additive=Measured(7.849, "mm", _SIZE))},
    left_out=(
        "doses: the treatment is on or not",
        "life before the first dose: no tumour grows, and an arm that is treated late is immortal until then",
        "the arm: both share one fit",
        "new lesions, and doubt of the estimates",
    ),
    dose_unit="1",
)
