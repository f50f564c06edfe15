"""Time: later patients are judged on by what earlier ones taught, over a window that grows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.question import Question
from twin.prognosis.risk.split import Fold, SplitSettings
from twin.trials.analysis.table import AnalysisError, TooFewSubjects, numbers


@dataclass(frozen=True)
class ByTime:
    """Of count + 1 spans of time with about as many rows each, every span but the first is judged on by those before.

    A patient with rows on both sides of a cut is learned from, and not judged on. That an outcome was known by the time
    of the cut is not looked at: leave out who was not yet followed.
    """

    words: str = "by time, the earlier teach and the later judge"

    def folds(
        self, rows: pd.DataFrame, outcome: Floats, question: Question, settings: SplitSettings, inner: bool
    ) -> Sequence[Fold]:
        """Return the folds, fewer where many rows are of one time; raises `AnalysisError`."""
        if settings.time is None:
            raise AnalysisError("a split by time needs the column of the index date: --time COLUMN, a number")
        count = settings.count(inner)
        when, who = numbers(rows, settings.time), question.subjects(rows)
        cuts = np.unique(np.quantile(when, np.arange(1, count + 1) / (count + 1), method="higher"))
        found = []
        for place, cut in enumerate(cuts):
            end = cuts[place + 1] if place + 1 < cuts.size else np.inf
            learned = when < cut
            judged = (when >= cut) & (when < end) & ~np.isin(who, who[learned])
            if learned.any() and judged.any():
                found.append(Fold(f"from {cut:g}", np.flatnonzero(learned), np.flatnonzero(judged)))
        if not found:
            raise TooFewSubjects(f"{settings.time} does not part the patients into earlier and later ones")
        return found


SPLIT = ByTime()
