"""Rows: what a site holds, fixed when it starts; how columns become numbers by what all sites agreed on.

Only rows are used that are complete in every column that the site offers, whatever is asked: were rows left out for a
question's columns alone, two questions could differ by one patient, and so could their answers.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from kg.files.number import number
from kg.files.table import read_csv
from kg.files.text import FileError
from twin.model import Floats
from twin.prognosis.federated.refusal import SiteRefuses
from twin.prognosis.federated.wire import Column, Question

_ENOUGH = 0.5
"""Where fewer of the rows are complete in all columns, and none is named, only columns without a gap are offered."""


@dataclass(frozen=True)
class Rows:
    """A site's complete rows of the columns that it offers, its data's version, and the units of number columns.

    `gaps` are the columns that are not offered for what they lack; no one named them.
    """

    table: pd.DataFrame
    version: str
    left_out: int = 0
    units: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()

    def of(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return some columns; raises `SiteRefuses` for one that is not offered."""
        if missing := [name for name in columns if name not in self.table.columns]:
            raise SiteRefuses(f"it offers no column {', '.join(missing)}; what it offers is said where it is started")
        return self.table[list(columns)]


def read_rows(path: str | Path, columns: Sequence[str] = (), units: Mapping[str, str] | None = None) -> Rows:
    """Read a CSV file: a column is of numbers if all its cells are; an empty cell is missing.

    Without `columns`, all are offered, or, of a table with many gaps, those without one. Raises
    `kg.files.text.FileError`, also where no row is complete.
    """
    read = read_csv(path, tuple(columns))
    cells = zip(*read.rows.values(), strict=True)
    table = pd.DataFrame({name: _typed(column) for name, column in zip(read.header, cells, strict=True)})
    version = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    rows = rows_of(table, columns, version, units)
    if not len(rows.table):
        raise FileError(f"{path}: no row is complete in {', '.join(rows.table.columns)}; offer fewer columns")
    return rows


def rows_of(
    table: pd.DataFrame, columns: Sequence[str] = (), version: str = "", units: Mapping[str, str] | None = None
) -> Rows:
    """Return what a site holds of a table; without a `version`, it is the SHA-256 of the complete rows."""
    offered = list(dict.fromkeys(columns)) or _offered(table)
    if missing := [name for name in offered if name not in table.columns]:
        raise FileError(f"the table has no column {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
    stated = dict(units or {})
    if unknown := [name for name in stated if name not in offered]:
        raise FileError(f"a unit is given for {', '.join(unknown)}, which is not offered")
    kept = table[offered].dropna().reset_index(drop=True)
    told = version or hashlib.sha256(pd.util.hash_pandas_object(kept, index=False).to_numpy().tobytes()).hexdigest()
    gaps = () if columns else tuple(str(name) for name in table.columns if name not in offered)
    return Rows(kept, told, len(table) - len(kept), stated, gaps)


def no_rows() -> Rows:
    """Return the rows of a site that has none yet."""
    return Rows(pd.DataFrame(), "none")


def is_text(column: pd.Series) -> bool:
    """Return whether a column is of levels; truth values are."""
    return not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def design(rows: pd.DataFrame, columns: Sequence[Column], *, intercept: bool) -> Floats:
    """Return [row, coefficient] as the columns were agreed on; raises `SiteRefuses` for a level that is not known."""
    parts = [np.ones((len(rows), 1))] if intercept else [np.empty((len(rows), 0))]
    for column in columns:
        if column.levels is None:
            parts.append(((finite_numbers(rows, column.name) - column.centre) / column.spread)[:, np.newaxis])
            continue
        if not is_text(rows[column.name]):
            raise SiteRefuses(f"{column.name} holds numbers, expected the levels {', '.join(column.levels)}")
        codes = pd.Index(column.levels).get_indexer(pd.Index(rows[column.name].astype(str)))
        if (codes < 0).any():
            raise SiteRefuses(
                f"some rows have a level of {column.name} that is none of {', '.join(column.levels)}: "
                "join seldom levels, or ask without this feature"
            )
        parts.append(np.eye(len(column.levels))[codes][:, 1:])
    return np.hstack(parts)


def events(rows: pd.DataFrame, question: Question) -> Floats:
    """Return 1 for an event and 0 for none, [row]; raises `SiteRefuses` for an outcome that is coded otherwise."""
    column = rows[question.outcome]
    if question.event is not None:
        if not is_text(column):
            raise SiteRefuses(f"{question.outcome} holds numbers, and its event is asked for as {question.event!r}")
        return np.asarray(column.astype(str) == question.event, np.float64)
    if is_text(column) or not column.isin([0, 1]).all():
        raise SiteRefuses(
            f"{question.outcome} holds others than 0 and 1; expected these, or a question that says which level is the "
            "event"
        )
    return column.to_numpy(np.float64)


def finite_numbers(rows: pd.DataFrame, name: str) -> Floats:
    """Return a column of numbers, [row]; raises `SiteRefuses`."""
    if is_text(rows[name]):
        raise SiteRefuses(f"{name} holds text, expected numbers")
    found = rows[name].to_numpy(np.float64)
    if not np.isfinite(found).all():
        raise SiteRefuses(f"{name} holds infinite numbers")
    return found


def positive_numbers(rows: pd.DataFrame, name: str) -> Floats:
    """Return a column of times, [row]; raises `SiteRefuses` for negative ones."""
    found = finite_numbers(rows, name)
    if (found < 0.0).any():
        raise SiteRefuses(f"{name} holds negative times, expected 0 or later")
    return found


def _offered(table: pd.DataFrame) -> list[str]:
    """Return all columns, or those without a gap where too few rows are complete in all, and some column is."""
    full = [name for name in table.columns if not table[name].isna().any()]
    few = len(table.dropna()) < _ENOUGH * len(table)
    return full if few and full else list(table.columns)


def _typed(cells: Sequence[str]) -> list[float] | list[str | None]:
    numbers = [number(cell) if cell else float("nan") for cell in cells]
    if any(value is not None and value == value for value in numbers) and None not in numbers:
        return [value for value in numbers if value is not None]
    return [cell or None for cell in cells]
