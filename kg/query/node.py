"""The questions asked of a store: what it says of a node and of itself; in the Cypher both stores speak."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from kg.query.adjacency import direction, first_neighbours, neighbours_frame
from kg.query.known import look_up
from kg.query.people import events
from kg.schema import NODE_KINDS, PERSON, RELATIONS, node_columns, steps_from
from kg.search import Node, find
from kg.stores.held import held_of
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

FIRST_NEIGHBOURS = 5
EVENTS_SHOWN = 40
"""How many events of a patient a text shows, the latest; all are in the JSON."""


@dataclass(frozen=True)
class Shown:
    """What the graph says of a node.

    `attributes` leaves out what is not known. `edges` has the columns relation, direction (`out`, `in`, or `both` where
    the relation is symmetric), count (of the nodes that it leads to); `neighbours` the first few of each: relation,
    direction, id, kind, name, and the evidence, with a row for each that differs: a neighbour that two sources state
    has two. `events` are those of a patient (`kg.query.people.events`), with what is absent.
    """

    node: Node
    attributes: Mapping[str, object]
    edges: pd.DataFrame
    neighbours: pd.DataFrame
    events: pd.DataFrame | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return the first neighbours, with the evidence of their edges; the events of a patient."""
        return self.neighbours if self.events is None else self.events

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            **asdict(self.node),
            **{name: _plain(value) for name, value in self.attributes.items()},
            "edges": _plain(self.edges.to_dict(orient="records")),
            "neighbours": _plain(self.neighbours.to_dict(orient="records")),
            **({} if self.events is None else {"events": _records(self.events)}),
        }

    def to_text(self) -> str:
        """Return the node's attributes and its edges' counts as lines."""
        lines = [f"{self.node.name}  ({self.node.kind} {self.node.id})"]
        lines += [f"  {name}: {_told(value)}" for name, value in self.attributes.items()]
        for relation, way, count in self.edges.itertuples(index=False):
            lines.append(f"  {count:>7,}  {relation} ({way})")
        return "\n".join(lines if self.events is None else [*lines, *_event_lines(self.events)])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


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
        events(store, node.id) if node.kind == PERSON else None,
    )


def rows_of(store: Store, kind: str) -> list[dict[str, Any]]:
    """Return every node of a kind, with the columns of `kg.schema.node_columns` and its `kind`."""
    columns = ", ".join(f"n.{column} AS {column}" for column in node_columns(kind))
    return [{"kind": kind, **row} for row in store.query(f"MATCH (n:{kind}) RETURN {columns}", {})]


def info(store: Store) -> dict[str, Any]:
    """Return the numbers of nodes by kind and of edges by relation, and the releases that they came from."""
    held = held_of(store)
    nodes, edges = ({}, {}) if held is None else held.counts()
    kinds = [kind for kind in NODE_KINDS if kind not in nodes]
    relations = [relation for relation in RELATIONS.values() if relation.name not in edges]
    nodes |= _counted(store, {kind: f"(n:{kind})" for kind in kinds})
    edges |= _counted(store, {one.name: f"(:{one.subject})-[:{one.name}]->()" for one in relations})
    return {
        "nodes": _ordered(nodes, NODE_KINDS),
        "edges": _ordered(edges, RELATIONS),
        "sources": [
            {key: value for key, value in asdict(release).items() if key != "account"}
            for release in read_releases(store)
        ],
    }


def _counted(store: Store, patterns: Mapping[str, str]) -> dict[str, int]:
    """Return how many there are of each, by its pattern in Cypher."""
    asked = (f"MATCH {one} WITH count(*) AS count RETURN '{name}' AS name, count" for name, one in patterns.items())
    return {row["name"]: row["count"] for row in store.query(" UNION ALL ".join(asked), {})}


def _attributes(store: Store, node: Node) -> dict[str, Any]:
    """Return what a node has beside identifier and name."""
    columns = [name for name in node_columns(node.kind) if name not in ("id", "name")]
    rows = store.query(
        f"MATCH (n:{node.kind} {{id: $id}}) RETURN {', '.join(f'n.{name} AS {name}' for name in columns)}",
        {"id": node.id},
    )
    return rows[0]


def _records(events: pd.DataFrame) -> list[dict[str, Any]]:
    """Return events as JSON values, each without what is not known of it."""
    rows = events.astype(object).where(events.notna(), None).to_dict(orient="records")
    return [{name: value for name, value in _plain(row).items() if value is not None} for row in rows]


def _event_lines(events: pd.DataFrame) -> list[str]:
    """Return the latest events as lines, with the day on the patient's shifted calendar."""
    lines = [f"  events: {len(events):,}, days on the patient's own shifted calendar"]
    if len(events) > EVENTS_SHOWN:
        lines.append(f"  the latest {EVENTS_SHOWN} are listed; --json has all")
    for row in _records(events.tail(EVENTS_SHOWN)):
        day = f"{date.fromordinal(date(1970, 1, 1).toordinal() + row['day'])}" if "day" in row else "no day"
        if "minute" in row:
            day += f" {row['minute'] // 60:02}:{row['minute'] % 60:02}"
        value = f" = {row['value']:g} {row['unit']}" if "value" in row else ""
        told = f" = {' or '.join(row['diplotypes'])}" if row.get("diplotypes") else value
        told += f"  (by {row['model']} {row['model_version']})" if "model" in row else ""
        lines.append(f"  {day:>16}  {row['relation']}  {'NOT ' if row['negated'] else ''}{row['name']}{told}")
    return lines


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


def _ordered(counts: Mapping[str, int], order: Iterable[str]) -> dict[str, int]:
    return {name: counts[name] for name in order if counts.get(name)}
