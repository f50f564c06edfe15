"""People: individual parameters from a population's numbers, covariates and etas, for each stretch of time."""

from typing import Any

import jax
import jax.numpy as jnp

from twin.fit.data import Case
from twin.fit.layout import Layout, Population
from twin.model import Individual


def people(layout: Layout, population: Population, etas: Any, case: Case) -> Individual:
    """Return individual parameters from etas [eta, patient]; the population's numbers are [patient] each.

    Fields are [patient], those that differ between a patient's stretches [stretch, patient].
    """
    model, count = layout.model, etas.shape[-1]
    theta = {name: jnp.broadcast_to(value, (count,)) for name, value in population.theta.items()}
    between = dict(zip(layout.etas, etas, strict=False))
    if case.occasion is None:
        found = jax.vmap(model.individual)(theta, case.covariates)
        found = jax.tree.map(lambda one: jnp.broadcast_to(jnp.asarray(one, jnp.float64), (count,)), found)
        return model.variability.applied(found, between)
    shape = jnp.shape(case.occasion)
    wide = {name: jnp.broadcast_to(value, shape) for name, value in case.covariates.items()}
    found = jax.vmap(jax.vmap(model.individual), in_axes=(None, 0), axis_size=shape[0])(theta, wide)
    found = jax.tree.map(lambda one: jnp.broadcast_to(jnp.asarray(one, jnp.float64), shape), found)
    moved: dict[str, Any] = dict(between)
    for field in layout.parted.fields:
        own = jnp.take_along_axis(etas[layout.of_occasions(field)], case.occasion, axis=0)
        moved[field] = moved.get(field, 0.0) + own
    found = model.variability.applied(found, moved)
    alike = {name: getattr(found, name)[0] for name in found._fields if name not in layout.stretched}
    return found._replace(**alike)
