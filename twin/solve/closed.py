"""Closed form: linear states by exponentials, and states that they drive by quadrature. Nothing is stepped through.

The linear states L' = A L + g have L(t) = e^(At) L(0) + S(t) g with S the integral of e^(At). A driven block
D' = K D + f(L) has D(h) = e^(Kh) D(0) + the integral of e^(K(h - t)) f(L(t)), found by a Gauss-Legendre rule that is
dense near 0: an effect may rise as a fractional power of time after a dose.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.model import Individual
from twin.solve.exponential import exponentials, integrals, times
from twin.solve.flat import Equations
from twin.solve.solver import Carried, Solver, each_patient
from twin.solve.structure import Structure

NODES = 20
"""Quadrature nodes in an interval: in the models of the library the error is below 1e-7 at a step of a day."""


class Passage(NamedTuple):
    """What an interval does to each patient; None where there is nothing of the kind.

    Shapes: left [linear, linear, patient]; added [linear, linear, patient], what an inflow of 1/h comes to;
    seen [driver, linear, node, patient] and seen_added the same at the nodes; of each driven block: kept
    [state, state, patient], weight [state, entry, node, patient].
    """

    left: jax.Array
    added: jax.Array | None
    seen: jax.Array | None
    seen_added: jax.Array | None
    kept: tuple[jax.Array, ...]
    weight: tuple[jax.Array, ...]


def closed(equations: Equations, found: Structure, infusing: bool) -> Solver:
    """Return the solver of a model without a rest; `infusing`: doses may flow in over hours."""
    rates = each_patient(equations.rates)
    slopes = each_patient(jax.jacfwd(equations.rates, argnums=1))
    linear, drivers = np.array(found.linear.places, int), np.array(found.drivers, int)
    shown = np.searchsorted(linear, drivers)
    entering = each_patient(partial(_entering, equations, found.entries))
    forced, count = infusing or found.constant, len(equations.names)
    entered = [tuple(np.flatnonzero(np.isin(block.places, found.entries))) for block in found.driven]

    def propagator(individuals: Individual, hours: jax.Array) -> Passage:
        none = jnp.zeros((count, _patients(individuals)))
        slope = slopes(individuals, none)
        lasting = hours * jnp.ones(none.shape[-1])
        at, weights = graded_nodes(lasting)
        own = slope[np.ix_(linear, linear)]
        passage = Passage(
            exponentials(found.linear, own, lasting),
            integrals(found.linear, own, lasting) if forced else None,
            exponentials(found.linear, own, at)[shown] if found.driven else None,
            integrals(found.linear, own, at)[shown] if forced and found.driven else None,
            tuple(exponentials(block, slope[np.ix_(block.places, block.places)], lasting) for block in found.driven),
            tuple(
                weights * exponentials(block, slope[np.ix_(block.places, block.places)], lasting - at)[:, entries]
                for block, entries in zip(found.driven, entered, strict=True)
            ),
        )
        return passage

    def carry(individuals: Individual, passage: Passage, state: jax.Array, inflow: jax.Array | None) -> Carried:
        begun, end = state[linear], jnp.zeros_like(state)
        into = _forces(rates, individuals, state, inflow, equations.places)[linear] if forced else None
        end = end.at[linear].set(_from(passage.left, passage.added, begun, into))
        if passage.seen is not None:
            told = _from(passage.seen, passage.seen_added, begun[:, None], None if into is None else into[:, None])
            seen = jnp.zeros((count, NODES, state.shape[-1])).at[drivers].set(told)
            entered_by = jax.vmap(entering, in_axes=(None, 1), out_axes=0)(individuals, seen)
            drive = dict(zip(found.entries, entered_by, strict=True))
            for block, entries, kept, weight in zip(found.driven, entered, passage.kept, passage.weight, strict=True):
                places = np.array(block.places, int)
                now = times(kept, state[places])
                for number, entry in enumerate(entries):
                    driven = drive[block.places[entry]]
                    if inflow is not None:
                        driven = driven + _inflow_at(inflow, equations.places, int(places[entry]))
                    now = now + jnp.sum(weight[:, number] * driven, axis=1)
                end = end.at[places].set(now)
        return end, jnp.zeros(state.shape[-1])

    return Solver(_name(found), propagator, carry)


def graded_nodes(hours: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return nodes and weights, [node, patient] each, of a rule for the integral of f(t) from 0 to h, dense near 0.

    It is Gauss and Legendre's under the substitution t = h x^2.
    """
    x, weights = np.polynomial.legendre.leggauss(NODES)
    x, weights = (x + 1) / 2, weights / 2
    return hours * jnp.asarray(x**2)[:, None], hours * jnp.asarray(2 * x * weights)[:, None]


def _entering(
    equations: Equations, entries: tuple[int, ...], individual: Individual, state: jax.Array
) -> tuple[jax.Array, ...]:
    """Return the rates of the driven states that are entered, apart, so that nothing else is computed."""
    change = equations.rates(individual, state)
    return tuple(change[entry] for entry in entries)


def _from(left: jax.Array, added: jax.Array | None, begun: jax.Array, into: jax.Array | None) -> jax.Array:
    """Return linear states from those at the start and what flows into them an hour."""
    found = times(left, begun)
    return found if added is None or into is None else found + times(added, into)


def _forces(
    rates: Callable[..., jax.Array],
    individuals: Individual,
    state: jax.Array,
    inflow: jax.Array | None,
    places: tuple[int, ...],
) -> jax.Array:
    """Return what flows into each state an hour whatever the states are. Shapes: [state, patient]."""
    found = rates(individuals, jnp.zeros_like(state))
    if inflow is not None:
        for number, place in enumerate(places):
            found = found.at[place].add(inflow[number])
    return found


def _inflow_at(inflow: jax.Array, places: tuple[int, ...], place: int) -> jax.Array:
    mine = [inflow[number] for number, one in enumerate(places) if one == place]
    return jnp.sum(jnp.stack(mine), axis=0) if mine else jnp.zeros(inflow.shape[-1])


def _patients(individuals: Individual) -> int:
    return int(jax.tree.leaves(individuals)[0].shape[-1])


def _name(found: Structure) -> str:
    ways = {"modes": "eigenvalues in closed form", "chain": "a chain in closed form", "matrix": "matrix exponential"}
    said = []
    if found.linear.places:
        said.append(f"{_states(len(found.linear.places), 'linear ')}: {ways[found.linear.way]}")
    if found.driven:
        blocks = sorted({ways[block.way] for block in found.driven})
        states = sum(len(block.places) for block in found.driven)
        said.append(f"{_states(states)} driven: {', '.join(blocks)}, quadrature of {NODES} nodes")
    return "; ".join(said)


def _states(number: int, what: str = "") -> str:
    return f"{number} {what}state{'' if number == 1 else 's'}"
