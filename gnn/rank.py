"""Rank: a Model and a node, of either end, to its candidates; a Model and pairs to their scores."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from scipy.special import expit

from gnn.checkpoint import Model
from gnn.likeness import Matrix, Rows, Side
from gnn.newcomers import described
from gnn.pairs import Rejected, check_columns, found_ends
from gnn.score import (
    candidate_scores,
    joined,
    logits_within,
    pair_priors,
    pair_scores,
    probabilities,
    probability_interval,
    shortlisted,
)
from gnn.task import End, Task
from kg.graph import SourceRelease
from kg.query import judged_not_indicated
from kg.search import AmbiguousName, Node, UnknownNode, check_count, find, meanings
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

SCORE_COLUMNS = (
    *("score", "low", "high", "probability", "probability_low", "probability_high"),
    *("prior", "lift", "lift_low", "lift_high", "known"),
)
"""What is said of a pair: score and calibrated probability, each with its interval; the prior; the lift over it."""


class Trained(Protocol):
    """A model that says which releases it was trained on."""

    @property
    def sources(self) -> tuple[SourceRelease, ...]: ...


class UnknownCandidate(ValueError):
    """A node that the model has not seen and the store does not describe."""


class OtherGraphError(ValueError):
    """A store that does not hold the graph that the model was trained on."""


def score(
    model: Model,
    store: Store,
    pairs: pd.DataFrame,
    origin: object = "the pairs",
    rejected: list[Rejected] | None = None,
) -> pd.DataFrame:
    """Score pairs, the ends of each given by identifier, name or synonym, in the columns of `model.task.columns`.

    Returns the same rows in the same order, with `SCORE_COLUMNS` added: `score` (like a probability that the pair is in
    the list that was learned from), `probability` (the same, calibrated), each with its interval, `prior` (the same
    from the two degrees alone), `lift` (probability over prior) with its interval, and `known` (in that list, see
    `Model.listed`). A node that the model has not seen is scored by what the store says of it. Rows with what is not in
    the store are left out, and told in `rejected`. Without that, or where no row is left, it raises `PairsError` naming
    their lines (counting a header as line 1), and `OtherGraphError` for a store with another release; `origin` says in
    a message where the pairs are from.
    """
    assert_trained_on(model, store)
    check_columns(origin, [str(column) for column in pairs.columns], model.task, SCORE_COLUMNS)
    nodes = {end: side.nodes for end, side in _sides(model)}
    pairs, ids = found_ends(store, model.task, pairs, origin, nodes, rejected)
    model = with_newcomers(model, store, ids["subject"], ids["object"])
    rows, columns = (pd.Index(side.nodes).get_indexer(pd.Index(ids[end])) for end, side in _sides(model))
    return pairs.assign(**scored(model, rows, columns))


def scored(model: Model, rows: Rows, columns: Rows) -> dict[str, np.ndarray]:
    """Return what is said of each pair, by `SCORE_COLUMNS`, in the memory that pairs take.

    Shapes: rows, columns [pair].
    """
    found, low, high = pair_scores(model, rows, columns)
    told = _told(model, (rows, columns), found, (low, high))
    return {**told, "known": pairs_known(model, rows, columns)}


def _told(model: Model, pairs: tuple[Rows, Rows], logits: Matrix, bounds: tuple[Matrix, Matrix]) -> dict[str, Matrix]:
    """Return scores, probabilities and lifts with their intervals, and priors, by `SCORE_COLUMNS`. Shapes: [pair]."""
    probability, priors = probabilities(model, *pairs, logits), pair_priors(model, *pairs)
    low, high = probability_interval(model, *pairs, bounds)
    found = (
        expit(logits),
        *bounds,
        probability,
        low,
        high,
        priors,
        *(one / priors for one in (probability, low, high)),
    )
    return dict(zip(SCORE_COLUMNS, found, strict=False))


def known(model: Model, rows: Rows, columns: Rows) -> np.ndarray:
    """Return which pairs of a rectangle are in the list that was learned from. Shapes: [row, column]."""
    return pairs_known(model, rows[:, None], columns[None, :])


def pairs_known(model: Model, rows: Rows, columns: Rows) -> np.ndarray:
    """Return which pairs are in the list that was learned from. Shapes: rows, columns of any, the same."""
    pairs = model.answers.known[model.task.relation].tocoo()
    keys = model.senders.subjects[pairs.row] * model.around.shape[1] + model.senders.objects[pairs.col]
    return np.isin(rows * model.around.shape[1] + columns, keys)


def with_newcomers(model: Model, store: Store, subjects: Sequence[str], objects: Sequence[str]) -> Model:
    """Return the model, joined by those of these nodes that it has not seen, as the store describes them."""
    new = {}
    for (end, side), ids in zip(_sides(model), (subjects, objects), strict=True):
        strange = sorted(set(ids) - set(side.nodes))
        new[end] = described(model, store, end, strange) if strange else []
    return joined(model, new["subject"], new["object"])


def rank(
    model: Model, store: Store, node: str, *, end: End | None = None, top: int = 20, new_only: bool = False
) -> pd.DataFrame:
    """Rank the candidates for a node of either end (given as for `kg.search.find`), best first.

    `end` is the end that the node is at; the one that its text means, where it is not said. With `new_only`, listed
    pairs are left out. Columns: rank (among all candidates), the candidate by its kind, name, score, probability
    (calibrated), shortlist (whether it is on the list that has 90 % of the true ones), low and high (90 % of what the
    data drawn anew would say of the score), probability_low and probability_high (the same of the probability), prior,
    lift, lift_low and lift_high (probability and its interval over prior), known (in a
    source's list: `Model.listed` says whose),
    judged (what curators voted who judged the pair, else nothing; the model has not seen it). Raises what `find`
    raises, `OtherGraphError` for a store with another release, `ValueError` for a `top` below 1.
    """
    check_count("top", top)
    assert_trained_on(model, store)
    found, end = asked_for(model.task, store, node, end)
    return _rank_all(model, store, [found], end, (top, new_only)).iloc[:, 2:]


def rank_all(
    model: Model, store: Store, nodes: Sequence[Node], end: End, *, top: int = 20, new_only: bool = False
) -> pd.DataFrame:
    """Rank the candidates for each of several nodes of one end at once.

    Columns: the asked node, by its kind, and its name, then those of `rank`; nodes in their order, each best first.
    """
    check_count("top", top)
    assert_trained_on(model, store)
    return _rank_all(model, store, nodes, end, (top, new_only))


def _rank_all(model: Model, store: Store, nodes: Sequence[Node], end: End, wanted: tuple[int, bool]) -> pd.DataFrame:
    """Rank for nodes of the store that the model was trained on; `wanted` is how many, and whether new ones alone."""
    ids = [node.id for node in nodes]
    model = with_newcomers(model, store, *((ids, []) if end == "subject" else ([], ids)))
    places = pd.Index(dict(_sides(model))[end].nodes).get_indexer(pd.Index(ids))
    refused = [judged_not_indicated(store, node.id) if node.kind == "Disease" else {} for node in nodes]
    top, new_only = wanted
    return ranked(model, places, end, top=top, new_only=new_only, refused=refused)


def ranked(
    model: Model, asked: Rows, end: End, *, top: int, new_only: bool = False, refused: Sequence[Mapping[str, str]] = ()
) -> pd.DataFrame:
    """Rank the candidates for nodes that the model has, or that have joined it; see `rank_all`.

    `refused` says of each of them by which votes candidates were judged. Shapes: asked [node].
    """
    around, other = model.around, 1 if end == "subject" else 0
    candidates = np.arange(model.trained[other])
    if len(asked) == 1:
        told = candidate_scores(model, end, int(asked[0]))[:, None]
    elif other:
        told = np.stack(logits_within(model, asked, candidates))
    else:
        told = np.stack(logits_within(model, candidates, asked)).transpose(0, 2, 1)
    tables = [
        _best(model, int(node), end, told[:, place], (top, new_only), refused[place] if refused else {})
        for place, node in enumerate(asked)
    ]
    side = around.subjects if end == "subject" else around.objects
    names = model.names[1 - other]
    for node, table in zip(asked, tables, strict=True):
        table.insert(0, model.task.columns[1 - other], side.nodes[node])
        table.insert(1, f"{model.task.columns[1 - other]}_name", names[node])
    return pd.concat(tables, ignore_index=True)


def _best(
    model: Model, asked: int, end: End, told: Matrix, wanted: tuple[int, bool], refused: Mapping[str, str]
) -> pd.DataFrame:
    """Return the best candidates for one node, of all log-odds and intervals. Shapes: told [3, candidate]."""
    values, low, high = told
    candidates, node = np.arange(len(values)), np.full(len(values), asked)
    rows, columns = (node, candidates) if end == "subject" else (candidates, node)
    listed = pairs_known(model, rows, columns)
    order = np.argsort(-values, kind="stable")
    top, new_only = wanted
    places = (np.flatnonzero(~listed[order]) if new_only else np.arange(len(order)))[:top]
    best = order[places]
    rows, columns, logits_ = rows[best], columns[best], values[best]
    said = _told(model, (rows, columns), logits_, (low[best], high[best]))
    ahead = {name: said.pop(name) for name in ("score", "probability")}
    other = 1 if end == "subject" else 0
    side, names = (model.around.subjects, model.around.objects)[other], model.names[other]
    return pd.DataFrame(
        {
            "rank": places + 1,
            model.task.columns[other]: [side.nodes[place] for place in best],
            "name": [names[place] for place in best],
            **ahead,
            "shortlist": shortlisted(model, rows, columns, logits_),
            **said,
            "known": listed[best],
            "judged": [refused.get(side.nodes[place], "") for place in best],
        }
    )


def asked_for(task: Task, store: Store, text: str, end: End | None) -> tuple[Node, End]:
    """Return the node that a text means, and the end of the task that it is at; raises what `find` raises."""
    if end is not None:
        return find(store, text, kind=task.kind_at(end)), end
    ends: tuple[End, End] = "subject", "object"
    found = [(node, one) for one in ends for node in meanings(store, [text], task.kind_at(one)).get(text, ())]
    if len(found) == 1:
        return found[0]
    return find(store, text, kind=task.kind_at(task.asked)), task.asked


def asked_of(store: Store, text: str, ways: Sequence[tuple[Task, End]]) -> tuple[Node, Task, End]:
    """Return the node that a text means at one of these ends of tasks, and which; raises what `find` raises."""
    found = [(node, *way) for way in ways for node in meanings(store, [text], way[0].kind_at(way[1])).get(text, ())]
    if len({(node.kind, node.id) for node, *_ in found}) > 1:
        raise AmbiguousName(text, tuple(node for node, *_ in found))
    if found:
        return found[0]
    failures = []
    for task, end in ways:
        try:
            return find(store, text, kind=task.kind_at(end)), task, end
        except UnknownNode as failure:
            failures.append(failure)
    raise failures[0]


def assert_trained_on(model: Trained, store: Store) -> None:
    """Raise `OtherGraphError` unless the store holds every release that the model was trained on, unchanged.

    Releases that came later, such as patients, do not matter: nothing is learned from them.
    """
    held = {_identity(release) for release in read_releases(store)}
    if lost := [release for release in model.sources if _identity(release) not in held]:
        raise OtherGraphError(
            f"the model was trained on {', '.join(f'{release.name} {release.version}' for release in lost)} with files "
            "that this store does not hold: train anew with `panakeia train`, or name the store it was trained on"
        )


def _sides(model: Model) -> tuple[tuple[End, Side], tuple[End, Side]]:
    return ("subject", model.around.subjects), ("object", model.around.objects)


def _identity(release: SourceRelease) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return release.name, release.version, tuple(sorted(release.files.items()))
