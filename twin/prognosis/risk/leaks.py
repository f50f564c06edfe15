"""Leaks: single features that tell the outcome almost alone, in which it may be hidden."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from twin.model import Floats
from twin.prognosis.question import Features, Question
from twin.prognosis.risk.concordance import concordances
from twin.prognosis.risk.delong import area

SUSPICIOUS = 0.98
"""An AUROC, concordance or correlation of one feature alone above this is named."""
_FEWEST = 10
"""A level with fewer patients tells nothing."""

_TELLING = 0.75
"""Where being missing has this AUROC, that nearly all with a value (or without) have the same outcome is named too."""
_COMMON = 0.75
"""An outcome that so many have is no sign."""
_MISSING = "its being missing"


@dataclass(frozen=True)
class Suspicion:
    """A feature that tells the outcome almost alone, by its value or by its being missing."""

    feature: str
    by: str
    measure: str
    value: float

    def to_text(self) -> str:
        """Return the warning."""
        return (
            f"{self.feature} alone tells the outcome ({self.measure} {self.value:.3f} by {self.by}): "
            "was it known at the index date?"
        )


def suspicions(rows: pd.DataFrame, outcome: Floats, question: Question) -> tuple[Suspicion, ...]:
    """Return the features that are suspicious, in order."""
    features, found = Features.of(rows, question.features), []
    matrix = features.matrix(rows)
    for place, name in enumerate(features.names):
        known = np.isfinite(matrix[:, place])
        told = {"its value": (matrix[known, place], outcome[known], features.levels[place] is not None)}
        if not known.all():
            told[_MISSING] = (known.astype(np.float64), outcome, False)
        for by, (value, seen, levels) in told.items():
            measure, strength = _strength(value, seen, levels, question)
            if question.kind == "binary" and by == _MISSING and strength > _TELLING:
                measure, strength = _purest(known, outcome, measure, strength)
            if strength > SUSPICIOUS:
                found.append(Suspicion(name, by, measure, strength))
    return tuple(found)


def _strength(value: Floats, outcome: Floats, levels: bool, question: Question) -> tuple[str, float]:
    """Return how well a feature alone tells the outcome, whichever way round; 0 where that cannot be said."""
    if value.size < _FEWEST or np.ptp(value) == 0.0:
        return "", 0.0
    if levels:
        value = _shares(value, outcome if outcome.ndim == 1 else outcome[:, 1])
    if question.kind == "continuous":
        if np.ptp(value) == 0.0 or np.ptp(outcome) == 0.0:
            return "", 0.0
        return "|rank correlation|", abs(float(spearmanr(value, outcome).statistic))
    if question.kind == "binary":
        measure, found = "AUROC", area(outcome, value)
    else:
        some = slice(None, None, max(1, value.size // 2000))
        measure, found = (
            "concordance",
            float(concordances(outcome[some, 0], outcome[some, 1], value[np.newaxis, some])[0][0]),
        )
    return measure, max(found, 1.0 - found) if np.isfinite(found) else 0.0


def _purest(known: np.ndarray, outcome: Floats, measure: str, strength: float) -> tuple[str, float]:
    """Return the largest share of one outcome, no common one, among those with a value or without, if it is more."""
    shares = [
        float((outcome[some] == one).mean())
        for one in (0.0, 1.0)
        if (outcome == one).mean() < _COMMON
        for some in (known, ~known)
    ]
    return ("share with one outcome", max(shares)) if max(shares, default=0.0) > strength else (measure, strength)


def _shares(value: Floats, outcome: Floats) -> Floats:
    """Return each row's level by its mean outcome; small levels by that of all."""
    found = np.full(value.size, outcome.mean())
    for one in np.unique(value):
        if (value == one).sum() >= _FEWEST:
            found[value == one] = outcome[value == one].mean()
    return found
