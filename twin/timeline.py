"""Timelines: the doses of some patients and the times asked, as intervals that the engine carries them over.

Nothing happens within an interval. At its start a dose may enter a compartment, an infusion begin or end, the state be
reset or put at a steady state; at its end the state may be looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model import Compartment, Floats, Individual
from twin.nonmem import MODELLED_DURATION, MODELLED_RATE
from twin.regimen import Doses

Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Entry:
    """What each compartment does to doses: which share of them arrives, how many hours later, and the rate or duration
    of infusions whose record leaves it to the model, NaN where the model has none. Shapes: [compartment, patient]."""

    share: Floats
    lag_h: Floats
    rate: Floats
    duration_h: Floats

    @classmethod
    def of(cls, compartments: Mapping[str, Compartment], individuals: Individual, patients: int) -> "Entry":
        """Ask a model's compartments about individual parameters [patient]."""

        def told(name: str, otherwise: float) -> Floats:
            functions = [getattr(compartment, name) for compartment in compartments.values()]
            values = [otherwise if one is None else np.asarray(one(individuals), np.float64) for one in functions]
            return np.array([np.broadcast_to(value, (patients,)) for value in values])

        return cls(told("bioavailability", 1.0), told("lag_h", 0.0), told("rate", np.nan), told("duration_h", np.nan))

    def same_times(self, doses: Doses) -> bool:
        """Return whether all patients' events are at the same times."""
        flowing = doses.rate != 0
        return not (self.lag_h.any() or (doses.rate < 0).any() or (flowing.any() and (self.share != 1).any()))


@dataclass(frozen=True)
class Steady:
    """A dose that has been taken every `interval_h` for ever; an infusion without end where that is 0."""

    compartment: int
    amount: float
    rate: float
    interval_h: float


@dataclass(frozen=True)
class Timeline:
    """The intervals of patients, in order; all have as many, some of length 0. Patients alike share a column.

    - `column` [patient]; `hours` [interval] where all columns have the same, else [interval, column];
    - `bolus` [interval, compartment, column]: what is given at the start, before the model's share of it is taken;
    - `inflow`: the same in an hour, all along; None where nothing flows;
    - `reset` [interval, column]; None where nothing is;
    - `jump` [interval, column]: which of `steady`, from 1, the state is put at, negative: which is added to it;
    - `asked` [time, column]: at the end of which interval the state is looked at.
    """

    column: Longs
    hours: Floats
    bolus: Floats
    inflow: Floats | None
    reset: NDArray[np.bool_] | None
    jump: Longs | None
    steady: tuple[Steady, ...]
    asked: Longs


@dataclass(frozen=True)
class Look:
    """When a patient is looked at: times [time], ascending; `after` what happens at the same moment, or before it."""

    time_h: Floats
    after: NDArray[np.bool_]

    @classmethod
    def before(cls, time_h: Floats) -> "Look":
        """Return looks before what happens at the same moment."""
        return cls(time_h, np.zeros(len(time_h), bool))


@dataclass(frozen=True)
class _Events:
    """What happens to one column, in no order; `compartment` is -1 for a reset. Shapes: [event]."""

    time_h: Floats
    compartment: Longs
    bolus: Floats
    inflow: Floats  # by how much the flow changes
    jump: Longs


def timeline(doses: Sequence[Doses], looks: Sequence[Look], entry: Entry, longest_h: float) -> Timeline:
    """Lay out the intervals of patients; none is longer than `longest_h`.

    Patients with the same doses and looks (the same objects) share a column, unless the model makes their times differ.
    """
    alike = all(entry.same_times(one) for one in {id(one): one for one in doses}.values())
    keys = [
        (id(one), id(look), 0 if alike else patient)
        for patient, (one, look) in enumerate(zip(doses, looks, strict=True))
    ]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    column = np.array([numbers[key] for key in keys], np.int64)
    first = np.unique(column, return_index=True)[1]
    steady: dict[Steady, int] = {}
    events = [_events(doses[patient], entry, int(patient), steady) for patient in first]
    points = [_points(one, looks[patient], longest_h) for one, patient in zip(events, first, strict=True)]
    count, columns = max(map(len, points)), len(points)
    times = np.stack([np.pad(one, (0, count - len(one)), mode="edge") for one in points], axis=1)
    hours = np.diff(times, axis=0, prepend=times[:1])
    bolus, flow = np.zeros((2, count, len(entry.share), columns))
    reset, jump = np.zeros((count, columns), bool), np.zeros((count, columns), np.int64)
    for number, (one, own) in enumerate(zip(events, points, strict=True)):
        at = np.searchsorted(own, one.time_h) + 1
        inside = (at < count) & (one.compartment >= 0)
        place = at[inside], one.compartment[inside], np.full(int(inside.sum()), number)
        np.add.at(bolus, place, one.bolus[inside])
        np.add.at(flow, place, one.inflow[inside])
        jump[place[0][one.jump[inside] != 0], number] = one.jump[inside][one.jump[inside] != 0]
        reset[at[(at < count) & (one.compartment < 0)], number] = True
    inflow = np.cumsum(flow, axis=0)
    return Timeline(
        column,
        hours[:, 0] if (hours == hours[:, :1]).all() else hours,
        bolus,
        np.maximum(inflow, 0.0) if flow.any() else None,
        reset if reset.any() else None,
        jump if jump.any() else None,
        tuple(steady),
        np.stack([_places(own, looks[patient]) for own, patient in zip(points, first, strict=True)], axis=1),
    )


def _events(doses: Doses, entry: Entry, patient: int, steady: dict[Steady, int]) -> _Events:
    """Return what a patient's doses do; new steady states are added to `steady`, numbered from 1."""
    compartment = np.maximum(doses.compartment - 1, 0)
    time = doses.time_h + entry.lag_h[compartment, patient]
    rate = np.where(doses.rate == MODELLED_RATE, entry.rate[compartment, patient], doses.rate)
    long = np.where(doses.rate == MODELLED_DURATION, entry.duration_h[compartment, patient], 0.0)
    arriving = doses.amount * entry.share[compartment, patient]
    lasting = np.divide(arriving, rate, out=long, where=rate > 0)
    flow = np.divide(arriving, lasting, out=np.zeros(len(time)), where=lasting > 0) / entry.share[compartment, patient]
    jump = np.zeros(len(time), np.int64)
    for place in np.flatnonzero(doses.steady):
        of = Steady(
            *(one[place].item() for one in (compartment, doses.amount, np.maximum(rate, flow), doses.interval_h))
        )
        number = steady.setdefault(of, len(steady) + 1)
        jump[place] = number if doses.steady[place] == 1 else -number
    undone = np.sort(np.concatenate([doses.reset_h, doses.time_h[doses.steady == 1]]))
    follows = np.append(undone, np.inf)[np.searchsorted(undone, doses.time_h, side="right")]
    infusions = _infusions(doses, np.stack([time, lasting, flow, compartment]), follows)
    on_the_way = time >= follows  # a dose that had not arrived when all was set back never does
    resets, begun = len(doses.reset_h), len(infusions)
    none, nothing = np.zeros(len(time)), np.zeros(2 * begun)
    start, end, flowing, entered = infusions.reshape(-1, 4).T
    return _Events(
        np.concatenate([doses.reset_h, time, start, end]),
        np.concatenate([np.full(resets, -1), compartment, entered, entered]).astype(np.int64),
        np.concatenate([np.zeros(resets), np.where((rate > 0) | (flow > 0) | on_the_way, 0.0, doses.amount), nothing]),
        np.concatenate([np.zeros(resets), none, flowing, -flowing]),
        np.concatenate([np.zeros(resets), jump, nothing]).astype(np.int64),
    )


def _infusions(doses: Doses, given: Floats, until: Floats) -> Floats:
    """Return start, end, flow and compartment of each infusion, [infusion, 4]; all flow ends where all is set back.

    Of an endless series those that have begun before its last dose and go on are infusions too. Shapes: `given` has
    time, duration, flow and compartment, [4, dose]; until [dose].
    """
    found = []
    for (time, lasting, flow, compartment), end, steady, interval in zip(
        given.T, until, doses.steady, doses.interval_h, strict=True
    ):
        if flow > 0 and time < end:
            earlier = np.arange(np.ceil(lasting / interval)) if steady and interval else np.zeros(1)
            found += [(time, min(stop, end), flow, compartment) for stop in time + lasting - earlier * interval]
    return np.array(found, np.float64).reshape(-1, 4)


def _points(events: _Events, look: Look, longest_h: float) -> Floats:
    """Return the moments at which something happens or is looked at, [point]; one twice that is looked at after."""
    last = look.time_h[-1]
    happens = events.time_h[(events.time_h < last) | ((events.time_h == last) & look.after[-1])]
    moments = np.unique(np.concatenate([[min(0.0, look.time_h[0])], look.time_h, happens]))
    gaps = np.diff(moments)
    pieces = np.maximum(np.ceil(gaps / longest_h - 1e-9), 1).astype(np.int64)
    between = [
        start + gap * np.arange(1, n) / n for start, gap, n in zip(moments[:-1], gaps, pieces, strict=True) if n > 1
    ]
    twice = np.intersect1d(look.time_h[look.after], happens)
    return np.sort(np.concatenate([moments, *between, twice]))


def _places(points: Floats, look: Look) -> Longs:
    """Return at the end of which interval each time is looked at."""
    first, last = np.searchsorted(points, look.time_h), np.searchsorted(points, look.time_h, side="right") - 1
    return np.where(look.after, last, first).astype(np.int64)
