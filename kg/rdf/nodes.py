"""Nodes: which subjects of RDF are nodes, of which kind, and what is said of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.biolink import categories
from kg.kgx.columns import node_attributes
from kg.kgx.terms import ENTITY, kind_of, most_specific
from kg.rdf.describe import NODE_PREDICATES
from kg.rdf.names import BIOLINK, NAMESPACES, OURS, RDF, classes, iri
from kg.rdf.reading import Reading
from kg.rdf.statements import Numbers
from kg.schema import NODE_COLUMNS, NODE_KINDS

_ALSO = {
    "name": (f"{BIOLINK}name",),
    "synonyms": (f"{NAMESPACES['skos']}altLabel",),
    "xrefs": (f"{NAMESPACES['skos']}exactMatch",),
    "provided_by": (),
}
"""A column of nodes -> what other graphs call it, beside our own predicate."""


@dataclass(frozen=True)
class Nodes:
    """The nodes as rows, and the number of each term's kind in `NODE_KINDS`, -1 where it is no node."""

    table: pa.Table
    kinds: Numbers

    @classmethod
    def of(cls, reading: Reading) -> "Nodes":
        """Return the nodes of a file."""
        kinds, entities, lines = _kinds(reading)
        subjects = np.array(sorted(lines), np.int64)
        rows = len(subjects)
        rows_of = np.full(len(reading.said.terms), -1, np.int64)
        rows_of[subjects] = np.arange(rows)
        own, _ = reading.first(iri(NODE_PREDICATES["id"]), rows_of, rows)
        for subject, term in zip(subjects.tolist(), own.tolist(), strict=True):
            if term >= 0:
                reading.ids[subject] = reading.name(term)
        names = list(NODE_KINDS)
        columns: dict[str, Any] = {
            "kind": pa.array([names[kinds[subject]] for subject in subjects.tolist()], pa.string()),
            "id": reading.names(subjects),
            "file": pa.repeat(reading.said.origin, rows),
            "line": pa.array([lines[subject] for subject in subjects.tolist()], pa.int64()),
        }
        columns |= dict(_columns(reading, rows_of, rows))
        if entities:
            told = pa.array([entities.get(subject) for subject in subjects.tolist()], pa.string())
            columns["category"] = _coalesced(columns.get("category"), told)
        return cls(pa.table({"name": pa.nulls(rows, pa.string()), **columns}), kinds)


def _kinds(reading: Reading) -> tuple[Numbers, dict[int, str], dict[int, int]]:
    """Return each term's kind, the Biolink category of each entity, and the line that says what a node is."""
    said = reading.said
    ours, places = classes(), reading.places(f"{RDF}type")
    of_term = {term: said.terms[term][1:-1] for term in np.unique(said.objects[places]).tolist()}
    kinds = np.full(len(said.terms), -1, np.int64)
    foreign: dict[int, list[str]] = {}
    lines: dict[int, int] = {}
    numbers = {kind: number for number, kind in enumerate(NODE_KINDS)}
    for place, subject, term in zip(
        places.tolist(), said.subjects[places].tolist(), said.objects[places].tolist(), strict=True
    ):
        text = of_term[term]
        category = f"biolink:{text.removeprefix(BIOLINK)}" if text.startswith(BIOLINK) else ""
        if text in ours:
            kinds[subject] = numbers[ours[text]]
        elif category in categories():
            foreign.setdefault(subject, []).append(category)
        else:
            continue
        reading.used[place] = True
        lines.setdefault(subject, int(said.lines[place]))
    entities: dict[int, str] = {}
    for subject, told in foreign.items():
        if kinds[subject] < 0:
            category = most_specific(told) or "biolink:NamedThing"
            kind = kind_of(category, reading.name(subject).partition(":")[0])
            kinds[subject] = numbers[kind]
            if kind == ENTITY:
                entities[subject] = category
    return kinds, entities, lines


def _columns(reading: Reading, rows_of: Numbers, rows: int) -> Iterator[tuple[str, pa.Array]]:
    """Yield what is said of the nodes, column by column."""
    for column, others in _ALSO.items():
        predicates = [iri(NODE_PREDICATES[column]), *others]
        if NODE_COLUMNS[column] == "string[]":
            found = reading.lists(predicates, "string[]", rows_of, rows, named=column == "xrefs")
            if found is not None:
                yield column, found
        else:
            told = [reading.values(predicate, "string", rows_of, rows) for predicate in predicates]
            if known := [values for values in told if values is not None]:
                yield column, _coalesced(*known)
    for attribute, type in node_attributes().items():
        found = reading.values(OURS + attribute, type, rows_of, rows)
        if found is not None:
            yield attribute, found


def _coalesced(*columns: pa.Array | None) -> pa.Array:
    return pc.coalesce(*(column for column in columns if column is not None))
