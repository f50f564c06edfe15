"""Choose: which solver carries a model, by the structure of its equations."""

from functools import lru_cache

import jax
import numpy as np

from twin.model import Model
from twin.solve.adaptive import FEWEST_TRIES, adaptive
from twin.solve.closed import closed
from twin.solve.flat import Equations, equations, likely
from twin.solve.solver import Solver
from twin.solve.stepped import stepped
from twin.solve.stiff import FEWEST_STEPS as STIFF_STEPS
from twin.solve.stiff import stiff
from twin.solve.structure import Structure, structure

FEWEST_STEPS = 32
"""In an interval; the error decides how many there are in the end."""
STIFF = 300.0
"""Where the fastest rate at the start does as much in the longest step, a stiff solver is tried first."""


@lru_cache(maxsize=64)
def flat(model: Model) -> Equations:
    """Return a model's equations on a flat state, laid out once."""
    with jax.enable_x64(True):
        return equations(model)


@lru_cache(maxsize=64)
def structure_of(model: Model) -> Structure:
    """Return what a model's equations are like, looked at once."""
    with jax.enable_x64(True):
        return structure(model, flat(model))


@lru_cache(maxsize=128)
def solver_of(model: Model, infusing: bool = False) -> Solver:
    """Return the solver of a model; `infusing`: doses may flow in over hours."""
    found = structure_of(model)
    if not found.rest:
        return closed(flat(model), found, infusing)
    if model.form is not None and model.form.thresholds:
        return adaptive(flat(model), model.form.ahead, FEWEST_TRIES)
    return stiff(flat(model), STIFF_STEPS) if _fastest(model) > STIFF else stepped(flat(model), FEWEST_STEPS)


def _fastest(model: Model) -> float:
    """Return how much the fastest rate of a likely patient does in the longest step, before any dose."""
    with jax.enable_x64(True):
        laid, person = flat(model), likely(model)
        slope = jax.jacfwd(laid.rates, argnums=1)(person, laid.start(person))
    return float(np.abs(np.linalg.eigvals(np.nan_to_num(np.asarray(slope)))).max()) * model.longest_step_h
