"""Site: each site is judged on by what others taught; where few are left to learn from, inner folds are patients."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.question import Question, level
from twin.prognosis.risk.split import Fold, SplitSettings
from twin.prognosis.risk.splits.patient import SPLIT as BY_PATIENT
from twin.trials.analysis.table import AnalysisError, MissingValues, require


@dataclass(frozen=True)
class BySite:
    """A site is left out at a time; a patient of several sites is left out of what is learned from, with each."""

    words: str = "by site, each left out once"

    def folds(
        self, rows: pd.DataFrame, outcome: Floats, question: Question, settings: SplitSettings, inner: bool
    ) -> Sequence[Fold]:
        """Return a fold for each site; inner ones too, or, of fewer than three sites, folds of patients.

        Raises `AnalysisError` where no column, or one site alone, is named.
        """
        if settings.site is None:
            raise AnalysisError("a split by site needs the column that names the site: --site COLUMN")
        require(rows, [settings.site])
        if rows[settings.site].isna().any():
            raise MissingValues(f"{settings.site} is missing in {int(rows[settings.site].isna().sum())} rows")
        of = rows[settings.site].map(level).to_numpy()
        sites, who = sorted(set(of)), question.subjects(rows)
        if len(sites) < 2:
            raise AnalysisError(f"{settings.site} names one site; expected two or more to leave each out once")
        if len(sites) < 3 and inner:
            return BY_PATIENT.folds(rows, outcome, question, settings, inner)
        found = []
        for site in sites:
            judged = of == site
            found.append(Fold(site, np.flatnonzero(~np.isin(who, who[judged])), np.flatnonzero(judged)))
        return found


SPLIT = BySite()
