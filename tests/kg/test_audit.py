"""The audit: rows in are rows kept, merged and rejected; every rejected row can be found again."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from kg.audit import REJECTED, SHOWN, Audit, Tally, write_audit
from kg.graph import SourceRelease

RELEASE = SourceRelease("made-up", "1", "CC0-1.0", "Nobody", "https://example.org", {"f.tsv": "ab"})


@pytest.fixture
def audit() -> Audit:
    reasons = ["unknown relation"] * 12 + ["self-loop"] * 3
    rejected = [
        {"source": "made-up", "table": "x", "file": "f.tsv", "line": n, "text": f'a\t"b"\t{n}', "reason": reason}
        for n, reason in enumerate(reasons, start=2)
    ]
    tallies = (Tally("made-up", "Gene", 80, 5, 0), Tally("made-up", "x", 20, 0, 15))
    return Audit((RELEASE,), tallies, pa.Table.from_pylist(rejected, schema=REJECTED))


def test_rows_in_are_rows_kept_merged_and_rejected(audit: Audit) -> None:
    frame = audit.to_frame()
    assert (frame["rows"] == frame["kept"] + frame["merged"] + frame["rejected"]).all()
    assert frame["kept"].tolist() == [75, 5]
    assert audit.reject_share("made-up") == 15 / 100
    assert sum(audit.reasons().values()) == frame["rejected"].sum()


def test_the_json_counts_everything_and_shows_the_first_rejects(audit: Audit) -> None:
    summary = json.loads(json.dumps(audit.to_json(), allow_nan=False))
    assert summary["sources"] == [{"name": "made-up", "version": "1", "licence": "CC0-1.0", "files": {"f.tsv": "ab"}}]
    assert [(row["reason"], row["rows"]) for row in summary["reasons"]] == [("unknown relation", 12), ("self-loop", 3)]
    assert [row["line"] for row in summary["rejected"]] == list(range(2, 2 + SHOWN))


def test_the_text_says_what_came_of_each_source(audit: Audit) -> None:
    first, *others = audit.to_text().splitlines()
    assert first == "made-up 1: 80 rows kept, 5 merged, 15 rejected"
    assert "  12 x unknown relation (made-up, x)" in others


def test_the_files_hold_every_rejected_row(audit: Audit, tmp_path: Path) -> None:
    summary, rejected = write_audit(audit, tmp_path / "new" / "graph.lbdb")
    assert json.loads(summary.read_text(encoding="utf-8")) == audit.to_json()
    header, *rows = rejected.read_text(encoding="utf-8").splitlines()
    assert header.split("\t") == REJECTED.names
    assert [row.split("\t") for row in rows] == [
        [row["source"], row["table"], row["file"], str(row["line"]), f'a\\t"b"\\t{row["line"]}', row["reason"]]
        for row in audit.rejected.to_pylist()
    ]


def test_an_audit_of_nothing_says_so() -> None:
    nothing = Audit((), (), REJECTED.empty_table())
    assert nothing.to_json()["tables"] == [] and nothing.reject_share("x") == 0
