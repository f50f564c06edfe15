"""Modes: where each patient's g is least (`twin.fit.likelihood`), and -2 ln L with the etas integrated out there."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twin.fit.data import Case
from twin.fit.layout import Layout
from twin.fit.likelihood import LEAST, Around, Likelihood, around, directions
from twin.fit.near import Near
from twin.model import Floats

MOST_SEARCHES = 200
"""Steps to a patient's etas."""
_CLOSE = 1e-12
"""The search for a patient's etas ends where the next step would lower g by less than this; a last step of Newton's
then squares what is missing."""
_SHORTEST = 1e-6
"""Of the strides of that search."""
_STEP = 1e-4
"""On the line, for derivatives of Laplace's approximation."""
_RIDGE = 1e-14
"""Of the information's trace: far from the data it may be singular to the last bit."""


class Mode(NamedTuple):
    """Where g is least: etas [eta, patient], g [patient], its Hessian there [eta, eta, patient], whether the search
    ended well [patient], and what is foretold near by, None where nobody asked."""

    etas: Any
    penalty: Any
    hessian: Any
    found: Any
    near: Any


def modes(likelihood: Likelihood, line: Floats, etas: Floats, most: int = MOST_SEARCHES) -> Mode:
    """Return the etas at which g is least, from a guess [eta, patient]; each patient's search is their own.

    Steps are Fisher's scoring, cut until g falls; a last one is Newton's, where the Hessian is positive definite.
    """
    at, now, gain = _searched(likelihood, line, etas, most, lambda now: _CLOSE)
    told = likelihood.told(line, at, curved=True)
    last, curved = (np.asarray(one) for one in _newton(likelihood.layout, line, at, likelihood.case, told))
    return Mode(at - last, now.value, curved, gain <= 1e-6, told)


def near_modes(
    likelihood: Likelihood, line: Floats, close: Callable[[Around], float | Floats], most: int = MOST_SEARCHES
) -> Mode:
    """Return what `modes` does, as near to it as asked, without second derivatives: the Hessian is what is expected.

    A search ends where the next step would lower g by less than `close` says; the etas are then off by about
    sqrt(2 close) of their standard deviations.
    """
    none = np.zeros((likelihood.layout.width, likelihood.patients))
    at, now, gain = _searched(likelihood, line, none, most, close)
    return Mode(at, now.value, now.information, gain <= close(now), None)


def _searched(
    likelihood: Likelihood, line: Floats, etas: Floats, most: int, close: Callable[[Around], float | Floats]
) -> tuple[Floats, Around, Floats]:
    """Search; returns the etas, g near them, and by how much a next step would lower it: [patient]."""
    at, now = etas, likelihood.around(line, etas)
    stride = np.ones(likelihood.patients)
    step, gain = _scored(now)
    for _ in range(most):
        going = ~(gain <= close(now)) & (stride > _SHORTEST)
        if not going.any():
            break
        there = at - np.where(going, stride, 0.0) * step
        seen = likelihood.around(line, there)
        better = going & (seen.value <= now.value) & np.isfinite(seen.slope).all(axis=0)
        at = np.where(better, there, at)
        now = Around(*(np.where(better, new, old) for new, old in zip(seen, now, strict=True)))
        stride = np.where(better, np.minimum(2 * stride, 1.0), stride / 4)
        step, gain = _scored(now)
    return at, now, gain


def _scored(now: Around) -> tuple[Floats, Floats]:
    """Return the step of Fisher's scoring [eta, patient], and how much it would lower g: [patient]."""
    finite = np.isfinite(now.information).all(axis=(0, 1)) & np.isfinite(now.slope).all(axis=0)
    matrix = np.where(finite, now.information, 0.0).transpose(2, 0, 1)
    size = np.trace(matrix, axis1=1, axis2=2)
    matrix = matrix + np.maximum(_RIDGE * size, LEAST)[:, None, None] * np.eye(len(now.slope))
    step = np.linalg.solve(matrix, now.slope.T[..., None])[..., 0].T
    return step, np.sum(now.slope * step, axis=0)


class Objective(NamedTuple):
    """-2 ln L of each patient [patient], its gradients [number, patient], and the etas [eta, patient]."""

    value: Any
    slope: Any
    etas: Any

    @property
    def total(self) -> float:
        """-2 ln L of all patients."""
        return float(np.sum(self.value))

    @property
    def gradient(self) -> Floats:
        """Its gradient: [number]."""
        return np.asarray(np.sum(self.slope, axis=1))


def objective(likelihood: Likelihood, numbers: Floats, etas: Floats, laplace: bool = False) -> Objective:
    """Return -2 ln L at numbers on the line [number]; the search for the etas begins at [eta, patient].

    Laplace's gradient is by central differences: it would need the third derivatives of the model's equations.
    """
    line = likelihood.line(numbers)
    found = modes(likelihood, line, etas)
    about = likelihood.layout, line, found.etas, likelihood.case, found.near
    if not laplace:
        each, slope = _marginal_slopes(*about, found.hessian)
        return Objective(np.asarray(each), np.asarray(slope), found.etas)
    slopes = []
    for place in range(len(numbers)):
        ends = []
        for by in (_STEP, -_STEP):
            there = likelihood.line(numbers + by * (np.arange(len(numbers)) == place))
            ends.append(_value(likelihood, there, modes(likelihood, there, found.etas)))
        slopes.append((ends[0] - ends[1]) / (2 * _STEP))
    return Objective(_value(likelihood, line, found), np.array(slopes), found.etas)


def _value(likelihood: Likelihood, line: Floats, found: Mode) -> Floats:
    """Return Laplace's -2 ln L of each patient; second derivatives are taken anew where the last step led."""
    told = likelihood.told(line, found.etas, curved=True)
    return np.asarray(_laplace(likelihood.layout, line, found.etas, likelihood.case, told))


def _hessian(layout: Layout, line: Any, etas: Any, case: Case, told: Near) -> Any:
    """Return the Hessian of g in the etas: [eta, eta, patient]."""

    def slope(now: Any) -> Any:
        return around(layout, line, now, case, told).slope

    return jax.vmap(lambda way: jax.jvp(slope, (etas,), (way,))[1])(directions(etas))


def _solved(matrix: Any, vector: Any) -> Any:
    """Solve for each patient. Shapes: matrix [eta, eta, patient], vector [eta, patient]."""
    return jnp.linalg.solve(matrix.transpose(2, 0, 1), vector.T[..., None])[..., 0].T


def _marginal(layout: Layout, line: Any, etas: Any, case: Case, told: Near, laplace: bool) -> Any:
    """Return -2 ln L of each patient by Laplace's or FOCEI's approximation at some etas, [patient]."""
    found = around(layout, line, etas, case, told)
    curved = _hessian(layout, line, etas, case, told) if laplace else found.information
    sign, size = jnp.linalg.slogdet(curved.transpose(2, 0, 1))
    return 2 * found.value + jnp.where(sign > 0, size, jnp.nan)


@partial(jax.jit, static_argnums=0)
def _newton(layout: Layout, line: Any, etas: Any, case: Case, told: Near) -> tuple[Any, Any]:
    """Return Newton's step and the Hessian; where that is not positive definite, Fisher's and the information."""
    now, curved = around(layout, line, etas, case, told), _hessian(layout, line, etas, case, told)
    fine = jnp.isfinite(jnp.linalg.cholesky(curved.transpose(2, 0, 1))).all(axis=(1, 2))
    curved = jnp.where(fine, curved, now.information)
    step = _solved(curved, now.slope)
    return jnp.where(jnp.isfinite(step), step, 0.0), curved


@partial(jax.jit, static_argnums=0)
def _laplace(layout: Layout, line: Any, etas: Any, case: Case, told: Near) -> Any:
    return _marginal(layout, line, etas, case, told, laplace=True)


@partial(jax.jit, static_argnums=0)
def _marginal_slopes(layout: Layout, line: Any, etas: Any, case: Case, told: Near, curved: Any) -> tuple[Any, Any]:
    """Return FOCEI's -2 ln L of each patient and its gradient in their numbers, the etas following these."""

    def total(line: Any) -> Any:
        slope = around(layout, line, etas, case, told).slope
        each = _marginal(layout, line, etas - _solved(curved, slope), case, told, laplace=False)
        return jnp.sum(each), each

    (_, each), slope = jax.value_and_grad(total, has_aux=True)(line)
    return each, slope
