"""Roughly: where a search begins that has nowhere to begin: where all patients, taken as one, fit.

A model of which nothing was published has no numbers of its own, and those of another may be far from a table's.

Parameters are scaled by powers of ten according to their units: amounts, for a table may be in another unit; volumes
and clearances, for a body or a drug may be another; clearances and rates, for time. The additive error is scaled by
what was measured. From the best few of these some steps lower what is left without variability between patients.
"""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from twin.fit.data import Case
from twin.fit.layout import Layout, Population
from twin.fit.likelihood import Likelihood, around
from twin.fit.minimise import Search, begin, step
from twin.fit.modes import Objective, objective
from twin.fit.near import Near
from twin.model import Floats, Model
from twin.quantity import Measured

_AMOUNTS, _SIZES, _SPEEDS = tuple(range(-6, 7)), (-1, 0, 1), (-1, 0, 1)
"""Powers of ten that are tried."""
_MOST_STEPS, _MOST_STARTS = 30, 4
_FAR = 2.0
"""How far, on the line, parameters are likely to go from where they were tried: a standard deviation."""
_NO_ERROR = 30.0
"""A root mean square of weighted residuals above this: another unit, or another drug."""
_WIDER = (0.1, 1e3)
_ADDITIVE = 0.1
"""Of the median of what was measured."""


def made_up(model: Model) -> bool:
    """Return whether no parameter of a model was published."""
    return not any(isinstance(one, Measured) for one in model.parameters.values())


def far(likelihood: Likelihood, start: Population) -> bool:
    """Return whether what is foretold of typical patients is so far off that no error explains it."""
    return not _misfit(likelihood, start) < _NO_ERROR


def _misfit(likelihood: Likelihood, population: Population) -> float:
    """Return by how many of its standard deviations a measurement is off, without variability between patients."""
    if not likelihood.case.measured.used.any():
        return 0.0
    none = np.zeros((likelihood.layout.width, likelihood.patients))
    _, _, away = likelihood.residuals(likelihood.line(likelihood.layout.pack(population)), none)
    return float(np.sqrt(np.nanmean(away**2)))


def roughly(likelihood: Likelihood, start: Population) -> Population:
    """Return a population with parameters and residual errors at which patients without variability fit well.

    Each try begins with an error as wide as it is off. Of those to which the best few come, it is the one that fits
    best with variability.
    """
    none, measured = np.zeros((likelihood.layout.width, likelihood.patients)), _errors(likelihood, start)
    tried = []
    for one in _scaled(likelihood.layout.model, start._replace(sigma=measured)):
        wider = np.clip(np.nan_to_num(_misfit(likelihood, one), nan=1.0), *_WIDER)
        wide = {name: {part: wider * value for part, value in parts.items()} for name, parts in one.sigma.items()}
        tried.append(likelihood.layout.pack(one._replace(sigma=wide)))
    values = [_pooled(likelihood, numbers, numbers).total for numbers in tried]
    order = np.argsort(np.where(np.isfinite(values), values, np.inf), kind="stable")[:_MOST_STARTS]
    ends = [_lowered(likelihood, tried[place]).numbers for place in order]
    marginal = [objective(likelihood, numbers, none).total for numbers in ends]
    found = likelihood.layout.unpack(ends[int(np.argmin(np.where(np.isfinite(marginal), marginal, np.inf)))])
    return start._replace(
        theta={name: float(value) for name, value in found.theta.items()},
        sigma={name: {part: float(value) for part, value in parts.items()} for name, parts in found.sigma.items()},
    )


def _scaled(model: Model, start: Population) -> Iterator[Population]:
    """Yield populations whose parameters are in other units of amount, size and speed."""
    units = {name: quantity.unit for name, quantity in model.parameters.items()}
    amounts = any(unit.startswith(model.dose_unit) for unit in units.values())
    for amount, size, speed in product(_AMOUNTS if amounts else (0,), _SIZES, _SPEEDS):
        powers = {
            name: amount * unit.startswith(model.dose_unit) + size * unit.startswith("L") + speed * unit.endswith("/h")
            for name, unit in units.items()
        }
        yield start._replace(theta={name: value * 10.0 ** powers[name] for name, value in start.theta.items()})


def _lowered(likelihood: Likelihood, begun: Floats) -> Search:
    """Return a search after a few steps."""

    def function(numbers: Floats, etas: Floats) -> Objective:
        return _pooled(likelihood, numbers, begun)

    search = begin(function, begun, function(begun, begun).etas)
    for _ in range(_MOST_STEPS):
        if search.ended:
            break
        search = step(function, search)
    return search


def _pooled(likelihood: Likelihood, numbers: Floats, begun: Floats) -> Objective:
    """Return -2 ln L without variability between patients, and what speaks against going far from where it began."""
    layout, patients = likelihood.layout, likelihood.patients
    between = np.array([name.startswith("between ") for name in layout.names])
    none, line = np.zeros((layout.width, patients)), likelihood.line(numbers)
    value, slope = _alike(layout, line, none, likelihood.case, likelihood.told(line, none))
    away = (numbers - begun) / _FAR
    slope = np.where(between[:, None], 0.0, np.asarray(slope)) + 2 * (away / _FAR)[:, None] / patients
    return Objective(np.asarray(value) + away @ away / patients, slope, none)


def _errors(likelihood: Likelihood, start: Population) -> dict[str, dict[str, float]]:
    """Return residual errors whose additive parts are of the size of what was measured."""
    measured, found = likelihood.case.measured, {}
    for place, (name, parts) in enumerate(
        (name, start.sigma.get(name, {})) for name in likelihood.layout.model.observables
    ):
        values = np.abs(measured.value[measured.used & (measured.kind == place)])
        size = float(np.median(values)) if values.size else 0.0
        found[name] = {
            part: _ADDITIVE * size if part == "additive" and size > 0 else value for part, value in parts.items()
        }
    return {name: parts for name, parts in found.items() if parts}


@partial(jax.jit, static_argnums=0)
def _alike(layout: Layout, line: Any, etas: Any, case: Case, told: Near) -> tuple[Any, Any]:
    """Return g of each patient without variability, and its gradient in their numbers."""

    def total(line: Any) -> Any:
        each = 2 * around(layout, line, etas, case, told).value
        return jnp.sum(each), each

    (_, each), slope = jax.value_and_grad(total, has_aux=True)(line)
    return each, slope
