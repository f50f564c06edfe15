"""Chances: whether a chance tells those who have an event from others, and whether it means what it says."""

import numpy as np
from scipy.special import expit, logit

from twin.model import Floats
from twin.prognosis.fairness.cases import Cases, Kind
from twin.prognosis.fairness.metrics.metric import Metric, Weights, everybody, ratio, with_event, without_event

_KINDS: tuple[Kind, ...] = ("chance",)
_EDGE = 1e-6
"""How near to 0 and 1 a chance may be for its log odds."""
_STEPS, _CLOSE, _FAR = 25, 1e-7, 100.0
"""Newton's steps at most, the change that ends them, and the coefficient that no data ask for."""


def _auroc(cases: Cases, weights: Weights) -> Floats:
    """Return the chance that one with the event is foretold more than one without; a tie counts half."""
    order = np.argsort(cases.prediction, kind="stable")
    starts = np.flatnonzero(np.diff(cases.prediction[order], prepend=-1.0) > 0.0)
    truth, mine = cases.truth[order], weights[:, order]
    events = np.add.reduceat(mine * truth, starts, axis=1)
    others = np.add.reduceat(mine * (1.0 - truth), starts, axis=1)
    won = (events * (np.cumsum(others, axis=1) - others / 2.0)).sum(axis=1)
    pairs = events.sum(axis=1) * others.sum(axis=1)
    return np.asarray(np.divide(won, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0.0))


def _brier(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, (cases.prediction - cases.truth) ** 2, np.ones(len(cases)))


def _mean_chance(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.prediction, np.ones(len(cases)))


def _observed(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.truth, np.ones(len(cases)))


def _observed_minus_chance(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.truth - cases.prediction, np.ones(len(cases)))


def _slope(cases: Cases, weights: Weights) -> Floats:
    """Return the slope of a logistic regression of the truth on the chance's log odds (Cox 1958), [draw].

    NaN where a draw has no maximum: the truth is the same in all, or parted by the chance. Draws begin at the
    maximum of all rows, which is near theirs.
    """
    odds = logit(np.clip(cases.prediction, _EDGE, 1.0 - _EDGE))
    spread = float(odds.std()) or 1.0
    x = (odds - float(odds.mean())) / spread
    start = _newton(x, cases.truth, np.ones((1, len(cases))), np.zeros((2, 1)))
    return np.asarray(_newton(x, cases.truth, weights, np.nan_to_num(start))[1] / spread)


def _newton(x: Floats, truth: Floats, weights: Weights, start: Floats) -> Floats:
    """Return intercepts and slopes, [2, draw]; NaN where Newton's steps do not end."""
    at = np.repeat(start, len(weights) // start.shape[1], axis=1)
    for _ in range(_STEPS):
        chance = expit(at[0][:, None] + at[1][:, None] * x)
        left, bent = weights * (truth - chance), weights * (chance * (1.0 - chance))
        first, second = left.sum(axis=1), left @ x
        a, b, c = bent.sum(axis=1), bent @ x, bent @ x**2
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.stack([c * first - b * second, a * second - b * first]) / (a * c - b**2)
        at = at + np.clip(step, -3.0, 3.0)
        if not (np.abs(np.nan_to_num(step)) > _CLOSE).any():
            break
    ended = (np.isfinite(step) & (np.abs(step) <= _CLOSE) & (np.abs(at) < _FAR)).all(axis=0)
    return np.where(ended, at, np.nan)


def _net_benefit(cases: Cases, weights: Weights) -> Floats:
    """Return true positives less false ones at the threshold's odds, for each row (Vickers and Elkin 2006)."""
    odds = cases.threshold / (1.0 - cases.threshold) if cases.threshold < 1.0 else np.inf
    gained = cases.selected * np.where(cases.truth == 1.0, 1.0, -odds if np.isfinite(odds) else 0.0)
    return ratio(weights, gained, np.ones(len(cases)))


METRICS = (
    Metric(
        "net_benefit",
        "true positives for each person, less false ones at the odds of the threshold",
        _KINDS,
        _net_benefit,
        (everybody,),
    ),
    Metric(
        "auroc",
        "chance that one who has it is foretold more than one who has it not",
        _KINDS,
        _auroc,
        (with_event, without_event),
    ),
    Metric("brier", "mean squared distance of chance and truth", _KINDS, _brier, (everybody,)),
    Metric("mean_chance", "mean chance foretold", _KINDS, _mean_chance, (everybody,)),
    Metric("observed_rate", "share that has it", _KINDS, _observed, (everybody,), share=True),
    Metric(
        "observed_minus_chance", "share that has it, less the mean chance", _KINDS, _observed_minus_chance, (everybody,)
    ),
    Metric(
        "calibration_slope",
        "1 where log odds are as far apart as foretold, below 1 where nearer",
        _KINDS,
        _slope,
        (with_event, without_event),
    ),
)
