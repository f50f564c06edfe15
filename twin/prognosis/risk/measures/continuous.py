"""Continuous: the figures of foretold numbers: how far off, how much is explained, calibration."""

from dataclasses import dataclass

import numpy as np

from twin.estimate import Estimate
from twin.model import Floats
from twin.prognosis.question import Question
from twin.prognosis.risk.measure import Figures


@dataclass(frozen=True)
class Continuous:
    """Measures of foretold numbers."""

    ranking: str = "R2"

    def losses(self, outcome: Floats, score: Floats, question: Question, seen: Floats) -> Floats:
        """Return the squared error of each row."""
        return np.asarray((outcome - score) ** 2)

    def figures(self, outcome: Floats, score: Floats, question: Question, flat: bool) -> Figures:
        """Return the figures; R2 is negative where the mean foretells better."""
        away = outcome - score
        spread, own = float(outcome.var()), float(score.var())
        return {
            "MAE": float(np.abs(away).mean()),
            "RMSE": float(np.sqrt((away**2).mean())),
            "R2": 1.0 - float((away**2).mean()) / spread if spread else np.nan,
            "bias": float(away.mean()),
            "calibration slope": np.nan if flat or not own else float(np.cov(score, outcome, ddof=0)[0, 1]) / own,
        }

    def ranked(self, outcome: Floats, scores: Floats, level: float) -> tuple[list[Estimate], list[Estimate]]:
        """Return nothing: R2 has no closed interval here."""
        return [], []


MEASURES = Continuous()
