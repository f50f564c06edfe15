"""Subgraph: what lies around some nodes, as a graph of its own, the most specific first where there is too much."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from kg.filter import EVERYTHING, Filter
from kg.graph import Graph, table
from kg.query.adjacency import check_relations
from kg.query.known import look_up, nodes_of
from kg.schema import NODE_KINDS, PERSON, RELATIONS, Step, edge_columns
from kg.search import Node, check_count, check_sources, find
from kg.stores.protocol import Key, Known, Store
from kg.stores.releases import read_releases

NODES = 500
"""How many nodes a subgraph has at most, unless more are asked for."""
FOLLOWED = 200_000
"""How many edges may be followed at each distance; the steps with the most edges are not taken beyond that."""
NAMED = 3
"""How many of the nodes that were left out a message names."""

Told = Callable[[str], None]
"""Hears, in a sentence, what was left out."""


def unheard(message: str) -> None:
    """Listen to nothing."""


def subgraph(
    store: Store,
    nodes: Collection[str | Node],
    radius: int = 1,
    *,
    where: Filter = EVERYTHING,
    limit: int = NODES,
    relations: Collection[str] = (),
    told: Told = unheard,
) -> Graph:
    """Return the nodes at most `radius` edges from some of these, as they are stored, and all edges between them.

    A node is given as for `kg.search.find`, or found already. Only edges that pass the filter count, and, if relations
    are named, only theirs. Where there are more than `limit` nodes, the nearest are in it, and of those as near the
    ones with the fewest edges; `told` hears what is left out. Other patients are never in it. Raises what `find`
    raises, and `ValueError` for a radius or a limit below 1, an unknown relation or source, or no nodes.
    """
    check_count("radius", radius)
    check_count("limit", limit)
    check_relations(relations)
    check_sources(store, where)
    given = [nodes] if isinstance(nodes, str | Node) else list(nodes)
    if not given:
        raise ValueError("a subgraph is around some nodes, but none is given: give a name or an identifier")
    found = [node if isinstance(node, Node) else find(store, node) for node in given]
    start = dict.fromkeys((node.kind, node.id) for node in found)
    steps = _Steps(frozenset(relations or RELATIONS), where)
    known = _around(store, list(start), radius, steps, max(limit, len(start)), told)
    return _graph(store, known, steps)


class _Steps:
    """Which edges count: of these relations, with a statement that passes."""

    def __init__(self, relations: frozenset[str], where: Filter) -> None:
        self.relations, self.where = relations, where

    def follow(self, store: Store, branches: Iterable[tuple[Key, Step]]) -> set[Key]:
        """Return the nodes that these steps lead to from these nodes, but for patients."""
        origins: dict[Step, list[str]] = defaultdict(list)
        for (_, node), step in branches:
            origins[step].append(node)
        return {
            (step.end, end) for step, _, ends in store.follow(origins, self.where) if step.end != PERSON for end in ends
        }


def _around(store: Store, start: list[Key], radius: int, steps: _Steps, limit: int, told: Told) -> dict[Key, Known]:
    """Return the nodes of the subgraph, the given ones first, then by distance."""
    chosen = look_up(store, start)
    ring = start
    for distance in range(1, radius + 1):
        branches = list(_branches(ring, chosen, steps))
        walked = _affordable(branches)
        if len(walked) < len(branches):
            hubs = {key for key, _, _ in set(branches) - set(walked)}
            told(f"not all edges followed at distance {distance}, of those with too many: {_listed(hubs, chosen)}")
        reached = steps.follow(store, ((key, step) for key, step, _ in walked)) - chosen.keys()
        known = store.nodes(reached)
        ordered = sorted(known, key=lambda key: (_edges(known[key]), key))
        ring = ordered[: limit - len(chosen)]
        if len(ring) < len(ordered):
            told(
                f"left out at distance {distance}: {len(ordered) - len(ring):,} of {len(ordered):,} nodes, those with "
                f"the most edges ({_listed(ordered[: len(ring) - len(ordered) - 1 : -1], known)}), and what lies "
                f"beyond them; ask for more with a higher limit than {limit:,}"
            )
        chosen |= {key: known[key] for key in ring}
        if not ring or len(chosen) == limit:
            break
    return chosen


def _branches(ring: list[Key], known: Mapping[Key, Known], steps: _Steps) -> Iterator[tuple[Key, Step, int]]:
    for key in ring:
        for step, degree in known[key].degrees.items():
            if step.relation in steps.relations:
                yield key, step, degree


def _affordable(branches: list[tuple[Key, Step, int]]) -> list[tuple[Key, Step, int]]:
    """Return the branches with the fewest edges that have no more than `FOLLOWED` in all, and one in any case."""
    ordered, edges = sorted(branches, key=lambda branch: branch[2]), 0
    for number, (_, _, degree) in enumerate(ordered):
        edges += degree
        if number and edges > FOLLOWED:
            return ordered[:number]
    return ordered


def _edges(known: Known) -> int:
    return sum(known.degrees.values())


def _listed(keys: Collection[Key], known: Mapping[Key, Known]) -> str:
    """Return the nodes with the most edges, by name."""
    most = sorted(keys, key=lambda key: (-_edges(known[key]), key))
    named = [f"{known[key].name} ({key[0]}, {_edges(known[key]):,} edges)" for key in most[:NAMED]]
    return ", ".join(named) + (f" and {len(most) - NAMED:,} more" if len(most) > NAMED else "")


def _graph(store: Store, known: Mapping[Key, Known], steps: _Steps) -> Graph:
    """Return these nodes, and the edges between them that count, with all that is stored of both."""
    ids: dict[str, list[str]] = defaultdict(list)
    for kind, node in known:
        ids[kind].append(node)
    nodes = {kind: nodes_of(store, kind, ids[kind]) for kind in NODE_KINDS if kind in ids}
    near: Counter[Step] = Counter()
    for one in known.values():
        near.update(one.degrees)
    edges = {}
    for relation in RELATIONS:
        step = Step(relation, True)
        if relation in steps.relations and near[step] and near[step.reverse]:
            cheap = step if near[step] <= near[step.reverse] or step.symmetric else step.reverse
            origins = [node for node in ids[cheap.start] if cheap in known[cheap.start, node].degrees]
            between = set(ids[cheap.end])
            rows = [row for row in _rows(store, cheap, origins, steps.where) if _end(row, cheap) in between]
            if rows:
                edges[relation] = table(edge_columns(relation), rows)
    stated = {name for rows in edges.values() for name in rows["source"].unique().to_pylist()}
    stated |= {name for rows in nodes.values() for by in rows["provided_by"].to_pylist() for name in by or ()}
    return Graph(nodes, edges, tuple(release for release in read_releases(store) if release.name in stated))


def _rows(store: Store, step: Step, origins: list[str], where: Filter) -> list[dict[str, Any]]:
    """Return the stored edges that a step goes along from these nodes, whose statement passes.

    The match is optional because the embedded store looks the nodes up first then, and else reads the whole relation.
    """
    columns = [name for name in edge_columns(step.relation) if name not in ("subject", "object")]
    stored = ", ".join(f"r.`{name}` AS `{name}`" for name in columns)
    subject, target = ("x", "y") if step.forward else ("y", "x")
    arrow = f"-[r:{step.relation}]->" if step.forward else f"<-[r:{step.relation}]-"
    rows = store.query(
        f"UNWIND $ids AS wanted MATCH (x:{step.start}) WHERE x.id = wanted "
        f"OPTIONAL MATCH (x){arrow}(y:{step.end}){where.condition('r', 'WHERE', step.holds('r', 'y'))} "
        f"RETURN {subject}.id AS subject, {target}.id AS object, {stored}",
        {"ids": origins, **where.parameters()},
    )
    return [row for row in rows if row["subject"] and row["object"]]


def _end(row: Mapping[str, Any], step: Step) -> str:
    return str(row["object" if step.forward else "subject"])
