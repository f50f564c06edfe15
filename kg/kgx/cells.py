"""Cells: columns of a table as the cells of TSV lines, or as the members of JSON objects, a batch at a time."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from kg.kgx.columns import EMPTY_LIST, escaped
from kg.kgx.records import joined_texts

_SPECIAL = r"[\\\t\n\r|]|^$"


def write_tsv_lines(stream: IO[bytes], columns: Mapping[str, pa.Array], header: Sequence[str], rows: int) -> None:
    """Write rows as lines of TSV with a cell for each name in the header, empty where there is no such column."""
    nothing = pa.repeat("", rows)
    cells = [pc.fill_null(_tsv(columns[name]), "") if name in columns else nothing for name in header]
    _write(stream, pc.binary_join_element_wise(*cells, "\t"))


def write_json_lines(stream: IO[bytes], columns: Mapping[str, pa.Array]) -> None:
    """Write rows as JSON objects, one a line, each without the members that are null."""
    members = [
        pc.binary_join_element_wise(json.dumps(name), _json(column), ": ")
        for name, column in columns.items()
        if column.null_count < len(column)
    ]
    _write(stream, pc.binary_join_element_wise("{", joined_texts(members, ", "), "}", ""))


def _write(stream: IO[bytes], lines: pa.Array) -> None:
    """Write lines, each with its end: the bytes of the column as they lie in memory."""
    ended = pc.binary_join_element_wise(lines, "\n", "").cast(pa.large_string())
    stream.write(memoryview(ended.buffers()[2])[: pc.sum(pc.binary_length(ended)).as_py() or 0])


def _tsv(column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        items = _with_items(column, lambda values: _mapped(values, escaped, _SPECIAL))
        texts = pc.binary_join(items, "|")
        return pc.if_else(pc.equal(pc.list_value_length(column), 0), EMPTY_LIST, texts)
    if pa.types.is_string(column.type):
        return _mapped(column, escaped, _SPECIAL)
    return column.cast(pa.string())


def _json(column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        texts = pc.binary_join(_with_items(column, _json), ", ")
        return pc.binary_join_element_wise("[", texts, "]", "")
    if pa.types.is_floating(column.type):
        texts = column.cast(pa.string())
        return pc.if_else(pc.is_finite(column), texts, pc.binary_join_element_wise('"', texts, '"', ""))
    if pa.types.is_string(column.type):
        return _mapped(column, lambda text: json.dumps(text, ensure_ascii=False))
    return column.cast(pa.string())


def _mapped(column: pa.Array, change: Callable[[str], str], needed_by: str = "") -> pa.Array:
    """Return a column with each distinct text changed, or as it is where none matches a regular expression."""
    if needed_by and not pc.any(pc.match_substring_regex(column, needed_by)).as_py():
        return column
    texts = column.dictionary_encode()
    changed = pa.array([None if text is None else change(text) for text in texts.dictionary.to_pylist()], pa.string())
    return changed.take(texts.indices)


def _with_items(column: pa.ListArray, change: Callable[[pa.Array], pa.Array]) -> pa.ListArray:
    """Return a list column with its items changed to texts."""
    offsets = pc.cumulative_sum(pa.concat_arrays([pa.array([0], pa.int32()), _lengths(column)]))
    texts = change(pc.list_flatten(column))
    return pa.ListArray.from_arrays(offsets.cast(pa.int32()), texts, mask=pc.is_null(column))


def _lengths(column: pa.ListArray) -> pa.Array:
    return pc.fill_null(pc.list_value_length(column), 0)
