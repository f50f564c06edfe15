"""KGX: nodes and edges in Biolink's words, as Monarch, RTX-KG2 and ROBOKOP publish them (see `kg.kgx.read`)."""

from collections.abc import Mapping
from pathlib import Path

from kg.graph import SourceRelease
from kg.kgx.read import read as read_kgx
from kg.rows import Rows

FILES = ("nodes", "edges")


def read(files: Mapping[str, Path], release: SourceRelease) -> Rows:
    """Read the two files of a KGX graph, TSV or JSON lines, gzipped or not, block by block."""
    return read_kgx(files["nodes"], files["edges"], release)
