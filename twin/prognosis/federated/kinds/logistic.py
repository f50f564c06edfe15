"""Logistic: the chance of an event; Newton's steps on summed slopes and curvatures are those on the pooled rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from twin.model import Floats
from twin.prognosis.federated.kind import Outcome, Step
from twin.prognosis.federated.measures import discrimination
from twin.prognosis.federated.rows import events
from twin.prognosis.federated.wire import Question


@dataclass(frozen=True)
class Logistic:
    """Logistic regression by maximum likelihood."""

    intercept: bool = True
    events: bool = True

    def outcome(self, rows: pd.DataFrame, question: Question) -> Outcome:
        """Return 1 for an event and 0 for none."""
        return Outcome(events(rows, question))

    def step(self, design: Floats, outcome: Outcome, at: Floats) -> Step:
        """Return the log likelihood's sums."""
        scores = design @ at
        chance = expit(scores)
        likelihood = float((outcome.value * scores - np.logaddexp(0.0, scores)).sum())
        curvature = (design * (chance * (1.0 - chance))[:, np.newaxis]).T @ design
        return Step(len(design), likelihood, design.T @ (outcome.value - chance), curvature)

    def measures(self, design: Floats, outcome: Outcome, at: Floats) -> dict[str, float]:
        """Return the AUROC with DeLong's error, the events, and how many were expected."""
        scores = design @ at
        area, error = discrimination(outcome.value, scores)
        found = {"AUROC": area, "AUROC_error": error, "rows": float(len(design))}
        return found | {"events": float(outcome.value.sum()), "expected": float(expit(scores).sum())}

    def dispersion(self, total: Step) -> float:
        """Return 1: events vary as their chances say."""
        return 1.0


KIND = Logistic()
