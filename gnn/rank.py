"""Rank: a Model and a disease to its candidate drugs; a Model and pairs to their scores."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from gnn.checkpoint import Model
from kg.files.header import check_header
from kg.files.table import read_tsv
from kg.files.text import FileError
from kg.graph import SourceRelease
from kg.query import judged_not_indicated
from kg.search import Node, check_count, find, meanings
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

PAIR_COLUMNS = ("drug", "disease")
SCORE_COLUMNS = ("score", "prior", "known")

_SHOWN = 10


class PairsError(ValueError):
    """Pairs that cannot be scored; the message names the lines."""


class UnknownCandidate(ValueError):
    """A drug or disease that the model has not seen."""


class OtherGraphError(ValueError):
    """A store that does not hold the graph that the model was trained on."""


def read_pairs(path: str | Path) -> pd.DataFrame:
    """Read pairs from a TSV with a header line and at least the columns `drug` and `disease`, all as text.

    Row i of the frame is line i + 2 of the file. Raises `PairsError`, which names file and line, for what
    `kg.files.table.read_tsv` refuses and for pairs that have scores already.
    """
    try:
        table = read_tsv(path, PAIR_COLUMNS)
    except FileError as failure:
        raise PairsError(str(failure)) from None
    _check_columns(path, table.header)
    return pd.DataFrame(list(table.rows.values()), columns=list(table.header), dtype=str)


def score(model: Model, store: Store, pairs: pd.DataFrame, origin: object = "the pairs") -> pd.DataFrame:
    """Score pairs of a drug and a disease, each given by identifier, name or synonym.

    Returns the same rows in the same order, with `score`, `prior` (probability-like, see `gnn.checkpoint.Model`) and
    `known` (in the list that the model learned from: see `Model.listed`) added. Raises `PairsError` naming the lines
    (counting a header as line 1) of what is not in the store, or not among the model's candidates, and
    `OtherGraphError` for a store with another release; `origin` says in a message where the pairs are from.
    """
    assert_trained_on(model, store)
    _check_columns(origin, [str(column) for column in pairs.columns])
    drugs, bad_drugs = _rows(store, "Drug", pairs["drug"], model.drugs)
    diseases, bad_diseases = _rows(store, "Disease", pairs["disease"], model.diseases)
    if bad := sorted(bad_drugs + bad_diseases):
        more = f"\n... and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        told = "\n".join(f"line {line}: {why}" for line, why in bad[:_SHOWN])
        raise PairsError(f"{origin}: {len(bad)} drugs or diseases cannot be scored:\n{told}{more}")
    return pairs.assign(
        score=model.scores[drugs, diseases],
        prior=model.priors[drugs, diseases],
        known=model.known[drugs, diseases],
    )


def rank(model: Model, store: Store, disease: str, *, top: int = 20, new_only: bool = False) -> pd.DataFrame:
    """Rank the drugs for a disease (given as for `kg.search.find`), best first; with `new_only` leave out listed ones.

    Columns: rank (among all drugs), drug, name, score, prior, lift (score over prior), known (in a source's list:
    `Model.listed` says whose), judged (what curators voted who judged the drug not indicated for the disease, else
    nothing; the model has not seen it). Raises what `find` raises, `UnknownCandidate` for a disease that the model has
    not seen, `OtherGraphError` for a store with another release, `ValueError` for a `top` below 1.
    """
    check_count("top", top)
    assert_trained_on(model, store)
    found = find(store, disease, kind="Disease")
    column, judged = row_of(found, model.diseases), judged_not_indicated(store, found.id)
    order = np.argsort(-model.scores[:, column], kind="stable")
    places = np.flatnonzero(~model.known[order, column]) if new_only else np.arange(len(order))
    best = order[places[:top]]
    scores, priors = model.scores[best, column], model.priors[best, column]
    return pd.DataFrame(
        {
            "rank": places[:top] + 1,
            "drug": [model.drugs[row] for row in best],
            "name": [model.drug_names[row] for row in best],
            "score": scores,
            "prior": priors,
            "lift": scores / priors,
            "known": model.known[best, column],
            "judged": [judged.get(model.drugs[row], "") for row in best],
        }
    )


def assert_trained_on(model: Model, store: Store) -> None:
    """Raise `OtherGraphError` unless the store holds every release that the model was trained on, unchanged.

    Releases that came later, such as patients, do not matter: nothing is learned from them.
    """
    held = {_identity(release) for release in read_releases(store)}
    if lost := [release for release in model.sources if _identity(release) not in held]:
        raise OtherGraphError(
            f"the model was trained on {', '.join(f'{release.name} {release.version}' for release in lost)} with files "
            "that this store does not hold: train anew with `panakeia train`, or name the store it was trained on"
        )


def row_of(node: Node, candidates: Sequence[str]) -> int:
    """Return a node's row in the model's arrays; raises `UnknownCandidate`."""
    try:
        return candidates.index(node.id)
    except ValueError as failure:
        raise UnknownCandidate(
            f"{node.name} ({node.id}) is not one of the model's {len(candidates)} {node.kind.lower()}s: it was not in "
            "the graph that the model was trained on, or it has no preferred identifier"
        ) from failure


def _identity(release: SourceRelease) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return release.name, release.version, tuple(sorted(release.files.items()))


def _check_columns(origin: object, header: Sequence[str]) -> None:
    try:
        check_header(origin, header, PAIR_COLUMNS, "\t")
    except FileError as failure:
        raise PairsError(str(failure)) from None
    if taken := [column for column in SCORE_COLUMNS if column in header]:
        raise PairsError(f"{origin}, line 1: the column {taken[0]} is there already; expected pairs without scores")


def _rows(
    store: Store, kind: str, column: pd.Series, candidates: Sequence[str]
) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Return each value's row in the model's arrays, and of those that have none the line and why."""
    index, texts = pd.Index(candidates), pd.Index(column.astype(str))
    rows = index.get_indexer(texts)
    others = texts[rows < 0].unique()
    found = meanings(store, list(others), kind) if len(others) else {}
    meant = {text: nodes[0].id for text, nodes in found.items() if len(nodes) == 1}
    rows = index.get_indexer(texts.map(lambda text: meant.get(text, text)))
    why = {text: _not_scored(text, nodes, kind, len(candidates)) for text, nodes in found.items()}
    return rows, [(int(place) + 2, why[texts[place]]) for place in np.flatnonzero(rows < 0)]


def _not_scored(text: str, meant: tuple[Node, ...], kind: str, candidates: int) -> str:
    """Say why a text is none of the model's candidates."""
    if len(meant) > 1:
        return f"{text!r} names {len(meant)} nodes, {', '.join(node.id for node in meant)}: give one of these"
    why = "is in the graph, but the model has not learned it" if meant else "is not in the graph"
    return f"{text!r} {why}; expected one of {candidates} {kind.lower()}s, by CURIE or name"
