"""The catalogue: what a model asks of a patient, observes, assumes, leaves out, and how the engine solves it.

What a model states of itself is known at once; how it is solved, once the engine has looked at its equations.
"""

from typing import Any

from twin.covariates import Continuous, Covariate, asked_for
from twin.model import Model, parameter_table


def described(model: Model) -> dict[str, Any]:
    """Return all that is to be known of a model, as JSON values; its equations are looked at, which takes seconds."""
    from twin.solve.choose import solver_of  # a list of models does not wait for the engine

    return {**declared(model), "solver": solver_of(model).name}


def declared(model: Model) -> dict[str, Any]:
    """Return what a model states of itself, as JSON values."""
    return {
        "name": model.name,
        "citation": model.citation,
        "covariates": [_asked(covariate) for covariate in model.covariates],
        "compartments": list(model.compartments),
        "dose_unit": model.dose_unit,
        "observables": dict(model.observables),
        "hazard": model.hazard is not None,
        "parameters": parameter_table(model),
        "left_out": list(model.left_out),
    }


def assumed(description: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of a description that no source settles."""
    return [row for row in description["parameters"] if row["basis"] == "assumed"]


def _asked(covariate: Covariate) -> dict[str, Any]:
    if isinstance(covariate, Continuous):
        about: dict[str, Any] = {"unit": covariate.unit, "lower": covariate.lower, "upper": covariate.upper}
        if covariate.derived:
            of = [one.name for one in covariate.derived.of]
            about["derived"] = {"from": of, "source": covariate.derived.source}
    else:
        about = {"levels": list(covariate.levels)}
    return {"name": covariate.name, **about, "needed": asked_for(covariate)}
