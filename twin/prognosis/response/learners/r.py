"""R: effects that leave least of the outcome unexplained, once what any patient would have had is taken off.

    minimise over effects of: mean of ((outcome - its mean given features) - (treated - chance of that) * effect)^2

The mean given features is foretold of each row by a regression that had not seen it.
Nie X, Wager S. Quasi-oracle estimation of heterogeneous treatment effects. Biometrika 2021;108:299-319.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.response.base import Base, Fitted
from twin.prognosis.response.learners.learner import dealt


@dataclass(frozen=True)
class RLearner:
    """The R-learner: a regression of residual over residual, weighed by the second's square."""

    base: Base = field(default_factory=Base)
    folds: int = 4

    def fit(
        self, rows: pd.DataFrame, names: tuple[str, ...], outcome: Floats, treated: Floats, propensity: float
    ) -> Fitted:
        """Return what foretells the effect of a table's rows."""
        fold, mean = dealt(treated, self.folds, self.base.seed), np.empty(outcome.size)
        for one in range(self.folds):
            held = fold == one
            mean[held] = self.base.fit(rows[~held], names, outcome[~held])(rows[held])
        away = treated - propensity
        return self.base.fit(rows, names, (outcome - mean) / away, away**2)
