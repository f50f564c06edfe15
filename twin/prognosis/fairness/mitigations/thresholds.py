"""Thresholds: one for each group, so that each has the rate that all have together at the present one.

The search is exact: every threshold that tells two of a group's chances apart is tried, and that taken whose rate is
nearest. No decision is drawn by lot, as the optimum of Hardt and others (NeurIPS 2016) may ask for.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.fairness.cases import Booleans, Cases
from twin.prognosis.fairness.mitigations.mitigation import Decided
from twin.trials.analysis.table import AnalysisError

Equal = Literal["selection_rate", "true_positive_rate", "equalized_odds"]


@dataclass(frozen=True)
class Thresholds:
    """Equal selection rates (demographic parity), equal true positive rates (equal opportunity), or both error rates.

    A group that has fewer rows than `fewest` to choose by keeps the common threshold.
    """

    rate: Equal = "true_positive_rate"
    fewest: int = 30

    @property
    def equal(self) -> str:
        """The rate whose gap it is to close; of equalized odds, the true positive rate stands for both."""
        return "true_positive_rate" if self.rate == "equalized_odds" else self.rate

    def words(self) -> str:
        """Say what it does."""
        return f"a threshold for each group, at which its {self.rate.replace('_', ' ')} is that of all together now"

    def choose(self, cases: Cases, attribute: str) -> dict[str, float]:
        """Return each group's threshold; raises `AnalysisError` where the predictions are no chances."""
        if cases.kind != "chance":
            raise AnalysisError(f"thresholds by group need chances from 0 to 1; these predictions are a {cases.kind}")
        labels, common = cases.groups[attribute], cases.threshold
        wanted = _rates(cases.truth, cases.prediction, np.array([common]))[0]
        found = {}
        for group in sorted(set(labels.tolist())):
            of = labels == group
            chance, truth = cases.prediction[of], cases.truth[of]
            resting = truth.sum() if self.rate == "true_positive_rate" else of.sum()
            if self.rate == "equalized_odds":
                resting = min(truth.sum(), (1.0 - truth).sum())
            found[group] = common if resting < self.fewest else self._nearest(chance, truth, wanted, common)
        return found

    def decide(self, table: pd.DataFrame, cases: Cases, attribute: str, seen: Booleans) -> Decided:
        """Return the same chances, and classes by thresholds that were chosen on the rows seen."""
        chosen, held = self.choose(cases[seen], attribute), cases[~seen]
        cut = np.array([chosen.get(group, cases.threshold) for group in held.groups[attribute]])
        chance = held.prediction
        return Decided(chance, held.selected, chance, (chance >= cut).astype(np.float64))

    def _nearest(self, chance: Floats, truth: Floats, wanted: Floats, common: float) -> float:
        """Return the threshold whose rates are nearest to those wanted; of several, that nearest to the common one."""
        edges = np.unique(chance)
        cuts = np.concatenate([[0.0], (edges[1:] + edges[:-1]) / 2.0, [1.0 + 1e-9]])
        away = np.abs(_rates(truth, chance, cuts) - wanted)
        columns = {"selection_rate": [0], "true_positive_rate": [1], "equalized_odds": [1, 2]}[self.rate]
        far = away[:, columns].max(axis=1)
        best = np.flatnonzero(far <= far.min() + 1e-12)
        return float(cuts[best[np.argmin(np.abs(cuts[best] - common))]])


def _rates(truth: Floats, chance: Floats, cuts: Floats) -> Floats:
    """Return selection rate, true and false positive rate at each threshold, [threshold, 3]."""
    columns = []
    for of in (np.ones(truth.size, bool), truth == 1.0, truth == 0.0):
        ordered = np.sort(chance[of])
        columns.append((ordered.size - np.searchsorted(ordered, cuts, side="left")) / max(1, ordered.size))
    return np.column_stack(columns)
