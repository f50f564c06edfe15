"""X: each patient's outcome less what a patient like them would have had in the other arm, foretold, then weighed.

Kuenzel SR, Sekhon JS, Bickel PJ, Yu B. Metalearners for estimating heterogeneous treatment effects using machine
learning. PNAS 2019;116:4156-4165.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.response.base import Base, Fitted


@dataclass(frozen=True)
class XLearner:
    """The X-learner: effects in each arm by the other arm's regression, weighed by the chance of treatment."""

    base: Base = field(default_factory=Base)

    def fit(
        self, rows: pd.DataFrame, names: tuple[str, ...], outcome: Floats, treated: Floats, propensity: float
    ) -> Fitted:
        """Return what foretells the effect of a table's rows."""
        new, old = treated == 1.0, treated == 0.0
        on_new, on_old = (self.base.fit(rows[of], names, outcome[of]) for of in (new, old))
        of_new = self.base.fit(rows[new], names, outcome[new] - on_old(rows[new]))
        of_old = self.base.fit(rows[old], names, on_new(rows[old]) - outcome[old])
        return lambda table: np.asarray(propensity * of_old(table) + (1.0 - propensity) * of_new(table), np.float64)
