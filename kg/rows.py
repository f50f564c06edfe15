"""Rows: what a source or a patient record says, before it is checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from kg.graph import SourceRelease


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
    files table by table; then `left_out` counts, by reason, what the source has but leaves out by design.
    `kg.assemble.assemble` checks all of it, rejects loudly, and adds the release's name and version as evidence.
    """

    release: SourceRelease
    nodes: Iterable[pa.Table]
    edges: Iterable[pa.Table]
    equivalents: Iterable[pa.Table] = ()
    retired: Iterable[pa.Table] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
