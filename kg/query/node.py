"""The questions asked of a store: what it says of a node, of a patient, of itself; in the Cypher both stores speak."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from kg.query.adjacency import direction, first_neighbours, neighbours_frame
from kg.query.known import look_up
from kg.schema import LABELS, NODE_KINDS, RELATIONS, node_columns, steps_from
from kg.search import Node, UnknownNode, check_version, find, with_identifier
from kg.stores.protocol import OTHER_VERSION, Store, StoreError
from kg.stores.releases import read_releases

FIRST_NEIGHBOURS = 5
OWN_PREFIX = "PANAKEIA:"
"""A patient's identifier may be given without it."""


@dataclass(frozen=True)
class Shown:
    """What the graph says of a node.

    `attributes` leaves out what is not known; a list with labels (`kg.schema.LABELS`) is a mapping from these. `edges`
    has the columns relation, direction (`out`, `in`, or `both` where the relation is symmetric), count (of the nodes
    that it leads to); `neighbours` the first few of each: relation, direction, id, kind, name, and the evidence, with a
    row for each that differs: a neighbour that two sources state has two.
    """

    node: Node
    attributes: Mapping[str, object]
    edges: pd.DataFrame
    neighbours: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the first neighbours, with the evidence of their edges."""
        return self.neighbours

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            **asdict(self.node),
            **{name: _plain(value) for name, value in self.attributes.items()},
            "edges": _plain(self.edges.to_dict(orient="records")),
            "neighbours": _plain(self.neighbours.to_dict(orient="records")),
        }

    def to_text(self) -> str:
        """Return the node's attributes and its edges' counts as lines."""
        lines = [f"{self.node.name}  ({self.node.kind} {self.node.id})"]
        lines += [f"  {name}: {_told(value)}" for name, value in self.attributes.items()]
        for relation, way, count in self.edges.itertuples(index=False):
            lines.append(f"  {count:>7,}  {relation} ({way})")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@dataclass(frozen=True)
class PatientRecord:
    """What the graph keeps on a patient's own node; `genotypes` by gene, None what the record does not say."""

    id: str
    sex: str | None
    age_years: float | None
    genotypes: Mapping[str, str]


def show(store: Store, text: str, kind: str | None = None) -> Shown:
    """Return what the graph says of a node, given as for `kg.search.find`; raises what `find` raises."""
    node = find(store, text, kind)
    key = node.kind, node.id
    counts = look_up(store, [key])[key].degrees
    steps = sorted(counts, key=steps_from(node.kind).index)
    neighbours = [one for step in steps for one in first_neighbours(store, node, step, FIRST_NEIGHBOURS)]
    return Shown(
        node,
        {name: value for name, value in _attributes(store, node).items() if value not in (None, [], {})},
        pd.DataFrame(
            [(step.relation, direction(step), counts[step]) for step in steps],
            columns=["relation", "direction", "count"],
        ),
        neighbours_frame(neighbours),
    )


def patient(store: Store, text: str) -> PatientRecord:
    """Return a patient's record by identifier, in any capitalisation, with or without the prefix `PANAKEIA:`.

    Raises `UnknownNode`, which does not repeat the text: it may be a name.
    """
    found = with_identifier(store, text, ["Patient"]) or with_identifier(store, OWN_PREFIX + text.strip(), ["Patient"])
    if not found:
        check_version(store, ["Patient"])
    if len(found) != 1:
        held = "no patient of this id" if not found else "several patients of this id but for its capitals"
        raise UnknownNode(f"the store has {held}; expected a pseudonym such as {OWN_PREFIX}P-0123456789abcdef")
    values = _attributes(store, found[0])
    return PatientRecord(found[0].id, values["sex"], values["age_years"], values["genotypes"])


def days_of(store: Store, patients: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return the first and the last day that is stored of each of these patients (by identifier) that has any."""
    days: dict[str, list[int]] = {}
    for relation in RELATIONS.values():
        if relation.subject == "Patient" and "day" in relation.attributes:
            rows = store.query(
                f"MATCH (p:Patient)-[r:{relation.name}]->() WHERE p.id IN $patients AND r.day IS NOT NULL "
                "RETURN p.id AS patient, min(r.day) AS first, max(r.day) AS last",
                {"patients": list(patients)},
            )
            for row in rows:
                days.setdefault(row["patient"], []).extend((row["first"], row["last"]))
    return {patient: (min(found), max(found)) for patient, found in days.items()}


def rows_of(store: Store, kind: str) -> list[dict[str, Any]]:
    """Return every node of a kind, with the columns of `kg.schema.node_columns` and its `kind`."""
    columns = ", ".join(f"n.{column} AS {column}" for column in node_columns(kind))
    return [{"kind": kind, **row} for row in store.query(f"MATCH (n:{kind}) RETURN {columns}", {})]


def info(store: Store) -> dict[str, Any]:
    """Return the numbers of nodes by kind and of edges by relation, and the releases that they came from."""
    nodes = store.query(
        " UNION ALL ".join(
            f"MATCH (n:{kind}) WITH count(*) AS count RETURN '{kind}' AS name, count" for kind in NODE_KINDS
        ),
        {},
    )
    edges = store.query(
        " UNION ALL ".join(
            f"MATCH (:{relation.subject})-[:{relation.name}]->() "
            f"WITH count(*) AS count RETURN '{relation.name}' AS name, count"
            for relation in RELATIONS.values()
        ),
        {},
    )
    return {
        "nodes": _ordered(nodes, NODE_KINDS),
        "edges": _ordered(edges, RELATIONS),
        "sources": [
            {key: value for key, value in asdict(release).items() if key != "account"}
            for release in read_releases(store)
        ],
    }


def _attributes(store: Store, node: Node) -> dict[str, Any]:
    """Return what a node has beside identifier and name; raises `StoreError` where a list does not fit its labels."""
    columns = [name for name in node_columns(node.kind) if name not in ("id", "name")]
    [values] = store.query(
        f"MATCH (n:{node.kind} {{id: $id}}) RETURN {', '.join(f'n.{name} AS {name}' for name in columns)}",
        {"id": node.id},
    )
    for name, labels in ((name, labels) for name, labels in LABELS.items() if name in values):
        told, of = values[name] or [], values.pop(labels) or []
        if len(told) != len(of):
            raise StoreError(OTHER_VERSION)
        values[name] = dict(zip(of, told, strict=True))
    return values


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: what is no number is null, arrays are lists, numpy's numbers are Python's."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{label} {text}" for label, text in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)


def _ordered(rows: Iterable[Mapping[str, Any]], order: Iterable[str]) -> dict[str, int]:
    counts = {row["name"]: row["count"] for row in rows}
    return {name: counts[name] for name in order if counts.get(name)}
