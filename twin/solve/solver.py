"""Solvers: what carries the flat states of many patients over an interval, whatever the model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

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


def with_inflow(equations: Equations, change: jax.Array, inflow: jax.Array | None) -> jax.Array:
    """Return rates [state, patient] with what flows into compartments [compartment, patient] added."""
    if inflow is not None:
        for number, place in enumerate(equations.places):
            change = change.at[place].add(inflow[number])
    return change
