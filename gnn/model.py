"""The whole model in one file: known answers travel as messages over the likeness of subjects and of objects.

A pair (subject, object) is judged by the answers known of like subjects and like objects, and by the walks that join
the two. Messages never carry a pair's own answer: in training they come from pairs outside its inner fold.

- Fixed messages, as in SGC and SIGN (Wu et al. 2019, arXiv:1902.07153; Frasca et al. 2020, arXiv:2004.11198): over
  each kind of likeness of the subjects, of the objects, and over both in turn.
- A spectral convolution on the product of the fused likenesses of both ends, whose filters s t / (s t + a) are those
  of Kronecker ridge regression (van Laarhoven 2011, doi:10.1093/bioinformatics/btr500).
- Learned messages: over likenesses whose edge weights a small network computes from all fixed ones of the two nodes at
  once (as edge-conditioned convolutions do; Gilmer et al. 2017, arXiv:1704.01212; `gnn.edge_weights`), learned in
  `gnn.learned`.
- Factors: the product of vectors that the answers alone give (`gnn.factorise`).
- Regressions: the answers foretold from each other in closed form (`gnn.regress`).
- Shares: what a subject hears of an object, of what it hears of the object that it hears most of: who has few like
  subjects hears little of all objects, and yet of some more than of others.
- Linear readouts of all of them: one for each relation of the answers, and for each regime: a pair whose ends both
  have answers, or of which one end has none. With some hundred answers a deeper one ranks worse.

What is fitted is fitted in `gnn.train`; all that is here needs numpy and scipy alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.likeness import FUSED, Matrix, Rows
from gnn.outlook import Outlook, Rectangle, Senders, Surroundings, met
from gnn.regress import OVER_BOTH, OVER_ONE
from gnn.task import Task

FILTERS = (0.3, 1.0, 3.0)
"""The a of the spectral filters s t / (s t + a)."""

USUAL_PARTS = ("messages", "spectral", "chains", "attention", "factors")
PARTS = (*USUAL_PARTS, "regressions", "shares")
"""The parts of the model, that an ablation may leave out: the usual ones, and those that a task may ask for."""

FLOOR = 0.01
"""What is added to learned messages before their logarithm, so that silence has one."""

PLAIN = "plain"
"""What inputs are called that are looked at as they are too: compressed alone, the best pairs were too much alike."""


@dataclass(frozen=True)
class Answers:
    """The known answers between senders, of each relation, with their factors and regressions where these are used.

    Shapes: known[relation] [sending subject, sending object]; factors[relation] [sender, rank] of both ends;
    regressed[relation] [regression, sending subject, sending object].
    """

    known: Mapping[str, sp.csr_array]
    factors: Mapping[str, tuple[Matrix, Matrix]]
    regressed: Mapping[str, Matrix] = field(default_factory=dict)

    @cached_property
    def degrees(self) -> dict[str, tuple[NDArray, NDArray]]:
        """How many answers each sender has, of each relation, at either end. Shapes: [sending subject], [object]."""
        return {name: (np.asarray(one.sum(axis=1)), np.asarray(one.sum(axis=0))) for name, one in self.known.items()}


@dataclass(frozen=True)
class Input:
    """An input of a readout: whose answers it carries (of no relation: it carries none), how, and over what."""

    relation: str
    part: str
    by: str


def fixed_inputs(around: Surroundings, parts: tuple[str, ...]) -> list[Input]:
    """Return what each of the inputs without a learned weight is, in the order of `reached`."""
    task, (subjects, objects) = around.task, (around.subjects.channels, around.objects.channels)
    found = []
    for relation in task.labels:
        found += [Input(relation, "degrees", end) for end in task.kinds]
        if "messages" in parts:
            found += [Input(relation, "subjects", by) for by in subjects]
            found += [Input(relation, "objects", by) for by in objects]
            found += [Input(relation, "both", f"{by}, {fused}") for fused in FUSED for by in _two_sided(task, subjects)]
        if "spectral" in parts:
            found += [Input(relation, "spectral", f"{power}, {a:g}") for power in _powers(around) for a in FILTERS]
        if "factors" in parts:
            found += [Input(relation, "factors", by) for by in ("", PLAIN)]
        if "regressions" in parts:
            names = (*OVER_ONE, OVER_BOTH)
            found += [Input(relation, "regressions", by) for by in (*names, *(f"{name}, {PLAIN}" for name in names))]
        if "shares" in parts:
            found.append(Input(relation, "shares", FUSED[-1]))
    if "chains" in parts:
        found += [Input("", "chains", name) for name in met(around)]
    return found


def learned_inputs(task: Task, heads: int) -> list[Input]:
    """Return what each of the inputs over a learned likeness is, in the order of `heard`."""
    return [
        Input(relation, "attention", f"{part} {head + 1}")
        for relation in task.labels
        for part in ("subjects", "objects", "both")
        for head in range(heads)
    ]


Filtered = Sequence[Matrix]
"""Answers after each spectral filter, in the dimensions of both ends. Shapes: [rank, rank]."""


def filtered(around: Surroundings, senders: Senders, answers: Answers, parts: tuple[str, ...]) -> dict[str, Filtered]:
    """Return the answers of each relation after the filters, which are the same for all pairs; none without spectra."""
    found: dict[str, Filtered] = {}
    for relation, known in answers.known.items() if "spectral" in parts else ():
        found[relation] = waves = []
        for over, across in zip(around.subjects.spectra, around.objects.spectra, strict=False):
            wave = over.vectors[senders.subjects].T @ (known @ across.vectors[senders.objects])
            power = over.values[:, None] * across.values[None, :]
            waves += [wave * power / (power + a) for a in FILTERS]
    return found


@dataclass(frozen=True)
class Outset:
    """What the answers say to subjects before any object is looked at: the same for all columns of a rectangle.

    Shapes: sent[relation] [channel, row, sending object]; waves[relation] [row, rank], one for each filter.
    """

    sent: Mapping[str, Matrix]
    waves: Mapping[str, Sequence[Matrix]]


def outset(
    around: Surroundings,
    senders: Senders,
    seen: Outlook,
    answers: Answers,
    parts: tuple[str, ...],
    waves: Mapping[str, Filtered] | None = None,
) -> Outset:
    """Return what the answers say to some subjects; `waves`, where the answers are filtered already."""
    known = answers.known.items() if "messages" in parts or "shares" in parts else ()
    waves = filtered(around, senders, answers, parts) if waves is None else waves
    spectra = around.subjects.spectra
    return Outset(
        {name: sent(one, seen.alike) for name, one in known},
        {
            name: [spectra[place // len(FILTERS)].vectors[seen.nodes] @ wave for place, wave in enumerate(each)]
            for name, each in waves.items()
        },
    )


def reached(
    around: Surroundings,
    senders: Senders,
    seen: Rectangle,
    answers: Answers,
    parts: tuple[str, ...],
    said: Outset | None = None,
) -> Matrix:
    """Return what reaches each pair without any learned weight; `said`, where the outset of its rows is known already.

    Shapes: [input, row, column].
    """
    said = said or outset(around, senders, seen.mine, answers, parts)
    here, there = _places(seen.rows, senders.subjects), _places(seen.columns, senders.objects)
    two_sided = _two_sided(around.task, around.subjects.channels)
    chosen = [place for place, name in enumerate(around.subjects.channels) if name in two_sided]
    shape = (len(seen.rows), len(seen.columns))
    found = []
    for relation in around.task.labels:
        known = answers.known[relation]
        for counts, places, axis in zip(answers.degrees[relation], (here, there), (1, 0), strict=True):
            degrees = np.where(places >= 0, counts[places], 0) if known.nnz else np.zeros(len(places))
            found.append(np.broadcast_to(np.expand_dims(degrees, axis), shape)[None])
        if "messages" in parts:
            told = said.sent[relation]
            found += [_on_columns(told, there), _over_objects(known, here, seen.from_objects)]
            through = told if len(chosen) == len(told) else told[chosen]
            found += [through @ fused for fused in seen.from_objects[-len(FUSED) :]]
        if "spectral" in parts:
            found += [wave[None] for wave in _arrived(around, seen.columns, said.waves[relation])]
        if "factors" in parts:
            left, right = answers.factors[relation]
            ends = np.where((here >= 0)[:, None], left[here], 0), np.where((there >= 0)[:, None], right[there], 0)
            found += [(ends[0] @ ends[1].T)[None]] * 2
        if "regressions" in parts:
            found += [foretold(answers.regressed[relation], senders, seen)] * 2
        if "shares" in parts:
            sharp = said.sent[relation][-1:]
            most = np.maximum(sharp.max(2, keepdims=True, initial=0), 1e-12)
            found.append(_on_columns(sharp / most, there))
    if "chains" in parts:
        found.append(seen.chains)
    return np.concatenate([values.astype(np.float32, copy=False) for values in found])


def heard(
    task: Task, senders: Senders, seen: Rectangle, answers: Answers, told: Mapping[str, Matrix], across: Matrix
) -> Matrix:
    """Return what reaches each pair over learned likenesses: what subjects hear (`sent`), and over those of objects.

    Shapes: told[relation] [head, row, sending object], across [head, sending object, column] -> [input, row, column].
    """
    here, there = _places(seen.rows, senders.subjects), _places(seen.columns, senders.objects)
    found = []
    for relation in task.labels:
        over = told[relation]
        found += [_on_columns(over, there), _over_objects(answers.known[relation], here, across), over @ across]
    return spoken(np.concatenate(found))


def spoken(messages: NDArray) -> NDArray:
    """Compress what learned messages sum up to."""
    return np.log(messages + FLOOR) - np.log(FLOOR)


def sized(around: Surroundings, parts: tuple[str, ...], sizes: Matrix) -> Matrix:
    """Return by which sizes inputs are compressed: shares and plain ones by 1, which changes them little.

    Shapes: [input].
    """
    plain = [one.part == "shares" or one.by.endswith(PLAIN) for one in fixed_inputs(around, parts)]
    return np.where(plain, 1, sizes).astype(np.float32)


def scaled(channels: Matrix, sizes: Matrix) -> Matrix:
    """Compress each input: asinh of it over its mean size, as counts of paths are (doi:10.7554/eLife.26726).

    Shapes: channels [input, ...], sizes [input].
    """
    return np.arcsinh(channels / sizes.reshape(-1, *[1] * (channels.ndim - 1)))


def sent(known: sp.csr_array, alike: Matrix) -> Matrix:
    """Return what subjects hear of like ones. Shapes: known [subject, object], alike [channel, row, subject]."""
    channels, rows, senders = alike.shape
    found = known.T.tocsr() @ alike.reshape(-1, senders).T  # [object, channel * row]
    return np.ascontiguousarray(found.T).reshape(channels, rows, known.shape[1])


def _on_columns(sent: Matrix, there: Rows) -> Matrix:
    """Lay what is heard of sending objects onto columns. Shapes: sent [channel, row, object], there [column]."""
    found = np.zeros((*sent.shape[:2], len(there)), np.float32)
    found[:, :, there >= 0] = sent[:, :, there[there >= 0]]
    return found


def _over_objects(known: sp.csr_array, here: Rows, alike: Matrix) -> Matrix:
    """Return what objects hear of like ones. Shapes: alike [channel, object, column] -> [channel, row, column]."""
    channels, _, columns = alike.shape
    found = np.zeros((channels, len(here), columns), np.float32)
    sending = here >= 0
    mine = known[here[sending]]
    answers, places = np.unique(mine.indices, return_inverse=True)  # of one row, few: only those are laid out
    mine = sp.csr_array((mine.data, places.astype(np.int32), mine.indptr), shape=(mine.shape[0], len(answers)))
    heard = mine @ np.ascontiguousarray(alike[:, answers].transpose(1, 0, 2)).reshape(len(answers), channels * columns)
    found[:, sending] = np.asarray(heard).reshape(-1, channels, columns).transpose(1, 0, 2)
    return found


def foretold(regressed: Matrix, senders: Senders, seen: Rectangle) -> Matrix:
    """Return what each regression foretells.

    Shapes: regressed [regression, sending subject, sending object] -> [regression, row, column].
    """
    found = np.zeros((len(regressed), len(seen.rows), len(seen.columns)), np.float32)
    here, there = _places(seen.rows, senders.subjects), _places(seen.columns, senders.objects)
    inside = np.flatnonzero(here >= 0), np.flatnonzero(there >= 0)
    found[np.ix_(np.arange(len(OVER_ONE)), *inside)] = regressed[
        np.ix_(np.arange(len(OVER_ONE)), here[inside[0]], there[inside[1]])
    ]
    over, across = seen.from_subjects[-len(FUSED)].copy(), seen.from_objects[-len(FUSED)].copy()
    over[inside[0], here[inside[0]]] = across[there[inside[1]], inside[1]] = 1  # a node is like itself
    found[-1] = over @ (regressed[-1] @ across)
    return found


def _arrived(around: Surroundings, columns: Rows, waves: Sequence[Matrix]) -> Iterator[Matrix]:
    """Yield the filtered answers at some objects. Shapes: [row, column] each."""
    for place, wave in enumerate(waves):
        yield wave @ around.objects.spectra[place // len(FILTERS)].vectors[columns].T


def _places(nodes: Rows, senders: Rows) -> Rows:
    """Return the place of each node among the senders, -1 where it is none. Shapes: nodes [node], senders sorted."""
    if not len(senders):
        return np.full(len(nodes), -1)
    places = np.minimum(np.searchsorted(senders, nodes), len(senders) - 1)
    return np.where(senders[places] == nodes, places, -1)


def _two_sided(task: Task, channels: tuple[str, ...]) -> list[str]:
    return [name for name in channels if not task.two_sided or name in task.two_sided]


def _powers(around: Surroundings) -> list[int]:
    return [one.power for one, _ in zip(around.subjects.spectra, around.objects.spectra, strict=False)]
