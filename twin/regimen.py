"""Doses and regimens: who takes how much and when, from NONMEM's event records."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import Floats
from twin.nonmem import (
    MODELLED_DURATION,
    MODELLED_RATE,
    Event,
    Events,
    RegimenError,
    by_patient,
    read_events,
)

Longs = NDArray[np.int64]

MAX_DOSES = 100_000
"""More doses than this from one record are a slip of the pen."""
MAX_DOSES_IN_ALL = 10_000_000
"""More doses than this from one file do not fit."""


@dataclass(frozen=True, eq=False)
class Doses:
    """Doses of one patient in the order of time; those of one moment in the order in which they are given.

    Shapes: all [dose], but `reset_h` [reset].

    - `time_h`, from the start of treatment; before it, it is negative;
    - `amount` in the model's dose unit; 0 only where an infusion without end led to a steady state;
    - `compartment`: NONMEM's CMT, from 1; 0 is the model's usual one;
    - `rate` of an infusion, per hour, which takes amount/rate; 0 is a bolus, `MODELLED_RATE` and `MODELLED_DURATION`
      leave rate or duration to the model;
    - `interval_h`, `steady`: where `steady` is 1, the dose is the last of an endless series, one each `interval_h`, and
      all that was there before is gone, infusions in progress too; where it is 2, the series comes on top of what is
      there. With an interval of 0 the series is one infusion without end, which stops at this moment. An infusion may
      take longer than the interval. Elsewhere both are 0;
    - `reset_h`: when everything is set back to the start and infusions in progress stop; before a dose of that moment;
    - `line`: which line (or row) a dose comes from; `place` says where lines are counted, in words.
    """

    time_h: Floats
    amount: Floats
    compartment: Longs
    rate: Floats
    interval_h: Floats
    steady: Longs
    reset_h: Floats
    line: Longs
    place: str


@dataclass(frozen=True)
class Regimen:
    """Doses for everyone, or for each patient by id."""

    everyone: Doses | None
    by_id: Mapping[str, Doses]

    def for_patients(self, ids: Sequence[str]) -> list[Doses]:
        """Return each patient's doses.

        Raises `RegimenError` where a patient has no doses or doses have no patient.
        """
        if self.everyone is not None:
            return [self.everyone] * len(ids)
        strangers, without = len(self.by_id.keys() - set(ids)), len(set(ids) - self.by_id.keys())
        if strangers or without:
            raise RegimenError(
                f"the regimen has doses for {strangers} patients who are not in the cohort, and none for {without}"
                f" of the cohort's {len(ids)}; the IDs of both files must be the same, or leave the column ID out"
            )
        return [self.by_id[patient] for patient in ids]


class Entry(Protocol):
    """Where doses enter a model: what it has for infusions whose record leaves rate or duration to it, or None."""

    @property
    def rate(self) -> object:
        """The model's rate, for RATE -1."""

    @property
    def duration_h(self) -> object:
        """The model's duration, for RATE -2."""


def boluses(time_h: Floats, amount: Floats) -> Doses:
    """Return doses into the model's usual compartment, at ascending times. Shapes: [dose].

    >>> boluses(np.array([0.0, 24.0]), np.array([5.0, 2.5])).compartment.tolist()
    [0, 0]
    """
    none, usual = np.zeros(len(time_h)), np.zeros(len(time_h), np.int64)
    return Doses(time_h, amount, usual, none, none, usual, np.zeros(0), np.arange(1, len(time_h) + 1), "dose")


def every(amount: float, hours: float, days: float) -> Regimen:
    """Return a regimen of one dose each `hours` for `days`, the first at time 0, for everyone.

    Raises `RegimenError` for an interval that is not above 0 and for more than `MAX_DOSES` doses.

    >>> every(5.0, 24, 3).everyone.time_h.tolist()
    [0.0, 24.0, 48.0]
    """
    if not (hours > 0 and days * 24 / hours <= MAX_DOSES):
        raise RegimenError(
            f"got a dose each {hours:g} h for {days:g} days, expected hours > 0 and at most {MAX_DOSES} doses"
        )
    times: Floats = np.arange(math.ceil(days * 24 / hours), dtype=np.float64) * hours
    return Regimen(boluses(times, np.full(times.size, float(amount))), {})


def read_regimen(source: str | Path | pd.DataFrame, time_unit: str = "h") -> Regimen:
    """Read a regimen in NONMEM's columns, from a CSV or TSV file or a frame.

    TIME and AMT are needed; with ID, each patient has doses of their own. Records that are no doses are held against
    the contract too (`twin.nonmem`) and then not used; DV, DVID and columns of covariates are not looked at.

    Raises `RegimenError` or `kg.files.text.FileError` that names the line, the column, what came and what is expected.
    """
    table = read_events(source, needed=("TIME", "AMT"), time_unit=time_unit)
    check_number(table)
    by_id = {patient: doses_of(table, table.events[some]) for patient, some in by_patient(table)}
    if not any(doses.time_h.size for doses in by_id.values()):
        place = table.place.rpartition(",")[0]
        raise RegimenError(f"{place} has no doses; expected at least one record with AMT > 0")
    if None in by_id:
        return Regimen(by_id[None], {})
    return Regimen(None, {patient: doses for patient, doses in by_id.items() if patient is not None})


def check_number(table: Events) -> None:
    """Raise `RegimenError` where a record, or all together, make more doses than can be meant or held."""
    count = 0
    for event in table.events:
        if event.more >= MAX_DOSES:
            raise RegimenError(
                f"{table.place} {event.line}, column ADDL: got {event.more}, expected fewer than {MAX_DOSES} doses"
            )
        count += (event.more + 1) * event.doses
        if count > MAX_DOSES_IN_ALL:
            raise RegimenError(
                f"{table.place} {event.line}: {count} doses so far, expected at most {MAX_DOSES_IN_ALL} in a file"
            )


def doses_of(table: Events, events: Sequence[Event]) -> Doses:
    """Return the doses that one patient's records stand for, in the order of time.

    As in NONMEM, an additional dose (ADDL) is given before what has a record of its own at that moment, only the first
    of a series resets or is at steady state, and a reset or a record with SS 1 cancels those still to come.
    """
    given = [event for event in events if event.doses]
    _check_undone(table.place, events)
    counts = np.array([event.more + 1 for event in given], np.int64)
    record = np.repeat(np.arange(len(given)), counts)
    later = np.arange(record.size) - np.repeat(np.cumsum(counts) - counts, counts)

    def column(values: Sequence[float]) -> Floats:
        return np.array(values, np.float64)[record]

    interval, steady = column([event.interval_h for event in given]), column([event.steady for event in given])
    time = column([event.time_h for event in given]) + later * interval
    kept = np.flatnonzero((later == 0) | (time < column(_cancelled(events))))
    order = kept[np.lexsort((record[kept], later[kept] == 0, time[kept]))]
    first = later == 0
    return Doses(
        time[order],
        column([event.amount for event in given])[order],
        column([event.compartment for event in given])[order].astype(np.int64),
        column([event.rate for event in given])[order],
        np.where(first & (steady > 0), interval, 0.0)[order],
        np.where(first, steady, 0.0)[order].astype(np.int64),
        np.array([event.time_h for event in events if event.resets], np.float64),
        column([event.line for event in given])[order].astype(np.int64),
        table.place,
    )


def _cancelled(events: Sequence[Event]) -> list[float]:
    """Return from when on the additional doses of each dose are cancelled, in hours; infinity where none is."""
    until, found = math.inf, list[float]()
    for event in reversed(events):
        if event.doses:
            found.append(until)
        if event.resets or event.steady == 1:
            until = event.time_h
    return found[::-1]


def _check_undone(place: str, events: Sequence[Event]) -> None:
    """Raise where a reset, or a steady state in place of what is there, undoes a dose of the same moment."""
    dose: Event | None = None
    for event in events:
        if dose is not None and event.time_h == dose.time_h and (event.resets or event.steady == 1):
            what, column = ("the reset", "EVID") if event.resets else ("a steady state with SS 1", "SS")
            raise RegimenError(
                f"{place} {event.line}, column {column}: {what} undoes the dose of the same moment in line {dose.line};"
                " expected it before that dose" + ("" if event.resets else ", or SS 2")
            )
        dose = event if event.doses else dose


def check_doses(doses: Doses, compartments: Mapping[str, Entry], linear: bool = True) -> None:
    """Raise `RegimenError`, which names the line, where a model cannot give a dose as it is meant.

    `compartments` are the model's, in the order in which CMT counts them; the first is the usual one. A model that is
    not `linear` has no steady state to come on top of something (SS 2).
    """
    names = list(compartments)
    listed = ", ".join(f"{number} ({name})" for number, name in enumerate(names, start=1))
    number = np.maximum(doses.compartment, 1)
    has_rate, has_duration = (
        np.array([getattr(entry, told) is not None for entry in compartments.values()] + [False])
        for told in ("rate", "duration_h")
    )
    within = np.minimum(number, len(names) + 1) - 1
    faults = (
        ("CMT", number > len(names), f"one of the model's compartments: {listed}"),
        ("RATE", (doses.rate == MODELLED_RATE) & ~has_rate[within], "a rate: the model has none for that compartment"),
        (
            "RATE",
            (doses.rate == MODELLED_DURATION) & ~has_duration[within],
            "a rate: the model has no duration of infusions into that compartment",
        ),
        ("SS", (doses.steady == 2) & (not linear), "0 or 1: the model is not linear, so that nothing can be added up"),
    )
    for column, at_fault, expected in faults:
        if at_fault.any():
            place = int(np.argmax(at_fault))
            value = {"CMT": doses.compartment, "RATE": doses.rate, "SS": doses.steady}[column][place]
            raise RegimenError(
                f"{doses.place} {doses.line[place]}, column {column}: got {value:g}, expected {expected}"
            )
