"""Matrix: every pair of a model's two ends with its score, a block at a time, so that any size fits in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import expit

from gnn.checkpoint import Model
from gnn.likeness import Matrix, Rows
from gnn.rank import assert_trained_on, known
from gnn.score import judged, prior, probabilities, swept
from kg.progress import Progress, silent
from kg.query.predicted import pairs_of
from kg.stores.protocol import Store

TENTHS = 10


@dataclass(frozen=True)
class Written:
    """What a matrix holds: how many pairs, and by tenths of the score how many there are and how many are listed."""

    subjects: int
    objects: int
    pairs: int
    counts: np.ndarray
    known: np.ndarray


def write(
    model: Model, store: Store, path: Path, *, new_only: bool = False, version: str = "", progress: Progress = silent
) -> Written:
    """Write all pairs of what the model was trained on as Parquet, a row each.

    Columns: both ends by their kinds, each with its name (dictionaries), score, probability, prior (float32), known (in
    the list of the model's source), judged_not_indicated (curators who judged the pair voted so). With `new_only`,
    listed pairs are left out. `version` names the data in the file's metadata. Raises `gnn.rank.OtherGraphError`.
    """
    assert_trained_on(model, store)
    refused = _refused(model, store)
    counts, listed = np.zeros(TENTHS, np.int64), np.zeros(TENTHS, np.int64)
    schema = _schema(model).with_metadata({"task": model.task.name, "data_version": version})
    done, whole = 0, model.trained[0] * model.trained[1]
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for rows, columns, logits in _blocks(model):
            table, kept = _table(model, (rows, columns), logits, refused, new_only)
            file.write_table(table.cast(schema))
            tenth = np.minimum((expit(logits.ravel()[kept]) * TENTHS).astype(int), TENTHS - 1)
            counts += np.bincount(tenth, minlength=TENTHS)
            listed += np.bincount(tenth[table["known"].to_numpy()], minlength=TENTHS)
            done += logits.size
            progress("score all pairs", done / whole)
    return Written(*model.trained, int(counts.sum()), counts, listed)


def _refused(model: Model, store: Store) -> Rows:
    """Return the pairs that curators judged and refused, each as its place among all pairs, row by row."""
    pairs = pairs_of(store, model.task.judged) if model.task.judged else ()
    if not pairs:
        return np.zeros(0, np.int64)
    sides = model.around.subjects, model.around.objects
    rows, columns = (
        pd.Index(side.nodes[:count]).get_indexer(pd.Index(ids))
        for side, count, ids in zip(sides, model.trained, zip(*pairs, strict=True), strict=True)
    )
    both = (rows >= 0) & (columns >= 0)
    return np.asarray(rows[both] * model.trained[1] + columns[both], np.int64)


def _blocks(model: Model) -> Iterator[tuple[Rows, Rows, Matrix]]:
    """Yield rectangles of pairs, and their log-odds: subjects, objects, [subject, object]."""
    subjects, objects = (np.arange(count) for count in model.trained)
    for told, _, _ in swept(model, subjects, objects):
        yield told.seen.rows, told.seen.columns, judged(model, told)


def _table(
    model: Model, ends: tuple[Rows, Rows], logits: Matrix, refused: Rows, new_only: bool
) -> tuple[pa.Table, np.ndarray]:
    """Return a block's pairs as rows, and which of its pairs these are."""
    across, down = (part.ravel() for part in np.meshgrid(*ends, indexing="ij"))
    stated = known(model, *ends).ravel()
    kept = np.flatnonzero(~stated) if new_only else np.arange(stated.size)
    told: dict[str, pa.Array] = {}
    sides = (model.around.subjects, model.around.objects)
    for column, side, names, places in zip(model.task.columns, sides, model.names, (across, down), strict=True):
        unique, index = np.unique(places[kept], return_inverse=True)
        codes = pa.array(index.astype(np.int32))
        told[column] = pa.DictionaryArray.from_arrays(codes, pa.array([side.nodes[place] for place in unique]))
        told[f"{column}_name"] = pa.DictionaryArray.from_arrays(codes, pa.array([names[place] for place in unique]))
    logit = logits.ravel()[kept]
    told["score"] = pa.array(expit(logit).astype(np.float32))
    told["probability"] = pa.array(probabilities(model, across[kept], down[kept], logit).astype(np.float32))
    told["prior"] = pa.array(prior(model, *ends).ravel()[kept].astype(np.float32))
    told["known"] = pa.array(stated[kept])
    told["judged_not_indicated"] = pa.array(np.isin(across[kept] * model.trained[1] + down[kept], refused))
    return pa.table(told), kept


def _schema(model: Model) -> pa.Schema:
    text = pa.dictionary(pa.int32(), pa.string())
    ends = [pa.field(name, text) for column in model.task.columns for name in (column, f"{column}_name")]
    numbers = [pa.field(name, pa.float32()) for name in ("score", "probability", "prior")]
    return pa.schema([*ends, *numbers, *(pa.field(name, pa.bool_()) for name in ("known", "judged_not_indicated"))])
