"""Stretches: which of a patient's parameters hold when, where covariates change or occasions follow each other.

A stretch is what a patient's records say alike: the values of all covariates that change, and the occasion. Stretches
are numbered from 0; one may come again later. Parameters are constant between records, and which record tells them is
a convention: NONMEM calls for parameters at a record and carries the state up to it with them ("nocb": the next
observation is carried backward), most others hold the last record's until the next ("locf"). In both, a dose, a reset
and what is observed go by their own record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from twin.model import Floats, Individual

Longs = NDArray[np.int64]
Places = tuple[tuple[str, int], ...]
"""Individual parameters by field and stretch; -1 is all of a patient's time."""

NOCB, LOCF = "nocb", "locf"
CARRIED = {NOCB: "the next record's value holds, as in NONMEM", LOCF: "the last record's value holds"}
"""What holds between records, in words."""
ALL = -1


class Stretches(NamedTuple):
    """Which stretch holds when, of many patients.

    - `change_h` [change, patient] ascends; `piece` [change + 1, patient] is what holds up to each, and behind the last;
    - `seen` [observation, patient], `dose` [dose, patient], `reset` [reset, patient]: of the record itself.
    """

    change_h: Any
    piece: Any
    seen: Any
    dose: Any
    reset: Any


@dataclass(frozen=True, eq=False)
class Held:
    """Which stretch holds when, of one patient: `record` [record] is that of each record, at `record_h`.

    `change_h` and `piece` as in `Stretches`.
    """

    record_h: Floats
    record_line: Longs
    record: Longs
    change_h: Floats
    piece: Longs

    def at(self, time_h: Floats, late: NDArray[np.bool_] | bool) -> Longs:
        """Return what holds at moments: what the records of that very moment say (the last one where `late`)."""
        first = np.searchsorted(self.record_h, time_h)
        last = np.searchsorted(self.record_h, time_h, side="right") - 1
        place = np.minimum(np.where(late, last, first), len(self.record_h) - 1)
        there = first <= last
        return np.where(there, self.record[place], self.piece[np.searchsorted(self.change_h, time_h)]).astype(np.int64)

    def of_lines(self, line: Longs, time_h: Floats) -> Longs:
        """Return what holds for what stands in lines of the table; by the moment where that is none of the line's."""
        place = np.minimum(np.searchsorted(self.record_line, line), len(self.record_line) - 1)
        own = (self.record_line[place] == line) & (self.record_h[place] == time_h)
        return np.where(own, self.record[place], self.at(time_h, True)).astype(np.int64)


def held(record_h: Floats, record_line: Longs, record: Longs, carried: str, ahead: int | None = None) -> Held:
    """Return which stretch holds when; `ahead` is what holds behind the last record, if it is not the last one's."""
    moments = np.unique(record_h)
    first = record[np.searchsorted(record_h, moments)]
    last = record[np.searchsorted(record_h, moments, side="right") - 1]
    behind = last[-1] if ahead is None else ahead
    piece = np.append(first, behind) if carried == NOCB else np.concatenate([first[:1], last[:-1], [behind]])
    changing = np.flatnonzero(np.diff(piece))
    return Held(record_h, record_line, record, moments[changing], np.append(piece[changing], piece[-1]))


def numbered(labels: Sequence[Any]) -> tuple[Longs, list[Any]]:
    """Return the number of each label, by first appearance from 0, and the labels in that order.

    >>> numbered(["b", "a", "b"])
    (array([0, 1, 0]), ['b', 'a'])
    """
    known = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([known[label] for label in labels], np.int64), list(known)


def chosen(people: Individual, stretch: Any) -> Individual:
    """Return parameters of the stretch that holds for each patient, [..., patient], from those of all their stretches.

    Fields that are alike all the time are [patient], the others [stretch, patient].
    """
    wide = jnp.atleast_2d(stretch)

    def of(one: Any) -> Any:
        if jnp.ndim(one) == 1:
            return jnp.broadcast_to(one, jnp.shape(stretch))
        return jnp.take_along_axis(one, wide, axis=0).reshape(jnp.shape(stretch))

    return jax.tree.map(of, people)


def read(people: Individual, places: Places) -> list[Any]:
    """Return individual parameters [patient] by place."""
    return [getattr(people, field) if part == ALL else getattr(people, field)[part] for field, part in places]


def put(people: Individual, places: Places, at: Any) -> Individual:
    """Return individual parameters with others at places, [place, patient]."""
    found: dict[str, list[Any]] = {}
    for (field, _), value in zip(places, at, strict=True):
        found.setdefault(field, []).append(value)
    parted = {field for field, part in places if part != ALL}
    return people._replace(**{name: jnp.stack(one) if name in parted else one[0] for name, one in found.items()})
