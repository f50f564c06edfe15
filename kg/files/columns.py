"""The tables of public sources: tab-separated, millions of rows; a malformed line is a row too, for the audit."""

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from kg.files.header import check_header
from kg.files.text import LINE_END, FileError, read_utf8

_TEXT = pa.dictionary(pa.int32(), pa.string())
_LINE_END = re.compile(LINE_END.pattern.encode())
_PLAIN = {_TEXT: pa.string(), pa.int64(): pa.int64()}


def read_columns(
    path: str | Path, columns: Sequence[str], *, header: Sequence[str] | None = None, comment: str = ""
) -> pa.Table:
    """Return these columns of a file with a header line, as dictionary-encoded strings, and `line` (int64, from 1).

    A file without a header line comes with the names of all its columns as `header`.

    Nothing is quoted and nothing is null: an empty field is an empty string. Lines without any text are left out. A
    line with too few or too many fields is a row that has all of its text in the first of these columns and nothing in
    the others: ask first for the column that identifies a row, and whoever checks the rows rejects it with its line.
    Lines before the header that begin with `comment`, if one is given, are gone over.
    Raises `FileError` for a file that is not UTF-8 text and for a header with a fault (`kg.files.header`), `OSError`
    for a file that cannot be opened.
    """
    data, first = _without_comments(read_utf8(path), comment.encode())
    if header is not None:
        data, first = "\t".join(header).encode() + b"\n" + data, first - 1
    return _columns(path, data, columns, first)


def read_records(
    path: str | Path, columns: Sequence[str], *, header: Sequence[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield each row that `read_columns` returns as a mapping from column to text, and `line` to its number."""
    table = read_columns(path, columns, header=header)
    values = [_values(table[name].combine_chunks()) for name in columns]
    names = (*columns, "line")
    for row in zip(*values, table["line"].to_pylist(), strict=True):
        yield dict(zip(names, row, strict=True))


def _values(column: pa.DictionaryArray) -> list[str]:
    """Return a column's text; Arrow's own `to_pylist` makes each value anew and takes ten times as long."""
    words = column.dictionary.to_pylist()
    return [words[index] for index in column.indices.to_pylist()]


def _columns(path: str | Path, data: bytes, columns: Sequence[str], first: int) -> pa.Table:
    """Return columns of a text that begins with a header, which is the file's line `first`."""
    first_line_end = min(place for place in (data.find(b"\n"), data.find(b"\r"), len(data)) if place >= 0)
    header = data[:first_line_end].decode().split("\t")
    check_header(path, header, columns, "\t", first)
    malformed: list[tuple[int, str]] = []

    def keep(row: csv.InvalidRow) -> str:
        malformed.append((row.number, row.text))
        return "skip"

    try:
        table = csv.read_csv(
            pa.BufferReader(data if len(data) > first_line_end else data + b"\n"),  # a header alone needs its end
            read_options=csv.ReadOptions(use_threads=False),  # else malformed rows come without their number
            parse_options=csv.ParseOptions(
                delimiter="\t", quote_char=False, ignore_empty_lines=False, invalid_row_handler=keep
            ),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header, _TEXT)),
        )
    except pa.ArrowInvalid as failure:
        raise FileError(f"{path} cannot be read as tab-separated text: {failure}") from failure
    lines = np.arange(first + 1, first + 1 + table.num_rows + len(malformed))
    lines = np.delete(lines, [number - 2 for number, _ in malformed])
    table = table.append_column("line", pa.array(lines))
    if malformed:
        placed = [(number - 1 + first, text) for number, text in malformed]
        table = pa.concat_tables([table, _whole(placed, columns[0], table.schema)])
    return _without_empty(table, header).select([*columns, "line"]).unify_dictionaries()


def _without_comments(data: bytes, comment: bytes) -> tuple[bytes, int]:
    """Return what follows the lines that begin with a comment's mark, and the number of its first line."""
    begin, number = 0, 1
    while comment and data.startswith(comment, begin):
        end = _LINE_END.search(data, begin)
        if end is None:
            return b"", number
        begin, number = end.end(), number + 1
    return data[begin:] if begin else data, number


def _whole(malformed: Sequence[tuple[int, str]], first: str, schema: pa.Schema) -> pa.Table:
    """Return malformed lines as rows of the same schema, with all of their text in one column."""
    rows = [{"line": number, first: text} for number, text in malformed]
    columns = [pa.array([row.get(field.name, "") for row in rows], _PLAIN[field.type]) for field in schema]
    return pa.table([column.cast(field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)


def _without_empty(table: pa.Table, header: Sequence[str]) -> pa.Table:
    empty = functools.reduce(pc.and_, (pc.equal(table[column], "") for column in header))
    return table.filter(pc.invert(empty)) if pc.any(empty).as_py() else table
