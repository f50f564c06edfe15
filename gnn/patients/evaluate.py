"""Evaluate: how drugs are ranked for patients whom training never saw, and for pairs and drugs that were left out.

Everything is learned anew without what a split holds out, the words of the records and their bounds among it:

- `patient`: whole patients, asked which drugs are first given later in a stay, or in the course of a record
  (`gnn.patients.cases`), and which are on a record that tells of none;
- `pairs`: single drugs of patients, as `train --without` leaves them out;
- `drug`: all that is told of whole drugs, ranked among those that nobody takes.

Figures are means over patients (of `drug`, over drugs), apart by data set: a hospital's 300 drugs and a practice's 70
have no mean in common.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd

from gnn.config import TrainConfig
from gnn.evaluate import TOP, Evaluation, Protocol, SplitError, calibration_of, check_split
from gnn.folds import PAIRS
from gnn.lists import COLUMNS
from gnn.metrics import average_precision, bootstrap, paired, recall_at, reciprocal_rank
from gnn.patients.cases import NOW, cases
from gnn.patients.events import read_events
from gnn.patients.hidden import assert_nobody, of_patients, without_hidden
from gnn.patients.model import LATER, PatientModel
from gnn.patients.questions import (
    BARE,
    MODEL,
    Marks,
    Question,
    first_given_later,
    left_out,
    not_told,
    records_of,
    unknown,
)
from gnn.patients.train import Studied, learn, study
from gnn.task import COLD_OBJECT, COLD_SUBJECT, WARM
from kg.graph import Graph
from kg.progress import Progress, silent

RECALLS_AT = (5, 20)
"""A stay has some twelve answers of 300 drugs, a practice's record six of 70."""
WHOLE, DRUG = "patient", "drug"
DRAWS = 2_000
"""Of the bootstrap."""
KEYS = ["group", "metric", "method", "node", "value"]


def evaluate(
    graph: Graph, config: TrainConfig, protocol: Protocol, progress: Progress = silent, deals: int = 1
) -> Evaluation:
    """Train without each fold, and measure what is said of it, beside popularity and a model that sees no graph.

    With more `deals` a patient's figures are means over so many ways of dealing the folds, each by a seed of its own;
    calibration is that of the first. Ctrl-C ends it with the figures of the folds that are whole. Raises
    `SplitError`, `gnn.config.ConfigError` where there are too few patients, `LeakError` should something held out be
    left, and `KeyboardInterrupt` where no fold is whole.
    """
    check_split(config.about, protocol.split)
    whole, folds = protocol.trained or protocol.folds, 0
    values: list[pd.DataFrame] = []
    first: list[Question] = []
    try:
        for deal in range(deals):
            for questions in _questions(graph, replace(config, seed=config.seed + deal, draws=0), protocol, progress):
                values += [_shares(one) if protocol.split == DRUG else _values(one) for one in questions]
                first += [replace(one, scores={}, among={}) for one in questions] if folds < whole else []
                folds += 1
    except KeyboardInterrupt:
        if not folds:
            raise
    table = pd.concat(values, ignore_index=True) if values else pd.DataFrame(columns=KEYS)
    if table.empty:
        raise SplitError(f"no drug of a patient can be held out by {protocol.split}: expected records to measure by")
    progress("evaluated", 1.0)
    reliability, promises = _calibration(first, protocol)
    about = {
        "task": config.task,
        "split": protocol.split,
        "folds": [f"fold {fold + 1}" for fold in range(min(folds, whole))],
        "stopped": folds < whole * deals,
        "seed": config.seed,
        "deals": deals,
        "held_out": int(sum(question.answers.sum() for question in first)),
        "nodes": int(table["node"].nunique()),
        "candidates": int(first[0].answers.shape[1]),
    }
    return Evaluation(about, _figures(table, protocol), reliability, promises)


def _questions(graph: Graph, config: TrainConfig, protocol: Protocol, progress: Progress) -> Iterator[list[Question]]:
    """Hold out fold after fold, learn from the rest, and ask."""
    way = {WHOLE: _whole_patients, PAIRS: _single_pairs, DRUG: _whole_drugs}[protocol.split]
    drugs = [
        drug
        for drug, by in zip(*(graph.nodes["Drug"][column].to_pylist() for column in ("id", "provided_by")), strict=True)
        if set(by or ()) & set(config.label_sources)
    ]
    yield from way(graph, config, protocol, sorted(drugs), progress)


def _whole_patients(
    graph: Graph, config: TrainConfig, protocol: Protocol, drugs: Sequence[str], progress: Progress
) -> Iterator[list[Question]]:
    events = read_events(graph)
    people, random = np.array(events.people, object), np.random.default_rng(config.seed)
    dealt = np.zeros(len(people), np.int64)
    for name in sorted(set(events.sources)):  # each data set apart, so that every fold has as much of it
        places = np.flatnonzero([name == one for one in events.sources])
        dealt[places] = random.permutation(len(places)) % protocol.folds
    for fold in _folds(protocol, config, progress):
        rest = of_patients(graph, people[dealt != fold])
        assert_nobody(rest, people[dealt == fold])
        models = _models(study(rest, config), config, (COLD_SUBJECT, COLD_OBJECT, *LATER))
        held = records_of(models, of_patients(graph, people[dealt == fold]), drugs)
        later = [first_given_later(held, regime) for regime in LATER if regime in models[MODEL].readouts]
        yield [*chain(*later), *not_told(held, COLD_SUBJECT)]


def _single_pairs(
    graph: Graph, config: TrainConfig, protocol: Protocol, drugs: Sequence[str], progress: Progress
) -> Iterator[list[Question]]:
    people, takes = _taken(graph, drugs)
    dealt = np.random.default_rng(config.seed).integers(protocol.folds, size=takes.shape, dtype=np.int8)
    for fold in _folds(protocol, config, progress):
        held = takes & (dealt == fold)
        studied = study(graph, config, _frame(held, people, drugs))
        models = _models(studied, config, (WARM, COLD_SUBJECT, COLD_OBJECT))
        yield [*left_out(records_of(models, without_hidden(graph, studied.hidden), drugs), held, dealt == fold)]


def _whole_drugs(
    graph: Graph, config: TrainConfig, protocol: Protocol, drugs: Sequence[str], progress: Progress
) -> Iterator[list[Question]]:
    people, takes = _taken(graph, drugs)
    dealt = np.random.default_rng(config.seed).permutation(len(drugs)) % protocol.folds
    for fold in _folds(protocol, config, progress):
        held = takes & (dealt == fold)
        if not held.any():
            yield []
            continue
        studied = study(graph, config, _frame(held, people, drugs))
        models = {MODEL: learn(studied, config, regimes=(WARM, COLD_SUBJECT, COLD_OBJECT))}
        judged = np.broadcast_to(dealt == fold, takes.shape)
        yield [*unknown(records_of(models, without_hidden(graph, studied.hidden), drugs), held, judged)]


def _folds(protocol: Protocol, config: TrainConfig, progress: Progress) -> Iterator[int]:
    for fold in range(protocol.trained or protocol.folds):
        progress(f"fold {fold + 1} of {protocol.folds}, dealt by seed {config.seed}", fold / protocol.folds)
        yield fold


def _models(studied: Studied, config: TrainConfig, regimes: Sequence[str]) -> dict[str, PatientModel]:
    bare = replace(config, parts=tuple(part for part in config.parts if part != "chains"))
    return {name: learn(studied, one, regimes=regimes) for name, one in ((MODEL, config), (BARE, bare))}


def _taken(graph: Graph, drugs: Sequence[str]) -> tuple[tuple[str, ...], Marks]:
    """Return the patients who consent, and which drugs are on their records. Shapes: [patient, candidate]."""
    told = cases(read_events(graph), {})
    rows, columns = told.earlier[np.flatnonzero(told.kind == NOW)].nonzero()  # a case each, in the order of people
    place = pd.Index(drugs).get_indexer(pd.Index(told.drugs))[columns]
    takes = np.zeros((len(told.people), len(drugs)), bool)
    takes[rows[place >= 0], place[place >= 0]] = True
    return told.people, takes


def _frame(held: Marks, people: Sequence[str], drugs: Sequence[str]) -> pd.DataFrame:
    rows, columns = held.nonzero()
    return pd.DataFrame({"patient": np.array(people)[rows], "drug": np.array(drugs)[columns]}, dtype=str)


def _values(question: Question) -> pd.DataFrame:
    """Return each figure of each case by each method; ties count as by `realistic_ranks`."""
    rows = []
    for part, among in question.among.items():
        answers = question.answers & among
        for case in np.flatnonzero(answers.any(axis=1)):
            positive = answers[case, among[case]]
            for method, scores in question.scores.items():
                row = scores[case, among[case]]
                told = {f"recall_at_{k}{part}": recall_at(row, positive, k) for k in RECALLS_AT}
                if not part:
                    told["average_precision"] = average_precision(row, positive)
                    told["reciprocal_rank"] = reciprocal_rank(row, positive)
                rows += [(question.group, name, method, question.patient[case], told[name]) for name in told]
    return pd.DataFrame(rows, columns=KEYS)


def _shares(question: Question) -> pd.DataFrame:
    """Return, for each left-out drug of each patient, which share of the drugs that nobody takes is ranked before it.

    Of those that score the same, half.
    """
    rows, among = [], question.among[""]
    for case in np.flatnonzero(question.answers.any(axis=1)):
        positive = question.answers[case]
        for method, scores in question.scores.items():
            others, mine = np.sort(scores[case, among[case] & ~positive]), scores[case, positive]
            no_higher = (np.searchsorted(others, mine) + np.searchsorted(others, mine, side="right")) / 2
            told = zip(np.flatnonzero(positive), 1 - no_higher / max(len(others), 1), strict=True)
            rows += [(question.group, "share_ranked_before", method, str(drug), float(share)) for drug, share in told]
    return pd.DataFrame(rows, columns=KEYS)


def _figures(table: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Return the mean of each figure over patients or drugs, and by how much the model's is above each other's."""
    rows = []
    over = "drugs" if protocol.split == DRUG else "patients"
    for (group, metric), part in table.groupby(["group", "metric"], sort=False):
        by: dict[str, pd.Series] = {
            str(name): one.groupby("node")["value"].mean() for name, one in part.groupby("method", sort=False)
        }
        found = {name: one.to_numpy(float) for name, one in by.items()}
        found |= {f"{MODEL} - {name}": paired(by[MODEL], one) for name, one in by.items() if name != MODEL}
        for name, values in found.items():
            about = bootstrap(values, np.random.default_rng(protocol.seed), draws=DRAWS)
            rows.append((name, f"{group}: {metric}", about.mean, about.lower, about.upper, over, len(values)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _calibration(questions: Sequence[Question], protocol: Protocol) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the reliability of the judged pairs of highest probability, and the errors, of each group."""
    top = TOP * (protocol.trained or protocol.folds) // protocol.folds
    tables: list[pd.DataFrame] = []
    promises: dict[str, float] = {}
    for group in dict.fromkeys(question.group for question in questions):
        mine = [question for question in questions if question.group == group]
        foretold, labels = (
            np.concatenate([getattr(one, name)[one.judged] for one in mine]) for name in ("foretold", "answers")
        )
        table, told = calibration_of(foretold.astype(float), labels, top, protocol.seed)
        tables.append(table.assign(group=group))
        promises |= {f"{group}: {name}": value for name, value in told.items()}
    return pd.concat(tables, ignore_index=True), promises
