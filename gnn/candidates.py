"""Candidates: the pairs that are learned from, and how they are dealt into inner folds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gnn.config import TrainConfig
from gnn.likeness import Matrix, Rows
from gnn.outlook import Surroundings
from gnn.split import pair_folds
from gnn.task import COLD_OBJECT, WARM


@dataclass(frozen=True)
class Candidates:
    """The pairs that are learned from: every known answer, and others, each of which stands for `weight` of its like.

    Shapes: rows, columns [row], [column] of the rectangle that they lie in; pairs [2, pair] within it; weight [pair];
    target[relation] [pair].
    """

    rows: Rows
    columns: Rows
    pairs: Rows
    weight: Matrix
    target: Mapping[str, Matrix]


def candidates(
    around: Surroundings, known: Mapping[str, sp.csr_array], hidden: Rows, config: TrainConfig
) -> Candidates:
    """Choose the pairs to learn from: all, or, of too many, every answer and some others, none of them held out."""
    subjects, objects = around.shape
    random = np.random.default_rng([config.seed, 1])
    total = sum(known.values()).tocsr()
    rows, columns = np.arange(subjects), np.arange(objects)
    spared = np.ones(objects, np.float32)
    if subjects * objects > config.most_pairs:
        answered = np.diff(total.tocsc().indptr) > 0
        others = np.flatnonzero(~answered)
        taken = random.permutation(others)[: max(len(others) // 8, min(len(others), 500))]
        columns = np.sort(np.concatenate([np.flatnonzero(answered), taken]))
        spared = np.where(answered, 1, len(others) / max(len(taken), 1)).astype(np.float32)
    known_here = total[:, columns].tocoo()
    is_answer = np.zeros((len(rows), len(columns)), bool)
    is_answer[known_here.row, known_here.col] = True
    open_ = ~is_answer
    places = np.full(objects, -1)
    places[columns] = np.arange(len(columns))
    inside = places[hidden[1]] >= 0
    open_[hidden[0][inside], places[hidden[1]][inside]] = False
    negatives = np.flatnonzero(open_)
    budget = max(config.most_pairs - known_here.nnz, 0)
    share = 1.0
    if len(negatives) > budget:
        share = len(negatives) / budget
        negatives = np.sort(random.permutation(negatives)[:budget])
    positives = np.flatnonzero(is_answer)
    flat = np.sort(np.concatenate([positives, negatives]))
    pairs = np.stack(np.divmod(flat, len(columns)))
    weight = np.where(is_answer[tuple(pairs)], 1, share * spared[columns[pairs[1]]]).astype(np.float32)
    target = {name: np.asarray(one[:, columns].toarray()[tuple(pairs)] > 0, np.float32) for name, one in known.items()}
    return Candidates(rows, columns, pairs, weight, target)


def deal(chosen: Candidates, regime: str, folds: int, random: np.random.Generator) -> Rows:
    """Deal candidates into inner folds of a regime, answers evenly: pairs, or whole objects, or whole subjects.

    Shapes: [pair].
    """
    answered = sum(chosen.target.values()) > 0
    if regime == WARM:
        return pair_folds(answered, folds, random)
    end, count = (1, len(chosen.columns)) if regime == COLD_OBJECT else (0, len(chosen.rows))
    nodes = np.zeros(count, bool)
    nodes[chosen.pairs[end][answered]] = True
    return pair_folds(nodes, folds, random)[chosen.pairs[end]]
