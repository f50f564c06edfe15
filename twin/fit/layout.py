"""Layouts: which numbers of a model are fitted, and how they stand on a line without bounds.

A parameter that is proportional to an individual parameter is fitted on that one's scale, its logarithm or its
log-odds; any other, such as the slope of a covariate, as it is. Standard deviations are fitted as logarithms, and Omega
by the inverse Cholesky factor of each block of correlated etas, so that it never ceases to be a covariance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.model import Floats, Individual, Model
from twin.solve.flat import likely

_SAME = 1e-9
"""Relative difference below which an elasticity is 1."""
_SCALE_OF_UNIT = {"SD(logit)": "logit", "SD": "itself"}


class Population(NamedTuple):
    """A population's numbers: parameters, what makes etas standard normal, residual errors by observable.

    `white` [eta, eta] is the inverse of the Cholesky factor of Omega: lower triangular, 1/omega where etas are alone.
    """

    theta: Mapping[str, Any]
    white: Any
    sigma: Mapping[str, Mapping[str, Any]]

    def omega(self) -> Floats:
        """The covariance of the etas."""
        root = np.linalg.inv(np.asarray(self.white)) if len(self.white) else np.zeros((0, 0))
        return np.asarray(root @ root.T)


@dataclass(frozen=True)
class Layout:
    """The numbers that are fitted, in the order of `names`, and those that are not.

    Layouts that are equal share a compilation: what is not fitted stands in it as a constant.

    - `theta`: parameters and their scales ("log", "logit", "itself");
    - `etas`: the fields of the individual parameters that vary; `free` the places of `Population.white` that are
      fitted;
    - `sigma`: (observable, part);
    - `fields`: the individual parameters that move with any of these;
    - `still_theta`, `still_white`, `still_sigma`: what is not fitted, 0 where it is;
    - `moves`: by how much a parameter moves each field, [patient], where the fit begins.
    """

    model: Model
    theta: tuple[tuple[str, str], ...]
    etas: tuple[str, ...]
    free: tuple[tuple[int, int], ...]
    sigma: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]
    still_theta: tuple[tuple[str, float], ...]
    still_white: tuple[tuple[float, ...], ...]
    still_sigma: tuple[tuple[str, str, float], ...]
    moves: Mapping[str, Mapping[str, Floats]] = field(compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What each number is, in words."""
        omega = (
            f"between patients: {self.etas[i]}" + (f" with {self.etas[j]}" if i != j else "") for i, j in self.free
        )
        return (
            *(name for name, _ in self.theta),
            *omega,
            *(f"residual: {observable}, {part}" for observable, part in self.sigma),
        )

    def pack(self, population: Population) -> Floats:
        """Return a population's numbers on the line: [number]."""
        theta = [_to_line(population.theta[name], scale) for name, scale in self.theta]
        white = population.white
        omega = [np.log(white[i, i]) if i == j else white[i, j] for i, j in self.free]
        sigma = [np.log(population.sigma[observable][part]) for observable, part in self.sigma]
        return np.array([*theta, *omega, *sigma], np.float64)

    def unpack(self, line: Any) -> Population:
        """Return the numbers that stand on the line at [number, ...]; each comes as [...]."""
        theta: dict[str, Any] = dict(self.still_theta)
        for value, (name, scale) in zip(line, self.theta, strict=False):
            theta[name] = _from_line(value, scale)
        white = self._white(line[len(self.theta) : len(self.theta) + len(self.free)])
        sigma: dict[str, dict[str, Any]] = {name: {} for name in self.model.errors}
        for observable, part, value in self.still_sigma:
            sigma[observable][part] = value
        for value, (observable, part) in zip(line[len(line) - len(self.sigma) :], self.sigma, strict=True):
            sigma[observable][part] = jnp.exp(value)
        return Population(theta, white, sigma)

    def _white(self, line: Any) -> Any:
        """Return what makes etas standard normal [eta, eta, ...] from its free places on the line, [place, ...]."""
        places, count = np.array(self.free, int).reshape(-1, 2), len(self.etas)
        put = np.zeros((len(places), count, count))
        put[np.arange(len(places)), places[:, 0], places[:, 1]] = 1.0
        put = put.reshape(*put.shape, *(1,) * (line.ndim - 1))
        diagonal = (places[:, 0] == places[:, 1]).reshape(-1, *(1,) * (line.ndim - 1))
        still = np.array(self.still_white).reshape(count, count, *(1,) * (line.ndim - 1))
        return still + jnp.sum(put * jnp.where(diagonal, jnp.exp(line), line)[:, None, None], axis=0)

    def slope(self, line: Floats) -> Floats:
        """Return by how much each of the parameters changes as it moves on the line: [parameter]."""
        values = [float(_from_line(x, scale)) for x, (_, scale) in zip(line, self.theta, strict=False)]
        slopes = [
            {"log": value, "logit": value * (1 - value)}.get(scale, 1.0)
            for value, (_, scale) in zip(values, self.theta, strict=True)
        ]
        return np.array(slopes, np.float64)


def published(model: Model, etas: Sequence[str] | None = None) -> Population:
    """Return a model's own numbers; `etas` are the fields that vary, all that the model knows if not given."""
    chosen = list(model.variability.between) if etas is None else list(etas)
    places = [list(model.variability.between).index(name) for name in chosen]
    omega = model.variability.omega()[np.ix_(places, places)]
    return Population(model.theta, whitening(omega), {name: dict(error.sigma) for name, error in model.errors.items()})


def whitening(omega: Floats) -> Floats:
    """Return what makes etas of a covariance standard normal: [eta, eta]."""
    return np.linalg.inv(np.linalg.cholesky(omega)) if len(omega) else np.zeros((0, 0))


def layout(
    model: Model, start: Population, covariates: Mapping[str, Any], etas: Sequence[str], fixed: Sequence[str] = ()
) -> Layout:
    """Say how a model is fitted to patients with these covariates [patient].

    `start` has the numbers of which the `fixed` parameters stay as they are, and whatever no observation depends on.
    Residual errors named there as "residual: OBSERVABLE" and etas as "between patients: FIELD" stay too.
    """
    now, moves = _moves(model, start.theta, covariates)
    theta = tuple(
        (name, _scale(model, start.theta[name], now, moved))
        for name, moved in moves.items()
        if moved and name not in fixed
    )
    moving = set(etas).union(*(moves[name] for name, _ in theta))
    tied = {(one, other) for pair in model.variability.correlations for one, other in (pair, pair[::-1])}
    group = _groups(etas, tied)
    still = {number for number, name in enumerate(etas) if f"between patients: {name}" in fixed}
    free = tuple((i, j) for i in range(len(etas)) for j in range(i + 1) if group[i] == group[j] and not still & {i, j})
    sigma = tuple(
        (observable, part)
        for observable, parts in start.sigma.items()
        for part in parts
        if f"residual: {observable}" not in fixed
    )
    fields = tuple(field for field in _fields(model) if field in moving)
    fitted, put = {name for name, _ in theta}, np.asarray(start.white).copy()
    for place in free:
        put[place] = 0.0
    return Layout(
        model,
        theta,
        tuple(etas),
        free,
        sigma,
        fields,
        tuple((name, float(value)) for name, value in start.theta.items() if name not in fitted),
        tuple(tuple(map(float, row)) for row in put),
        tuple(
            (observable, part, float(value))
            for observable, parts in start.sigma.items()
            for part, value in parts.items()
            if (observable, part) not in sigma
        ),
        moves,
    )


def _groups(etas: Sequence[str], tied: set[tuple[str, str]]) -> list[int]:
    """Return to which block each eta belongs: those correlated with each other, directly or through others."""
    group = list(range(len(etas)))
    for _ in etas:
        for i, one in enumerate(etas):
            for j, other in enumerate(etas):
                if (one, other) in tied:
                    group[i] = group[j] = min(group[i], group[j])
    return group


def _moves(model: Model, theta: Mapping[str, float], covariates: Mapping[str, Any]) -> Any:
    """Return individual parameters [patient] by field, and how each of a population's moves them, by its name."""
    names = tuple(theta)
    values = np.array([float(theta[name]) for name in names])
    now, slopes = _individual_slopes(model, names, values, covariates)
    moves = {
        name: {field: np.asarray(slope)[..., place] for field, slope in slopes.items()}
        for place, name in enumerate(names)
    }
    return {field: np.asarray(value) for field, value in now.items()}, {
        name: {field: slope for field, slope in moved.items() if slope.any()} for name, moved in moves.items()
    }


@partial(jax.jit, static_argnums=(0, 1))
def _individual_slopes(model: Model, names: tuple[str, ...], values: Any, covariates: Mapping[str, Any]) -> Any:
    """Return typical parameters by field [patient], and their slopes [patient, parameter]."""
    count = len(next(iter(covariates.values()))) if covariates else 1

    def typical(values: Any) -> Any:
        theta = dict(zip(names, values, strict=True))
        found: Individual = jax.vmap(model.individual, in_axes=(None, 0), axis_size=count)(theta, covariates)
        return {field: jnp.asarray(value, jnp.float64) for field, value in found._asdict().items()}

    return typical(values), jax.jacfwd(typical)(values)


def _scale(model: Model, value: float, now: Mapping[str, Floats], moved: Mapping[str, Floats]) -> str:
    """Return the scale of a parameter, by how the individual parameters depend on it."""
    units = {name: one.unit for name, one in (*model.variability.occasions.items(), *model.variability.between.items())}
    with np.errstate(divide="ignore", invalid="ignore"):
        scales = [
            _SCALE_OF_UNIT.get(units.get(field, ""), "log")
            for field, slope in moved.items()
            if (np.abs(slope * value / now[field] - 1.0) < _SAME).any()
        ]
    return scales[0] if scales and value > 0 else "itself"


def _fields(model: Model) -> tuple[str, ...]:
    found: tuple[str, ...] = likely(model)._fields
    return found


def _to_line(value: Any, scale: str) -> Any:
    if scale == "log":
        return np.log(value)
    return np.log(value / (1 - value)) if scale == "logit" else value


def _from_line(value: Any, scale: str) -> Any:
    if scale == "log":
        return jnp.exp(value)
    return 1 / (1 + jnp.exp(-value)) if scale == "logit" else value


def starting(model: Model, etas: Sequence[str], start: Mapping[str, float]) -> Population:
    """Return where a fit begins: the model's own numbers, and others for the parameters, CVs or errors that are named.

    Raises `ValueError` for a name that is none of the model's parameters.
    """
    own = published(model, etas)
    strange = [name for name in start if name not in own.theta]
    if strange:
        raise ValueError(f"{model.name} has no parameter {strange[0]!r}; expected any of {', '.join(own.theta)}")
    return own._replace(theta={**own.theta, **start})


def coefficient_of_variation(model: Model, field: str, variance: float) -> float:
    """Return how much a field varies between patients as a percentage: the CV of a log-normal one, else the SD."""
    unit = model.variability.between[field].unit
    if _SCALE_OF_UNIT.get(unit, "log") == "log":
        return float(100 * np.sqrt(np.expm1(variance)))
    return float(100 * np.sqrt(variance))


def unheard(layout: Layout, slope: Floats, kinds: Floats) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the etas, and the names of what else is fitted, that no measurement depends on.

    Shapes: slope [field, observation, patient], how what is foretold of measurements depends on `layout.fields`; kinds,
    the places of the observables that were measured.
    """
    heard = {field: one.any(axis=0) for field, one in zip(layout.fields, slope, strict=True)}  # [patient]
    etas = tuple(name for name in layout.etas if not heard[name].any())
    theta = [
        name
        for name, _ in layout.theta
        if not any((heard[field] & (moved != 0)).any() for field, moved in layout.moves[name].items())
    ]
    known = [name for place, name in enumerate(layout.model.observables) if place in kinds]
    return etas, (*theta, *dict.fromkeys(f"residual: {name}" for name, _ in layout.sigma if name not in known))
