"""Frame: a CSV file as a pandas frame: columns of numbers alone are numbers, others text, an empty cell is missing."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kg.files.number import number
from kg.files.table import Table, read_csv


def read_frame(path: str | Path, needed: Sequence[str] = (), texts: Sequence[str] = ()) -> pd.DataFrame:
    """Return a CSV file's rows; `texts` are columns that stay text, such as codes: an arm that is called 1.

    Raises what `read_csv` raises, also where a `needed` column is not there.
    """
    table = read_csv(path, needed)
    return frame_of(table, table.header, texts)


def frame_of(table: Table, columns: Sequence[str], texts: Sequence[str] = ()) -> pd.DataFrame:
    """Return some columns of a table; one of numbers alone is of numbers, but for `texts`; an empty cell is missing."""
    return pd.DataFrame({name: _column(table, name, text=name in texts) for name in columns})


def _column(table: Table, name: str, *, text: bool) -> "pd.Series[float] | pd.Series[str]":
    place = table.header.index(name)
    cells = [row[place] for row in table.rows.values()]
    values = [number(cell) for cell in cells]
    if (
        not text
        and all(value is not None or not cell for value, cell in zip(values, cells, strict=True))
        and any(cells)
    ):
        return pd.Series(values, dtype=float)
    return pd.Series([cell or None for cell in cells], dtype=object)
