"""Concordance: how often whoever has the event first was foretold the higher chance (Harrell's C), with its covariance.

Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387. A pair counts if the earlier time is an event's; of equal times
an event's comes before one cut off, and two events are no pair. The covariance is the infinitesimal jackknife's, as in
R's `survival::concordance`.
"""

import numpy as np

from twin.model import Floats

_BLOCK = 500


def concordances(time: Floats, event: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Return the concordance [score] of scores [score, row], and their covariance [score, score].

    NaN where no pair can be compared.
    """
    found, parts = [], []
    for score in scores:
        agreed, pairs = _pairs(time, event, score)
        total = pairs.sum() / 2.0
        if not total:
            found.append(np.nan)
            parts.append(np.full(time.size, np.nan))
            continue
        value = agreed.sum() / 2.0 / total
        found.append(value)
        parts.append((agreed - value * pairs) / total)
    influence = np.array(parts)
    return np.array(found), influence @ influence.T


def _pairs(time: Floats, event: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Return of each row how many pairs it is in that agree (ties count half), and how many that count."""
    agreed, pairs = np.zeros(time.size), np.zeros(time.size)
    for start in range(0, time.size, _BLOCK):
        some = slice(start, start + _BLOCK)
        here, cut = time[some, np.newaxis], event[some, np.newaxis] == 0.0
        counts = ~cut & ((here < time) | ((here == time) & (event == 0.0)))
        away = score[some, np.newaxis] - score
        right = counts * (np.sign(away) + 1.0) / 2.0
        agreed[some] += right.sum(axis=1)
        agreed += right.sum(axis=0)
        pairs[some] += counts.sum(axis=1)
        pairs += counts.sum(axis=0)
    return agreed, pairs
