"""Visits: a chance or a number foretold at each visit from that patient's rows up to it, never a later one.

A small gated recurrent network (`twin.prognosis.recurrent`) reads each row as it comes: its features, scaled, with a
mark where one is missing, when it was, and how long after the one before. Networks that begin from other numbers are
averaged, on log odds or in the outcome's unit. What was learned is arrays, and foretells without PyTorch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from twin.model import Floats
from twin.prognosis.encoded import Scale, indicators
from twin.prognosis.gated import Gated
from twin.prognosis.question import Features, Question
from twin.prognosis.risk.histories import Histories


@dataclass(frozen=True)
class VisitForecast:
    """Networks, how a row becomes their input, and the shift and size that make their answer the score."""

    features: Features
    scale: Scale
    networks: tuple[Gated, ...]
    shift: float
    size: float
    question: Question

    def __call__(self, table: pd.DataFrame) -> Floats:
        """Return the chance, or the number, of each row; a patient's earlier rows are read where they are there.

        Raises `AnalysisError` where a row lacks its patient or its visit.
        """
        histories = Histories.of(table, self.question)
        score = self.scores(histories.laid(self._encoded(table, histories)))[histories.patient, histories.step]
        return np.asarray(expit(score) if self.question.kind == "binary" else score, np.float64)

    def inputs(self, table: pd.DataFrame) -> Floats:
        """Return what the networks read of each row, [row, column]."""
        return self._encoded(table, Histories.of(table, self.question))

    def scores(self, inputs: Floats) -> Floats:
        """Return the log odds, or the number, at each visit of inputs [patient, visit, column]: [patient, visit]."""
        answers = [network.answers(inputs, inputs) for network in self.networks]
        return np.asarray(self.shift + self.size * np.mean(answers, axis=0), np.float64)

    @property
    def owners(self) -> np.ndarray:
        """Return whose each column of the inputs is, [column]: the place of a feature; the visit's follow the last."""
        widths = [1 if levels is None else len(levels) - 1 for levels in self.features.levels]
        widths[0] += not any(widths)  # where no feature tells anybody apart there is a column of nothing
        plain = np.repeat(np.arange(len(widths) + 1), [*widths, 2])
        return np.concatenate([plain, plain[self.scale.marked]])

    def arrays(self) -> dict[str, Any]:
        """Return what was learned, as numbers and arrays by name."""
        scale = {"mean": self.scale.mean, "sd": self.scale.sd, "marked": self.scale.marked}
        return {
            "scale": scale,
            "networks": [dict(one.weights) for one in self.networks],
            "shift": self.shift,
            "size": self.size,
        }

    @classmethod
    def of(cls, features: Features, arrays: Mapping[str, Any], question: Question) -> "VisitForecast":
        """Return the forecast of `arrays`."""
        networks = tuple(Gated(weights) for weights in arrays["networks"])
        return cls(features, Scale(**arrays["scale"]), networks, arrays["shift"], arrays["size"], question)

    def _encoded(self, table: pd.DataFrame, histories: Histories) -> Floats:
        return self.scale.of_one(_raw(self.features, table, histories))


@dataclass(frozen=True)
class Visits:
    """The network of `hidden` units, of which several are averaged; `decay` shrinks its weights."""

    hidden: int = 16
    decay: float = 1e-2
    networks: int = 3
    epochs: int = 60
    seed: int = 0

    def way(self, rows: pd.DataFrame, target: Floats, question: Question) -> VisitForecast:
        """Return the forecast learned from rows and their outcomes, [row]; raises `AnalysisError`.

        Scales and marks are learned from these rows; a fifth of their patients tells each network when to stop.
        """
        from twin.prognosis.recurrent import RecurrentConfig, Sequences, ensemble

        features, histories = Features.of(rows, question.features), Histories.of(rows, question)
        raw = _raw(features, rows, histories)
        scale, chance = Scale.of(raw), question.kind == "binary"
        shift, size = (0.0, 1.0) if chance else (float(target.mean()), float(target.std()) or 1.0)
        seen = histories.laid(scale.of_one(raw))
        told, weight = histories.laid((target - shift) / size), histories.laid(np.ones(len(rows)))
        patients = Sequences(np.zeros((len(seen), 1)), seen, seen, told, weight)
        config = RecurrentConfig(
            self.hidden,
            self.epochs,
            batch=64,
            weight_decay=self.decay,
            seed=self.seed,
            loss="log" if chance else "squared",
        )
        found = ensemble(patients, config, self.networks)
        return VisitForecast(features, scale, tuple(Gated(one.arrays()) for one in found), shift, size, question)


def _raw(features: Features, table: pd.DataFrame, histories: Histories) -> Floats:
    """Return [row, column]: numbers, indicators of levels, when the visit was and how long after the one before."""
    return np.column_stack([indicators(features, table), histories.visit, histories.gap])
