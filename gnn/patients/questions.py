"""Questions: which drugs are asked about, of whom, by which methods, and what came true, for an evaluation.

Candidates are the drugs that the label sources know, and so have biology. What is on the record by the moment that is
asked about is no candidate; in a stay, what was given in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnn.patients.cases import NOW, Cases, cases
from gnn.patients.events import read_events
from gnn.patients.model import LATER, Asked, PatientModel, asked, logits, prior, probabilities
from gnn.patients.received import Matrix
from kg.graph import Graph
from kg.patients.known import Longs

Marks = NDArray[np.bool_]

MODEL, BARE, POPULAR, OWN = "model", "model_without_the_graph", "popularity", "own_then_popularity"
LIKENESS = "likeness_to_drugs_taken"
"""The methods; the last looks only at how like a drug is to any that patients take."""
RARE = 0.03
"""A drug is rare that fewer of a data set's patients are given: three of a hundred."""


@dataclass(frozen=True)
class Question:
    """What methods say of the candidates for some cases, and which of them came true.

    `group` says of which data set, and what is asked; `among` which candidates are ranked: all (""), or, by name, a
    part of them; `foretold` are the model's probabilities, to be judged on the pairs that are `judged`.

    Shapes: patient [case]; the others [case, candidate].
    """

    group: str
    patient: tuple[str, ...]
    scores: Mapping[str, Matrix]
    answers: Marks
    among: Mapping[str, Marks]
    foretold: Matrix
    judged: Marks


@dataclass(frozen=True)
class Records:
    """The cases of some records in the words of the models that are asked, and the candidates, by `columns`."""

    models: Mapping[str, PatientModel]
    told: Cases
    sources: tuple[tuple[str, ...], ...]
    every: Asked
    columns: Longs

    def sets(self, kind: int) -> Iterator[tuple[str, Longs]]:
        """Yield each data set with its cases of a kind."""
        for name in sorted({name for of in self.sources for name in of}):
            mine = np.array([name in of for of in self.sources], bool)[self.told.patient]
            if len(rows := np.flatnonzero((self.told.kind == kind) & mine)):
                yield name, rows

    def people(self, rows: Longs) -> tuple[str, ...]:
        """Return whose cases these are."""
        return tuple(self.told.people[one] for one in self.told.patient[rows])

    def marked(self, rows: Longs, drugs: Longs) -> Marks:
        """Return pairs of a case and a drug, by its place in `told.drugs`, as a table. Shapes: [case, candidate]."""
        candidates = self.models[MODEL].candidates
        place = pd.Index([candidates[one] for one in self.columns]).get_indexer(pd.Index(self.told.drugs))[drugs]
        found = np.zeros((len(self.told.patient), len(self.columns)), bool)
        found[rows[place >= 0], place[place >= 0]] = True
        return found


def records_of(models: Mapping[str, PatientModel], graph: Graph, drugs: Sequence[str]) -> Records:
    """Read the records of a graph's patients; `drugs` are the candidates."""
    model, events = models[MODEL], read_events(graph)
    told = cases(events, model.bounds)
    columns = pd.Index(model.candidates).get_indexer(pd.Index(drugs))
    return Records(models, told, events.sources, asked(model, told, events.sources), columns)


def first_given_later(of: Records, regime: str) -> Iterator[Question]:
    """Ask which drugs are first given after the moments of a regime's cases."""
    given, earlier = (of.marked(*one.nonzero()) for one in (of.told.given, of.told.earlier))
    later = of.marked(*of.told.labels)
    for name, rows in of.sets(LATER[regime]):
        part, open_ = _part(of, rows), ~given[rows]
        common = of.models[MODEL].later[regime].common[part.told.data_set]
        popular = _padded(common, len(of.models[MODEL].candidates))[:, of.columns]
        question = _question(of, f"{name}, {regime}", rows, part, regime)
        yield replace(
            question,
            scores={**question.scores, POPULAR: popular, OWN: popular + 2 * earlier[rows]},
            answers=later[rows] & open_,
            among={
                "": open_,
                "_new_to_the_patient": open_ & ~earlier[rows],
                "_of_rare_drugs": open_ & (popular < RARE),
            },
            judged=open_,
        )


def not_told(of: Records, regime: str) -> Iterator[Question]:
    """Ask which drugs are on whole records that tell of none."""
    earlier = of.marked(*of.told.earlier.nonzero())
    for name, rows in of.sets(NOW):
        part = _part(of, rows)
        part = replace(part, told=replace(part.told, has=np.zeros_like(part.told.has)))
        question = _question(of, f"{name}, no drug told", rows, part, regime)
        popular, every = prior(of.models[MODEL], part)[:, of.columns], np.ones((len(rows), len(of.columns)), bool)
        among = {"": every, "_of_rare_drugs": popular < RARE}
        scores = {**question.scores, POPULAR: popular}
        yield replace(question, scores=scores, answers=earlier[rows], among=among, judged=every)


def left_out(of: Records, held: Marks, judged: Marks) -> Iterator[Question]:
    """Ask which drugs were taken off the records. Shapes: held, judged [patient, candidate]."""
    earlier = of.marked(*of.told.earlier.nonzero())
    for name, rows in of.sets(NOW):
        part, open_, patient = _part(of, rows), ~earlier[rows], of.told.patient[rows]
        question = _question(of, f"{name}, a drug left out", rows, part, None)
        scores = {**question.scores, POPULAR: prior(of.models[MODEL], part)[:, of.columns]}
        answers, seen = held[patient] & open_, judged[patient] & open_
        yield replace(question, scores=scores, answers=answers, among={"": open_}, judged=seen)


def unknown(of: Records, held: Marks, judged: Marks) -> Iterator[Question]:
    """Ask which drugs that nobody else takes either were taken off the records. Shapes: as `left_out`."""
    model = of.models[MODEL]
    nobody = of.columns >= len(model.words.drugs)
    near = np.asarray(model.likes.near.sum(axis=1), np.float32).ravel()[of.columns]
    for name, rows in of.sets(NOW):
        question = _question(of, f"{name}, drugs that nobody takes", rows, _part(of, rows), None)
        patient = of.told.patient[rows]
        open_ = np.tile(nobody, (len(rows), 1))
        scores = {MODEL: question.scores[MODEL], LIKENESS: np.tile(near, (len(rows), 1))}
        answers, seen = held[patient] & open_, judged[patient] & open_
        yield replace(question, scores=scores, answers=answers, among={"": open_}, judged=seen)


def _part(of: Records, rows: Longs) -> Asked:
    return Asked(of.every.told.of(rows), of.every.treated[rows])


def _question(of: Records, group: str, rows: Longs, part: Asked, regime: str | None) -> Question:
    """Return what the models say, with nothing yet of what came true."""
    scores = {name: logits(model, part, regime) for name, model in of.models.items()}
    foretold = probabilities(of.models[MODEL], part, scores[MODEL], regime)[:, of.columns]
    none = np.zeros(foretold.shape, bool)
    scores = {name: one[:, of.columns] for name, one in scores.items()}
    return Question(group, of.people(rows), scores, none, {}, foretold, none)


def _padded(table: Matrix, width: int) -> Matrix:
    """Return a table of the drugs that patients take as one of all candidates: nobody takes the others."""
    return np.pad(table, ((0, 0), (0, width - table.shape[1])))
