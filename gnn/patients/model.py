"""Model: the whole model of patients and drugs: what is heard of a pair, and the readouts that judge it.

A pair (patient, drug) is judged by how common the drug is in the patient's data set, by how much the record moves
that (`gnn.patients.received`), and by what the graph says of the drug (`gnn.patients.likes`). Each of these is an input
in log-odds; a linear readout joins them, one for each regime:

- warm: the drug is hidden on a record that tells others;
- cold subject: no drug of the patient is told;
- cold object: nobody takes the drug: only drugs like it speak for it;
- in a stay, in the course: the drug is first given after a moment (`gnn.patients.cases`).

The model holds weights of things and no patient: who comes later is judged as those are that it learned from, and
who withdraws consent leaves no row behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gnn.calibrate import Calibrator
from gnn.config import TrainConfig
from gnn.patients.cases import COURSE, STAY, Bounds, Cases
from gnn.patients.likes import Likes, speaks, treated
from gnn.patients.received import (
    SIDE,
    SIDE_SIZE,
    Known,
    Later,
    Matrix,
    Record,
    Vocabulary,
    in_words,
    known,
    later_inputs,
    logit,
    record_inputs,
)
from gnn.readout import Readout
from gnn.task import COLD_OBJECT, COLD_SUBJECT, TASKS, WARM, Task
from kg.graph import SourceRelease, data_version
from kg.patients.known import Longs

IN_STAY, IN_COURSE = "in a stay", "in the course"
LATER: Mapping[str, int] = {IN_STAY: STAY, IN_COURSE: COURSE}
"""The regimes of what is first given later, with the kind of their cases."""
REGIMES = (WARM, COLD_SUBJECT, COLD_OBJECT, *LATER)
LEVEL = 0.9
"""Of the interval around a score."""

INPUTS: Mapping[str, tuple[str, ...]] = {
    WARM: ("how common", "like records", "like patients", "like drugs", "treats what is recorded"),
    COLD_SUBJECT: ("how common", "like patients", "like drugs", "treats what is recorded"),
    COLD_OBJECT: ("like drugs exist", "how common like drugs are", "like drugs", "treats what is recorded"),
    **dict.fromkeys(
        LATER,
        (
            *("how common", "own", "own, how common", "drugs by then", "clinic", "person"),
            *("like drugs", "treats what is recorded"),
        ),
    ),
}
"""What each input of a readout is, in words."""
FROM_GRAPH = ("like drugs exist", "how common like drugs are", "like drugs", "treats what is recorded")


@dataclass(frozen=True)
class PatientModel:
    """A trained model; `candidates` begin with the drugs that patients took (`words.drugs`).

    `sources` are the releases that the graph's part was learned from, `records` how many patients of which data sets
    the rest was learned from, `hidden` marks the pairs that were held out
    (`gnn.patients.hidden`): they are on no record that the model is asked about either. Calibrators are named by the
    regime, or by `calibrator_for` one data set.

    Shapes: hidden [pair].
    """

    config: TrainConfig
    sources: tuple[SourceRelease, ...]
    records: Mapping[str, int]
    hidden: Longs
    candidates: tuple[str, ...]
    names: tuple[str, ...]
    words: Vocabulary
    bounds: Bounds
    record: Record
    later: Mapping[str, Later]
    likes: Likes
    readouts: Mapping[str, Readout]
    calibrators: Mapping[str, Calibrator]

    @property
    def task(self) -> Task:
        """What it was trained for."""
        return TASKS[self.config.task]

    def listed(self, known: bool) -> str:
        """Say whether a drug is on a patient's record: all that "known" can mean."""
        return "on the record" if known else "not on the record"

    def summary(self) -> dict[str, Any]:
        """Return what was trained, on what, in a few words."""
        weights = sum(
            array.size
            for array in (
                self.record.whole,
                self.record.side,
                *(array for one in self.later.values() for array in one.moved.values()),
            )
        )
        return {
            "task": self.config.task,
            "seed": self.config.seed,
            "data_version": data_version(self.sources),
            "patients": sum(self.records.values()),
            "held_out_pairs": len(self.hidden),
            "drugs": len(self.candidates),
            "drugs_taken": len(self.words.drugs),
            "parameters": weights + sum(len(readout.weight) + 1 for readout in self.readouts.values()),
        }


@dataclass(frozen=True)
class Asked:
    """Cases in a model's words. Shapes: treated [case, candidate]."""

    told: Known
    treated: Matrix


def asked(model: PatientModel, cases: Cases, sources: tuple[tuple[str, ...], ...]) -> Asked:
    """Return cases as the model knows them; a thing or a drug that it has no word for says nothing."""
    return Asked(known(model.words, cases, sources), treated_in(model.likes, cases))


def treated_in(likes: Likes, cases: Cases) -> Matrix:
    """Return how many of each case's conditions a candidate treats. Shapes: [case, candidate]."""
    if "conditions" not in cases.channels:
        return np.zeros((len(cases.patient), likes.treats.shape[1]), np.float32)
    return treated(likes, in_words(cases.channels["conditions"], cases.things["conditions"], likes.conditions))


def logits(model: PatientModel, of: Asked, regime: str | None = None) -> Matrix:
    """Return the log-odds of every candidate for each case. Shapes: [case, candidate].

    A drug that nobody takes is judged as such. Others are judged warm, or cold where no drug of the patient is told,
    or by the `regime` that is named.
    """
    return judged(model, of, regime, lambda which, inputs: model.readouts[which](inputs))


def regimes(model: PatientModel, of: Asked, regime: str | None = None) -> NDArray[np.str_]:
    """Return by which readout each case is judged. Shapes: [case]."""
    told = (of.told.has > 0).any(axis=1)
    return np.where(told, regime or WARM, regime or COLD_SUBJECT)


def judged(model: PatientModel, of: Asked, regime: str | None, judge: Any) -> Matrix:
    """Return what `judge` says of each pair, given the regime and the inputs [pair, input]."""
    taken, which = len(model.words.drugs), regimes(model, of, regime)
    found = np.empty((len(which), len(model.candidates)), np.float32)
    for one in np.unique(which):
        rows = which == one
        part = Asked(of.told.of(rows), of.treated[rows])
        inputs = inputs_of(model.later.get(one, model.record), model.likes, part, one)
        found[rows, :taken] = judge(one, flat(inputs)).reshape(inputs.shape[:2])
    inputs = cold_drugs(model.record, model.likes, of, np.arange(taken, len(model.candidates)))
    found[:, taken:] = judge(COLD_OBJECT, flat(inputs)).reshape(inputs.shape[:2])
    return found


def flat(inputs: Matrix) -> Matrix:
    """Return the inputs of a table of pairs as those of a list of them."""
    return np.ascontiguousarray(inputs.reshape(-1, inputs.shape[-1]))


def inputs_of(learned: Record | Later, likes: Likes, of: Asked, regime: str) -> Matrix:
    """Return the inputs of a regime for the drugs that patients take: `INPUTS`. Shapes: [case, drug, input]."""
    drugs = of.told.has.shape[1]
    if isinstance(learned, Later):
        own = later_inputs(learned, of.told)
        moved = own[..., -1] + own[..., -2]
    else:
        own = record_inputs(learned, of.told)
        own = own if regime == WARM else own[..., [0, -1]]
        moved = own[..., 1]
    graph = [speaks(likes, moved)[:, :drugs], of.treated[:, :drugs]]
    return np.concatenate([own, np.stack(graph, axis=-1)], axis=-1)


def cold_drugs(record: Record, likes: Likes, of: Asked, which: NDArray[np.integer]) -> Matrix:
    """Return the inputs for candidates as if nobody took them: `INPUTS`.

    Shapes: which [drug] -> [case, drug, input].
    """
    near = Likes(likes.near[which], likes.conditions, likes.treats[:, which])
    heard = record_inputs(Record(record.common, record.whole[:0], record.side), of.told)
    rest = heard[..., 0] - np.float32(logit(np.zeros(1))[0])
    there = np.broadcast_to(np.asarray(near.near.sum(axis=1), np.float32).ravel(), (len(rest), len(which)))
    inputs = [there, speaks(near, rest), speaks(near, heard[..., -1]), of.treated[:, which]]
    return np.stack(inputs, axis=-1).astype(np.float32)


def prior(model: PatientModel, of: Asked) -> Matrix:
    """Return how common each candidate is in the patient's data set. Shapes: [case, candidate]."""
    found = np.zeros((len(of.told.has), len(model.candidates)), np.float32)
    found[:, : len(model.words.drugs)] = model.record.common[of.told.data_set]
    return np.maximum(found, 1e-6)


def probabilities(model: PatientModel, of: Asked, found: Matrix, regime: str | None = None) -> Matrix:
    """Return calibrated probabilities of the log-odds that `logits` gives. Shapes: found [case, candidate]."""
    taken = len(model.words.drugs)
    told, calibrated = regimes(model, of, regime), np.asarray(expit(found), np.float32)
    sets = np.array([*model.words.sources, ""])[of.told.data_set]
    for one, data_set in sorted({*zip(told.tolist(), sets.tolist(), strict=True)}):
        rows = np.flatnonzero((told == one) & (sets == data_set))
        for which, columns in ((one, slice(0, taken)), (COLD_OBJECT, slice(taken, None))):
            own = model.calibrators.get(calibrator_for(which, data_set), model.calibrators.get(which))
            if own is not None:
                calibrated[rows, columns] = own.probabilities(found[rows, columns])
    return calibrated


def calibrator_for(regime: str, data_set: str) -> str:
    """Return the name of a regime's calibrator for one data set; that for all is named by the regime alone."""
    return f"{regime}/{data_set}"


def interval(model: PatientModel, of: Asked) -> tuple[Matrix, Matrix]:
    """Return where the scores lie in `LEVEL` of all draws of the readouts' data. Shapes: [case, candidate]."""
    ends = []
    for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
        ends.append(
            judged(model, of, None, lambda which, x, q=share: np.quantile(expit(model.readouts[which].spread(x)), q, 0))
        )
    return ends[0], ends[1]


def because(model: PatientModel, of: Asked, case: int, drug: int, most: int = 3) -> list[tuple[str, float]]:
    """Return what of a record speaks most for a drug, by CURIE or in words, with by how much: the model's own account.

    Of a drug that nobody takes nothing is said: others, like it, speak for it.
    """
    if drug >= len(model.words.drugs):
        return []
    told = of.told.of(np.array([case]))
    drugs = len(model.words.drugs)
    rows = told.rows(SIDE)
    names = [name for channel in SIDE if channel in told.channels for name in model.words.names[channel]]
    if (told.has > 0).any():
        own = np.flatnonzero(told.has[0])
        found = [(model.words.drugs[one], float(model.record.whole[one, drug])) for one in own]
        weights, size = model.record.whole[drugs:, drug], SIDE_SIZE
    else:
        found, weights, size = [], model.record.side[:, drug], 1.0
    found += [
        (names[thing], float(value * weights[thing] * size))
        for thing, value in zip(rows.indices, rows.data, strict=True)
    ]
    return sorted((one for one in found if one[1] > 0), key=lambda one: -one[1])[:most]
