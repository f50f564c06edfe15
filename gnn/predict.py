"""Predict: the best pairs that are in no list, as predicted edges of a store, apart from what sources state.

Such edges are never learned from (`gnn.view`), walked along (`kg.paths`) or written as facts (`kg.rdf`). Those of one
task come from one model: the next one's replace them.
"""

import heapq
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.special import expit

from gnn.checkpoint import Model
from gnn.likeness import Rows
from gnn.rank import assert_trained_on, known
from gnn.score import judged, pair_priors, probabilities, swept
from kg.graph import Graph, SourceRelease, data_version, table
from kg.query.predicted import edges_of, pairs_of
from kg.schema import RELATIONS, edge_columns
from kg.search import check_count
from kg.stores.protocol import Store

VERSION = "the last written"
"""The version of the release that predicted edges are of: which model it is they say themselves."""


def candidates(model: Model, store: Store, top: int, *, each: bool = False) -> pd.DataFrame:
    """Return the `top` pairs of all that no source lists and no curator refused, best first; with `each`, a node.

    A node is one of the end that the task is asked for: a disease, say. Columns: both ends by their kinds, each with
    its name; score, probability, prior. Raises `gnn.rank.OtherGraphError`, `ValueError` for a `top` below 1.
    """
    check_count("top", top)
    assert_trained_on(model, store)
    refused = _refused(model, store)
    best: dict[int, list[tuple[float, int, int]]] = {}
    for logit, row, column in _unlisted(model, top + (_SPARE if refused else 0), each):
        if (row, column) in refused:
            continue
        heap = best.setdefault((row, column)[model.task.asked_place] if each else 0, [])
        (heapq.heappush if len(heap) < top else heapq.heappushpop)(heap, (logit, -row, -column))
    chosen = sorted((one for heap in best.values() for one in heap), reverse=True)
    logits = np.array([logit for logit, *_ in chosen], np.float32)
    rows, columns = (-np.array([one[place] for one in chosen], np.int64) for place in (1, 2))
    told: dict[str, object] = {}
    for column, side, names, places in zip(
        model.task.columns, (model.around.subjects, model.around.objects), model.names, (rows, columns), strict=True
    ):
        told |= {column: [side.nodes[place] for place in places], f"{column}_name": [names[place] for place in places]}
    return pd.DataFrame(
        {
            **told,
            "score": expit(logits),
            "probability": probabilities(model, rows, columns, logits),
            "prior": pair_priors(model, rows, columns),
        }
    )


def write(model: Model, store: Store, identity: str, found: pd.DataFrame, explain: Callable[[str, str], str]) -> int:
    """Put candidates into a store as predicted edges; return how many of an earlier model they replaced.

    `identity` names the model, `explain` says in words why a subject is predicted for an object.
    """
    relation = f"predicted_{model.task.name}"
    ends, release = RELATIONS[relation], _release(model, identity)
    subject, target = (model.task.columns[model.task.kinds.index(kind)] for kind in (ends.subject, ends.object))
    ours = model.task.columns
    rows = [
        {
            "subject": row[subject],
            "object": row[target],
            "source": release.name,
            "source_version": release.version,
            "licence": release.licence,
            "knowledge_level": "prediction",
            "agent_type": "computational_model",
            "references": [],
            "score": float(row["score"]),
            "probability": float(row["probability"]),
            "prior": float(row["prior"]),
            "model": identity,
            "data_version": data_version(model.sources),
            "explanation": explain(row[ours[0]], row[ours[1]]),
        }
        for row in found.to_dict(orient="records")
    ]
    gone = edges_of(store, relation)
    store.add(Graph({}, {relation: table(edge_columns(relation), rows)}, (release,)), Graph({}, {relation: gone}))
    return int(gone.num_rows)


def _release(model: Model, identity: str) -> SourceRelease:
    """Return what the edges are of; its licence names those of all data that the model learned from."""
    licences = sorted({release.licence for release in model.sources if release.licence})
    return SourceRelease(
        name=f"panakeia-{model.task.name}",
        version=VERSION,
        licence=" AND ".join(licences),
        citation=f"Predicted by panakeia, model {identity}",
        url="",
        files={"model": identity},
    )


def _unlisted(model: Model, top: int, each: bool) -> Iterator[tuple[float, int, int]]:
    """Yield log-odds, row and column of the best pairs of each block that no source lists."""
    rows, columns = (np.arange(count) for count in model.trained)
    for told, above, left in swept(model, rows, columns):
        mine, block = told.seen.rows, told.seen.columns
        values = np.where(known(model, mine, block), -np.inf, judged(model, told))
        for place in _largest(values, top, each, model.task.asked_place):
            row, column = np.unravel_index(place, values.shape)
            if np.isfinite(values[row, column]):
                yield float(values[row, column]), above + int(row), left + int(column)


def _largest(values: np.ndarray, top: int, each: bool, asked_place: int) -> Rows:
    """Return the places of the largest values; with `each`, of each row or column."""
    if not each:
        return np.argpartition(-values.ravel(), min(top, values.size) - 1)[:top]
    axis = 1 - asked_place
    count = min(top, values.shape[axis])
    places = np.argpartition(-values, count - 1, axis=axis).take(range(count), axis=axis)
    return np.take_along_axis(np.arange(values.size).reshape(values.shape), places, axis=axis).ravel()


_SPARE = 300
"""As many pairs more are looked at in each block, where curators may have refused some."""


def _refused(model: Model, store: Store) -> set[tuple[int, int]]:
    """Return the pairs, by their places, that curators judged and refused."""
    pairs = pairs_of(store, model.task.judged) if model.task.judged else ()
    if not pairs:
        return set()
    sides = model.around.subjects, model.around.objects
    places = [
        pd.Index(side.nodes).get_indexer(pd.Index(ids))
        for side, ids in zip(sides, zip(*pairs, strict=True), strict=True)
    ]
    return {(int(row), int(column)) for row, column in zip(*places, strict=True)}
