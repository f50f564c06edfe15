"""Asked: what a user says of a table's columns, and the table and question that come of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.prognosis.question import AfterBaseline, Kind, Question, level
from twin.prognosis.risk.outcome import event_within
from twin.prognosis.risk.split import SplitSettings
from twin.trials.analysis.table import AnalysisError, MissingColumn, require


@dataclass(frozen=True)
class Asked:
    """The outcome's column, and which others are features: those named, or `all_but` those known later.

    `event` is the value of the outcome that is an event, where it is not 0 and 1. With `horizon` the outcome is a time,
    cut off where `censored` is above 0: the chance of the event until then is foretold from the times ("survival"),
    or, of kind "binary", from those followed so long or with the event. `levels` are features that are codes though
    written as numbers. `repeated` says that rows may repeat a subject.
    """

    outcome: str
    features: tuple[str, ...] = ()
    all_but: tuple[str, ...] | None = None
    kind: Kind | None = None
    event: str | None = None
    levels: tuple[str, ...] = ()
    subject: str = "USUBJID"
    visit: str | None = None
    censored: str = "CNSR"
    horizon: float | None = None
    repeated: bool = False

    def of(self, table: pd.DataFrame, split: SplitSettings | None = None) -> tuple[pd.DataFrame, Question]:
        """Return the table as it is learned from, and the question; raises `AnalysisError`."""
        require(table, [self.outcome, *([self.subject] if self.subject != "USUBJID" else [])])
        split = split or SplitSettings()
        features = self._features(list(map(str, table.columns)), split)
        if unknown := [name for name in self.levels if name not in features]:
            raise MissingColumn(f"{', '.join(unknown)} is no feature; the features are {', '.join(features)}")
        rows = table.assign(**{name: table[name].map(level, na_action="ignore").astype(object) for name in self.levels})
        rows, kind = self._outcome(rows)
        # times that become 0 and 1 keep the censoring column, which stays refused as a feature
        question = Question(
            self.outcome,
            kind,
            features,
            self.subject,
            self.visit,
            self.censored,
            self.horizon,
            (*split.columns, *(self.all_but or ())),
            self.repeated,
        )
        return (event_within(rows, question), question) if kind == "binary" and self.horizon else (rows, question)

    def _features(self, columns: list[str], split: SplitSettings) -> tuple[str, ...]:
        """Return the features' names; raises `AnalysisError` where it is not said which columns are known in time."""
        if bool(self.features) == (self.all_but is not None):
            got = "both" if self.features else "neither"
            raise AfterBaseline(
                f"got {got} of the features and of the columns that are none: name the features (--feature), or all "
                "that is known after the index date only (--all-but), so that nobody foretells the past by accident"
            )
        if unknown := [name for name in (*self.features, *(self.all_but or ())) if name not in columns]:
            raise MissingColumn(f"the table has no {', '.join(unknown)}; it has {', '.join(columns)}")
        if self.features:
            return self.features
        held = {self.outcome, self.subject, self.visit, *split.columns, *(self.all_but or ())}
        held |= {self.censored} if self.horizon else set()
        return tuple(name for name in columns if name not in held)

    def _outcome(self, rows: pd.DataFrame) -> tuple[pd.DataFrame, Kind]:
        """Return the rows with the outcome as numbers, and its kind."""
        column = rows[self.outcome]
        if self.event is not None:
            event = column.map(level, na_action="ignore") == level(self.event)
            if not event.any():
                raise AnalysisError(
                    f"no row has the value {self.event!r} in {self.outcome}, which has {column.nunique()} different "
                    "values; expected the one that is the event"
                )
            column = event.astype(np.float64).where(column.notna())
            return rows.assign(**{self.outcome: column}), self.kind or "binary"
        if not pd.api.types.is_numeric_dtype(column):
            raise AnalysisError(
                f"{self.outcome} holds text, {column.nunique()} values: say which is the event (--event VALUE)"
            )
        if self.kind is not None:
            return rows, self.kind
        if self.horizon:
            return rows, "survival"
        return rows, "binary" if column.dropna().isin([0, 1]).all() else "continuous"
