"""Stopping: train a baseline until it stops improving on pairs taken out of its own training pairs."""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnn.metrics import realistic_ranks
from gnn.view import View

Pairs = NDArray[np.int64]
"""Rows of a subject and an object. Shapes: [2, pair]."""

By = Literal["pair", "subject", "object"]
"""What a fold takes out: single pairs, or all pairs of some subjects or objects."""

Rows = NDArray[np.int64]
"""Rows of nodes of one kind. Shapes: [node]."""


class Link(NamedTuple):
    """A relation to predict between two kinds of nodes."""

    relation: str
    subject: str
    object: str


Score = Callable[[Rows], NDArray[np.float32]]
"""Score every object for some subjects. Shapes: [subject] -> [subject, object]."""


@dataclass(frozen=True)
class Limits:
    """When a training ends: after `patience` looks without a better one, or at a limit of epochs or seconds."""

    epochs: int = 200
    patience: int = 8
    every: int = 1
    seconds: float = 1800.0


@dataclass(frozen=True)
class Budget:
    """What a training took: its figure is the filtered MRR, from both sides, of the pairs taken out."""

    epochs: int
    best_epoch: int
    best_mrr: float
    seconds: float
    stopped: str
    parameters: int


def inner_fold(view: View, link: Link, by: By, share: float, random: np.random.Generator) -> tuple[View, Pairs]:
    """Return the view without some training pairs in any form, and those pairs.

    `by` pair, or by whole subjects or objects: as the pairs are held out that the baseline will be judged by.

    Shapes: pairs [2, pair].
    """
    known = view.edges(link.relation)
    if by == "pair":
        chosen = random.random(known.shape[1]) < share
    else:
        ends = known[0 if by == "subject" else 1]
        nodes = np.unique(ends)
        chosen = np.isin(ends, nodes[random.random(len(nodes)) < share])
    hidden = known[:, chosen]
    return without_pairs(view, link, hidden), hidden


def until_best(view: View, link: Link, config: Any, fit: Callable[[View, Any, Pairs | None], Any]) -> Any:
    """Train until an inner fold of the training pairs gets no better, then on all of them for as many epochs.

    `fit` takes a view, a config that says `by`, `share`, `limits` and `seed`, and the pairs to stop by, and returns
    what has a `budget`.
    """
    seen, hidden = inner_fold(view, link, config.by, config.share, np.random.default_rng(config.seed))
    tried = fit(seen, config, hidden)
    limits = replace(config.limits, epochs=tried.budget.best_epoch, patience=10**6)
    final = fit(view, replace(config, limits=limits), None)
    return replace(final, budget=replace(tried.budget, seconds=tried.budget.seconds + final.budget.seconds))


def without_pairs(view: View, link: Link, hidden: Pairs) -> View:
    """Return the view without any edge, of whatever relation, between the ends of these pairs."""
    data, size = view.data.clone(), view.count(link.object)
    keys = hidden[0] * size + hidden[1]
    for kind, relation, other in data.edge_types:
        if {kind, other} != {link.subject, link.object}:
            continue
        ends = data[kind, relation, other].edge_index.numpy()
        subjects, objects = ends if kind == link.subject else ends[::-1]
        left = ~np.isin(subjects * size + objects, keys)
        if link.subject == link.object:  # either way round
            left &= ~np.isin(objects * size + subjects, keys)
        data[kind, relation, other].edge_index = torch.from_numpy(ends[:, left])
    return replace(view, data=data)


def filtered_mrr(score: Score, known: Pairs, hidden: Pairs) -> float:
    """Return the mean reciprocal realistic rank of hidden pairs, among objects and among subjects.

    Other pairs that are known or hidden too are no rivals.

    Shapes: known, hidden [2, pair].
    """
    subjects, places = np.unique(hidden[0], return_inverse=True)
    objects = np.unique(hidden[1])
    everyone = int(max(known[0].max(initial=0), hidden[0].max())) + 1
    found = []
    rows = score(subjects)
    both = np.concatenate([known, hidden], axis=1)
    true = np.zeros((everyone, rows.shape[1]), bool)
    true[tuple(both)] = True
    for place, target in zip(places, hidden[1], strict=True):
        rivals = ~true[subjects[place]]
        rivals[target] = True
        found.append(_rank(rows[place], rivals, target))
    columns = np.concatenate([score(block)[:, objects] for block in np.array_split(np.arange(everyone), 8)])
    for subject, target in zip(hidden[0], np.searchsorted(objects, hidden[1]), strict=True):
        rivals = ~true[:, objects[target]]
        rivals[subject] = True
        found.append(_rank(columns[:, target], rivals, subject))
    return float(np.mean(1 / np.array(found)))


def _rank(scores: NDArray[np.float32], rivals: NDArray[np.bool_], target: int) -> float:
    return float(realistic_ranks(scores[rivals], np.flatnonzero(rivals) == target)[0])


def one_against_others(logits: Tensor, true: Tensor, rows: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross entropy of each pair's target among all columns of its row, other true ones left out.

    Shapes: logits, true [row, column]; rows, targets [pair].
    """
    own = logits[rows, targets]
    rivals = logits.masked_fill(true, -torch.inf)[rows].logsumexp(1)
    return (torch.logaddexp(rivals, own) - own).mean()


def log_joint(there: Tensor, back: Tensor, size: Tensor, rows: Tensor, known: Tensor) -> NDArray[np.float32]:
    """Return the logarithm of each pair's estimated share of all pairs, up to a constant, from its logit each
    way.

    The mean of log p(object | subject) + log p(subject), and of the same the other way round: a softmax over all nodes
    of a kind gives the one, degrees, half an edge added to each, the other. `size` is each object's logarithm of the
    sum over all subjects of the exponentials of the logits back.

    Shapes: there, back [row, object], size [object], rows [row], known [subject, object] -> [row, object].
    """
    subjects, objects = ((known.sum(side) + 0.5).log() for side in (1, 0))
    return ((there.log_softmax(1) + subjects[rows, None] + back - size + objects) / 2).cpu().numpy()


def until_it_stops(
    module: torch.nn.Module, epoch: Callable[[], None], figure: Callable[[], float], limits: Limits
) -> Budget:
    """Train a module epoch by epoch and leave it in its best state."""
    started, best, best_epoch, kept, done = time.perf_counter(), -1.0, 0, deepcopy(module.state_dict()), 0
    stopped = f"{limits.epochs} epochs"
    while done < limits.epochs:
        with torch.sparse.check_sparse_tensor_invariants(enable=False):  # else it warns that it does not
            epoch()
        done += 1
        if done % limits.every:
            continue
        if (found := figure()) > best:
            best, best_epoch, kept = found, done, deepcopy(module.state_dict())
        if done - best_epoch >= limits.patience * limits.every:
            stopped = f"no better for {limits.patience} looks, one every {limits.every} epochs"
            break
        if time.perf_counter() - started > limits.seconds:
            stopped = f"{limits.seconds:.0f} s"
            break
    module.load_state_dict(kept)
    parameters = sum(weight.numel() for weight in module.parameters())
    return Budget(done, best_epoch, best, time.perf_counter() - started, stopped, parameters)
