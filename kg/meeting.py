"""Meeting: the search for the best paths between two nodes, which goes from both ends and meets in the middle.

No factor of a path's score exceeds 1, and the degree of a node bounds what any edge beyond it can contribute; so a step
need not be taken where even the best continuation would score less than the paths in hand.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from kg.filter import EVERYTHING, Filter
from kg.schema import PERSON, Step
from kg.stores.protocol import Key, Known, Store, StoreError

DAMPING = 0.4
FIRST_BUDGET = 5_000
"""Edges that the first round may follow."""
GROWTH = 8
"""How many times as many as the one before each further round may follow."""
CHANGED = "the graph changed while paths were sought, or past Panakeia: ask again; if that fails, build it anew"
TIE = 1e-9
"""Scores that differ by less, relatively, are equal but for rounding."""


@dataclass(frozen=True)
class Question:
    """Which paths are wanted: between which two nodes, over which relations, how long, how many.

    None leads through a node of `avoid`, or along an edge of which no statement passes the filter.
    """

    ends: tuple[Key, Key]
    relations: Collection[str]
    max_length: int
    top: int
    avoid: frozenset[Key] = frozenset()
    where: Filter = EVERYTHING

    def floor(self, found: "list[Half]") -> float:
        """Return the score under which no further path is wanted: a hair below the last of enough, so that ties are."""
        return found[-1].score * (1 - TIE) if len(found) == self.top else 0.0

    def admits(self, node: Key) -> bool:
        """Tell whether a path may lead through this node."""
        return node in self.ends or (node[0] != PERSON and node not in self.avoid)


class Half(NamedTuple):
    """Part of a path, from one of its ends: `nodes` begin with the end, `steps[i]` leads from the i-th to the next."""

    score: float
    nodes: tuple[Key, ...]
    steps: tuple[Step, ...]


class Branch(NamedTuple):
    """A step that may be taken next, from a half that begins at the left end of the paths (0) or the right one (1).

    `bound` is the half's score times the step's factor, as if the node that it leads to had one edge only.
    """

    side: int
    half: Half
    step: Step
    edges: int
    bound: float

    def taken(self, node: Key, known: Mapping[Key, Known]) -> Half:
        """Return the half that is longer by this step, to this node."""
        try:
            back = known[node].degrees[self.step.reverse]
        except KeyError:
            raise StoreError(CHANGED) from None
        return Half(self.bound * back**-DAMPING, (*self.half.nodes, node), (*self.half.steps, self.step))


Reached = dict[Key, list[Branch]]
"""The nodes that steps have led to, and which steps led to each."""
Sides = tuple[Reached, Reached]
"""What is reached from the left end, what from the right one, by as many steps."""


def search(store: Store, question: Question, known: dict[Key, Known]) -> list[Half]:
    """Take steps, the most promising first, until none can lead to a better path than those in hand.

    What it learns of nodes it adds to `known`.
    """
    ends = [Half(1.0, (end,), ()) for end in question.ends]
    first: Sides = defaultdict(list), defaultdict(list)
    second: Sides = defaultdict(list), defaultdict(list)
    _follow(store, question, [branch for side in (0, 1) for branch in _from(question, side, ends[side], known)], first)
    _learn(store, known, (node for reached in first for node in reached))
    branches = _second_branches(question, first, known)
    budget, floor = FIRST_BUDGET, 0.0
    while True:
        best = _join(store, question, first, second, known, floor)
        floor = question.floor(best)
        chosen: list[Branch] = []
        edges = 0
        while branches and branches[-1][0] > floor and edges < budget:
            chosen.append(branches.pop()[1])
            edges += chosen[-1].edges
        if not chosen:
            return best
        _follow(store, question, chosen, second)
        budget *= GROWTH


def every(store: Store, question: Question, length: int, known: dict[Key, Known]) -> list[Half]:
    """Return all paths of exactly one edge, or of exactly two; what it learns of nodes it adds to `known`."""
    sides: Sides = defaultdict(list), defaultdict(list)
    ends = [Half(1.0, (end,), ()) for end in question.ends]
    branches = [branch for side in (0, 1)[:length] for branch in _from(question, side, ends[side], known)]
    _follow(store, question, branches, sides)
    if length == 1:
        return [branch.taken(question.ends[1], known) for branch in sides[0].get(question.ends[1], ())]
    middle = (sides[0].keys() & sides[1].keys()) - set(question.ends)
    _learn(store, known, middle)
    return [half for node in middle for half in whole(node, sides[0][node], sides[1][node], known, 0.0)]


def _learn(store: Store, known: dict[Key, Known], nodes: Iterable[Key]) -> None:
    """Ask for the nodes that are not known yet."""
    if new := set(nodes) - known.keys():
        known.update(store.nodes(new))


def _from(question: Question, side: int, half: Half, known: Mapping[Key, Known]) -> Iterator[Branch]:
    """Yield the steps that lead on from a half."""
    for step, edges in known[half.nodes[-1]].degrees.items():
        if step.relation in question.relations:
            yield Branch(side, half, step, edges, half.score * edges**-DAMPING)


def _follow(store: Store, question: Question, branches: list[Branch], sides: Sides) -> None:
    """Add the nodes that these steps lead to and that a path may lead through."""
    at: dict[Step, dict[str, list[Branch]]] = defaultdict(lambda: defaultdict(list))
    for branch in branches:
        at[branch.step][branch.half.nodes[-1][1]].append(branch)
    led: dict[tuple[Step, str], set[str]] = defaultdict(set)  # two sources may state an edge, or one both ways
    for step, origin, ends in store.follow(at, question.where):
        led[step, origin].update(ends)
    for (step, origin), found in led.items():
        kind = step.end
        nodes = [(kind, end) for end in found]
        if question.avoid or kind == PERSON:  # else all are admitted
            nodes = [node for node in nodes if question.admits(node)]
        for branch in at[step][origin]:
            reached = sides[branch.side]
            for node in nodes:
                reached[node].append(branch)


def _second_branches(question: Question, first: Sides, known: Mapping[Key, Known]) -> list[tuple[float, Branch]]:
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


def _bounded(ours: list[Branch], theirs: list[Branch], *, three: bool, four: bool) -> Iterator[tuple[float, Branch]]:
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
    store: Store, question: Question, first: Sides, second: Sides, known: dict[Key, Known], floor: float
) -> list[Half]:
    """Return the best whole paths, from left to right, that the steps taken make; the floor is that of such paths."""
    goal = question.ends[1]
    best = best_of([branch.taken(goal, known) for branch in first[0].get(goal, ())], question.top)
    meetings = (first[0], first[1]), (second[0], first[1]), (second[0], second[1])
    for ours, theirs in meetings[: question.max_length - 1]:
        floor = max(floor, question.floor(best))
        bounds = {node: _highest(ours[node]) * _highest(theirs[node]) for node in ours.keys() & theirs.keys()}
        promising = sorted((node for node in bounds if bounds[node] > floor), key=lambda node: -bounds[node])
        _learn(store, known, promising)
        for node in promising:
            floor = max(floor, question.floor(best))
            if bounds[node] > floor and (more := [*whole(node, ours[node], theirs[node], known, floor)]):
                best = best_of([*best, *more], question.top)
    return best


def _highest(branches: list[Branch]) -> float:
    return branches[0].bound if len(branches) == 1 else max([branch.bound for branch in branches])


def whole(
    meeting: Key, ours: list[Branch], theirs: list[Branch], known: Mapping[Key, Known], floor: float
) -> Iterator[Half]:
    """Yield the paths that meet at this node and score above the floor."""
    left = _taken(meeting, ours, known, floor, _highest(theirs))
    right = _taken(meeting, theirs, known, floor, left[0].score) if left else []
    for one in left:
        for two in right:
            if one.score * two.score <= floor:
                break
            if not set(one.nodes) & set(two.nodes[:-1]):
                nodes = (*one.nodes, *reversed(two.nodes[:-1]))
                back = (step.reverse for step in reversed(two.steps))
                yield Half(one.score * two.score, nodes, (*one.steps, *back))


def _taken(meeting: Key, branches: list[Branch], known: Mapping[Key, Known], floor: float, others: float) -> list[Half]:
    """Return the halves that lead here, the best first, that may be part of a path with another that scores so much."""
    return sorted(
        (
            branch.taken(meeting, known)
            for branch in branches
            if branch.bound * others > floor and meeting not in branch.half.nodes
        ),
        key=lambda half: -half.score,
    )


def best_of(halves: list[Half], top: int) -> list[Half]:
    """Return the best, the shorter of equals first, then in alphabetical order: the same on every store."""
    return sorted(halves, key=lambda half: (-half.score, len(half.nodes), half.nodes, half.steps))[:top]
