"""Ranked paths between two nodes: exactly the best ones, found without walking the millions of others.

A path's score is the product, over its edges, of (degree of one end x degree of the other) ** -0.4, each degree counted
within the edge's relation: the path-degree product of Himmelstein et al. 2017, eLife 6:e26726, with its damping
exponent. So the edges of a hub count little.

The search meets in the middle. No factor exceeds 1, and the degree of a node bounds what any edge beyond it can
contribute; so a step need not be taken where even the best continuation would score less than the paths in hand.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

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
TIE = 1e-9
"""Scores that differ by less, relatively, are equal but for rounding."""

Key = tuple[str, str]
"""A node's kind and identifier."""
Hop = tuple[Key, Step, Key]
Half = tuple[float, tuple[Key, ...], tuple[Step, ...]]
"""Half a path: its score, its nodes from the end's neighbour to where the halves meet, its steps."""
Sides = tuple[list[Half], list[Half]]
"""Halves from the left end, halves from the right one."""


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
class _Question:
    """Which paths are wanted: between which two nodes, over which relations, how long, how many."""

    ends: tuple[Key, Key]
    relations: Collection[str]
    max_length: int
    top: int

    def floor(self, found: list[Half]) -> float:
        """Return the score under which no further path is wanted: a hair below the last of enough, so that ties are."""
        return found[-1][0] * (1 - TIE) if len(found) == self.top else 0.0


class _Branch(NamedTuple):
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
    question = _Question(((start.kind, start.id), (goal.kind, goal.id)), usable, max_length, top)
    return _described(store, start, _search(store, question))


def paths_frame(found: Iterable[Path]) -> pd.DataFrame:
    """Return paths as rows: rank, score, path, metapath, sources (one an edge)."""
    rows = [
        (rank, path.score, str(path), path.metapath, "; ".join(", ".join(edge.sources) for edge in path.edges))
        for rank, path in enumerate(found, start=1)
    ]
    return pd.DataFrame(rows, columns=["rank", "score", "path", "metapath", "sources"])


def _search(store: Store, question: _Question) -> list[Half]:
    """Take branches, the most promising first, until none can lead to a better path than those in hand."""
    first = _first(store, question, 0), _first(store, question, 1)
    second: Sides = ([], [])
    branches = _branches(store, question, first)
    budget = FIRST_BUDGET
    while True:
        best = _join(question, first, second)
        floor = question.floor(best)
        taken, edges = 0, 0
        while taken < len(branches) and branches[taken].best > floor and edges < budget:
            edges += branches[taken].edges
            taken += 1
        if not taken:
            return best
        for side, half in _second(store, question, branches[:taken], floor):
            second[side].append(half)
        branches = branches[taken:]
        budget *= 8


def _first(store: Store, question: _Question, side: int) -> list[Half]:
    """Return the halves of one edge from one of the ends."""
    kind, node = question.ends[side]
    return [
        (factor, (key,), (step,))
        for step, edges in degrees(store, kind, [node])[node].items()
        if edges and step.relation in question.relations
        for _, key, factor in _follow(store, kind, step, {node: edges})
        if key[0] != PERSON or key == question.ends[1 - side]
    ]


def _branches(store: Store, question: _Question, first: Sides) -> list[_Branch]:
    """Return the second steps that may be part of a path, the most promising first."""
    if question.max_length < 3:
        return []
    halves = [(side, half) for side in (0, 1) for half in first[side] if half[1][0] not in question.ends]
    near = _grouped({half[1][0] for _, half in halves}, key=lambda key: key[0])
    counts = {kind: degrees(store, kind, [node for _, node in keys]) for kind, keys in near.items()}
    found: tuple[list[_Branch], list[_Branch]] = ([], [])
    for side, half in halves:
        kind, node = half[1][0]
        for step, edges in counts[kind][node].items():
            if edges and step.relation in question.relations and step.end != PERSON:
                found[side].append(_Branch(side, half, step, edges, half[0] * edges**-DAMPING))
    four = question.max_length > 3
    bounded = [
        *_bounded(found[0], found[1], three=True, four=four),
        *_bounded(found[1], found[0], three=False, four=four),
    ]
    return sorted(bounded, key=lambda branch: -branch.best)


def _bounded(ours: list[_Branch], theirs: list[_Branch], *, three: bool, four: bool) -> Iterator[_Branch]:
    """Yield those of our branches that are to be taken for some path, with what such a path can score at most.

    The middle edge of a path of three is a branch of both sides, and the two bounds multiply to the path's score; the
    left side takes it. On a path of four, two branches lead to one node, each with a bound without that node's degree.
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
            yield branch._replace(best=branch.bound * best, loose=branch.bound * loose)


def _second(store: Store, question: _Question, branches: list[_Branch], floor: float) -> Iterator[tuple[int, Half]]:
    """Yield the halves of two edges that these branches lead to, but for some that cannot reach the floor."""
    for (kind, step), group in _grouped(branches, key=lambda branch: (branch.origin[0], branch.step)).items():
        at = _grouped(group, key=lambda branch: branch.origin[1])
        origins = {branch.origin[1]: branch.edges for branch in group}
        cap = (max(branch.loose for branch in group) / floor) ** (1 / DAMPING) if floor else NO_CAP
        for origin, key, factor in _follow(store, kind, step, origins, int(min(cap, NO_CAP))):
            if key not in question.ends:
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
        f"WITH x, y.id AS y, COUNT {{ MATCH (y){step.reverse.pattern()}() }} AS d WHERE d <= $cap "
        "RETURN x.id AS x, collect(y) AS ys, collect(d) AS ds",
        {"ids": list(origins), "cap": cap},
    )
    for row in rows:
        degree = origins[row["x"]]
        for node, back in dict.fromkeys(zip(row["ys"], row["ds"], strict=True)):  # two sources may state an edge
            yield row["x"], (step.end, node), (degree * back) ** -DAMPING


def _join(question: _Question, first: Sides, second: Sides) -> list[Half]:
    """Return the best whole paths, from left to right, that the halves in hand make."""
    best = _best([half for half in first[0] if half[1][0] == question.ends[1]], question.top)
    meetings = ((first[0], first[1]), (second[0], first[1]), (second[0], second[1]))
    for ours, theirs in meetings[: question.max_length - 1]:
        best = _joined(question, ours, theirs, best)
    return best


def _joined(question: _Question, ours: list[Half], theirs: list[Half], best: list[Half]) -> list[Half]:
    """Return the best of some paths and of those that two lists of halves make where they meet."""
    mine, yours = _by_meeting(ours), _by_meeting(theirs)
    meeting = sorted(mine.keys() & yours.keys(), key=lambda node: -mine[node][0][0] * yours[node][0][0])
    for node in meeting:
        floor = question.floor(best)
        if mine[node][0][0] * yours[node][0][0] < floor:
            break
        whole = []
        for one in mine[node]:
            if one[0] * yours[node][0][0] < floor:
                break
            for two in yours[node]:
                if one[0] * two[0] < floor:
                    break
                if not set(one[1]) & set(two[1][:-1]):
                    whole.append(_whole(one, two, question.ends[1]))
        best = _best([*best, *whole], question.top)
    return best


def _by_meeting(halves: list[Half]) -> dict[Key, list[Half]]:
    """Return the halves by the node where they meet others, the best first."""
    return _grouped(sorted(halves, key=lambda half: -half[0]), key=lambda half: half[1][-1])


def _whole(one: Half, two: Half, goal: Key) -> Half:
    """Return the path that goes along one half and back along the other."""
    nodes = (*one[1], *reversed(two[1][:-1]), goal)
    return one[0] * two[0], nodes, (*one[2], *(step.reverse for step in reversed(two[2])))


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
