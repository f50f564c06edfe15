"""Sequence: a neural prognosis over visits: a recurrent network that is told who a patient is and when visits are.

It is given nothing that was measured after baseline. Features are scaled, missing ones are the mean with a mark, levels
are indicators; the outcome is scaled too. A part of the patients tells when to stop. The loop is in
`twin.prognosis.recurrent`, the only file of this room that needs PyTorch.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.encoded import Scale, indicators
from twin.prognosis.learned import CrossValidation, Learned, learn
from twin.prognosis.question import Features, Question
from twin.trials.analysis.table import AnalysisError

if TYPE_CHECKING:
    from twin.prognosis.recurrent import Recurrent, Sequences


@dataclass(frozen=True)
class SequenceForecast:
    """Networks, whose answers are averaged, and how a table becomes their input and their answers an outcome."""

    features: Features
    scale: Scale
    visits: Floats
    outcome: tuple[float, float]
    networks: tuple["Recurrent", ...]
    question: Question

    def __call__(self, table: pd.DataFrame) -> Floats:
        """Return the forecast of each row; raises `AnalysisError` for a visit that was not learned from."""
        when = self.question.visits(table)
        place = np.searchsorted(self.visits, when).clip(max=self.visits.size - 1)
        if unknown := sorted(set(when[self.visits[place] != when].tolist())):
            learned = ", ".join(f"{visit:g}" for visit in self.visits)
            raise AnalysisError(f"{self.question.visit} is {unknown[0]:g} in some row; learned were {learned}")
        asked = _sequences(self._static(table), self.visits, np.zeros((len(table), self.visits.size)))
        answers = np.mean([network.predict(asked) for network in self.networks], axis=0)
        told = self.outcome[0] + self.outcome[1] * answers[np.arange(len(table)), place]
        return np.asarray(np.clip(told, 0.0, 1.0) if self.question.kind == "binary" else told, np.float64)

    def _static(self, table: pd.DataFrame) -> Floats:
        return self.scale.of_one(indicators(self.features, table))


@dataclass(frozen=True)
class SequenceTwin:
    """A recurrent network over visits; `networks` of them, which begin from other numbers, are averaged."""

    hidden: int = 16
    epochs: int = 40
    learning_rate: float = 5e-3
    networks: int = 2
    validation: CrossValidation = field(default_factory=CrossValidation)

    def fit(self, table: pd.DataFrame, question: Question, progress: Progress = silent) -> Learned:
        """Return the prognosis; raises `AnalysisError`."""
        return learn(table, question, self._way, self.validation, progress)

    def _way(self, rows: pd.DataFrame, target: Floats, question: Question) -> SequenceForecast:
        from twin.prognosis.recurrent import RecurrentConfig, ensemble

        features, visits = Features.of(rows, question.features), np.unique(question.visits(rows))
        who, first = np.unique(question.subjects(rows), return_index=True)
        place = np.searchsorted(who, question.subjects(rows))
        scale = Scale.of(indicators(features, rows.iloc[first]))
        shift, size = float(target.mean()), float(target.std()) or 1.0
        outcome = np.full((who.size, visits.size), np.nan)
        outcome[place, np.searchsorted(visits, question.visits(rows))] = (target - shift) / size
        all_of = _sequences(scale.of_one(indicators(features, rows.iloc[first])), visits, outcome)
        config = RecurrentConfig(
            self.hidden, self.epochs, batch=64, learning_rate=self.learning_rate, seed=self.validation.seed
        )
        networks = ensemble(all_of, config, self.networks)
        return SequenceForecast(features, scale, visits, (shift, size), networks, question)


def _sequences(static: Floats, visits: Floats, outcome: Floats) -> "Sequences":
    """Return what the network is told: the visits' times, as shares of the last; NaN outcomes are not learned from."""
    from twin.prognosis.recurrent import Sequences

    when = np.broadcast_to((visits / (np.abs(visits).max() or 1.0))[np.newaxis, :, np.newaxis], (*outcome.shape, 1))
    known = np.isfinite(outcome)
    return Sequences(static, when, when, np.where(known, outcome, 0.0), known.astype(np.float64))
