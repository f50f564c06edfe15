"""What is foretold near some parameters: predictions, and their derivatives in the individual parameters.

All that a fit asks of a model's equations goes through here. A course is traced and compiled once, with its derivatives
in the parameters that move; what depends on etas and on a population's numbers follows by the chain rule, on
polynomials.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.fit.course import course
from twin.fit.data import Case
from twin.fit.stretches import Places, put, read
from twin.model import Floats, Individual, Model
from twin.solve.solver import Solver

_STEP = 2e-5
"""Of a parameter, as a share, for second derivatives: central differences of exact first ones are off by about 1e-9."""


class Near(NamedTuple):
    """Predictions around individual parameters `at` [place, patient], a place a field, or one stretch of a field.

    Shapes: value [observation, patient], slope [place, observation, patient], curve [place, place, observation,
    patient] or None.
    """

    at: Any
    value: Any
    slope: Any
    curve: Any


def near(model: Model, solver: Solver, places: Places, people: Individual, case: Case, curved: bool) -> Near:
    """Return what is foretold of each measurement near patients' parameters, with second derivatives or without."""
    at = np.array(read(people, places))
    value, slope = _slopes(model, solver, places, people, at, case)
    if not curved:
        return Near(at, value, slope, None)
    curve = np.empty((len(places), *slope.shape))
    for place in range(len(places)):
        step = _STEP * np.where(at[place] == 0, 1.0, np.abs(at[place]))
        (_, ahead), (_, behind) = (
            _slopes(model, solver, places, people, _moved(at, place, by), case) for by in (step, -step)
        )
        curve[place] = (np.asarray(ahead) - np.asarray(behind)) / (2 * step)
    return Near(at, value, slope, (curve + curve.swapaxes(0, 1)) / 2)


def near_of(model: Model, solver: Solver, places: Places, people: Individual, case: Case) -> Near:
    """Return what `near` does, inside a trace and without second derivatives."""
    at = jnp.stack(read(people, places))
    value, slope = _slopes(model, solver, places, people, at, case)
    return Near(at, value, slope, None)


def told_of(model: Model, solver: Solver, people: Individual, case: Case) -> Any:
    """Return what is foretold of each measurement, [observation, patient]."""
    seen, _ = course(model, solver, people, case.plan, case.happened is not None)
    return jnp.take_along_axis(seen, case.measured.kind[:, None], axis=1)[:, 0]


def foretold(near: Near, at: Any) -> tuple[Any, Any]:
    """Return what is foretold at parameters [place, patient], and its slope there, as a polynomial around `near.at`.

    Shapes: [observation, patient], [place, observation, patient].
    """
    away = at - near.at
    if near.curve is None:
        return near.value + jnp.sum(near.slope * away[:, None], axis=0), near.slope
    bent = jnp.sum(near.curve * away[:, None, None], axis=0)
    return near.value + jnp.sum((near.slope + 0.5 * bent) * away[:, None], axis=0), near.slope + bent


def _moved(at: Floats, place: int, by: Floats) -> Floats:
    there = at.copy()
    there[place] += by
    return there


@partial(jax.jit, static_argnums=(0, 1, 2))
def _slopes(model: Model, solver: Solver, places: Places, people: Individual, at: Any, case: Case) -> tuple[Any, Any]:
    """Return predictions and their first derivatives at parameters [place, patient]."""

    def told(at: Any) -> Any:
        return told_of(model, solver, put(people, places, at), case)

    ways = jnp.broadcast_to(jnp.eye(len(places))[..., None], (len(places), *at.shape))
    return jax.vmap(lambda way: jax.jvp(told, (at,), (way,)), out_axes=(None, 0))(ways)
