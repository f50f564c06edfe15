"""Rows: a table that a user hands over, in whatever form: TSV, CSV, JSON, JSON lines or Parquet, told by its looks.

Every cell is text, and every row has the number of its line, or, where the form has no lines, its own.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.files.header import check_header
from kg.files.table import read_csv, read_tsv
from kg.files.text import LINE_END, FileError, read_text

_PARQUET = b"PAR1"


@dataclass(frozen=True)
class Rows:
    """The names of the columns, and the rows by number; `word` is what is numbered: line or row."""

    header: tuple[str, ...]
    rows: Mapping[int, tuple[str, ...]]
    word: str


def read_rows(path: str | Path, needed: Callable[[Sequence[str]], Sequence[str]]) -> Rows:
    """Read a table; `needed` says of a header which columns must be there.

    Raises `FileError`, which names file and line, for what `kg.files.table` refuses, for JSON that is no list of flat
    objects, and for Parquet that cannot be read; `OSError` for a file that cannot be opened.
    """
    with Path(path).open("rb") as file:
        if file.read(len(_PARQUET)) == _PARQUET:
            return _of_objects(path, needed, _parquet(path))
    text = read_text(path)
    if (begin := text.lstrip()[:1]) in ("[", "{"):
        return _of_objects(path, needed, _json(path, text) if begin == "[" else _json_lines(path, text))
    first = LINE_END.split(text, maxsplit=1)[0]
    if "\t" in first or "," not in first:
        tsv = read_tsv(path, needed(first.split("\t")))
        return Rows(tsv.header, tsv.rows, "line")
    found = read_csv(path, needed([name.strip() for name in next(csv.reader([first]), [])]), keep_empty=True)
    return Rows(found.header, found.rows, "line")


def _of_objects(
    path: str | Path, needed: Callable[[Sequence[str]], Sequence[str]], objects: Iterator[Mapping[str, Any]]
) -> Rows:
    listed = list(objects)
    header = tuple(dict.fromkeys(name for one in listed for name in one))
    check_header(path, header, needed(header), "\t")
    rows = {
        number: tuple(_cell(f"{path}, row {number}, {name}", one.get(name)) for name in header)
        for number, one in enumerate(listed, start=1)
    }
    return Rows(header, rows, "row")


def _cell(where: str, value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, dict | list):
        raise FileError(f"{where}: got {json.dumps(value)[:60]}, expected text or a number")
    return str(value)


def _json(path: str | Path, text: str) -> Iterator[Mapping[str, Any]]:
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as failure:
        raise FileError(f"{path} is no JSON: {failure}") from None
    for number, one in enumerate(found, start=1):
        if not isinstance(one, dict):
            raise FileError(f"{path}, row {number}: got {json.dumps(one)[:60]}, expected an object with a key a column")
        yield one


def _json_lines(path: str | Path, text: str) -> Iterator[Mapping[str, Any]]:
    for line, row in enumerate(LINE_END.split(text), start=1):
        if not row.strip():
            continue
        try:
            found = json.loads(row, parse_float=str, parse_int=str)
        except (ValueError, RecursionError) as failure:
            told = "expected a list of objects, or an object on each line"
            raise FileError(f"{path}, line {line} is no JSON: {failure}; {told}") from None
        if not isinstance(found, dict):
            raise FileError(f"{path}, line {line}: got {row[:60]}, expected an object with a key a column")
        yield found


def _parquet(path: str | Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as failure:
        raise FileError(f"{path} cannot be read as Parquet: {failure}; write it anew") from None
    yield from table.to_pylist()
