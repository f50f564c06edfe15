"""Hear: pairs that are hidden, fold by fold, and what the rest of the records says of them.

Every readout is fitted on pairs that the regressions did not know: single pairs, whole patients, whole drugs, or what
comes after a moment. All cases of a patient are in one fold. What is held out is no negative either.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.patients.likes import Likes
from gnn.patients.model import FROM_GRAPH, INPUTS, LATER, Asked, cold_drugs, flat, inputs_of
from gnn.patients.received import Later, Matrix, learn_later, learn_record
from gnn.shared import ALONE, Shared
from gnn.task import COLD_OBJECT, COLD_SUBJECT, WARM
from kg.patients.known import Longs

FOLDS = 5
STRANGERS = 300
"""How many drugs that nobody takes are heard of."""
_SURELY_TAKEN = 12
"""So many patients' drug counts as one of more."""


@dataclass(frozen=True)
class Learned:
    """All that is learned from: the ends of records, the landmarks, and what the graph says.

    Shapes: taken, open_ [patient, drug], of the ends; labels, candidates [landmark, drug]; patient, kind [landmark].
    """

    ends: Asked
    open_: NDArray[np.bool_]
    landmarks: Asked
    labels: Matrix
    candidates: NDArray[np.bool_]
    patient: Longs
    kind: Longs
    likes: Likes
    sets: int
    shared: Shared = ALONE


@dataclass(frozen=True)
class Heard:
    """Pairs that were hidden, by fold: their inputs, whether they are answers, how many each stands for, and whose.

    `level` is how many it stands for where it matters how common answers are, if that is not as it was hidden.

    Shapes: inputs [pair, input], the others [pair].
    """

    inputs: Matrix
    target: Matrix
    weight: Matrix
    fold: Longs
    patient: Longs
    level: Matrix


def hear(data: Learned, regime: str, random: np.random.Generator) -> Heard:
    """Hide what a regime is about, and hear what the rest says of it."""
    if regime in LATER:
        return first_later(data, np.flatnonzero(data.kind == LATER[regime]), regime, random)
    return {WARM: warm, COLD_SUBJECT: cold_subject, COLD_OBJECT: cold_object}[regime](data, random)


def warm(data: Learned, random: np.random.Generator) -> Heard:
    """Hide single pairs of the whole records, and hear what the rest says of them."""
    has = data.ends.told.has
    dealt = random.integers(FOLDS, size=has.shape)
    found = []
    for fold in range(FOLDS):
        told = replace(data.ends.told, has=np.where(dealt == fold, 0, has).astype(np.float32))
        of = Asked(told, data.ends.treated)
        inputs = inputs_of(learn_record(told, data.sets, shared=data.shared), data.likes, of, WARM)
        chosen = (dealt == fold) & data.open_
        found.append(_pairs(inputs, has, chosen, fold, np.arange(len(has))))
    return _together(found)


def cold_subject(data: Learned, random: np.random.Generator) -> Heard:
    """Hide all drugs of whole patients."""
    has = data.ends.told.has
    dealt = random.permutation(len(has)) % FOLDS
    found = []
    for fold in range(FOLDS):
        here, rest = np.flatnonzero(dealt == fold), np.flatnonzero(dealt != fold)
        record = learn_record(data.ends.told.of(rest), data.sets, whole=False, shared=data.shared)
        bare = data.ends.told.of(here)
        of = Asked(replace(bare, has=np.zeros_like(bare.has)), data.ends.treated[here])
        inputs = inputs_of(record, data.likes, of, COLD_SUBJECT)
        found.append(_pairs(inputs, has[here], data.open_[here], fold, here))
    return _together(found)


def cold_object(data: Learned, random: np.random.Generator) -> Heard:
    """Hide all that is told of whole drugs, from whoever takes them.

    Drugs that nobody takes are heard of too, or of some of them: most of those are taken by nobody for a reason. Which
    of two such drugs comes first is learned from all; how seldom one is taken at all from those of few patients: one of
    n patients would be a drug of nobody in a random fold with a chance of `FOLDS`^-n.
    """
    has = data.ends.told.has
    dealt = random.permutation(has.shape[1]) % FOLDS
    strange = random.permutation(np.arange(has.shape[1], data.likes.near.shape[0]))
    some = strange[:STRANGERS]
    found = []
    for fold in range(FOLDS):
        hidden = np.flatnonzero(dealt == fold)
        left = has.copy()
        left[:, hidden] = 0
        of = Asked(replace(data.ends.told, has=left), data.ends.treated)
        record = learn_record(of.told, data.sets, whole=False, shared=data.shared)
        heard = replace(data.likes, near=_without_columns(data.likes.near, hidden))
        inputs = cold_drugs(record, heard, of, hidden)
        (takers,) = data.shared.total("takers", has[:, hidden].sum(axis=0))
        chance = float(FOLDS) ** -np.minimum(takers, _SURELY_TAKEN)
        heard_of = _pairs(inputs, has[:, hidden], data.open_[:, hidden], fold, np.arange(len(has)))
        level = np.broadcast_to(chance, (len(has), len(hidden)))[data.open_[:, hidden]].astype(np.float32)
        found.append(replace(heard_of, level=level))
        if len(mine := some[fold::FOLDS]):
            none = np.zeros((len(has), len(mine)), np.float32)
            inputs = cold_drugs(record, heard, of, mine)
            found.append(_pairs(inputs, none, none == 0, fold, np.arange(len(has)), len(strange) / len(some)))
    return _together(found)


def first_later(data: Learned, rows: Longs, regime: str, random: np.random.Generator) -> Heard:
    """Hide what comes after the landmarks of whole patients: none of their cases is learned from.

    Shapes: rows [landmark], those to learn from.
    """
    _, patient = np.unique(data.patient[rows], return_inverse=True)
    dealt = (random.permutation(patient.max(initial=-1) + 1) % FOLDS)[patient]
    found = []
    for fold in range(FOLDS):
        here, rest = rows[dealt == fold], rows[dealt != fold]
        if data.shared.anywhere("cases of a fold", len(here), len(rest)):
            of = Asked(data.landmarks.told.of(here), data.landmarks.treated[here])
            inputs = inputs_of(moved(data, rest), data.likes, of, regime)
            found.append(_pairs(inputs, data.labels[here], data.candidates[here], fold, data.patient[here]))
    return _together(found)


def moved(data: Learned, rows: Longs) -> Later:
    """Fit the regressions on what comes after these landmarks. Shapes: rows [landmark]."""
    return learn_later(
        data.landmarks.told.of(rows),
        data.labels[rows],
        data.candidates[rows].astype(np.float32),
        data.patient[rows],
        data.sets,
        data.shared,
    )


def only(heard: Heard, regime: str, parts: tuple[str, ...]) -> Heard:
    """Leave out what the graph says, where its chains are no part of the model: those inputs are 0."""
    if "chains" in parts:
        return heard
    silent_ = [place for place, name in enumerate(INPUTS[regime]) if name in FROM_GRAPH]
    inputs = heard.inputs.copy()
    inputs[:, silent_] = 0
    return replace(heard, inputs=inputs)


def _pairs(
    inputs: Matrix, target: Matrix, chosen: NDArray[np.bool_], fold: int, patient: Longs, weight: float = 1.0
) -> Heard:
    rows = np.nonzero(chosen)[0]
    wanted, weights = chosen.ravel(), np.full(len(rows), weight, np.float32)
    return Heard(
        flat(inputs)[wanted], target.ravel()[wanted], weights, np.full(len(rows), fold), patient[rows], weights
    )


def _together(found: list[Heard]) -> Heard:
    if not found:
        none, nobody = np.zeros(0, np.float32), np.zeros(0, np.int64)
        return Heard(np.zeros((0, 0), np.float32), none, none, nobody, nobody, none)
    columns = zip(
        *((one.inputs, one.target, one.weight, one.fold, one.patient, one.level) for one in found), strict=True
    )
    return Heard(*(np.concatenate(column) for column in columns))


def _without_columns(matrix: sp.csr_array, columns: Longs) -> sp.csr_array:
    kept = np.ones(matrix.shape[1], np.float32)
    kept[columns] = 0
    return (matrix @ sp.diags_array(kept)).tocsr()
