"""Network: the value some minutes ahead of a person's readings, by recurrent networks learned from other persons.

Each network (`twin.prognosis.recurrent`) reads the last readings, as level and change, scaled by the persons learned
from, and foretells the change from the last reading. Persons are dealt into as many groups as there are networks: a
network learns from all groups but its own, which tells it when to stop and gives the errors that bound outcomes.
The forecast is the networks' mean. Gaps are never bridged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.conformal import Margin
from twin.prognosis.series.forecast import Horizon, Readings
from twin.trials.analysis.table import AnalysisError, TooFewSubjects

if TYPE_CHECKING:
    from twin.prognosis.recurrent import Recurrent, Sequences


@dataclass(frozen=True)
class Scale:
    """What makes levels, changes from reading to reading, and the change foretold, of the size of 1."""

    mean: float
    sd: float
    step: float
    change: float

    @classmethod
    def of(cls, seen: Floats, change: Floats) -> "Scale":
        """Return the scale of windows [case, reading] and their changes [case]; what is constant is not scaled."""
        spreads = [float(part.std()) or 1.0 for part in (seen, np.diff(seen, axis=1), change)]
        return cls(float(seen.mean()), *spreads)

    def sequences(self, seen: Floats, change: Floats) -> "Sequences":
        """Return what the network reads, and learns at the last reading alone."""
        from twin.prognosis.recurrent import Sequences

        steps = np.diff(seen, axis=1, prepend=seen[:, :1]) / self.step
        level = (seen - self.mean) / self.sd
        target, weight = np.zeros_like(seen), np.zeros_like(seen)
        target[:, -1], weight[:, -1] = change / self.change, 1.0
        nothing = np.zeros((*seen.shape, 0))
        return Sequences(level[:, :1], np.stack([level, steps], axis=2), nothing, target, weight)


@dataclass(frozen=True)
class RecurrentForecast:
    """A way to learn, of `length` readings in a row; intervals hold `level` of outcomes of persons like these.

    `networks` of `hidden` units are averaged; each is trained for `epochs` at most, on one run in `every`: neighbours
    are nearly alike.
    """

    horizon: Horizon = field(default_factory=Horizon)
    length: int = 12
    networks: int = 3
    hidden: int = 32
    epochs: int = 10
    every: int = 2
    level: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.networks, self.length) < 2:
            raise AnalysisError(f"got {self.networks} networks on {self.length} readings, expected 2 or more of each")

    def fit(self, persons: Sequence[Readings], progress: Progress = silent) -> "NetworkForecaster":
        """Return the forecaster learned from persons; those without a case teach nothing.

        Raises `TooFewSubjects` where fewer persons than networks have a case, or all have too few for the level.
        """
        cases = [(one, *self.horizon.cases(one, self.length)) for one in persons]
        cases = [case for case in cases if case[1].size]
        if len(cases) < self.networks:
            raise TooFewSubjects(
                f"{len(cases)} of {len(persons)} persons have {self.length} readings in a row, {self.horizon.step:g} "
                f"minutes apart, and one {self.horizon.ahead:g} minutes ahead; expected {self.networks} or more"
            )
        group = np.random.default_rng(self.seed).permutation(len(cases)) % self.networks
        group = np.repeat(group, [last.size for _, last, _ in cases])
        seen = np.concatenate([_windows(one, last, self.length) for one, last, _ in cases])
        change = np.concatenate([one.values[ahead] - one.values[last] for one, last, ahead in cases])
        found, errors = [], np.zeros_like(change)
        for number in range(self.networks):
            net, own = self._trained(seen, change, group == number, number), group == number
            errors[own] = change[own] - _changes(net, seen[own])
            found.append(net)
            progress("train", (number + 1) / self.networks)
        margin = Margin.of(errors, np.zeros_like(errors), np.zeros_like(errors), self.level)
        return NetworkForecaster(self.horizon, self.length, tuple(found), margin)

    def _trained(self, seen: Floats, change: Floats, held: np.ndarray, number: int) -> "tuple[Scale, Recurrent]":
        """Return a network that did not learn from the cases held out, and its scale."""
        from twin.prognosis.recurrent import RecurrentConfig, train

        scale = Scale.of(seen[~held], change[~held])
        parts = [np.flatnonzero(part)[:: self.every] for part in (~held, held)]
        config = RecurrentConfig(self.hidden, self.epochs, patience=4, seed=self.seed + number)
        learn, stop = (scale.sequences(seen[part], change[part]) for part in parts)
        return scale, train(learn, stop, config)


@dataclass(frozen=True)
class NetworkForecaster:
    """What was learned: networks with their scales."""

    horizon: Horizon
    length: int
    networks: "tuple[tuple[Scale, Recurrent], ...]"
    margin: Margin

    def predict(self, readings: Readings) -> pd.DataFrame:
        """Return PROGNOSIS, LOWER and UPPER of the value ahead of each reading; NaN where no whole run ends in it."""
        told = pd.DataFrame(np.nan, index=range(readings.values.size), columns=["PROGNOSIS", "LOWER", "UPPER"])
        last = self.horizon.runs(readings, self.length)
        if last.size:
            seen = _windows(readings, last, self.length)
            found = readings.values[last] + np.mean([_changes(net, seen) for net in self.networks], axis=0)
            told.iloc[last] = np.column_stack([found, *self.margin.at(found, np.zeros_like(found))])
        return told


def _windows(readings: Readings, last: np.ndarray, length: int) -> Floats:
    """Return the readings of each run, [case, reading]."""
    return readings.values[last[:, None] + np.arange(1 - length, 1)]


def _changes(net: "tuple[Scale, Recurrent]", seen: Floats) -> Floats:
    """Return the change that one network foretells of each window, [case]."""
    scale, network = net
    return network.predict(scale.sequences(seen, np.zeros(seen.shape[0])))[:, -1] * scale.change
