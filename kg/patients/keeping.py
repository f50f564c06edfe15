"""Keeping: what a store holds of one patient, given away whole, marked with consent, or forgotten."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from kg.graph import Graph
from kg.notebook import notebook_html
from kg.patients.terminology import RECORDS_LICENCE
from kg.query.known import nodes_of
from kg.query.people import find_patient, needed_elsewhere, stored
from kg.schema import GIVEN, PERSON, RELATIONS, WITHDRAWN
from kg.stores.protocol import NOTHING, Store
from kg.stores.releases import read_releases


class ConsentError(ValueError):
    """Something is asked of a patient who withdrew consent to it."""


@dataclass(frozen=True)
class Kept:
    """All that a store holds of a patient, and what was done with it (`kept`, `forgotten`, a consent)."""

    patient: str
    done: str
    attributes: Mapping[str, Any]
    edges: tuple[Mapping[str, Any], ...]

    def to_frame(self) -> pd.DataFrame:
        """Return how many edges of each relation there are."""
        counts: dict[str, int] = {}
        for edge in self.edges:
            counts[edge["relation"]] = counts.get(edge["relation"], 0) + 1
        return pd.DataFrame(counts.items(), columns=["relation", "edges"])

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values; a patient who is forgotten is not repeated."""
        counts = {row["relation"]: row["edges"] for row in self.to_frame().to_dict("records")}
        told = {"patient": self.patient, "done": self.done, "edges": counts}
        return told | {"attributes": dict(self.attributes), "events": list(self.edges)} if self.attributes else told

    def to_text(self) -> str:
        """Return what was done in a line."""
        return f"{self.patient}: {self.done}; edges: {len(self.edges):,}"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def export_patient(store: Store, text: str, *, access_request: bool = False) -> Kept:
    """Return all that is stored of a patient, given as for `kg.query.people.find_patient`.

    Raises `ConsentError` for one who withdrew consent, unless it is the patient's own `access_request`.
    """
    held = stored(store, [find_patient(store, text).id])
    [row] = held.nodes[PERSON].to_pylist()
    if row["consent"] == WITHDRAWN and not access_request:
        raise ConsentError(
            "the patient withdrew consent to research: give the record to the patient alone (--access-request)"
        )
    edges = [
        {"relation": relation, **{name: value for name, value in edge.items() if value not in (None, [])}}
        for relation, rows in held.edges.items()
        for edge in rows.to_pylist()
    ]
    attributes = {name: value for name, value in row.items() if value not in (None, [])}
    return Kept(row["id"], "all that is stored", attributes, tuple(edges))


def set_consent(store: Store, text: str, consent: str) -> Kept:
    """Write whether a patient consents to research, `given` or `withdrawn`; raises `ValueError` for another word.

    A patient who withdrew it is in no cohort, likeness, count, walk, training or export from then on; nothing is lost.
    """
    if consent not in (GIVEN, WITHDRAWN):
        raise ValueError(f"got {consent!r}, expected {GIVEN} or {WITHDRAWN}")
    held = stored(store, [find_patient(store, text).id])
    people = held.nodes[PERSON]
    column = people.column_names.index("consent")
    changed = people.set_column(column, "consent", pa.array([consent] * people.num_rows, pa.string()))
    store.add(Graph({PERSON: changed}, held.edges))
    return Kept(people["id"][0].as_py(), f"consent {consent}", {}, _bare(held))


def forget(store: Store, text: str) -> Kept:
    """Take a patient out of a store: the node, every edge, predicted ones too, and nodes that only these edges need.

    Other patients' edges and what public sources state stay as they are.
    """
    held = stored(store, [find_patient(store, text).id])
    patient = held.nodes[PERSON]["id"][0].as_py()
    store.add(NOTHING, Graph({PERSON: held.nodes[PERSON], **_needless(store, patient, held)}, held.edges))
    return Kept(patient, "forgotten", {}, _bare(held))


def _bare(held: Graph) -> tuple[Mapping[str, Any], ...]:
    return tuple({"relation": relation} for relation, rows in held.edges.items() for _ in range(rows.num_rows))


def _needless(store: Store, patient: str, held: Graph) -> dict[str, pa.Table]:
    """Return the nodes that only records state and no other patient's edge leads to: a rare code tells of a person."""
    private = {release.name for release in read_releases(store) if release.licence == RECORDS_LICENCE}
    ends: dict[str, set[str]] = {}
    for relation, rows in held.edges.items():
        if RELATIONS[relation].subject == PERSON:
            ends.setdefault(RELATIONS[relation].object, set()).update(rows["object"].to_pylist())
    tables = {kind: nodes_of(store, kind, sorted(ids)) for kind, ids in ends.items()}
    theirs = {
        kind: [row["id"] for row in rows.to_pylist() if row["provided_by"] and private.issuperset(row["provided_by"])]
        for kind, rows in tables.items()
    }
    needed = needed_elsewhere(store, patient, {kind: ids for kind, ids in theirs.items() if ids})
    found = {}
    for kind, ids in theirs.items():
        if gone := [one for one in ids if one not in needed]:
            found[kind] = nodes_of(store, kind, gone)
    return found
