"""What the tests of sources need: a mirror folder of small files, and what a source makes of it."""

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from kg.audit import Audit
from kg.build import build_graph
from kg.fetch import Fetch, PublicFile
from kg.graph import Graph

Texts = Mapping[PublicFile, str]
Build = Callable[..., tuple[Graph, Audit]]


@pytest.fixture
def build_from(tmp_path: Path) -> Build:
    """Return a way to build the graph of sources from files that hold these texts; all may be rejected."""

    def build(texts: Texts, *sources: ModuleType) -> tuple[Graph, Audit]:
        for file, text in texts.items():
            path = tmp_path / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            data = text.encode()
            path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        fetch = Fetch(tmp_path, cache=tmp_path / "no-cache", offline=True)
        return build_graph([source.read(fetch) for source in sources], max_reject_share=1.0)

    return build


def rejected(audit: Audit) -> set[tuple[str, int, str]]:
    """Return file, line and reason of each rejected row."""
    return {(row["file"], row["line"], row["reason"]) for row in audit.rejected.to_pylist()}


def lines(*rows: str) -> str:
    """Return rows, written with bars between the cells and spaces around them, as tab-separated text."""
    return "".join("\t".join(cell.strip() for cell in row.split(" ¦ ")) + "\n" for row in rows)
