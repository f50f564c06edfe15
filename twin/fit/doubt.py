"""Doubt: how well the data know what was fitted, from the curvature of -2 ln L where it is least."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from twin.fit.minimise import Function, Search
from twin.model import Floats

_SHARE = 0.02
"""Of a standard error, as the search's metric has it: how far the gradient is looked at to both sides."""
_ILL = 1e3
"""A condition number above this: some combination of numbers is hardly known. The field's rule of thumb."""
_LOADING = 0.3
"""Who has more than this part in a combination is named."""


@dataclass(frozen=True, eq=False)
class Doubt:
    """What is not known of the fitted numbers, on the line.

    `covariance` is twice the inverse of the Hessian of -2 ln L, `sandwich` is robust where the model is not quite true;
    `se` are the standard errors of the first. `eigenvalues` ascend: those of the Hessian, scaled to a diagonal of ones.
    Shapes: [number, number], [number]. NaN where the objective is not at its least.
    """

    covariance: Floats
    sandwich: Floats
    eigenvalues: Floats
    warnings: tuple[str, ...]

    @property
    def se(self) -> Floats:
        """The standard errors: [number]."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def sandwich_se(self) -> Floats:
        """The robust standard errors: [number]."""
        return np.asarray(np.sqrt(np.diag(self.sandwich)))

    @property
    def condition_number(self) -> float:
        """The largest eigenvalue over the smallest."""
        return float(self.eigenvalues[-1] / self.eigenvalues[0]) if self.eigenvalues[0] > 0 else float("inf")


def doubt(function: Function, search: Search, names: Sequence[str], still: Collection[str] = ()) -> Doubt:
    """Return how well the numbers are known where a search ended, by central differences of the gradient.

    Those that `still` names are taken as they are: NaN is said of them.
    """
    moving = np.array([name not in still for name in names])
    steps = _SHARE * np.sqrt(2 * np.diag(search.inverse))
    rows = []
    for place in np.flatnonzero(moving):
        way = steps[place] * (np.arange(len(steps)) == place)
        ends = [function(search.numbers + sign * way, search.etas).gradient for sign in (1.0, -1.0)]
        rows.append((ends[0] - ends[1])[moving] / (2 * steps[place]))
    hessian = np.array(rows)
    hessian = (hessian + hessian.T) / 2
    known = [name for name in names if name not in still]
    size = np.sqrt(np.abs(np.diag(hessian))) + 1e-300
    values, vectors = np.linalg.eigh(np.nan_to_num(hessian / np.outer(size, size)))
    unknown = np.full((len(names), len(names)), np.nan)
    if values[0] <= 0:
        said = f"the data do not know {_combination(vectors[:, 0], known)}: the objective does not rise along it"
        return Doubt(unknown, unknown, values, (said, "no standard errors"))
    warnings: tuple[str, ...] = ()
    if values[-1] / values[0] > _ILL:
        number = f"condition number {values[-1] / values[0]:.3g}"
        warnings = (f"the data hardly tell {_combination(vectors[:, 0], known)} apart: {number}",)
    inverse = np.linalg.inv(hessian)
    slope = np.asarray(function(search.numbers, search.etas).slope)[moving]
    both = unknown.copy(), unknown.copy()
    for whole, part in zip(both, (2 * inverse, inverse @ slope @ slope.T @ inverse), strict=True):
        whole[np.ix_(moving, moving)] = part
    return Doubt(*both, values, warnings)


def _combination(vector: Floats, names: Sequence[str]) -> str:
    """Return the names that have the largest parts in a combination."""
    order = np.argsort(-np.abs(vector))
    return " and ".join(names[place] for place in order if abs(vector[place]) > _LOADING) or names[order[0]]
