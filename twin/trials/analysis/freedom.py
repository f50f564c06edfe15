"""Freedom: tests of a mixed model's coefficients in small samples, as Kenward and Roger or Satterthwaite find them.

The covariance's parameters are its elements, in which it is linear, so that Kenward and Roger's second derivatives are
zero; the parameters' covariance is the inverse of the observed information. SAS's PROC MIXED does the same, and R's
mmrm with vcov = "Kenward-Roger-Linear".
Kenward MG, Roger JH. Biometrics 1997;53:983-997. Fai AHT, Cornelius PL. J Stat Comput Simul 1996;54:363-378.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import f

from twin.model import Floats
from twin.trials.analysis.reml import Fit
from twin.trials.analysis.table import SingularDesign

Freedom = Literal["kenward-roger", "satterthwaite"]
"""How degrees of freedom are found; Kenward and Roger widen the standard error too."""


@dataclass(frozen=True)
class FTest:
    """A test that several contrasts are zero together; Kenward and Roger's statistic is scaled."""

    statistic: float
    numerator: int
    denominator: float
    p_value: float


def contrast(fit: Fit, weights: Floats, freedom: Freedom = "kenward-roger") -> tuple[float, float, float]:
    """Return a weighted sum of coefficients, its standard error and its degrees of freedom, [column] weights."""
    plain = float(weights @ fit.variance @ weights)
    slope = -np.einsum("p,kpq,q->k", weights @ fit.variance, fit.slopes, fit.variance @ weights)
    degrees = 2.0 * plain**2 / float(slope @ np.linalg.solve(fit.information, slope))
    variance = adjusted_variance(fit) if freedom == "kenward-roger" else fit.variance
    return float(weights @ fit.coefficients), float(np.sqrt(weights @ variance @ weights)), degrees


def adjusted_variance(fit: Fit) -> Floats:
    """Return the coefficients' covariance, widened for that of the visits being estimated."""
    around = np.linalg.inv(fit.information)
    through = fit.slopes @ fit.variance
    inner = np.tensordot(around, fit.curvatures - np.einsum("kpq,lqr->klpr", through, fit.slopes), 2)
    return np.asarray(fit.variance + 2.0 * fit.variance @ inner @ fit.variance)


def f_test(fit: Fit, weights: Floats, freedom: Freedom = "kenward-roger") -> FTest:
    """Test that contrasts [contrast, column] are zero; raises `SingularDesign` where one follows from others."""
    count = weights.shape[0]
    if np.linalg.matrix_rank(weights) < count:
        raise SingularDesign(f"got {count} contrasts of which some follow from others; expected independent ones")
    found = weights @ fit.coefficients
    if freedom == "satterthwaite":
        return _satterthwaite(fit, weights, found)
    variance = weights @ adjusted_variance(fit) @ weights.T
    scale, denominator = _kenward_roger(fit, weights)
    statistic = scale * float(found @ np.linalg.solve(variance, found)) / count
    return FTest(statistic, count, denominator, float(f.sf(statistic, count, denominator)))


def _kenward_roger(fit: Fit, weights: Floats) -> tuple[float, float]:
    """Return the statistic's scale and the denominator's degrees of freedom, in the names of the 1997 paper."""
    count = weights.shape[0]
    theta = weights.T @ np.linalg.solve(weights @ fit.variance @ weights.T, weights)
    around = np.linalg.inv(fit.information)
    parts = theta @ fit.variance @ fit.slopes @ fit.variance
    traces = np.trace(parts, axis1=1, axis2=2)
    a_1 = float(traces @ around @ traces)
    a_2 = float((around * np.tensordot(parts, parts, axes=((1, 2), (2, 1)))).sum())
    b = (a_1 + 6.0 * a_2) / (2.0 * count)
    g = ((count + 1.0) * a_1 - (count + 4.0) * a_2) / ((count + 2.0) * a_2)
    below = 3.0 * count + 2.0 * (1.0 - g)
    c_1, c_2, c_3 = g / below, (count - g) / below, (count + 2.0 - g) / below
    mean = 1.0 / (1.0 - a_2 / count)
    spread = 2.0 / count * (1.0 + c_1 * b) / ((1.0 - c_2 * b) ** 2 * (1.0 - c_3 * b))
    degrees = 4.0 + (count + 2.0) / (count * spread / (2.0 * mean**2) - 1.0)
    return degrees / (mean * (degrees - 2.0)), degrees


def _satterthwaite(fit: Fit, weights: Floats, found: Floats) -> FTest:
    """Test independent combinations of the contrasts, each with its own degrees of freedom (Fai and Cornelius)."""
    count = weights.shape[0]
    variances, axes = np.linalg.eigh(weights @ fit.variance @ weights.T)
    statistic = float(((axes.T @ found) ** 2 / variances).sum()) / count
    degrees = np.array([contrast(fit, axis @ weights, "satterthwaite")[2] for axis in axes.T])
    if np.ptp(degrees) < 1e-8:
        denominator = float(degrees.mean())
    elif (degrees <= 2.0).any():
        denominator = 2.0
    else:
        total = float((degrees / (degrees - 2.0)).sum())
        denominator = 2.0 * total / (total - count)
    return FTest(statistic, count, denominator, float(f.sf(statistic, count, denominator)))
