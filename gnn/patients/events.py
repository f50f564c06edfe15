"""Events: what the records tell of the patients who consent, thing by thing, and from which minute each is known.

A record says of an event when it was, and a model that is asked on a Monday must not know what was written on the
Friday after. So each event has, beside its beginning, the minute from which it is *known*:

- with a minute: that minute; with a day alone: the end of the day;
- a condition, a phenotype, and a procedure without a minute, of a stay in hospital: the end of the stay. Such codes
  are given at the discharge, and dated back to the day on which the patient came;
- with no day, or with one that is drawn within a month or year: not before the end of the record.

Stays that touch, from one day to the next, are one: an emergency department's codes are those of the stay after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kg.graph import Graph, holding
from kg.schema import PERSON

Longs = NDArray[np.int64]

DAY = 1_440
"""Minutes in a day."""
END = 2**62
"""Later than any minute of a record: what is known from then on is known at its end alone."""
UNKNOWN = -(2**40)
"""The day of a birth that is not told."""

ADMITTED = ("PANAKEIA:visit-inpatient", "PANAKEIA:visit-observation")
"""The kinds of visit that are stays in hospital, whatever else happens within them."""
HOSPITAL = (*ADMITTED, "PANAKEIA:visit-emergency", "PANAKEIA:visit-intensive-care")
"""The kinds of visit whose diagnoses are coded when the patient leaves."""

CHANNELS: Mapping[str, tuple[str, ...]] = {
    "conditions": ("patient_has_condition",),
    "phenotypes": ("patient_has_phenotype",),
    "drugs": ("patient_takes_drug",),
    "procedures": ("patient_had_procedure",),
    "measurements": ("patient_has_measurement",),
    "visits": ("patient_had_visit",),
    "allergies": ("patient_allergic_to_drug", "patient_allergic_to_entity"),
    "genome": ("patient_carries_variant", "patient_carries_haplotype", "patient_has_gene_phenotype"),
}
"""What is told of a patient, by the relations that tell it; what is said to be absent is not among it."""

_ALWAYS_LATE = frozenset({"conditions", "phenotypes"})
_LATE_WITHOUT_A_MINUTE = frozenset({"procedures"})
_SPAN = 2**24
"""More days than any record has: `patient * _SPAN + day` orders days within patients."""


class Told(NamedTuple):
    """The events of one channel, sorted by patient; `names[thing]` is the CURIE of what an event is of.

    `begin` is the first minute at which it can have been, `known` the one from which it is on the record (both `END`
    where its day is not known), `value` what was measured, else nan, with `units[unit]`.

    Shapes: patient, thing, begin, known, value, unit [event].
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    patient: Longs
    thing: Longs
    begin: Longs
    known: Longs
    value: NDArray[np.float64]
    unit: Longs


class Stays(NamedTuple):
    """Stays in hospital, sorted by patient and beginning, from a minute to the end of a day. Shapes: [stay]."""

    patient: Longs
    begin: Longs
    end: Longs


@dataclass(frozen=True)
class Events:
    """The records of some patients (`people`, sorted), none of whom withdrew consent.

    `admissions` are stays as each began, `stays` all time in hospital, those joined that touch. `born` is the day of
    birth, `UNKNOWN` where it is not told; `sex` and `sources` are as stored.

    Shapes: born [patient].
    """

    people: tuple[str, ...]
    born: Longs
    sex: tuple[str | None, ...]
    sources: tuple[tuple[str, ...], ...]
    told: Mapping[str, Told]
    admissions: Stays
    stays: Stays

    def last(self) -> Longs:
        """Return the last minute of each patient's record that is told, `UNKNOWN` where none is. Shapes: [patient]."""
        last = np.full(len(self.people), UNKNOWN, np.int64)
        for told in self.told.values():
            dated = told.begin < END
            np.maximum.at(last, told.patient[dated], told.begin[dated])
        return last


def read_events(graph: Graph) -> Events:
    """Return what is told of the patients of a graph; nothing of those who withdrew consent."""
    table = graph.nodes.get(PERSON)
    if table is None:
        return Events((), np.empty(0, np.int64), (), (), {}, *[Stays(*[np.empty(0, np.int64)] * 3)] * 2)
    kept = table.filter(pc.invert(pc.is_in(table["id"], graph.withdrawn()))).sort_by("id")
    people = pa.array(kept["id"].to_pylist(), pa.string())
    rows = {
        name: _of_these(graph.edges[name], name, people)
        for relations in CHANNELS.values()
        for name in relations
        if name in graph.edges
    }
    visits = rows.get("patient_had_visit")
    stays = joined(_stays(visits, people, HOSPITAL))
    told = {
        channel: _told(channel, [rows[name] for name in relations if name in rows], people, stays)
        for channel, relations in CHANNELS.items()
        if any(name in rows for name in relations)
    }
    return Events(
        people=tuple(people.to_pylist()),
        born=pc.fill_null(kept["birth_day"], UNKNOWN).to_numpy().astype(np.int64),
        sex=tuple(kept["sex"].to_pylist()),
        sources=tuple(tuple(sorted(names or ())) for names in kept["provided_by"].to_pylist()),
        told=told,
        admissions=_stays(visits, people, ADMITTED),
        stays=stays,
    )


def joined(stays: Stays) -> Stays:
    """Return stays with those of one patient joined that overlap, or begin on the day after another's end or before."""
    if not len(stays.patient):
        return stays
    base = stays.patient * _SPAN * DAY
    latest = np.maximum.accumulate(stays.end + base)
    begins = np.r_[True, (stays.begin + base)[1:] > latest[:-1] + DAY]
    first = np.flatnonzero(begins)
    last = np.r_[first[1:], len(begins)] - 1
    return Stays(stays.patient[first], stays.begin[first], latest[last] - base[last])


def covering(stays: Stays, patient: Longs, minute: Longs) -> Longs:
    """Return for each moment of a patient the stay, of those joined, that it lies in, -1 where in none; by its days.

    Shapes: patient, minute, the result [moment].
    """
    if not len(stays.patient):
        return np.full(len(patient), -1, np.int64)
    day = _day(stays.begin) + stays.patient * _SPAN
    found = np.searchsorted(day, _day(minute) + patient * _SPAN, side="right") - 1
    inside = (found >= 0) & (stays.patient[found] == patient) & (stays.end[found] > minute)
    return np.where(inside, found, -1)


def _day(minute: Longs) -> Longs:
    return np.asarray(minute // DAY, np.int64)


def _of_these(edges: pa.Table, relation: str, people: pa.Array) -> pa.Table:
    """Return the edges from these patients to what they do have."""
    edges = holding(relation, edges)
    return edges.filter(pc.is_in(edges["subject"], people))


def _stays(visits: pa.Table | None, people: pa.Array, kinds: tuple[str, ...]) -> Stays:
    """Return the visits of these kinds whose day is told; one without an end is over on its day."""
    if visits is None:
        return Stays(*[np.empty(0, np.int64)] * 3)
    exact = pc.is_in(visits["precision"], pa.array(["day", "minute"]))
    rows = visits.filter(pc.and_(pc.is_in(visits["object"], pa.array(kinds)), exact))
    patient, day = _place(rows["subject"], people), _numbers(rows["day"], 0)
    begin = day * DAY + _numbers(rows["minute"], 0)
    end = (np.maximum(_numbers(rows["end_day"], UNKNOWN), day) + 1) * DAY
    order = np.lexsort((end, begin, patient))
    return Stays(patient[order], begin[order], end[order])


def _told(channel: str, tables: list[pa.Table], people: pa.Array, stays: Stays) -> Told:
    """Return the events of a channel with the minute from which each is known."""
    columns = ["subject", "object", "day", "minute", "precision"]
    rows = pa.concat_tables([table.select(columns) for table in tables])
    values = [table for table in tables if "value" in table.column_names]
    names, thing = _coded(rows["object"])
    patient, minute = _place(rows["subject"], people), _numbers(rows["minute"], -1)
    exact = pc.is_in(rows["precision"], pa.array(["day", "minute"])).to_numpy(zero_copy_only=False)
    day = _numbers(rows["day"], 0)
    begin = np.where(exact, day * DAY + np.maximum(minute, 0), END)
    known = np.where(exact, np.where(minute >= 0, begin, (day + 1) * DAY), END)
    if channel in _ALWAYS_LATE | _LATE_WITHOUT_A_MINUTE:
        late = exact & ((minute < 0) if channel in _LATE_WITHOUT_A_MINUTE else True)
        stay = np.where(late, covering(stays, patient, np.where(exact, begin, 0)), -1)
        known = np.where(stay >= 0, stays.end[stay] if len(stays.end) else known, known)
    units, unit = _coded(values[0]["unit"]) if values else ((), np.full(len(day), -1, np.int64))
    value = values[0]["value"].to_numpy().astype(float) if values else np.full(len(day), np.nan)
    order = np.argsort(patient, kind="stable")
    when = begin[order], known[order]
    return Told(names, units, patient[order], thing[order], *when, value[order], unit[order])


def _coded(column: pa.ChunkedArray) -> tuple[tuple[str, ...], Longs]:
    """Return the distinct values of a column, sorted, and which each row has, -1 where none."""
    names = pc.unique(column).drop_null().sort()
    return tuple(names.to_pylist()), _place(column, names)


def _place(column: pa.ChunkedArray, names: pa.Array) -> Longs:
    return _numbers(pc.index_in(column, names), -1)


def _numbers(column: pa.ChunkedArray, missing: int) -> Longs:
    filled = pc.fill_null(column.cast(pa.int64()), pa.scalar(missing, pa.int64()))
    return np.asarray(filled.to_numpy(), np.int64)
