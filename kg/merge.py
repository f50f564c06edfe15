"""Merge: what several rows that name the same node, or say the same edge, become."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kg.check import encoded
from kg.names import folded
from kg.schema import EVIDENCE_COLUMNS, RELATIONS, edge_identity

Row = dict[str, Any]
Keys = npt.NDArray[np.int64]


def merge_nodes(table: pa.Table) -> tuple[pa.Table, Keys]:
    """Return the nodes of one kind with one row a CURIE, and which rows went into another.

    The first name wins, other names become synonyms, synonyms are united, a missing attribute comes from the next row.
    A node that no row names is named by its CURIE.
    """
    merged, dropped = _merge(table, np.asarray(encoded(table["id"]).indices, np.int64), _unite_nodes)
    named = pc.if_else(pc.equal(pc.fill_null(merged["name"], ""), ""), merged["id"], merged["name"])
    return merged.set_column(merged.column_names.index("name"), "name", named), dropped


def merge_edges(relation: str, table: pa.Table, ids: Mapping[str, pa.Array]) -> tuple[pa.Table, Keys]:
    """Return the edges of one relation with one row an identity, and which rows went into another.

    What makes two rows the same edge is said by `kg.schema.edge_identity`: rows of two sources never merge. Of rows
    that do, the first one's evidence wins, its release too; references are united; a missing attribute comes from the
    next row. All ends are in `ids`.
    """
    ends = RELATIONS[relation]
    subjects = np.asarray(pc.index_in(table["subject"], ids[ends.subject]), np.int64)
    objects = np.asarray(pc.index_in(table["object"], ids[ends.object]), np.int64)
    if ends.symmetric:
        subjects, objects = np.minimum(subjects, objects), np.maximum(subjects, objects)
    keys = subjects * len(ids[ends.object]) + objects
    for column in edge_identity(relation)[2:]:
        keys = _told_apart(keys, table[column])
    return _merge(table, keys, _unite_edges)


def _told_apart(keys: Keys, column: pa.ChunkedArray) -> Keys:
    """Return keys that two rows share where they share both the old key and the value in the column; null is one."""
    values = column.combine_chunks().dictionary_encode(null_encoding="encode")
    if len(values.dictionary) < 2:
        return keys
    _, dense = np.unique(keys, return_inverse=True)  # or the product of many columns' sizes would pass 64 bits
    return dense * len(values.dictionary) + np.asarray(values.indices, np.int64)


def _merge(table: pa.Table, keys: Keys, unite: Callable[[list[Row]], Row]) -> tuple[pa.Table, Keys]:
    distinct, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    rows = np.arange(len(keys))
    if len(distinct) == len(keys):
        return table, rows[:0]
    repeated = counts[inverse] > 1
    groups: dict[int, list[Row]] = {}
    for key, row in zip(keys[repeated].tolist(), table.filter(pa.array(repeated)).to_pylist(), strict=True):
        groups.setdefault(key, []).append(row)
    united = pa.Table.from_pylist([unite(group) for group in groups.values()], schema=table.schema)
    return pa.concat_tables([table.filter(pa.array(~repeated)), united]), np.delete(rows, first)


def _unite_nodes(rows: list[Row]) -> Row:
    names = [row["name"] for row in rows if row["name"]]
    united = _first_known(rows)
    united["name"] = names[0] if names else None
    synonyms = {folded(synonym): synonym for synonym in reversed([*names, *_united(rows, "synonyms")])}
    synonyms.pop(folded(united["name"] or ""), None)
    united["synonyms"] = list(reversed(synonyms.values()))
    united["xrefs"], united["provided_by"] = _united(rows, "xrefs"), _united(rows, "provided_by")
    return united


def _unite_edges(rows: list[Row]) -> Row:
    evidence = {column: rows[0][column] for column in EVIDENCE_COLUMNS}
    return _first_known(rows) | evidence | {"references": _united(rows, "references")}


def _united(rows: list[Row], column: str) -> list[str]:
    """Return the values of all the rows' lists, each once."""
    return list(dict.fromkeys(value for row in rows for value in row[column]))


def _first_known(rows: list[Row]) -> Row:
    return {column: next((row[column] for row in rows if row[column] is not None), None) for column in rows[0]}
