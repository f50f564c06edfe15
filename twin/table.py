"""A CSV file as a user writes it: rows by line number, so that every mistake can be named with its line."""

import csv
from collections.abc import Sequence
from pathlib import Path


class TableError(ValueError):
    """A file that is not the table it should be."""


def read_table(path: Path, needed: Sequence[str], known: Sequence[str] | None = None) -> dict[int, dict[str, str]]:
    """Return the rows of a CSV file by line number, each a mapping from column to text without spaces around it.

    `needed` columns must be there; `known`, if given, are all that may be. Raises `TableError` otherwise, where the
    file is not UTF-8 or not CSV, where a row is longer or shorter than the header, and where there is no row at all.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.reader(file, strict=True)
            header = [name.strip() for name in next(lines, [])]
            _check_header(path, header, needed, known)
            rows = {}
            for cells in lines:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise TableError(
                        f"{path}, line {lines.line_num}: {len(cells)} values for the header's {len(header)} columns"
                    )
                rows[lines.line_num] = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except UnicodeDecodeError as failure:
        raise TableError(f"{path}: byte {failure.start} is not UTF-8; save the file as UTF-8 text") from None
    except csv.Error as failure:
        raise TableError(f"{path}, line {lines.line_num}: not CSV: {failure}") from None
    if not rows:
        raise TableError(f"{path} has no rows; expected at least one below the header")
    return rows


def _check_header(path: Path, header: Sequence[str], needed: Sequence[str], known: Sequence[str] | None) -> None:
    found = ", ".join(header) or "nothing"
    for name in needed:
        if name not in header:
            raise TableError(f"{path}, line 1: column {name} is missing; found {found}, expected {', '.join(needed)}")
    for name in header:
        if header.count(name) > 1:
            raise TableError(f"{path}, line 1: column {name} stands there {header.count(name)} times, expected once")
        if known is not None and name not in known:
            raise TableError(f"{path}, line 1: column {name!r} is not known; expected any of {', '.join(known)}")
