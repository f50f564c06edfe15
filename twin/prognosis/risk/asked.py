"""Asked: what a user says of a table's columns, and the table and question that come of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.prognosis.question import AfterBaseline, Kind, Question, level
from twin.prognosis.risk.columns import Taken, event_in_words, taken
from twin.prognosis.risk.outcome import event_within
from twin.prognosis.risk.split import SplitSettings
from twin.trials.analysis.table import AnalysisError, MissingColumn, require


@dataclass(frozen=True)
class Asked:
    """The outcome's column, and which others are features: those named, or `all_but` those known later, or, where
    neither is said, all that can be (`taken` says which).

    `event` is the value of the outcome that is an event, where it is not 0 and 1, nor plain words as yes and no. With
    `horizon` the outcome is a time, cut off where `censored` is above 0: the chance of the event until then is foretold
    from the times ("survival"), or, of kind "binary", from those followed so long or with the event. `levels` are
    features that are codes though written as numbers. `repeated` says that rows may repeat a subject.
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
        features = self._features(table, split)
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

    def taken(self, table: pd.DataFrame, split: SplitSettings | None = None) -> Taken | None:
        """Return what is taken of a table where no feature is named, nor what is none; `None` where one is said."""
        if self.features or self.all_but is not None:
            return None
        return taken(table, self._held(split or SplitSettings()))

    def _features(self, table: pd.DataFrame, split: SplitSettings) -> tuple[str, ...]:
        """Return the features' names; raises `AnalysisError` where they and all others are named at once."""
        columns = list(map(str, table.columns))
        if self.features and self.all_but is not None:
            raise AfterBaseline(
                "got both of the features and of the columns that are none: name the features (--feature), or all that "
                "is known after the index date only (--all-but)"
            )
        if unknown := [name for name in (*self.features, *(self.all_but or ())) if name not in columns]:
            raise MissingColumn(f"the table has no {', '.join(unknown)}; it has {', '.join(columns)}")
        if self.features:
            return self.features
        if found := self.taken(table, split):
            return found.features
        return tuple(name for name in columns if name not in self._held(split))

    def _held(self, split: SplitSettings) -> set[str | None]:
        held = {self.outcome, self.subject, self.visit, *split.columns, *(self.all_but or ())}
        return held | ({self.censored} if self.horizon else set())

    def _outcome(self, rows: pd.DataFrame) -> tuple[pd.DataFrame, Kind]:
        """Return the rows with the outcome as numbers, and its kind."""
        column = rows[self.outcome]
        event = self.event
        if event is None and not pd.api.types.is_numeric_dtype(column):
            event = event_in_words(column)
            if event is None:
                raise AnalysisError(f"{self.outcome} holds {_texts(column)}: say which is the event (--event VALUE)")
        if event is not None:
            is_event = column.map(level, na_action="ignore") == level(event)
            if not is_event.any():
                raise AnalysisError(
                    f"no row has the value {event!r} in {self.outcome}, which has {column.nunique()} different "
                    "values; expected the one that is the event"
                )
            column = is_event.astype(np.float64).where(column.notna())
            return rows.assign(**{self.outcome: column}), self.kind or "binary"
        if self.kind is not None:
            return rows, self.kind
        if self.horizon:
            return rows, "survival"
        return rows, "binary" if column.dropna().isin([0, 1]).all() else "continuous"


def _texts(column: "pd.Series[str]") -> str:
    """Return what texts a column holds; more than two might name patients, and are counted alone."""
    found = sorted({level(value) for value in column.dropna()})
    return f"the texts {found[0]!r} and {found[1]!r}" if len(found) == 2 else f"text, {len(found)} values"
