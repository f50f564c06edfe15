"""Question: what is to be foretold of whom, from what is known at baseline; and what every way to learn has in common.

A way to learn is a frozen dataclass of its settings with `fit(table, question)`, which returns a `Prognosis`. Tables
are pandas, named as in CDISC's ADaM: USUBJID the subject, AVAL the outcome, AVISITN the visit, CNSR 0 for an event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.trials.analysis.table import AnalysisError, MissingColumn, MissingValues, numbers, require

Kind = Literal["continuous", "binary", "survival"]

LATER = ("AVAL", "CHG", "PCHG", "CNSR", "EVNTDESC", "AVISIT", "AVISITN", "ADY", "ADT")
"""Columns of ADaM that hold what came after baseline, or when."""


class AfterBaseline(AnalysisError):
    """A feature is not known at baseline: a prognosis that reads it foretells nothing."""


class LearnMissing(ImportError):
    """scikit-learn is not installed."""


@dataclass(frozen=True)
class Question:
    """An outcome and the features that it is foretold from; all features are known at baseline.

    "continuous" outcomes are numbers, "binary" ones 0 and 1. With `visit`, a table has a row for each subject and
    visit, and the outcome is foretold at each; features are the same in all rows of a subject, or, of a risk, what is
    known at the row's visit. Of "survival", the table holds times and `censored` (0 for an event), and what is foretold
    is the mean time without event up to `horizon`. `later` names further columns that are known after baseline only,
    which no feature may be. `repeated` says that a subject may have several rows (stays, or draws with replacement),
    which are never parted by a split.
    """

    outcome: str = "AVAL"
    kind: Kind = "continuous"
    features: tuple[str, ...] = ("BASE",)
    subject: str = "USUBJID"
    visit: str | None = None
    censored: str = "CNSR"
    horizon: float | None = None
    later: tuple[str, ...] = ()
    repeated: bool = False

    def __post_init__(self) -> None:
        if not self.features:
            raise AnalysisError("there is no feature; expected one column at least that is known at baseline")
        told = {self.outcome, self.censored, self.subject, *LATER, *self.later} | ({self.visit} - {None})
        if bad := [name for name in self.features if name in told]:
            raise AfterBaseline(
                f"{', '.join(bad)} cannot be a feature: it is the outcome, the subject, or known after baseline only"
            )
        if repeated := {name for name in self.features if self.features.count(name) > 1}:
            raise AnalysisError(f"the features name {', '.join(sorted(repeated))} more than once")
        if self.kind == "survival" and not (self.horizon and self.horizon > 0.0):
            raise AnalysisError(f"got the horizon {self.horizon}, expected one above 0: up to when is foretold")

    def subjects(self, table: pd.DataFrame) -> np.ndarray:
        """Return who each row is of, [row]; without a column of subjects, each row is another's.

        Raises `AnalysisError` where several rows are of one subject and the question has no visits nor repeats.
        """
        if self.subject not in table.columns:
            if self.visit:
                raise MissingColumn(f"rows of visits need the column {self.subject}, which names their subject")
            return np.arange(len(table))
        who = np.asarray(pd.factorize(table[self.subject])[0])
        if not (self.visit or self.repeated) and pd.Series(who).duplicated().any():
            raise AnalysisError(
                f"rows repeat a subject of {self.subject}; expected one each: name the visit, or say that rows repeat"
            )
        return who

    def visits(self, table: pd.DataFrame) -> Floats:
        """Return each row's visit; without visits all are the first, 0."""
        return numbers(table, self.visit) if self.visit else np.zeros(len(table))


class Prognosis(Protocol):
    """What was learned."""

    @property
    def question(self) -> Question:
        """What is foretold, from what."""
        ...

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return PROGNOSIS, LOWER and UPPER for each row; the outcome is not read, nor needed.

        Raises `MissingColumn` where a feature is not there.
        """
        ...


class Learner(Protocol):
    """A way to learn."""

    def fit(self, table: pd.DataFrame, question: Question) -> Prognosis:
        """Return the prognosis learned from a table of patients; raises `AnalysisError`."""
        ...


@dataclass(frozen=True)
class Features:
    """How features become numbers: text by its place among the levels that were learned from, others as missing."""

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...] | None, ...]

    @classmethod
    def of(cls, table: pd.DataFrame, names: Sequence[str]) -> "Features":
        """Return the features of a table; raises `MissingColumn`."""
        require(table, names)
        levels = [
            None
            if pd.api.types.is_numeric_dtype(table[name])
            else tuple(sorted({level(value) for value in table[name].dropna()}))
            for name in names
        ]
        return cls(tuple(names), tuple(levels))

    def matrix(self, table: pd.DataFrame) -> Floats:
        """Return [row, feature], NaN where missing or never seen; raises `MissingColumn` or `MissingValues`."""
        require(table, self.names)
        columns = []
        for name, levels in zip(self.names, self.levels, strict=True):
            if levels is None:
                try:
                    columns.append(table[name].to_numpy(np.float64, na_value=np.nan))
                except (TypeError, ValueError):
                    raise MissingValues(
                        f"{name} holds {table[name].dtype}, expected numbers, as it was learned"
                    ) from None
                continue
            places = {level: float(place) for place, level in enumerate(levels)}
            text = table[name].astype(object).where(table[name].notna(), None)
            columns.append(np.array([np.nan if value is None else places.get(level(value), np.nan) for value in text]))
        return np.column_stack(columns).astype(np.float64)

    @property
    def categorical(self) -> list[bool]:
        """Return which features are levels."""
        return [levels is not None for levels in self.levels]


def level(value: object) -> str:
    """Return a level as text; a code is the same whether a table holds it as a whole number or with a point.

    >>> level(3.0), level("3"), level("north")
    ('3', '3', 'north')
    """
    return str(int(value)) if isinstance(value, float | np.floating) and float(value).is_integer() else str(value)


def at_baseline(
    events: pd.DataFrame, names: Sequence[str], *, subject: str = "USUBJID", day: str = "ADY", index_day: float = 0.0
) -> pd.DataFrame:
    """Return each subject's last known values at the index day or before, one row a subject, in order of appearance.

    `events` has a row for each subject and day. What came after the index day is never looked at; a value that was not
    measured until then is missing. Raises `MissingColumn` or `MissingValues`.
    """
    require(events, [subject, day, *names])
    known = events[numbers(events, day) <= index_day].sort_values(day, kind="stable")
    last = known.groupby(subject, sort=False)[list(names)].last()
    return last.reindex(pd.unique(events[subject])).rename_axis(subject).reset_index()
