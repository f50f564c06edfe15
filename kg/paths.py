"""Ranked paths between two nodes: exactly the best ones, found without walking the millions of others.

A path's score is the product, over its edges, of (degree of one end x degree of the other) ** -0.4, each degree counted
within the edge's relation, in neighbours: the path-degree product of Himmelstein et al. 2017, eLife 6:e26726, with its
damping exponent. So the edges of a hub count little. What several sources state is one edge of one path.

The search itself is in `kg.meeting`; for paths through given nodes, in `kg.through`.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from kg.filter import EVERYTHING, Filter
from kg.graph import Evidence
from kg.meeting import CHANGED, DAMPING, Half, Question, search
from kg.query.adjacency import check_relations
from kg.query.known import check_consent, look_up
from kg.schema import PERSON, RELATIONS, Step
from kg.search import Node, check_count, check_sources, find, find_ends
from kg.stores.protocol import Hop, Key, Known, Store, StoreError
from kg.through import search_through

LONGEST = 4
Way = tuple[tuple[Key, ...], tuple[Step, ...]]
"""Nodes, and the step from each to the next."""

SHOWN_REFERENCES = 3
"""How many references of an edge a frame shows."""


@dataclass(frozen=True)
class PathEdge:
    """An edge on a path: the step that the path takes, and the evidence of everyone who states it, in order."""

    step: Step
    evidence: tuple[Evidence, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that state the edge."""
        return self.told("source")

    @property
    def references(self) -> tuple[str, ...]:
        """What the sources refer to."""
        return tuple(sorted({reference for evidence in self.evidence for reference in evidence.references}))

    def told(self, what: str) -> tuple[str, ...]:
        """Return the different values of one column of the evidence, such as `licence`."""
        return tuple(sorted({getattr(evidence, what) for evidence in self.evidence}))


@dataclass(frozen=True)
class Path:
    """Nodes joined by edges, no node twice; `edges[i]` leads from `nodes[i]` to `nodes[i + 1]`."""

    nodes: tuple[Node, ...]
    edges: tuple[PathEdge, ...]
    score: float

    @property
    def metapath(self) -> str:
        """The kinds and relations of the path."""
        return self._line([node.kind for node in self.nodes])

    def __str__(self) -> str:
        return self._line([node.name for node in self.nodes])

    def to_json(self) -> dict[str, Any]:
        """Return the path as JSON values.

        `steps` are its nodes; all but the last have the edge to the next: the relation, `forward` where it points
        there, and the evidence of everyone who states it.
        """
        steps: list[dict[str, Any]] = [asdict(node) for node in self.nodes]
        for step, edge in zip(steps, self.edges, strict=False):
            step |= {
                "relation": edge.step.relation,
                "forward": edge.step.forward,
                "sources": list(edge.sources),
                "evidence": [evidence.to_json() for evidence in edge.evidence],
            }
        return {"score": self.score, "path": str(self), "metapath": self.metapath, "steps": steps}

    def _line(self, nodes: list[str]) -> str:
        arrows = []
        for edge in self.edges:
            name = edge.step.relation
            arrows.append(str(edge.step).replace(name, f" {name} "))
        return "".join(f"{node} {arrow} " for node, arrow in zip(nodes, arrows, strict=False)) + nodes[-1]


@dataclass(frozen=True)
class Route:
    """Which paths are wanted: those through all nodes of `through`, and through none of `without_nodes`.

    Both are given as for `kg.search.find`. If `relations` are named, a path has no others; it has none of those that it
    is to be `without`. Each of its edges has a statement that passes the filter; the degrees that rank it are those of
    the whole graph, whatever the filter, so that the same path has the same score.
    """

    through: Collection[str] = ()
    without_nodes: Collection[str] = ()
    relations: Collection[str] = ()
    without: Collection[str] = ()
    where: Filter = EVERYTHING


ANY_ROUTE = Route()


def paths(
    store: Store,
    a: str,
    b: str,
    *,
    max_length: int = LONGEST,
    top: int = 10,
    kinds: Collection[str] = (),
    route: Route = ANY_ROUTE,
) -> list[Path]:
    """Return the best paths of at most `max_length` edges between two nodes, given as for `kg.search.find_ends`.

    They are exact: no path that is left out scores higher than one that is returned. Not considered are predicted and
    negated relations, what the route leaves out, and paths through a patient. Raises what `find_ends` and `find` raise,
    and `ValueError` for a length over 4, a `top` below 1, an unknown relation or source, or a route that no path can
    take.
    """
    found = best_ways(store, a, b, max_length=max_length, top=top, kinds=kinds, route=route)
    return described(store, found, _nodes(store, found), route.where)


def best_ways(
    store: Store,
    a: str,
    b: str,
    *,
    max_length: int = LONGEST,
    top: int = 10,
    kinds: Collection[str] = (),
    route: Route = ANY_ROUTE,
) -> list[Half]:
    """Return what `paths` does as bare nodes and steps; raises what it raises."""
    check_count("top", top)
    if not 1 <= max_length <= LONGEST:
        raise ValueError(f"max_length is {max_length}: expected 1 to {LONGEST}")
    check_relations(route.relations)
    check_relations(route.without, "without")
    check_sources(store, route.where)
    start, goal = find_ends(store, a, b, kinds)
    if start == goal:
        raise ValueError(f"{a!r} and {b!r} are the same node, {start.id}: give two different ones")
    check_consent(store, start, goal)
    ends = (start.kind, start.id), (goal.kind, goal.id)
    through, avoid = _stops(store, route, ends, max_length)
    usable = {relation.name for relation in RELATIONS.values() if not (relation.predicted or relation.negated)}
    usable = usable & set(route.relations or usable) - set(route.without)
    question = Question(ends, usable, max_length, top, avoid, route.where)
    known = look_up(store, [*ends, *through])
    return search_through(store, question, through, known) if through else search(store, question, known)


def scored(store: Store, ways: Iterable[Way]) -> list[Half]:
    """Return each way with its score, in this order; left out are those with a node or a step that is not there."""
    wanted = list(dict.fromkeys(ways))
    known = store.nodes({node for nodes, _ in wanted for node in nodes})
    found = []
    for nodes, steps in wanted:
        degrees = [
            known[end].degrees.get(step, 0) if end in known else 0
            for one, step, other in zip(nodes, steps, nodes[1:], strict=False)
            for end, step in ((one, step), (other, step.reverse))
        ]
        if all(degrees):
            found.append(Half(math.prod(degrees) ** -DAMPING, nodes, steps))
    return found


def stated(store: Store, found: Collection[Half], where: Filter = EVERYTHING) -> list[Path | None]:
    """Return each way as a path, or None where an edge of it has no statement that passes the filter."""
    told = _statements(store, found, where)
    there = [half for half in found if all(hop in told for hop in _hops(half))]
    paths_of = dict(zip(there, _told(there, _nodes(store, there), told), strict=True))
    return [paths_of.get(half) for half in found]


def _stops(store: Store, route: Route, ends: tuple[Key, Key], max_length: int) -> tuple[list[Key], frozenset[Key]]:
    """Return the nodes that a path must lead through beside its ends, and those that it must not."""
    required, avoid = (
        list(dict.fromkeys((node.kind, node.id) for node in (find(store, text) for text in texts)))
        for texts in (route.through, route.without_nodes)
    )
    if both := set(avoid) & {*required, *ends}:
        raise ValueError(f"{', '.join(node for _, node in sorted(both))} is to be on the path and not to be on it")
    through = [node for node in required if node not in ends]
    if persons := [node for kind, node in through if kind == PERSON]:
        raise ValueError(f"no path leads through a patient, but one is to lead through {', '.join(persons)}")
    if len(through) >= max_length:
        raise ValueError(
            f"a path of {max_length} edges leads through at most {max_length - 1} nodes beside its ends, "
            f"not {len(through)}: name fewer, or allow more edges, up to {LONGEST}"
        )
    return through, frozenset(avoid)


def paths_frame(found: Iterable[Path]) -> pd.DataFrame:
    """Return paths as rows: rank, score, path, metapath, sources, licences, knowledge_levels, references.

    Each of the last four says it edge by edge, with a semicolon between, or once where all edges say the same. Of an
    edge's references the first few are there; `Path.to_json` has all, and which source states what.
    """
    rows = [
        (
            rank,
            path.score,
            str(path),
            path.metapath,
            _by_edge(edge.sources for edge in path.edges),
            _by_edge(edge.told("licence") for edge in path.edges),
            _by_edge(edge.told("knowledge_level") for edge in path.edges),
            _by_edge(_first(edge.references) for edge in path.edges),
        )
        for rank, path in enumerate(found, start=1)
    ]
    columns = ("rank", "score", "path", "metapath", "sources", "licences", "knowledge_levels", "references")
    return pd.DataFrame(rows, columns=list(columns))


def _by_edge(told: Iterable[tuple[str, ...]]) -> str:
    """Return what each edge says, on one line.

    >>> _by_edge([("a", "b"), (), ("c",)]), _by_edge([("a",), ("a",)])
    ('a, b; -; c', 'a')
    """
    texts = [", ".join(values) or "-" for values in told]
    return texts[0] if len(set(texts)) == 1 else "; ".join(texts)


def _first(references: tuple[str, ...]) -> tuple[str, ...]:
    more = len(references) - SHOWN_REFERENCES
    return (*references[:SHOWN_REFERENCES], f"and {more} more") if more > 0 else references


def described(
    store: Store, found: Sequence[Half], known: Mapping[Key, Known], where: Filter = EVERYTHING
) -> list[Path]:
    """Return the paths with the names of their nodes and the evidence of their edges that passes the filter."""
    told = _statements(store, found, where)
    if any(hop not in told for half in found for hop in _hops(half)):
        raise StoreError(CHANGED)
    return _told(found, known, told)


def _statements(store: Store, found: Iterable[Half], where: Filter) -> dict[Hop, set[Evidence]]:
    told: dict[Hop, set[Evidence]] = defaultdict(set)
    for hop, evidence in store.evidence({hop for half in found for hop in _hops(half)}, where):
        told[hop].add(evidence)
    return told


def _told(found: Iterable[Half], known: Mapping[Key, Known], told: Mapping[Hop, Collection[Evidence]]) -> list[Path]:
    return [
        Path(
            tuple(Node(node, kind, known[kind, node].name) for kind, node in half.nodes),
            tuple(PathEdge(hop[1], tuple(sorted(told[hop]))) for hop in _hops(half)),
            half.score,
        )
        for half in found
    ]


def _nodes(store: Store, found: Iterable[Half]) -> dict[Key, Known]:
    return store.nodes({node for half in found for node in half.nodes})


def _hops(half: Half) -> list[Hop]:
    return [
        (one, step, other) for (_, one), step, (_, other) in zip(half.nodes, half.steps, half.nodes[1:], strict=False)
    ]
