"""Stability: whether a method that was trained with another seed gives the same lists."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gnn.lists import COLUMNS, Lists
from gnn.metrics import bootstrap, overlap, rank_agreement

FIRST = 10
"""So many first candidates are compared as a set: those that somebody looks at one by one."""

DEEP = 100
"""So many first candidates are compared by their order."""

OVERLAP, ORDER = f"seed_overlap_at_{FIRST}", f"seed_order_at_{DEEP}"


def stability(pairs: Mapping[str, tuple[Lists, Lists]], seed: int) -> pd.DataFrame:
    """Return, for each method, how alike its lists by two seeds are: mean over the nodes with an asked pair.

    `pairs` are the same lists by the two trainings of a method. `OVERLAP` is the share of the first ten that both have,
    `ORDER` the rank-biased overlap of the first hundred (`gnn.metrics.rank_agreement`); known pairs are in no list.
    """
    rows = []
    for method, (one, other) in pairs.items():
        nodes = np.unique(one.asked[0])
        firsts = [(best_of(one, node), best_of(other, node)) for node in nodes]
        values = {
            OVERLAP: [overlap(mine[:FIRST], theirs[:FIRST]) for mine, theirs in firsts],
            ORDER: [rank_agreement(mine, theirs) for mine, theirs in firsts],
        }
        for metric, found in values.items():
            about = bootstrap(np.array(found), np.random.default_rng(seed))
            rows.append((method, metric, about.mean, about.lower, about.upper, "nodes", len(nodes)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def best_of(lists: Lists, place: int) -> list[int]:
    """Return the first `DEEP` candidates of a list, best first; of equal scores, the earlier candidate."""
    scores = np.array(lists.scores[place], float)
    known = lists.known[1, lists.known[0] == place]
    scores[known] = -np.inf
    best = np.argsort(-scores, kind="stable")[: min(DEEP, len(scores) - len(known))]
    return [int(candidate) for candidate in best]
