"""Structure: which of a model's states are linear, which are driven by those, and which are neither.

The Jacobian of the rates is looked at for many random parameters and states. What it says of them holds for all, unless
an author's equations change behind a threshold that no probe passes; the probes reach over six decades. A model whose
form is known is not probed for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from twin.model import Individual, Model
from twin.solve.flat import Equations, likely

Floats = NDArray[np.float64]

PROBES = 6
"""So many draws of parameters, and of states for each."""
SAME = 1e-9
"""Relative difference below which two numbers of a Jacobian are the same."""


@dataclass(frozen=True)
class Block:
    """States that move together, by their place in the flat state, and how their matrix can be exponentiated.

    `way` is "modes" (eigenvalues in closed form, all apart), "chain" (one rate from each to the next) or "matrix".
    `parts` are the strongly connected parts, as places in the block, in the order in which the drug passes them.
    """

    places: tuple[int, ...]
    way: str
    parts: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Structure:
    """The states of a model, by what their equations are; places are those in the flat state.

    - `linear`: rates linear in each other, and of nothing else;
    - `driven`: blocks whose rates are linear in themselves, and otherwise depend on `drivers`, which are linear states,
      in whatever way; what enters them enters through `entries` (places in the flat state);
    - `rest`: all else. `constant`: linear rates have a constant part.
    """

    linear: Block
    driven: tuple[Block, ...]
    drivers: tuple[int, ...]
    entries: tuple[int, ...]
    rest: tuple[int, ...]
    constant: bool


def structure(model: Model, equations: Equations) -> Structure:
    """Look at a model's equations."""
    probes = _probes(model, len(equations.names))
    slope, rate = jax.jit(jax.jacfwd(equations.rates, argnums=1)), jax.jit(equations.rates)
    each = zip(probes.individuals, probes.states, strict=True)
    slopes = np.array([[slope(individual, state) for state in states] for individual, states in each])
    still = np.array([rate(individual, np.zeros(len(equations.names))) for individual in probes.individuals])
    # [state, state]: the slope does not depend on the state; the rate depends on the other state at all
    steady, used = _steady(slopes), (np.abs(slopes) > 0).any(axis=(0, 1))
    if model.form is not None:
        steady, used = _stated(model.form.slopes, equations.names)
    linear = _closed(steady, used, np.arange(len(steady)))
    others = np.setdiff1d(np.arange(len(steady)), linear)
    inside = steady.copy()
    inside[:, linear] = True  # a driven state may depend on linear ones in any way
    cut = used.copy()
    cut[:, linear] = False
    # a quadrature does not see how far off it is, and nobody looked whether it does for equations of a user's own
    driven = _closed(inside, cut, others) if model.form is None else others[:0]
    rest = np.setdiff1d(others, driven)
    drivers = linear[used[np.ix_(driven, linear)].any(axis=0)] if len(driven) else linear[:0]
    mean = slopes[:, 0]
    return Structure(
        _block(tuple(map(int, linear)), mean, used),
        tuple(_block(part, mean, used) for part in _together(driven, used)),
        tuple(map(int, drivers)),
        _entries(equations, probes, driven),
        tuple(map(int, rest)),
        bool((np.abs(still[:, linear]) > 0).any()),
    )


@dataclass(frozen=True)
class _Probes:
    """Some patients and states of theirs. Shapes: states [patient, draw, state]."""

    individuals: tuple[Individual, ...]
    states: Floats


def _probes(model: Model, count: int) -> _Probes:
    random = np.random.default_rng(0)
    typical = jax.tree.map(np.asarray, likely(model))
    moved = (jax.tree.map(lambda value: value * np.exp(0.3 * random.standard_normal()), typical) for _ in range(PROBES))
    # what is 0 in a typical patient need not stay so: in every other probe it is not
    beside = np.random.default_rng(1)
    individuals = tuple(
        jax.tree.map(lambda value: np.where(value == 0, beside.uniform(0.5, 2.0), value), one) if number % 2 else one
        for number, one in enumerate(moved)
    )
    return _Probes(individuals, np.exp(random.uniform(np.log(1e-3), np.log(1e3), (PROBES, PROBES, count))))


def _entries(equations: Equations, probes: _Probes, driven: NDArray[np.int64]) -> tuple[int, ...]:
    """Return the driven states that doses enter, or whose rates are not 0 where all driven states are."""
    rate, found = jax.jit(equations.rates), np.zeros(len(equations.names), bool)
    found[list(equations.places)] = True
    for individual, states in zip(probes.individuals, probes.states, strict=True):
        for state in states:
            state = state.copy()
            state[driven] = 0
            found |= np.asarray(rate(individual, state)) != 0
    return tuple(int(place) for place in driven if found[place])


def _steady(slopes: Floats) -> NDArray[np.bool_]:
    spread = slopes.max(axis=1) - slopes.min(axis=1)
    return np.asarray((spread <= SAME * (np.abs(slopes).max(axis=1) + 1e-300)).all(axis=0))


def _stated(
    slopes: Mapping[tuple[str, str], bool], names: tuple[str, ...]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return what equations say of themselves: where slopes are steady, and which rates depend on which states."""
    used = np.array([[(name, other) in slopes for other in names] for name in names], bool).reshape(len(names), -1)
    bent = np.array([[slopes.get((name, other)) is False for other in names] for name in names], bool)
    return ~bent.reshape(used.shape), used


def _closed(steady: NDArray[np.bool_], used: NDArray[np.bool_], among: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the largest set of states whose rates have steady slopes, and depend on nothing but each other."""
    kept = among
    while True:
        outside = np.setdiff1d(np.arange(len(steady)), kept)
        fine = steady[kept].all(axis=1) & ~used[np.ix_(kept, outside)].any(axis=1)
        if fine.all():
            return kept
        kept = kept[fine]


def _together(places: NDArray[np.int64], used: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Return the states that hang together."""
    if not len(places):
        return []
    number, label = connected_components(used[np.ix_(places, places)], directed=False)
    return [tuple(map(int, places[label == one])) for one in range(number)]


def _block(places: tuple[int, ...], slopes: Floats, used: NDArray[np.bool_]) -> Block:
    """Say how the matrix of some states can be exponentiated. Shapes: slopes [parameters, rate, state]."""
    matrices = slopes[:, places][:, :, places]
    if places and _is_chain(matrices):
        return Block(places, "chain")
    parts = _parts(used[np.ix_(places, places)])
    if len(places) <= 6 and all(len(part) <= 3 for part in parts) and _apart(matrices):
        return Block(places, "modes", parts)
    return Block(places, "matrix")


def _is_chain(matrices: Floats) -> bool:
    """Return whether each state passes on to the next, all at one rate. A state alone is no chain."""
    count = matrices.shape[1]
    rate = -matrices[:, 0, 0]
    chain = rate[:, None, None] * (np.eye(count, k=-1) - np.eye(count))
    return count > 1 and bool(np.allclose(matrices, chain, rtol=SAME, atol=0))


def _parts(used: NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    """Return the strongly connected parts, each before those that it flows into."""
    if not len(used):
        return ()
    number, label = connected_components(used, directed=True, connection="strong")
    members = [tuple(map(int, np.flatnonzero(label == one))) for one in range(number)]
    into = [{int(label[source]) for state in own for source in np.flatnonzero(used[state])} for own in members]
    order: list[int] = []
    while len(order) < number:
        order += [one for one in range(number) if one not in order and into[one] - {one} <= set(order)]
    return tuple(members[one] for one in order)


def _apart(matrices: Floats) -> bool:
    """Return whether all eigenvalues are real and none is another's, whatever the parameters."""
    for values in np.linalg.eigvals(matrices):
        gaps = np.abs(values[:, None] - values[None, :])[~np.eye(len(values), dtype=bool)]
        if np.abs(values.imag).max(initial=0) > 0 or gaps.min(initial=np.inf) <= 1e-6 * np.abs(values).max(initial=0):
            return False
    return True
