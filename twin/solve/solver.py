"""Solvers: what carries the flat states of many patients over an interval, whatever the model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from twin.model import Individual
from twin.solve.flat import Equations

Carried = tuple[jax.Array, jax.Array]
"""The flat state at the end of an interval [state, patient], and how far off it may be, as a share: [patient]."""


@dataclass(frozen=True, eq=False)
class Solver:
    """A way to carry patients over an interval without events.

    - `name` says which way, in words that reach the result;
    - `propagator(individuals, hours)`: whatever depends on parameters and the interval's length alone, so that equal
      intervals share it; hours are one number, or one a patient;
    - `carry(individuals, propagator, state, inflow)`: the state at the end and its error, from the state at the start
      [state, patient] and what flows into each compartment an hour [compartment, patient], None where nothing does.

    All are traced by JAX; individual parameters have the patient on the last axis. `finer` gives the same solver with
    smaller steps, None for one that is exact.
    """

    name: str
    propagator: Callable[[Individual, jax.Array], Any]
    carry: Callable[[Individual, Any, jax.Array, jax.Array | None], Carried]
    finer: "Callable[[], Solver] | None" = None


def each_patient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of one patient's numbers as one of arrays with the patient on the last axis."""
    return jax.vmap(function, in_axes=-1, out_axes=-1)


Rows = tuple[jax.Array, ...]
"""Each state's [patient]: steps are taken on these, so that a whole step is one loop over patients."""


def rows_of(equations: Equations) -> Callable[..., Rows]:
    """Return the rates of a model as a function of individual parameters and rows, that gives rows."""
    return each_patient(lambda individual, *rows: tuple(equations.rates(individual, jnp.stack(rows))))


def inflow_rows(equations: Equations, inflow: jax.Array | None) -> list[Any]:
    """Return what flows into each state, from what flows into compartments [compartment, patient]."""
    found: list[Any] = [0.0] * len(equations.names)
    if inflow is not None:
        for number, place in enumerate(equations.places):
            found[place] = found[place] + inflow[number]
    return found


def weighed(weights: Sequence[float], parts: Sequence[jax.Array]) -> Any:
    """Return a sum of parts, those of no weight left out."""
    return sum((weight * part for weight, part in zip(weights, parts, strict=True) if weight), 0.0)


def moved(now: Rows, span: Any, weights: Sequence[float], stages: Sequence[Rows]) -> Rows:
    """Return rows moved by a weighed sum of stages."""
    if not stages:
        return now
    return tuple(
        one + span * weighed(weights, parts) for one, parts in zip(now, zip(*stages, strict=True), strict=True)
    )


def share_of(away: Rows, size: Rows) -> jax.Array:
    """Return how far off a state is at most, as a share of its largest value: [patient]."""
    shares = [one / jnp.where(largest > 0, largest, 1.0) for one, largest in zip(away, size, strict=True)]
    return jnp.max(jnp.stack(shares), axis=0)
