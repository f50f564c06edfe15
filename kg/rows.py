"""Rows: what a source or a patient record says, before it is checked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from kg.graph import SourceRelease, arrow_schema
from kg.schema import (
    EVIDENCE_COLUMNS,
    NODE_COLUMNS,
    NODE_KINDS,
    RELATIONS,
    AttributeType,
    edge_columns,
    node_columns,
)

_ENDS: dict[str, AttributeType] = {"subject": "string", "object": "string"}
_PLACE: dict[str, AttributeType] = {"file": "string", "line": "int64"}


def unknown() -> float:
    """Return 0: the default of a source that cannot tell how far it has read."""
    return 0.0


@dataclass(frozen=True)
class Rows:
    """Unchecked rows of one release, with the file and line of each, so that a rejected row can be found again.

    Every table of `nodes` has the columns `kind`, `id`, `name`, `file` (string) and `line` (int64), and may have
    `synonyms`, `xrefs` (CURIEs that other databases have for the same thing) and any attribute that the schema gives
    the kind. Every table of `edges` has `relation`, `subject`, `object`, `knowledge_level`, `agent_type`, `file`,
    `line`, and may have `references`, `licence` (else the release's) and any attribute of the relation. A table of
    `equivalents` has `subject`, `object` (CURIEs of the same thing), `file`, `line`; what `xrefs` say need not be said
    there again. A table of `retired` has the same columns: as subject an identifier that its database has withdrawn,
    as object the one that stands in its place, or null. A table may mix kinds and relations; its strings may be
    dictionary-encoded. Each part is gone through once, nodes first, edges last, so that a large source may read its
    files table by table; then `left_out` counts, by reason, what the source has but leaves out by design. In between,
    `share` tells which part of the nodes, then of the edges, has been read: from 0 to 1.
    `kg.assemble.assemble` checks all of it, rejects loudly, and adds the release's name and version as evidence.
    """

    release: SourceRelease
    nodes: Iterable[pa.Table]
    edges: Iterable[pa.Table]
    equivalents: Iterable[pa.Table] = ()
    retired: Iterable[pa.Table] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    share: Callable[[], float] = unknown


def node_rows(kind: str, rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Return nodes of one kind as a table; each row names its `file` and `line` and what is known of the columns.

    A kind that the schema lacks is kept, for the build to reject.

    >>> node_rows("Gene", [{"id": "NCBIGene:1559", "name": "CYP2C9", "file": "genes.tsv", "line": 2}]).num_rows
    1
    """
    columns = node_columns(kind) if kind in NODE_KINDS else NODE_COLUMNS
    return _table({"kind": "string", **columns, **_PLACE}, {"kind": kind}, rows)


def edge_rows(relation: str, rows: Iterable[Mapping[str, object]], **shared: object) -> pa.Table:
    """Return edges of one relation as a table, like `node_rows`; what is `shared` need not stand in each row."""
    columns = edge_columns(relation) if relation in RELATIONS else {**_ENDS, **EVIDENCE_COLUMNS}
    return _table({"relation": "string", **columns, **_PLACE}, {"relation": relation, **shared}, rows)


def pair_rows(rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Return pairs of identifiers as a table, for `Rows.equivalents` and `Rows.retired`.

    >>> pair_rows([{"subject": "MONDO:0005148", "object": "DOID:9352", "file": "m.tsv", "line": 2}]).num_rows
    1
    """
    return _table({**_ENDS, **_PLACE}, {}, rows)


def _table(
    columns: Mapping[str, AttributeType], shared: Mapping[str, object], rows: Iterable[Mapping[str, object]]
) -> pa.Table:
    told = list(rows)
    given, schema = set().union(*told), arrow_schema(columns)
    if not told:
        return schema.empty_table()  # Arrow repeats no list zero times
    arrays = [
        pa.array([row.get(field.name, shared.get(field.name)) for row in told], field.type)
        if field.name in given
        else pa.repeat(pa.scalar(shared.get(field.name), field.type), len(told))
        for field in schema
    ]
    return pa.table(arrays, schema=schema)
