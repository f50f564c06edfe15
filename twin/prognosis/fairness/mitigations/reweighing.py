"""Reweighing: a model learned anew, from rows weighed so that group and truth are independent.

A row of group g and truth y weighs P(g) P(y) / P(g, y). Kamiran F, Calders T. Knowl Inf Syst 2012;33:1-33.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import Floats
from twin.prognosis.encoded import encoder, scaled
from twin.prognosis.fairness.cases import Booleans, Cases
from twin.prognosis.fairness.mitigations.mitigation import Decided
from twin.prognosis.question import Features, LearnMissing
from twin.trials.analysis.table import AnalysisError

_MISSING = "reweighing needs scikit-learn: pip install 'panakeia[learn]'"


@dataclass(frozen=True)
class Reweighing:
    """A logistic regression of these features, shrunk, without weights and with them; the group is not a feature."""

    features: tuple[str, ...]
    shrinkage: float = 1.0

    @property
    def equal(self) -> str:
        """The rate whose gap it is to close."""
        return "selection_rate"

    def words(self) -> str:
        """Say what it does."""
        return f"a logistic regression of {', '.join(self.features)}, learned from reweighed rows"

    def decide(self, table: pd.DataFrame, cases: Cases, attribute: str, seen: Booleans) -> Decided:
        """Return chances of the rows not seen, by models learned from those seen; raises `AnalysisError`."""
        if cases.kind not in ("chance", "class"):
            raise AnalysisError(f"reweighing needs a truth of 0 or 1; these predictions are a {cases.kind}")
        if attribute in self.features:
            raise AnalysisError(f"{attribute} is the group: it cannot be a feature of a model that is to ignore it")
        some = cases[seen]
        weights = weights_of(some.groups[attribute], some.truth)
        chances = [self._chances(table, cases.truth, seen, one) for one in (np.ones(len(some)), weights)]
        before, after = ((chance >= cases.threshold).astype(np.float64) for chance in chances)
        return Decided(chances[0], before, chances[1], after)

    def _chances(self, table: pd.DataFrame, truth: Floats, seen: Booleans, weights: Floats) -> Floats:
        try:
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
        except ImportError:
            raise LearnMissing(_MISSING) from None
        features = Features.of(table[seen], self.features)
        model = make_pipeline(encoder(features, scaled()), LogisticRegression(C=1.0 / self.shrinkage, max_iter=1000))
        model.fit(features.matrix(table[seen]), truth[seen], logisticregression__sample_weight=weights)
        return np.asarray(model.predict_proba(features.matrix(table[~seen]))[:, 1], np.float64)


def weights_of(group: NDArray[np.object_], truth: Floats) -> Floats:
    """Return each row's weight, [row], of groups and truths [row]: with it, group and truth are independent.

    >>> weights_of(np.array(["a", "a", "a", "b"], object), np.array([1.0, 1.0, 0.0, 0.0])).tolist()
    [0.75, 0.75, 1.5, 0.5]
    """
    found = np.ones(truth.size)
    for one in set(group.tolist()):
        for value in np.unique(truth):
            cell = (group == one) & (truth == value)
            if cell.any():
                found[cell] = (group == one).mean() * (truth == value).mean() / cell.mean()
    return found
