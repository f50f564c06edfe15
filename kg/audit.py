"""Audit: what came in at a build, what did not, and why."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kg.files.table import write_tsv
from kg.files.text import create_text
from kg.graph import SourceRelease, data_version
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

SHOWN = 10
"""How many rejected rows a text or an error shows; all are in the table and the file."""

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


@dataclass(frozen=True)
class Tally:
    """How many rows of one source for one table (a node kind or a relation) came in, were merged, were rejected.

    A merged row says again what another row said: it is in the graph, but not as a node or an edge of its own.
    """

    source: str
    table: str
    rows: int
    merged: int
    rejected: int

    @property
    def kept(self) -> int:
        """The rows that became a node or an edge."""
        return self.rows - self.merged - self.rejected


@dataclass(frozen=True)
class Audit:
    """What a build did: a tally for each source and table, and every rejected row (`rejected` has `REJECTED`)."""

    releases: tuple[SourceRelease, ...]
    tallies: tuple[Tally, ...]
    rejected: pa.Table

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
            [(t.source, t.table, t.rows, t.kept, t.merged, t.rejected) for t in self.tallies],
            columns=["source", "table", "rows", "kept", "merged", "rejected"],
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
        return "\n".join(lines + rejection_lines(self))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def rejection_lines(audit: Audit) -> list[str]:
    """Return why rows were rejected, counted, and the first of them; no lines where none was."""
    lines = [
        f"  {count:,} x {reason} ({source}, {table})" for (source, table, reason), count in audit.reasons().items()
    ]
    for row in audit.rejected.slice(0, SHOWN).to_pylist():
        lines.append(f"  {row['file']}, line {row['line']}: {row['reason']}: {row['text']!r}")
    return lines


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
