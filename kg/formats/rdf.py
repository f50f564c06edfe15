"""RDF in Biolink's words: N-Quads, N-Triples, Turtle or TriG, gzipped or not (see `kg.rdf.read`)."""

from collections.abc import Mapping
from pathlib import Path

from kg.graph import SourceRelease
from kg.rdf.read import read_rdf
from kg.rows import Rows

FILES = ("statements",)


def read(files: Mapping[str, Path], release: SourceRelease) -> Rows:
    """Read a file of RDF; its edges are associations or plain triples."""
    return read_rdf(files["statements"], release)
