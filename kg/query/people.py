"""People: what a store keeps of patients: who they are under their pseudonyms, their events in time, their consent."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from kg.graph import Graph, table
from kg.schema import PERSON, RELATIONS, WITHDRAWN, edge_columns, node_columns
from kg.search import Node, UnknownNode, check_version, with_identifier
from kg.stores.protocol import Store

OWN_PREFIX = "PANAKEIA:"
"""A patient's identifier may be given without it."""

EVENTS = tuple(
    relation for relation in RELATIONS.values() if relation.subject == PERSON and "day" in relation.attributes
)
"""The relations from a patient that say when."""

EVENT_COLUMNS = (
    *("relation", "kind", "id", "name", "code", "mapping", "negated"),
    *("day", "minute", "precision", "end_day", "value", "unit", "value_code", "copies", "diplotypes"),
    *("source", "record"),
)
"""The columns of a frame of events."""

_FRAME_TYPES = {
    **dict.fromkeys(("day", "minute", "end_day", "copies"), "Int64"),
    **dict.fromkeys(("value",), "float64"),
    **dict.fromkeys(("negated",), "bool"),
}


@dataclass(frozen=True)
class PatientRecord:
    """What the graph keeps on a patient, None what the record does not say; `genotypes` by the symbol of the gene.

    A genotype is there where all that was found of the gene agrees on one diplotype; `not_excluded` has the alleles
    that the patient may have as well, for they were not looked for.
    """

    id: str
    sex: str | None
    age_years: float | None
    genotypes: Mapping[str, str]
    birth_day: int | None = None
    death_day: int | None = None
    consent: str | None = None
    not_excluded: Mapping[str, frozenset[str]] = field(default_factory=dict)


def find_patient(store: Store, text: str) -> Node:
    """Return a patient by identifier, in any capitalisation, with or without the prefix `PANAKEIA:`.

    Raises `UnknownNode`, which does not repeat the text: it may be a name.
    """
    found = with_identifier(store, text, [PERSON]) or with_identifier(store, OWN_PREFIX + text.strip(), [PERSON])
    if not found:
        check_version(store, [PERSON])
    if len(found) != 1:
        held = "no patient of this id" if not found else "several patients of this id but for its capitals"
        raise UnknownNode(f"the store has {held}; expected a pseudonym such as {OWN_PREFIX}P-0123456789abcdef")
    return found[0]


def patient(store: Store, text: str) -> PatientRecord:
    """Return a patient's record, given as for `find_patient`; raises what that raises."""
    node = find_patient(store, text)
    columns = ("sex", "age_years", "birth_day", "death_day", "consent")
    [values] = store.query(
        f"MATCH (p:{PERSON} {{id: $id}}) RETURN {', '.join(f'p.{name} AS {name}' for name in columns)}",
        {"id": node.id},
    )
    open_alleles = not_excluded(store, node.id)
    return PatientRecord(node.id, genotypes=genotypes(store, node.id), not_excluded=open_alleles, **values)


def patients(store: Store) -> pd.DataFrame:
    """Return every patient with consent that is not withdrawn: id, sex, age_years, birth_day, death_day, consent."""
    rows = store.query(
        f"MATCH (p:{PERSON}) RETURN p.id AS id, p.sex AS sex, p.age_years AS age_years, p.birth_day AS birth_day, "
        "p.death_day AS death_day, p.consent AS consent ORDER BY id",
        {},
    )
    columns = ["id", "sex", "age_years", "birth_day", "death_day", "consent"]
    return pd.DataFrame([row for row in rows if row["consent"] != WITHDRAWN], columns=columns)


def events(store: Store, patient: str) -> pd.DataFrame:
    """Return the events of a patient (given as for `find_patient`), in order of day and minute, undated ones first.

    The columns are `EVENT_COLUMNS`: a row for each statement of an edge of the patient's, also of what is absent
    (`negated`). Days are since 1970-01-01 on the patient's shifted calendar. Raises `UnknownNode`.
    """
    node = find_patient(store, patient)
    rows = [row for relation in EVENTS for row in _events(store, relation.name, [node.id])]
    frame = pd.DataFrame(rows, columns=["patient", *EVENT_COLUMNS]).drop(columns="patient")
    frame["negated"] = frame["negated"].fillna(False)
    frame = frame.astype(_FRAME_TYPES)
    order = ["day", "minute", "relation", "id", "record"]
    return frame.sort_values(order, na_position="first", kind="stable", ignore_index=True)


def days_of(store: Store, patients: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return the first and the last day that is stored of each of these patients (by identifier) that has any."""
    days: dict[str, list[int]] = {}
    for relation in EVENTS:
        rows = store.query(
            f"MATCH (p:{PERSON})-[r:{relation.name}]->(:{relation.object}) WHERE p.id IN $patients "
            "AND r.day IS NOT NULL RETURN p.id AS patient, min(r.day) AS first, max(r.day) AS last",
            {"patients": list(patients)},
        )
        for row in rows:
            days.setdefault(row["patient"], []).extend((row["first"], row["last"]))
    return {patient: (min(found), max(found)) for patient, found in days.items()}


def stored(store: Store, patients: Collection[str]) -> Graph:
    """Return what a store holds of these patients: their nodes as they are, and every edge of theirs."""
    ids = sorted(patients)
    columns = node_columns(PERSON)
    people = store.query(
        f"UNWIND $ids AS wanted MATCH (n:{PERSON}) WHERE n.id = wanted "
        f"RETURN {', '.join(f'n.{name} AS {name}' for name in columns)}",
        {"ids": ids},
    )
    edges = {relation: rows for relation in _touching() if (rows := _edges(store, relation, ids)).num_rows}
    return Graph({PERSON: table(columns, people)} if people else {}, edges)


def _touching() -> Iterator[str]:
    """Yield the relations that a patient is an end of."""
    for relation in RELATIONS.values():
        if PERSON in (relation.subject, relation.object):
            yield relation.name


def _edges(store: Store, relation: str, patients: list[str]) -> pa.Table:
    """Return every edge of a relation that one of these patients is an end of."""
    ends, columns = RELATIONS[relation], edge_columns(relation)
    person = "s" if ends.subject == PERSON else "o"
    told = ", ".join(f"r.`{name}` AS `{name}`" for name in columns if name not in ("subject", "object"))
    rows = store.query(
        f"MATCH (s:{ends.subject})-[r:{relation}]->(o:{ends.object}) WHERE {person}.id IN $ids "
        f"RETURN s.id AS subject, o.id AS object, {told}",
        {"ids": patients},
    )
    return table(columns, rows)


def _events(store: Store, relation: str, patients: list[str]) -> list[dict[str, Any]]:
    ends = RELATIONS[relation]
    own = [name for name in EVENT_COLUMNS if name in edge_columns(relation)]
    rows = store.query(
        f"MATCH (p:{PERSON})-[r:{relation}]->(o:{ends.object}) WHERE p.id IN $ids "
        f"RETURN p.id AS patient, o.id AS id, o.name AS name, {', '.join(f'r.{name} AS {name}' for name in own)}",
        {"ids": patients},
    )
    return [{"relation": relation, "kind": ends.object, **row} for row in rows]


def not_excluded(store: Store, patient: str) -> dict[str, frozenset[str]]:
    """Return the alleles of each called gene that a patient may have as well, for no call has looked for them."""
    rows = store.query(
        f"MATCH (p:{PERSON} {{id: $id}})-[r:patient_has_diplotype]->(g:Gene) "
        "RETURN g.name AS gene, r.diplotypes AS diplotypes, r.not_excluded AS alleles ORDER BY gene",
        {"id": patient},
    )
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        if row["diplotypes"]:
            alleles = frozenset(row["alleles"] or ())
            found[row["gene"]] = found.get(row["gene"], alleles) & alleles
    return {gene: alleles for gene, alleles in found.items() if alleles}


def genotypes(store: Store, patient: str) -> dict[str, str]:
    """Return the genotype of each gene of which one diplotype is known, and nobody says another."""
    rows = store.query(
        f"MATCH (p:{PERSON} {{id: $id}})-[r:patient_has_diplotype]->(g:Gene) "
        "RETURN g.name AS gene, r.diplotypes AS diplotypes ORDER BY gene",
        {"id": patient},
    )
    told: dict[str, set[tuple[str, ...]]] = {}
    for row in rows:
        if row["diplotypes"]:
            told.setdefault(row["gene"], set()).add(tuple(row["diplotypes"]))
    found = {gene: next(iter(several)) for gene, several in told.items() if len(several) == 1}
    return {gene: diplotypes[0] for gene, diplotypes in found.items() if len(diplotypes) == 1}
