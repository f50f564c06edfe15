"""Cohort: what criteria need of a store: periods of observation, events by node or code, the width of terms."""

from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from kg.query.people import EVENTS
from kg.schema import PERSON, RELATIONS, edge_columns
from kg.stores.protocol import Store

OBSERVATION_PERIOD = "PANAKEIA:visit-observation-period"
"""The visit whose edges say when a patient was observed, where a record says so."""

_SUBCLASS = "biolink:subclass_of"
_ASKED = (
    *("day", "minute", "precision", "end_day", "negated", "value", "unit", "value_code"),
    *("copies", "diplotypes", "not_excluded", "activity_score", "code", "mapping", "source", "record"),
)
"""What is told of an event, where its relation has it."""


def observation_periods(store: Store) -> pd.DataFrame:
    """Return the periods in which records say that a patient was observed: patient, first, last (days)."""
    rows = store.query(
        f"MATCH (p:{PERSON})-[r:patient_had_visit]->(v:Visit) WHERE v.id = $period "
        "RETURN p.id AS patient, r.day AS first, r.end_day AS last",
        {"period": OBSERVATION_PERIOD},
    )
    return pd.DataFrame(rows, columns=["patient", "first", "last"])


def spans(store: Store) -> pd.DataFrame:
    """Return the first and the last day that is recorded of each patient who has any: patient, first, last."""
    rows: list[dict[str, Any]] = []
    for relation in EVENTS:
        ends = "max(r.end_day)" if "end_day" in relation.attributes else "NULL"
        rows += store.query(
            f"MATCH (p:{PERSON})-[r:{relation.name}]->(:{relation.object}) WHERE r.day IS NOT NULL "
            f"RETURN p.id AS patient, min(r.day) AS first, max(r.day) AS last, {ends} AS until",
            {},
        )
    found = pd.DataFrame(rows, columns=["patient", "first", "last", "until"])
    found["last"] = found[["last", "until"]].astype("float64").max(axis=1)
    return found.groupby("patient", as_index=False).agg(first=("first", "min"), last=("last", "max"))


def events_of(
    store: Store, relation: str, nodes: Collection[str] | None = None, codes: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return the events of a relation that lead to one of these nodes or stand under one of these codes.

    Without nodes and codes it is all of them; a code that ends with `*` stands for all that begin so. Besides what the
    relation has of `day`, `end_day`, `negated`, values and evidence, a row has the `patient` and the `node`.
    """
    columns, target = edge_columns(relation), RELATIONS[relation].object
    told = ", ".join(f"r.{name} AS {name}" for name in _ASKED if name in columns)
    parts: list[str] = []
    parameters: dict[str, object] = {}
    if nodes:
        parts.append("n.id IN $nodes")
        parameters["nodes"] = sorted(nodes)
    if "code" in columns:
        whole = sorted(code for code in codes if not code.endswith("*"))
        if whole:
            parts.append("r.code IN $codes")
            parameters["codes"] = whole
        for place, code in enumerate(sorted(set(codes) - set(whole))):
            parts.append(f"r.code STARTS WITH $start{place}")
            parameters[f"start{place}"] = code[:-1]
    if (nodes is not None or codes) and not parts:
        return []
    where = f"WHERE {' OR '.join(parts)} " if parts else ""
    return store.query(
        f"MATCH (p:{PERSON})-[r:{relation}]->(n:{target}) {where}RETURN p.id AS patient, n.id AS node, {told}",
        parameters,
    )


def narrower(store: Store, kind: str, nodes: Collection[str]) -> set[str]:
    """Return these nodes of a kind and all below them in the ontologies that the graph holds."""
    return _along(store, kind, nodes, down=True)


def broader(store: Store, kind: str, nodes: Collection[str]) -> set[str]:
    """Return these nodes of a kind and all above them in the ontologies that the graph holds."""
    return _along(store, kind, nodes, down=False)


def drugs_of(store: Store, classes: Collection[str]) -> set[str]:
    """Return the drugs of pharmacologic classes."""
    rows = store.query(
        "MATCH (c:PharmacologicClass)-[:class_includes_drug]->(d:Drug) WHERE c.id IN $ids RETURN DISTINCT d.id AS id",
        {"ids": sorted(classes)},
    )
    return {row["id"] for row in rows}


def parents(store: Store, kind: str, nodes: Collection[str]) -> dict[str, set[str]]:
    """Return the terms directly above these nodes of a kind and above those, each by the node that it is above."""
    found: dict[str, set[str]] = {}
    left = set(nodes)
    while left:
        above: set[str] = set()
        for relation, only in hierarchies(kind):
            rows = store.query(
                f"MATCH (a:{kind})-[r:{relation}]->(b:{kind}) WHERE a.id IN $ids {only}"
                "RETURN DISTINCT a.id AS narrow, b.id AS broad",
                {"ids": sorted(left)},
            )
            for row in rows:
                found.setdefault(row["narrow"], set()).add(row["broad"])
                above.add(row["broad"])
        left = above - found.keys() - left
    return found


def classes_of(store: Store, drugs: Collection[str]) -> dict[str, set[str]]:
    """Return the pharmacologic classes of drugs."""
    rows = store.query(
        "MATCH (c:PharmacologicClass)-[:class_includes_drug]->(d:Drug) WHERE d.id IN $ids "
        "RETURN DISTINCT d.id AS drug, c.id AS class",
        {"ids": sorted(drugs)},
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["drug"], set()).add(row["class"])
    return found


def _along(store: Store, kind: str, nodes: Collection[str], *, down: bool) -> set[str]:
    found = left = set(nodes)
    near, far = ("b", "a") if down else ("a", "b")
    while left:
        reached: set[str] = set()
        for relation, only in hierarchies(kind):
            rows = store.query(
                f"MATCH (a:{kind})-[r:{relation}]->(b:{kind}) WHERE {near}.id IN $ids {only}"
                f"RETURN DISTINCT {far}.id AS id",
                {"ids": sorted(left)},
            )
            reached |= {row["id"] for row in rows}
        left = reached - found
        found = found | left
    return found


def hierarchies(kind: str) -> Iterator[tuple[str, str]]:
    """Yield the relations that lead from a narrow term of a kind to a broad one, and the condition where not all do."""
    for relation in RELATIONS.values():
        if relation.subject == relation.object == kind:
            if relation.biolink == _SUBCLASS:
                yield relation.name, ""
            elif "predicate" in relation.attributes:
                yield relation.name, f"AND r.predicate = '{_SUBCLASS}' "
