"""Edges: RDF's associations and plain triples as rows; a triple that an association tells is not told twice."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.biolink import predicates
from kg.kgx.columns import QUALIFIER, edge_attributes
from kg.kgx.records import joined_texts
from kg.kgx.terms import ENTITY, Said, relation_of
from kg.rdf.describe import EDGE_PREDICATES, PUBLICATIONS, SUPPORT
from kg.rdf.names import BIOLINK, NAMESPACES, OURS, RDF, iri, release_parts
from kg.rdf.nodes import Nodes
from kg.rdf.reading import Reading
from kg.rdf.statements import Numbers, parts_of
from kg.schema import NODE_KINDS, RELATIONS

REFERENCES = (
    iri(PUBLICATIONS),
    iri(SUPPORT),
    *(BIOLINK + slot for slot in ("primary_knowledge_source", "aggregator_knowledge_source", "knowledge_source")),
)
"""What an association rests on; publications and sources alike are references."""
_SLOTS = ("subject", "predicate", "object")


Triple = tuple[Numbers, Numbers, Numbers]
"""Subjects, predicates and objects: the number of each term, -1 where there is none."""


def edge_tables(reading: Reading, nodes: Nodes) -> Iterator[pa.Table]:
    """Yield the edges that a file tells, associations first."""
    said = reading.said
    triple, subjects = _associations(reading)
    relations = reading.first(f"{OURS}relation", _rows_of(reading, subjects), len(subjects))[0]
    if len(subjects):
        yield _told(reading, nodes, triple, subjects, relations)
    plain = _plain(reading, triple, relations)
    if len(plain):
        ends = said.subjects[plain], said.predicates[plain], said.objects[plain]
        yield _table(reading, nodes, ends, said.lines[plain], {})


def _rows_of(reading: Reading, subjects: Numbers) -> Numbers:
    """Return the row of each term, -1 for one that is none of these subjects."""
    rows_of = np.full(len(reading.said.terms), -1, np.int64)
    rows_of[subjects] = np.arange(len(subjects))
    return rows_of


def _associations(reading: Reading) -> tuple[Triple, Numbers]:
    """Return what each association says, and the associations."""
    said = reading.said
    reified = reading.places(f"{RDF}reifies")
    places = np.concatenate([reified, *(reading.places(f"{BIOLINK}{slot}") for slot in ("subject", "object"))])
    subjects = np.unique(said.subjects[places])
    rows_of = _rows_of(reading, subjects)
    found = [reading.first(f"{BIOLINK}{slot}", rows_of, len(subjects))[0] for slot in _SLOTS]
    triples, at = reading.first(f"{RDF}reifies", rows_of, len(subjects))
    for row in np.flatnonzero(triples >= 0).tolist():
        parts = parts_of(said.terms[triples[row]])
        if parts is None:
            reading.used[at[row]] = False
            continue
        for column, part in zip(found, parts, strict=True):
            if part not in said.numbers:
                said.numbers[part] = len(said.terms)
                said.terms.append(part)
            column[row] = said.numbers[part]
    subject, predicate, target = found
    return (subject, predicate, target), subjects


def _told(reading: Reading, nodes: Nodes, triple: Triple, subjects: Numbers, relations: Numbers) -> pa.Table:
    """Return the associations as rows."""
    said, rows = reading.said, len(subjects)
    rows_of = _rows_of(reading, subjects)
    types = reading.places(f"{RDF}type")
    reading.used[types[rows_of[said.subjects[types]] >= 0]] = True
    lines = np.full(rows, np.iinfo(np.int64).max)
    own = rows_of[said.subjects] >= 0
    np.minimum.at(lines, rows_of[said.subjects[own]], said.lines[own])
    columns: dict[str, Any] = {}
    for column, predicate in EDGE_PREDICATES.items():
        columns[column] = reading.values(iri(predicate), "string", rows_of, rows)
    columns["references"] = reading.lists(REFERENCES, "string[]", rows_of, rows, named=True)
    for attribute, type in edge_attributes().items():
        columns[attribute] = reading.values(OURS + attribute, type, rows_of, rows)
    releases, _ = reading.first(f"{NAMESPACES['prov']}wasDerivedFrom", rows_of, rows)
    parts = [release_parts(said.terms[term][1:-1]) or (None, None) if term >= 0 else (None, None) for term in releases]
    columns["source"] = pa.array([source for source, _ in parts], pa.string())
    columns["source_version"] = pa.array([version for _, version in parts], pa.string())
    columns["ours"] = _ours(reading, relations)
    slots = sorted(p for p in said.by_predicate if p.startswith(BIOLINK) and QUALIFIER.fullmatch(p[len(BIOLINK) :]))
    for slot in slots:
        columns[slot] = reading.values(slot, "string", rows_of, rows)
    return _table(reading, nodes, triple, lines, {name: told for name, told in columns.items() if told is not None})


def _ours(reading: Reading, relations: Numbers) -> pa.Array:
    """Return the relation of ours that each association names."""
    found, inverse = np.unique(relations, return_inverse=True)
    names = [None if term < 0 else reading.said.terms[term][1:-1].removeprefix(OURS) for term in found.tolist()]
    return pa.array(names, pa.string()).take(pa.array(inverse))


def _plain(reading: Reading, triple: Triple, relations: Numbers) -> Numbers:
    """Return the places of the plain triples that say an edge which no association tells."""
    said, terms = reading.said, len(reading.said.terms)
    edges = [predicate for predicate in said.by_predicate if _is_edge(predicate)]
    if not edges:
        return np.zeros(0, np.int64)
    places = np.sort(np.concatenate([said.by_predicate[predicate] for predicate in edges]))
    places = places[~reading.used[places]]
    reading.used[places] = True
    found = np.unique(said.predicates[places])
    codes = np.full(terms + 1, -1, np.int64)  # few predicates, so that three numbers fit into one
    codes[found] = np.arange(len(found))
    subjects, verbs, objects = triple
    told = np.concatenate([(subjects * terms + objects) * len(edges) + codes[of] for of in (verbs, relations)])
    told = told[np.concatenate([codes[of] >= 0 for of in (verbs, relations)])]
    pairs = said.subjects[places] * terms + said.objects[places]
    new: Numbers = places[~np.isin(pairs * len(edges) + codes[said.predicates[places]], told)]
    return new


def _is_edge(predicate: str) -> bool:
    if predicate.startswith(OURS):
        return predicate.removeprefix(OURS) in RELATIONS
    return predicate.startswith(BIOLINK) and f"biolink:{predicate.removeprefix(BIOLINK)}" in predicates()


def _table(
    reading: Reading,
    nodes: Nodes,
    triple: Triple,
    lines: Numbers,
    columns: dict[str, Any],
) -> pa.Table:
    """Return edges as rows, each with the relation that it names, or that its words mean."""
    subjects, _, objects = triple
    rows = len(subjects)
    missing = pa.nulls(rows, pa.string())
    levels = pc.fill_null(columns.get("knowledge_level", missing), "not_provided")
    qualifiers = _qualifiers(columns, rows)
    relation, turned, words = _relations(reading, nodes, triple, qualifiers, levels)
    named = pc.is_valid(columns["ours"]) if "ours" in columns else pa.repeat(False, rows)
    turned &= ~np.asarray(named)
    first, second = np.where(turned, objects, subjects), np.where(turned, subjects, objects)
    kept = {name: values for name, values in columns.items() if not name.startswith(BIOLINK) and name != "ours"}
    for name, values in (("predicate", words), ("qualifiers", qualifiers)):
        own = kept.get(name, missing)
        kept[name] = pc.if_else(named, own, pc.coalesce(own, values))
    return pa.table(
        {
            **kept,
            "relation": pc.coalesce(columns.get("ours", missing), relation),
            "subject": reading.names(first),
            "object": reading.names(second),
            "knowledge_level": levels,
            "agent_type": pc.fill_null(columns.get("agent_type", missing), "not_provided"),
            "file": pa.repeat(reading.said.origin, rows),
            "line": pa.array(lines, pa.int64()),
        }
    )


def _qualifiers(columns: dict[str, Any], rows: int) -> pa.Array:
    """Return each edge's qualifiers, sorted, as `slot=value|slot=value`; null where it has none."""
    slots = sorted(name for name in columns if name.startswith(BIOLINK))
    told = [pc.binary_join_element_wise(f"{slot.removeprefix(BIOLINK)}=", columns[slot], "") for slot in slots]
    if not told:
        return pa.nulls(rows, pa.string())
    return joined_texts(told)


def _relations(
    reading: Reading,
    nodes: Nodes,
    triple: Triple,
    qualifiers: pa.Array,
    levels: pa.Array,
) -> tuple[pa.Array, Any, pa.Array]:
    """Return the relation that each edge's words mean, whether its ends change places, and its predicate."""
    kinds = [*NODE_KINDS]
    unknown = kinds.index(ENTITY)
    of_term = np.append(nodes.kinds, np.full(len(reading.said.terms) + 1 - len(nodes.kinds), -1))
    of_term[of_term < 0] = unknown
    coded = qualifiers.dictionary_encode()
    told = [*coded.dictionary.to_pylist(), ""]
    codes = pc.fill_null(coded.indices, len(told) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
    predicted = np.asarray(pc.equal(levels, "prediction")).astype(np.int64)
    subjects, verbs, objects = triple
    keys = np.stack([verbs, of_term[subjects], of_term[objects], codes, predicted])
    distinct, inverse = np.unique(keys, axis=1, return_inverse=True)
    found: list[tuple[str, bool, str | None]] = []
    for verb, subject, target, code, guess in distinct.T.tolist():
        text = reading.said.terms[verb][1:-1] if verb >= 0 else ""
        if text.startswith(OURS):
            found.append((text.removeprefix(OURS), False, None))
            continue
        word = f"biolink:{text.removeprefix(BIOLINK)}" if text.startswith(BIOLINK) else text
        said = Said(word, kinds[subject], kinds[target], told[code])
        found.append((*relation_of(said, predicted=bool(guess)), word))
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    inverse = inverse.reshape(-1)
    names, words = (pa.array(columns[at], pa.string()).take(pa.array(inverse)) for at in (0, 2))
    return names, np.array(columns[1], bool)[inverse], words
