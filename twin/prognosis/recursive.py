"""Recursive: what is believed of each patient's own coefficients, visit by visit, in closed form.

An outcome is linear in coefficients that differ between patients, with normal noise of a known deviation:

    outcome = x · coefficients + noise,  coefficients ~ normal(mean, covariance) before anything is seen

After a visit the belief is normal again (recursive least squares, the filter of Kalman 1960 without motion). A
mechanistic model whose rates are linear in what differs between patients is such a one.
"""

from dataclasses import dataclass

import numpy as np

from twin.model import Floats


@dataclass(frozen=True)
class Belief:
    """Normal beliefs: mean [patient, coefficient], covariance [patient, coefficient, coefficient]."""

    mean: Floats
    covariance: Floats

    @classmethod
    def before(cls, mean: Floats, covariance: Floats, group: np.ndarray) -> "Belief":
        """Return each patient's prior: that of the group [patient] of means [group, coefficient] and covariances."""
        return cls(mean[group], covariance[group])

    def forecast(self, x: Floats, noise: float) -> tuple[Floats, Floats]:
        """Return the mean and deviation of the outcome at x [patient, coefficient], [patient] each.

        >>> certain = Belief(np.array([[2.0]]), np.array([[[0.0]]]))
        >>> [float(part[0]) for part in certain.forecast(np.array([[3.0]]), noise=0.5)]
        [6.0, 0.5]
        """
        variance = np.einsum("pi,pij,pj->p", x, self.covariance, x)
        return np.einsum("pi,pi->p", x, self.mean), np.sqrt(variance + noise**2)

    def after(self, x: Floats, outcome: Floats, noise: float) -> "Belief":
        """Return the belief once outcomes [patient] are seen at x; an outcome of NaN was not seen.

        In Joseph's form, which keeps the covariance positive when there is much to learn from.
        """
        seen = np.isfinite(outcome)
        x = np.where(seen[:, np.newaxis], x, 0.0)
        gain = np.einsum("pij,pj->pi", self.covariance, x)
        gain = gain / (np.einsum("pi,pi->p", x, gain) + noise**2)[:, np.newaxis]
        away = np.where(seen, outcome, 0.0) - np.einsum("pi,pi->p", x, self.mean)
        kept = np.eye(x.shape[1]) - gain[:, :, np.newaxis] * x[:, np.newaxis, :]
        covariance = kept @ self.covariance @ kept.transpose(0, 2, 1)
        covariance = covariance + noise**2 * gain[:, :, np.newaxis] * gain[:, np.newaxis, :]
        return Belief(self.mean + gain * away[:, np.newaxis], covariance)
