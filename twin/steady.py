"""Steady doses: the daily dose with which each patient of a cohort comes to a target in the long run."""

import numpy as np

from twin.engine import begin
from twin.model import Floats, Individual, Model
from twin.simulate import advance

HALVINGS = 9
"""Of the logarithm of the range of doses, before a straight line within what is left: good to 1 in 5,000."""


def steady_doses(
    model: Model,
    individuals: Individual,
    observable: str,
    target: float | Floats,
    *,
    doses: tuple[float, float],
    days: int = 200,
) -> Floats:
    """Return, for each patient, the daily dose that brings an observable to a target at the end of `days`: [patient].

    `doses` are the least and the most that are tried; the observable must rise with the dose. NaN where the target lies
    beyond both. The target is one for all, or [patient].
    """
    begun = begin(model, individuals)

    def short_of(log_dose: Floats) -> Floats:
        given = np.repeat(np.exp(log_dose)[:, None], days, axis=1)
        return np.asarray(target - advance(model, individuals, begun, given)[1][observable][:, -1])

    low, high = (np.full(len(individuals[0]), np.log(bound)) for bound in doses)
    below, above = short_of(low), short_of(high)
    possible = (below >= 0) & (above <= 0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = short_of(middle)
        low, below = np.where(short > 0, middle, low), np.where(short > 0, short, below)
        high, above = np.where(short > 0, high, middle), np.where(short > 0, above, short)
    share = below / np.where(below == above, 1.0, below - above)
    return np.where(possible, np.exp(low + share * (high - low)), np.nan)
