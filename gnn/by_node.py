"""By node: how well each node's candidates are ranked, and how well known the node is, for whoever compares groups."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gnn.folds import Fold
from gnn.lists import PER_LIST, Lists
from gnn.metrics import by_node
from gnn.task import End, Task
from gnn.view import View

ANSWERS, EDGES = "known answers", "other edges"
_BANDS = ("one", "two to four", "five and more")
_THIRDS = ("fewest", "middle", "most")


def figures_by_node(lists: Lists, folds: Sequence[Fold], seen: View, task: Task) -> pd.DataFrame:
    """Return a row a list: its node, name and fold, its figures (`gnn.lists.PER_LIST`), and two groups of nodes.

    `known answers` are all that the graph states of the node, held out or not; `other edges` are those of all other
    relations, in thirds of these nodes.
    """
    table = by_node(lists.scores, lists.asked, lists.known, "object")
    rows = table["node"].to_numpy()
    end: End = folds[0].end or task.asked
    kind, places = task.kind_at(end), lists.node[rows]
    answers = np.bincount(seen.edges(task.relation)[0 if end == "subject" else 1], minlength=seen.count(kind))
    edges = _edges(seen, kind, task.relation)[places]
    cuts = np.quantile(edges, [1 / 3, 2 / 3])
    names = [folds[place].name for place in lists.fold[rows]] if folds[0].nodes is not None else "pairs"
    return pd.DataFrame(
        {
            "node": np.array(seen.curies[kind], object)[places],
            "name": np.array(seen.names[kind], object)[places],
            "fold": names,
            ANSWERS: np.array(_BANDS, object)[np.searchsorted([2, 5], answers[places], side="right")],
            EDGES: np.array(_THIRDS, object)[np.searchsorted(cuts, edges, side="left")],
            **{name: table[name].to_numpy() for name in PER_LIST},
        }
    )


def _edges(seen: View, kind: str, but: str) -> np.ndarray:
    """Return how many edges each node of a kind has, but those of one relation, [node]."""
    found = np.zeros(seen.count(kind), np.int64)
    for subject, relation, other in seen.data.edge_types:
        if relation == but:
            continue
        ends = seen.data[subject, relation, other].edge_index.numpy()
        for row, of in enumerate((subject, other)):
            if of == kind:
                found += np.bincount(ends[row], minlength=found.size)
    return found
