"""Regress: the known answers foretold from each other, in closed form, with likeness as side information.

- Over the objects: each object's answers from those of the other objects of the same subject, as the item-to-item
  autoencoder EASE does (Steck 2019, doi:10.1145/3308558.3313710), and likewise over the subjects. Likeness is added to
  what two objects have in common, so that an object with few answers hears of those like it.
- Over both ends: kernel ridge regression in two steps (Stock et al. 2018, doi:10.1162/neco_a_01096). It reaches nodes
  without an answer, by their likeness to those that have one.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

RIDGE = 20.0
"""The L2 penalty of a regression over one end, in answers."""

LIKENESS = 20.0
"""How many answers in common a likeness of 1 stands for."""

KERNEL_RIDGE = 1.0
"""The L2 penalty of each step of the regression over both ends."""

OVER_ONE = ("objects", "objects and their likeness", "subjects", "subjects and their likeness")
"""The regressions over one end, in the order of `regress`."""

OVER_BOTH = "both ends"


def regress(known: sp.csr_array, alike: tuple[Matrix, Matrix], *, over_one: bool = True) -> Matrix:
    """Return what the answers of others foretell, by each of `OVER_ONE`; last, the dual weights over both ends.

    Over both ends, two nodes are foretold (likeness to the subjects) @ weights @ (likeness to the objects),
    where a node is as alike to itself as 1. An end without an answer is not regressed on. Without `over_one`, those are
    zeros.

    Shapes: known [subject, object], alike [subject, subject] and [object, object] with 1 on the diagonal
    -> [5, subject, object].
    """
    found = np.zeros((len(OVER_ONE) + 1, *known.shape), np.float32)
    here, there = (np.flatnonzero(np.diff(one.indptr)) for one in (known.tocsr(), known.tocsc()))
    if not len(here):
        return found
    answers = known[here][:, there].toarray().astype(np.float32)
    subjects, objects = alike[0][np.ix_(here, here)], alike[1][np.ix_(there, there)]
    inside = np.ix_(here, there)
    ways = ((0, False), (LIKENESS, False), (0, True), (LIKENESS, True)) if over_one else ()
    for place, (weight, of_subjects) in enumerate(ways):
        if of_subjects:
            found[place][inside] = _from_others(answers.T, weight * subjects).T
        else:
            found[place][inside] = _from_others(answers, weight * objects)
    found[-1][inside] = _solved(_solved(answers, subjects).T, objects).T
    return found


def _from_others(answers: Matrix, alike: Matrix) -> Matrix:
    """Foretell each column from the other columns of its row. Shapes: answers [row, column], alike [column, column]."""
    precision = np.linalg.inv(answers.T @ answers + alike + np.float32(RIDGE) * np.eye(len(alike), dtype=np.float32))
    weights = precision / -np.diag(precision)
    np.fill_diagonal(weights, 0)
    return np.asarray(answers @ weights, np.float32)


def _solved(answers: Matrix, kernel: Matrix) -> Matrix:
    return np.linalg.solve(kernel + np.float32(KERNEL_RIDGE) * np.eye(len(kernel), dtype=np.float32), answers)
