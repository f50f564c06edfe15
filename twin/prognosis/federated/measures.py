"""Measures: how well scores tell those with an event from those without, at one site."""

import numpy as np
from scipy.stats import rankdata

from twin.model import Floats
from twin.trials.analysis.survival import Times

_ROWS = 1024
"""Rows whose pairs are looked at together."""


def discrimination(event: Floats, score: Floats) -> tuple[float, float]:
    """Return the area under the ROC curve of [row] and its standard error; NaN without events or without others.

    DeLong ER et al. Biometrics 1988;44:837-845, by ranks (Sun X, Xu W. IEEE Signal Process Lett 2014;21:1389-1393).
    """
    yes, no = score[event == 1.0], score[event == 0.0]
    if not yes.size or not no.size:
        return float("nan"), float("nan")
    together = rankdata(np.concatenate([yes, no]))
    above = (together[: yes.size] - rankdata(yes)) / no.size
    below = 1.0 - (together[yes.size :] - rankdata(no)) / yes.size
    variance = sum(part.var(ddof=1) / part.size if part.size > 1 else 0.0 for part in (above, below))
    return float(above.mean()), float(np.sqrt(variance))


def concordance(times: Times, score: Floats) -> tuple[float, float]:
    """Return Harrell's C-index of [subject] and how many pairs it is of: in each, who had the event first is known.

    The higher score should be whose event was first; equal scores count half. Of equal times, only those pairs count in
    which one had the event and the other was cut off. NaN without pairs. Harrell FE et al. JAMA 1982;247:2543-2546.
    """
    right, pairs = 0.0, 0.0
    for start in range(0, times.time.size, _ROWS):
        some = slice(start, start + _ROWS)
        time, event = times.time[some, np.newaxis], times.event[some, np.newaxis] == 1.0
        first = event & ((time < times.time) | ((time == times.time) & (times.event == 0.0)))
        away = score[some, np.newaxis] - score
        right += float((first & (away > 0.0)).sum()) + 0.5 * float((first & (away == 0.0)).sum())
        pairs += float(first.sum())
    return (right / pairs if pairs else float("nan")), pairs
