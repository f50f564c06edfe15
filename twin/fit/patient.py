"""One patient's parameters, from a population's and what was measured of the patient: Bayes's theorem.

The etas at which the posterior is highest (MAP) are found by the search that FOCEI uses. Its curvature there gives a
normal distribution (Laplace); draws from a slightly wider one are weighted by the posterior itself and drawn again, so
that intervals are not bound to the normal shape. NUTS samples the posterior without either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from twin.engine import TOLERANCE, float64_on_cpu
from twin.fit.course import course
from twin.fit.data import Case, DataSet
from twin.fit.layout import Layout, Population, layout, published
from twin.fit.likelihood import Likelihood, Mode, measured, modes, people, prior, residual
from twin.model import Floats, Individual, Model
from twin.solve.choose import solver_of
from twin.solve.solver import Solver

METHODS = ("map", "nuts")
DRAWS = 1000
_WIDER = 1.15
"""By how much the draws' normal distribution is wider than Laplace's: weights need tails."""
_FEW = 0.1
"""Draws are worth less than this share of their number: the posterior is not nearly normal."""
_WARMUP = 500


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of one patient: draws of the etas, and of the individual parameters.

    - `etas` [eta, draw], `people` [draw] by field; `mode` is the most likely person, [1] by field;
    - `shares` [column]: how likely each column of the data is, where a covariate is not known; `column` [draw];
    - `worth`: how many independent draws these are worth, as a share. `warnings` in words.
    """

    likelihood: Likelihood
    data: DataSet
    method: str
    etas: Floats
    people: Individual
    mode: Individual
    shares: Floats
    column: Any
    worth: float
    warnings: tuple[str, ...]

    @property
    def model(self) -> Model:
        """Whose parameters these are."""
        return self.likelihood.layout.model

    def to_json(self, level: float = 0.9) -> dict[str, Any]:
        """Return each parameter that varies: the most likely value, the median and the bounds that hold `level`."""
        bounds = (0.5, 0.5 - level / 2, 0.5 + level / 2)
        found = {}
        for field in self.likelihood.layout.etas:
            middle, lower, upper = np.quantile(getattr(self.people, field), bounds)
            found[field] = {
                "mode": float(getattr(self.mode, field)[0]),
                "median": float(middle),
                "lower": float(lower),
                "upper": float(upper),
            }
        return {
            "model": self.model.name,
            "method": self.method,
            "level": level,
            "parameters": found,
            "observations": int(self.data.case.measured.used[:, 0].sum()),
            "draws": int(self.etas.shape[1]),
            "warnings": list(self.warnings),
        }


def fit_patient(
    model: Model,
    data: DataSet,
    *,
    method: str = "map",
    population: Population | None = None,
    prior_shares: Sequence[float] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Posterior:
    """Fit one patient's parameters, within a population (the model's own if not given).

    Several columns of the data (`twin.fit.data.either`) are what the patient may be, with shares beforehand.
    Raises `ValueError` for a method that there is none of, and for a model without variability.
    """
    if method not in METHODS:
        raise ValueError(f"got method {method!r}, expected one of {', '.join(METHODS)}")
    own = population or published(model)
    etas = tuple(model.variability.between)
    if not etas:
        raise ValueError(f"{model.name} states no variability between patients: a patient's data change nothing")
    fixed = (*own.theta, *(f"between patients: {name}" for name in etas), *(f"residual: {name}" for name in own.sigma))
    with float64_on_cpu():
        solver = solver_of(model, data.case.plan.rate is not None)
        likelihood = Likelihood(layout(model, own, data.case.covariates, etas, fixed), solver, data.case)
        line = likelihood.line(np.zeros(0))
        while True:
            found = modes(likelihood, line, np.zeros((len(etas), likelihood.patients)))
            finer = likelihood.solver.finer
            if finer is None or likelihood.accuracy(line, found.etas) <= TOLERANCE:
                break
            likelihood = replace(likelihood, solver=finer())
        return _drawn(likelihood, data, found, method, _weighed(found, prior_shares), (draws, seed))


def _weighed(found: Mode, beforehand: Sequence[float] | None) -> Floats:
    """Return how likely each column is: its share beforehand times the measurements' likelihood (Laplace)."""
    count = found.etas.shape[1]
    if count == 1:
        return np.ones(1)
    _, size = np.linalg.slogdet(found.hessian.transpose(2, 0, 1))
    log = np.log(np.full(count, 1 / count) if beforehand is None else np.asarray(beforehand, np.float64))
    log = log - found.penalty - 0.5 * size
    shares = np.exp(log - log.max())
    return np.asarray(shares / shares.sum())


def _drawn(
    likelihood: Likelihood, data: DataSet, found: Mode, method: str, shares: Floats, luck: tuple[int, int]
) -> Posterior:
    """Return the posterior with draws; `luck` is how many and the seed."""
    draws, seed = luck
    random = np.random.default_rng(seed)
    counts = np.diff(np.floor(np.cumsum(np.concatenate([[0.0], shares])) * draws + random.random()).astype(int))
    warnings = [] if found.found.all() else ["the search for the most likely parameters did not end well"]
    parts, worth = [], []
    for column, count in enumerate(counts.tolist()):
        if count:
            one = likelihood.only(column)
            sampled = _by_nuts if method == "nuts" else _by_weight
            etas, good = sampled(one, found, column, count, int(random.integers(2**31)))
            parts.append(etas)
            worth.append(good * count / draws)
    etas, columns = np.concatenate(parts, axis=1), np.repeat(np.arange(len(counts)), counts)
    if sum(worth) < _FEW:
        warnings.append(f"the draws are worth {sum(worth):.0%} of their number; NUTS would be better")
    covariates = {name: values[columns] for name, values in likelihood.case.covariates.items()}
    person = _people(likelihood.layout, etas, covariates)
    best = int(np.argmax(shares))
    mode = _people(
        likelihood.layout,
        found.etas[:, best : best + 1],
        {name: values[best : best + 1] for name, values in likelihood.case.covariates.items()},
    )
    return Posterior(likelihood, data, method, etas, person, mode, shares, columns, sum(worth), tuple(warnings))


def _by_weight(one: Likelihood, found: Mode, column: int, count: int, seed: int) -> tuple[Floats, float]:
    """Return draws [eta, draw] by importance, and what share of them they are worth."""
    random = np.random.default_rng(seed)
    root = np.linalg.inv(np.linalg.cholesky(found.hessian[:, :, column])).T * _WIDER
    luck = random.standard_normal((len(root), count))
    etas = found.etas[:, column, None] + root @ luck
    log = -np.asarray(_penalties(one.layout, one.solver, etas, one.case)) + 0.5 * np.sum(luck**2, axis=0)
    log = np.where(np.isfinite(log), log, -np.inf)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    places = np.searchsorted(np.cumsum(weight), (np.arange(count) + random.random()) / count)
    return etas[:, np.minimum(places, count - 1)], float(1 / np.sum(weight**2) / count)


def _by_nuts(one: Likelihood, found: Mode, column: int, count: int, seed: int) -> tuple[Floats, float]:
    """Return draws [eta, draw] by the No-U-Turn sampler, on etas that Laplace's approximation makes standard normal."""
    from numpyro.diagnostics import effective_sample_size

    from twin.fit.sample import sampled

    root = np.linalg.inv(np.linalg.cholesky(found.hessian[:, :, column])).T

    def potential(luck: Any) -> Any:
        etas = found.etas[:, column, None] + (root @ luck)[:, None]
        return _penalties(one.layout, one.solver, etas, one.case)[0]

    chains = sampled(potential, np.zeros((2, len(root))), _WARMUP, -(-count // 2), seed)
    worth = float(np.min(effective_sample_size(chains))) / chains[..., 0].size
    luck = chains.reshape(-1, len(root)).T[:, :count]
    return found.etas[:, column, None] + root @ luck, min(worth, 1.0)


@partial(jax.jit, static_argnums=(0, 1))
def _penalties(layout: Layout, solver: Solver, etas: Any, case: Case) -> Any:
    """Return g for each draw of one patient's etas [eta, draw]: [draw]. The case has one column."""
    count = etas.shape[1]
    wide: Case = jax.tree.map(lambda one: jnp.broadcast_to(one, (*jnp.shape(one)[:-1], count)), case)
    population = layout.unpack(jnp.zeros((0, count)))
    seen, _ = course(layout.model, solver, people(layout, population, etas, wide.covariates), wide.plan)
    told = jnp.take_along_axis(seen, wide.measured.kind[:, None], axis=1)[:, 0]
    found = residual(layout, population, told, wide)
    away = (measured(layout, wide) - found.mean) * jnp.exp(-found.log_sd)
    each = jnp.where(wide.measured.used, found.log_sd + 0.5 * away**2, 0.0)
    return jnp.sum(each, axis=0) + prior(population, etas)


def _people(layout: Layout, etas: Floats, covariates: Any) -> Individual:
    """Return individual parameters [draw]."""
    return jax.tree.map(np.asarray, _people_traced(layout, etas, covariates))


@partial(jax.jit, static_argnums=0)
def _people_traced(layout: Layout, etas: Any, covariates: Any) -> Individual:
    population = layout.unpack(jnp.zeros((0, etas.shape[1])))
    return people(layout, population, etas, covariates)
