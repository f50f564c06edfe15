"""REML: repeated outcomes with an unstructured covariance between visits, some not seen, by restricted likelihood.

The covariance's parameters are its elements, in which it is linear; Newton's steps take the observed information, from
which the degrees of freedom then follow. What is not seen is missing at random.
Patterson HD, Thompson R. Biometrika 1971;58:545-554. Kenward MG, Roger JH. Biometrics 1997;53:983-997 (derivatives).
"""

from dataclasses import dataclass

import numpy as np

from twin.model import Floats
from twin.trials.analysis.table import NotConverged, SingularDesign, TooFewSubjects, require_full_rank

_STEPS, _CLOSE = 100, 1e-9
"""Steps at most, and twice the gain in the likelihood below which Newton's step is the last: what it leaves is of the
order of the square.
"""

_PARTS = (1.0, 0.5, 0.25)
"""The parts of Newton's step that are tried."""

_VARIES = 1e-18
"""The residual variance, as a share of the outcome's mean square, that is more than rounding."""


@dataclass(frozen=True)
class Repeated:
    """Outcomes [subject, visit], NaN where not seen, and what they are regressed on, [subject, visit, column]."""

    outcome: Floats
    design: Floats
    names: tuple[str, ...]
    """What each column of the design is."""


@dataclass(frozen=True)
class Fit:
    """Restricted maximum likelihood: coefficients [column], the covariance between visits, and what they hang on.

    `variance` is the coefficients' for a known covariance. Of the covariance's elements (`pairs`, [element, 2]):
    `slopes` [element, column, column] and `curvatures` [element, element, column, column] are Kenward and Roger's P and
    Q, `information` [element, element] is the observed one.
    """

    names: tuple[str, ...]
    coefficients: Floats
    variance: Floats
    covariance: Floats
    log_likelihood: float
    slopes: Floats
    curvatures: Floats
    information: Floats


@dataclass(frozen=True)
class _Pattern:
    """The subjects who were seen at the same visits: outcomes [subject, seen] and design [subject, seen, column]."""

    seen: np.ndarray
    outcome: Floats
    design: Floats


@dataclass(frozen=True)
class _Normal:
    """The likelihood at a covariance, and the regression there; outcomes are residuals of plain least squares."""

    likelihood: float
    coefficients: Floats
    variance: Floats


@dataclass(frozen=True)
class _Derivatives:
    gradient: Floats
    observed: Floats
    slopes: Floats


def fit_reml(data: Repeated) -> Fit:
    """Fit the regression and the covariance.

    Raises `SingularDesign` where columns or visits cannot be told apart, `TooFewSubjects` for too few to estimate a
    covariance from, `NotConverged` where the likelihood has no maximum.
    """
    seen = np.isfinite(data.outcome)
    require_full_rank(data.design[seen], data.names)
    _, residual = _plain(data)
    if not ((residual**2).sum(axis=0) > _VARIES * (np.nan_to_num(data.outcome) ** 2).sum(axis=0)).all():
        raise SingularDesign("at a visit the outcome does not vary between the subjects that the model calls equal")
    covariance, patterns = _start(residual, seen), _patterns(data, residual)
    here = _normal(patterns, covariance)
    for _ in range(_STEPS):
        found = _derivatives(patterns, covariance, here)
        newton = _newton(found)
        if newton is not None and float(found.gradient @ newton) < _CLOSE:
            return at_covariance(data, covariance + _matrix(newton))
        covariance, here = _ahead(patterns, covariance, here, newton, found.gradient)
    raise NotConverged(
        f"the restricted likelihood was not maximised in {_STEPS} steps: too few subjects for its visits?"
    )


def at_covariance(data: Repeated, covariance: Floats) -> Fit:
    """Return the fit at a covariance that is known, or was fitted elsewhere; the design has full rank."""
    plain, residual = _plain(data)
    patterns = _patterns(data, residual)
    here = _normal(patterns, covariance)
    found = _derivatives(patterns, covariance, here)
    coefficients, shape = plain + here.coefficients, (found.slopes, _curvatures(patterns, covariance), found.observed)
    return Fit(data.names, coefficients, here.variance, covariance, here.likelihood, *shape)


def _plain(data: Repeated) -> tuple[Floats, Floats]:
    """Return the coefficients of plain least squares, and its residuals [subject, visit], 0 where not seen."""
    seen = np.isfinite(data.outcome)
    plain: Floats = np.asarray(np.linalg.lstsq(data.design[seen], data.outcome[seen], rcond=None)[0], np.float64)
    return plain, np.where(seen, np.nan_to_num(data.outcome) - data.design @ plain, 0.0)


def _patterns(data: Repeated, residual: Floats) -> list[_Pattern]:
    seen = np.isfinite(data.outcome)
    kept = [pattern for pattern in np.unique(seen, axis=0) if pattern.any()]
    chosen = [(seen == pattern).all(axis=1) for pattern in kept]
    return [
        _Pattern(np.flatnonzero(pattern), residual[of][:, pattern], data.design[of][:, pattern])
        for pattern, of in zip(kept, chosen, strict=True)
    ]


def _start(residual: Floats, seen: np.ndarray) -> Floats:
    """Return the covariance of the residuals of those seen at both visits; where that is none, its diagonal."""
    together = seen.T.astype(np.float64) @ seen
    if (together < 2.0).any():
        first, second = np.argwhere(together < 2.0)[0] + 1
        raise TooFewSubjects(
            f"fewer than 2 subjects were seen at both visit number {first} and number {second}, in order of time:"
            " there is no covariance between them; leave a visit out"
        )
    covariance = residual.T @ residual / together
    diagonal = np.diag(np.diag(covariance))
    spread = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    return covariance if np.linalg.eigvalsh(covariance / spread)[0] > 0.05 else diagonal


def _elements(visits: int) -> Floats:
    """Return the derivative of a covariance by each of its elements, [element, visit, visit]."""
    pairs = [(one, other) for one in range(visits) for other in range(one + 1)]
    elements = np.zeros((len(pairs), visits, visits))
    for element, (one, other) in enumerate(pairs):
        elements[element, one, other] = elements[element, other, one] = 1.0
    return elements


def _normal(patterns: list[_Pattern], covariance: Floats) -> _Normal:
    """Return the restricted log-likelihood, minus infinity where the covariance is none."""
    columns = patterns[0].design.shape[2]
    product, beside, squares, logs, rows = np.zeros((columns, columns)), np.zeros(columns), 0.0, 0.0, 0
    for pattern in patterns:
        try:
            lower = np.linalg.cholesky(covariance[np.ix_(pattern.seen, pattern.seen)])
        except np.linalg.LinAlgError:
            return _Normal(-np.inf, beside, product)
        whitening = np.linalg.inv(lower)
        outcome = (pattern.outcome @ whitening.T).ravel()
        design = (whitening @ pattern.design).reshape(-1, columns)
        product += design.T @ design
        beside += design.T @ outcome
        squares += float(outcome @ outcome)
        logs += 2.0 * len(pattern.outcome) * float(np.log(np.diag(lower)).sum())
        rows += outcome.size
    variance: Floats = np.asarray(np.linalg.inv(product), np.float64)
    coefficients = variance @ beside
    logs += float(np.linalg.slogdet(product)[1]) + (rows - columns) * float(np.log(2.0 * np.pi))
    return _Normal(-0.5 * (logs + squares - float(beside @ coefficients)), coefficients, variance)


def _derivatives(patterns: list[_Pattern], covariance: Floats, here: _Normal) -> _Derivatives:
    """Return the likelihood's derivatives by the covariance's elements, and the regression's that they come from."""
    elements, variance = _elements(covariance.shape[0]), here.variance
    count, columns = elements.shape[0], here.coefficients.size
    slopes, beside = np.zeros((count, columns, columns)), np.zeros((count, columns))
    gradient, observed = np.zeros(count), np.zeros((count, count))
    for pattern in patterns:
        inverse, inside, weighed, between = _weighed(pattern, covariance, elements)
        residual = (pattern.outcome - pattern.design @ here.coefficients) @ inverse
        design = np.tensordot(weighed, weighed, axes=(0, 0)).transpose(0, 2, 1, 3)
        squares, fitted = residual.T @ residual, np.tensordot(design, variance)
        subjects = len(pattern.outcome)
        slopes -= np.tensordot(inside, design)
        beside += np.tensordot(inside, np.tensordot(weighed, residual, axes=(0, 0)).transpose(0, 2, 1))
        gradient += 0.5 * np.tensordot(inside, squares + fitted - subjects * inverse)
        observed += np.tensordot(between, squares + fitted - 0.5 * subjects * inverse)
    through = slopes @ variance
    observed -= beside @ variance @ beside.T + 0.5 * np.tensordot(through, through, axes=((1, 2), (2, 1)))
    return _Derivatives(gradient, observed, slopes)


def _weighed(pattern: _Pattern, covariance: Floats, elements: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return a pattern's weights, its part of the elements' derivatives, its weighed design, and those derivatives'
    products with the weights in between, [element, element, seen, seen].
    """
    inverse = np.linalg.inv(covariance[np.ix_(pattern.seen, pattern.seen)])
    inside = elements[:, pattern.seen][:, :, pattern.seen]
    between = np.tensordot(inside @ inverse, inside, axes=(2, 1)).transpose(0, 2, 1, 3)
    return inverse, inside, inverse @ pattern.design, between


def _curvatures(patterns: list[_Pattern], covariance: Floats) -> Floats:
    """Return Kenward and Roger's Q, [element, element, column, column]."""
    elements, columns = _elements(covariance.shape[0]), patterns[0].design.shape[2]
    curvatures = np.zeros((len(elements), len(elements), columns, columns))
    for pattern in patterns:
        _, _, weighed, between = _weighed(pattern, covariance, elements)
        design = np.tensordot(weighed, weighed, axes=(0, 0)).transpose(0, 2, 1, 3)
        curvatures += np.tensordot(between, design)
    return curvatures


def _newton(found: _Derivatives) -> Floats | None:
    """Return Newton's step in the covariance's elements; none where the likelihood bends upwards."""
    try:
        np.linalg.cholesky(found.observed)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(np.linalg.solve(found.observed, found.gradient), np.float64)


def _matrix(elements: Floats) -> Floats:
    """Return the symmetric matrix of elements in the order of `_elements`."""
    visits = int((np.sqrt(8.0 * elements.size + 1.0) - 1.0) / 2.0)
    return np.asarray(np.tensordot(elements, _elements(visits), 1), np.float64)


def _ahead(
    patterns: list[_Pattern], covariance: Floats, here: _Normal, newton: Floats | None, gradient: Floats
) -> tuple[Floats, _Normal]:
    """Return where a step leads that does not lower the likelihood: Newton's, or else that of expectation maximisation.

    The latter takes what was not seen, and the coefficients under a flat prior, for missing: it never falls, and never
    leaves the covariances (Laird N, Lange N, Stram D. J Am Stat Assoc 1987;82:97-105).
    """
    for step in () if newton is None else [part * _matrix(newton) for part in _PARTS]:
        ahead = _normal(patterns, covariance + step)
        if ahead.likelihood > here.likelihood:
            return covariance + step, ahead
    slope = _matrix(gradient)
    slope = (slope + np.diag(np.diag(slope))) / 2.0
    subjects = sum(len(pattern.outcome) for pattern in patterns)
    step = 2.0 / subjects * covariance @ slope @ covariance
    return covariance + step, _normal(patterns, covariance + step)
