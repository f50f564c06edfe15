"""Measure drugs for patients: at 24 hours of a stay, which are ordered next; on a whole record, which are hidden.

    python benchmarks/patients.py --store STORE [--seeds 3] [--draws 2000]

prints one JSON object, of a store into which patients were imported (`panakeia patient import`).

- `next`: five folds by patient, over `--seeds` deals. A case is a patient 24 hours after a stay began, or, of records
  without stays, after half of their days; its answers are the drugs first given later, its candidates those with
  biology in the graph (a node of Hetionet's) that were not given in the stay. Figures are means over patients of
  Recall@k, for all drugs and for those new to the patient. Beside the model stand popularity, the patient's own earlier
  drugs followed by popularity, and the model without what the graph says of drugs. Lifts have 95 % intervals, by a
  bootstrap over patients.
- `hidden`: a fifth of all pairs of a patient and a drug is held out (`train`), and ranked among all candidates that are
  not on the record; then all drugs of a fifth of the patients. Average precision, Recall@20 and MRR are means over
  patients, by data set.
- `unknown_drugs`: all pairs of a fifth of the drugs are held out: where among all drugs that nobody takes does the
  graph put those that a patient does take? The mean rank share (0.5 by chance), of the model and of likeness alone.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnn.config import TrainConfig
from gnn.patients.cases import NOW, bounds_of, cases
from gnn.patients.events import read_events
from gnn.patients.likes import likes
from gnn.patients.model import IN_COURSE, IN_STAY, LATER, Asked, PatientModel, asked, flat, inputs_of, logits, prior
from gnn.patients.received import vocabulary
from gnn.patients.train import Learned, first_later, gather, judge, moved, only, public_part, train
from gnn.split import without
from gnn.view import view
from kg.graph import Graph
from kg.stores.opening import open_store

Floats = NDArray[np.floating[Any]]
FOLDS = 5
AT = {IN_STAY: 20, IN_COURSE: 5}
"""At which depth recall is measured: a stay has some twelve answers of 300 drugs, a practice's record six of 70."""
METHODS = ("popularity", "own drugs, then popularity", "model without the graph", "model")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, default=os.environ.get("PANAKEIA_STORE"), help="a store with patients")
    parser.add_argument("--seeds", type=int, default=3, help="how many deals of the patients into folds")
    parser.add_argument("--draws", type=int, default=2_000, help="of the bootstrap")
    options = parser.parse_args()
    with open_store(options.store) as store:
        graph = store.read()
    started, load = time.perf_counter(), os.getloadavg()[0]
    found: dict[str, Any] = {"benchmark": "patients", "load_of_others": load}
    found |= {"next": measured_next(graph, options.seeds, options.draws)}
    found |= {"hidden": measured_hidden(graph), "unknown_drugs": measured_unknown(graph)}
    found["seconds"] = time.perf_counter() - started
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


def measured_next(graph: Graph, seeds: int, draws: int) -> dict[str, Any]:
    """Measure what is given next, for each data set and kind of case that there is."""
    events = read_events(graph)
    told = cases(events, bounds_of(events))
    words = vocabulary(told, events.sources, told.drugs)
    seen = view(public_part(graph, TrainConfig()))
    data = gather(told, events, words, likes(seen, told.drugs, told.drugs), None)
    by = dict(zip(graph.nodes["Drug"]["id"].to_pylist(), graph.nodes["Drug"]["provided_by"].to_pylist(), strict=True))
    biology = np.array(["hetionet" in (by[drug] or ()) for drug in told.drugs])
    found: dict[str, Any] = {}
    for name in words.sources:
        of = np.array([name in names for names in events.sources])
        for regime, kind in LATER.items():
            rows = np.flatnonzero((data.kind == kind) & of[data.patient])
            if len(np.unique(data.patient[rows])) >= 2 * FOLDS:
                found[f"{name}, {regime}"] = next_of(data, rows, regime, biology, (seeds, draws))
    return found


def next_of(
    data: Learned, rows: NDArray[np.int64], regime: str, biology: NDArray[np.bool_], times: tuple[int, int]
) -> dict[str, Any]:
    """Measure one data set's cases of a kind."""
    patient = np.unique(data.patient[rows], return_inverse=True)[1]
    labels, own = data.labels[rows], data.landmarks.told.has[rows] > 0
    open_ = data.candidates[rows] & biology
    recalls: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in METHODS}
    for seed in range(times[0]):
        dealt = (np.random.default_rng(seed).permutation(patient.max() + 1) % FOLDS)[patient]
        for name, scores in scores_by(data, rows, dealt, regime, seed).items():
            every = by_patient(recall(scores, labels * open_, open_, AT[regime]), patient)
            new = by_patient(recall(scores, labels * (open_ & ~own), open_ & ~own, AT[regime]), patient)
            recalls[name].append((every, new))
    mean = {name: tuple(np.mean(of, axis=0) for of in zip(*found, strict=True)) for name, found in recalls.items()}
    told: dict[str, Any] = {"k": AT[regime], "cases": len(rows), "answers": int((labels * open_).sum())}
    for place, which in enumerate(("all", "new_to_the_patient")):
        base, without_graph = mean["popularity"][place], mean["model without the graph"][place]
        told[which] = {name: interval(of[place], times[1]) for name, of in mean.items()}
        told[which]["lift over popularity"] = interval(mean["model"][place] - base, times[1])
        told[which]["lift over own drugs"] = interval(mean["model"][place] - mean[METHODS[1]][place], times[1])
        told[which]["what the graph adds"] = interval(mean["model"][place] - without_graph, times[1])
    return told


def scores_by(
    data: Learned, rows: NDArray[np.int64], dealt: NDArray[np.int64], regime: str, seed: int
) -> dict[str, Floats]:
    """Return what each method says of each case and drug, by a model that saw no case of the patient."""
    found: dict[str, Floats] = {name: np.zeros(data.labels[rows].shape, np.float32) for name in METHODS}
    config = TrainConfig(task="benefits", seed=seed, draws=0)
    for fold in range(FOLDS):
        here, rest = np.flatnonzero(dealt == fold), rows[dealt != fold]
        of = Asked(data.landmarks.told.of(rows[here]), data.landmarks.treated[rows[here]])
        inputs = inputs_of(moved(data, rest), data.likes, of, regime)
        heard = first_later(data, rest, regime, np.random.default_rng(seed))
        found["popularity"][here] = inputs[..., 0]
        found["own drugs, then popularity"][here] = inputs[..., 0] + 100 * of.told.has
        for name, parts in (("model without the graph", ()), ("model", config.parts)):
            readout, _ = judge(only(heard, regime, parts), config, np.random.default_rng(seed))
            found[name][here] = readout(flat(inputs)).reshape(inputs.shape[:2])
    return found


def measured_hidden(graph: Graph) -> dict[str, Any]:
    """Measure held-out pairs, and the held-out drugs of whole patients."""
    pairs = taken(graph)
    random = np.random.default_rng(0)
    patients = pairs["patient"].unique()
    some = random.permutation(patients)[: len(patients) // FOLDS]
    held = {"pairs": pairs[random.random(len(pairs)) < 1 / FOLDS], "patients": pairs[pairs["patient"].isin(some)]}
    return {name: ranked_of(graph, frame) for name, frame in held.items()}


def ranked_of(graph: Graph, held: pd.DataFrame) -> dict[str, Any]:
    """Train without pairs, rank all candidates that are on no record, and measure by data set."""
    started = time.perf_counter()
    model = train(graph, TrainConfig(task="benefits", draws=0), held_out=held)
    seconds = time.perf_counter() - started
    scores, common, known, sources, people = judged(model, without(graph, held, ("Patient", "Drug")))
    truth = table_of(held, people, model.candidates)
    found: dict[str, Any] = {"held_out": len(held), "train_seconds": seconds}
    for name in sorted({name for of in sources for name in of}):
        rows = np.flatnonzero(np.array([name in of for of in sources]) & truth.any(axis=1))
        if len(rows):
            found[name] = {"patients": len(rows)}
            for method, values in (("popularity", common), ("model", scores)):
                found[name][method] = ranks(values[rows], truth[rows], ~known[rows])
    return found


def measured_unknown(graph: Graph) -> dict[str, Any]:
    """Hold out all that is told of a fifth of the drugs, and see where they come among drugs that nobody takes."""
    pairs = taken(graph)
    drugs = np.random.default_rng(0).permutation(pairs["drug"].unique())
    held = pairs[pairs["drug"].isin(drugs[: len(drugs) // FOLDS])]
    model = train(graph, TrainConfig(task="benefits", draws=0), held_out=held)
    scores, _, _, _, people = judged(model, without(graph, held, ("Patient", "Drug")))
    start = len(model.words.drugs)
    truth = table_of(held, people, model.candidates)[:, start:]
    near = np.asarray(model.likes.near.sum(axis=1)).ravel()[start:]
    alone = np.broadcast_to(near, truth.shape)
    by = {"model": scores[:, start:], "likeness to any drug taken": alone}
    return {"held_out_drugs": int(truth.any(axis=0).sum()), **{name: rank_share(of, truth) for name, of in by.items()}}


def judged(model: PatientModel, graph: Graph) -> tuple[Any, ...]:
    """Return log-odds, priors, and what is known, of all patients and candidates; data sets and names of patients."""
    events = read_events(graph)
    told = cases(events, model.bounds)
    ends = np.flatnonzero(told.kind == NOW)
    every = asked(model, told, events.sources)
    of = Asked(every.told.of(ends), every.treated[ends])
    known = np.zeros((len(ends), len(model.candidates)), bool)
    known[:, : len(model.words.drugs)] = of.told.has > 0
    return logits(model, of), prior(model, of), known, events.sources, events.people


def taken(graph: Graph) -> pd.DataFrame:
    """Return all pairs of a patient and a drug that is taken, each once."""
    edges = graph.edges["patient_takes_drug"].select(["subject", "object"]).to_pandas().drop_duplicates()
    edges = edges.sort_values(["subject", "object"], ignore_index=True)
    return pd.DataFrame({"patient": edges["subject"], "drug": edges["object"]})


def table_of(pairs: pd.DataFrame, people: tuple[str, ...], drugs: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return pairs as a table. Shapes: [patient, candidate]."""
    found = np.zeros((len(people), len(drugs)), bool)
    ends = (people, "patient"), (drugs, "drug")
    rows, columns = (pd.Index(names).get_indexer(pd.Index(pairs[column])) for names, column in ends)
    found[rows[(rows >= 0) & (columns >= 0)], columns[(rows >= 0) & (columns >= 0)]] = True
    return found


def recall(scores: Floats, labels: Floats, open_: NDArray[np.bool_], k: int) -> Floats:
    """Return the share of each case's answers among its first k candidates, nan where it has none. Shapes: [case]."""
    first = np.argsort(-np.where(open_, scores, -np.inf), axis=1, kind="stable")[:, :k]
    count = labels.sum(axis=1)
    hits = np.take_along_axis(labels, first, axis=1).sum(axis=1)
    return np.where(count > 0, hits / np.maximum(count, 1), np.nan)


def by_patient(values: Floats, patient: NDArray[np.int64]) -> Floats:
    """Return the mean over each patient's cases that have a value, nan where none has. Shapes: [patient]."""
    told = ~np.isnan(values)
    count = np.bincount(patient[told], minlength=patient.max() + 1)
    total = np.bincount(patient[told], values[told], minlength=patient.max() + 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def interval(values: Floats, draws: int) -> dict[str, float]:
    """Return the mean over patients with a value, its 95 % interval by a bootstrap, and how many they are."""
    told = values[~np.isnan(values)]
    drawn = np.random.default_rng(0).integers(len(told), size=(draws, len(told)))
    lower, upper = np.quantile(told[drawn].mean(axis=1), [0.025, 0.975])
    numbers = {"value": told.mean(), "lower": lower, "upper": upper}
    return {name: round(float(number), 4) for name, number in numbers.items()} | {"patients": len(told)}


def ranks(scores: Floats, truth: NDArray[np.bool_], open_: NDArray[np.bool_]) -> dict[str, float]:
    """Return average precision, recall at 20 and reciprocal rank, as means over patients."""
    order = np.argsort(-np.where(open_, scores, -np.inf), axis=1, kind="stable")
    hits = np.take_along_axis(truth, order, axis=1)
    count = hits.sum(axis=1)
    precision = (hits * np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)).sum(axis=1) / count
    measured = {"ap": precision, "recall@20": hits[:, :20].sum(axis=1) / count, "mrr": 1 / (1 + hits.argmax(axis=1))}
    return {name: round(float(values.mean()), 4) for name, values in measured.items()}


def rank_share(scores: Floats, truth: NDArray[np.bool_]) -> float:
    """Return the mean, over true pairs, of the share of a patient's other candidates that score higher, ties halved."""
    shares = []
    for row in np.flatnonzero(truth.any(axis=1)):
        others = np.sort(scores[row][~truth[row]])
        for value in scores[row][truth[row]]:
            below, until = np.searchsorted(others, value), np.searchsorted(others, value, side="right")
            shares.append(1 - (below + until) / 2 / len(others))
    return round(float(np.mean(shares)), 4)


if __name__ == "__main__":
    main()
