"""Likelihoods: how likely measurements are, given etas; `twin.fit.modes` integrates the etas out.

Of one patient, with predictions f(eta), residual standard deviations s(eta) and etas of covariance Omega,

    g(eta) = sum of [ln s + (y - f)^2 / (2 s^2)] + eta' Omega^-1 eta / 2 + ln|Omega| / 2
    -2 ln L = 2 g(etâ) + ln|H|,    etâ where g is least

in Laplace's approximation, H the Hessian of g there. In that of FOCEI (first-order conditional estimation with
interaction) H is what is expected of it: the Fisher information of normal measurements, sum of (f' f'^T + 2 s' s'^T) /
s^2, plus Omega^-1. As in NONMEM and nlmixr2, n ln(2 pi) of the n measurements is left out; where the error is on the
logarithm, y and f are logarithms. Each patient has a column of the fitted numbers of their own, so that one pass
backwards gives every patient's gradient; the etas follow the numbers by the implicit function theorem. Events in time
add what `twin.fit.events` says to g; of them FOCEI knows nothing.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.fit.course import course
from twin.fit.data import Case
from twin.fit.events import roots, surprise
from twin.fit.layout import Layout, Population
from twin.fit.near import Near, foretold, near
from twin.fit.people import people
from twin.fit.stretches import read
from twin.model import Floats, Individual, Model
from twin.solve.solver import Solver

LEAST = 1e-200
"""What is no smaller: a deviation, a diagonal."""


class Moments(NamedTuple):
    """What is foretold of each measurement, or of its logarithm, and the logarithm of its standard deviation.

    Shapes: [observation, patient].
    """

    mean: Any
    log_sd: Any


def residual(layout: Layout, population: Population, seen: Any, case: Case) -> Moments:
    """Return moments of measurements from what is foretold of them, [observation, patient]."""
    mean, log_sd = jnp.zeros((2, *case.measured.value.shape))
    for number, name in enumerate(layout.model.observables):
        error = layout.model.errors.get(name)
        if error is None:
            continue
        own = case.measured.used & (case.measured.kind == number)
        told = jnp.where(own, seen, 1.0)
        if error.on_log is not None:
            told = jnp.maximum(told, LEAST)
        sd = error.deviation(population.sigma[name], told)
        mean = jnp.where(own, jnp.log(told) if error.on_log is not None else told, mean)
        log_sd = jnp.where(own, jnp.log(jnp.maximum(sd, LEAST)), log_sd)
    return Moments(mean, log_sd)


def measured(layout: Layout, case: Case) -> Any:
    """Return what was measured, or its logarithm where the error is on that: [observation, patient]."""
    found = jnp.where(case.measured.used, case.measured.value, 0.0)
    for number, name in enumerate(layout.model.observables):
        error = layout.model.errors.get(name)
        if error is not None and error.on_log is not None:
            own = case.measured.used & (case.measured.kind == number)
            found = jnp.where(own, jnp.log(jnp.where(own, case.measured.value, 1.0)), found)
    return found


def misfit(layout: Layout, population: Population, told: Any, case: Case) -> Any:
    """Return what measurements and events add to g, [patient], from what is foretold of them."""
    found = residual(layout, population, told, case)
    away = (measured(layout, case) - found.mean) * jnp.exp(-found.log_sd)
    each = jnp.sum(jnp.where(case.measured.used, found.log_sd + 0.5 * away**2, 0.0), axis=0)
    return each if case.happened is None else each + surprise(case.happened, told)


def prior(population: Population, etas: Any) -> Any:
    """Return what the etas add to g, [patient]."""
    width = jnp.sum(jnp.log(jnp.diagonal(population.white)), axis=-1)
    return 0.5 * jnp.sum(jnp.sum(population.white * etas, axis=1) ** 2, axis=0) - width


def directions(etas: Any) -> Any:
    """Return a step in each eta, all patients alike: [eta, eta, patient]."""
    return jnp.broadcast_to(jnp.eye(len(etas))[..., None], (len(etas), *etas.shape))


def _squared(rows: Any) -> Any:
    """Return the products of rows with each other. Shapes: [eta, item, patient] -> [eta, eta, patient]."""
    return jnp.sum(rows[:, None] * rows[None], axis=2)


class Around(NamedTuple):
    """g near some etas: value [patient], slope [eta, patient], and expected information [eta, eta, patient]."""

    value: Any
    slope: Any
    information: Any


class _Linear(NamedTuple):
    """Moments near some etas, and their slopes in these: [eta, observation, patient]; 0 where nothing was measured.

    `seen` is what is foretold, `by_eta` its slopes.
    """

    found: Moments
    mean: Any
    log_sd: Any
    seen: Any
    by_eta: Any


def _linear(layout: Layout, population: Population, etas: Any, case: Case, told: Near) -> _Linear:
    def place(now: Any) -> Any:
        return jnp.stack(read(people(layout, population, now, case), layout.places))

    at, moved = jax.vmap(lambda way: jax.jvp(place, (etas,), (way,)), out_axes=(None, 0))(directions(etas))
    seen, by_place = foretold(told, at)
    by_eta = jnp.sum(by_place * moved[:, :, None], axis=1)
    found, rate = jax.jvp(lambda seen: residual(layout, population, seen, case), (seen,), (jnp.ones_like(seen),))
    used = case.measured.used
    mean, log_sd = (jnp.where(used, one, 0.0) * by_eta for one in rate)
    return _Linear(found, mean, log_sd, seen, by_eta)


def around(layout: Layout, line: Any, etas: Any, case: Case, told: Near) -> Around:
    """Return g, its gradient in the etas, and FOCEI's H. Shapes: line [number, patient], etas [eta, patient]."""
    population, used = layout.unpack(line), case.measured.used
    near_by = _linear(layout, population, etas, case, told)
    found = near_by.found
    away = jnp.where(used, (measured(layout, case) - found.mean) * jnp.exp(-found.log_sd), 0.0)
    mean, wide = near_by.mean * jnp.exp(-found.log_sd), near_by.log_sd
    precision = _squared(population.white.swapaxes(0, 1))
    slope = jnp.sum(wide * (1 - away**2) - mean * away, axis=1) + jnp.sum(precision * etas, axis=1)
    rows = [mean, jnp.sqrt(2.0) * wide]
    value = jnp.sum(jnp.where(used, found.log_sd, 0.0) + 0.5 * away**2, axis=0) + prior(population, etas)
    if case.happened is not None:
        seen, happened = near_by.seen, case.happened
        value = value + surprise(happened, seen)
        slope = slope + jnp.sum(jax.grad(lambda one: jnp.sum(surprise(happened, one)))(seen) * near_by.by_eta, axis=1)
        rows.append(roots(happened, seen, near_by.by_eta))
    return Around(value, slope, _squared(jnp.concatenate(rows, axis=1)) + precision)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The likelihood of a data set under a model. All methods compute inside `twin.engine.float64_on_cpu`."""

    layout: Layout
    solver: Solver
    case: Case

    @property
    def patients(self) -> int:
        """How many there are."""
        return int(self.case.measured.used.shape[-1])

    def only(self, patient: int) -> "Likelihood":
        """Return that of one patient."""
        case = jax.tree.map(lambda one: np.asarray(one)[..., patient : patient + 1], self.case)
        return replace(self, case=case)

    def line(self, numbers: Floats) -> Floats:
        """Return the numbers for each patient: [number, patient]."""
        return np.broadcast_to(numbers[:, None], (len(numbers), self.patients))

    def told(self, line: Floats, etas: Floats, curved: bool = False) -> Near:
        """Return what is foretold near etas."""
        person = _people(self.layout, line, etas, self.case)
        return near(self.layout.model, self.solver, self.layout.places, person, self.case, curved)

    def around(self, line: Floats, etas: Floats) -> Around:
        """Return g near etas [eta, patient]."""
        found = _around(self.layout, line, etas, self.case, self.told(line, etas))
        return Around(*(np.asarray(one) for one in found))

    def residuals(self, line: Floats, etas: Floats) -> tuple[Floats, Floats, Floats]:
        """Return what is foretold and its standard deviation, on the scale of the error, and (y - f)/s there.

        Shapes: [observation, patient]; NaN where nothing was measured.
        """
        told = self.told(line, etas)
        mean, sd, away = (np.asarray(one) for one in _residuals(self.layout, line, self.case, told.value))
        return mean, sd, away

    def linear(self, line: Floats, etas: Floats) -> tuple[Floats, Floats]:
        """Return how what is foretold moves with etas, on the scale of the error, and what was measured there.

        Shapes: [eta, observation, patient], [observation, patient].
        """
        told = self.told(line, etas)
        found, observed = _by_eta(self.layout, line, etas, self.case, told)
        return np.asarray(found), np.asarray(observed)

    def courses(self, line: Floats, etas: Floats) -> Floats:
        """Return what is foretold of each measurement, on its own scale: [observation, patient]."""
        return np.asarray(self.told(line, etas).value)

    def accuracy(self, line: Floats, etas: Floats) -> float:
        """Return how far off the solver may be, as a share, for the patient for whom it is worst."""
        if not self.solver.finer:
            return 0.0
        person = _people(self.layout, line, etas, self.case)
        return float(np.max(_off(self.layout.model, self.solver, person, self.case)))


@partial(jax.jit, static_argnums=0)
def _people(layout: Layout, line: Any, etas: Any, case: Case) -> Individual:
    return people(layout, layout.unpack(line), etas, case)


_around = jax.jit(around, static_argnums=0)


@partial(jax.jit, static_argnums=0)
def _residuals(layout: Layout, line: Any, case: Case, seen: Any) -> tuple[Any, Any, Any]:
    found, used = residual(layout, layout.unpack(line), seen, case), case.measured.used
    sd = jnp.exp(found.log_sd)
    away = (measured(layout, case) - found.mean) / sd
    return jnp.where(used, found.mean, jnp.nan), jnp.where(used, sd, jnp.nan), jnp.where(used, away, jnp.nan)


@partial(jax.jit, static_argnums=0)
def _by_eta(layout: Layout, line: Any, etas: Any, case: Case, told: Near) -> tuple[Any, Any]:
    return _linear(layout, layout.unpack(line), etas, case, told).mean, measured(layout, case)


@partial(jax.jit, static_argnums=(0, 1))
def _off(model: Model, solver: Solver, person: Individual, case: Case) -> Any:
    return course(model, solver, person, case.plan)[1]
