"""Tables that a user hands over or takes away: CSV and TSV, every cell as text, every row by the number of its line."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kg.files.header import check_header
from kg.files.text import LINE_END, FileError, read_text

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 10_000
"""Rows that are turned into text at once: enough for speed, few enough to be no burden to memory."""


@dataclass(frozen=True)
class Table:
    """A table's cells as text: the names of the columns, and the rows, each by the number of the line it begins in."""

    header: tuple[str, ...]
    rows: Mapping[int, tuple[str, ...]]

    def by_line(self) -> dict[int, dict[str, str]]:
        """Return each row as a mapping from column to cell, by its line."""
        return {line: dict(zip(self.header, cells, strict=True)) for line, cells in self.rows.items()}


def read_csv(
    path: str | Path,
    needed: Sequence[str],
    known: Sequence[str] | None = None,
    separator: str = ",",
    *,
    keep_empty: bool = False,
) -> Table:
    """Read comma-separated text, quoted as RFC 4180 has it; cells come without spaces around them, empty rows not.

    With `keep_empty` a row of separators alone is a row, for who has to account for every one; an empty line is none.

    `needed` columns must be there; `known`, if given, are all that may be. Another `separator`, such as a tab, may
    stand between cells that are quoted all the same. Raises `FileError`, which names file and
    line, for a file that is not UTF-8 or not CSV, a header with a fault (`kg.files.header`), a row that is longer or
    shorter than the header, and a table without rows; `OSError` for a file that cannot be opened.
    """
    rows = _csv_rows(path, read_text(path), separator)
    header = next(rows, (1, ()))[1]
    check_header(path, header, needed, separator)
    for name in header:
        if known is not None and name not in known:
            raise FileError(f"{path}, line 1: the column {name!r} is not known; expected any of {', '.join(known)}")
    table = Table(
        header,
        {
            line: _counted(path, line, cells, header)
            for line, cells in rows
            if any(cells) or (keep_empty and len(cells) > 1)
        },
    )
    if not table.rows:
        raise FileError(f"{path} has no rows; expected at least one below the header")
    return table


def read_tsv(path: str | Path, needed: Sequence[str]) -> Table:
    """Read tab-separated text without quoting: a cell is all that stands between two tabs, and every line is a row.

    Raises `FileError`, which names file and line, for a file that is not UTF-8, a header with a fault
    (`kg.files.header`) or without a `needed` column, and a row that is longer or shorter than the header; `OSError`
    for a file that cannot be opened.
    """
    lines = LINE_END.split(read_text(path))
    if not lines[-1]:  # what follows the last line end is no line
        lines.pop()
    header, *rows = (tuple(line.split("\t")) for line in lines or [""])
    check_header(path, header, needed, "\t")
    return Table(header, {line: _counted(path, line, cells, header) for line, cells in enumerate(rows, start=2)})


def write_csv(frame: "pd.DataFrame", file: TextIO) -> None:
    r"""Write a frame into an open file as `read_csv` reads it; a missing value is an empty cell, floats are exact.

    >>> import pandas as pd
    >>> out = io.StringIO()
    >>> write_csv(pd.DataFrame({"id": ["a, b"], "dose_mg": [0.1]}), out)
    >>> out.getvalue()
    'id,dose_mg\n"a, b",0.1\n'
    """
    for cells in _cells(frame):
        file.write(",".join(map(_quoted, cells)) + "\n")


def write_tsv(frame: "pd.DataFrame", file: TextIO) -> None:
    r"""Write a frame into an open file as `read_tsv` reads it: nothing is quoted, a missing value is an empty cell.

    Raises `FileError` for a tab or a line end inside a cell, which the format cannot hold.

    >>> import pandas as pd
    >>> out = io.StringIO()
    >>> write_tsv(pd.DataFrame({"note": ['5" tube'], "score": [0.1]}), out)
    >>> out.getvalue()
    'note\tscore\n5" tube\t0.1\n'
    """
    for line, cells in enumerate(_cells(frame), start=1):
        text = "\t".join(cells)
        if text.count("\t") != len(cells) - 1 or "\n" in text or "\r" in text:
            bad = next(cell for cell in cells if {*"\t\n\r"} & {*cell})
            raise FileError(f"line {line} of the table to write: tab-separated text cannot hold the cell {bad!r}")
        file.write(text + "\n")


def _csv_rows(path: str | Path, text: str, separator: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each row's first line and its cells."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True, delimiter=separator)
    begin = 1
    try:
        for cells in lines:
            yield begin, tuple(cell.strip() for cell in cells)
            begin = lines.line_num + 1
    except csv.Error as failure:
        raise FileError(f"{path}, line {begin}: not CSV: {failure}; look at the quotation marks") from None


def _counted(path: str | Path, line: int, cells: tuple[str, ...], header: tuple[str, ...]) -> tuple[str, ...]:
    """Return a row's cells, which must be as many as the header's."""
    if len(cells) == len(header):
        return cells
    what = f"{len(cells)} instead of {len(header)} cells" if any(cells) else "an empty line"
    raise FileError(f"{path}, line {line}: {what}; expected one cell for each of {', '.join(header)}")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\r\n') else cell


def _cells(frame: "pd.DataFrame") -> Iterator[Sequence[str]]:
    """Yield the header and the rows of a frame as text: a number reads back as it is, a missing value is nothing.

    Columns are turned into text block by block: pandas gives the values of a column fast, those of a row slowly.
    """
    yield [str(name) for name in frame.columns]
    for start in range(0, len(frame), BLOCK):
        block = frame.iloc[start : start + BLOCK]
        columns = [block.iloc[:, place].astype(object).tolist() for place in range(block.shape[1])]
        texts = [["" if value is None or value != value else str(value) for value in values] for values in columns]
        yield from zip(*texts, strict=True)
