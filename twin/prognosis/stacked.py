"""Stacked: several ways to learn, weighed by what each foretold of patients that it had not seen (a super learner).

Weights are those, none below 0, with which the out-of-fold forecasts together are nearest to the outcomes. With the
baseline value alone among the members, a score is not worse than it where the others find nothing.
van der Laan MJ, Polley EC, Hubbard AE. Stat Appl Genet Mol Biol 2007;6:25.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from kg.progress import Progress, part, silent
from twin.model import Floats
from twin.prognosis.learned import Forecast, Learned, bounds_of
from twin.prognosis.question import Question
from twin.prognosis.tabular import Boosting, Linear


@dataclass(frozen=True)
class WeighedForecast:
    """Forecasts and their weights, about a centre."""

    centre: float
    weights: Floats
    members: tuple[Forecast, ...]
    binary: bool

    def __call__(self, table: pd.DataFrame) -> Floats:
        """Return the weighed forecast of each row."""
        told = np.column_stack([member(table) for member in self.members])
        found = self.centre + (told - self.centre) @ self.weights
        return np.asarray(np.clip(found, 0.0, 1.0) if self.binary else found, np.float64)


@dataclass(frozen=True)
class Stacked:
    """Boosted trees, the linear model and, with `alone`, a linear model of these features only, weighed together."""

    alone: tuple[str, ...] = ()
    boosting: Boosting = field(default_factory=Boosting)
    linear: Linear = field(default_factory=Linear)

    def fit(self, table: pd.DataFrame, question: Question, progress: Progress = silent) -> Learned:
        """Return the prognosis, its intervals from the weighed out-of-fold forecasts; raises `AnalysisError`."""
        asked: list[tuple[Boosting | Linear, Question]] = [(self.boosting, question), (self.linear, question)]
        if self.alone:
            asked.append((self.linear, replace(question, features=self.alone)))
        validation = self.linear.validation
        members = [
            replace(way, validation=validation).fit(
                table, one, part(progress, place / len(asked), (place + 1) / len(asked))
            )
            for place, (way, one) in enumerate(asked)
        ]
        seen = members[0].out_of_fold
        target, centre = seen["OUTCOME"].to_numpy(), float(seen["OUTCOME"].mean())
        told = np.column_stack([member.out_of_fold["PROGNOSIS"] for member in members])
        weights = nnls(told - centre, target - centre)[0]
        forecast = WeighedForecast(
            centre, weights, tuple(member.forecast for member in members), question.kind == "binary"
        )
        score = centre + (told - centre) @ weights
        return Learned(
            question,
            forecast,
            bounds_of(target, score, seen["VISIT"].to_numpy(), question, validation.level),
            seen.assign(PROGNOSIS=score),
        )
