"""Layouts: which numbers of a model are fitted, and how they stand on a line without bounds.

A parameter that is proportional to an individual parameter is fitted on that one's scale, its logarithm or its
log-odds; any other, such as the slope of a covariate, as it is. Standard deviations are fitted as logarithms, and Omega
by the inverse Cholesky factor of each block of correlated etas, so that it never ceases to be a covariance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.fit.stretches import ALL, Places
from twin.model import Floats, Individual, Model
from twin.solve.flat import likely
from twin.variability import eta_sd

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
class Parted:
    """How patients' time is parted: into how many `stretches`, and `occasions`, between which `fields` vary."""

    stretches: int = 1
    occasions: int = 0
    fields: tuple[str, ...] = ()


WHOLE = Parted()


@dataclass(frozen=True)
class Layout:
    """The numbers that are fitted, in the order of `names`, and those that are not.

    Layouts that are equal share a compilation: what is not fitted stands in it as a constant.

    - `theta`: parameters and their scales ("log", "logit", "itself");
    - `etas`: the fields of the individual parameters that vary between patients. Behind these etas stand those of each
      field that varies between occasions, one for each occasion;
    - `free`: the places of `Population.white` that are fitted; of occasions the first, for all have the same variance;
    - `sigma`: (observable, part);
    - `fields`: the individual parameters that move with any of these;
    - `stretched`: those that differ between stretches of a patient's time, whether they move or not;
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
    parted: Parted = WHOLE
    stretched: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many etas a patient has."""
        return len(self.etas) + len(self.parted.fields) * self.parted.occasions

    @property
    def places(self) -> Places:
        """Where individual parameters move: fields, or each stretch of those that differ between stretches."""
        parts = {name: range(self.parted.stretches) if name in self.stretched else (ALL,) for name in self.fields}
        return tuple((name, part) for name, own in parts.items() for part in own)

    def of_occasions(self, field: str) -> slice:
        """Return which etas are those of a field's occasions."""
        first = len(self.etas) + self.parted.fields.index(field) * self.parted.occasions
        return slice(first, first + self.parted.occasions)

    @property
    def names(self) -> tuple[str, ...]:
        """What each number is, in words."""
        count, each = len(self.etas), max(1, self.parted.occasions)
        omega = (
            f"between patients: {self.etas[i]}" + (f" with {self.etas[j]}" if i != j else "")
            if i < count
            else f"between occasions: {self.parted.fields[(i - count) // each]}"
            for i, j in self.free
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
        places, count = np.array(self.free, int).reshape(-1, 2), self.width
        put = np.zeros((len(places), count, count))
        for number, (i, j) in enumerate(self.free):
            same = np.arange(self.parted.occasions if i >= len(self.etas) else 1)
            put[number, i + same, j + same] = 1.0
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


def published(model: Model, etas: Sequence[str] | None = None, parted: Parted = WHOLE) -> Population:
    """Return a model's own numbers; `etas` are the fields that vary, all that the model knows if not given."""
    chosen = list(model.variability.between) if etas is None else list(etas)
    places = [list(model.variability.between).index(name) for name in chosen]
    omega = model.variability.omega()[np.ix_(places, places)]
    sd = [eta_sd(model.variability.occasions[name]) for name in parted.fields]
    white = with_occasions(whitening(omega), 1 / np.array(sd), parted.occasions)
    return Population(model.theta, white, {name: dict(error.sigma) for name, error in model.errors.items()})


def with_occasions(white: Floats, each: Floats, occasions: int) -> Floats:
    """Return what makes etas standard normal, with those of occasions behind those between patients.

    Shapes: white [eta, eta], each [field], what makes those of a field standard normal.
    """
    whole = np.diag(np.concatenate([np.zeros(len(white)), np.repeat(each, occasions)]))
    whole[: len(white), : len(white)] = white
    return np.asarray(whole)


def as_parted(population: Population, model: Model, parted: Parted) -> Population:
    """Return a population for patients whose time is parted so, from one for more occasions or fewer.

    Where it knows nothing of occasions, they vary as the model says.
    """
    between, fields = len(model.variability.between), len(model.variability.occasions)
    white, more = np.asarray(population.white), len(population.white) - between
    own = np.diag(white)[between :: max(1, more // max(1, fields))][:fields]
    sd = np.array([1 / eta_sd(one) for one in model.variability.occasions.values()])
    each = own if more else sd
    return population._replace(white=with_occasions(white[:between, :between], each, parted.occasions))


def whitening(omega: Floats) -> Floats:
    """Return what makes etas of a covariance standard normal: [eta, eta]."""
    return np.linalg.inv(np.linalg.cholesky(omega)) if len(omega) else np.zeros((0, 0))


def layout(
    model: Model,
    start: Population,
    covariates: Mapping[str, Any],
    etas: Sequence[str],
    fixed: Sequence[str] = (),
    parted: Parted = WHOLE,
) -> Layout:
    """Say how a model is fitted to patients with these covariates, [patient] or [stretch, patient].

    `start` has the numbers of which the `fixed` parameters stay as they are, and whatever no observation depends on.
    Residual errors named there as "residual: OBSERVABLE" and etas as "between patients: FIELD" or "between occasions:
    FIELD" stay too. `parted` says how patients' time is.
    """
    now, moves, stretched = _moves(model, start.theta, covariates)
    theta = tuple(
        (name, _scale(model, start.theta[name], now, moved))
        for name, moved in moves.items()
        if moved and name not in fixed
    )
    moving = {*etas, *parted.fields}.union(*(moves[name] for name, _ in theta))
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
    for number, name in enumerate(parted.fields):
        if f"between occasions: {name}" not in fixed:
            first = len(etas) + number * parted.occasions
            free = (*free, (first, first))
            same = np.arange(first, first + parted.occasions)
            put[same, same] = 0.0
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
        parted,
        tuple(name for name in _fields(model) if name in stretched or (parted.stretches > 1 and name in parted.fields)),
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
    """Return individual parameters by field, how each of a population's moves them, by its name, and which fields
    differ between stretches; numbers are [patient], or [stretch x patient] where there are any."""
    names = tuple(theta)
    values = np.array([float(theta[name]) for name in names])
    shape = np.broadcast_shapes(*(np.shape(one) for one in covariates.values()))
    flat = {name: np.broadcast_to(one, shape).ravel() for name, one in covariates.items()}
    told: tuple[dict[str, Floats], dict[str, Floats]] = jax.tree.map(
        np.asarray, _individual_slopes(model, names, values, flat)
    )
    now, slopes = told
    parts = shape[0] if len(shape) > 1 else 1
    stretched = {
        field for field, value in now.items() if any(_differs(one, parts) for one in (value[:, None], slopes[field]))
    }
    moves = {name: {field: slope[..., place] for field, slope in slopes.items()} for place, name in enumerate(names)}
    return (
        now,
        {name: {field: slope for field, slope in moved.items() if slope.any()} for name, moved in moves.items()},
        stretched,
    )


def _differs(numbers: Floats, parts: int) -> bool:
    """Return whether numbers [stretch x patient, ...] differ between stretches."""
    apart = numbers.reshape(parts, -1)
    return parts > 1 and bool((apart != apart[:1]).any())


@partial(jax.jit, static_argnums=(0, 1))
def _individual_slopes(model: Model, names: tuple[str, ...], values: Any, covariates: Mapping[str, Any]) -> Any:
    """Return typical parameters by field [patient], and their slopes [patient, parameter]."""
    count = len(next(iter(covariates.values()))) if covariates else 1

    def typical(values: Any) -> Any:
        theta = dict(zip(names, values, strict=True))
        found: Individual = jax.vmap(model.individual, in_axes=(None, 0), axis_size=count)(theta, covariates)
        return {
            field: jnp.broadcast_to(jnp.asarray(value, jnp.float64), (count,))
            for field, value in found._asdict().items()
        }

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


@lru_cache(maxsize=64)
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


def starting(model: Model, etas: Sequence[str], start: Mapping[str, float], parted: Parted = WHOLE) -> Population:
    """Return where a fit begins: the model's own numbers, and others for the parameters that are named.

    Raises `ValueError` for a name that is none of the model's parameters.
    """
    own = published(model, etas, parted)
    strange = [name for name in start if name not in own.theta]
    if strange:
        raise ValueError(f"{model.name} has no parameter {strange[0]!r}; expected any of {', '.join(own.theta)}")
    return own._replace(theta={**own.theta, **start})


def coefficient_of_variation(model: Model, field: str, variance: float) -> float:
    """Return how much a field varies as a percentage: the CV of a log-normal one, else the SD."""
    unit = {**model.variability.occasions, **model.variability.between}[field].unit
    if _SCALE_OF_UNIT.get(unit, "log") == "log":
        return float(100 * np.sqrt(np.expm1(variance)))
    return float(100 * np.sqrt(variance))


def _moving(moved: Floats, patients: Any) -> Any:
    """Return whether a field moves in any stretch, [patient]; without covariates, all patients' does alike."""
    return (moved.reshape(-1, min(moved.size, patients.size)) != 0).any(axis=0)


def unheard(layout: Layout, slope: Floats, kinds: Floats) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the fields that vary, and the names of what else is fitted, that no measurement depends on.

    Shapes: slope [place, observation, patient], how what is foretold of measurements depends on `layout.places`; kinds,
    the places of the observables that were measured.
    """
    heard: dict[str, Any] = {}
    for (name, _), one in zip(layout.places, slope, strict=True):
        heard[name] = heard.get(name, False) | one.any(axis=0)  # [patient]
    etas = tuple(name for name in dict.fromkeys([*layout.etas, *layout.parted.fields]) if not heard[name].any())
    theta = [
        name
        for name, _ in layout.theta
        if not any((heard[field] & _moving(moved, heard[field])).any() for field, moved in layout.moves[name].items())
    ]
    known = [name for place, name in enumerate(layout.model.observables) if place in kinds]
    return etas, (*theta, *dict.fromkeys(f"residual: {name}" for name, _ in layout.sigma if name not in known))
