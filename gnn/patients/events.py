"""Events: what the records tell of the patients who consent, thing by thing, and from which minute each is known.

Each event has, beside its beginning, the minute from which it is *known*, as `kg.patients.known` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kg.graph import Graph, holding
from kg.patients.known import ADMITTED, END, EXACT, HOSPITAL, Longs, Stays, joined, known
from kg.schema import PERSON

UNKNOWN = -(2**40)
"""The day of a birth that is not told."""

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


def _of_these(edges: pa.Table, relation: str, people: pa.Array) -> pa.Table:
    """Return the edges from these patients to what they do have."""
    edges = holding(relation, edges)
    return edges.filter(pc.is_in(edges["subject"], people))


def _stays(visits: pa.Table | None, people: pa.Array, kinds: tuple[str, ...]) -> Stays:
    """Return the visits of these kinds whose day is told; one without an end is over on its day."""
    if visits is None:
        return Stays(*[np.empty(0, np.int64)] * 3)
    exact = pc.is_in(visits["precision"], pa.array(EXACT))
    rows = visits.filter(pc.and_(pc.is_in(visits["object"], pa.array(kinds)), exact))
    day, minute = _numbers(rows["day"], 0), _numbers(rows["minute"], 0)
    return Stays.of(_place(rows["subject"], people), day, minute, _numbers(rows["end_day"], UNKNOWN))


def _told(channel: str, tables: list[pa.Table], people: pa.Array, stays: Stays) -> Told:
    """Return the events of a channel with the minute from which each is known."""
    columns = ["subject", "object", "day", "minute", "precision"]
    rows = pa.concat_tables([table.select(columns) for table in tables])
    values = [table for table in tables if "value" in table.column_names]
    names, thing = _coded(rows["object"])
    patient, minute = _place(rows["subject"], people), _numbers(rows["minute"], -1)
    exact = pc.is_in(rows["precision"], pa.array(EXACT)).to_numpy(zero_copy_only=False)
    since = known(CHANNELS[channel][0], patient, _numbers(rows["day"], 0), minute, exact, stays)
    units, unit = _coded(values[0]["unit"]) if values else ((), np.full(len(minute), -1, np.int64))
    value = values[0]["value"].to_numpy().astype(float) if values else np.full(len(minute), np.nan)
    order = np.argsort(patient, kind="stable")
    when = since.begin[order], since.known[order]
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
