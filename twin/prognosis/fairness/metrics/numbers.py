"""Numbers: how far foretold numbers are from those that came true; and the mean of figures measured elsewhere."""

import numpy as np

from twin.model import Floats
from twin.prognosis.fairness.cases import Cases, Kind
from twin.prognosis.fairness.metrics.metric import Metric, Weights, everybody, ratio

_KINDS: tuple[Kind, ...] = ("number",)
_NEAR = 0.2


def _mean_error(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.prediction - cases.truth, np.ones(len(cases)))


def _absolute(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, np.abs(cases.prediction - cases.truth), np.ones(len(cases)))


def _root_mean_square(cases: Cases, weights: Weights) -> Floats:
    return np.asarray(np.sqrt(ratio(weights, (cases.prediction - cases.truth) ** 2, np.ones(len(cases)))))


def _within(cases: Cases, weights: Weights) -> Floats:
    near = np.abs(cases.prediction - cases.truth) <= _NEAR * np.abs(cases.truth)
    return ratio(weights, near.astype(np.float64), np.ones(len(cases)))


def _mean(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.prediction, np.ones(len(cases)))


METRICS = (
    Metric("mean_error", "prediction less truth, mean (bias)", _KINDS, _mean_error, (everybody,)),
    Metric("mean_absolute_error", "distance of prediction and truth, mean", _KINDS, _absolute, (everybody,)),
    Metric("root_mean_squared_error", "root of the mean squared distance", _KINDS, _root_mean_square, (everybody,)),
    Metric("within_20_percent", "share foretold within 20 % of the truth", _KINDS, _within, (everybody,), share=True),
    Metric("mean_figure", "mean of what was measured", ("figure",), _mean, (everybody,)),
)
