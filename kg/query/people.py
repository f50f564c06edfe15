"""People: what a store keeps of patients: who they are under their pseudonyms, their events in time, their consent."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from kg.graph import Graph, table
from kg.pharmacogenomics.alleles import laboratory_genotype
from kg.query.known import nodes_of
from kg.schema import PERSON, RELATIONS, WITHDRAWN, edge_columns
from kg.search import Node, UnknownNode, with_identifier
from kg.stores.naming import check_version
from kg.stores.protocol import Store

OWN_PREFIX = "PANAKEIA:"
"""A patient's identifier may be given without it."""

MEASURED = "patient_has_measurement"
EVENTS = tuple(
    relation for relation in RELATIONS.values() if relation.subject == PERSON and "day" in relation.attributes
)
"""The relations from a patient that say when."""

EVENT_COLUMNS = (
    *("relation", "kind", "id", "name", "code", "mapping", "negated"),
    *("day", "minute", "precision", "end_day", "value", "unit", "value_code", "copies", "diplotypes"),
    *("model", "model_version", "source", "record"),
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
        expected = f"expected a pseudonym such as {OWN_PREFIX}P-0123456789abcdef"
        raise UnknownNode(f"the store has {held}; {expected}: `panakeia patient list` has them")
    return found[0]


def patient(store: Store, text: str) -> PatientRecord:
    """Return a patient's record, given as for `find_patient`; raises what that raises."""
    [record] = records(store, [find_patient(store, text).id])
    return record


def records(store: Store, patients: Collection[str]) -> list[PatientRecord]:
    """Return the records of these patients, by identifier."""
    columns = ("id", "sex", "age_years", "birth_day", "death_day", "consent")
    rows = store.query(
        f"UNWIND $ids AS wanted MATCH (p:{PERSON}) WHERE p.id = wanted "
        f"RETURN {', '.join(f'p.{name} AS {name}' for name in columns)} ORDER BY id",
        {"ids": list(patients)},
    )
    called, open_alleles = genotypes(store, patients), not_excluded(store, patients)
    return [
        PatientRecord(genotypes=called.get(row["id"], {}), not_excluded=open_alleles.get(row["id"], {}), **row)
        for row in rows
    ]


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

    The columns are `EVENT_COLUMNS`: a row for each edge of the patient's, also of what is absent (`negated`); what one
    record states through several sources is one event, and `source` names them all. Days are since 1970-01-01 on the
    patient's shifted calendar. Raises `UnknownNode`.
    """
    node = find_patient(store, patient)
    rows = [row for relation in EVENTS for row in _events(store, relation.name, [node.id])]
    frame = pd.DataFrame(rows, columns=["patient", *EVENT_COLUMNS]).drop(columns="patient")
    frame["negated"] = frame["negated"].fillna(False)
    frame = _said_once(frame.astype(_FRAME_TYPES))
    order = ["day", "minute", "relation", "id", "record"]
    return frame.sort_values(order, na_position="first", kind="stable", ignore_index=True)


def measurements(store: Store, patients: Collection[str], codes: Collection[str]) -> pd.DataFrame:
    """Return what was measured of these patients (by identifier) under these codes: patient, and `EVENT_COLUMNS`.

    Rows are as those of `events`, patient by patient.
    """
    rows = _events(store, MEASURED, sorted(patients), codes) if codes else []
    frame = pd.DataFrame(rows, columns=["patient", *EVENT_COLUMNS])
    frame["negated"] = frame["negated"].fillna(False)
    frame = _said_once(frame.astype(_FRAME_TYPES))
    order = ["patient", "day", "minute", "id", "record"]
    return frame.sort_values(order, na_position="first", kind="stable", ignore_index=True)


def happened(store: Store, relation: str, patients: Collection[str]) -> pd.DataFrame:
    """Return what these patients (by identifier) do have by a relation: patient, and `EVENT_COLUMNS`, each event once.

    Nothing that is absent is among it, and of several sources of one event the first is told.
    """
    rows = _events(store, relation, sorted(patients))
    frame = pd.DataFrame(rows, columns=["patient", *EVENT_COLUMNS])
    frame["negated"] = frame["negated"].fillna(False)
    frame = frame.astype(_FRAME_TYPES)
    same = [name for name in frame if name not in ("source", "diplotypes", "copies")]
    return frame[~frame["negated"]].drop_duplicates(same, ignore_index=True)


def sources(store: Store, patients: Collection[str]) -> dict[str, str]:
    """Return the data sets that the records of these patients (by identifier) are from, joined by commas."""
    rows = store.query(
        f"MATCH (p:{PERSON}) WHERE p.id IN $ids RETURN p.id AS id, p.provided_by AS sources", {"ids": list(patients)}
    )
    return {row["id"]: ", ".join(sorted(row["sources"] or ())) for row in rows}


def _said_once(events: pd.DataFrame) -> pd.DataFrame:
    """Return events with one row for those that differ in their source alone."""
    same = [name for name in events if name not in ("source", "diplotypes")]
    told = events.assign(
        source=events.groupby(same, dropna=False)["source"].transform(lambda one: ", ".join(sorted(one)))
    )
    return told.drop_duplicates(same, ignore_index=True)


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
    people = nodes_of(store, PERSON, ids)
    edges = {relation: rows for relation in _touching() if (rows := _edges(store, relation, ids)).num_rows}
    return Graph({PERSON: people} if people.num_rows else {}, edges)


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


def _events(
    store: Store, relation: str, patients: list[str], nodes: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Return the events of a relation of these patients; those that lead to some nodes, if given."""
    ends = RELATIONS[relation]
    own = [name for name in EVENT_COLUMNS if name in edge_columns(relation)]
    rows = store.query(
        f"MATCH (p:{PERSON})-[r:{relation}]->(o:{ends.object}) WHERE p.id IN $ids "
        + ("" if nodes is None else "AND o.id IN $nodes ")
        + f"RETURN p.id AS patient, o.id AS id, o.name AS name, {', '.join(f'r.{name} AS {name}' for name in own)}",
        {"ids": patients} | ({} if nodes is None else {"nodes": sorted(nodes)}),
    )
    return [{"relation": relation, "kind": ends.object, **row} for row in rows]


def not_excluded(store: Store, patients: Collection[str]) -> dict[str, dict[str, frozenset[str]]]:
    """Return, by patient, the alleles of each called gene that may be there too, for no call has looked for them."""
    rows = store.query(
        f"MATCH (p:{PERSON})-[r:patient_has_diplotype]->(g:Gene) WHERE p.id IN $ids "
        "RETURN p.id AS patient, g.name AS gene, r.diplotypes AS diplotypes, r.not_excluded AS alleles "
        "ORDER BY patient, gene",
        {"ids": list(patients)},
    )
    told: dict[tuple[str, str], frozenset[str]] = {}
    for row in rows:
        if row["diplotypes"]:
            key, alleles = (row["patient"], row["gene"]), frozenset(row["alleles"] or ())
            told[key] = told.get(key, alleles) & alleles
    found: dict[str, dict[str, frozenset[str]]] = {}
    for (who, gene), alleles in told.items():
        if alleles:
            found.setdefault(who, {})[gene] = alleles
    return found


def calls_of(store: Store, patients: Collection[str]) -> list[tuple[str, str, str, str, list[str]]]:
    """Return what was called of these patients' genes: patient, source, record, symbol of the gene, diplotypes."""
    rows = store.query(
        f"MATCH (p:{PERSON})-[r:patient_has_diplotype]->(g:Gene) WHERE p.id IN $ids "
        "RETURN p.id AS patient, r.source AS source, r.record AS record, g.name AS gene, r.diplotypes AS diplotypes "
        "ORDER BY patient, gene, source, record",
        {"ids": list(patients)},
    )
    return [(row["patient"], row["source"], row["record"], row["gene"], row["diplotypes"] or []) for row in rows]


def genotypes(store: Store, patients: Collection[str]) -> dict[str, dict[str, str]]:
    """Return, by patient, the genotype of each gene of which one diplotype is known, and nobody says another.

    It is in the names that laboratories have for the alleles: `*1/*3`; `GA` of VKORC1.
    """
    told: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for who, _, _, gene, diplotypes in calls_of(store, patients):
        if diplotypes:
            told.setdefault((who, gene), set()).add(tuple(diplotypes))
    found: dict[str, dict[str, str]] = {}
    for (who, gene), several in told.items():
        first = next(iter(several))
        if len(several) == len(first) == 1:
            found.setdefault(who, {})[gene] = laboratory_genotype(gene, first[0])
    return found


def counts_of_events(store: Store) -> pd.DataFrame:
    """Return how much is stored of each patient: id, events, first_day, last_day, genes (called)."""
    told: dict[str, dict[str, Any]] = {}
    for relation in EVENTS:
        rows = store.query(
            f"MATCH (p:{PERSON})-[r:{relation.name}]->(:{relation.object}) "
            "RETURN p.id AS id, count(*) AS events, min(r.day) AS first_day, max(r.day) AS last_day",
            {},
        )
        for row in rows:
            one = told.setdefault(row["id"], {"events": 0, "first_day": [], "last_day": [], "genes": 0})
            one["events"] += row["events"]
            one["genes"] += row["events"] if relation.name == "patient_has_diplotype" else 0
            for column in ("first_day", "last_day"):
                one[column] += [] if row[column] is None else [row[column]]
    frame = [
        (who, one["events"], min(one["first_day"], default=None), max(one["last_day"], default=None), one["genes"])
        for who, one in told.items()
    ]
    columns = ["id", "events", "first_day", "last_day", "genes"]
    return pd.DataFrame(frame, columns=columns).astype({name: "Int64" for name in columns[1:]})


def needed_elsewhere(store: Store, patient: str, nodes: Mapping[str, Collection[str]]) -> set[str]:
    """Return those of these nodes, by kind, that an edge of another patient leads to."""
    found: set[str] = set()
    for relation in EVENTS:
        if relation.object in nodes:
            rows = store.query(
                f"MATCH (p:{PERSON})-[:{relation.name}]->(o:{relation.object}) "
                "WHERE o.id IN $nodes AND p.id <> $patient RETURN DISTINCT o.id AS id",
                {"nodes": list(nodes[relation.object]), "patient": patient},
            )
            found.update(row["id"] for row in rows)
    return found
