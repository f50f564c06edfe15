"""Through: the best paths that lead through given nodes, put together from the best between these, and as exact.

A path of at most four edges through given nodes has legs between neighbouring ones. All but one leg are a single edge,
and the best of the one that may be longer are found as without given nodes; or two legs have two edges each, and these
are all looked at. A leg leads through no given node but its ends, so legs that fit together make a path.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, permutations, product

from kg.meeting import Half, Question, best_of, every, search
from kg.stores.protocol import Key, Known, Store


def search_through(store: Store, question: Question, through: Sequence[Key], known: dict[Key, Known]) -> list[Half]:
    """Return the best paths that lead through all of these nodes, in any order; `known` is for `kg.meeting.search`."""
    best: list[Half] = []
    for order in permutations(through):
        stops = (question.ends[0], *order, question.ends[1])
        legs = [replace(question, ends=leg, avoid=question.avoid | set(stops) - set(leg)) for leg in pairwise(stops)]
        spare = question.max_length - len(legs)
        direct = [every(store, leg, 1, known) for leg in legs]
        for place, leg in enumerate(legs):
            others = [edges for other, edges in enumerate(direct) if other != place]
            if all(others):
                longer = search(store, replace(leg, max_length=1 + spare), known) if spare else direct[place]
                best = _better(question, best, _joined([*direct[:place], longer, *direct[place + 1 :]]))
        if len(legs) == spare == 2:
            left, right = (every(store, leg, 2, known) for leg in legs)
            best = _better(question, best, _both_longer(question, left, right))
    return best


def _better(question: Question, best: list[Half], new: Iterator[Half]) -> list[Half]:
    """Return the best of both; the same path may have been put together in two ways."""
    paths = {(half.nodes, half.steps): half for half in (*best, *new)}
    return best_of(list(paths.values()), question.top)


def _joined(legs: Sequence[Sequence[Half]]) -> Iterator[Half]:
    """Yield all paths that have one of each leg's paths."""
    for parts in product(*legs):
        whole, *rest = parts
        for part in rest:
            whole = _and(whole, part)
        yield whole


def _both_longer(question: Question, left: list[Half], right: list[Half]) -> Iterator[Half]:
    """Yield the best paths of two legs that share no node but where they meet."""
    ordered = sorted(right, key=lambda half: -half.score)
    best: list[Half] = []
    for one in sorted(left, key=lambda half: -half.score):
        floor = question.floor(best)
        more = []
        for two in ordered:
            if one.score * two.score <= floor:
                break
            if one.nodes[1] != two.nodes[1]:
                more.append(_and(one, two))
        if more:
            best = best_of([*best, *more], question.top)
    yield from best


def _and(one: Half, two: Half) -> Half:
    return Half(one.score * two.score, (*one.nodes, *two.nodes[1:]), (*one.steps, *two.steps))
