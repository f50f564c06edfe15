"""Records: blocks of a KGX file, TSV or JSON lines, whose columns are asked for in one way."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from kg.files.blocks import SHOWN, line_blocks, table_blocks
from kg.files.text import FileError
from kg.kgx.columns import KIND, RELATION, parted, unescaped

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

LISTS = pa.list_(pa.string())


class Records(Protocol):
    """Some rows of a file. A column that is not there, like an empty cell, is null."""

    names: frozenset[str]
    lines: pa.Array

    def text(self, name: str) -> pa.DictionaryArray:
        """Return a column's values as text, a list's joined by bars."""

    def lists(self, name: str) -> pa.ListArray:
        """Return a column's values as lists, a text parted at its bars."""


def records(path: str | Path, needed: Sequence[str], wanted: Callable[[str], bool]) -> Iterator[tuple[Records, float]]:
    """Yield a file's rows block by block, each with the share of the file that is read with it.

    What ends in `.jsonl` or `.json`, perhaps followed by `.gz`, is JSON lines, all else TSV. A line that is no row
    has the beginning of its text in the first of the `needed` columns and nothing in the others. Raises
    `kg.files.text.FileError` for a file that is neither, `OSError` for one that cannot be opened.
    """
    kind = Path(path).name.removesuffix(".gz").rpartition(".")[2].lower()
    if kind in ("jsonl", "json", "ndjson"):
        first = True
        for lines, share in line_blocks(path):
            if first and lines:
                first = _check_first(path, *lines[0])
            yield JsonRecords(lines, needed[0]), share
        if first:
            raise FileError(f"{path}: nothing there; expected a JSON object with {', '.join(needed)} in each line")
    else:
        for rows, share in table_blocks(path, needed, wanted):
            yield TsvRecords(rows), share


def joined_texts(columns: Sequence[pa.Array], separator: str = "|") -> pa.Array:
    """Return the texts of each row joined, those that are null left out; nothing where all are.

    Arrow's own way to leave nulls out (`null_handling="skip"`) leaves out the row where all are null.
    """
    begun = [pc.fill_null(pc.binary_join_element_wise("", column, separator), "") for column in columns]
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(*begun, ""), len(separator))


def parts(cell: str) -> list[str]:
    """Return what stands between the bars of a cell.

    >>> parts("a| b||c")
    ['a', 'b', 'c']
    """
    return [part.strip() for part in cell.split("|") if part.strip()]


class TsvRecords:
    """Rows of a TSV file; in one of ours cells are escaped."""

    def __init__(self, rows: pa.Table) -> None:
        self.names = frozenset(rows.column_names)
        self.lines = rows["line"].combine_chunks()
        self._rows = rows
        self._own = bool(self.names & {KIND, RELATION})

    def text(self, name: str) -> pa.DictionaryArray:
        """Return a column's values as text."""
        column = self._column(name)
        if not self._own or not pc.any(pc.match_substring(column.dictionary, "\\")).as_py():
            return column
        plain = pa.array([unescaped(cell) for cell in column.dictionary.to_pylist()], pa.string())
        return pa.DictionaryArray.from_arrays(column.indices, plain)

    def lists(self, name: str) -> pa.ListArray:
        """Return a column's values as lists: what stands between bars."""
        column = self._column(name)
        if column.null_count == len(column):
            return pa.nulls(len(column), LISTS)
        part = parted if self._own else parts
        return pa.array([part(cell) for cell in column.dictionary.to_pylist()], LISTS).take(column.indices)

    def _column(self, name: str) -> pa.DictionaryArray:
        if name not in self.names:
            return pa.nulls(self._rows.num_rows, pa.dictionary(pa.int32(), pa.string()))
        column = self._rows[name].combine_chunks()
        empty = pc.index(column.dictionary, "").as_py()
        if empty < 0:
            return column
        indices = pc.if_else(pc.equal(column.indices, empty), pa.scalar(None, pa.int32()), column.indices)
        return pa.DictionaryArray.from_arrays(indices, column.dictionary)


class JsonRecords:
    """Rows of a file of JSON lines; `identifying` is the column that has the text of what is no JSON object."""

    def __init__(self, lines: Sequence[tuple[int, str]], identifying: str) -> None:
        self._rows = [_object(text, identifying) for _, text in lines]
        self.names = frozenset(name for row in self._rows for name in row)
        self._own = bool(self.names & {KIND, RELATION})
        self.lines = pa.array([number for number, _ in lines], pa.int64())

    def text(self, name: str) -> pa.DictionaryArray:
        """Return a column's values as text."""
        texts = [_text(row.get(name)) for row in self._rows]
        if not self._own:  # in ours, an empty text is one
            texts = [text or None for text in texts]
        return pa.array(texts, pa.string()).dictionary_encode()

    def lists(self, name: str) -> pa.ListArray:
        """Return a column's values as lists."""
        return pa.array([_list(row.get(name)) for row in self._rows], LISTS)


def _check_first(path: str | Path, number: int, line: str) -> bool:
    """Return False, for the file has a first line; raise `FileError` if that is no JSON object."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FileError(
            f"{path}, line {number}: {line[:SHOWN]!r} is no JSON object; expected one in each line, "
            "as in KGX's JSON lines (its other JSON, one object for the whole graph, is not read)"
        )
    return False


def _object(text: str, identifying: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
        if _SURROGATE.search(text):
            json.dumps(found, ensure_ascii=False).encode()  # half a character is no text
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {identifying: text[:SHOWN]}


def _text(value: Any) -> str | None:
    """Return a JSON value as text: a number or a truth value as JSON writes it, a list joined by bars."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return "|".join(_items(value)) or None
    return json.dumps(value)


def _list(value: Any) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, list):
        return _items(value)
    return parts(_text(value) or "")


def _items(values: Sequence[Any]) -> list[str]:
    return [text for text in map(_text, values) if text is not None]
