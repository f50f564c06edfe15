"""Folds: what each split of an evaluation holds out: pairs, whole nodes of one end, or whole disease areas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.split import Pairs, all_pairs_of, hashed_folds, node_folds, pair_folds
from gnn.task import End

PAIRS, AREA = "pairs", "area"
"""The splits that are not called after a kind whose whole nodes they hold out."""

MOST_DEALT = 5_000_000
"""A rectangle of more pairs is dealt by hash, not one by one (assumption: a table of so many is no burden)."""


@dataclass(frozen=True)
class Fold:
    """What a method must not know: every `hidden` pair, answered or not, of which the `asked` ones are true.

    Where whole nodes are held out, all pairs of theirs are hidden: `nodes` are those with an asked pair, at `end`.

    Shapes: hidden [2, pair], asked [2, true pair], nodes [node].
    """

    name: str
    hidden: Pairs
    asked: Pairs
    end: End | None = None
    nodes: NDArray[np.int64] | None = None


def deal_pairs(answers: Pairs, shape: tuple[int, int], folds: int, seed: int) -> list[Fold]:
    """Deal every pair of a rectangle, answered or not, into folds: where a pair is says nothing of its label.

    Answers are dealt evenly, those of a rectangle of more than `MOST_DEALT` pairs about evenly.

    Shapes: answers [2, pair].
    """
    if shape[0] * shape[1] <= MOST_DEALT:
        labels = np.zeros(shape, bool)
        labels[tuple(answers)] = True
        dealt = pair_folds(labels, folds, np.random.default_rng([seed, folds]))
    else:
        every = all_pairs_of(np.arange(shape[0]), shape[1])
        dealt = hashed_folds(every, folds, seed).reshape(shape)
    mine = dealt[tuple(answers)]
    return [
        Fold(f"fold {fold + 1}", np.stack(np.nonzero(dealt == fold)), answers[:, mine == fold]) for fold in range(folds)
    ]


def deal_nodes(answers: Pairs, shape: tuple[int, int], end: End, folds: int, seed: int) -> list[Fold]:
    """Deal the nodes of one end that have an answer: no label of a fold's nodes is known to a method.

    Shapes: answers [2, pair].
    """
    nodes = answers[0 if end == "subject" else 1]
    dealt = node_folds(nodes, folds, np.random.default_rng([seed, folds]))
    return [_whole(f"fold {place}", answers, shape, end, chosen) for place, chosen in enumerate(dealt, start=1)]


def deal_areas(
    answers: Pairs, shape: tuple[int, int], areas: Mapping[str, Sequence[str]], diseases: Sequence[str]
) -> list[Fold]:
    """Make a fold of each area: no label of any disease of it is known. A disease in two areas is in two folds.

    Areas without an answer are left out. `diseases` are the CURIEs of the objects. Shapes: answers [2, pair].
    """
    row = {curie: place for place, curie in enumerate(diseases)}
    found = []
    for area, members in areas.items():
        chosen = np.array(sorted(row[curie] for curie in members if curie in row), np.int64)
        if np.isin(chosen, answers[1]).any():
            found.append(_whole(area, answers, shape, "object", chosen))
    return found


def _whole(name: str, answers: Pairs, shape: tuple[int, int], end: End, nodes: NDArray[np.int64]) -> Fold:
    mine, others = (answers[0], shape[1]) if end == "subject" else (answers[1], shape[0])
    hidden = all_pairs_of(nodes, others)
    asked = answers[:, np.isin(mine, nodes)]
    measured = np.unique(asked[0 if end == "subject" else 1])
    return Fold(name, hidden if end == "subject" else hidden[::-1], asked, end, measured)
