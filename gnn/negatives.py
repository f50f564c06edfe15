"""Negatives: which pairs count as "not indicated", in training and in evaluation.

A pair without a known treatment is unlabelled: that no source lists it does not say that the drug does not treat the
disease. In training every unlabelled pair is a negative, or, of too many, some that stand for all by their weight
(`gnn.candidates`), so that a score is the probability that the pair stands in the list of known treatments. A pair that
is held out, treated or not, is neither positive nor negative. In evaluation every unlabelled pair is ranked against the
held-out treatments; none is left out as too easy or too hard. A palliated pair is unlabelled too: it is known not to be
a disease-modifying treatment.

Some pairs are true negatives: the curators of PharmacotherapyDB looked at 243 that a resource lists, and judged them
not indicated (`not_indicated_for`). Nothing is learned from that judgement: to the training such a pair is like any
unlabelled one, and held out like it. Held-out treatments are measured against these pairs apart, and they are hard
negatives: what made a resource list them makes a method like them.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnn.task import TREATS, Task
from gnn.view import View


def left_out(seen: View, held_out: pd.DataFrame | None, task: Task) -> NDArray[np.int64]:
    """Return the held-out pairs that the view has; those that it does not hold are no matter. Shapes: [2, pair]."""
    if held_out is None:
        return np.empty((2, 0), np.int64)
    places = [
        pd.Index(seen.curies.get(kind, ())).get_indexer(pd.Index(held_out[column]))
        for kind, column in zip(task.kinds, task.columns, strict=True)
    ]
    pairs = np.stack(places).astype(np.int64)
    return pairs[:, (pairs >= 0).all(0)]


def left_out_whole(hidden: NDArray[np.int64], shape: tuple[int, int], place: int) -> NDArray[np.int64]:
    """Return the nodes at one end all of whose pairs are held out: nothing is learned of them.

    Shapes: hidden [2, pair]; `shape` of subjects and objects, `place` 0 or 1 of the end -> [node].

    >>> left_out_whole(np.array([[0, 0, 1], [0, 1, 1]]), (2, 2), 0).tolist()
    [0]
    """
    ends = np.divmod(np.unique(hidden[0] * shape[1] + hidden[1]), shape[1])
    return np.flatnonzero(np.bincount(ends[place], minlength=shape[place]) == shape[1 - place])


def learnable(view: View, held_out: pd.DataFrame | None) -> NDArray[np.bool_]:
    """Return which pairs of a drug and a disease may be positives or negatives in training: all but the held-out ones.

    Shapes: [drug, disease].
    """
    allowed = np.ones((view.count("Drug"), view.count("Disease")), bool)
    allowed[tuple(left_out(view, held_out, TREATS))] = False
    return allowed
