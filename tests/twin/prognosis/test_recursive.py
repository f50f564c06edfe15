"""Visit by visit, the belief is that of all visits at once: Bayesian linear regression in closed form."""

import numpy as np

from twin.prognosis.recursive import Belief

NOISE = 0.3


def test_visit_by_visit_is_all_at_once() -> None:
    random = np.random.default_rng(0)
    x, outcome = random.normal(size=(2, 7, 3)), random.normal(size=(2, 7))
    outcome[1, 4:] = np.nan
    mean, root = random.normal(size=(1, 3)), random.normal(size=(3, 3))
    covariance = (root @ root.T)[np.newaxis]
    belief = Belief.before(mean, covariance, np.zeros(2, int))
    for visit in range(7):
        belief = belief.after(x[:, visit], outcome[:, visit], NOISE)
    for patient, visits in ((0, 7), (1, 4)):
        design, seen = x[patient, :visits], outcome[patient, :visits]
        precision = np.linalg.inv(covariance[0]) + design.T @ design / NOISE**2
        expected = np.linalg.solve(precision, np.linalg.solve(covariance[0], mean[0]) + design.T @ seen / NOISE**2)
        np.testing.assert_allclose(belief.mean[patient], expected, rtol=1e-9)
        np.testing.assert_allclose(belief.covariance[patient], np.linalg.inv(precision), rtol=1e-9)


def test_forecasts_are_as_sure_as_they_say() -> None:
    random = np.random.default_rng(1)
    own = random.normal([1.0, -1.0], 0.5, size=(5000, 2))
    belief = Belief.before(np.array([[1.0, -1.0]]), 0.25 * np.eye(2)[np.newaxis], np.zeros(5000, int))
    for _ in range(3):
        x = random.normal(size=(5000, 2))
        outcome = (x * own).sum(axis=1) + NOISE * random.normal(size=5000)
        mean, sd = belief.forecast(x, NOISE)
        assert abs(((outcome - mean) / sd).std() - 1.0) < 0.04
        belief = belief.after(x, outcome, NOISE)
