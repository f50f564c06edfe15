"""One patient's parameters, from a population's and what was measured of the patient: Bayes's theorem.

The etas at which the posterior is highest (MAP) are found by the search that FOCEI uses. Its curvature there gives a
normal distribution (Laplace); draws from a slightly wider one are weighted by the posterior itself and drawn again, so
that intervals are not bound to the normal shape. NUTS samples the posterior without either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.engine import TOLERANCE, float64_on_cpu
from twin.fit.data import UNPARTED, Case, DataSet, parted_of
from twin.fit.layout import Layout, Population, as_parted, layout, published
from twin.fit.likelihood import Around, Likelihood
from twin.fit.modes import Mode, modes, near_modes
from twin.fit.people import people
from twin.fit.stretches import chosen
from twin.fit.whom import Drawn, by_nuts, penalties
from twin.model import Floats, Individual, Model
from twin.solve.choose import solver_of

METHODS = ("map", "nuts")
DRAWS = 1000
_WIDER = 1.15
"""By how much the draws' normal distribution is wider than Laplace's: weights need tails."""
_SPREAD = 0.1
"""Of the draws, the share that goes alike to all columns, however unlikely."""
_FEW = 0.1
"""Draws are worth less than this share of their number: the posterior is not nearly normal."""
_NEAR_BEST, _NEAR = 1e-8, 1e-4
"""How near the etas of the most likely column and of others are looked for: see `near_modes`."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of one patient: draws of the etas, and of the individual parameters.

    - `etas` [eta, draw], `people` [draw] by field, [stretch, draw] of fields that differ between stretches of time;
    - `apart`, `mode`: the draws [draw] and the most likely person [1], by field, as they are behind the last record,
      but for how occasions differ;
    - `shares` [column]: how likely each column of the data is, where a covariate is not known; `column` [draw];
    - `worth`: how many independent draws these are worth, as a share. `warnings` in words.
    """

    likelihood: Likelihood
    data: DataSet
    method: str
    etas: Floats
    people: Individual
    apart: Individual
    mode: Individual
    shares: Floats
    column: Any
    worth: float
    warnings: tuple[str, ...]

    @property
    def model(self) -> Model:
        """Whose parameters these are."""
        return self.likelihood.layout.model

    @property
    def ahead(self) -> Individual:
        """The draws behind the last record, on an occasion still to come where they differ: [draw] by field."""
        told = self.likelihood.case.plan.stretches
        return self.people if told is None else self._on(int(told.piece[-1, 0]))

    def _on(self, stretch: int) -> Individual:
        with float64_on_cpu():
            return jax.tree.map(np.asarray, chosen(self.people, np.full(self.etas.shape[1], stretch)))

    def to_json(self, level: float = 0.9) -> dict[str, Any]:
        """Return each parameter that varies: the most likely value, the median and the bounds that hold `level`."""
        found = {
            field: {"mode": float(getattr(self.mode, field)[0]), **_bounds(getattr(self.apart, field), level)}
            for field in self.likelihood.layout.etas
        }
        return {
            "model": self.model.name,
            "method": self.method,
            "level": level,
            "parameters": found,
            **self._in_time(level),
            "observations": self.data.observed(0),
            "draws": int(self.etas.shape[1]),
            "warnings": list(self.warnings),
        }

    def _in_time(self, level: float) -> dict[str, Any]:
        """Return what changes in time: which covariates, and each occasion's parameters; nothing without."""
        changing, layout = self.data.changing, self.likelihood.layout
        if changing is None:
            return {}
        last = {name: place for place, name in enumerate(changing.occasion[:, 0])}  # of equal ones the latest
        occasions = {
            called: {
                field: _bounds(np.asarray(getattr(self._on(last[number]), field)), level)
                for field in layout.parted.fields
            }
            for number, called in enumerate(changing.occasions[0])
        }
        return {"changing": changing.to_json(), "occasions": occasions}


def _bounds(values: Floats, level: float) -> dict[str, float]:
    """Return the median and the bounds that hold `level` of draws."""
    middle, lower, upper = np.quantile(values, (0.5, 0.5 - level / 2, 0.5 + level / 2))
    return {"median": float(middle), "lower": float(lower), "upper": float(upper)}


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

    Several columns of the data (`twin.fit.one.of_whom`) are what the patient may be, with shares beforehand.
    Raises `ValueError` for a method that there is none of, and for a model without variability.
    """
    if method not in METHODS:
        raise ValueError(f"got method {method!r}, expected one of {', '.join(METHODS)}")
    etas, parted = tuple(model.variability.between), parted_of(model, data)
    own = as_parted(population or published(model), model, parted)
    if not etas and not parted.fields:
        raise ValueError(f"{model.name} states no variability between patients: a patient's data change nothing")
    fixed = (*own.theta, *(f"between patients: {name}" for name in etas), *(f"residual: {name}" for name in own.sigma))
    fixed = (*fixed, *(f"between occasions: {name}" for name in parted.fields))
    with float64_on_cpu():
        solver = solver_of(model, data.case.plan.rate is not None)
        likelihood = Likelihood(layout(model, own, data.case.covariates, etas, fixed, parted), solver, data.case)
        line, before = likelihood.line(np.zeros(0)), _log_before(likelihood.patients, prior_shares)
        while True:
            found = _most_likely(likelihood, line, before)
            finer = likelihood.solver.finer
            if finer is None or likelihood.accuracy(line, found.etas) <= TOLERANCE:
                break
            likelihood = replace(likelihood, solver=finer())
        return _drawn(likelihood, data, found, method, _weighed(found, before), (draws, seed))


class _Columns(NamedTuple):
    """How likely each column is: the logarithm of its share beforehand, and its share by Laplace's approximation."""

    log_before: Floats
    likely: Floats


def _log_before(count: int, shares: Sequence[float] | None) -> Floats:
    """Return the logarithm of how likely columns are beforehand: [column]."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.full(count, 1 / count) if shares is None else np.asarray(shares, np.float64)))


def _log_likely(before: Floats, penalty: Floats, hessian: Floats) -> Floats:
    """Return the logarithm of how likely columns are by Laplace's approximation, but for a number: [column]."""
    _, size = np.linalg.slogdet(hessian.transpose(2, 0, 1))
    return np.asarray(before - penalty - 0.5 * size)


def _most_likely(likelihood: Likelihood, line: Floats, before: Floats) -> Mode:
    """Return the most likely etas of each column.

    Of several columns all but the most likely one are looked for roughly, and none with second derivatives: draws are
    weighed by the posterior itself.
    """
    if likelihood.patients == 1:
        return modes(likelihood, line, np.zeros((likelihood.layout.width, 1)))

    def close(now: Around) -> Floats:
        log = _log_likely(before, now.value, now.information)
        return np.where(np.nan_to_num(log, nan=-np.inf) >= np.nanmax(log), _NEAR_BEST, _NEAR)

    return near_modes(likelihood, line, close)


def _weighed(found: Mode, before: Floats) -> _Columns:
    """Return how likely columns are: their shares beforehand times the measurements' likelihood."""
    log = _log_likely(before, found.penalty, found.hessian)
    shares = np.exp(log - log.max())
    return _Columns(before, np.asarray(shares / shares.sum()))


def _drawn(
    likelihood: Likelihood, data: DataSet, found: Mode, method: str, columns: _Columns, luck: tuple[int, int]
) -> Posterior:
    """Return the posterior with draws; `luck` is how many and the seed. Shares are Laplace's, then the draws' own."""
    warnings = [] if found.found.all() else ["the search for the most likely parameters did not end well"]
    if likelihood.layout.model.variability.occasions and not likelihood.layout.parted.fields:
        warnings.append(f"variability between occasions is not told apart, {UNPARTED}")
    sampled = by_nuts if method == "nuts" else _by_weight
    etas, column, after, worth = sampled(likelihood, found, *columns, luck)
    if worth < _FEW:
        warnings.append(f"the draws are worth {worth:.0%} of their number; NUTS would be better")
    layout, case, best = likelihood.layout, likelihood.case, int(np.argmax(after))
    own = jax.tree.map(lambda one: one[..., column], case)
    likely = jax.tree.map(lambda one: one[..., best : best + 1], case)
    person = _people(layout, etas, own)
    apart, mode = (
        _behind(_people(layout, _typical(layout, these), those), those)
        for these, those in ((etas, own), (found.etas[:, best : best + 1], likely))
    )
    return Posterior(likelihood, data, method, etas, person, apart, mode, after, column, worth, tuple(warnings))


def _typical(layout: Layout, etas: Floats) -> Floats:
    """Return etas of a typical occasion."""
    return np.where(np.arange(len(etas))[:, None] < len(layout.etas), etas, 0.0)


def _behind(people: Individual, case: Case) -> Individual:
    """Return parameters as they are behind the last record, [draw] by field."""
    told = case.plan.stretches
    return people if told is None else jax.tree.map(np.asarray, chosen(people, told.piece[-1]))


def _by_weight(likelihood: Likelihood, found: Mode, log_before: Floats, shares: Floats, luck: tuple[int, int]) -> Drawn:
    """Return draws [eta, draw] by importance, the column of each, how likely columns are, and the draws' worth.

    Columns are proposed as often as they are likely, a few of each in any case; the weights correct both that and
    Laplace's approximation.
    """
    count, seed = luck
    random, proposed = np.random.default_rng(seed), (1 - _SPREAD) * shares + _SPREAD / len(shares)
    column = np.searchsorted(np.cumsum(proposed), (np.arange(count) + random.random()) / count)
    column = np.minimum(column, len(shares) - 1)
    roots = np.linalg.inv(np.linalg.cholesky(found.hessian.transpose(2, 0, 1))).transpose(0, 2, 1) * _WIDER
    normal = random.standard_normal((roots.shape[1], count))
    etas = found.etas[:, column] + np.einsum("dij,jd->id", roots[column], normal)
    _, size = np.linalg.slogdet(roots)
    case = jax.tree.map(lambda one: one[..., column], likelihood.case)
    log = -np.asarray(penalties(likelihood.layout, likelihood.solver, etas, case)) + 0.5 * np.sum(normal**2, axis=0)
    log = log + size[column] + (log_before - np.log(proposed))[column]
    log = np.where(np.isfinite(log), log, -np.inf)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    kept = np.minimum(np.searchsorted(np.cumsum(weight), (np.arange(count) + random.random()) / count), count - 1)
    after = np.bincount(column, weights=weight, minlength=len(shares)).astype(np.float64)
    return Drawn(etas[:, kept], column[kept], after, float(1 / np.sum(weight**2) / count))


def _people(layout: Layout, etas: Floats, case: Case) -> Individual:
    """Return individual parameters [draw], or [stretch, draw]."""
    return jax.tree.map(np.asarray, _people_traced(layout, etas, case))


@partial(jax.jit, static_argnums=0)
def _people_traced(layout: Layout, etas: Any, case: Case) -> Individual:
    population = layout.unpack(jnp.zeros((0, etas.shape[1])))
    return people(layout, population, etas, case)
