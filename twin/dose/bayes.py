"""The most likely parameters of many patients at once, from their doses and what was measured at visits."""

from dataclasses import replace

import jax
import numpy as np

from twin.dose.visits import History
from twin.engine import TOLERANCE, float64_on_cpu
from twin.fit.course import Plan
from twin.fit.data import Case, Measurements, plan
from twin.fit.layout import layout, published
from twin.fit.likelihood import Likelihood
from twin.fit.modes import near_modes
from twin.fit.people import people
from twin.model import Floats, Individual, Model
from twin.regimen import boluses
from twin.simulate import DAY_H
from twin.solve.choose import solver_of

SEARCHES = 20
"""Steps of the search; more of them move the parameters of few patients by as much as a thousandth."""
NEAR = 1e-8
"""How near the parameters are looked for: see `near_modes`."""


def most_likely(model: Model, history: History) -> Individual:
    """Return each patient's most likely individual parameters, [patient] each, in the model's own population.

    Doses and visits still to come are laid out too, unused, so that one compilation serves all visits. Who was not
    measured, or whose search did not end, has the typical parameters.
    """
    case = Case(model.encoded(history.covariates), *_seen(model, history))
    population, etas = published(model), tuple(model.variability.between)
    fixed = (*population.theta, *(f"between patients: {name}" for name in etas))
    fixed = (*fixed, *(f"residual: {name}" for name in population.sigma))
    with float64_on_cpu():
        likelihood = Likelihood(layout(model, population, case.covariates, etas, fixed), solver_of(model), case)
        line = likelihood.line(np.zeros(0))
        while True:
            found = near_modes(likelihood, line, lambda now: NEAR, SEARCHES)
            finer = likelihood.solver.finer
            if finer is None or likelihood.accuracy(line, found.etas) <= TOLERANCE:
                break
            likelihood = replace(likelihood, solver=finer())
        etas_found = np.where(np.isfinite(found.etas).all(axis=0), found.etas, 0.0)
        own = likelihood.layout.unpack(np.zeros((0, likelihood.patients)))
        return jax.tree.map(
            lambda one: np.array(np.broadcast_to(one, (likelihood.patients,)), np.float64),
            people(likelihood.layout, own, etas_found, case),
        )


def _seen(model: Model, history: History) -> tuple[Plan, Measurements]:
    """Return the plan of all doses and visits, and what was measured so far."""
    care, count = history.care, len(history.ids)
    gaps = np.round(np.diff(care.days) * DAY_H / care.every_h).astype(int)
    amounts = np.pad(history.doses, ((0, 0), (0, care.visits - history.number)))
    time: Floats = np.arange(gaps.sum(), dtype=np.float64) * care.every_h
    doses = [boluses(time, np.repeat(one, gaps)) for one in amounts]
    visits = np.array(care.days) * DAY_H
    line = plan(model, doses, [visits] * count, [np.zeros(len(visits), bool)] * count)
    seen = np.pad(history.measured, ((0, 0), (0, len(visits) - history.measured.shape[1])), constant_values=np.nan).T
    on_log = model.errors[care.target.observable].on_log is not None
    used = np.isfinite(seen) & ((seen > 0) if on_log else (seen != 0))  # 0 is what there is before a dose: no news
    kind = np.full(seen.shape, list(model.observables).index(care.target.observable))
    return line, Measurements(np.where(used, seen, 1.0), kind, used)
