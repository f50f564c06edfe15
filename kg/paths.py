"""Ranked paths between two nodes: exactly the best ones, found without walking the millions of others.

A path's score is the product, over its edges, of (degree of one end x degree of the other) ** -0.4, each degree counted
within the edge's relation, in neighbours: the path-degree product of Himmelstein et al. 2017, eLife 6:e26726, with its
damping exponent. So the edges of a hub count little. What several sources state is one edge of one path.

The search meets in the middle. No factor exceeds 1, and the degree of a node bounds what any edge beyond it can
contribute; so a step need not be taken where even the best continuation would score less than the paths in hand.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import pandas as pd

from kg.graph import Evidence
from kg.query import look_up
from kg.schema import RELATIONS, Step
from kg.search import Node, check_count, find_ends
from kg.stores.protocol import Hop, Key, Known, Store, StoreError

DAMPING = 0.4
LONGEST = 4
FIRST_BUDGET = 5_000
"""Edges that the first round may follow."""
GROWTH = 8
"""How many times as many as the one before each further round may follow."""
PERSON = "Patient"
"""No path leads through a patient: one person's record is no evidence about two other nodes."""
CHANGED = "the graph changed while paths were sought, or past Panakeia: ask again; if that fails, build it anew"
SHOWN_REFERENCES = 3
"""How many references of an edge a frame shows."""
TIE = 1e-9
"""Scores that differ by less, relatively, are equal but for rounding."""


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
class _Question:
    """Which paths are wanted: between which two nodes, over which relations, how long, how many."""

    ends: tuple[Key, Key]
    relations: Collection[str]
    max_length: int
    top: int

    def floor(self, found: "list[_Half]") -> float:
        """Return the score under which no further path is wanted: a hair below the last of enough, so that ties are."""
        return found[-1].score * (1 - TIE) if len(found) == self.top else 0.0


class _Half(NamedTuple):
    """Part of a path, from one of its ends: `nodes` begin with the end, `steps[i]` leads from the i-th to the next."""

    score: float
    nodes: tuple[Key, ...]
    steps: tuple[Step, ...]


class _Branch(NamedTuple):
    """A step that may be taken next, from a half that begins at the left end of the paths (0) or the right one (1).

    `bound` is the half's score times the step's factor, as if the node that it leads to had one edge only.
    """

    side: int
    half: _Half
    step: Step
    edges: int
    bound: float

    def taken(self, node: Key, known: Mapping[Key, Known]) -> _Half:
        """Return the half that is longer by this step, to this node."""
        try:
            back = known[node].degrees[self.step.reverse]
        except KeyError:
            raise StoreError(CHANGED) from None
        return _Half(self.bound * back**-DAMPING, (*self.half.nodes, node), (*self.half.steps, self.step))


Reached = dict[Key, list[_Branch]]
"""The nodes that steps have led to, and which steps led to each."""
Sides = tuple[Reached, Reached]
"""What is reached from the left end, what from the right one, by as many steps."""


def paths(
    store: Store,
    a: str,
    b: str,
    *,
    max_length: int = LONGEST,
    top: int = 10,
    exclude: Collection[str] = (),
    kinds: Collection[str] = (),
) -> list[Path]:
    """Return the best paths of at most `max_length` edges between two nodes, given as for `kg.search.find_ends`.

    They are exact: no path that is left out scores higher than one that is returned. Not considered are predicted and
    negated relations, those of `exclude`, and paths through a patient. Raises what `find_ends` raises, and `ValueError`
    for a length over 4, a `top` below 1, or an unknown relation.
    """
    check_count("top", top)
    if not 1 <= max_length <= LONGEST:
        raise ValueError(f"max_length is {max_length}: expected 1 to {LONGEST}")
    if unknown := set(exclude) - RELATIONS.keys():
        raise ValueError(f"exclude names no relation: {', '.join(sorted(unknown))}; kg.schema lists the relations")
    start, goal = find_ends(store, a, b, kinds)
    if start == goal:
        raise ValueError(f"{a!r} and {b!r} are the same node, {start.id}: give two different ones")
    usable = {relation.name for relation in RELATIONS.values() if not (relation.predicted or relation.negated)}
    usable -= set(exclude)
    question = _Question(((start.kind, start.id), (goal.kind, goal.id)), usable, max_length, top)
    known = look_up(store, question.ends)
    return _described(store, _search(store, question, known), known)


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


def _search(store: Store, question: _Question, known: dict[Key, Known]) -> list[_Half]:
    """Take steps, the most promising first, until none can lead to a better path than those in hand.

    What it learns of nodes it adds to `known`.
    """
    ends = [_Half(1.0, (end,), ()) for end in question.ends]
    first: Sides = defaultdict(list), defaultdict(list)
    second: Sides = defaultdict(list), defaultdict(list)
    _follow(store, question, [branch for side in (0, 1) for branch in _from(question, side, ends[side], known)], first)
    _learn(store, known, (node for reached in first for node in reached))
    branches = _second_branches(question, first, known)
    budget, floor = FIRST_BUDGET, 0.0
    while True:
        best = _join(store, question, first, second, known, floor)
        floor = question.floor(best)
        chosen: list[_Branch] = []
        edges = 0
        while branches and branches[-1][0] > floor and edges < budget:
            chosen.append(branches.pop()[1])
            edges += chosen[-1].edges
        if not chosen:
            return best
        _follow(store, question, chosen, second)
        budget *= GROWTH


def _learn(store: Store, known: dict[Key, Known], nodes: Iterable[Key]) -> None:
    """Ask for the nodes that are not known yet."""
    if new := set(nodes) - known.keys():
        known.update(store.nodes(new))


def _from(question: _Question, side: int, half: _Half, known: Mapping[Key, Known]) -> Iterator[_Branch]:
    """Yield the steps that lead on from a half."""
    for step, edges in known[half.nodes[-1]].degrees.items():
        if step.relation in question.relations:
            yield _Branch(side, half, step, edges, half.score * edges**-DAMPING)


def _follow(store: Store, question: _Question, branches: list[_Branch], sides: Sides) -> None:
    """Add the nodes that these steps lead to, but for patients who are no end of the paths."""
    at: dict[Step, dict[str, list[_Branch]]] = defaultdict(lambda: defaultdict(list))
    for branch in branches:
        at[branch.step][branch.half.nodes[-1][1]].append(branch)
    led: dict[tuple[Step, str], set[Key]] = defaultdict(set)  # two sources may state an edge, or one both ways
    for step, origin, ends in store.follow(at):
        kind = step.end
        led[step, origin].update((kind, end) for end in ends if kind != PERSON or (kind, end) in question.ends)
    for (step, origin), nodes in led.items():
        for branch in at[step][origin]:
            reached = sides[branch.side]
            for node in nodes:
                reached[node].append(branch)


def _second_branches(question: _Question, first: Sides, known: Mapping[Key, Known]) -> list[tuple[float, _Branch]]:
    """Return the second steps that may be part of a path, each with what such a path can score at most, best last."""
    if question.max_length < 3:
        return []
    left, right = (
        [
            after
            for node, branches in reached.items()
            if node not in question.ends
            for branch in branches
            for after in _from(question, side, branch.taken(node, known), known)
        ]
        for side, reached in enumerate(first)
    )
    four = question.max_length > 3
    bounded = [*_bounded(left, right, three=True, four=four), *_bounded(right, left, three=False, four=four)]
    return sorted(bounded, key=itemgetter(0))


def _bounded(ours: list[_Branch], theirs: list[_Branch], *, three: bool, four: bool) -> Iterator[tuple[float, _Branch]]:
    """Yield those of our branches that are to be taken for some path, with what such a path can score at most.

    The middle edge of a path of three is a branch of both sides, and the two bounds multiply to the path's score; the
    left side takes it. On a path of four, two branches lead to one node, each with a bound without that node's degree.
    """
    across: dict[Step, float] = defaultdict(float)
    for branch in theirs:
        across[branch.step] = max(across[branch.step], branch.bound)
    beyond: dict[str, float] = defaultdict(float)
    for step, bound in across.items():
        beyond[step.end] = max(beyond[step.end], bound)
    others = {
        step: max(three * across.get(step.reverse, 0.0), four * beyond.get(step.end, 0.0))
        for step in {branch.step for branch in ours}
        if step.end != PERSON
    }
    for branch in ours:
        if other := others.get(branch.step):
            yield branch.bound * other, branch


def _join(
    store: Store, question: _Question, first: Sides, second: Sides, known: dict[Key, Known], floor: float
) -> list[_Half]:
    """Return the best whole paths, from left to right, that the steps taken make; the floor is that of such paths."""
    goal = question.ends[1]
    best = _best([branch.taken(goal, known) for branch in first[0].get(goal, ())], question.top)
    meetings = (first[0], first[1]), (second[0], first[1]), (second[0], second[1])
    for ours, theirs in meetings[: question.max_length - 1]:
        floor = max(floor, question.floor(best))
        bounds = {node: _highest(ours[node]) * _highest(theirs[node]) for node in ours.keys() & theirs.keys()}
        promising = sorted((node for node in bounds if bounds[node] > floor), key=lambda node: -bounds[node])
        _learn(store, known, promising)
        for node in promising:
            floor = max(floor, question.floor(best))
            if bounds[node] > floor:
                best = _best([*best, *_whole(node, ours[node], theirs[node], known, floor)], question.top)
    return best


def _highest(branches: list[_Branch]) -> float:
    return max(branch.bound for branch in branches)


def _whole(
    meeting: Key, ours: list[_Branch], theirs: list[_Branch], known: Mapping[Key, Known], floor: float
) -> Iterator[_Half]:
    """Yield the paths that meet at this node and score above the floor."""
    left, right = (
        sorted(
            (branch.taken(meeting, known) for branch in branches if meeting not in branch.half.nodes),
            key=lambda half: -half.score,
        )
        for branches in (ours, theirs)
    )
    for one in left:
        for two in right:
            if one.score * two.score <= floor:
                break
            if not set(one.nodes) & set(two.nodes[:-1]):
                nodes = (*one.nodes, *reversed(two.nodes[:-1]))
                back = (step.reverse for step in reversed(two.steps))
                yield _Half(one.score * two.score, nodes, (*one.steps, *back))


def _best(halves: list[_Half], top: int) -> list[_Half]:
    """Return the best, the shorter of equals first, then in alphabetical order: the same on every store."""
    return sorted(halves, key=lambda half: (-half.score, len(half.nodes), half.nodes, half.steps))[:top]


def _described(store: Store, found: list[_Half], known: Mapping[Key, Known]) -> list[Path]:
    """Return the paths with the names of their nodes and the evidence of their edges."""
    routes = [
        [(x, step, y) for (_, x), step, (_, y) in zip(path.nodes, path.steps, path.nodes[1:], strict=False)]
        for path in found
    ]
    stated: dict[Hop, set[Evidence]] = defaultdict(set)
    for hop, evidence in store.evidence({hop for route in routes for hop in route}):
        stated[hop].add(evidence)
    if any(hop not in stated for route in routes for hop in route):
        raise StoreError(CHANGED)
    return [
        Path(
            tuple(Node(node, kind, known[kind, node].name) for kind, node in path.nodes),
            tuple(PathEdge(hop[1], tuple(sorted(stated[hop]))) for hop in route),
            path.score,
        )
        for path, route in zip(found, routes, strict=True)
    ]
