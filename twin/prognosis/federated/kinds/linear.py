"""Linear: least squares, and with a ridge: X'X and X'y summed over sites; one step is the whole way."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.federated.kind import Outcome, Step
from twin.prognosis.federated.rows import finite_numbers
from twin.prognosis.federated.wire import Question


@dataclass(frozen=True)
class Linear:
    """Least squares."""

    intercept: bool = True
    events: bool = False

    def outcome(self, rows: pd.DataFrame, question: Question) -> Outcome:
        """Return the outcomes as they are."""
        return Outcome(finite_numbers(rows, question.outcome))

    def step(self, design: Floats, outcome: Outcome, at: Floats) -> Step:
        """Return minus half the squared residuals' sum, and what belongs to it."""
        residual = outcome.value - design @ at
        return Step(len(design), -0.5 * float(residual @ residual), design.T @ residual, design.T @ design)

    def measures(self, design: Floats, outcome: Outcome, at: Floats) -> dict[str, float]:
        """Return the root of the mean squared error, and the share of variance explained."""
        residual = outcome.value - design @ at
        squares = float(((outcome.value - outcome.value.mean()) ** 2).sum())
        error = float(residual @ residual)
        explained = 1.0 - error / squares if squares > 0.0 else 0.0
        return {"RMSE": float(np.sqrt(error / len(design))), "R2": explained, "rows": float(len(design))}

    def dispersion(self, total: Step) -> float:
        """Return the residual variance."""
        return -2.0 * total.objective / max(total.rows - total.slope.size, 1.0)


KIND = Linear()
