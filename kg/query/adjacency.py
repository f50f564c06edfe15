"""Adjacency: the neighbours of a node, with the evidence of the edges that lead to them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

import pandas as pd

from kg.filter import EVERYTHING, Filter
from kg.graph import Evidence
from kg.notebook import notebook_html
from kg.query.known import check_consent, look_up
from kg.schema import EVIDENCE_COLUMNS, RELATIONS, Step, steps_from
from kg.search import Node, check_count, check_sources, find, kind_named
from kg.stores.held import held_of
from kg.stores.protocol import Store

FIRST = 100
"""How many neighbours are listed unless more are asked for."""
STATEMENTS = 2
"""How many statements of an edge to reckon with at first."""


@dataclass(frozen=True)
class Neighbour:
    """A node that a step leads to, with the evidence of everyone who states the edge, in order."""

    node: Node
    step: Step
    evidence: tuple[Evidence, ...]

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Yield a row of `FRAME_COLUMNS` for each who states the edge."""
        for evidence in self.evidence:
            node = self.node
            told = (*evidence[:-1], list(evidence.references))
            yield self.step.relation, direction(self.step), node.id, node.kind, node.name, *told

    def to_json(self) -> dict[str, Any]:
        """Return the neighbour as JSON values."""
        return {
            "relation": self.step.relation,
            "direction": direction(self.step),
            **asdict(self.node),
            "evidence": [evidence.to_json() for evidence in self.evidence],
        }


FRAME_COLUMNS = ("relation", "direction", "id", "kind", "name", *EVIDENCE_COLUMNS)
"""The columns of a frame of neighbours."""


@dataclass(frozen=True)
class Neighbours:
    """The neighbours of a node that were asked for: the first of them, and how many each step leads to."""

    node: Node
    found: tuple[Neighbour, ...]
    counts: Mapping[Step, int]

    @property
    def left_out(self) -> int:
        """How many more there are than are listed; one that several steps lead to counts for each."""
        return sum(self.counts.values()) - len(self.found)

    def to_frame(self) -> pd.DataFrame:
        """Return the neighbours that are listed, with a row for each who states the edge to one."""
        return neighbours_frame(self.found)

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        edges = [
            {"relation": step.relation, "direction": direction(step), "count": count}
            for step, count in self.counts.items()
        ]
        found = [neighbour.to_json() for neighbour in self.found]
        return {"node": asdict(self.node), "edges": edges, "neighbours": found, "left_out": self.left_out}

    def to_text(self) -> str:
        """Return the node, how many neighbours it has by each relation, and how many are not listed."""
        lines = [f"neighbours of {self.node.name}  ({self.node.kind} {self.node.id})"]
        lines += [f"  {count:>7,}  {step.relation} ({direction(step)})" for step, count in self.counts.items()]
        if self.left_out:
            lines.append(
                f"the first {len(self.found):,} are listed, {self.left_out:,} more are not: "
                "name relations (--relation) or kinds (--of-kind), or ask for more (--top)"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def neighbours_frame(found: Iterable[Neighbour]) -> pd.DataFrame:
    """Return neighbours as rows, one for each who states the edge to one."""
    return pd.DataFrame([row for neighbour in found for row in neighbour.rows()], columns=list(FRAME_COLUMNS))


def neighbours(
    store: Store,
    node: str | Node,
    *,
    kind: str | None = None,
    relations: Collection[str] = (),
    kinds: Collection[str] = (),
    where: Filter = EVERYTHING,
    limit: int = FIRST,
) -> Neighbours:
    """Return the neighbours of a node, relation by relation, and by name; the node is given as for `kg.search.find`.

    If relations are named, only they count, if kinds, only neighbours of these; an edge counts if a statement of it
    passes the filter, and only such statements are told. Raises what `find` raises, `UnknownKind`, and `ValueError` for
    an unknown relation or source, and for a limit below 1.
    """
    check_count("limit", limit)
    check_relations(relations)
    check_sources(store, where)
    wanted_kinds = {kind_named(one) for one in kinds}
    found = node if isinstance(node, Node) else find(store, node, kind)
    check_consent(store, found)
    degrees = look_up(store, [(found.kind, found.id)])[found.kind, found.id].degrees
    steps = [
        step
        for step in steps_from(found.kind)
        if step in degrees and step.relation in (relations or RELATIONS) and step.end in (wanted_kinds or {step.end})
    ]
    counts = {step: degrees[step] for step in steps} if not where else _counted(store, found, steps, where)
    listed: list[Neighbour] = []
    for step in counts:
        if len(listed) < limit:
            listed += first_neighbours(store, found, step, limit - len(listed), where)
    return Neighbours(found, tuple(listed), counts)


def check_relations(relations: Iterable[str], name: str = "relations") -> None:
    """Raise `ValueError` where an argument names relations that there are not."""
    if unknown := sorted(set(relations) - RELATIONS.keys()):
        near = dict.fromkeys(close for word in unknown for close in get_close_matches(word, RELATIONS, cutoff=0.5))
        hint = f"did you mean {', '.join(near)}? " if near else ""
        raise ValueError(
            f"{name}: there is no relation {', '.join(unknown)}; {hint}`panakeia info` lists those of a graph"
        )


def first_neighbours(store: Store, node: Node, step: Step, limit: int, where: Filter = EVERYTHING) -> list[Neighbour]:
    """Return the first neighbours, by name, that a step leads to, with all statements that pass of each edge."""
    held = held_of(store)
    if held is not None and held.leads(step):
        stated = held.first(step, node.id, limit, where)
    else:
        stated = _first(store, node, step, limit, where)
    return [
        Neighbour(Node(identifier, step.end, name), step, tuple(sorted(evidence)))
        for (identifier, name), evidence in stated.items()
    ]


def _first(store: Store, node: Node, step: Step, limit: int, where: Filter) -> dict[tuple[str, str], set[Evidence]]:
    """Return the first neighbours, by identifier and name, with who states their edges, in Cypher."""
    columns = ", ".join(f"r.{column} AS {column}" for column in EVIDENCE_COLUMNS)
    cypher = (
        f"MATCH (n:{node.kind} {{id: $id}}){step.pattern('r')}(m:{step.end})"
        f"{where.condition('r', 'WHERE', step.holds('r', 'm'))} "
        f"RETURN m.id AS id, m.name AS name, {columns} ORDER BY name, id LIMIT $rows"
    )
    many = STATEMENTS * limit
    while True:
        rows = store.query(cypher, {"id": node.id, "rows": many, **where.parameters()})
        stated: dict[tuple[str, str], set[Evidence]] = defaultdict(set)
        for row in rows:
            stated[row["id"], row["name"]].add(Evidence.of(row[column] for column in EVIDENCE_COLUMNS))
        if len(rows) < many or len(stated) > limit:  # else the last edge may have more statements than were fetched
            return dict(list(stated.items())[:limit])
        many *= 4


def direction(step: Step) -> str:
    """Return whether a step goes along its arrow (`out`), against it (`in`), or the relation has none (`both`)."""
    if step.symmetric:
        return "both"
    return "out" if step.forward else "in"


def _counted(store: Store, node: Node, steps: list[Step], where: Filter) -> dict[Step, int]:
    """Return to how many nodes each step leads by an edge of which a statement passes, none left out."""
    led: dict[Step, set[str]] = defaultdict(set)
    for step, _, ends in store.follow({step: [node.id] for step in steps}, where):
        led[step].update(ends)
    return {step: len(led[step]) for step in steps if led[step]}
