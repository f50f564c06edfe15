"""Train: the visible loop from a graph with patients to a PatientModel.

What is held out is in no label, in no history, and no negative either; `gnn.patients.hear` hides, fold by fold, what
each readout is fitted on. Each regime is fitted from a random stream of its own, and kept once it is whole, so that a
training that was stopped goes on from there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from gnn import resume
from gnn.calibrate import Calibrator, fit_calibrator
from gnn.checkpoint import Packed
from gnn.config import ConfigError, TrainConfig
from gnn.patients.cases import NOW, Bounds, Cases, bounds_of, cases, often
from gnn.patients.checkpoint import Judge, judge_of, pack_judge
from gnn.patients.events import Events, read_events
from gnn.patients.hear import FOLDS, Heard, Learned, hear, moved, only
from gnn.patients.hidden import marks
from gnn.patients.likes import Likes, likes
from gnn.patients.model import LATER, REGIMES, Asked, PatientModel, calibrator_for, treated_in
from gnn.patients.received import Matrix, Vocabulary, in_words, known, learn_record, vocabulary
from gnn.readout import Examples, Readout, fit
from gnn.shared import ALONE, Shared
from gnn.split import assert_no_leak, without
from gnn.view import learned_from, view
from kg.graph import Graph, SourceRelease
from kg.patients.known import Longs
from kg.patients.terminology import RECORDS_LICENCE
from kg.progress import Progress, silent

RIDGE = 1.0
CALIBRATED_BY = 60_000
"""How many pairs that are no answers a calibrator looks at, beside all that are."""
LEAST_SLOPE = 1e-3
"""A calibrated logit rises at least so much with the readout's."""
LEAST_ANSWERS = 500
"""A data set with fewer answers of a regime has no calibrator of its own."""

KINDS = ("Patient", "Drug")


@dataclass(frozen=True)
class Studied:
    """What a training begins with: the records in words, and what the graph says of all candidates.

    Its fields are those of `PatientModel`, with the `data` that readouts are fitted on. Shapes: hidden [pair].
    """

    sources: tuple[SourceRelease, ...]
    records: Mapping[str, int]
    hidden: Longs
    candidates: tuple[str, ...]
    names: tuple[str, ...]
    words: Vocabulary
    bounds: Bounds
    data: Learned


def train(
    graph: Graph,
    config: TrainConfig,
    progress: Progress = silent,
    held_out: pd.DataFrame | None = None,
    work: str | Path | None = None,
) -> PatientModel:
    """Train on all patients of a graph who did not withdraw consent.

    `held_out` pairs (columns patient, drug) are taken out in every form. In the folder `work` the regimes that are
    whole are kept, should it be stopped (`gnn.resume`). The same config and graph give the same model.
    Raises `ConfigError` for a graph with fewer than `FOLDS` patients who take a drug.
    """
    progress("read the records, and look at drugs", 0.0)
    return learn(study(graph, config, held_out), config, progress, work=work)


def study(graph: Graph, config: TrainConfig, held_out: pd.DataFrame | None = None, shared: Shared = ALONE) -> Studied:
    """Read the records and look at the drugs; raises what `train` raises.

    Over sites (`shared`), each of which studies its own patients in step, words, weights and bounds are those of all.
    """
    if held_out is not None:
        graph = without(graph, held_out, KINDS)
        assert_no_leak(graph, held_out, KINDS)
    events = _named(read_events(graph), shared.minimum)
    bounds = bounds_of(events, shared)
    told = often(cases(events, bounds), shared.minimum)
    takers = shared.total("takers", len(np.unique(told.patient[np.flatnonzero(told.earlier.sum(axis=1))])))[0]
    if takers < FOLDS:
        raise ConfigError(
            f"the graph has {takers:.0f} patients who take a drug and did not withdraw consent: expected at least "
            f"{FOLDS}; import more with `panakeia patient import`"
        )
    public = public_part(graph, config)
    taken = told.earlier.sum(axis=0) > 0
    drugs = told.drugs if shared.alone else (drug for drug, one in zip(told.drugs, taken, strict=True) if one)
    words = vocabulary(told, events.sources, shared.names("drugs", drugs), shared)
    names = dict(zip(graph.nodes["Drug"]["id"].to_pylist(), graph.nodes["Drug"]["name"].to_pylist(), strict=True))
    candidates = (*words.drugs, *sorted(names.keys() - set(words.drugs)))
    return Studied(
        sources=learned_from(public),
        records=_counts(events, words.sources, shared),
        hidden=marks(held_out) if held_out is not None else np.zeros(0, np.int64),
        candidates=candidates,
        names=tuple(names[drug] or drug for drug in candidates),
        words=words,
        bounds=bounds,
        data=replace(
            gather(told, events, words, likes(view(public), candidates, words.drugs), held_out), shared=shared
        ),
    )


def learn(
    studied: Studied,
    config: TrainConfig,
    progress: Progress = silent,
    regimes: Sequence[str] = REGIMES,
    work: str | Path | None = None,
) -> PatientModel:
    """Fit the regressions, and the readouts of these regimes, as far as the records have pairs for them."""
    data = studied.data
    run = resume.key(config, _fitted_from(data)) if work is not None else ""
    judges: dict[str, Judge] = {}
    for place, regime in enumerate(regimes):
        progress(f"hide what is to be foretold: {regime}", 0.2 + 0.8 * place / len(regimes))
        packed = resume.taken(work, run, place) if work is not None else None
        if packed is not None:
            judges[regime] = judge_of(packed, regime)
            continue
        random = np.random.default_rng([config.seed, 3, REGIMES.index(regime)])
        heard = hear(data, regime, random)
        if data.shared.anywhere(f"answers: {regime}", heard.target.any()):
            readout, crossed, level = judge(only(heard, regime, config.parts), config, random, data.shared)
            fitted = calibrated(replace(heard, level=level), crossed, regime, studied, random)
            judges[regime] = readout, fitted
            if work is not None:
                resume.put(work, run, place, pack_judge(Packed({}, {}), regime, judges[regime]))
    progress("trained", 1.0)
    return PatientModel(
        config=config,
        sources=studied.sources,
        records=studied.records,
        hidden=studied.hidden,
        candidates=studied.candidates,
        names=studied.names,
        words=studied.words,
        bounds=studied.bounds,
        record=learn_record(data.ends.told, data.sets, shared=data.shared),
        later={name: moved(data, np.flatnonzero(data.kind == kind)) for name, kind in LATER.items() if name in judges},
        likes=data.likes,
        readouts={regime: readout for regime, (readout, _) in judges.items()},
        calibrators={name: one for _, calibrators in judges.values() for name, one in calibrators.items()},
    )


def gather(told: Cases, events: Events, words: Vocabulary, of: Likes, held_out: pd.DataFrame | None) -> Learned:
    """Put cases into words, and their labels into tables."""
    every = Asked(known(words, told, events.sources), treated_in(of, told))
    hidden = _hidden(told, words.drugs, held_out)
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


def judge(
    heard: Heard, config: TrainConfig, random: np.random.Generator, shared: Shared = ALONE
) -> tuple[Readout, Matrix, Matrix]:
    """Fit a readout; return it, what it says of pairs when fitted without their fold, and what each stands for.

    Where answers are as common as the `level` of the pairs says, and not as they were hidden, its bias is moved there.
    Shapes: the second and the third [pair].
    """
    pairs = np.bincount(heard.patient)[heard.patient]  # of a patient with many cases each counts less
    of_patients, count = shared.total("pairs", pairs.sum(dtype=np.float64), len(pairs))
    weight, level = ((one * (of_patients / count) / pairs).astype(np.float32) for one in (heard.weight, heard.level))
    examples = Examples(heard.inputs, heard.target, weight, heard.fold, heard.patient)
    fitted = fit(examples, RIDGE, config.draws, random, shared)
    readout, crossed = fitted.readout, fitted.crossed
    if shared.anywhere("levels", not np.array_equal(weight, level)):
        move = np.float32(_move(crossed, heard.target, level, shared))
        drawn = readout.drawn.copy()
        drawn[:, -1:] += move
        readout, crossed = Readout(readout.weight, readout.bias + float(move), drawn), crossed + move
    return readout, crossed, level


def calibrated(
    heard: Heard, crossed: Matrix, regime: str, studied: Studied, random: np.random.Generator
) -> dict[str, Calibrator]:
    """Fit a calibrator on all pairs of a regime, and one on those of each data set that has answers enough.

    A hospital's patients are given ten times as many drugs as a practice's, and one curve fits not both. Over sites
    there is Platt's curve alone, on all pairs of a regime: it is the one that sums suffice for.
    Shapes: crossed [pair].
    """
    if not studied.data.shared.alone:
        return {regime: _platt(heard, crossed, random, studied.data.shared)}
    data_set = studied.data.ends.told.data_set[heard.patient]
    found: dict[str, Calibrator] = {}
    for name, rows in (
        (regime, np.arange(len(crossed))),
        *(
            (calibrator_for(regime, one), np.flatnonzero(data_set == place))
            for place, one in enumerate(studied.words.sources)
        ),
    ):
        target = heard.target[rows]
        yes, no = np.flatnonzero(target > 0), np.flatnonzero(target == 0)
        if len(no) and len(yes) >= (1 if name == regime else LEAST_ANSWERS):
            some = random.permutation(no)[:CALIBRATED_BY]
            chosen = np.sort(np.concatenate([yes, some]))
            weights = np.where(target[chosen] > 0, 1.0, len(no) / len(some)) * heard.level[rows][chosen]
            labels, groups = target[chosen] > 0, heard.patient[rows][chosen]
            found[name] = fit_calibrator(crossed[rows][chosen], labels, random, groups=groups, weights=weights)
    return found


def _platt(heard: Heard, crossed: Matrix, random: np.random.Generator, shared: Shared) -> Calibrator:
    examples = Examples(crossed[:, None], heard.target, heard.level, np.zeros_like(heard.fold), heard.patient)
    readout = fit(examples, RIDGE, 0, random, shared).readout
    slope = max(float(readout.weight[0]), LEAST_SLOPE)
    return Calibrator("platt", np.array([0.0, 1.0]), np.array([readout.bias, readout.bias + slope]))


def _move(logits: Matrix, target: Matrix, weight: Matrix, shared: Shared = ALONE) -> float:
    """Return what to add to log-odds so that they foretell as many answers as there are. Shapes: [pair].

    >>> round(_move(np.zeros(4), np.array([1, 0, 0, 0]), np.ones(4)), 3)
    -1.099
    """
    there = float(shared.total("answers", weight @ target)[0])
    return float(
        brentq(lambda move: float(shared.total("foretold", weight @ expit(logits + move))[0]) - there, -40, 40)
    )


def _hidden(told: Cases, drugs: Sequence[str], held_out: pd.DataFrame | None) -> NDArray[np.bool_]:
    """Return which pairs are held out. Shapes: [patient, drug]."""
    hidden = np.zeros((len(told.people), len(drugs)), bool)
    if held_out is not None:
        rows, columns = (
            pd.Index(names).get_indexer(pd.Index(held_out[column]))
            for names, column in ((told.people, "patient"), (drugs, "drug"))
        )
        inside = (rows >= 0) & (columns >= 0)
        hidden[rows[inside], columns[inside]] = True
    return hidden


def public_part(graph: Graph, config: TrainConfig) -> Graph:
    """Return the part of the graph that the config's sources state; nothing that a record states."""
    records = {release.name for release in graph.sources if release.licence == RECORDS_LICENCE}
    return graph.stated_by({*config.label_sources, *config.sources} - records)


def _counts(events: Events, names: Sequence[str], shared: Shared) -> dict[str, int]:
    counts = shared.total("patients", np.array([sum(name in of for of in events.sources) for name in names]))[0]
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def _named(events: Events, minimum: int) -> Events:
    """Return events where no data set is named that fewer than so many patients are of."""
    counts = Counter(name for of in events.sources for name in of)
    kept = {name for name, count in counts.items() if count >= minimum}
    return replace(events, sources=tuple(tuple(name for name in of if name in kept) for of in events.sources))


def _fitted_from(data: Learned) -> Iterator[NDArray[Any]]:
    """Yield all that the regimes are fitted from (the regressions and readouts of `learn`)."""
    for of in (data.ends, data.landmarks):
        yield from (of.told.has, of.told.data_set, of.treated)
        for channel in of.told.channels.values():
            yield from (channel.data, channel.indices, channel.indptr)
    yield from (data.open_, data.labels, data.candidates, data.patient, data.kind)
    yield from (data.likes.near.data, data.likes.near.indices, data.likes.near.indptr)
