"""Ranked paths between two nodes: exactly the best ones, found without walking the millions of others.

A path's score is the product, over its edges, of (degree of one end x degree of the other) ** -0.4, each degree counted
within the edge's relation: the path-degree product of Himmelstein et al. 2017, eLife 6:e26726, with its damping
exponent. So the edges of a hub count little.

The search meets in the middle. No factor exceeds 1, and the degree of a node bounds what any edge beyond it can
contribute; so a step need not be taken where even the best continuation would score less than the paths in hand.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import pandas as pd

from kg.query import Node, Step, degrees, find
from kg.schema import RELATIONS
from kg.store import Store

Item = TypeVar("Item")
Group = TypeVar("Group")

DAMPING = 0.4
LONGEST = 4
FIRST_BUDGET = 5_000
"""Edges that the first round may follow; each round may follow eight times as many as the one before."""
PERSON = "Patient"
"""No path leads through a patient: one person's record is no evidence about two other nodes."""
NO_CAP = 2**62

Key = tuple[str, str]
"""A node's kind and identifier."""
Hop = tuple[Key, Step, Key]
Half = tuple[float, tuple[Key, ...], tuple[Step, ...]]
"""Half a path: its score, its nodes from the end's neighbour to where the halves meet, its steps."""


@dataclass(frozen=True)
class PathEdge:
    """An edge on a path: the step that the path takes, and the sources and references that state the edge."""

    step: Step
    sources: tuple[str, ...]
    references: tuple[str, ...]


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

    def _line(self, nodes: list[str]) -> str:
        arrows = []
        for edge in self.edges:
            name = edge.step.relation
            arrows.append(edge.step.pattern().replace(f"[:{name}]", f" {name} "))
        return "".join(f"{node} {arrow} " for node, arrow in zip(nodes, arrows, strict=False)) + nodes[-1]


@dataclass(frozen=True)
class _Branch:
    """A second step that may be taken at one end of the paths, the left one (0) or the right one (1).

    `bound` is the half's score times the step's factor, as if the node that it leads to had one edge only; `best` what
    a whole path through here can score at most; `loose` the same, but for that node's degree.
    """

    side: int
    half: Half
    step: Step
    edges: int
    bound: float
    best: float = 0.0
    loose: float = 0.0

    @property
    def origin(self) -> Key:
        """The node from which the step is taken."""
        return self.half[1][-1]


def paths(
    store: Store, a: str, b: str, *, max_length: int = LONGEST, top: int = 10, exclude: Collection[str] = ()
) -> list[Path]:
    """Return the best paths of at most `max_length` edges between two nodes, given as for `kg.query.find`.

    They are exact: no path that is left out scores higher than one that is returned. Not considered are predicted
    relations, those of `exclude`, and paths through a patient. Raises what `find` raises, and `ValueError` for a
    length over 4 or an unknown relation.
    """
    if not 1 <= max_length <= LONGEST:
        raise ValueError(f"max_length is {max_length}: expected 1 to {LONGEST}")
    if unknown := set(exclude) - RELATIONS.keys():
        raise ValueError(f"exclude names no relation: {', '.join(sorted(unknown))}; kg.schema lists the relations")
    start, goal = find(store, a), find(store, b)
    if start == goal:
        raise ValueError(f"{a!r} and {b!r} are the same node, {start.id}: give two different ones")
    usable = {relation.name for relation in RELATIONS.values() if not relation.predicted} - set(exclude)
    ends = (start.kind, start.id), (goal.kind, goal.id)
    left, right = _first(store, ends, usable), _first(store, ends[::-1], usable)
    branches = _branches(store, ends, (left, right), usable, max_length) if max_length > 2 else []
    return _described(store, start, _search(store, ends, (left, right), branches, top))


def paths_frame(found: Iterable[Path]) -> pd.DataFrame:
    """Return paths as rows: rank, score, path, metapath, sources (one an edge)."""
    rows = [
        (rank, path.score, str(path), path.metapath, "; ".join(", ".join(edge.sources) for edge in path.edges))
        for rank, path in enumerate(found, start=1)
    ]
    return pd.DataFrame(rows, columns=["rank", "score", "path", "metapath", "sources"])


def _first(store: Store, ends: tuple[Key, Key], usable: Collection[str]) -> list[Half]:
    """Return the halves of one edge from the first of two ends."""
    (kind, node), other = ends
    counts = degrees(store, kind, [node])[node]
    return [
        (factor, (key,), (step,))
        for step, edges in counts.items()
        if edges and step.relation in usable
        for _, key, factor in _follow(store, kind, step, {node: edges})
        if key[0] != PERSON or key == other
    ]


def _branches(
    store: Store, ends: tuple[Key, Key], first: tuple[list[Half], list[Half]], usable: Collection[str], max_length: int
) -> list[_Branch]:
    """Return the second steps that may be part of a path, the most promising first."""
    halves = [(side, half) for side in (0, 1) for half in first[side] if half[1][0] not in ends]
    near = _grouped({half[1][0] for _, half in halves}, key=lambda key: key[0])
    counts = {kind: degrees(store, kind, [node for _, node in keys]) for kind, keys in near.items()}
    found: tuple[list[_Branch], list[_Branch]] = ([], [])
    for side, half in halves:
        kind, node = half[1][0]
        for step, edges in counts[kind][node].items():
            if edges and step.relation in usable and step.end != PERSON:
                found[side].append(_Branch(side, half, step, edges, half[0] * edges**-DAMPING))
    bounded = [*_bounded(*found, three=True, four=max_length > 3)]
    if max_length > 3:
        bounded += _bounded(*found[::-1], three=False, four=True)
    return sorted(bounded, key=lambda branch: -branch.best)


def _bounded(ours: list[_Branch], theirs: list[_Branch], *, three: bool, four: bool) -> Iterator[_Branch]:
    """Yield those of our branches that may be part of a path, with what such a path can score at most.

    On a path of three edges, the middle one is a branch of both sides, and the two bounds multiply to the path's score.
    On one of four, two branches lead to one node, each with a bound that leaves out that node's degree.
    """
    across: dict[Step, float] = defaultdict(float)
    nearest: dict[str, float] = defaultdict(float)
    beyond: dict[str, float] = defaultdict(float)
    for branch in theirs:
        across[branch.step.reverse] = max(across[branch.step.reverse], three * branch.bound)
        nearest[branch.origin[0]] = max(nearest[branch.origin[0]], three * branch.half[0])
        beyond[branch.step.end] = max(beyond[branch.step.end], four * branch.bound)
    for branch in ours:
        last = beyond[branch.step.end]
        best, loose = max(across[branch.step], last), max(nearest[branch.step.end], last)
        if best:
            yield replace(branch, best=branch.bound * best, loose=branch.bound * loose)


def _search(
    store: Store, ends: tuple[Key, Key], first: tuple[list[Half], list[Half]], branches: list[_Branch], top: int
) -> list[Half]:
    """Take branches, the most promising first, until none can lead to a better path than those in hand."""
    second: tuple[list[Half], list[Half]] = ([], [])
    budget = FIRST_BUDGET
    while True:
        best = _join(ends, first, second, top)
        floor = best[-1][0] if len(best) == top else 0.0
        taken, edges = 0, 0
        while taken < len(branches) and branches[taken].best > floor and edges < budget:
            edges += branches[taken].edges
            taken += 1
        if not taken:
            return best
        for side, half in _second(store, ends, branches[:taken], floor):
            second[side].append(half)
        branches = branches[taken:]
        budget *= 8


def _second(store: Store, ends: tuple[Key, Key], branches: list[_Branch], floor: float) -> Iterator[tuple[int, Half]]:
    """Yield the halves of two edges that these branches lead to, but for some that cannot reach the floor."""
    for (kind, step), group in _grouped(branches, key=lambda branch: (branch.origin[0], branch.step)).items():
        at = _grouped(group, key=lambda branch: branch.origin[1])
        origins = {branch.origin[1]: branch.edges for branch in group}
        cap = (max(branch.loose for branch in group) / floor) ** (1 / DAMPING) if floor else NO_CAP
        for origin, key, factor in _follow(store, kind, step, origins, int(min(cap, NO_CAP))):
            if key not in ends:
                for branch in at[origin]:
                    score, nodes, steps = branch.half
                    yield branch.side, (score * factor, (*nodes, key), (*steps, step))


def _follow(
    store: Store, kind: str, step: Step, origins: dict[str, int], cap: int = NO_CAP
) -> Iterator[tuple[str, Key, float]]:
    """Yield (origin, node, factor) of each edge of a step from nodes given with their degrees.

    Nodes with more than `cap` edges of this relation are left out.
    """
    rows = store.query(
        f"MATCH (x:{kind}){step.pattern()}(y:{step.end}) WHERE x.id IN $ids "
        f"WITH DISTINCT x, y, COUNT {{ MATCH (y){step.reverse.pattern()}() }} AS d WHERE d <= $cap "
        "RETURN x.id AS x, collect(y.id) AS ys, collect(d) AS ds",
        {"ids": list(origins), "cap": cap},
    )
    for row in rows:
        degree = origins[row["x"]]
        for node, back in zip(row["ys"], row["ds"], strict=True):
            yield row["x"], (step.end, node), (degree * back) ** -DAMPING


def _join(
    ends: tuple[Key, Key], first: tuple[list[Half], list[Half]], second: tuple[list[Half], list[Half]], top: int
) -> list[Half]:
    """Return the best whole paths, from left to right, that the halves in hand make."""
    best = _best([half for half in first[0] if half[1][0] == ends[1]], top)
    for ours, theirs in ((first[0], first[1]), (second[0], first[1]), (second[0], second[1])):
        floor = best[-1][0] if len(best) == top else 0.0
        best = _best([*best, *_joined(ours, theirs, floor, top, ends[1])], top)
    return best


def _joined(ours: list[Half], theirs: list[Half], floor: float, top: int, goal: Key) -> list[Half]:
    """Return the best paths over the floor that two lists of halves make where they meet."""
    meeting = {half[1][-1] for half in ours} & {half[1][-1] for half in theirs}
    by_node: tuple[dict[Key, list[Half]], ...] = (defaultdict(list), defaultdict(list))
    for halves, found in zip((ours, theirs), by_node, strict=True):
        for half in sorted(halves, key=lambda half: -half[0]):
            if half[1][-1] in meeting:
                found[half[1][-1]].append(half)
    mine, yours = by_node
    whole: list[Half] = []
    for node in sorted(meeting, key=lambda node: -mine[node][0][0] * yours[node][0][0]):
        if mine[node][0][0] * yours[node][0][0] <= floor:
            break
        for one in mine[node]:
            if one[0] * yours[node][0][0] <= floor:
                break
            for two in yours[node]:
                if one[0] * two[0] <= floor:
                    break
                if not set(one[1]) & set(two[1][:-1]):
                    nodes = (*one[1], *reversed(two[1][:-1]), goal)
                    steps = (*one[2], *(step.reverse for step in reversed(two[2])))
                    whole.append((one[0] * two[0], nodes, steps))
        whole = _best(whole, top)
        if len(whole) == top:
            floor = max(floor, whole[-1][0])
    return whole


def _best(halves: list[Half], top: int) -> list[Half]:
    """Return the best, the shorter of equals first, then in alphabetical order: the same on every store."""
    return sorted(halves, key=lambda half: (-half[0], len(half[1]), half[1]))[:top]


def _described(store: Store, start: Node, found: list[Half]) -> list[Path]:
    """Return the paths with the names of their nodes and the sources of their edges."""
    routes = [((start.kind, start.id), *nodes) for _, nodes, _ in found]
    names = _names(store, {key for route in routes for key in route})
    hops = [
        list(zip(route, steps, route[1:], strict=False)) for route, (_, _, steps) in zip(routes, found, strict=True)
    ]
    evidence = _evidence(store, {hop for route in hops for hop in route})
    return [
        Path(
            tuple(Node(node, kind, names[kind, node]) for kind, node in route),
            tuple(PathEdge(hop[1], *evidence[hop]) for hop in route_hops),
            score,
        )
        for route, route_hops, (score, _, _) in zip(routes, hops, found, strict=True)
    ]


def _names(store: Store, keys: set[Key]) -> dict[Key, str]:
    names = {}
    for kind in {kind for kind, _ in keys}:
        ids = [node for of, node in keys if of == kind]
        rows = store.query(f"MATCH (n:{kind}) WHERE n.id IN $ids RETURN n.id AS id, n.name AS name", {"ids": ids})
        names.update({(kind, row["id"]): row["name"] for row in rows})
    return names


def _evidence(store: Store, hops: set[Hop]) -> dict[Hop, tuple[tuple[str, ...], tuple[str, ...]]]:
    sources: dict[Hop, set[str]] = {hop: set() for hop in hops}
    references: dict[Hop, set[str]] = {hop: set() for hop in hops}
    for (kind, step), group in _grouped(hops, key=lambda hop: (hop[0][0], hop[1])).items():
        rows = store.query(
            f"MATCH (x:{kind}){step.pattern('r')}(y:{step.end}) WHERE x.id IN $xs AND y.id IN $ys "
            "RETURN x.id AS x, y.id AS y, r.source AS source, r.references AS refs",
            {"xs": [hop[0][1] for hop in group], "ys": [hop[2][1] for hop in group]},
        )
        for row in rows:
            hop = ((kind, row["x"]), step, (step.end, row["y"]))
            if hop in hops:
                sources[hop].add(row["source"])
                references[hop].update(row["refs"] or ())
    return {hop: (tuple(sorted(sources[hop])), tuple(sorted(references[hop]))) for hop in hops}


def _grouped(items: Iterable[Item], key: Callable[[Item], Group]) -> dict[Group, list[Item]]:
    groups: dict[Group, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
