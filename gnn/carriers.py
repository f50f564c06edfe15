"""Carriers: the model's own account of a pair: which known answers, over which likeness, its score is made of.

What reaches a pair over a likeness is a sum over known answers: how like the answer's subject is to the pair's, times
how like its object is to the pair's. The spectral filters make such a product of both ends too, and so do factors: the
vector that an object gets is a sum over the subjects that answer to it (Hu, Koren and Volinsky 2008, section 5,
doi:10.1109/ICDM.2008.22). The model compresses a sum before it weighs it; what the compressed sum adds to the log-odds
is shared out here in proportion to the sum's terms. So the answers together carry exactly what the inputs over
likenesses add to a pair of which nothing is known. Degrees, regressions and walks that
join both ends are not shared out.

A pair that is itself a known answer is accounted for as if it were not: by what the others say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnn.checkpoint import Member, Model
from gnn.likeness import FUSED, Matrix, Rows, Spectrum
from gnn.model import PLAIN, Input, foretold, spoken
from gnn.outlook import Rectangle
from gnn.regress import OVER_BOTH, OVER_ONE
from gnn.score import input_names, look, regime_of
from gnn.words import PARTS

Floats = NDArray[np.floating]

_NAMED = {part: PARTS[part].name for part in ("spectral", "attention", "factors")}
"""What answers are carried over beside likenesses that have a name of their own."""

BECAUSE = ("relation", "subject", "object", "by", "share")


@dataclass(frozen=True)
class Account:
    """Of what a pair's log-odds are made.

    `adds` says what each of the readout's `inputs` adds: together `logit` less `bias`. `carried` says what each known
    answer adds, over each likeness: `carried[relation][by]` [answer], in the order of `answers[relation]` [2, answer]
    (numbers of subject and object). `chains` is what walks between both ends sum up to, by name.
    """

    row: int
    column: int
    regime: str
    logit: float
    bias: float
    inputs: tuple[Input, ...]
    adds: Floats
    answers: dict[str, Rows]
    carried: dict[str, dict[str, Floats]]
    chains: dict[str, float]

    def parts(self) -> pd.DataFrame:
        """Return what each part adds, largest first: part, logit."""
        summed: dict[str, float] = {}
        for one, adds in zip(self.inputs, self.adds, strict=True):
            summed[one.part] = summed.get(one.part, 0.0) + float(adds)
        ordered = sorted(summed.items(), key=lambda part: -part[1])
        return pd.DataFrame({"part": [part for part, _ in ordered], "logit": [adds for _, adds in ordered]})

    def walks(self) -> dict[str, float]:
        """Return what walks between both ends add, by the name of their chain."""
        return {one.by: float(adds) for one, adds in zip(self.inputs, self.adds, strict=True) if one.part == "chains"}

    def raising(self) -> float:
        """Return what all that raises the log-odds adds: answers, each over all likenesses, and walks between."""
        walks = sum(max(adds, 0.0) for adds in self.walks().values())
        return walks + sum(float(added[added > 0].sum()) for added in self._net().values())

    def _net(self) -> dict[str, Floats]:
        """Return what each answer adds, over all likenesses: [answer]."""
        return {relation: np.asarray(sum(over.values())) for relation, over in self.carried.items() if over}

    def shares(self) -> dict[str, Floats]:
        """Return what each answer adds, over all likenesses, of all that raises the log-odds: [answer]."""
        total = self.raising()
        return {relation: added / total if total else 0 * added for relation, added in self._net().items()}

    def because(self, top: int) -> pd.DataFrame:
        """Return which known answers carried the score, over what, largest share first, by `BECAUSE`.

        An answer counts with what it adds in all; its share is told apart by the likenesses over which it raises the
        score. All shares sum to 1 less those of walks between.
        """
        rows = []
        for relation, shares in self.shares().items():
            raising = {by: np.maximum(added, 0) for by, added in self.carried[relation].items()}
            whole = np.sum([*raising.values()], axis=0)
            for place in np.flatnonzero(shares > 0):
                ends = (relation, *(int(end) for end in self.answers[relation][:, place]))
                rows += [
                    (*ends, by, shares[place] * added[place] / whole[place])
                    for by, added in raising.items()
                    if added[place] > 0
                ]
        frame = pd.DataFrame(rows, columns=list(BECAUSE))
        return frame.sort_values("share", ascending=False, kind="stable", ignore_index=True).head(top)


def account(model: Model, row: int, column: int) -> Account:
    """Return of what the log-odds of a pair are made, for the relation that is predicted."""
    seen = look(model, np.array([row]), np.array([column]))
    regime = str(regime_of(model, seen.rows, seen.columns)[0, 0])
    known = {relation: _between(model, seen, relation) for relation in model.task.labels}
    names = input_names(model)
    readouts = [member.readouts[f"{regime}/{model.task.relation}"] for member in model.members]
    learned = [_learned(model, member, seen) for member in model.members]
    walked = {one.by: float(value) for one, value in zip(_chains(names), seen.chains[:, 0, 0], strict=False)}
    added = np.zeros(len(names))
    carried: dict[str, dict[str, Floats]] = {relation: {} for relation in model.task.labels}
    for place, one in enumerate(names):
        own = learned if one.part == "attention" else learned[:1]
        told = [_terms(model, seen, known, ends, one) for ends in own]
        for number, readout in enumerate(readouts):
            terms = told[min(number, len(told) - 1)]
            value = _unshared(model, seen, known, walked, one) if terms is None else float(terms.sum())
            adds = float(readout.weight[place]) * _compressed(model, one, place, value) / len(readouts)
            added[place] += adds
            if terms is not None and value:
                for by, share in _over(model, seen, known[one.relation], one):
                    over = carried[one.relation]
                    over[by] = over.get(by, 0) + adds * terms / value * share
    bias = sum(readout.bias for readout in readouts) / len(readouts)
    answers = {relation: between.nodes for relation, between in known.items()}
    total = bias + float(added.sum())
    return Account(row, column, regime, total, bias, tuple(names), added, answers, carried, walked)


@dataclass(frozen=True)
class _Between:
    """The answers of a relation but for the pair's own: [answer] each, and their subjects and objects by number.

    `subjects`, `objects` are places among the senders; `here`, `there` tell where they are the pair's own.
    """

    subjects: Rows
    objects: Rows
    here: NDArray[np.bool_]
    there: NDArray[np.bool_]
    nodes: Rows


def _between(model: Model, seen: Rectangle, relation: str) -> _Between:
    known = model.answers.known[relation].tocoo()
    nodes = np.stack([model.senders.subjects[known.row], model.senders.objects[known.col]])
    here, there = nodes[0] == seen.rows[0], nodes[1] == seen.columns[0]
    others = ~(here & there)
    return _Between(known.row[others], known.col[others], here[others], there[others], nodes[:, others])


def _terms(
    model: Model, seen: Rectangle, known: Mapping[str, _Between], learned: tuple[Matrix, Matrix] | None, one: Input
) -> Floats | None:
    """Return what each answer sends to the pair by an input; None where it is no sum over likenesses: [answer]."""
    if one.part in ("degrees", "chains", "regressions"):
        return None
    told = known[one.relation]
    if one.part == "spectral":
        return _wave(model, seen, told, one)
    if one.part == "factors":
        return _factors(model, seen, told, one)
    part = one.by.partition(" ")[0] if one.part == "attention" else one.part
    over, across = _likenesses(model, seen, learned, one)
    if part == "shares":
        sends = over[0, told.subjects].astype(np.float64)
        return sends * told.there / max(np.bincount(told.objects, sends).max(initial=0), 1e-12)
    from_subjects = told.here if part == "objects" else over[0, told.subjects]
    from_objects = told.there if part == "subjects" else across[told.objects, 0]
    return np.multiply(from_subjects, from_objects, dtype=np.float64)


def _likenesses(
    model: Model, seen: Rectangle, learned: tuple[Matrix, Matrix] | None, one: Input
) -> tuple[Matrix, Matrix]:
    """Return over which likeness of subjects and which of objects an input hears: [1, subject], [object, 1]."""
    if learned is not None and one.part == "attention":
        head = int(one.by.partition(" ")[2]) - 1
        return learned[0][head], learned[1][head]
    by, fused = one.by, one.by
    if one.part == "both":
        by, _, fused = one.by.rpartition(", ")
    over = model.around.subjects.channels.index(by) if one.part != "objects" else 0
    across = model.around.objects.channels.index(fused) if one.part not in ("subjects", "shares") else 0
    return seen.from_subjects[over], seen.from_objects[across]


def _unshared(
    model: Model, seen: Rectangle, known: Mapping[str, _Between], walked: Mapping[str, float], one: Input
) -> float:
    """Return the value of an input that is no sum over likenesses: a degree, a regression, or what walks sum to."""
    if one.part == "chains":
        return walked[one.by]
    if one.part == "regressions":
        place = (*OVER_ONE, OVER_BOTH).index(one.by.removesuffix(f", {PLAIN}"))
        return float(foretold(model.answers.regressed[one.relation], model.senders, seen)[place, 0, 0])
    told = known[one.relation]
    return float((told.here if one.by == model.task.subject else told.there).sum())


def _chains(names: Sequence[Input]) -> list[Input]:
    return [one for one in names if one.part == "chains"]


def _compressed(model: Model, one: Input, place: int, value: float) -> float:
    if one.part == "attention":
        return float(spoken(np.array(value)))
    return float(np.arcsinh(value / model.sizes[place]))


def _wave(model: Model, seen: Rectangle, told: _Between, one: Input) -> Floats:
    """Return what each answer sends through a spectral filter: [answer]."""
    power, a = one.by.split(", ")
    over, across = (
        next(spectrum for spectrum in side.spectra if spectrum.power == int(power))
        for side in (model.around.subjects, model.around.objects)
    )
    kept = model.workings.of(("passed", over.power, a), lambda: _passed(over, across, float(a)))
    subjects, source = np.unique(told.subjects, return_inverse=True)
    mine = over.vectors[seen.rows[0]] * over.vectors[model.senders.subjects[subjects]]
    theirs = across.vectors[seen.columns[0]] * across.vectors[model.senders.objects[told.objects]]
    sent: Floats = ((mine @ kept)[source] * theirs).sum(1)
    return sent


def _passed(over: Spectrum, across: Spectrum, a: float) -> Floats:
    """Return what a filter lets pass of each product of two dimensions. Shapes: [rank, rank]."""
    strength = over.values[:, None] * across.values[None, :]
    return np.asarray(strength / (strength + a))


def _factors(model: Model, seen: Rectangle, told: _Between, one: Input) -> Floats:
    """Return what each subject that answers to the pair's object gives to the product of the factors: [answer]."""
    left, right = model.answers.factors[one.relation]
    found = np.zeros(len(told.subjects))
    row, column = (
        int(np.searchsorted(ends, node[0])) if node[0] in ends else -1
        for ends, node in ((model.senders.subjects, seen.rows), (model.senders.objects, seen.columns))
    )
    if row < 0 or column < 0 or not right[column].any():
        return found
    settings = model.config.factors
    every = model.answers.known[one.relation][:, [column]].tocoo().row
    vectors = left.astype(np.float64)
    whole = vectors.T @ vectors + settings.ridge * np.eye(settings.rank)
    whole += settings.confidence * vectors[every].T @ vectors[every]
    sends = vectors @ np.linalg.solve(whole, vectors[row]) * (1 + settings.confidence)
    return np.where(told.there, sends[told.subjects], 0)


def _learned(model: Model, member: Member, seen: Rectangle) -> tuple[Matrix, Matrix] | None:
    """Return the learned likeness of the pair's ends to the senders: [head, 1, subject], [head, object, 1]."""
    if member.learned is None:
        return None
    over, across = member.learned
    near = model.config.neighbours
    return over(seen.from_subjects, near), across(seen.from_objects.transpose(0, 2, 1), near).transpose(0, 2, 1)


def _over(model: Model, seen: Rectangle, told: _Between, one: Input) -> Iterator[tuple[str, Floats | float]]:
    """Yield over which likenesses an input is carried, and which part of each answer's term is each one's.

    A mean of likenesses is the sum of its parts; its cube is told apart in the same proportion.
    """
    end = "objects" if one.part == "objects" else "subjects"
    by = one.by.rpartition(", ")[0] if one.part == "both" else one.by
    if one.part not in ("subjects", "objects", "both", "shares"):
        yield _NAMED[one.part], 1.0
    elif by not in FUSED:
        yield by, 1.0
    else:
        side = getattr(model.around, end)
        plain = seen.from_objects[:, told.objects, 0] if end == "objects" else seen.from_subjects[:, 0, told.subjects]
        plain = plain[: len(side.shared)]
        whole = np.maximum(plain.sum(0), 1e-12)
        yield from ((name, alike / whole) for name, alike in zip(side.shared, plain, strict=True) if alike.any())
