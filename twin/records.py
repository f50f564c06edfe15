"""Data sets for fitting: each patient's doses, observations and covariates, from NONMEM's records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kg.files.number import number
from twin.model import Floats
from twin.nonmem import OBSERVATION, Event, Events, RegimenError, by_patient, read_events
from twin.regimen import Doses, Longs, check_number, doses_of

ALONE = "1"
"""The id of the patient whom a table without a column ID is of."""
_NOTHING = ("", ".")
_BETWEEN_OCCASIONS_H = 24.0
"""From the last record of an occasion to the first of the next, where its times begin anew."""


@dataclass(frozen=True, eq=False)
class Observations:
    """What was observed of one patient, in the order of the table. Shapes: [observation].

    - `time_h`, from the start of treatment, as in `Doses`; `value` is DV;
    - `after`: whether it is what was there after all that happens at the same moment, rather than before it;
    - `label`: DVID as written, "" where none is; `compartment`: CMT, 0 where none is;
    - `occasion`, from 0: a reset with an earlier time begins a new one; `line` as in `Doses`.
    """

    time_h: Floats
    value: Floats
    after: NDArray[np.bool_]
    label: tuple[str, ...]
    compartment: Longs
    occasion: Longs
    line: Longs


@dataclass(frozen=True, eq=False)
class Record:
    """What a data set says of one patient.

    `covariates` has the cells of each column that is none of NONMEM's items as text, [record], for the records at
    `record_h` and in `record_line`. `start_h` [occasion] is what was added to the times of each occasion as they are
    written, so that one time goes through all.
    """

    doses: Doses
    observations: Observations
    covariates: Mapping[str, tuple[str, ...]]
    record_h: Floats
    record_line: Longs
    start_h: Floats


@dataclass(frozen=True)
class Records:
    """A data set: patients by id; `place` says where lines are counted, in words."""

    place: str
    by_id: Mapping[str, Record]


def read_records(source: str | Path | pd.DataFrame, time_unit: str = "h") -> Records:
    """Read a data set in NONMEM's columns, from a CSV or TSV file or a frame.

    TIME and DV are needed; without AMT nobody has doses, without ID all is of the one patient `ALONE`. An observation
    is a record with EVID 0 (or without EVID and anything of a dose) and a DV, unless MDV is 1. A reset (EVID 3, 4) with
    an earlier time than the record before it begins an occasion, whose times count on from a day after that record.

    Raises `RegimenError` or `kg.files.text.FileError` that names the line, the column, what came and what is expected.
    """
    table = read_events(source, needed=("TIME", "DV"), time_unit=time_unit, observed=True)
    check_number(table)
    by_id = {patient or ALONE: _record(table, some) for patient, some in by_patient(table, restarts=True)}
    return Records(table.place, by_id)


def column(record: Record, name: str, also: Sequence[str] = ()) -> tuple[str, ...] | None:
    """Return the cells of a covariate's column [record], None where there is none; capitals do not count in its name.

    Where no column has its name, one that is called as `also` says is meant.
    """
    known = {called.upper(): cells for called, cells in record.covariates.items()}
    return next((known[one.upper()] for one in (name, *also) if one.upper() in known), None)


def covariate(records: Records, patient: str, name: str, also: Sequence[str] = ()) -> str:
    """Return the one value that a patient's records state for a covariate, as text; "" where none does.

    Its column is found as by `column`. Raises `RegimenError` for a column that is not there and, with the line, for a
    second value.
    """
    record = records.by_id[patient]
    cells = column(record, name, also)
    if cells is None:
        known = ", ".join(record.covariates) or "none"
        raise RegimenError(f"{records.place.rpartition(',')[0]} has no column {name}; its covariates: {known}")
    found = ""
    for cell, line in zip(cells, record.record_line, strict=True):
        if cell in _NOTHING:
            continue
        if found and not _alike(cell, found):
            raise RegimenError(
                f"{records.place} {line}, column {name}: another value than before; expected one for all of a patient's"
                " records"
            )
        found = found or cell
    return found


def in_time(records: Records, patient: str, name: str, also: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what a patient's records state of a covariate, [record]; "" where none does.

    A record that states nothing says what the one before it says, and before all that state something the first of
    these. Its column is found as by `column`. Raises `RegimenError` for a column that is not there.
    """
    cells = column(records.by_id[patient], name, also)
    if cells is None:
        known = ", ".join(records.by_id[patient].covariates) or "none"
        raise RegimenError(f"{records.place.rpartition(',')[0]} has no column {name}; its covariates: {known}")
    now = next((cell for cell in cells if cell not in _NOTHING), "")
    found = []
    for cell in cells:
        now = now if cell in _NOTHING or _alike(cell, now) else cell
        found.append(now)
    return tuple(found)


def observables(records: Records, patient: str, names: Sequence[str], called: Mapping[str, str] | None = None) -> Longs:
    """Return which of a model's observables each observation of a patient is: places in `names`. Shapes: [observation].

    DVID is an observable's name, or its number from 1, or what `called` calls it; where the model has one observable
    alone, there need be no DVID. Raises `RegimenError`, with the line, for what is none of these.
    """
    strange = [name for name in (called or {}).values() if name not in names]
    if strange:
        raise RegimenError(f"there is no observable {strange[0]}; expected any of {', '.join(names)}")
    places = {str(place + 1): place for place in range(len(names))}
    places |= {name: place for place, name in enumerate(names)}
    places |= {label: names.index(name) for label, name in (called or {}).items()}
    seen, found = records.by_id[patient].observations, []
    for label, line in zip(seen.label, seen.line, strict=True):
        if not label and len(names) == 1:
            found.append(0)
            continue
        value = number(label)
        place = places.get(label, places.get(f"{value:g}") if value is not None else None)
        if place is None:
            listed = ", ".join(f"{nth} ({name})" for nth, name in enumerate(names, start=1))
            came = f"got {label!r}" if label else "nothing there"
            raise RegimenError(
                f"{records.place} {line}, column DVID: {came}, expected one of the model's observables: {listed}"
            )
        found.append(place)
    return np.array(found, np.int64)


def _alike(cell: str, other: str) -> bool:
    """Return whether two cells state the same, as text or as a number."""
    return cell == other or (number(cell) is not None and number(cell) == number(other))


def _record(table: Events, some: slice) -> Record:
    """Return one patient's records, the times of all occasions on one axis."""
    events, occasion, start = _in_one_time(table.events[some])
    doses = doses_of(table, events)
    seen = [place for place, event in enumerate(events) if event.kind == OBSERVATION and event.value is not None]
    return Record(
        doses,
        Observations(
            np.array([events[place].time_h for place in seen], np.float64),
            np.array([events[place].value for place in seen], np.float64),
            _after(table.place, events, seen, doses),
            tuple(events[place].label for place in seen),
            np.array([events[place].compartment for place in seen], np.int64),
            np.array([occasion[place] for place in seen], np.int64),
            np.array([events[place].line for place in seen], np.int64),
        ),
        {name: cells[some] for name, cells in table.covariates.items()},
        np.array([event.time_h for event in events], np.float64),
        np.array([event.line for event in events], np.int64),
        np.array(start, np.float64),
    )


def _in_one_time(events: Sequence[Event]) -> tuple[list[Event], list[int], list[float]]:
    """Return records with times that never go back, each one's occasion, and what was added to the occasions' times."""
    found, occasion, start = list[Event](), list[int](), [0.0]
    for place, event in enumerate(events):
        if place and event.time_h < events[place - 1].time_h:
            start.append(found[-1].time_h + _BETWEEN_OCCASIONS_H - event.time_h)
        found.append(event._replace(time_h=event.time_h + start[-1]))
        occasion.append(len(start) - 1)
    return found, occasion, start


def _after(place: str, events: Sequence[Event], seen: Sequence[int], doses: Doses) -> NDArray[np.bool_]:
    """Return which observations are made after what happens at the same moment: what stands before them in the table.

    Raises `RegimenError` where some of it stands before and some behind.
    """
    happens: dict[float, list[int]] = {}
    written = {event.line: event.time_h for event in events}
    looked = np.isin(doses.time_h, [events[one].time_h for one in seen])
    for time, line in zip(doses.time_h[looked].tolist(), doses.line[looked].tolist(), strict=True):
        happens.setdefault(time, []).append(line if written[line] == time else 0)  # 0: an additional dose comes first
    for event in events:
        if event.resets:
            happens.setdefault(event.time_h, []).append(event.line)
    found = np.zeros(len(seen), bool)
    for nth, event in enumerate(events[one] for one in seen):
        lines = happens.get(event.time_h, [])
        found[nth] = any(line < event.line for line in lines)
        if found[nth] and any(line > event.line for line in lines):
            raise RegimenError(
                f"{place} {event.line}: an observation in the middle of doses or resets of the same moment; expected it"
                " before or behind all of them"
            )
    return found
