"""Forecast: the value some minutes ahead of a person's readings, by an autoregression learned from other persons.

What is foretold is the change from the last reading x(0), linear in the level and in the last differences:

    x(ahead) - x(0) = a + b x(0) + sum over k < order of c(k) (x(-k) - x(-k - 1))

which is any autoregression of that order, written so that shrinkage leads to persistence (no change), and not to 0.
Gaps are never bridged: a forecast needs a whole run of readings. Hoerl AE, Kennard RW. Technometrics 1970;12:55-67.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.conformal import Margin
from twin.trials.analysis.table import AnalysisError, TooFewSubjects


@dataclass(frozen=True)
class Readings:
    """One person's readings in order of time: `minutes` and `values`, [reading]; raises `AnalysisError`."""

    minutes: Floats
    values: Floats

    def __post_init__(self) -> None:
        if self.minutes.ndim != 1 or self.minutes.shape != self.values.shape:
            raise AnalysisError(
                f"got minutes {self.minutes.shape} and values {self.values.shape}, expected one of each a reading"
            )
        if not (np.isfinite(self.minutes).all() and np.isfinite(self.values).all()):
            raise AnalysisError("a time or a reading is no number; leave such readings out: they are gaps")
        if (np.diff(self.minutes) <= 0.0).any():
            raise AnalysisError("readings are not in order of time, or two are of one time; expected each time once")


@dataclass(frozen=True)
class Horizon:
    """How far `ahead` is foretold from readings `step` apart, in minutes; each within half a step."""

    ahead: float = 30.0
    step: float = 5.0

    def __post_init__(self) -> None:
        if not 0.0 < self.step <= self.ahead < float("inf"):
            raise AnalysisError(f"got {self.ahead} minutes ahead by steps of {self.step}, expected 0 < step <= ahead")

    def runs(self, readings: Readings, length: int) -> np.ndarray:
        """Return where a whole run of `length` readings ends, [run], by number of the reading."""
        whole = np.abs(np.diff(readings.minutes) - self.step) <= self.step / 2.0
        broken = np.concatenate([[0], np.cumsum(~whole)])
        last = np.arange(length - 1, readings.minutes.size)
        return np.asarray(last[broken[last] == broken[last - length + 1]])

    def cases(self, readings: Readings, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the runs that end in a reading with another `ahead` of it, and that other, [case] each."""
        last, minutes = self.runs(readings, length), readings.minutes
        if not last.size:
            return last, last
        wanted = minutes[last] + self.ahead
        after = np.clip(np.searchsorted(minutes, wanted), 1, minutes.size - 1)
        near = after - (wanted - minutes[after - 1] < minutes[after] - wanted)
        there = (np.abs(minutes[near] - wanted) <= self.step / 2.0) & (near > last)
        return last[there], near[there]


@dataclass(frozen=True)
class Autoregression:
    """A way to learn: of the `orders` and `shrinkages`, those that foretell persons left out best.

    A shrinkage is the penalty on the squared coefficients of features scaled to SD 1, beside the mean squared error.
    Intervals hold `level` of outcomes of persons like these, by the errors of models that had not seen the person.
    """

    horizon: Horizon = field(default_factory=Horizon)
    orders: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12)
    shrinkages: tuple[float, ...] = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)
    level: float = 0.9

    def fit(self, persons: Sequence[Readings]) -> "Forecaster":
        """Return the forecaster learned from persons; those without a case teach nothing.

        Raises `TooFewSubjects` where fewer than three persons have a case, or all have too few for the level.
        """
        longest = max(self.orders)
        cases = [(one, *self.horizon.cases(one, longest)) for one in persons]
        cases = [case for case in cases if case[1].size]
        if len(cases) < 3:
            raise TooFewSubjects(
                f"{len(cases)} of {len(persons)} persons have {longest} readings in a row, {self.horizon.step:g} "
                f"minutes apart, and one {self.horizon.ahead:g} minutes ahead; expected three persons or more"
            )
        moments = np.array([_moments(one, last, ahead, longest) for one, last, ahead in cases])
        told = [(order, shrinkage) for order, shrinkage in product(self.orders, self.shrinkages)]
        order, shrinkage = min(told, key=lambda setting: _error_left_out(moments, *setting))
        away = [
            one.values[ahead] - one.values[last] - _features(one, last, order) @ _solved(others, order, shrinkage)
            for (one, last, ahead), others in zip(cases, moments.sum(axis=0) - moments, strict=True)
        ]
        errors = np.concatenate(away)
        margin = Margin.of(errors, np.zeros_like(errors), np.zeros_like(errors), self.level)
        return Forecaster(self.horizon, _solved(moments.sum(axis=0), order, shrinkage), shrinkage, margin)


@dataclass(frozen=True)
class Forecaster:
    """What was learned: coefficients (constant, level, differences from the last back), [1 + order]."""

    horizon: Horizon
    coefficients: Floats
    shrinkage: float
    margin: Margin

    @property
    def order(self) -> int:
        """Return how many readings in a row a forecast needs."""
        return self.coefficients.size - 1

    def predict(self, readings: Readings) -> pd.DataFrame:
        """Return PROGNOSIS, LOWER and UPPER of the value ahead of each reading; NaN where no whole run ends in it."""
        told = pd.DataFrame(np.nan, index=range(readings.values.size), columns=["PROGNOSIS", "LOWER", "UPPER"])
        last = self.horizon.runs(readings, self.order)
        if last.size:
            found = readings.values[last] + _features(readings, last, self.order) @ self.coefficients
            told.iloc[last] = np.column_stack([found, *self.margin.at(found, np.zeros_like(found))])
        return told


def _features(readings: Readings, last: np.ndarray, order: int) -> Floats:
    """Return 1, the level and the last differences, [case, 1 + order]."""
    values = readings.values
    differences = [values[last - back] - values[last - back - 1] for back in range(order - 1)]
    return np.column_stack([np.ones(last.size), values[last], *differences])


def _moments(readings: Readings, last: np.ndarray, ahead: np.ndarray, order: int) -> Floats:
    """Return the sums of products of features and change of a person, [2 + order, 2 + order]; the change is last."""
    change = readings.values[ahead] - readings.values[last]
    columns = np.column_stack([_features(readings, last, order), change])
    return np.asarray(columns.T @ columns, np.float64)


def _solved(moments: Floats, order: int, shrinkage: float) -> Floats:
    """Return the coefficients, [1 + order], by ridge regression from the sums of products of all cases."""
    count, means = moments[0, 0], moments[0] / moments[0, 0]
    spread = moments / count - np.outer(means, means)
    scale = np.sqrt(np.diag(spread)[1 : 1 + order])
    scale = np.where(scale > 0.0, scale, 1.0)
    among = spread[1 : 1 + order, 1 : 1 + order] / np.outer(scale, scale)
    slopes = np.linalg.solve(among + shrinkage * np.eye(order), spread[1 : 1 + order, -1] / scale) / scale
    return np.concatenate([[means[-1] - means[1 : 1 + order] @ slopes], slopes])


def _error_left_out(moments: Floats, order: int, shrinkage: float) -> float:
    """Return the root mean squared error of each person by the others' model, mean over persons."""
    errors = []
    for own, others in zip(moments, moments.sum(axis=0) - moments, strict=True):
        slopes = np.zeros(own.shape[0])
        slopes[: 1 + order], slopes[-1] = -_solved(others, order, shrinkage), 1.0
        errors.append(np.sqrt(max(slopes @ own @ slopes, 0.0) / own[0, 0]))
    return float(np.mean(errors))
