"""Check: what is wrong with a row of a source, if anything."""

from collections.abc import Mapping
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kg.curie import pattern, prefixes
from kg.schema import AGENT_TYPES, KNOWLEDGE_LEVELS, NODE_KINDS, RELATIONS


class Fault(IntEnum):
    """Why a row is rejected; the first that applies, in this order."""

    NONE = 0
    UNKNOWN_KIND = 1
    UNKNOWN_RELATION = 2
    MISSING_END = 3
    MALFORMED_CURIE = 4
    WRONG_KIND = 5
    SELF_LOOP = 6
    MISSING_EVIDENCE = 7
    RETIRED = 8


REASONS: dict[Fault, str] = {
    Fault.UNKNOWN_KIND: "unknown kind",
    Fault.UNKNOWN_RELATION: "unknown relation",
    Fault.MISSING_END: "missing end",
    Fault.MALFORMED_CURIE: "malformed CURIE",
    Fault.WRONG_KIND: "identifier of another kind",
    Fault.SELF_LOOP: "self-loop",
    Fault.MISSING_EVIDENCE: "missing evidence",
    Fault.RETIRED: "retired identifier",
}
"""A fault -> how the audit words it."""

Faults = npt.NDArray[np.int8]
_NONE = pa.array([], pa.string())


def node_faults(kind: str, rows: pa.Table) -> Faults:
    """Return the fault of each row of nodes that all claim this kind."""
    if kind not in NODE_KINDS:
        return np.full(rows.num_rows, Fault.UNKNOWN_KIND, np.int8)
    ids = encoded(rows["id"])
    return _spread(_identifier_faults(ids.dictionary, kind), ids)


def edge_faults(relation: str, rows: pa.Table, ids: Mapping[str, pa.Array], retired: pa.Array = _NONE) -> Faults:
    """Return the fault of each row of edges that all claim this relation; `ids[kind]` are the graph's nodes.

    `retired` are identifiers that their database has withdrawn without naming another.
    """
    if relation not in RELATIONS:
        return np.full(rows.num_rows, Fault.UNKNOWN_RELATION, np.int8)
    ends = RELATIONS[relation]
    subjects, objects = encoded(rows["subject"]), encoded(rows["object"])
    told = pc.and_(
        pc.is_in(encoded(rows["knowledge_level"]), pa.array(sorted(KNOWLEDGE_LEVELS))),
        pc.is_in(encoded(rows["agent_type"]), pa.array(sorted(AGENT_TYPES))),
    )
    loop = pc.equal(subjects.cast(pa.string()), objects.cast(pa.string()))
    subject_faults, object_faults = (
        _spread(_end_faults(column.dictionary, kind, ids, retired), column)
        for column, kind in ((subjects, ends.subject), (objects, ends.object))
    )
    return np.select(
        [subject_faults > 0, object_faults > 0, np.asarray(loop), ~np.asarray(told)],
        [subject_faults, object_faults, np.int8(Fault.SELF_LOOP), np.int8(Fault.MISSING_EVIDENCE)],
        np.int8(Fault.NONE),
    )


def encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a string column as one dictionary-encoded array that uses all of its dictionary; null is empty.

    >>> encoded(pa.chunked_array([["a", None], ["a"]])).to_pylist()
    ['a', '', 'a']
    """
    return pc.fill_null(column.cast(pa.string()), "").combine_chunks().dictionary_encode()


def _end_faults(names: pa.Array, kind: str, ids: Mapping[str, pa.Array], retired: pa.Array) -> Faults:
    """Return the faults of identifiers that should be nodes of this kind."""
    faults = np.zeros(len(names), np.int8)
    strangers = np.flatnonzero(~_is_in(names, ids.get(kind)))
    if not strangers.size:
        return faults
    names = names.take(strangers)
    wrong = _identifier_faults(names, kind)
    elsewhere = np.zeros(len(names), bool)
    for other in ids.keys() - {kind}:
        elsewhere |= _is_in(names, ids[other])
    faults[strangers] = np.select(
        [np.asarray(pc.equal(names, "")), wrong > 0, elsewhere, _is_in(names, retired)],
        [np.int8(Fault.MISSING_END), wrong, np.int8(Fault.WRONG_KIND), np.int8(Fault.RETIRED)],
        np.int8(Fault.MISSING_END),
    )
    return faults


def _identifier_faults(names: pa.Array, kind: str) -> Faults:
    """Return the faults of identifiers by their look: a CURIE at all, and one with a prefix of this kind."""
    return np.select(
        [_matches(names, pattern(NODE_KINDS[kind].prefixes or prefixes())), _matches(names, pattern(prefixes()))],
        [np.int8(Fault.NONE), np.int8(Fault.WRONG_KIND)],
        np.int8(Fault.MALFORMED_CURIE),
    )


def _spread(faults: Faults, column: pa.DictionaryArray) -> Faults:
    spread: Faults = faults[np.asarray(column.indices)]
    return spread


def _is_in(names: pa.Array, known: pa.Array | None) -> npt.NDArray[np.bool_]:
    return np.zeros(len(names), bool) if known is None else np.asarray(pc.is_in(names, known))


def _matches(names: pa.Array, regex: str) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(names, regex))
