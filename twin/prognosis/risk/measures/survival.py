"""Survival: the figures of chances of an event until a horizon, of times some of which are cut off.

The Brier score weighs those followed for those cut off before them (Graf E et al. Stat Med 1999;18:2529-2545).
"""

from dataclasses import dataclass

import numpy as np

from twin.estimate import Estimate
from twin.model import Floats
from twin.prognosis.question import Question
from twin.prognosis.risk.concordance import concordances
from twin.prognosis.risk.measure import Figures
from twin.prognosis.risk.measures.binary import estimates
from twin.prognosis.risk.outcome import times_of
from twin.trials.analysis.cox import partial_likelihood
from twin.trials.analysis.survival import Times, kaplan_meier
from twin.trials.analysis.table import AnalysisError


@dataclass(frozen=True)
class Survival:
    """Measures of chances of an event until the question's horizon."""

    ranking: str = "concordance"

    def losses(self, outcome: Floats, score: Floats, question: Question, seen: Floats) -> Floats:
        """Return the weighted squared error of each row; 0 for one cut off before the horizon."""
        times, horizon = times_of(outcome), question.horizon or 0.0
        event = (times.event == 1.0) & (times.time <= horizon)
        free = times.time > horizon
        return np.asarray((event * (1.0 - score) ** 2 + free * score**2) * weights(times, horizon, times_of(seen)))

    def figures(self, outcome: Floats, score: Floats, question: Question, flat: bool) -> Figures:
        """Return the figures but the concordance, which has a closed interval."""
        times, horizon = times_of(outcome), question.horizon or 0.0
        brier = float(self.losses(outcome, score, question, outcome).mean())
        observed = chance_by(times, horizon)
        same = float(self.losses(outcome, np.full(score.size, observed), question, outcome).mean())
        return {
            "Brier": brier,
            "scaled Brier": 1.0 - brier / same if same else np.nan,
            "observed / expected": observed / float(score.mean()),
            "calibration slope": np.nan if flat else _slope(times, score),
        }

    def ranked(self, outcome: Floats, scores: Floats, level: float) -> tuple[list[Estimate], list[Estimate]]:
        """Return the concordances, with the infinitesimal jackknife's errors."""
        found, spread = concordances(outcome[:, 0], outcome[:, 1], scores)
        return estimates(found, spread, level, "Harrell's C, infinitesimal jackknife")


def chance_by(times: Times, horizon: float) -> float:
    """Return the share with the event until the horizon, by Kaplan and Meier's way."""
    curve = kaplan_meier(times)
    place = int(np.searchsorted(curve.time, horizon, side="right"))
    return float(1.0 - curve.survival[place - 1]) if place else 0.0


def weights(times: Times, horizon: float, seen: Times) -> Floats:
    """Return one over the chance of being followed until the event, or the horizon, as in the patients `seen`."""
    curve = kaplan_meier(Times(seen.time, 1.0 - seen.event))
    steps = np.concatenate([[1.0], curve.survival])
    before = np.where(times.time <= horizon, np.nextafter(times.time, -np.inf), horizon)
    left = steps[np.searchsorted(curve.time, before, side="right")]
    return np.asarray(np.divide(1.0, left, out=np.zeros_like(left), where=left > 0.0))


def _slope(times: Times, score: Floats) -> float:
    """Return the coefficient of log(-log(1 - chance)) in a Cox regression; below 1 where forecasts are too extreme."""
    inside = np.clip(score, 1e-6, 1.0 - 1e-6)
    try:
        design = np.log(-np.log1p(-inside))[:, np.newaxis]
        return float(partial_likelihood(design, times, np.zeros(score.size))[0][0])
    except (AnalysisError, np.linalg.LinAlgError):
        return float("nan")


MEASURES = Survival()
