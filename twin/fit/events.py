"""Events in time: how likely it is that they happened when they did, from the hazard that a model has.

With the cumulative hazard H from one record to the next and the hazard h at the latter, a record that nothing happened
until then (DV 0) adds -H to the logarithm of the likelihood, one of an event at that moment (DV 1) -H + ln h, and one
that an event happened in between (DV 2) ln(1 - exp(-H)): right and interval censoring, and events that come again.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

EVENT = "event"
"""What the DVID of such a record is."""
NOTHING, NOW, BETWEEN = 0, 1, 2
"""What its DV may be."""
LEAST = 1e-300


class Happened(NamedTuple):
    """Records of events; patients with fewer have some of code -1. Shapes: [event, patient].

    `risk` is the row, among what is foretold, of the cumulative hazard; `before` that of the record before, -1 where
    there is none; `log_hazard` the row of ln h.
    """

    code: Any
    risk: Any
    before: Any
    log_hazard: Any


def risked(happened: Happened, rows: Any) -> Any:
    """Return H between records, [event, patient], or its derivatives, from rows of the whole, [row, patient]."""
    until = jnp.take_along_axis(rows, happened.risk, axis=0)
    earlier = jnp.take_along_axis(rows, jnp.maximum(happened.before, 0), axis=0)
    return until - jnp.where(happened.before < 0, 0.0, earlier)


def surprise(happened: Happened, foretold: Any) -> Any:
    """Return minus the logarithm of the likelihood of all events, [patient], from what is foretold, [row, patient]."""
    risk, log_hazard = risked(happened, foretold), jnp.take_along_axis(foretold, happened.log_hazard, axis=0)
    inside = happened.code == BETWEEN
    within = -jnp.log(-jnp.expm1(-jnp.where(inside, jnp.maximum(risk, LEAST), 1.0)))
    until = jnp.where(happened.code == NOW, risk - log_hazard, risk)
    return jnp.sum(jnp.where(inside, within, jnp.where(happened.code < 0, 0.0, until)), axis=0)


def roots(happened: Happened, foretold: Any, by_eta: Any) -> Any:
    """Return rows whose products are about the information on etas: [eta, event, patient].

    They only lead a search: H'H'/H is the Hessian where a parameter multiplies the hazard. Shapes: by_eta [eta, row,
    patient], how what is foretold moves with etas.
    """
    risk = jnp.maximum(risked(happened, foretold), 1e-12)
    moved = jax.vmap(lambda rows: risked(happened, rows))(by_eta)
    of_both = jnp.where(happened.code == BETWEEN, jnp.exp(-risk) / -jnp.expm1(-risk), 1.0 / risk)
    return jnp.where(happened.code < 0, 0.0, moved * jnp.sqrt(of_both))
