"""Cases: a patient at a moment: what is on the record by then, and which drugs are first given later.

A case's moment is

- of a stay in hospital: 24 hours after it began, if it lasted longer. Its labels are the drugs first given after the
  moment and within the stay; those given earlier in the stay are no candidates;
- of a patient without such a case: the end of the day that ends the first half of the record's days with an event. Its
  labels are the drugs first given later; those given earlier are no candidates;
- of every patient: the end of the record, which is what is asked when a patient is ranked. It has no labels.

What a case knows is what is known by its moment, as `kg.patients.known` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.patients.events import UNKNOWN, Events, Told
from gnn.shared import ALONE, Shared
from kg.patients.known import DAY, END, Longs

HOURS = 24
"""How long after the beginning of a stay its case is."""
PARTS_OF_A_RECORD = (0.5,)
"""Where in a record without stays its cases are: after these parts of its days."""
LEAST_DAYS = 8
"""A record with events on fewer days is no case but at its end."""
FIFTH = 0.2
"""A value is low, or high, in this part of all values of its measurement and unit at either end."""
LEAST_VALUES = 20
"""Of fewer values of a measurement none is called low or high."""

Doubles = NDArray[np.float64]

STAY, COURSE, NOW = 0, 1, 2
"""What a case's moment is: in a stay, in the course of a record, at its end."""

Bounds = Mapping[str, tuple[float, float]]
"""A measurement and its unit, with a space between -> below which value one is low, and above which high."""

_SPAN = 2**24
_YEAR = 365.25
_OLDEST = 9


@dataclass(frozen=True)
class Cases:
    """Patients at moments, sorted by patient and moment.

    `people` and `drugs` are CURIEs; `patient[case]` is a row of `people`. `channels[name]` says what is known of each
    case, a 1 for each of the things `things[name]`; `earlier` which drugs were begun by the moment, `given` those of
    them that are no candidates. `labels` are pairs of a case and a drug first given later.

    Shapes: patient, moment, kind [case]; channels [case, thing]; earlier, given [case, drug]; labels [2, pair].
    """

    people: tuple[str, ...]
    drugs: tuple[str, ...]
    patient: Longs
    moment: Longs
    kind: Longs
    things: Mapping[str, tuple[str, ...]]
    channels: Mapping[str, sp.csr_array]
    earlier: sp.csr_array
    given: sp.csr_array
    labels: Longs


class Moments(NamedTuple):
    """The cases to be: what is given in [`since`, `moment`) is no candidate, and what is first given in [`moment`,
    `until`) a label. Shapes: [case]; minutes."""

    patient: Longs
    since: Longs
    moment: Longs
    until: Longs
    kind: Longs


def cases(events: Events, bounds: Bounds) -> Cases:
    """Return the cases of these patients: those in the course of their records that have labels, and all at the end."""
    drugs = events.told.get("drugs", _NO_EVENTS)
    stays = _with_labels(_in_stays(events), drugs)
    course = _in_course(events, np.setdiff1d(np.arange(len(events.people)), stays.patient))
    moments = _sorted(stays, _with_labels(course, drugs), _at_the_end(events))
    shape = len(moments.patient), len(drugs.names)
    case, event = _crossed(moments, drugs)
    begun = (drugs.begin[event] < moments.moment[case]) & (drugs.begin[event] >= moments.since[case])
    told = {**events.told, **_out_of_range(events, bounds)}
    return Cases(
        people=events.people,
        drugs=drugs.names,
        patient=moments.patient,
        moment=moments.moment,
        kind=moments.kind,
        things={channel: of.names for channel, of in told.items()} | {"person": PERSON_THINGS + _sources(events)},
        channels={channel: _known(moments, of) for channel, of in told.items()} | {"person": _person(events, moments)},
        earlier=_known(moments, drugs),
        given=_ones(case[begun], drugs.thing[event][begun], shape),
        labels=_labels(moments, drugs),
    )


def bounds_of(events: Events, shared: Shared = ALONE) -> dict[str, tuple[float, float]]:
    """Return below and above which values the measurements of these patients are low and high.

    They are found by counts alone, of how many values are at most so much: a bit of each bound at a time.
    """
    told = events.told.get("measurements", _NO_EVENTS)
    measured = (~np.isnan(told.value)) & (told.unit >= 0)
    size = max(len(told.units), 1)
    codes, key = np.unique((told.thing * size + told.unit)[measured], return_inverse=True)
    values, patient = told.value[measured], told.patient[measured]
    written = [f"{told.names[code // size]} {told.units[code % size]}" for code in codes]
    pairs = np.unique(key * len(events.people) + patient) // max(len(events.people), 1)
    often = np.bincount(pairs, minlength=len(codes)) >= shared.minimum
    names = shared.names("measurements", (name for name, kept in zip(written, often, strict=True) if kept))
    place = {name: number for number, name in enumerate(names)}
    inside = often[key]
    which = np.array([place.get(name, -1) for name in written], np.int64)[key[inside]]
    counts = shared.total("values", np.bincount(which, minlength=len(names)))[0]
    low, high = (_quantile(which, values[inside], np.round((counts - 1) * part), shared) for part in (FIFTH, 1 - FIFTH))
    enough = counts >= LEAST_VALUES
    return {name: (float(lo), float(hi)) for name, lo, hi, kept in zip(names, low, high, enough, strict=True) if kept}


def _quantile(which: Longs, values: Doubles, rank: Doubles, shared: Shared) -> Doubles:
    """Return of each measurement the value with so many below it, exactly. Shapes: rank [measurement]."""
    keys, low = _ordered(values), np.full(len(rank), -(2**63), np.int64)
    high = np.full(len(rank), 2**63 - 1, np.int64)
    while len(rank) and (low < high).any():
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        below = np.bincount(which[keys <= middle[which]], minlength=len(rank))
        enough = shared.total("values below", below)[0] > rank
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return (low ^ ((low >> 63) & (2**63 - 1))).view(np.float64)


def _ordered(values: Doubles) -> Longs:
    """Return whole numbers in the order of the values, 0 and -0 alike, each the bits of one value."""
    bits = np.ascontiguousarray(values + 0.0).view(np.int64)
    return np.asarray(bits ^ ((bits >> 63) & (2**63 - 1)))


def often(told: Cases, minimum: int) -> Cases:
    """Return cases without what fewer than so many of their patients have: it is left out, whatever it is."""
    if minimum <= 1:
        return told
    shape = len(told.people), len(told.patient)
    who = sp.csr_array((np.ones(shape[1], np.float32), (told.patient, np.arange(shape[1]))), shape=shape)

    def enough(matrix: sp.csr_array) -> NDArray[np.bool_]:
        return np.asarray((who @ matrix).sign().sum(axis=0)).ravel() >= minimum

    def kept(matrix: sp.csr_array, wanted: NDArray[np.bool_]) -> sp.csr_array:
        return sp.csr_array(matrix @ sp.diags_array(wanted.astype(np.float32)))

    drugs = enough(told.earlier)
    labels = sp.csr_array((np.ones(told.labels.shape[1], np.float32), told.labels), shape=told.given.shape)
    later = enough(labels)[told.labels[1]] & drugs[told.labels[1]]
    return replace(
        told,
        channels={name: kept(one, enough(one)) for name, one in told.channels.items()},
        earlier=kept(told.earlier, drugs),
        given=kept(told.given, drugs),
        labels=told.labels[:, later],
    )


_NONE = np.empty(0, np.int64)
_NO_EVENTS = Told((), (), _NONE, _NONE, _NONE, _NONE, np.empty(0), _NONE)
PERSON_THINGS = (*(f"{10 * band} to {10 * band + 9} years" for band in range(_OLDEST)), "90 years or more, or unknown")
SEXES = ("female", "male", "other or unknown sex")


def _in_stays(events: Events) -> Moments:
    stays = events.admissions
    moment = stays.begin + HOURS * 60
    kind = np.full(len(moment), STAY)
    long = stays.end > moment
    return Moments(*(column[long] for column in (stays.patient, stays.begin, moment, stays.end, kind)))


def _in_course(events: Events, patients: Longs) -> Moments:
    """Return the moments after each part of a record's days with an event, of these patients."""
    none = np.empty(0, np.int64)
    dated = [(told.patient[told.begin < END], told.begin[told.begin < END] // DAY) for told in events.told.values()]
    keys = np.unique(np.concatenate([none, *(patient * _SPAN + day + _SPAN // 4 for patient, day in dated)]))
    first = np.searchsorted(keys // _SPAN, patients)
    count = np.searchsorted(keys // _SPAN, patients, side="right") - first
    long = count >= LEAST_DAYS
    rows = [(first + np.ceil(count * part).astype(np.int64) - 1)[long] for part in PARTS_OF_A_RECORD]
    moment = (keys[np.concatenate(rows)] % _SPAN - _SPAN // 4 + 1) * DAY
    who = np.tile(patients[long], len(rows))
    return Moments(who, np.full(len(who), -END), moment, np.full(len(who), END), np.full(len(who), COURSE))


def _at_the_end(events: Events) -> Moments:
    count = len(events.people)
    ends = np.full(count, END)
    return Moments(np.arange(count), np.full(count, -END), ends, ends, np.full(count, NOW))


def _with_labels(moments: Moments, drugs: Told) -> Moments:
    having = np.unique(_labels(moments, drugs)[0])
    return Moments(*(column[having] for column in moments))


def _sorted(*some: Moments) -> Moments:
    every = Moments(*(np.concatenate(columns) for columns in zip(*some, strict=True)))
    order = np.lexsort((every.moment, every.patient))
    return Moments(*(column[order] for column in every))


def _labels(moments: Moments, drugs: Told) -> Longs:
    case, event = _crossed(moments, drugs)
    begin, size = drugs.begin[event], max(len(drugs.names), 1)
    earlier = (begin >= moments.since[case]) & (begin < moments.moment[case])
    later = (begin >= moments.moment[case]) & (begin < moments.until[case])
    pair = case * size + drugs.thing[event]
    return np.stack(np.divmod(np.setdiff1d(pair[later], pair[earlier]), size))


def _known(moments: Moments, told: Told) -> sp.csr_array:
    case, event = _crossed(moments, told)
    known = told.known[event] <= moments.moment[case]
    return _ones(case[known], told.thing[event][known], (len(moments.patient), len(told.names)))


def _crossed(moments: Moments, told: Told) -> tuple[Longs, Longs]:
    """Return every case with every event of its patient. Shapes: [case and event] each."""
    first = np.searchsorted(told.patient, moments.patient)
    count = np.searchsorted(told.patient, moments.patient, side="right") - first
    case = np.repeat(np.arange(len(count)), count)
    return case, np.arange(len(case)) - np.repeat(np.cumsum(count) - count - first, count)


def _out_of_range(events: Events, bounds: Bounds) -> dict[str, Told]:
    """Return the measurements again, as a channel of those that are low or high."""
    told = events.told.get("measurements")
    if told is None:
        return {}
    low = np.full((len(told.names) + 1, len(told.units) + 1), np.nan)
    high = low.copy()
    for thing, name in enumerate(told.names):
        for unit, written in enumerate(told.units):
            low[thing, unit], high[thing, unit] = bounds.get(f"{name} {written}", (np.nan, np.nan))
    above = told.value > high[told.thing, told.unit]
    out = above | (told.value < low[told.thing, told.unit])
    names = tuple(f"{name} {side}" for name in told.names for side in ("low", "high"))
    return {
        "values": Told(
            names,
            told.units,
            told.patient[out],
            (2 * told.thing + above)[out],
            told.begin[out],
            told.known[out],
            told.value[out],
            told.unit[out],
        )
    }


def _sources(events: Events) -> tuple[str, ...]:
    return (*SEXES, *sorted({name for names in events.sources for name in names}))


def _person(events: Events, moments: Moments) -> sp.csr_array:
    """Return the decade of age, the sex and the data sets of each case."""
    names = PERSON_THINGS + _sources(events)
    place = {name: number for number, name in enumerate(names)}
    day = np.where(moments.moment < END, moments.moment, events.last()[moments.patient]) // DAY
    born = events.born[moments.patient]
    told = (born > UNKNOWN) & (day > UNKNOWN // DAY)
    band = np.where(told, np.clip((day - born) / _YEAR // 10, 0, _OLDEST), _OLDEST).astype(np.int64)
    sex = np.array([place.get(sex or "", place[SEXES[-1]]) for sex in events.sex], np.int64)[moments.patient]
    case = np.arange(len(day))
    where = [(patient, place[name]) for patient, told_by in enumerate(events.sources) for name in told_by]
    of = sp.csr_array(
        (np.ones(len(where), np.float32), np.array(where, np.int64).reshape(-1, 2).T), (len(events.people), len(names))
    )
    own = _ones(np.tile(case, 2), np.concatenate([band, sex]), (len(case), len(names)))
    return (own + of[moments.patient]).tocsr().astype(np.float32)


def _ones(rows: Longs, columns: Longs, shape: tuple[int, int]) -> sp.csr_array:
    found = sp.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    found.sum_duplicates()
    found.data[:] = 1
    return found
