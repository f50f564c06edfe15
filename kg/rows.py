"""Rows: what a source or a patient record says, before it is checked."""

from collections.abc import Iterable
from dataclasses import dataclass

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
    there again. A table may mix kinds and relations; its strings may be dictionary-encoded. Each part is gone through
    once, nodes first, edges last, so that a large source may read its files table by table.
    `kg.build.build_graph` checks all of it, rejects loudly, and adds the release's name and version as evidence.
    """

    release: SourceRelease
    nodes: Iterable[pa.Table]
    edges: Iterable[pa.Table]
    equivalents: Iterable[pa.Table] = ()
