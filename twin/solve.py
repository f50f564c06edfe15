"""Linear kinetics in closed form: modes of an oral two-compartment drug, transit chains driven by quadrature.

Nothing here is integrated step by step. Arrays have the patient on the last axis; rates are 1/h, times h.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

NODES = 20
"""Quadrature nodes in an interval: the relative error of the INR is below 1e-7 at a step of a day."""


class Modes(NamedTuple):
    """The two exponentials of a two-compartment drug: amount in the central compartment after a unit bolus there is
    fast_share · e^(-fast·t) + slow_share · e^(-slow·t)."""

    fast_per_h: jax.Array
    slow_per_h: jax.Array
    fast_share: jax.Array
    slow_share: jax.Array


def two_compartment_modes(elimination: jax.Array, outward: jax.Array, inward: jax.Array) -> Modes:
    """Return the modes for the rates out of the body (k10), to the periphery (k12) and back (k21), [patient] each.

    With k12 > 0 the two rates never coincide. Source: Gibaldi & Perrier, Pharmacokinetics, 2nd ed. 1982, ch. 2.
    """
    total = elimination + outward + inward
    gap = jnp.sqrt((elimination + outward - inward) ** 2 + 4 * outward * inward)
    fast = (total + gap) / 2
    slow = elimination * inward / fast
    return Modes(fast, slow, (fast - inward) / gap, (inward - slow) / gap)


def in_passage(first: jax.Array, second: jax.Array, hours: jax.Array) -> jax.Array:
    """Return ∫₀ᵗ e^(-a·s) e^(-b·(t-s)) ds = (e^(-a·t) - e^(-b·t)) / (b - a), also where the rates a and b coincide.

    It is the response of a mode of rate b to an input that decays with rate a.
    """
    gap = jnp.abs(second - first)
    apart = gap > 0
    safe = jnp.where(apart, gap, 1.0)
    share = jnp.where(apart, -jnp.expm1(-safe * hours) / safe, hours)
    return jnp.exp(-jnp.minimum(first, second) * hours) * share


def graded_nodes(hours: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return nodes and weights, [node] each, of a Gauss-Legendre rule for ∫₀ʰ f(t) dt, dense near 0.

    The substitution t = h·x² takes the edge off an effect that rises as a fractional power of time after a dose.
    """
    x, weights = np.polynomial.legendre.leggauss(NODES)
    x, weights = (x + 1) / 2, weights / 2
    return hours * jnp.asarray(x**2), hours * jnp.asarray(2 * x * weights)


def transit_response(rate: jax.Array, hours: jax.Array, length: int) -> jax.Array:
    """Return a transit chain's response to a unit put into its first compartment `hours` ago.

    `rate` and `hours` broadcast to one shape; the result is [compartment, ...]: e^(-k·t) (k·t)^j / j!, j = 0 ... .
    """
    passed = rate * hours
    terms = [jnp.exp(-passed)]
    for order in range(1, length):
        terms.append(terms[-1] * passed / order)
    return jnp.stack(terms)


def carry_chain(response: jax.Array, content: jax.Array) -> jax.Array:
    """Return a chain's content after an interval without input.

    `response` [compartment, patient] is `transit_response` over the interval, `content` [compartment, patient].
    """
    length = content.shape[0]
    return jnp.stack([sum(response[j - i] * content[i] for i in range(j + 1)) for j in range(length)])
