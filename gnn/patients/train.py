"""Train: the visible loop from a graph with patients to a PatientModel.

Every readout is fitted on pairs that the regressions did not know: their drugs were hidden, one inner fold after the
other: single pairs, whole patients, whole drugs. All cases of a patient are in one fold. What is held out is in no
label, in no history, and no negative either.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.calibrate import Calibrator, fit_calibrator
from gnn.config import ConfigError, TrainConfig
from gnn.patients.cases import NOW, Cases, bounds_of, cases
from gnn.patients.events import Events, Longs, read_events
from gnn.patients.hidden import marks
from gnn.patients.likes import Likes, likes
from gnn.patients.model import (
    FROM_GRAPH,
    INPUTS,
    LATER,
    REGIMES,
    Asked,
    PatientModel,
    cold_drugs,
    flat,
    inputs_of,
    treated_in,
)
from gnn.patients.received import (
    Later,
    Matrix,
    Vocabulary,
    in_words,
    known,
    learn_later,
    learn_record,
    vocabulary,
)
from gnn.readout import Examples, Readout, fit
from gnn.split import assert_no_leak, without
from gnn.task import COLD_OBJECT, COLD_SUBJECT, WARM
from gnn.view import learned_from, view
from kg.graph import Graph
from kg.patients.terminology import RECORDS_LICENCE
from kg.progress import Progress, silent

FOLDS = 5
RIDGE = 1.0
CALIBRATED_BY = 60_000
"""How many pairs that are no answers a calibrator looks at, beside all that are."""

STRANGERS = 300
"""How many drugs that nobody takes are heard of."""

KINDS = ("Patient", "Drug")


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


@dataclass(frozen=True)
class Heard:
    """Pairs that were hidden, by fold: their inputs, whether they are answers, how many each stands for, and whose.

    Shapes: inputs [pair, input], the others [pair].
    """

    inputs: Matrix
    target: Matrix
    weight: Matrix
    fold: Longs
    patient: Longs


def train(
    graph: Graph, config: TrainConfig, progress: Progress = silent, held_out: pd.DataFrame | None = None
) -> PatientModel:
    """Train on all patients of a graph who did not withdraw consent.

    `held_out` pairs (columns patient, drug) are taken out in every form. The same config and graph give the same model.
    Raises `ConfigError` for a graph with fewer than `FOLDS` patients who take a drug.
    """
    if held_out is not None:
        graph = without(graph, held_out, KINDS)
        assert_no_leak(graph, held_out, KINDS)
    progress("read the records", 0.0)
    events = read_events(graph)
    bounds = bounds_of(events)
    told = cases(events, bounds)
    if len(np.unique(told.patient[np.flatnonzero(told.earlier.sum(axis=1))])) < FOLDS:
        raise ConfigError(
            f"the graph has fewer than {FOLDS} patients who take a drug and did not withdraw consent: import more with "
            "`panakeia patient import`"
        )
    public = public_part(graph, config)
    words = vocabulary(told, events.sources, told.drugs)
    names = dict(zip(graph.nodes["Drug"]["id"].to_pylist(), graph.nodes["Drug"]["name"].to_pylist(), strict=True))
    candidates = (*told.drugs, *sorted(names.keys() - set(told.drugs)))
    progress("look at drugs", 0.1)
    of = likes(view(public), candidates, told.drugs)
    data = gather(told, events, words, of, held_out)
    random = np.random.default_rng([config.seed, 3])
    readouts, calibrators = {}, {}
    for place, regime in enumerate(REGIMES):
        progress(f"hide what is to be foretold: {regime}", 0.2 + 0.8 * place / len(REGIMES))
        heard = only(hear(data, regime, random), regime, config.parts)
        if heard.target.any():
            readouts[regime], calibrators[regime] = judge(heard, config, random)
    progress("trained", 1.0)
    return PatientModel(
        config=config,
        sources=learned_from(public),
        records=_counts(events),
        hidden=marks(held_out) if held_out is not None else np.zeros(0, np.int64),
        candidates=candidates,
        names=tuple(names[drug] or drug for drug in candidates),
        words=words,
        bounds=bounds,
        record=learn_record(data.ends.told, data.sets),
        later={
            name: moved(data, np.flatnonzero(data.kind == kind)) for name, kind in LATER.items() if name in readouts
        },
        likes=of,
        readouts=readouts,
        calibrators={name: one for name, one in calibrators.items() if one is not None},
    )


def gather(told: Cases, events: Events, words: Vocabulary, of: Likes, held_out: pd.DataFrame | None) -> Learned:
    """Put cases into words, and their labels into tables."""
    every = Asked(known(words, told, events.sources), treated_in(of, told))
    hidden = _hidden(told, held_out)
    ends, landmarks = np.flatnonzero(told.kind == NOW), np.flatnonzero(told.kind != NOW)
    shape = told.given.shape
    later = sp.csr_array((np.ones(told.labels.shape[1], np.float32), told.labels), shape=shape)
    labels, given = (in_words(one, told.drugs, words.drugs).toarray()[landmarks] for one in (later, told.given))
    return Learned(
        ends=Asked(every.told.of(ends), every.treated[ends]),
        open_=~hidden[told.patient[ends]],
        landmarks=Asked(every.told.of(landmarks), every.treated[landmarks]),
        labels=labels,
        candidates=(given == 0) & ~hidden[told.patient[landmarks]],
        patient=told.patient[landmarks],
        kind=told.kind[landmarks],
        likes=of,
        sets=len(words.sources) + 1,
    )


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
        inputs = inputs_of(learn_record(told, data.sets), data.likes, of, WARM)
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
        record = learn_record(data.ends.told.of(rest), data.sets, whole=False)
        bare = data.ends.told.of(here)
        of = Asked(replace(bare, has=np.zeros_like(bare.has)), data.ends.treated[here])
        inputs = inputs_of(record, data.likes, of, COLD_SUBJECT)
        found.append(_pairs(inputs, has[here], data.open_[here], fold, here))
    return _together(found)


def cold_object(data: Learned, random: np.random.Generator) -> Heard:
    """Hide all that is told of whole drugs, from whoever takes them.

    Drugs that nobody takes are heard of too, or of some of them: most of those are taken by nobody for a reason.
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
        record = learn_record(of.told, data.sets, whole=False)
        heard = replace(data.likes, near=_without_columns(data.likes.near, hidden))
        inputs = cold_drugs(record, heard, of, hidden)
        found.append(_pairs(inputs, has[:, hidden], data.open_[:, hidden], fold, np.arange(len(has))))
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
        if len(here) and len(rest):
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
    )


def only(heard: Heard, regime: str, parts: tuple[str, ...]) -> Heard:
    """Leave out what the graph says, where its chains are no part of the model: those inputs are 0."""
    if "chains" in parts:
        return heard
    silent_ = [place for place, name in enumerate(INPUTS[regime]) if name in FROM_GRAPH]
    inputs = heard.inputs.copy()
    inputs[:, silent_] = 0
    return replace(heard, inputs=inputs)


def judge(heard: Heard, config: TrainConfig, random: np.random.Generator) -> tuple[Readout, Calibrator | None]:
    """Fit a readout, and a calibrator on what the readout says of folds that it was not fitted on."""
    pairs = np.bincount(heard.patient)[heard.patient]  # of a patient with many cases each counts less
    weight = (heard.weight * pairs.mean() / pairs).astype(np.float32)
    fitted = fit(Examples(heard.inputs, heard.target, weight, heard.fold, heard.patient), RIDGE, config.draws, random)
    yes, no = np.flatnonzero(heard.target > 0), np.flatnonzero(heard.target == 0)
    if not len(yes) or not len(no):
        return fitted.readout, None
    some = random.permutation(no)[:CALIBRATED_BY]
    chosen = np.sort(np.concatenate([yes, some]))
    weights = np.where(heard.target[chosen] > 0, 1.0, len(no) / len(some)) * heard.weight[chosen]
    labels, groups = heard.target[chosen] > 0, heard.patient[chosen]
    return fitted.readout, fit_calibrator(fitted.crossed[chosen], labels, random, groups=groups, weights=weights)


def _pairs(
    inputs: Matrix, target: Matrix, chosen: NDArray[np.bool_], fold: int, patient: Longs, weight: float = 1.0
) -> Heard:
    rows = np.nonzero(chosen)[0]
    wanted = chosen.ravel()
    return Heard(
        flat(inputs)[wanted],
        target.ravel()[wanted],
        np.full(len(rows), weight, np.float32),
        np.full(len(rows), fold),
        patient[rows],
    )


def _together(found: list[Heard]) -> Heard:
    if not found:
        none, nobody = np.zeros(0, np.float32), np.zeros(0, np.int64)
        return Heard(np.zeros((0, 0), np.float32), none, none, nobody, nobody)
    columns = zip(*((one.inputs, one.target, one.weight, one.fold, one.patient) for one in found), strict=True)
    return Heard(*(np.concatenate(column) for column in columns))


def _without_columns(matrix: sp.csr_array, columns: Longs) -> sp.csr_array:
    kept = np.ones(matrix.shape[1], np.float32)
    kept[columns] = 0
    return (matrix @ sp.diags_array(kept)).tocsr()


def _hidden(told: Cases, held_out: pd.DataFrame | None) -> NDArray[np.bool_]:
    """Return which pairs are held out. Shapes: [patient, drug]."""
    hidden = np.zeros((len(told.people), len(told.drugs)), bool)
    if held_out is not None:
        rows, columns = (
            pd.Index(names).get_indexer(pd.Index(held_out[column]))
            for names, column in ((told.people, "patient"), (told.drugs, "drug"))
        )
        inside = (rows >= 0) & (columns >= 0)
        hidden[rows[inside], columns[inside]] = True
    return hidden


def public_part(graph: Graph, config: TrainConfig) -> Graph:
    """Return the part of the graph that the config's sources state; nothing that a record states."""
    records = {release.name for release in graph.sources if release.licence == RECORDS_LICENCE}
    return graph.stated_by({*config.label_sources, *config.sources} - records)


def _counts(events: Events) -> dict[str, int]:
    names = sorted({name for names in events.sources for name in names})
    return {name: sum(name in of for of in events.sources) for name in names}
