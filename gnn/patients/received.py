"""Received: what like patients received, as regressions of each drug on what is known of a patient.

Each has what is common, by data set, and what the patient's record moves it by:

- *whole*: the drugs on the whole record, each told from all others and from the rest (`gnn.patients.ridge.completion`);
- *side*: the same without any drug, for a patient whose drugs are not known;
- *later*: the drugs first given after a case's moment, from the drugs begun by then, from the rest, from the person.

Rows are of length 1 in each channel, things weighed by how few patients have them; what one patient alone has tells
nothing of others and is left out. A patient who comes later is a row of the same things, by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.patients.cases import Cases
from gnn.patients.ridge import Doubles, completion, regression
from gnn.shared import ALONE, Shared
from kg.patients.known import Longs

Matrix = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]

CLINIC = ("conditions", "phenotypes", "procedures", "measurements", "values", "allergies", "genome")
PERSON = ("person", "visits")
SIDE = (*CLINIC, *PERSON)
"""The channels of what is known beside drugs."""
MOVED_BY: Mapping[str, tuple[str, ...]] = {"drugs": ("drugs",), "clinic": CLINIC, "person": PERSON}
"""The channels that each regression on what comes later is about."""

WHOLE_RIDGE, SIDE_RIDGE, LATER_RIDGE = 50.0, 10.0, 10.0
SIDE_SIZE = 2.0
"""How much the rows beside the drugs weigh in a completion."""
LEAST_PATIENTS = 2
"""Fewer patients' things tell nothing."""
BORROWED = 5.0
"""How many patients of all data sets count among those of one."""
FLOOR, CEILING = 2e-3, 0.98
"""Between which a regression counts as a probability."""


@dataclass(frozen=True)
class Vocabulary:
    """The things that rows are made of, by channel, with their weights; the drugs, and the data sets.

    Shapes: weight[channel] [thing].
    """

    drugs: tuple[str, ...]
    sources: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    weight: Mapping[str, Matrix]


@dataclass(frozen=True)
class Known:
    """What is known of some cases, in the words of a vocabulary: `data_set` is that of the patient, the last where it
    is none of those known. Shapes: channels [case, thing], of length 1; has [case, drug]; data_set [case]."""

    channels: Mapping[str, sp.csr_array]
    has: Matrix
    data_set: Longs

    def rows(self, names: Sequence[str]) -> sp.csr_array:
        """Return these channels side by side."""
        nothing = sp.csr_array((len(self.has), 0), dtype=np.float32)
        told = [self.channels[name] for name in names if name in self.channels]
        return sp.csr_array(sp.hstack([nothing, *told], format="csr").astype(np.float32))

    def of(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Known":
        """Return what is known of some of the cases."""
        channels = {name: channel[rows] for name, channel in self.channels.items()}
        return Known(channels, self.has[rows], self.data_set[rows])


@dataclass(frozen=True)
class Record:
    """Regressions of the drugs on the whole record: `common` are shares of patients, of each data set and of all.

    Shapes: common [data set, drug]; whole [drug + thing, drug]; side [thing, drug].
    """

    common: Matrix | Doubles
    whole: Matrix | Doubles
    side: Matrix | Doubles


@dataclass(frozen=True)
class Later:
    """Regressions of the drugs first given later. Shapes: common [data set, drug]; moved[group] [thing, drug]."""

    common: Matrix | Doubles
    moved: Mapping[str, Matrix | Doubles]


def vocabulary(
    cases: Cases, sources: Sequence[Sequence[str]], drugs: Sequence[str], shared: Shared = ALONE
) -> Vocabulary:
    """Return the words in which cases are told: things that at least two patients have.

    A thing weighs the logarithm of how few have it, of the patients of the data set in which most do: what a hospital
    measures in everybody tells nothing, however few patients a hospital has beside a practice.
    """
    told = shared.names("data sets", (name for of in sources for name in of))
    member = np.array([[name in of for name in told] for of in sources], bool).reshape(len(sources), len(told))
    who = sp.csr_array(
        (np.ones(len(cases.patient), np.float32), (cases.patient, np.arange(len(cases.patient)))),
        shape=(len(cases.people), len(cases.patient)),
    )
    (members,) = shared.total("patients", member.sum(0))
    names, weight = {}, {}
    for channel in shared.names("channels", cases.channels):
        things, having = cases.things.get(channel, ()), sp.csr_array((len(cases.people), 0), dtype=np.float32)
        if channel in cases.channels:
            having = (who @ cases.channels[channel]).sign()  # [patient, thing]
        there = np.flatnonzero(np.asarray(having.sum(axis=0)).ravel())
        every = shared.names(f"things: {channel}", (things[thing] for thing in there))
        having = in_words(having, things, every)
        of = [np.asarray(having[member[:, one]].sum(axis=0)).ravel() for one in range(len(told))]
        own = shared.cells(np.array(of).reshape(len(told), len(every)))
        counts, all_ = shared.total(f"counts: {channel}", own, np.asarray(having.sum(axis=0)).ravel())
        kept = np.flatnonzero(all_ >= LEAST_PATIENTS)
        share = (counts[:, kept] + 1) / (members[:, None] + 2)
        names[channel] = tuple(every[thing] for thing in kept)
        weight[channel] = -np.log(share.max(axis=0)).astype(np.float32)
    return Vocabulary(tuple(drugs), told, names, weight)


def known(words: Vocabulary, cases: Cases, sources: Sequence[Sequence[str]]) -> Known:
    """Return cases in the words of a vocabulary; what it has no word for is left out."""
    channels = {}
    for channel, names in words.names.items():
        told = cases.channels.get(channel)
        width = (len(cases.patient), len(names))
        rows = sp.csr_array(width, dtype=np.float32) if told is None else in_words(told, cases.things[channel], names)
        channels[channel] = unit(sp.csr_array(rows @ sp.diags_array(words.weight[channel])))
    place = {name: number for number, name in enumerate(words.sources)}
    data_set = np.array([next((place[name] for name in of if name in place), len(place)) for of in sources], np.int64)
    has = in_words(cases.earlier, cases.drugs, words.drugs).toarray().astype(np.float32)
    return Known(channels, has, data_set[cases.patient])


def in_words(matrix: sp.csr_array, names: Sequence[str], wanted: Sequence[str]) -> sp.csr_array:
    """Return the columns of these names, in their order, 0 where there is none. Shapes: [case, name]."""
    place = {name: number for number, name in enumerate(wanted)}
    pairs = np.array([(number, place[name]) for number, name in enumerate(names) if name in place], np.int64)
    pairs = pairs.reshape(-1, 2)
    chosen = sp.csr_array((np.ones(len(pairs), np.float32), pairs.T), shape=(len(names), len(wanted)))
    return sp.csr_array(matrix @ chosen)


def unit(rows: sp.csr_array) -> sp.csr_array:
    """Return rows of length 1, or of 0 where there is nothing."""
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    scaled = sp.diags_array(np.where(length > 0, 1 / np.maximum(length, 1e-9), 0)) @ rows
    return sp.csr_array(scaled).astype(np.float32)


def learn_record(told: Known, sets: int, *, whole: bool = True, shared: Shared = ALONE) -> Record:
    """Fit the regressions on whole records, or that beside drugs alone (the other is empty)."""
    found = solve_record(told, sets, whole=whole, shared=shared)
    return Record(_kept(found.common), _kept(found.whole), _kept(found.side))


def solve_record(told: Known, sets: int, *, whole: bool, shared: Shared) -> Record:
    """Return what `learn_record` does, in double precision as it was solved."""
    none = np.zeros((0, told.has.shape[1]))
    common = _common(told.has, np.ones_like(told.has), told.data_set, sets, shared)
    rest, rows = told.has - common[told.data_set], told.rows(SIDE)
    found = completion(rest, rows * SIDE_SIZE, WHOLE_RIDGE, shared) if whole else none
    return Record(common, found, regression(rows, rest, SIDE_RIDGE, shared))


def learn_later(told: Known, labels: Matrix, open_: Matrix, patient: Longs, sets: int, shared: Shared = ALONE) -> Later:
    """Fit the regressions on what comes later, each patient counting once in what is common.

    What was given already at a landmark is no candidate: it is not `open_`, and says nothing.

    Shapes: labels, open_ [case, drug]; patient [case].
    """
    found = solve_later(told, labels, open_, patient, sets, shared)
    return Later(_kept(found.common), {name: _kept(one) for name, one in found.moved.items()})


def solve_later(told: Known, labels: Matrix, open_: Matrix, patient: Longs, sets: int, shared: Shared) -> Later:
    """Return what `learn_later` does, in double precision as it was solved."""
    once = 1 / np.bincount(patient)[patient] if len(patient) else np.ones(0)
    common = _common(labels * once[:, None], open_ * once[:, None], told.data_set, sets, shared)
    rest = (labels - common[told.data_set]) * open_
    moved = {name: regression(_group(told, name), rest, LATER_RIDGE, shared) for name in MOVED_BY}
    return Later(common, moved)


RECORD_INPUTS = ("common", "whole record", "beside drugs")
LATER_INPUTS = ("common", "own", "own, common", *(f"later, {name}" for name in MOVED_BY))


def record_inputs(learned: Record, told: Known) -> Matrix:
    """Return what speaks for each drug on a record that may lack it, as log-odds: `RECORD_INPUTS`.

    The second and third are by how much the record moves the first. Shapes: [case, drug, input].
    """
    common, rows = learned.common[told.data_set], told.rows(SIDE)
    drugs = common.shape[1]
    base = logit(common)
    found = [base]
    if len(learned.whole):
        moved = (told.has - common) @ learned.whole[:drugs] + SIDE_SIZE * (rows @ learned.whole[drugs:])
        found.append(logit(common + moved) - base)
    if len(learned.side):
        found.append(logit(common + rows @ learned.side) - base)
    return np.stack(found, axis=-1).astype(np.float32)


def later_inputs(learned: Later, told: Known) -> Matrix:
    """Return what speaks for each drug to be given next, as log-odds: `LATER_INPUTS`. Shapes: [case, drug, input]."""
    common = learned.common[told.data_set]
    base = logit(common)
    moved = [logit(common + _group(told, name) @ weights) - base for name, weights in learned.moved.items()]
    return np.stack([base, told.has, told.has * (base - base.mean()), *moved], axis=-1).astype(np.float32)


def logit(share: Floats) -> Floats:
    """Return log-odds of what a regression calls a share, which may lie outside of 0 and 1.

    >>> logit(np.array([0.5, -1.0])).round(2).tolist()
    [0.0, -6.21]
    """
    kept = np.clip(share, FLOOR, CEILING)
    return np.asarray(np.log(kept / (1 - kept)))


def _group(told: Known, name: str) -> sp.csr_array:
    channels = MOVED_BY[name]
    return sp.csr_array(told.rows(channels) / np.float32(np.sqrt(len(channels))))


def _common(having: Floats, open_: Floats, data_set: Longs, sets: int, shared: Shared) -> Doubles:
    """Return the share of cases with each drug, of each data set, with some of all sets' cases among them."""
    own = [np.zeros((sets, having.shape[1])) for _ in range(2)]
    for one in np.unique(data_set):
        for found, of in zip(own, (having, open_), strict=True):
            found[one] = of[data_set == one].sum(0, dtype=np.float64)
    with_, all_ = shared.total("how common", *own)
    total = (with_.sum(0) + 0.01) / (all_.sum(0) + 0.5)
    return np.asarray((with_ + BORROWED * total) / (all_ + BORROWED))


def _kept(solved: Doubles) -> Matrix:
    """Return what was solved in double precision as a model keeps it."""
    return solved.astype(np.float32)
