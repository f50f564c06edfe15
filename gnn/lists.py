"""Lists: the scores of held-out pairs as ranked lists, and every figure of them, each method's beside the others'."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnn.folds import Fold
from gnn.metrics import (
    HITS_AT,
    RECALLS_AT,
    Interval,
    areas,
    bootstrap,
    by_node,
    clustered,
    filtered_ranks,
    interval,
    paired,
    thresholds,
)
from gnn.split import Pairs
from gnn.task import End

Floats = NDArray[np.floating[Any]]

PER_LIST = ("average_precision", *(f"recall_at_{k}" for k in RECALLS_AT), "reciprocal_rank")
"""Figures of a list, whose mean is over lists."""

COLUMNS = ("method", "metric", "mean", "lower", "upper", "over", "count")

NO_PAIRS = np.empty((2, 0), np.int64)


@dataclass(frozen=True)
class Lists:
    """What a method says of all candidates of some nodes, having known nothing of the asked pairs.

    A list is a row: `node` says whose, `fold` which fold held out its pairs (of pooled folds: all of them, 0). `known`
    pairs, which the method was told, stand in no list. Where pairs were held out, not nodes, the columns can be ranked
    as well: `two_sided`.

    Shapes: scores [list, candidate]; asked, known [2, pair], lists above candidates; node, fold [list].
    """

    scores: Floats
    asked: Pairs
    known: Pairs
    node: NDArray[np.int64]
    fold: NDArray[np.int64]
    two_sided: bool

    def without(self, left_out: NDArray[np.bool_]) -> "Lists":
        """Return the lists without some of the asked pairs, which stand in no list then. Shapes: [asked pair]."""
        known = np.concatenate([self.known, self.asked[:, left_out]], 1)
        return replace(self, asked=self.asked[:, ~left_out], known=known)


def pooled(folds: Sequence[Fold], scored: Sequence[Floats], end: End) -> Lists:
    """Return one list a node of an end: each pair by the method that it was hidden from. All pairs must be in a fold.

    Shapes: scored [subject, object] each.
    """
    found = np.full(scored[0].shape, np.nan, scored[0].dtype)
    for fold, scores in zip(folds, scored, strict=True):
        found[tuple(fold.hidden)] = scores[tuple(fold.hidden)]
    asked = np.concatenate([fold.asked for fold in folds], 1)
    return _turned(found, asked, NO_PAIRS, end)


def alone(fold: Fold, scores: Floats, answers: Pairs, end: End) -> Lists:
    """Return one list a node of an end by one method alone: of the answers, those that it was told are in no list.

    Shapes: scores [subject, object], answers [2, pair].
    """
    codes = [pairs[0] * scores.shape[1] + pairs[1] for pairs in (answers, fold.hidden)]
    return _turned(scores, fold.asked, answers[:, ~np.isin(*codes)], end)


def _turned(scores: Floats, asked: Pairs, known: Pairs, end: End) -> Lists:
    if end == "object":
        scores, asked, known = scores.T, asked[::-1], known[::-1]
    count = len(scores)
    return Lists(scores, asked, known, np.arange(count), np.zeros(count, np.int64), two_sided=True)


def of_nodes(folds: Sequence[Fold], scored: Sequence[Floats]) -> Lists:
    """Return one list a held-out node: whole nodes of an end, none of whose labels the method knew.

    Shapes: scored [held-out node, object] or [subject, held-out node] each, by the fold's end.
    """
    rows, asked, nodes, numbers = [], [], [], []
    start = 0
    for number, (fold, scores) in enumerate(zip(folds, scored, strict=True)):
        if fold.nodes is None:
            raise ValueError(f"{fold.name} holds out pairs: expected one that holds out whole nodes")
        oriented, mine = (scores, fold.asked) if fold.end == "subject" else (scores.T, fold.asked[::-1])
        rows.append(oriented)
        asked.append(np.stack([start + np.searchsorted(fold.nodes, mine[0]), mine[1]]))
        nodes.append(fold.nodes)
        numbers.append(np.full(len(fold.nodes), number))
        start += len(fold.nodes)
    return Lists(
        np.concatenate(rows),
        np.concatenate(asked, 1),
        NO_PAIRS,
        np.concatenate(nodes),
        np.concatenate(numbers),
        two_sided=False,
    )


def figures(lists: Mapping[str, Lists], seed: int, named: Mapping[int, str] | None = None) -> pd.DataFrame:
    """Return a row for each method and figure, with its 95 % bootstrap interval; then the first method less each other.

    - of a list, mean over nodes (a node that is in two folds counts once): average precision, recall among the first
      10, 50, 100, reciprocal rank of the first true one;
    - of a pair, filtered, mean over pairs and, where it can be ranked from both sides, both sides; drawn by node:
      `mrr`, `hits_at_1`, `_3`, `_10`;
    - of all pairs, drawn by node: `auroc`, `auprc`;
    - where folds are `named` (areas), `recall_at_100_by_fold`: mean over folds of their means over nodes.

    `over` says what was drawn and averaged, `count` how many.
    """
    per_list, per_pair, drawn, per_fold = {}, {}, {}, {}
    for method, one in lists.items():
        table = by_node(one.scores, one.asked, one.known, "object")
        places = table["node"].to_numpy()
        per_list[method] = table.groupby(one.node[places])[list(PER_LIST)].mean()
        per_pair[method] = _per_pair(one)
        drawn[method] = areas(thresholds(one.scores, one.asked, one.known), np.random.default_rng(seed))
        if named:
            per_fold[method] = table.groupby(one.fold[places])[f"recall_at_{RECALLS_AT[-1]}"].mean()
    first = next(iter(lists))
    rows: list[tuple[Any, ...]] = []
    for method in lists:
        rows += _rows(method, per_list[method], per_pair[method], drawn[method], seed)
        if named:
            rows.append(_by_fold(method, per_fold[method].to_numpy(), seed))
    for other in list(lists)[1:]:
        name = f"{first} - {other}"
        tables = {column: paired(per_list[first][column], per_list[other][column]) for column in PER_LIST}
        pairs = per_pair[first].copy()
        measured = [column for column in pairs.columns if column != "node"]
        pairs[measured] -= per_pair[other][measured]
        differences = replace(
            drawn[first],
            auroc=drawn[first].auroc - drawn[other].auroc,
            auprc=drawn[first].auprc - drawn[other].auprc,
        )
        rows += _rows(name, pd.DataFrame(tables), pairs, differences, seed)
        if named:
            rows.append(_by_fold(name, paired(per_fold[first], per_fold[other]), seed))
    return pd.DataFrame(rows, columns=COLUMNS)


def _per_pair(one: Lists) -> pd.DataFrame:
    """Return the reciprocal rank and hits of each asked pair from each side, and the node that it is drawn with."""
    every = np.concatenate([one.asked, one.known], 1)
    found = []
    for side in ("object", "subject") if one.two_sided else ("object",):
        ranks = filtered_ranks(one.scores, one.asked, every, side)
        hits = {f"hits_at_{k}": ranks.hits(k) for k in HITS_AT}
        found.append(pd.DataFrame({"node": one.node[one.asked[0]], "mrr": ranks.reciprocal(), **hits}))
    return pd.concat(found, ignore_index=True)


def _rows(
    method: str, per_list: pd.DataFrame, per_pair: pd.DataFrame, drawn: Any, seed: int
) -> Iterator[tuple[Any, ...]]:
    for metric in PER_LIST:
        about = bootstrap(per_list[metric].to_numpy(), np.random.default_rng(seed))
        yield _row(method, metric, about, "nodes", len(per_list))
    for metric in per_pair.columns.drop("node"):
        about = clustered(per_pair[metric].to_numpy(), per_pair["node"].to_numpy(), np.random.default_rng(seed))
        yield _row(method, metric, about, "pairs", len(per_pair))
    for metric in ("auroc", "auprc"):
        yield _row(method, metric, interval(getattr(drawn, metric)), "all pairs", len(per_list))


def _by_fold(method: str, values: Floats, seed: int) -> tuple[Any, ...]:
    about = bootstrap(values, np.random.default_rng(seed))
    return _row(method, f"recall_at_{RECALLS_AT[-1]}_by_fold", about, "folds", len(values))


def _row(method: str, metric: str, about: Interval, over: str, count: int) -> tuple[Any, ...]:
    return method, metric, about.mean, about.lower, about.upper, over, count
