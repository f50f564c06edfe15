"""Tables of a data set: CSV (gzipped or not) and Parquet in one folder, every cell as text, rows found by person.

Columns are held as Arrow's arrays and become Python's values for one person at a time, so that a data set of millions
of rows takes about as much memory as its files take space unpacked. Names of files and columns may come in capitals.
A message names the table and the line; never a cell.
"""

import csv as text_csv
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from kg.files.text import LINE_END, FileError, check_utf8, refuse_first_bytes, without_mark
from kg.patients.record import Account, Place, RecordError

ENDINGS = (".csv", ".csv.gz", ".parquet")
"""How the name of a table's file ends."""
NULLS = ("", "NA", "NULL", "null", "NaN", "nan", "\\N")
"""Cells that programs write where there is nothing."""

_TEXT = pa.large_string()
_UNREADABLE = (pa.ArrowException, OSError, text_csv.Error)
_CHUNK = 1 << 20
_WHOLE_NUMBER = r"^(-?\d+)\.0+$"


@dataclass(frozen=True)
class Table:
    """The rows of a table, those of a person together: columns of text (None where there is nothing), and `line`.

    `columns` holds those that were asked for; one that the file lacks is empty. `spans` has the first row and the
    number of rows of each person.
    """

    name: str
    columns: Mapping[str, pa.Array]
    spans: Mapping[str, tuple[int, int]]

    @property
    def size(self) -> int:
        """How many rows the table has."""
        return len(self.columns["line"])

    def rows(self, person: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a person, in the order of the file."""
        if person in self.spans:
            first, count = self.spans[person]
            yield from _rows({name: column.slice(first, count) for name, column in self.columns.items()})

    def rows_where(self, mask: pa.Array) -> Iterator[dict[str, Any]]:
        """Yield the rows for which a mask, one of a row, is true."""
        return _rows({name: column.filter(mask) for name, column in self.columns.items()})


def table_names(folder: Path) -> set[str]:
    """Return the names, in small letters, of the tables in a folder; none for what is no folder."""
    return {table for table, _ in _named_files(folder)}


def table_files(folder: Path) -> dict[str, Path]:
    """Return the files of the tables in a folder by their names in small letters; none for what is no folder.

    Raises `RecordError` where two files hold the same table.
    """
    found: dict[str, Path] = {}
    for table, path in _named_files(folder):
        if table in found:
            raise RecordError(f"two files hold the table {table}; leave one of them in the folder")
        found[table] = path
    return found


def _named_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = path.name.casefold()
        ending = next((ending for ending in ENDINGS if name.endswith(ending)), None)
        if ending:
            yield name.removesuffix(ending), path


def of_data_set(number: int, many: int) -> str:
    """Return what follows a table's name in messages where several data sets are read at once.

    >>> "person" + of_data_set(2, 3), "person" + of_data_set(1, 1)
    ('person of data set 2', 'person')
    """
    return f" of data set {number}" if many > 1 else ""


def read_table(
    path: Path, name: str, needed: Sequence[str], wanted: Sequence[str], account: Account, person: str | None = None
) -> Table:
    """Read the `needed` and the `wanted` columns of a table, grouped by the column `person` if one is named.

    A row with too few or too many cells is rejected, a line without any is none. Cells come without spaces around
    them, and ids without the `.0` that programs write to whole numbers. Raises `RecordError` for a file that cannot be
    read, and for one without a needed column.
    """
    try:
        if path.name.casefold().endswith(".parquet"):
            columns, rows = _parquet(path, name, needed, wanted)
            lines = np.arange(1, rows + 1)
        else:
            columns, lines = _csv(name, _text(path, name), needed, (*needed, *wanted), account)
    except FileError as failure:
        raise RecordError(str(failure)) from None
    except _UNREADABLE:
        raise RecordError(_unreadable(name)) from None  # Arrow's own words quote the row
    cells = {column: _clean(column, values) for column, values in columns.items()}
    for column in (*needed, *wanted):
        cells.setdefault(column, pa.nulls(len(lines), _TEXT))
    cells["line"] = pa.array(lines, pa.int64())
    return _grouped(name, _without_empty_rows(cells), person)


def count_rows(path: Path, name: str) -> int:
    """Return how many rows a table has that is not taken; one larger than the memory is counted too.

    Raises `RecordError` for a file that cannot be read.
    """
    try:
        if path.name.casefold().endswith(".parquet"):
            return sum(part.count_rows() for part in pq.ParquetDataset(path).fragments)
        lines, quoted, last = 0, False, b"\n"
        with _opened(path) as stream:
            while chunk := stream.read(_CHUNK):
                for place, part in enumerate(chunk.split(b'"')):
                    quoted ^= place > 0
                    lines += 0 if quoted else part.count(b"\n")
                last = chunk[-1:]
        return max(lines + (last != b"\n") - 1, 0)  # the first line is the header
    except _UNREADABLE:
        raise RecordError(_unreadable(name)) from None


def reject_strangers(table: Table, people: Mapping[str, Any], column: str, of: str, account: Account) -> None:
    """Reject the rows of a table whose `column` names nobody in the table `of`."""
    for person, (first, count) in table.spans.items():
        if person not in people:
            for line in table.columns["line"].slice(first, count).to_pylist():
                account.reject(Place(table.name, line), table.name, column, f"names nobody in the table {of}")


def _rows(columns: Mapping[str, pa.Array]) -> Iterator[dict[str, Any]]:
    # numpy makes Python's strings of Arrow's many times faster than Arrow's own `to_pylist`
    values = [column.to_numpy(zero_copy_only=False).tolist() for column in columns.values()]
    for cells in zip(*values, strict=True):
        yield dict(zip(columns, cells, strict=True))


def _grouped(name: str, cells: dict[str, pa.Array], person: str | None) -> Table:
    """Return the table with the rows of each person together; the order within a person stays."""
    if person is None:
        return Table(name, cells, {})
    codes = cells[person].dictionary_encode(null_encoding="encode")
    index = codes.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(index, kind="stable")
    if not np.array_equal(order, np.arange(len(order))):
        cells = {column: values.take(pa.array(order)) for column, values in cells.items()}
    counts = np.bincount(index, minlength=len(codes.dictionary)).tolist()
    spans: dict[str, tuple[int, int]] = {}
    first = 0
    for key, count in zip(codes.dictionary.to_pylist(), counts, strict=True):
        spans[key or ""] = (first, count)
        first += count
    return Table(name, cells, spans)


def _without_empty_rows(cells: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Return the rows that say anything: an empty line is none."""
    said = [pc.is_valid(values) for column, values in cells.items() if column != "line"]
    kept = functools.reduce(pc.or_, said)
    return cells if pc.all(kept, min_count=0).as_py() else {name: values.filter(kept) for name, values in cells.items()}


def _clean(column: str, values: Any) -> pa.Array:
    """Return a column of one chunk without spaces around its cells and without the texts that stand for nothing."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    trimmed = pc.utf8_trim_whitespace(whole)
    if "_id" in column or column.endswith("_of_birth"):
        trimmed = pc.replace_substring_regex(trimmed, _WHOLE_NUMBER, r"\1")
    nothing = pc.is_in(trimmed, value_set=pa.array(NULLS, _TEXT))
    return pc.if_else(nothing, pa.scalar(None, _TEXT), trimmed)


def _csv(
    name: str, data: bytes, needed: Sequence[str], asked: Sequence[str], account: Account
) -> tuple[dict[str, Any], np.ndarray]:
    """Return the asked columns of a CSV file and the lines of its rows."""
    header, separator = _header(data)
    places = _places(name, header, needed, asked)
    names = [str(place) for place in range(len(header))]
    bad: list[int] = []

    def invalid(row: csv.InvalidRow) -> str:
        bad.append(row.number)
        if row.text.strip():
            account.reject(Place(name, row.number), name, "row", f"has not {row.expected_columns} cells")
        return "skip"

    # Vocabularies come tab-separated and unquoted under the same names; only one thread counts the rows.
    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
        csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if separator == "," else False,
            newlines_in_values=separator == ",",
            ignore_empty_lines=False,
            invalid_row_handler=invalid,
        ),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, _TEXT),
            include_columns=[names[place] for place in places.values()],
            strings_can_be_null=False,
        ),
    )
    lines = np.arange(2, table.num_rows + len(bad) + 2)
    lines = np.delete(lines, np.array(bad, dtype=np.int64) - 2)
    return {column: table[names[place]] for column, place in places.items()}, lines


def _parquet(path: Path, name: str, needed: Sequence[str], wanted: Sequence[str]) -> tuple[dict[str, Any], int]:
    """Return the columns of a Parquet file as text, and the number of its rows."""
    parts = pq.ParquetDataset(path)  # a file, or the folder of files that a cluster writes
    places = _places(name, [column.casefold() for column in parts.schema.names], needed, (*needed, *wanted))
    spelt = {column: parts.schema.names[place] for column, place in places.items()}
    table = parts.read(columns=list(spelt.values()))
    return {column: _as_text(table[spelling]) for column, spelling in spelt.items()}, table.num_rows


def _places(name: str, header: Sequence[str], needed: Sequence[str], asked: Sequence[str]) -> dict[str, int]:
    """Return where the asked columns stand among all, those that do.

    Raises `RecordError` where a needed one is missing or any stands there twice. It does not quote the header: where
    that is missing, the first line is a record.
    """
    missing = [column for column in needed if column not in header]
    if missing:
        raise RecordError(
            f"the table {name} has no column {', '.join(missing)}: expected a first line with the names "
            f"{', '.join(needed)}, separated by commas"
        )
    twice = [column for column in asked if header.count(column) > 1]
    if twice:
        raise RecordError(f"the table {name} has more than one column {twice[0]}; leave one of them")
    return {column: header.index(column) for column in asked if column in header}


def _as_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as text; a number without exponent, which Arrow writes from 1e10 on."""
    if pa.types.is_floating(values.type):
        whole = pc.and_(pc.equal(values, pc.floor(values)), pc.less(pc.abs(values), 2.0**62))
        if pc.all(whole, min_count=0).as_py():
            values = values.cast(pa.int64())
    return values.cast(_TEXT)


def _unreadable(name: str) -> str:
    return (
        f"the table {name} cannot be read: expected CSV in UTF-8 (gzipped if its name ends in .gz) or Parquet, whole; "
        "get or write the file anew"
    )


def _header(data: bytes) -> tuple[list[str], str]:
    """Return the names of the columns in small letters, and what separates them: tabs where no comma stands."""
    line = LINE_END.split(data[: data.find(b"\n") + 1 or len(data)].decode())[0]
    separator = "," if "," in line or "\t" not in line else "\t"
    cells = next(text_csv.reader([line], delimiter=separator), [])
    return [cell.strip().casefold() for cell in cells], separator


def _text(path: Path, name: str) -> bytes:
    """Return the bytes of a file's text; raises `FileError` for what is not UTF-8."""
    with _opened(path) as stream:
        data: bytes = stream.read()
    refuse_first_bytes(f"the table {name}", data)
    check_utf8(f"the table {name}", data)
    return without_mark(data)


def _opened(path: Path) -> pa.NativeFile:
    packed = path.name.casefold().endswith(".gz")
    return pa.input_stream(str(path), compression="gzip" if packed else None)
