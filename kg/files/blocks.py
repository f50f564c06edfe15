"""Files too large to hold: their text in blocks of whole lines, tables and JSON lines among them, in bounded memory."""

import functools
import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from kg.files.header import SEPARATORS, check_header
from kg.files.text import LINE_END, FileError, check_utf8, line_ends, refuse_first_bytes, without_mark

BLOCK = 16 << 20
"""Bytes that are read at a time."""

TABLE_BLOCK = 64 << 20
"""Bytes of a table that are read at a time: whatever is done once a block is done less often, and they are compact."""

LONGEST_LINE = 256 << 20
"""Bytes of the longest line that is read; a longer one is no line of a table."""

SHOWN = 200
"""Characters of a malformed line that its row keeps."""

_QUOTES = {"\t": "", ",": '"'}
"""What may stand around a cell, by what separates the cells."""

_TEXT = pa.dictionary(pa.int32(), pa.string())


class Block(NamedTuple):
    """Whole lines of a file: their text in UTF-8, the number of the first, the share of the file read with them."""

    text: bytes
    line: int
    share: float


class TableBlock(NamedTuple):
    """Rows of a table, and the share of the file that is read with them."""

    rows: pa.Table
    share: float


def blocks(path: str | Path, size: int | None = None) -> Iterator[Block]:
    """Yield a file's text without its byte-order mark, block by block; what ends in `.gz` is unpacked.

    Raises `FileError` for what is not UTF-8 text, not whole, or has a line beyond `LONGEST_LINE`, `OSError` with the
    file's name for what cannot be opened.
    """
    path, line = Path(path), 1
    with ExitStack() as opened:
        try:
            raw = opened.enter_context(path.open("rb"))
            whole = max(1, path.stat().st_size)
            stream: gzip.GzipFile | IO[bytes] = raw
            if path.suffix == ".gz":
                stream = opened.enter_context(gzip.open(raw))
            place, rest = 0, b""
            while got := stream.read(max(8, size or BLOCK)):  # at least a byte-order mark
                if not (place or rest):
                    refuse_first_bytes(path, got)
                    place, got = len(got), without_mark(got)
                    place -= len(got)
                text, rest = _cut(rest + got)
                if len(rest) > LONGEST_LINE:
                    at = line + line_ends(text)
                    expected = "expected one row a line: is it all in one line, or binary?"
                    raise FileError(f"{path}, line {at}: longer than {LONGEST_LINE >> 20} MiB; {expected}")
                if text:
                    check_utf8(path, text, line, place)
                    yield Block(text, line, min(1.0, raw.tell() / whole))
                    line, place = line + line_ends(text), place + len(text)
            if rest:
                check_utf8(path, rest, line, place)
                yield Block(rest, line, 1.0)
        except (gzip.BadGzipFile, EOFError, zlib.error) as failure:
            raise FileError(
                f"{path}, after line {line - 1}: not gzipped text, or only a part of it: {failure}; get the file anew"
            ) from None
        except OSError as failure:
            raise OSError(failure.errno, failure.strerror, str(path)) from failure


def table_blocks(
    path: str | Path, needed: Sequence[str], wanted: Callable[[str], bool], separator: str = "\t"
) -> Iterator[TableBlock]:
    """Yield the `needed` columns of a table with a header line, and those that are `wanted`, and `line` (from 1).

    Columns are found by their names, in whatever order, and come as dictionary-encoded strings. Between tabs nothing is
    quoted; between commas a cell may be, but ends in its line. Nothing is null: an empty field is an empty string.
    Lines without text are left out. A line with too few or too many fields is a row that has the beginning of its text
    in the first of the `needed` columns and nothing in the others, for whoever checks the rows. Raises as `blocks`
    does, and `FileError` for a header with a fault.
    """
    header: list[str] = []
    for text, line, share in blocks(path, TABLE_BLOCK):
        if not header:
            first, text = _first_line(text)
            header = [name.strip(_QUOTES[separator]) for name in first.decode().split(separator)]
            check_header(path, header, needed, separator)
            line += 1
        if text:
            columns = [name for name in header if name in needed or wanted(name)]
            yield TableBlock(_parsed(path, Block(text, line, share), (header, columns, needed), separator), share)
    if not header:
        check_header(path, [""], needed, separator)


def _first_line(text: bytes) -> tuple[bytes, bytes]:
    end = min((place for place in (text.find(b"\n"), text.find(b"\r")) if place >= 0), default=len(text))
    width = 2 if text[end : end + 2] == b"\r\n" else 1
    return text[:end], text[end + width :]


def line_blocks(path: str | Path) -> Iterator[tuple[list[tuple[int, str]], float]]:
    """Yield the lines of a file that have text, each with its number, block by block, and the share that is read.

    Raises as `blocks` does.
    """
    for text, line, share in blocks(path):
        numbered = enumerate(LINE_END.split(text.decode()), start=line)
        yield [(number, said) for number, said in numbered if said and not said.isspace()], share


def _cut(data: bytes) -> tuple[bytes, bytes]:
    """Return the whole lines that bytes begin with, and the rest; a last CR may be half of a line end."""
    end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
    return data[:end], data[end:]


def _parsed(
    path: str | Path, block: Block, names: tuple[Sequence[str], Sequence[str], Sequence[str]], separator: str
) -> pa.Table:
    """Return the rows of a block; `names` are those of the header, of the columns to return, and the needed ones."""
    (text, line, _), (header, columns, needed) = block, names
    malformed: dict[int, str] = {}

    def keep(row: csv.InvalidRow) -> str:
        malformed[row.number] = row.text[:SHOWN]
        return "skip"

    try:
        rows = csv.read_csv(
            pa.BufferReader(text),
            read_options=csv.ReadOptions(use_threads=False, column_names=header, block_size=len(text) + 1),
            parse_options=csv.ParseOptions(
                delimiter=separator,
                quote_char=_QUOTES[separator] or False,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header, _TEXT), include_columns=columns),
        )
    except pa.ArrowInvalid as failure:
        raise FileError(
            f"{path}, from line {line}: cannot be read as a table with {SEPARATORS[separator]}: {failure}"
        ) from failure
    numbers = np.arange(line, line + rows.num_rows + len(malformed))
    numbers = np.delete(numbers, [number - 1 for number in malformed])
    rows = rows.append_column("line", pa.array(numbers, pa.int64()))
    if malformed:
        told = [{"line": line + number - 1, needed[0]: said} for number, said in malformed.items() if said.strip()]
        lacking = [pa.array([row.get(field.name, "") for row in told], _plain(field.type)) for field in rows.schema]
        whole = [column.cast(field.type) for column, field in zip(lacking, rows.schema, strict=True)]
        rows = pa.concat_tables([rows, pa.table(whole, schema=rows.schema)]).unify_dictionaries().combine_chunks()
    if not pc.any(pc.equal(rows[needed[0]], "")).as_py():
        return rows
    empty = functools.reduce(pc.and_, (pc.equal(rows[column], "") for column in columns))
    return rows.filter(pc.invert(empty))


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if kind == _TEXT else kind
