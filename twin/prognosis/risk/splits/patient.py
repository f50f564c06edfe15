"""Patient: folds of patients at random, each with about the same share of events."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.question import Question
from twin.prognosis.risk.split import Fold, SplitSettings
from twin.trials.analysis.table import TooFewSubjects


@dataclass(frozen=True)
class ByPatient:
    """All rows of a patient are in one fold."""

    words: str = "by patient"

    def folds(
        self, rows: pd.DataFrame, outcome: Floats, question: Question, settings: SplitSettings, inner: bool
    ) -> Sequence[Fold]:
        """Return the folds; raises `TooFewSubjects`."""
        count = settings.count(inner)
        who, place = np.unique(question.subjects(rows), return_inverse=True)
        if who.size < 2 * count:
            raise TooFewSubjects(f"{who.size} patients for {count} folds; expected two in each, or more")
        event = np.zeros(who.size)
        if question.kind != "continuous":
            np.maximum.at(event, place, outcome if outcome.ndim == 1 else outcome[:, 1])
        order = np.lexsort((np.random.default_rng(settings.seed).permutation(who.size), event))
        dealt = np.empty(who.size, np.int64)
        dealt[order] = np.arange(who.size) % count
        fold = dealt[place]
        return [Fold(str(one + 1), np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(count)]


SPLIT = ByPatient()
