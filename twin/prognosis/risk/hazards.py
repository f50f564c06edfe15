"""Hazards: the chance of an event until a horizon by Cox's model, its coefficients shrunk, its baseline Breslow's.

Verweij PJM, van Houwelingen HC. Penalized likelihood in Cox regression. Stat Med 1994;13:2427-2436.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.encoded import encoder, scaled
from twin.prognosis.question import Features, LearnMissing, Question
from twin.prognosis.risk.outcome import times_of
from twin.prognosis.tabular import MISSING, inputs_of, width_beside
from twin.trials.analysis.cox import baseline_hazard, partial_likelihood


@dataclass(frozen=True)
class HazardForecast:
    """Coefficients of encoded inputs [column], and the cumulative hazard [moment] of one whose log risk is 0.

    Without an `encoder`, everybody's log risk is 0.
    """

    features: Features
    encoder: Any
    coefficients: Floats
    moments: Floats
    hazard: Floats
    question: Question

    def log_risk(self, table: pd.DataFrame) -> Floats:
        """Return each row's log hazard ratio beside one whose inputs are all the mean."""
        inputs = inputs_of(self.features, table, self.question)
        return self.encoder.transform(inputs) @ self.coefficients if self.encoder is not None else np.zeros(len(table))

    def __call__(self, table: pd.DataFrame) -> Floats:
        """Return each row's chance of the event until the horizon."""
        until = int(np.searchsorted(self.moments, self.question.horizon or 0.0, side="right"))
        hazard = self.hazard[until - 1] if until else 0.0
        return np.asarray(-np.expm1(-hazard * np.exp(self.log_risk(table))), np.float64)


@dataclass(frozen=True)
class Hazards:
    """Cox's model; `shrinkage` as in `partial_likelihood`, a missing number is as `Linear` has it."""

    shrinkage: float
    marks: bool = True

    def way(self, rows: pd.DataFrame, target: Floats, question: Question) -> HazardForecast:
        """Return the forecast learned from rows and their times and events; raises `AnalysisError`."""
        try:
            features = Features.of(rows, question.features)
            encode = encoder(features, scaled(self.marks), width_beside(question))
        except ImportError:
            raise LearnMissing(MISSING) from None
        design, times = encode.fit_transform(inputs_of(features, rows, question)), times_of(target)
        coefficients, _ = partial_likelihood(design, times, np.zeros(len(design)), self.shrinkage)
        moments, hazard = baseline_hazard(times, design @ coefficients)
        return HazardForecast(features, encode, coefficients, moments, hazard, question)
