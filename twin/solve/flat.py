"""A model's equations on one flat vector of states, as the solvers need them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from twin.covariates import Continuous
from twin.model import Individual, Model, State

RISK = "cumulative hazard"
"""The state that the engine adds where a model has a hazard."""


@dataclass(frozen=True, eq=False)
class Equations:
    """A model's equations of one patient on a flat state [state], whose `names` say what each place is.

    `start(individual)` and `rates(individual, flat)` return [state]; `state(flat)` is what the model itself knows;
    `places` says where doses into each compartment go.
    """

    names: tuple[str, ...]
    places: tuple[int, ...]
    start: Callable[[Individual], jax.Array]
    rates: Callable[[Individual, jax.Array], jax.Array]
    state: Callable[[jax.Array], State]


def equations(model: Model) -> Equations:
    """Lay a model's equations out flat."""
    shape = jax.eval_shape(model.start, likely(model))
    zeros = jax.tree.map(lambda one: jnp.zeros(one.shape, jnp.float64), shape)
    flat, state = ravel_pytree(zeros)
    names: list[str] = []
    first = {}
    for name, one in zip(shape._fields, shape, strict=True):
        first[name] = len(names)
        names += [f"{name}[{place}]" for place in range(int(np.prod(one.shape)))] if one.shape else [name]
    places = tuple(first[one.state] + one.place for one in model.compartments.values())
    count = flat.size

    def start(individual: Individual) -> jax.Array:
        begun = _raveled(model.start(individual))
        return jnp.append(begun, 0.0) if model.hazard else begun

    def rates(individual: Individual, flat: jax.Array) -> jax.Array:
        now = state(flat[:count])
        change = _raveled(model.rates(individual, now))
        return jnp.append(change, model.hazard(individual, now)) if model.hazard else change

    return Equations(
        (*names, *((RISK,) if model.hazard else ())), places, start, rates, lambda flat: state(flat[:count])
    )


def likely(model: Model) -> Individual:
    """Return the individual parameters of some patient that the model allows."""
    covariates = {
        covariate.name: (covariate.lower + covariate.upper) / 2 if isinstance(covariate, Continuous) else 0
        for covariate in model.covariates
    }
    return model.individual(model.theta, covariates)


def _raveled(tree: Any) -> jax.Array:
    return jnp.concatenate([jnp.ravel(jnp.asarray(one, jnp.float64)) for one in jax.tree.leaves(tree)])
