"""DeLong: areas under ROC curves of the same patients, with their covariance.

DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845; by ranks as in Sun X, Xu W. IEEE Signal Process
Lett 2014;21:1389-1393.
"""

import numpy as np
from scipy.stats import rankdata

from twin.model import Floats


def areas(outcome: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Return the areas [score] and their covariance [score, score]; NaN without events, or without others.

    Shapes: outcome [row] of 0 and 1, scores [score, row]; higher scores are those of events, ties count half.
    """
    event = outcome == 1.0
    events, others = int(event.sum()), int((~event).sum())
    if not events or not others:
        return np.full(len(scores), np.nan), np.full((len(scores), len(scores)), np.nan)
    ranks = np.apply_along_axis(rankdata, 1, scores)
    above = (ranks[:, event] - np.apply_along_axis(rankdata, 1, scores[:, event])) / others
    below = 1.0 - (ranks[:, ~event] - np.apply_along_axis(rankdata, 1, scores[:, ~event])) / events
    found = above.mean(axis=1)
    if events < 2 or others < 2:
        return found, np.full((len(scores), len(scores)), np.nan)
    spread = np.atleast_2d(np.cov(above)) / events + np.atleast_2d(np.cov(below)) / others
    return found, spread


def area(outcome: Floats, score: Floats) -> float:
    """Return one area: the chance that an event has a higher score than another; NaN where there is nothing to compare.

    >>> area(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    event = outcome == 1.0
    events, others = float(event.sum()), float((~event).sum())
    if not events or not others:
        return float("nan")
    return float((rankdata(score)[event].sum() - events * (events + 1.0) / 2.0) / (events * others))
