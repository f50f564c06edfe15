"""Forecasts of one patient whose parameters were fitted, checks of the fit, and what other doses would have done."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from twin.engine import float64_on_cpu
from twin.fit.course import Plan, course
from twin.fit.data import ROWS_AT_ONCE, plan
from twin.fit.patient import Posterior
from twin.model import Floats, Individual, Model
from twin.regimen import Doses
from twin.solve.choose import solver_of
from twin.solve.solver import Solver
from twin.streams import normals

_WHO = "patient"
"""Whose luck the residual error is: one patient's, whatever the arm."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is foretold of a patient at times [time]: the median and the bounds that hold `level` of what may be.

    `lower` and `upper` are of the patient's own course: what is not known of the parameters. `lower_measured` and
    `upper_measured` are of a measurement: with the residual error. Shapes: [observable, time].
    """

    time_h: Floats
    observables: Mapping[str, str]
    level: float
    value: Floats
    lower: Floats
    upper: Floats
    lower_measured: Floats
    upper_measured: Floats

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each observable and time, hours from the start."""
        told = ("value", "lower", "upper", "lower_measured", "upper_measured")
        return by_moment(self.time_h, self.observables, {name: getattr(self, name) for name in told})


def by_moment(time_h: Floats, observables: Mapping[str, str], told: Mapping[str, Floats]) -> pd.DataFrame:
    """Return a row for each observable and time, hours from the start, with what is told of it, [observable, time]."""
    return pd.DataFrame(
        {
            "time": np.tile(time_h, len(observables)),
            "time_unit": "h",
            "observable": np.repeat(np.array(list(observables), dtype=object), len(time_h)),
            "unit": np.repeat(np.array(list(observables.values()), dtype=object), len(time_h)),
            **{name: values.ravel() for name, values in told.items()},
        }
    )


def forecast(
    posterior: Posterior, time_h: Floats, doses: Doses | None = None, *, level: float = 0.9, seed: int = 0
) -> Forecast:
    """Foretell what the patient comes to at times, under the doses of the data or others, before a dose of that moment.

    The draws and the luck of the residual error hang on the posterior and the seed alone: arms can be compared pair by
    pair. Raises `ValueError` for times that do not ascend.
    """
    moments = check_moments(time_h)
    with float64_on_cpu():
        seen = courses(posterior, moments, posterior.data.doses[0] if doses is None else doses)
    return summary(posterior, moments, seen, level, seed)


def summary(posterior: Posterior, time_h: Floats, seen: Floats, level: float, seed: int) -> Forecast:
    """Return what courses [time, observable, draw] come to; what is measured of them by the luck of the seed."""
    bounds = (0.5, 0.5 - level / 2, 0.5 + level / 2)
    with float64_on_cpu():
        measured = _measured(posterior, seen, seed)
    value, lower, upper = np.quantile(seen, bounds, axis=-1).transpose(0, 2, 1)
    _, low, high = np.quantile(measured, bounds, axis=-1).transpose(0, 2, 1)
    return Forecast(time_h, posterior.model.observables, level, value, lower, upper, low, high)


def check_moments(time_h: Floats) -> Floats:
    """Return the times of a forecast; raise `ValueError` where they do not ascend, or there is none."""
    moments = np.asarray(time_h, np.float64)
    if not moments.size or (np.diff(moments) <= 0).any() or not np.isfinite(moments).all():
        raise ValueError("the times of a forecast must ascend, and there must be one")
    return moments


@dataclass(frozen=True, eq=False)
class PredictiveCheck:
    """Whether what was measured looks like what the fitted patient would show.

    Shapes: [observation]. `value` is what was measured of `observable`; `lower` and `upper` hold `level` of what the
    model makes up, and `percentile` is where the measurement stands in it. `p_value`: how often measurements that the
    model makes up are further from it than the real ones; near 0 the model does not fit the patient, near 1 it fits
    better than its own error lets it.
    """

    time_h: Floats
    observable: tuple[str, ...]
    value: Floats
    level: float
    lower: Floats
    upper: Floats
    percentile: Floats
    p_value: float

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each measurement, hours from the start."""
        told = {name: getattr(self, name) for name in ("observable", "value", "lower", "upper", "percentile")}
        return pd.DataFrame({"time": self.time_h, "time_unit": "h", **told})


def predictive_check(posterior: Posterior, seed: int = 0, level: float = 0.9) -> PredictiveCheck:
    """Compare a patient's measurements with those that the posterior makes up at the same times (Gelman 1996)."""
    measured, doses = posterior.data.case.measured, posterior.data.doses[0]
    used = measured.used[:, 0]
    time, kind, value = posterior.data.time_h[used, 0], measured.kind[used, 0], measured.value[used, 0]
    with float64_on_cpu():
        seen = courses(posterior, time, doses, posterior.data.case.plan.after[used, 0])
        own = np.take_along_axis(seen, kind[:, None, None], axis=1)[:, 0]  # [observation, draw]
        made = np.take_along_axis(_measured(posterior, seen, seed), kind[:, None, None], axis=1)[:, 0]
        real, fake = (_distance(posterior, kind, own, what) for what in (value[:, None], made))
    below = (made < value[:, None]).mean(axis=1)
    lower, upper = np.quantile(made, (0.5 - level / 2, 0.5 + level / 2), axis=1)
    names = tuple(list(posterior.model.observables)[place] for place in kind)
    return PredictiveCheck(time, names, value, level, lower, upper, below, float((fake >= real).mean()))


def unknown_share(posterior: Posterior, seen: Floats) -> Floats:
    """Return the share of the variance of courses [observable, draw] that is between whom the patient may be.

    0 where nothing varies. Shapes: [observable].
    """
    _, column, count = np.unique(posterior.column, return_inverse=True, return_counts=True)
    totals = np.stack([np.bincount(column, weights=one) for one in seen])
    between = np.average((totals / count - seen.mean(axis=1, keepdims=True)) ** 2, axis=1, weights=count)
    whole = seen.var(axis=1)
    return np.asarray(np.divide(between, whole, out=np.zeros_like(whole), where=whole > 0))


def courses(posterior: Posterior, time_h: Floats, doses: Doses, after: Any = None) -> Floats:
    """Return each draw's course, without residual error: [time, observable, draw]."""
    after = np.zeros(len(time_h), bool) if after is None else after
    with float64_on_cpu():
        changing = posterior.data.changing
        held = changing.held[:1] if changing else None
        line = plan(posterior.model, [doses], [time_h], [after], ROWS_AT_ONCE, held)
        infusing = line.rate is not None
        solver = posterior.likelihood.solver
        solver = solver if solver.finer else solver_of(posterior.model, infusing)
        return np.asarray(_courses(posterior.model, solver, posterior.people, line))[: len(time_h)]


@partial(jax.jit, static_argnums=(0, 1))
def _courses(model: Model, solver: Solver, people: Individual, line: Plan) -> Any:
    count = jax.tree.leaves(people)[0].shape[-1]
    wide = jax.tree.map(lambda one: jnp.broadcast_to(one, (*jnp.shape(one)[:-1], count)), line)
    return course(model, solver, people, wide)[0]


def _measured(posterior: Posterior, seen: Floats, seed: int) -> Floats:
    """Return courses with residual error; an observable that is not measured stays as it is."""
    found, model = seen.copy(), posterior.model
    population = posterior.likelihood.layout.unpack(np.zeros((0, 1)))
    for place, name in enumerate(model.observables):
        if name in model.errors:
            luck = normals(seed, f"measured {name}", [_WHO], seen.shape[2], seen.shape[0])[0].T
            found[:, place] = np.asarray(model.errors[name].measured(population.sigma[name], seen[:, place], luck))
    return found


def _distance(posterior: Posterior, kind: Any, seen: Floats, measured: Floats) -> Floats:
    """Return the sum of squares of weighted residuals, [draw]. Shapes: [observation, draw], kind [observation]."""
    found, model = np.zeros(seen.shape[1]), posterior.model
    population = posterior.likelihood.layout.unpack(np.zeros((0, 1)))
    for place, name in enumerate(model.observables):
        own = kind == place
        if own.any():
            log = model.errors[name].log_density(
                population.sigma[name], seen[own], np.broadcast_to(measured, seen.shape)[own]
            )
            sd = model.errors[name].deviation(population.sigma[name], seen[own])
            found += np.asarray(-2 * (log + jnp.log(sd))).sum(axis=0)
    return found
