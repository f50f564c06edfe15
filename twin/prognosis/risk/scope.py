"""Scope: whom a model has learned from: ranges and levels of its features; and what a table must not, or might not, be.

What cannot be read as what was learned is refused; what lies outside of it is foretold and flagged. Both are said by
feature and by row, never by a patient's name or value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.prognosis.question import Features, level
from twin.trials.analysis.table import AnalysisError, MissingColumn

MOST_LEVELS = 50
"""A feature with more different texts is refused: names, dates and identifiers teach nothing and would be kept."""
_NAMED = 5
"""So many rows are named where a column has a fault."""


class WrongType(AnalysisError):
    """A feature that was learned as a number holds text."""


@dataclass(frozen=True)
class Ranges:
    """Of each feature: its levels (None of a number), the least and the largest (NaN of levels), the share missing."""

    features: Features
    least: tuple[float, ...]
    most: tuple[float, ...]
    missing: tuple[float, ...]

    @classmethod
    def of(cls, table: pd.DataFrame, names: Sequence[str]) -> "Ranges":
        """Return what is in a table; raises `MissingColumn`, or `AnalysisError` for a feature that is empty."""
        features = Features.of(table, names)
        matrix = features.matrix(table)
        known = np.isfinite(matrix)
        if empty := [name for place, name in enumerate(names) if not known[:, place].any()]:
            raise AnalysisError(f"{', '.join(empty)}: missing in every row; leave it out")
        least, most = np.where(known, matrix, np.inf).min(axis=0), np.where(known, matrix, -np.inf).max(axis=0)
        for name, levels in zip(names, features.levels, strict=True):
            if levels is not None and len(levels) > MOST_LEVELS:
                raise AnalysisError(
                    f"{name} has {len(levels)} different texts in {len(table)} rows, at most {MOST_LEVELS} are taken: "
                    "leave out what names a patient or a day, and group the rest"
                )
        codes = np.array(features.categorical)
        least, most = np.where(codes, np.nan, least), np.where(codes, np.nan, most)
        return cls(features, tuple(least.tolist()), tuple(most.tolist()), tuple((1.0 - known.mean(axis=0)).tolist()))

    def check(self, table: pd.DataFrame) -> None:
        """Raise `MissingColumn` for features that are not there, `WrongType` for text in one learned as numbers."""
        if lacking := [name for name in self.features.names if name not in table.columns]:
            raise MissingColumn(
                f"the table has no {', '.join(lacking)}, which the model was trained on; it needs "
                f"{', '.join(self.features.names)}: add the column, with empty cells where nothing is known"
            )
        for name, levels in zip(self.features.names, self.features.levels, strict=True):
            if levels is not None:
                continue
            bad = pd.to_numeric(table[name], errors="coerce").isna() & table[name].notna()
            if bad.any():
                rows = np.flatnonzero(bad) + 1
                told = ", ".join(map(str, rows[:_NAMED])) + (", ..." if rows.size > _NAMED else "")
                raise WrongType(
                    f"{name} is no number in {rows.size} of {len(table)} rows ({told}); it was learned as one. "
                    "Leave the cell of a missing number empty"
                )

    def numeric(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table that passed `check` with numbers as numbers."""
        plain = [name for name, of in zip(self.features.names, self.features.levels, strict=True) if of is None]
        return table.assign(**{name: pd.to_numeric(table[name]).astype(np.float64) for name in plain})

    def flags(self, table: pd.DataFrame) -> list[str]:
        """Return of each row what lies outside of what was learned from, in words; "" where nothing does."""
        told: list[list[str]] = [[] for _ in range(len(table))]
        for place, (name, levels) in enumerate(zip(self.features.names, self.features.levels, strict=True)):
            for words, where in self._outside(table[name], levels, place):
                for row in np.flatnonzero(where):
                    told[row].append(f"{name} {words}")
        return ["; ".join(of_row) for of_row in told]

    def _outside(
        self, column: "pd.Series[float]", levels: tuple[str, ...] | None, place: int
    ) -> list[tuple[str, np.ndarray]]:
        gone = column.isna().to_numpy()
        found = [("is missing, and never was among those learned from", gone & (self.missing[place] == 0.0))]
        if levels is not None:
            strange = np.array(
                [not missing and level(value) not in levels for value, missing in zip(column, gone, strict=True)]
            )
            return [*found, ("has a level that was not learned", strange.astype(bool))]
        value = np.asarray(column.to_numpy(np.float64, na_value=np.nan))
        return [
            *found,
            (f"is below all learned from (from {self.least[place]:g})", value < self.least[place]),
            (f"is above all learned from (to {self.most[place]:g})", value > self.most[place]),
        ]
