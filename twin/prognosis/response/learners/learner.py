"""Learner: what every way to learn effects has in common."""

from typing import Protocol

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.response.base import Base, Fitted


class EffectLearner(Protocol):
    """A way to learn effects from rows, their outcomes and treatments [row], and the chance of treatment."""

    @property
    def base(self) -> Base:
        """The regression that it learns by."""
        ...

    def fit(
        self, rows: pd.DataFrame, names: tuple[str, ...], outcome: Floats, treated: Floats, propensity: float
    ) -> Fitted:
        """Return what foretells the difference, treatment less control, of a table's rows."""
        ...


def dealt(treated: Floats, folds: int, seed: int) -> np.ndarray:
    """Return each row's fold, [row]: each arm is dealt evenly."""
    fold, random = np.empty(treated.size, np.int64), np.random.default_rng(seed)
    for arm in (0.0, 1.0):
        of = np.flatnonzero(treated == arm)
        fold[random.permutation(of)] = np.arange(of.size) % folds
    return fold
