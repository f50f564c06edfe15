"""Rank: a Model and a node, of either end, to its candidates; a Model and pairs to their scores."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from scipy.special import expit

from gnn.checkpoint import Model
from gnn.likeness import Rows
from gnn.newcomers import described
from gnn.score import interval, joined, listen, logits, prior, probabilities, shortlisted
from gnn.task import End, Task
from kg.files.header import check_header
from kg.files.table import read_tsv
from kg.files.text import FileError
from kg.graph import SourceRelease
from kg.query import judged_not_indicated
from kg.search import Node, check_count, find, meanings
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

SCORE_COLUMNS = ("score", "probability", "prior", "known")

_SHOWN = 10


class Trained(Protocol):
    """A model that says which releases it was trained on."""

    @property
    def sources(self) -> tuple[SourceRelease, ...]: ...


class PairsError(ValueError):
    """Pairs that cannot be scored; the message names the lines."""


class UnknownCandidate(ValueError):
    """A node that the model has not seen and the store does not describe."""


class OtherGraphError(ValueError):
    """A store that does not hold the graph that the model was trained on."""


def read_pairs(path: str | Path, columns: tuple[str, str]) -> pd.DataFrame:
    """Read pairs from a TSV with a header line and at least these columns, all as text.

    Row i of the frame is line i + 2 of the file. Raises `PairsError`, which names file and line, for what
    `kg.files.table.read_tsv` refuses and for pairs that have scores already.
    """
    try:
        table = read_tsv(path, columns)
    except FileError as failure:
        raise PairsError(str(failure)) from None
    _check_new(path, table.header)
    return pd.DataFrame(list(table.rows.values()), columns=list(table.header), dtype=str)


def score(model: Model, store: Store, pairs: pd.DataFrame, origin: object = "the pairs") -> pd.DataFrame:
    """Score pairs, the ends of each given by identifier, name or synonym, in the columns of `model.task.columns`.

    Returns the same rows in the same order, with `score` (like a probability that the pair stands in the list that was
    learned from), `probability` (the same, calibrated), `prior` (the same from the two degrees alone) and `known` (in
    that list, see `Model.listed`) added. A node that the model has not seen is scored by what the store says of it.
    Raises `PairsError` naming the lines (counting a header as line 1) of what is not in the store, and
    `OtherGraphError` for a store with another release; `origin` says in a message where the pairs are from.
    """
    assert_trained_on(model, store)
    task = model.task
    check_columns(origin, [str(column) for column in pairs.columns], task)
    ids, bad = {}, []
    for kind, column, end in zip(task.kinds, task.columns, ("subject", "object"), strict=True):
        ids[end], wrong = _meant(model, store, kind, pairs[column], end)
        bad += wrong
    if bad:
        bad.sort()
        more = f"\n... and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        told = "\n".join(f"line {line}: {why}" for line, why in bad[:_SHOWN])
        raise PairsError(f"{origin}: {len(bad)} ends of pairs cannot be scored:\n{told}{more}")
    model = with_newcomers(model, store, ids["subject"], ids["object"])
    rows, columns = (pd.Index(side.nodes).get_indexer(pd.Index(ids[end])) for end, side in _sides(model))
    return pairs.assign(**scored(model, rows, columns))


def scored(model: Model, rows: Rows, columns: Rows) -> dict[str, np.ndarray]:
    """Return what is said of each pair, by `SCORE_COLUMNS`. Shapes: rows, columns [pair]."""
    across, down = np.unique(rows), np.unique(columns)
    where = np.searchsorted(across, rows), np.searchsorted(down, columns)
    found = logits(model, across, down)
    return {
        "score": expit(found)[where],
        "probability": probabilities(model, across, down, found)[where],
        "prior": prior(model, across, down)[where],
        "known": known(model, across, down)[where],
    }


def known(model: Model, rows: Rows, columns: Rows) -> np.ndarray:
    """Return which pairs are in the list that was learned from. Shapes: [row, column]."""
    pairs = model.answers.known[model.task.relation].tocoo()
    keys = model.senders.subjects[pairs.row] * model.around.shape[1] + model.senders.objects[pairs.col]
    return np.isin(rows[:, None] * model.around.shape[1] + columns[None, :], keys)


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
    data drawn anew would say), prior, lift (score over prior), known (in a source's list: `Model.listed` says whose),
    judged (what curators voted who judged the pair, else nothing; the model has not seen it). Raises what `find`
    raises, `OtherGraphError` for a store with another release, `ValueError` for a `top` below 1.
    """
    check_count("top", top)
    assert_trained_on(model, store)
    found, end = asked_for(model, store, node, end)
    if end == "subject":
        model = with_newcomers(model, store, [found.id], [])
        rows, columns = np.array([model.around.subjects.nodes.index(found.id)]), np.arange(model.trained[1])
        side, names, kind = model.around.objects, model.names[1], model.task.object
    else:
        model = with_newcomers(model, store, [], [found.id])
        rows, columns = np.arange(model.trained[0]), np.array([model.around.objects.nodes.index(found.id)])
        side, names, kind = model.around.subjects, model.names[0], model.task.subject
    listed = known(model, rows, columns).ravel()
    found_logits = logits(model, rows, columns)
    values = found_logits.ravel()
    probable = probabilities(model, rows, columns, found_logits).ravel()
    listed_short = shortlisted(model, rows, columns, found_logits).ravel()
    order = np.argsort(-values, kind="stable")
    places = np.flatnonzero(~listed[order]) if new_only else np.arange(len(order))
    best = order[places[:top]]
    low, high = _interval(model, rows, columns, best, end)
    priors = prior(model, rows, columns).ravel()[best]
    refused = judged_not_indicated(store, found.id) if found.kind == "Disease" else {}
    return pd.DataFrame(
        {
            "rank": places[:top] + 1,
            kind.lower(): [side.nodes[place] for place in best],
            "name": [names[place] for place in best],
            "score": expit(values[best]),
            "probability": probable[best],
            "shortlist": listed_short[best],
            "low": low,
            "high": high,
            "prior": priors,
            "lift": expit(values[best]) / priors,
            "known": listed[best],
            "judged": [refused.get(side.nodes[place], "") for place in best],
        }
    )


def _interval(model: Model, rows: Rows, columns: Rows, best: Rows, end: End) -> tuple[np.ndarray, np.ndarray]:
    """Return the intervals of the best candidates."""
    told = listen(model, rows, columns[best]) if end == "subject" else listen(model, rows[best], columns)
    low, high = interval(model, told)
    return low.ravel(), high.ravel()


def asked_for(model: Model, store: Store, text: str, end: End | None) -> tuple[Node, End]:
    """Return the node that a text means, and the end of the task that it is at; raises what `find` raises."""
    task = model.task
    if end is not None:
        return find(store, text, kind=task.subject if end == "subject" else task.object), end
    found = [
        (node, "subject" if kind == task.subject else "object")
        for kind in task.kinds
        for node in meanings(store, [text], kind).get(text, ())
    ]
    if len(found) == 1:
        return found[0]
    return find(store, text, kind=task.object if task.asked == "object" else task.subject), task.asked


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


def _sides(model: Model):
    return ("subject", model.around.subjects), ("object", model.around.objects)


def _identity(release: SourceRelease) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return release.name, release.version, tuple(sorted(release.files.items()))


def check_columns(origin: object, header: Sequence[str], task: Task) -> None:
    try:
        check_header(origin, header, task.columns, "\t")
    except FileError as failure:
        raise PairsError(str(failure)) from None
    _check_new(origin, header)


def _check_new(origin: object, header: Sequence[str]) -> None:
    if taken := [column for column in SCORE_COLUMNS if column in header]:
        raise PairsError(f"{origin}, line 1: the column {taken[0]} is there already; expected pairs without scores")


def _meant(
    model: Model, store: Store, kind: str, column: pd.Series, end: End
) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the identifier that each value means, and of those that mean none the line and why."""
    nodes = dict(_sides(model))[end].nodes
    texts = pd.Index(column.astype(str))
    others = texts[pd.Index(nodes).get_indexer(texts) < 0].unique()
    found = meanings(store, list(others), kind) if len(others) else {}
    meant = {text: ones[0].id for text, ones in found.items() if len(ones) == 1}
    why = {text: _not_meant(text, found.get(text, ()), kind) for text in others if text not in meant}
    return [meant.get(text, text) for text in texts], [
        (place + 2, why[text]) for place, text in enumerate(texts) if text in why
    ]


def _not_meant(text: str, meant: tuple[Node, ...], kind: str) -> str:
    """Say why a text means no node."""
    if len(meant) > 1:
        return f"{text!r} names {len(meant)} nodes, {', '.join(node.id for node in meant)}: give one of these"
    return f"{text!r} is not in the graph; expected a {kind.lower()}, by CURIE or name"
