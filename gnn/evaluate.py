"""Evaluate: how methods do on answers that they never saw, for every task and every way of holding out.

A method learns from a graph that the held-out pairs were taken out of, and never from another. All candidates are
ranked; none is left out as too easy or too hard.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from gnn.by_node import figures_by_node
from gnn.calibrate import error_by_chance, expected_calibration_error, reliability
from gnn.folds import AREA, PAIRS, Fold, deal_areas, deal_nodes, deal_pairs
from gnn.lists import COLUMNS, Floats, Lists, alone, figures, of_nodes, pooled
from gnn.metrics import (
    AGAINST_JUDGED,
    area_under_curve,
    best_pairs,
    bootstrap,
    comparisons,
    entropy_of_best,
    frequent_flyers,
    interval,
)
from gnn.scaffolds import twin_groups, with_a_twin
from gnn.split import Pairs, assert_no_leak, named, without
from gnn.stability import stability
from gnn.task import Task
from gnn.view import View
from kg.graph import Graph
from kg.progress import Progress, part, silent

Rows = NDArray[np.int64]

TOP = 2_000
"""Calibration is measured on so many pairs of highest probability: those that anyone looks at."""

BEST = 1_000
"""The variety of a ranking is that of so many best pairs that are not known."""

RESEEDED = ", another seed"
"""What stands behind the name of a method that is trained once more."""

LIST_TOP = 20
"""A frequent flyer is a candidate that is among so many first of many lists."""


class SplitError(ValueError):
    """A split that a task does not have, or that there is nothing to measure by."""


@dataclass(frozen=True)
class Scored:
    """What a method says of the pairs that it is asked for; a method whose scores are log-odds says more.

    `shortlist` says which pairs are on its list, that promises to have the share `level` of a node's true partners.

    Shapes: scores, shortlist [row, column].
    """

    scores: Floats
    shortlist: NDArray[np.bool_] | None = None
    level: float = 0.0


Method = Callable[[Graph, pd.DataFrame, Rows, Rows], Scored]
"""Scores pairs of some rows of subjects and columns of objects (of the view that `candidates_of` gives), learning from
a graph without the held-out pairs; none of those is a negative."""


@dataclass(frozen=True)
class Protocol:
    """How an evaluation holds out: the `split`, into how many `folds`, dealt by which `seed`.

    With `trained` below `folds` only so many folds are measured: then a pair's rivals are all candidates that are no
    known answer, of which those in no measured fold were unlabelled in training. `areas` are needed for areas alone.
    """

    split: str = PAIRS
    folds: int = 5
    trained: int | None = None
    seed: int = 0
    areas: Mapping[str, Sequence[str]] | None = None


@dataclass(frozen=True)
class Evaluation:
    """What came of it: a row of `figures` for each method and figure, and what the first method, the model, promises.

    `reliability` is the table of the reliability plot of its `TOP` pairs, `promises` the calibration error, what chance
    alone would make of it, and how its shortlists kept their word; `nodes` are its figures by node.
    """

    about: Mapping[str, Any]
    figures: pd.DataFrame
    reliability: pd.DataFrame
    promises: Mapping[str, float]
    nodes: pd.DataFrame = field(default_factory=pd.DataFrame)

    def figure(self, method: str, metric: str) -> pd.Series:
        """Return the row of a figure."""
        rows = self.figures[(self.figures["method"] == method) & (self.figures["metric"] == metric)]
        return rows.iloc[0]

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as JSON values."""
        return {
            **self.about,
            "figures": [
                {key: value for key, value in row.items() if value == value}  # what has no interval says none
                for row in self.figures.to_dict("records")
            ],
            "promises": dict(self.promises),
            "reliability": self.reliability.to_dict("records"),
        }


def splits_of(task: Task) -> tuple[str, ...]:
    """Return the names of the splits that a task has."""
    kinds = tuple(sorted({kind.lower() for kind in task.kinds}))
    return (PAIRS, *kinds, *((AREA,) if task.object == "Disease" else ()))


def check_split(task: Task, split: str) -> None:
    """Raise `SplitError` unless a task has this split."""
    if split not in splits_of(task):
        expected = ", ".join(splits_of(task))
        raise SplitError(f"split: got {split!r}, expected one of {expected}, for the task {task.name}")


def folds_of(task: Task, seen: View, answers: Pairs, protocol: Protocol) -> list[Fold]:
    """Deal a task's answers as a protocol says; raises `SplitError`. Shapes: answers [2, pair]."""
    shape = seen.count(task.subject), seen.count(task.object)
    check_split(task, protocol.split)
    if protocol.split == PAIRS:
        found = deal_pairs(answers, shape, protocol.folds, protocol.seed)
    elif protocol.split == AREA:
        found = deal_areas(answers, shape, protocol.areas or {}, seen.curies[task.object])
    else:
        end = "subject" if protocol.split == task.subject.lower() else "object"
        found = deal_nodes(answers, shape, end, protocol.folds, protocol.seed)
    found = [fold for fold in found if fold.asked.shape[1]]
    if not found:
        raise SplitError(f"no {task.relation} edge can be held out by {protocol.split}: expected some to measure by")
    return found[: protocol.trained]


def evaluate(
    graph: Graph,
    seen: View,
    task: Task,
    methods: Mapping[str, Method],
    protocol: Protocol,
    progress: Progress = silent,
    reseeded: Mapping[str, Method] | None = None,
) -> Evaluation:
    """Train each method without each fold, and measure what it says of it; the first method is the model.

    `seen` is the view of the graph's candidates, whose edges of the task's relation are the answers. `reseeded` are
    some of the methods with another seed: asked of the first fold, they tell how stable the lists are. Ctrl-C ends the
    training, and what comes back is of the folds that are whole. Raises `SplitError`, `LeakError` should a held-out
    pair be left, and `KeyboardInterrupt` where no fold is whole.
    """
    answers = seen.edges(task.relation)
    dealt = folds_of(task, seen, answers, protocol)
    again = {f"{name}{RESEEDED}": method for name, method in (reseeded or {}).items()}
    whole = _whole_folds(graph, seen, task, (methods, again), dealt, progress)
    folds = dealt[: len(whole)]
    scored = {name: [one[name] for one in whole] for name in methods}
    lists = {
        name: _lists(folds, [one.scores for one in found], answers, task, protocol) for name, found in scored.items()
    }
    model = next(iter(methods))
    listed = [one.shortlist for one in scored[model] if one.shortlist is not None]
    table, promises = pd.DataFrame(), {}
    if listed:
        table, promises = _calibration(lists[model], folds, task, protocol)
        if (folds[0].end or task.asked) == task.asked:  # a shortlist promises nothing about lists of the other end
            held = _lists(folds, listed, answers, task, protocol)
            promises |= _kept(held, scored[model][0].level, protocol.seed)
    names = {number: fold.name for number, fold in enumerate(folds)} if protocol.split == AREA else None
    rows = [figures(lists, protocol.seed, names)]
    rows += [_without_twins(lists, folds, answers, graph, seen, task, protocol.seed)] if task.subject == "Drug" else []
    rows += [_judged(lists, graph, seen, task, folds, protocol.seed)] if task.judged in graph.edges else []
    if protocol.split == PAIRS:
        rows.append(_variety(lists))
    if again:
        first = {name: _lists(folds[:1], [one.scores], answers, task, protocol) for name, one in whole[0].items()}
        both = {name: (first[name], first[f"{name}{RESEEDED}"]) for name in reseeded or ()}
        rows.append(stability(both, protocol.seed))
    about = {
        "task": task.name,
        "split": protocol.split,
        "folds": [fold.name for fold in folds],
        "stopped": len(folds) < len(dealt),
        "seed": protocol.seed,
        "held_out": int(sum(fold.asked.shape[1] for fold in folds)),
        "nodes": len(np.unique(lists[model].node[lists[model].asked[0]])),
        "candidates": int(lists[model].scores.shape[1]),
    }
    progress("evaluated", 1.0)
    by_node = figures_by_node(lists[model], folds, seen, task)
    return Evaluation(about, pd.concat(rows, ignore_index=True), table, promises, by_node)


def _whole_folds(
    graph: Graph,
    seen: View,
    task: Task,
    methods: tuple[Mapping[str, Method], Mapping[str, Method]],
    folds: Sequence[Fold],
    progress: Progress,
) -> list[dict[str, Scored]]:
    """Score fold by fold, until all are or Ctrl-C comes; of the two groups of methods, the second the first fold only.

    Raises `KeyboardInterrupt` where no fold is whole.
    """
    found: list[dict[str, Scored]] = []
    try:
        for number, fold in enumerate(folds):
            asked = {**methods[0], **methods[1]} if number == 0 else methods[0]
            stage = part(progress, number / len(folds), (number + 1) / len(folds), f"fold {number + 1} of {len(folds)}")
            found.append(score_fold(graph, seen, task, asked, fold, stage))
    except KeyboardInterrupt:
        if not found:
            raise
    return found


def score_fold(
    graph: Graph, seen: View, task: Task, methods: Mapping[str, Method], fold: Fold, progress: Progress = silent
) -> dict[str, Scored]:
    """Return what each method says of a fold, having been given the graph without it, and nothing else.

    Raises `LeakError` should a held-out pair be left.
    """
    held_out = named(fold.hidden, task.kinds, seen.curies)
    left = without(graph, held_out)
    assert_no_leak(left, held_out)
    rows, columns = _asked_for(fold, (seen.count(task.subject), seen.count(task.object)))
    found = {}
    for place, (name, method) in enumerate(methods.items()):
        progress(f"{fold.name}, {name}", place / len(methods))
        found[name] = method(left, held_out, rows, columns)
    return found


def _asked_for(fold: Fold, shape: tuple[int, int]) -> tuple[Rows, Rows]:
    """Return of which subjects and objects a method is asked: of all, or of the nodes held out."""
    rows, columns = (np.arange(count) for count in shape)
    if fold.nodes is None:
        return rows, columns
    return (fold.nodes, columns) if fold.end == "subject" else (rows, fold.nodes)


def _lists(folds: list[Fold], scored: list[Any], answers: Pairs, task: Task, protocol: Protocol) -> Lists:
    if protocol.split != PAIRS:
        return of_nodes(folds, scored)
    if len(folds) < protocol.folds:
        merged = replace(
            folds[0],
            hidden=np.concatenate([fold.hidden for fold in folds], 1),
            asked=np.concatenate([fold.asked for fold in folds], 1),
        )
        scores = np.array(scored[0])
        for fold, mine in zip(folds[1:], scored[1:], strict=True):
            scores[tuple(fold.hidden)] = mine[tuple(fold.hidden)]
        return alone(merged, scores, answers, task.asked)
    return pooled(folds, scored, task.asked)


def _calibration(
    lists: Lists, folds: list[Fold], task: Task, protocol: Protocol
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the reliability of the hidden pairs of highest probability, and how far it is from what came true.

    Only hidden pairs: of the others the true ones were told, so that what is left is less often true than is foretold.
    Of a part of the folds, as large a part of `TOP` is looked at.
    """
    labels, hidden = np.zeros((2, *lists.scores.shape), bool)
    labels[tuple(lists.asked)] = True
    top = TOP
    if protocol.split == PAIRS:
        pairs = np.concatenate([fold.hidden for fold in folds], 1)
        hidden[tuple(pairs if task.asked == "subject" else pairs[::-1])] = True
        top = TOP * len(folds) // protocol.folds
    else:
        hidden[:] = True
    foretold, labels = expit(lists.scores[hidden].astype(float)), labels[hidden]
    return calibration_of(foretold, labels, top, protocol.seed)


def calibration_of(
    foretold: Floats, labels: NDArray[np.bool_], top: int, seed: int
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the reliability of the `top` pairs of highest probability, its error, and what chance alone would give.

    Shapes: foretold (probabilities), labels [pair].
    """
    promises = {}
    for equal in ("mass", "width"):
        table = reliability(foretold, labels, equal=equal, top=top)
        best = np.partition(foretold, -min(top, len(foretold)))[-top:]
        promises[f"calibration_error_equal_{equal}"] = expected_calibration_error(table)
        chance = error_by_chance(best, np.random.default_rng(seed), draws=50, equal=equal)
        promises[f"calibration_error_equal_{equal}_by_chance"] = chance
    return reliability(foretold, labels, top=top), promises


def _kept(lists: Lists, level: float, seed: int) -> dict[str, float]:
    """Return which share of a node's held-out true partners its shortlist has, and how long the lists are."""
    held = pd.Series(lists.scores[tuple(lists.asked)].astype(float)).groupby(lists.node[lists.asked[0]]).mean()
    about = bootstrap(held.to_numpy(), np.random.default_rng(seed))
    lengths = lists.scores[np.unique(lists.asked[0])].sum(1)
    return {
        "shortlist_level": level,
        "shortlist_kept": about.mean,
        "shortlist_kept_lower": about.lower,
        "shortlist_kept_upper": about.upper,
        "shortlist_median_length": float(np.median(lengths)),
    }


def _without_twins(
    lists: Mapping[str, Lists], folds: list[Fold], answers: Pairs, graph: Graph, seen: View, task: Task, seed: int
) -> pd.DataFrame:
    """Return figures of the asked pairs of which no twin drug is known, for the same object, in training."""
    codes = answers[0] * seen.count(task.object) + answers[1]
    ways = twin_groups(graph, seen.curies[task.subject])
    found = []
    for way in ("fingerprint", "scaffold"):
        twins = []
        for fold in folds:
            hidden = fold.hidden[0] * seen.count(task.object) + fold.hidden[1]
            twins.append(with_a_twin(fold.asked, answers[:, ~np.isin(codes, hidden)], ways[way]))
        twin = np.concatenate(twins)
        if twin.all():
            continue
        table = figures({name: one.without(twin) for name, one in lists.items()}, seed)
        kept = table[table["metric"].isin(["average_precision", "recall_at_100", "reciprocal_rank", "mrr", "auprc"])]
        found.append(kept.assign(metric=kept["metric"] + f"_without_{way}_twins"))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS))


def _judged(
    lists: Mapping[str, Lists], graph: Graph, seen: View, task: Task, folds: list[Fold], seed: int
) -> pd.DataFrame:
    """Return how often an asked pair outscores one that was judged and refused, over draws of the nodes."""
    first = next(iter(lists.values()))
    edges = graph.edges[task.judged]
    ends = [
        pd.Index(seen.curies[kind]).get_indexer(pd.Index(edges[end].to_pylist()))
        for kind, end in zip(task.kinds, ("subject", "object"), strict=True)
    ]
    pairs = np.stack(ends)[:, (np.stack(ends) >= 0).all(0)]
    hidden = np.concatenate([fold.hidden for fold in folds], 1)
    count = seen.count(task.object)
    pairs = pairs[:, np.isin(pairs[0] * count + pairs[1], hidden[0] * count + hidden[1])]
    list_end = folds[0].end or task.asked
    node, candidate = pairs if list_end == "subject" else pairs[::-1]
    refused, asked = np.zeros((2, *first.scores.shape), bool)
    for place, mine in enumerate(first.node):
        refused[place, candidate[node == mine]] = True
    asked[tuple(first.asked)] = True
    refused &= ~asked
    if not refused.any():
        return pd.DataFrame(columns=list(COLUMNS))
    drawn = {
        name: area_under_curve(*comparisons(one.scores.T, asked.T, refused.T), np.random.default_rng(seed))
        for name, one in lists.items()
    }
    model, *others = drawn
    drawn |= {f"{model} - {other}": drawn[model] - drawn[other] for other in others}
    rows = []
    for name, values in drawn.items():
        about = interval(values)
        rows.append((name, AGAINST_JUDGED, about.mean, about.lower, about.upper, "refused pairs", int(refused.sum())))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _variety(lists: Mapping[str, Lists]) -> pd.DataFrame:
    """Return how varied the best pairs are that are no answer, and in how many lists the most frequent candidate is."""
    rows = []
    for name, one in lists.items():
        known = np.concatenate([one.asked, one.known], 1)
        n = min(BEST, (one.scores.size - known.shape[1]) // 2)
        best = best_pairs(one.scores, n, known)
        for what, side, count in (("candidates", "object", one.scores.shape[1]), ("nodes", "subject", len(one.node))):
            value = entropy_of_best(best, side, count)
            rows.append((name, f"entropy_of_{what}_at_{n}", value, np.nan, np.nan, "pairs", n))
        most = frequent_flyers(one.scores, min(LIST_TOP, one.scores.shape[1]), "object").max()
        rows.append((name, f"most_frequent_in_top_{LIST_TOP}", most, np.nan, np.nan, "lists", len(one.node)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
