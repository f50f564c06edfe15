"""Audit: what came in at a build, what did not, and why."""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.files.table import write_tsv
from kg.files.text import create_text
from kg.graph import SourceRelease, data_version
from kg.identify import CONFLICTS
from kg.notebook import notebook_html
from kg.output import whole_set

REJECTED = pa.schema(
    [
        ("source", pa.string()),
        ("table", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("text", pa.string()),
        ("reason", pa.string()),
    ]
)
"""The columns of the rejected rows: where each stood, what it said, why it is not in the graph."""

EQUIVALENTS = "equivalents"
"""What the tally calls rows that say which identifiers mean one thing."""

SHOWN = 10
"""How many rejected rows a text or an error shows; all are in the table and the file."""

LONGEST = 200
"""Characters of a rejected row that a text or an error shows."""

_ACCOUNTED = ("tables", "reasons", "left_out")

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


@dataclass(frozen=True)
class Tally:
    """How many rows of one source for one table (a node kind or a relation) came in, were merged, were rejected.

    A merged row says again what another row said: it is in the graph, but not as a node or an edge of its own. In
    `mapped` cases another database's identifier meant a node; `left_out` are the edges that a licence forbids.
    """

    source: str
    table: str
    rows: int
    merged: int
    rejected: int
    mapped: int = 0
    left_out: int = 0

    @property
    def kept(self) -> int:
        """The rows that became a node or an edge."""
        return self.rows - self.merged - self.rejected - self.left_out


@dataclass(frozen=True)
class Audit:
    """What a build did: a tally for each source and table, every rejected row, and what could not be decided.

    `rejected` has the columns `REJECTED`, `conflicts` those of `kg.identify.CONFLICTS`; `left_out` counts the rows
    that were left out on purpose, by source and reason, and `without` names the sources that were not read because
    their licence forbids the use.
    """

    releases: tuple[SourceRelease, ...]
    tallies: tuple[Tally, ...]
    rejected: pa.Table
    conflicts: pa.Table = field(default_factory=CONFLICTS.empty_table)
    left_out: Mapping[tuple[str, str], int] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    def reasons(self) -> dict[tuple[str, str, str], int]:
        """Return how many rows were rejected, by source, table and reason."""
        keys = ["source", "table", "reason"]
        counted = self.rejected.select(keys).group_by(keys, use_threads=False).aggregate([([], "count_all")])
        return {(row["source"], row["table"], row["reason"]): row["count_all"] for row in counted.to_pylist()}

    def reject_share(self, source: str) -> float:
        """Return the fraction of a source's rows that was rejected."""
        tallies = [tally for tally in self.tallies if tally.source == source]
        return sum(tally.rejected for tally in tallies) / max(1, sum(tally.rows for tally in tallies))

    def to_frame(self) -> pd.DataFrame:
        """Return the tallies: one row for each source and table."""
        return pd.DataFrame(
            [(*astuple(tally)[:3], tally.kept, *astuple(tally)[3:]) for tally in self.tallies],
            columns=["source", "table", "rows", "kept", "merged", "rejected", "mapped", "left_out"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the audit as JSON values, with the first rejected rows."""
        return {
            "sources": [
                {"name": r.name, "version": r.version, "licence": r.licence, "files": dict(r.files)}
                for r in self.releases
            ],
            "data_version": data_version(self.releases),
            "tables": self.to_frame().to_dict(orient="records"),
            "reasons": [
                {"source": source, "table": table, "reason": reason, "rows": count}
                for (source, table, reason), count in self.reasons().items()
            ],
            "rejected": self.rejected.slice(0, SHOWN).to_pylist(),
            "conflicts": conflicts_json(self.conflicts),
            "without": list(self.without),
            "left_out": [
                {"source": source, "reason": why, "rows": count} for (source, why), count in self.left_out.items()
            ],
        }

    def to_text(self) -> str:
        """Return the audit as a few lines for a terminal."""
        lines = []
        for release in self.releases:
            tallies = [tally for tally in self.tallies if tally.source == release.name]
            kept, merged, rejected = (sum(getattr(t, what) for t in tallies) for what in ("kept", "merged", "rejected"))
            lines.append(
                f"{release.name} {release.version}: {kept:,} rows kept, {merged:,} merged, {rejected:,} rejected"
            )
        lines += [f"not read: {name}, whose licence forbids the use" for name in self.without]
        lines += [f"left out: {count:,} x {why} ({source})" for (source, why), count in self.left_out.items()]
        return "\n".join(lines + rejection_lines(self) + conflict_lines(self.conflicts))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def rejection_lines(audit: Audit) -> list[str]:
    """Return why rows were rejected, counted, and the first of them; no lines where none was."""
    lines = [
        f"  {count:,} x {reason} ({source}, {table})" for (source, table, reason), count in audit.reasons().items()
    ]
    for row in audit.rejected.slice(0, SHOWN).to_pylist():
        text = row["text"] or ""
        said = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
        lines.append(f"  {row['file']}, line {row['line']}: {row['reason']}: {said!r}")
    return lines


def accounts(audit: Audit) -> dict[str, str]:
    """Return what became of each source's rows, as JSON for its release: its part of `Audit.to_json`."""
    whole, told = audit.to_json(), {}
    for source in (release.name for release in audit.releases):
        rejected = audit.rejected.filter(pc.equal(audit.rejected["source"], source))
        parts = {key: [row for row in whole[key] if row["source"] == source] for key in _ACCOUNTED}
        told[source] = json.dumps(parts | {"rejected": rejected.slice(0, SHOWN).to_pylist()}, ensure_ascii=False)
    return told


def conflicts_json(conflicts: pa.Table) -> list[dict[str, Any]]:
    """Return how many cases of each kind of conflict there are, with the first of them."""
    cases: dict[tuple[str, str], list[list[str]]] = {}
    for row in conflicts.to_pylist():
        cases.setdefault((row["conflict"], row["kind"]), []).append(row["ids"])
    return [
        {"conflict": conflict, "kind": kind, "cases": len(ids), "examples": ids[:SHOWN]}
        for (conflict, kind), ids in cases.items()
    ]


def conflict_lines(conflicts: pa.Table) -> list[str]:
    """Return what could not be decided, counted, each with its first case; no lines where all was clear."""
    return [
        f"  undecided: {case['cases']:,} x {case['conflict']} ({case['kind']}), first {', '.join(case['examples'][0])}"
        for case in conflicts_json(conflicts)
    ]


def audit_paths(stem: str | Path) -> tuple[Path, Path]:
    """Return where the audit of what lies at `stem` lies beside it: `<stem>.audit.json` and `<stem>.rejected.tsv`."""
    stem = Path(stem)
    return stem.with_name(f"{stem.name}.audit.json"), stem.with_name(f"{stem.name}.rejected.tsv")


def write_audit(audit: Audit, stem: str | Path) -> tuple[Path, Path]:
    """Write an audit, with every rejected row, to its `audit_paths`, both files together; return them."""
    paths = audit_paths(stem)
    with whole_set(*paths) as (summary, rejected):
        write_audit_files(audit, summary, rejected)
    return paths


def write_audit_files(audit: Audit, summary: Path, rejected: Path) -> None:
    """Write an audit as JSON, and every rejected row as TSV.

    In the TSV a tab, a line end and a backslash inside a row's text are written as in JSON.
    """
    summary.write_text(json.dumps(audit.to_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = audit.rejected.to_pandas()
    with create_text(rejected) as file:
        write_tsv(rows.assign(text=rows["text"].str.translate(_ESCAPES)), file)
