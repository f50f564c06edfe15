"""Tab-separated files, plain or gzipped, with the line number of each row; a malformed line is a row too."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv


class TsvError(ValueError):
    """A tab-separated file that cannot be read, or that lacks a column."""


def read_tsv(path: Path, columns: Sequence[str]) -> pa.Table:
    """Return these columns of a file with a header line, as dictionary-encoded strings, and `line` (int64, from 1).

    Nothing is quoted and nothing is null: an empty field is an empty string. Empty lines are left out. A line with
    too few fields gets empty ones, a line with too many has the rest in its last field, so that whoever checks the
    rows rejects it with its line. Raises `TsvError` if the file cannot be read or lacks a column.
    """
    malformed: list[tuple[int, str]] = []

    def keep(row: csv.InvalidRow) -> str:
        malformed.append((row.number, row.text))
        return "skip"

    strings = dict.fromkeys(columns, pa.dictionary(pa.int32(), pa.string()))
    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(use_threads=False),  # else malformed rows come without their number
            parse_options=csv.ParseOptions(
                delimiter="\t", quote_char=False, ignore_empty_lines=False, invalid_row_handler=keep
            ),
            convert_options=csv.ConvertOptions(column_types=strings),
        )
    except (pa.ArrowInvalid, OSError) as failure:
        kind = "gzipped tab-separated text" if path.suffix == ".gz" else "tab-separated text"
        raise TsvError(f"{path} cannot be read as {kind} in UTF-8: {failure}") from failure
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise TsvError(
            f"{path}, line 1: expected the columns {', '.join(columns)}; {', '.join(missing)} not among "
            f"{', '.join(table.column_names)}"
        )
    lines = np.arange(2, 2 + table.num_rows + len(malformed))
    lines = np.delete(lines, [number - 2 for number, _ in malformed])
    header = table.column_names
    table = table.select(list(columns)).append_column("line", pa.array(lines))
    if malformed:
        table = pa.concat_tables([table, _padded(malformed, header, table.schema)])
    return _without_empty(table.unify_dictionaries(), columns)


def _padded(malformed: list[tuple[int, str]], header: list[str], schema: pa.Schema) -> pa.Table:
    rows = []
    for number, text in malformed:
        fields = text.split("\t", len(header) - 1)
        values = dict(zip(header, fields + [""] * (len(header) - len(fields)), strict=True))
        rows.append({name: number if name == "line" else values[name] for name in schema.names})
    return pa.Table.from_pylist(
        rows, schema=pa.schema([(n, pa.string()) for n in schema.names[:-1]] + [schema.field("line")])
    ).cast(schema)


def _without_empty(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    empty = pc.equal(table[columns[0]], "")
    for column in columns[1:]:
        empty = pc.and_(empty, pc.equal(table[column], ""))
    return table.filter(pc.invert(empty)) if pc.any(empty).as_py() else table
