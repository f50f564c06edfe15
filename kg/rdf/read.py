"""Read: RDF as rows. What we wrote comes back as it was; of other graphs in Biolink's terms what we have words for.

A statement that says nothing the graph can hold becomes a row that the build's check rejects, and so is counted.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kg.files.text import FileError
from kg.graph import SourceRelease
from kg.progress import Progress, silent
from kg.rdf.edges import edge_tables
from kg.rdf.names import NAMESPACES, OURS, RDF
from kg.rdf.nodes import Nodes
from kg.rdf.reading import Reading
from kg.rdf.statements import read_statements
from kg.rows import Rows

SCHEMA = (f"{NAMESPACES['rdfs']}subClassOf", f"{NAMESPACES['rdfs']}subPropertyOf")
_RELEASE_TEXTS = {
    "name": "dcterms:title",
    "version": "dcat:version",
    "licence": "dcterms:license",
    "citation": "dcterms:bibliographicCitation",
    "url": "dcat:landingPage",
}


def read_rdf(path: str | Path, release: SourceRelease, progress: Progress = silent) -> Rows:
    """Read a file of RDF as one release's rows; `kg.rdf.statements.read_statements` says which files.

    A node's kind is the class that we wrote, or follows from its Biolink category (`kg.kgx.terms.kind_of`); an edge is
    an association or a plain triple, and its relation is found in the same way. Knowledge level and agent type that are
    not told are `not_provided`. Raises `kg.files.text.FileError`, with file and line, for what is no RDF, for a blank
    node, and for text where a number belongs; `OSError` for a file that cannot be opened.
    """
    reading = _read(path, progress)
    list(_releases(reading))
    return _rows(reading, release)


def read_back(path: str | Path, progress: Progress = silent) -> list[Rows]:
    """Read a graph that `kg.rdf.write` wrote: the same nodes and edges, each edge with its release, and the releases.

    Raises as `read_rdf` does, and `FileError` for a file that names no release.
    """
    reading = _read(path, progress)
    releases = list(_releases(reading))
    if not releases:
        raise FileError(f"{path}: no release is named; expected those that an export writes, or read it as one release")
    *others, last = releases
    return [*(Rows(release, (), ()) for release in others), _rows(reading, last)]


def _read(path: str | Path, progress: Progress) -> Reading:
    said = read_statements(path, lambda share: progress(f"read {path}", 0.9 * share))
    return Reading(said, np.zeros(len(said.subjects), bool))


def _rows(reading: Reading, release: SourceRelease) -> Rows:
    """Return all that was read as rows; what is left in the end, as rows to be rejected."""
    for predicate in SCHEMA:
        reading.take(predicate, lambda subject: subject.startswith(OURS))
    nodes = Nodes.of(reading)
    edges = list(edge_tables(reading, nodes))
    return Rows(release, [nodes.table], [*edges, _rest(reading)])


def _releases(reading: Reading) -> Iterator[SourceRelease]:
    """Yield the releases that a file names, in its order."""
    said, terms = reading.said, reading.said.terms
    marked = [
        place
        for place in said.by_predicate.get(f"{RDF}type", np.zeros(0, np.int64)).tolist()
        if terms[said.objects[place]] == f"<{OURS}Release>"
    ]
    for subject in said.subjects[marked].tolist():
        told: dict[str, Any] = {}
        for field, name in _RELEASE_TEXTS.items():
            prefix, _, local = name.partition(":")
            told[field] = "".join(reading.texts_of(subject, NAMESPACES[prefix] + local)[:1])
        lines = reading.texts_of(subject, f"{OURS}file")
        reading.texts_of(subject, f"{RDF}type")
        told["files"] = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        yield SourceRelease(**told)


def _rest(reading: Reading) -> pa.Table:
    """Return what nothing was made of: each statement as an edge of a relation that there is not."""
    left = np.flatnonzero(~reading.used)
    said = reading.said
    return pa.table(
        {
            "relation": reading.names(said.predicates[left]),
            "subject": reading.names(said.subjects[left]),
            "object": reading.names(said.objects[left]),
            "knowledge_level": pa.repeat("not_provided", len(left)),
            "agent_type": pa.repeat("not_provided", len(left)),
            "file": pa.repeat(said.origin, len(left)),
            "line": pa.array(said.lines[left], pa.int64()),
        }
    )
