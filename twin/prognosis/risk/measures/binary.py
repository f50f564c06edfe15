"""Binary: the figures of chances: discrimination, accuracy beside the majority class, calibration.

Steyerberg EW et al. Epidemiology 2010;21:128-138. Van Calster B et al. BMC Med 2019;17:230.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from twin.estimate import Estimate, effect_of
from twin.model import Floats
from twin.prognosis.question import Question
from twin.prognosis.risk.delong import area, areas
from twin.prognosis.risk.measure import Figures, logits
from twin.trials.analysis.logistic import logistic
from twin.trials.analysis.table import NotConverged

_CUT = 0.5
"""A chance of this or more counts as an event, for accuracy."""


@dataclass(frozen=True)
class Binary:
    """Measures of chances of an outcome that is 0 or 1."""

    ranking: str = "AUROC"

    def losses(self, outcome: Floats, score: Floats, question: Question, seen: Floats) -> Floats:
        """Return the squared error of each row, whose mean is the Brier score."""
        return np.asarray((outcome - score) ** 2)

    def figures(self, outcome: Floats, score: Floats, question: Question, flat: bool) -> Figures:
        """Return the figures; calibration of flat forecasts has no slope."""
        share, brier = float(outcome.mean()), float(((outcome - score) ** 2).mean())
        majority = max(share, 1.0 - share)
        accuracy = float(((score >= _CUT) == (outcome == 1.0)).mean())
        of_share = share * (1.0 - share)
        return {
            "AUROC": 0.5 if flat else area(outcome, score),
            "AUPRC": share if flat else average_precision(outcome, score),
            "accuracy": accuracy,
            "majority class": majority,
            "accuracy above majority": accuracy - majority,
            "Brier": brier,
            "scaled Brier": 1.0 - brier / of_share if of_share else np.nan,
            "calibration intercept": intercept(outcome, score),
            "calibration slope": np.nan if flat else slope(outcome, score),
        }

    def ranked(self, outcome: Floats, scores: Floats, level: float) -> tuple[list[Estimate], list[Estimate]]:
        """Return the AUROCs by DeLong's way."""
        found, spread = areas(outcome, scores)
        return estimates(found, spread, level, "AUROC, DeLong")


def average_precision(outcome: Floats, score: Floats) -> float:
    """Return the mean precision over events, in steps: the area under the precision-recall curve; NaN without events.

    >>> round(average_precision(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8])), 4)
    0.8333
    """
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0.0, True)
    found = np.cumsum(outcome[order])[last]
    if not found[-1]:
        return float("nan")
    return float((np.diff(found, prepend=0.0) * found / (np.flatnonzero(last) + 1.0)).sum() / found[-1])


def intercept(outcome: Floats, score: Floats) -> float:
    """Return by how much log odds are to be raised for the mean chance to be the share of events; 0 is calibrated."""
    if outcome.min() == outcome.max():
        return float("nan")
    at, given = 0.0, logits(score)
    for _ in range(50):
        chance = expit(given + at)
        step = float((outcome - chance).sum() / (chance * (1.0 - chance)).sum())
        at += float(np.clip(step, -2.0, 2.0))
        if abs(step) < 1e-10:
            break
    return at


def slope(outcome: Floats, score: Floats) -> float:
    """Return the slope of a logistic regression on the log odds; below 1 where forecasts are too extreme."""
    if outcome.min() == outcome.max():
        return float("nan")
    try:
        return float(logistic(np.column_stack([np.ones(score.size), logits(score)]), outcome)[0][1])
    except (NotConverged, np.linalg.LinAlgError):
        return float("nan")


def estimates(found: Floats, spread: Floats, level: float, method: str) -> tuple[list[Estimate], list[Estimate]]:
    """Return figures with normal intervals, and each one's difference from the first."""
    count = len(found)
    own = [_normal(found[place], spread[place, place], level, method) for place in range(count)]
    apart = [
        _normal(found[place] - found[0], spread[place, place] + spread[0, 0] - 2.0 * spread[place, 0], level, method)
        for place in range(count)
    ]
    return own, apart


def _normal(value: float, variance: float, level: float, method: str) -> Estimate:
    return effect_of(float(value), float(np.sqrt(max(variance, 0.0))), level, f"{method}, normal")


MEASURES = Binary()
