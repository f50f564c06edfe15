"""Whom: a patient who may be several, sampled by the No-U-Turn sampler; the columns of the data are whom.

The sampler sees continuous numbers alone, columns are summed over. Where all that columns differ in is moved by etas (a
genotype changes a clearance that varies between patients anyway), the individual parameters say all that a column does:
the same parameters have other etas in each, and one course is enough for all columns,

    p(parameters | measurements) ~ likelihood(parameters) · sum over columns c of share(c) · normal(etas of c)

which has no valley between columns for the sampler to be stuck at. Else there is a course for each column.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.fit.data import Case
from twin.fit.layout import Layout
from twin.fit.likelihood import Around, Likelihood, around, misfit, prior
from twin.fit.modes import Mode
from twin.fit.near import near_of, told_of
from twin.fit.people import people
from twin.model import Floats
from twin.solve.solver import Solver

_WARMUP = 500


class Drawn(NamedTuple):
    """Draws [eta, draw], the column of each [draw], how likely columns are [column], and the draws' worth, a share."""

    etas: Floats
    column: Any
    after: Floats
    worth: float


def by_nuts(likelihood: Likelihood, found: Mode, log_before: Floats, shares: Floats, luck: tuple[int, int]) -> Drawn:
    """Sample etas, made standard normal by Laplace's mixture [column]; `luck` is how many draws and the seed."""
    from numpyro.diagnostics import effective_sample_size

    from twin.fit.sample import sampled

    count, seed = luck
    apart = differing(likelihood)
    middles = found.etas + (0.0 if apart is None else apart)
    centre = middles @ shares
    off = middles - centre[:, None]
    spread = np.linalg.inv(found.hessian.transpose(2, 0, 1)).transpose(1, 2, 0) @ shares + (off * shares) @ off.T
    root = np.linalg.cholesky(spread)
    surprise = _each(likelihood, log_before) if apart is None else _shared(likelihood, log_before, apart)

    @jax.custom_vjp
    def potential(luck: Any) -> Any:
        return both(luck)[0]

    def both(luck: Any) -> tuple[Any, Any]:
        value, slope = surprise(centre + root @ luck)
        return value, root.T @ slope

    # forwards through the course, in as many directions as parameters vary: backwards takes four times as long
    potential.defvjp(both, lambda slope, by: (by * slope,))
    chains = sampled(potential, np.zeros((2, len(root))), _WARMUP, -(-count // 2), seed)
    worth = float(np.min(effective_sample_size(chains))) / chains[..., 0].size
    etas = centre[:, None] + root @ chains.reshape(-1, len(root)).T[:, :count]
    likely = jax.nn.softmax(log_before[:, None] - _surprises(likelihood, etas, apart), axis=0)
    chances = np.asarray(likely)
    column = (np.cumsum(chances, axis=0) < np.random.default_rng(seed).random(count)).sum(axis=0)
    column = np.minimum(column, len(shares) - 1)
    own = etas if apart is None else etas - apart[:, column]
    return Drawn(own, column, chances.mean(axis=1), min(worth, 1.0))


def differing(likelihood: Likelihood) -> Floats | None:
    """Return by how much etas of the first column are more than those of each that has the same individual parameters.

    None where columns differ in what etas do not move, or in time. Shape: [eta, column]. Call it inside
    `twin.engine.float64_on_cpu`.
    """
    layout, case = likelihood.layout, likelihood.case
    if case.occasion is not None or layout.parted.fields:
        return None
    typical = _typical(layout, np.zeros((layout.width, likelihood.patients)), case)._asdict()
    if any((np.asarray(value) != value[0]).any() for name, value in typical.items() if name not in layout.etas):
        return None
    placed = [layout.model.variability.placed(name, np.asarray(typical[name])) for name in layout.etas]
    found = np.array([one - one[0] for one in placed])
    return found if np.isfinite(found).all() else None


Surprise = Callable[[Any], tuple[Any, Any]]
"""What speaks against etas [eta], all columns together, and its gradient."""


def _each(likelihood: Likelihood, log_before: Floats) -> Surprise:
    """Return what speaks against etas that are the same in each column."""

    def both(etas: Any) -> tuple[Any, Any]:
        wide = jnp.broadcast_to(etas[:, None], (len(etas), len(log_before)))
        found = _around(likelihood.layout, likelihood.solver, wide, likelihood.case)
        log = log_before - found.value
        return -jax.nn.logsumexp(log), jnp.sum(jax.nn.softmax(log) * found.slope, axis=1)

    return both


def _shared(likelihood: Likelihood, log_before: Floats, apart: Floats) -> Surprise:
    """Return what speaks against etas of the first column, where all columns share a course."""
    one = likelihood.only(0)

    def both(etas: Any) -> tuple[Any, Any]:
        found = _around(one.layout, one.solver, etas[:, None], one.case)
        (mine, by_mine), (each, by_each) = (_prior(one.layout, some) for some in (etas[:, None], etas[:, None] - apart))
        log = log_before - each
        value = found.value[0] - mine[0] - jax.nn.logsumexp(log)
        return value, found.slope[:, 0] - by_mine[:, 0] + by_each @ jax.nn.softmax(log)

    return both


def _prior(layout: Layout, etas: Any) -> tuple[Any, Any]:
    """Return what etas [eta, column] add to g, [column], and its gradient."""
    population = layout.unpack(jnp.zeros((0, etas.shape[1])))
    white = population.white[..., 0]
    return prior(population, etas), white.T @ (white @ etas)


def _surprises(likelihood: Likelihood, etas: Floats, apart: Floats | None) -> Floats:
    """Return what of g differs between columns, of each draw: [column, draw]."""
    if apart is not None:
        return np.array([_prior(likelihood.layout, etas - one[:, None])[0] for one in apart.T])
    each = map(likelihood.only, range(likelihood.patients))
    return np.array([penalties(one.layout, one.solver, etas, one.case) for one in each])


@partial(jax.jit, static_argnums=(0, 1))
def penalties(layout: Layout, solver: Solver, etas: Any, case: Case) -> Any:
    """Return g for each draw of one patient's etas [eta, draw]: [draw]. The case has one column, or one a draw."""
    count = etas.shape[1]
    wide: Case = jax.tree.map(lambda one: jnp.broadcast_to(one, (*jnp.shape(one)[:-1], count)), case)
    population = layout.unpack(jnp.zeros((0, count)))
    told = told_of(layout.model, solver, people(layout, population, etas, wide), wide)
    return misfit(layout, population, told, wide) + prior(population, etas)


@partial(jax.jit, static_argnums=(0, 1))
def _around(layout: Layout, solver: Solver, etas: Any, case: Case) -> Around:
    """Return g and its gradient at the etas of each column of the case: [eta, column]."""
    line = jnp.zeros((0, etas.shape[1]))
    told = near_of(layout.model, solver, layout.places, people(layout, layout.unpack(line), etas, case), case)
    return around(layout, line, etas, case, told)


@partial(jax.jit, static_argnums=0)
def _typical(layout: Layout, etas: Any, case: Case) -> Any:
    return people(layout, layout.unpack(jnp.zeros((0, etas.shape[1]))), etas, case)
