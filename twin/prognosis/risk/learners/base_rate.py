"""Base rate: the same for everybody: the share with the event, the mean, or the chance by Kaplan and Meier's way."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.learned import Forecast
from twin.prognosis.question import Features, Kind, LearnMissing, Question
from twin.prognosis.risk.hazards import HazardForecast
from twin.prognosis.risk.learner import Setting
from twin.prognosis.risk.outcome import times_of
from twin.prognosis.tabular import MISSING, TableForecast, inputs_of
from twin.trials.analysis.cox import baseline_hazard


@dataclass(frozen=True)
class Constant:
    """Foretells the same of everybody."""

    def way(self, rows: pd.DataFrame, target: Floats, question: Question) -> Forecast:
        """Return the forecast; of times it is Nelson and Aalen's hazard until the horizon."""
        features = Features.of(rows, question.features)
        if question.kind == "survival":
            moments, hazard = baseline_hazard(times_of(target), np.zeros(len(target)))
            return HazardForecast(features, None, np.zeros(0), moments, hazard, question)
        try:
            from sklearn.dummy import DummyClassifier, DummyRegressor
        except ImportError:
            raise LearnMissing(MISSING) from None
        estimator = DummyClassifier(strategy="prior") if question.kind == "binary" else DummyRegressor()
        return TableForecast(features, estimator.fit(inputs_of(features, rows, question), target), question)


@dataclass(frozen=True)
class BaseRate:
    """The learner."""

    kinds: tuple[Kind, ...] = ("binary", "continuous", "survival")
    words: str = "the same for everybody"
    visits: bool = False

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return the one there is."""
        return {"": Constant()}


LEARNER = BaseRate()
