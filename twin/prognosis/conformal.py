"""Conformal: intervals that hold a promised share of outcomes, whatever the model, and chances that are bounded.

Both rest on patients that the model did not learn from, and on nothing else than that the next patient is drawn like
them. Where they are not (another hospital, another year), the promise is void: measure `coverage` there.
"""

from dataclasses import dataclass

import numpy as np

from twin.model import Floats
from twin.trials.analysis.table import TooFewSubjects

_CLOSE = 1e-9
"""What a number may be above a whole one and still be taken for it."""
_GRID = 200
"""Scores at which the bounds of a chance are found; between them they are interpolated."""


@dataclass(frozen=True)
class Margin:
    """How far below and above its forecast an outcome is, by patients foretold by models that had not seen them.

    Lower and upper are apart, so that skewed outcomes get skewed intervals; each leaves out half of what is promised.
    Source: Vovk V, Gammerman A, Shafer G. Algorithmic learning in a random world. Springer 2005; over folds as in
    Barber RF et al. Ann Stat 2021;49:486-507, who guarantee 1 - 2·(1 - level); near `level` where models are alike.
    """

    visits: Floats
    below: Floats
    above: Floats
    level: float

    @classmethod
    def of(cls, outcome: Floats, forecast: Floats, visit: Floats, level: float = 0.9) -> "Margin":
        """Return the margins of outcomes foretold out of fold, [row] each: those of each visit apart.

        Raises `TooFewSubjects` where a visit has too few for the level.
        """
        visits, tail, found = np.unique(visit), (1.0 - level) / 2.0, []
        for one in visits:
            away = (outcome - forecast)[visit == one]
            rank = np.ceil((1.0 - tail) * (away.size + 1) - _CLOSE) / away.size
            if rank > 1.0:
                least = int(np.ceil(1.0 / tail - 1.0 - _CLOSE))
                raise TooFewSubjects(
                    f"{away.size} subjects cannot bound {level:.0%} of outcomes; expected {least} or more at each visit"
                )
            found.append([np.quantile(side, rank, method="inverted_cdf") for side in (-away, away)])
        below, above = np.array(found, np.float64).T
        return cls(visits, below, above, level)

    def at(self, forecast: Floats, visit: Floats) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of each row; between visits that were learned margins are interpolated."""
        below, above = (np.interp(visit, self.visits, side) for side in (self.below, self.above))
        return forecast - below, forecast + above


@dataclass(frozen=True)
class Chances:
    """What a score means: bounds of the chance at each score, by Venn and Abers, and a chance between them.

    A patient is added to those with known outcomes once as a 0 and once as a 1; isotonic regression gives a chance each
    time, and one of the two is calibrated. The one between is p1 / (1 - p0 + p1), which loses least in the log score.
    Source: Vovk V, Petej I. Venn-Abers predictors. UAI 2014.
    """

    scores: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, outcome: Floats, score: Floats) -> "Chances":
        """Return the chances learned from outcomes (0 and 1) and scores out of fold, [subject] each."""
        grid = np.unique(np.quantile(score, np.linspace(0.0, 1.0, _GRID)))
        order = np.argsort(score, kind="stable")
        known, seen = score[order], outcome[order]
        bounds = [[_isotonic_at(known, seen, at, added) for at in grid] for added in (0.0, 1.0)]
        return cls(grid, np.array(bounds[0]), np.array(bounds[1]))

    def at(self, score: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the chance, and its lower and upper bound, at each score."""
        lower, upper = (np.interp(score, self.scores, bound) for bound in (self.lower, self.upper))
        return upper / (1.0 - lower + upper), lower, upper


def coverage(outcome: Floats, lower: Floats, upper: Floats) -> float:
    """Return the share of outcomes within their intervals."""
    return float(((outcome >= lower) & (outcome <= upper)).mean())


def _isotonic_at(scores: Floats, outcome: Floats, score: float, added: float) -> float:
    """Return the isotonic regression at a score, to ascending scores and one more patient there.

    By the minimax formula (Barlow 1972): the largest over beginnings before it of the smallest mean to ends after it.
    """
    first, last = np.searchsorted(scores, score, "left"), np.searchsorted(scores, score, "right")
    before = np.concatenate([[0.0], np.cumsum(outcome[:first][::-1])])
    after = np.concatenate([[0.0], np.cumsum(outcome[last:])])
    return _minimax(before, after, added + float(outcome[first:last].sum()), int(1 + last - first))


def _minimax(before: Floats, after: Floats, here: float, count: int) -> float:
    """Return max over a of min over b of (before[a] + here + after[b]) / (a + count + b), by bisection on the value.

    A value is at most the answer if for some a the block is at least it for every b.
    """
    steps_before, steps_after = np.arange(before.size), np.arange(after.size)
    low, high = 0.0, 1.0
    for _ in range(40):
        value = (low + high) / 2.0
        worst = (after - value * steps_after).min()
        best = (before - value * steps_before).max()
        low, high = (value, high) if best + here - value * count + worst >= 0.0 else (low, value)
    return (low + high) / 2.0
