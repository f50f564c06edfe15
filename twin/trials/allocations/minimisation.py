"""Minimisation: each patient goes where the arms are then most alike in some covariates (Pocock and Simon 1975)."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Strict

from kg.files.checked import Text, at_least
from twin.streams import uniforms
from twin.trials.allocations.allocation import Allocation, Arms, Enrolling
from twin.trials.allocations.blocks import level_of


class Minimisation(Allocation):
    """The arm that lowers the sum of imbalances over `factors` is taken with `probability`, else one of the others.

    The imbalance of a factor's level is the range over arms of the patients at it, each over its arm's share. Source:
    Pocock SJ, Simon R. Biometrics 1975;31:103-115.
    """

    kind: Literal["minimisation"] = "minimisation"
    factors: Annotated[tuple[Text, ...], at_least(1)]
    probability: Annotated[float, Strict(), Field(gt=0.5, le=1)] = 0.8

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """The covariates that patients are balanced by."""
        return self.factors

    def arms(self, enrolling: Enrolling) -> Arms:
        """Return each patient's arm, in the order in which they come."""
        levels = np.stack([level_of(np.asarray(enrolling.covariates[name])) for name in self.factors])
        shares = np.array(enrolling.shares) / sum(enrolling.shares)
        counts = np.zeros((len(self.factors), int(levels.max()) + 1, len(shares)))
        luck = uniforms(enrolling.seed, "allocation", enrolling.ids, 2)
        found, places = np.empty(enrolling.n, np.intp), np.arange(len(self.factors))
        for patient in range(enrolling.n):
            here = counts[places, levels[:, patient]]
            then = (here[np.newaxis] + np.eye(len(shares))[:, np.newaxis]) / shares
            imbalance = (then.max(axis=2) - then.min(axis=2)).sum(axis=1)
            best = np.flatnonzero(imbalance <= imbalance.min() + 1e-9)
            weight = np.where(np.isin(np.arange(len(shares)), best), self.probability, 1.0 - self.probability) * shares
            if len(best) == len(shares):
                weight = shares
            arm = int(np.searchsorted(np.cumsum(weight / weight.sum())[:-1], luck[patient, 0], side="right"))
            counts[places, levels[:, patient], arm] += 1
            found[patient] = arm
        return found
