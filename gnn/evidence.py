"""Evidence: paths of the graph that a pair's account leans on, the heaviest first, of different kinds and middles.

The model adds up walks. An answer of a like subject is heard over all that the two share: from the subject to a thing,
to the like subject, to its answer. What such a walk carries of the score is known: the answer's share, times the part
of the likeness that is this thing's. So is what a walk between both ends carries, where the chain of its relations is
one of the task's: its degree-weighted score, of the sum of all such. Paths of other kinds carry nothing; by their
degree-weighted score alone (Himmelstein et al. 2017, doi:10.7554/eLife.26726) they stand behind those that do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gnn.carriers import Account
from gnn.checkpoint import Model
from gnn.likeness import Rows, Side
from gnn.task import Task
from gnn.walks import Walk
from kg.meeting import Half
from kg.paths import ANY_ROUTE, LONGEST, Path, Route, Way, best_ways, scored, stated
from kg.schema import RELATIONS, Step
from kg.search import find
from kg.stores.protocol import Key, Store

WIDE, DEEP = 60, 30
"""How many of the best paths of at most three edges are looked at, and how many of four, where those are too few."""

ANSWERS, FIRST_THINGS, EACH = 200, 40, 4
"""How many answers are followed, over how many first things, and how many ways over each of these."""

THINGS = 8
"""How many of the things that two nodes share by one likeness are told, the heaviest."""

Part = tuple[float, tuple[Key, ...], tuple[Step, ...]]
"""A way, and which part of what is carried goes along it."""

PLAIN = 0.25
"""How much a path's degree-weighted score counts, of the best one's, beside what it and those like it carry."""

ACTS: Mapping[str, float] = {"binds": 5.0}
"""How many times as much a path counts that begins with how a drug acts, not with what it is like; chosen on half of
the curated pairs of `benchmarks/explanations.py`."""

REPEATED = 0.4
"""What a path counts for each path before it through the same node."""


@dataclass(frozen=True)
class Evidence:
    """A path, and the share of what raises the score that it carries."""

    path: Path
    share: float


@dataclass(frozen=True)
class Candidate:
    """A way from end to end: what it carries, and all ways together that lead over the same first thing."""

    way: Half
    share: float
    together: float


def evidence(model: Model, store: Store, told: Account, *, top: int, route: Route = ANY_ROUTE) -> list[Evidence]:
    """Return the paths that a pair's account leans on, best first.

    Left out are edges that join the two directly: they are the answer, not evidence for it. Raises what
    `kg.paths.paths` raises.
    """
    left = candidates(model, store, told, top=top, route=route)
    while True:
        chosen = varied(left, top)
        found = stated(store, [one.way for one in chosen], route.where)
        if None not in found:
            return [Evidence(path, one.share) for path, one in zip(found, chosen, strict=True) if path]
        lost = {one.way for path, one in zip(found, chosen, strict=True) if path is None}
        left = [one for one in left if one.way not in lost]


def candidates(model: Model, store: Store, told: Account, *, top: int, route: Route = ANY_ROUTE) -> list[Candidate]:
    """Return the ways that may be shown: over known answers, and the best by degree-weighted score."""
    task, ends = model.task, (model.around.subjects.nodes[told.row], model.around.objects.nodes[told.column])
    carrying = dict(_ways(model, told))
    found = scored(store, _followed(dict(_admitted(store, route, carrying))))
    for length, count in ((2, WIDE), (3, WIDE), (LONGEST, DEEP)):
        if length == LONGEST and len(found) >= top:
            break
        if length > len(set(route.through)):
            found += best_ways(store, *ends, max_length=length, top=count, kinds=task.kinds, route=route)
    found = [*{way[1:]: way for way in found if len(way.steps) > 1}.values()]
    chains = _chains(task, told)
    walked = {way[1:]: chains.get(way.steps, 0.0) * way.score for way in found}
    together: dict[Key, float] = defaultdict(float)
    for (nodes, _), share in (*carrying.items(), *walked.items()):
        together[nodes[1]] += share
    shares = {way: carrying.get(way[1:], 0.0) + walked[way[1:]] for way in found}
    return [Candidate(way, shares[way], together[way.nodes[1]]) for way in found]


def varied(found: Sequence[Candidate], top: int) -> list[Candidate]:
    """Return the best, each counting less for every one before it through one of its nodes, the ends apart."""
    if not found:
        return []
    most = max(one.share + one.together for one in found) or 1.0
    best = max(one.way.score for one in found)
    worth = [
        ((one.share + one.together) / most + PLAIN * one.way.score / best) * ACTS.get(one.way.steps[0].relation, 1.0)
        for one in found
    ]
    left, used, chosen = list(range(len(found))), Counter[Key](), list[Candidate]()
    while left and len(chosen) < top:
        place = max(
            left, key=lambda one: worth[one] * REPEATED ** max(used[node] for node in found[one].way.nodes[1:-1])
        )
        left.remove(place)
        used.update(found[place].way.nodes[1:-1])
        chosen.append(found[place])
    return chosen


def _chains(task: Task, told: Account) -> dict[tuple[Step, ...], float]:
    """Return what one unit of degree-weighted score of each chain that raises the score carries, by its steps.

    Attributes that meet in a word are no steps of the graph: no path leads over them.
    """
    raising, found = told.raising(), {}
    for name, adds in told.walks().items():
        first, last = task.chains[name]
        if adds > 0 and told.chains[name] > 0 and not isinstance(first, str) and not isinstance(last, str):
            back = (step.reverse for step in reversed(_steps(task.object, last)))
            found[(*_steps(task.subject, first), *back)] = adds / raising / told.chains[name]
    return found


def _steps(kind: str, walk: Walk) -> tuple[Step, ...]:
    found = []
    for name in walk:
        step = Step(name, RELATIONS[name].symmetric or RELATIONS[name].subject == kind)
        found.append(step)
        kind = step.end
    return tuple(found)


def _followed(carrying: Mapping[Way, float]) -> list[Way]:
    """Return the ways to look at: the heaviest few over each first thing, of the things that carry most."""
    over: dict[Key, list[Way]] = defaultdict(list)
    for way in carrying:
        over[way[0][1]].append(way)
    things = sorted(over.values(), key=lambda ways: -sum(carrying[way] for way in ways))[:FIRST_THINGS]
    return [way for ways in things for way in sorted(ways, key=lambda way: -carrying[way])[:EACH]]


def _admitted(store: Store, route: Route, carrying: Mapping[Way, float]) -> Iterator[tuple[Way, float]]:
    """Yield those of these ways that a route leads."""
    through, avoid = (
        {(node.kind, node.id) for node in (find(store, text) for text in texts)}
        for texts in (route.through, route.without_nodes)
    )
    usable = set(route.relations or RELATIONS) - set(route.without)
    for (nodes, steps), share in carrying.items():
        if through <= set(nodes) and not avoid & set(nodes) and usable.issuperset(step.relation for step in steps):
            yield (nodes, steps), share


def _ways(model: Model, told: Account) -> Iterator[tuple[Way, float]]:
    """Yield ways over known answers, and the share of the score that each carries."""
    answers = [
        (float(values[place]), relation, int(place))
        for relation, values in told.shares().items()
        for place in np.flatnonzero(values > 0)
    ]
    answers = sorted(answers, reverse=True)[:ANSWERS]
    ends = np.array([told.answers[relation][:, place] for _, relation, place in answers]).reshape(-1, 2)
    here = _Shared(model.around.subjects, told.row, ends[:, 0])
    there = _Shared(model.around.objects, told.column, ends[:, 1])
    beyond: dict[int, list[Part]] = {}
    for (share, relation, place), (subject, object_) in zip(answers, ends.tolist(), strict=True):
        over = {by: float(added[place]) for by, added in told.carried[relation].items()}
        answer = Step(relation, True)
        if subject != told.row and object_ not in beyond:
            beyond[object_] = _backwards(there.halves(object_, {}))
        ways = beyond[object_] if subject != told.row else _backwards(there.halves(object_, over))
        for part, nodes, steps in here.halves(subject, over):
            mine, most = set(nodes), LONGEST - 1 - len(steps)
            for other, far, back in ways:
                if len(back) <= most and mine.isdisjoint(far):
                    yield ((*nodes, *far), (*steps, answer, *back)), share * part * other


def _backwards(halves: Iterable[Part]) -> list[Part]:
    """Return ways to other nodes as ways from them."""
    return [(part, nodes[::-1], tuple(step.reverse for step in reversed(steps))) for part, nodes, steps in halves]


class _Shared:
    """What a node of one end shares with others, by each likeness."""

    def __init__(self, side: Side, node: int, others: Rows) -> None:
        self.side, self.node = side, node
        self.others = np.unique(others)
        self.products = {
            name: vectors[self.others].multiply(vectors[[node]]).tocsr() for name, vectors in side.shared.items()
        }
        self.alike = {name: np.asarray(product.sum(axis=1)).ravel() for name, product in self.products.items()}
        self.told: dict[int, dict[str, tuple[float, list[Part]]]] = {}

    def halves(self, other: int, over: Mapping[str, float]) -> Iterator[Part]:
        """Yield ways to another node over what both share, and which part of what is carried goes each way.

        What is carried over no likeness that has a name is told apart as the likenesses are.
        """
        if other == self.node:
            yield 1.0, ((self.side.kind, self.side.nodes[other]),), ()
            return
        if other not in self.told:
            self.told[other] = self._told(other)
        alike = {name: whole for name, (whole, _) in self.told[other].items()}
        named = {name: max(over.get(name, 0.0), 0.0) for name in alike}
        rest = sum(max(value, 0.0) for name, value in over.items() if name not in alike) if over else 1.0
        total = sum(named.values()) + rest
        for name, (whole, ways) in self.told[other].items() if total else ():
            carried = (named[name] + rest * whole / sum(alike.values())) / total
            for value, nodes, steps in ways:
                yield carried * value / whole, nodes, steps

    def _told(self, other: int) -> dict[str, tuple[float, list[Part]]]:
        """Return how like another node is, by each likeness, and the ways to it over what both share by it."""
        start, end = ((self.side.kind, self.side.nodes[number]) for number in (self.node, other))
        place = int(np.searchsorted(self.others, other))
        found: dict[str, tuple[float, list[Part]]] = {}
        for name, values in self.alike.items():
            if values[place] > 0:
                ways, walk = list[Part](), self.side.walks[name]
                if isinstance(walk, tuple) and len(walk) == 1:
                    (step,) = _steps(self.side.kind, walk)
                    for value, thing in self._things(name, place, step.end):
                        nodes = (start, end) if thing in (start, end) else (start, thing, end)
                        steps = (step,) if thing in (start, end) else (step, step.reverse)
                        ways.append((value, nodes, steps))
                found[name] = float(values[place]), ways
        return found

    def _things(self, name: str, place: int, kind: str) -> Iterator[tuple[float, Key]]:
        """Yield the things that both share by a likeness, the heaviest first; a like node itself is one of them."""
        product, doors = self.products[name], self.side.ways[name].doors
        part = slice(product.indptr[place], product.indptr[place + 1])
        values, columns = product.data[part], product.indices[part]
        for one in np.argsort(-values, kind="stable")[:THINGS]:
            yield float(values[one]), (kind, doors[columns[one]])
