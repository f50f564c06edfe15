"""NONMEM's event records: each row of a table is held against the whole contract before it counts as anything.

The contract is that of the NONMEM Users Guide, part VI (PREDPP), chapter V, and of its help on each data item: EVID,
TIME, AMT, RATE, SS, II, ADDL, CMT, DV and MDV. Beside them stand DUR and the EVIDs 101 to 104, as rxode2 and nlmixr
write them, and DVID. Any other column is a covariate. What breaks the contract, and what is not done here, is an error
that names the line and the column; nobody's id is in it.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from kg.files.header import check_header
from kg.files.number import number
from kg.files.table import Table, read_csv
from kg.files.text import FileError

OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE = range(5)
"""What a record is: the values of EVID."""
MODELLED_RATE, MODELLED_DURATION = -1.0, -2.0
"""RATEs that leave the rate of an infusion, or its duration, to the model."""
HOURS_PER_UNIT = {"h": 1.0, "d": 24.0}
"""What TIME, II and DUR may be in."""

ITEMS = ("ID", "TIME", "AMT", "RATE", "DUR", "II", "ADDL", "SS", "EVID", "CMT", "MDV", "DV", "DVID")
"""Columns with a meaning of their own, in capitals or not; all others are covariates."""
_OF_DOSES = ("AMT", "RATE", "DUR", "II", "ADDL", "SS")
_KINDS = ("an observation (EVID 0)", "a dose (EVID 1)", "no dose (EVID 2)", "a reset (EVID 3)", "a dose (EVID 4)")
_NOTHING = ("", ".")
_DATES = ("DATE", "DAT1", "DAT2", "DAT3")
_NOT_DONE = {
    **dict.fromkeys(_DATES, "dates are not read: write the hours since the start into TIME, and leave this column out"),
    "ADL": "a column that is not known; the number of additional doses is called ADDL",
    "ADM": "routes by number are not known; write the compartment into CMT",
    "CENS": "censored observations are not done",
    "CONT": "records of more than one row are not done",
    "L2": "observations with a common error are not done",
    "MRG_": "marginal quantities are not done",
    "RAW_": "templates are not done",
    "RPT_": "repeated records are not done",
    "TINF": "the length of an infusion is called DUR",
}
"""Columns that would change what is computed: refused where anything stands in them but nothing or 0."""
_HARMLESS = {"ADM": ("1",)}
_NO_SUBSET = 99
"""An SS of nlmixr's simulated sets (Oral_1CPT, Infusion_2CPT): no steady state.

It marks the records that their analysis at steady state leaves out; 0 and 1 are what it takes. Read as no steady state,
such a dose explains the observations behind it by the parameters that the sets state: log(DV / computed) has mean 0.00
and SD 0.19, their residual error; read as SS 1 with the dosing interval, mean -0.38 after the first dose.
"""
_SAME_LENGTH = 0.01
"""How far, as a share, AMT/RATE and DUR may differ: tables round."""
_MOST_COMPARTMENTS = 9999
_SHOWN = 60
"""Longest excerpt of what came, in characters."""
_TIMES = {"TIME": "a number: the time since the start", "II": "a number >= 0: the time between doses"}
_CLOCK = re.compile(r"[+-]?[0-9]+:.*")
_DATE = re.compile(r"[0-9]{1,4}([-/.][0-9A-Za-z]{1,4}){1,2}.*")


class RegimenError(ValueError):
    """Doses or records that cannot be taken as they stand; the message names line and column."""


class Event(NamedTuple):
    """One record: `kind` is its EVID; times are hours, amounts the model's dose unit, rates a unit per hour.

    Of a dose: `rate` is 0 for a bolus, `MODELLED_RATE` or `MODELLED_DURATION`; `more` doses like it follow, one each
    `interval_h`; `steady` is SS. `compartment` is CMT, 0 where the model's usual one is meant. Of an observation:
    `value` is DV, None where there is none, `label` is DVID as written.
    """

    line: int
    patient: str | None
    kind: int
    time_h: float
    amount: float
    rate: float
    interval_h: float
    more: int
    steady: int
    compartment: int
    value: float | None
    label: str

    @property
    def doses(self) -> bool:
        """Whether a dose is given."""
        return self.kind in (DOSE, RESET_AND_DOSE)

    @property
    def resets(self) -> bool:
        """Whether everything is set back to the start."""
        return self.kind in (RESET, RESET_AND_DOSE)


@dataclass(frozen=True)
class Events:
    """A table's records, in its order; `covariates` has the cells of every other column, [record] each.

    `place` says where a record's `line` is counted: "regimen.csv, line" or "the table, row".
    """

    place: str
    events: tuple[Event, ...]
    covariates: Mapping[str, tuple[str, ...]]


class Row(NamedTuple):
    """The cells of one record, by the names of `ITEMS` and as text, and where it stands, in words."""

    where: str
    cells: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Return whether anything stands in a column."""
        return self.cells.get(name, "") not in _NOTHING

    def doses(self, name: str) -> bool:
        """Return whether a column of `_OF_DOSES` says anything of a dose."""
        value = number(self.cells[name]) if self.has(name) else 0.0
        return value != 0 and not (name == "SS" and value == _NO_SUBSET)

    def fault(self, name: str, expected: str) -> RegimenError:
        """Return the error that names line, column, what came and what is expected."""
        text = self.cells.get(name, "")
        shown = repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
        came = f"got {shown}" if self.has(name) else "nothing there"
        return RegimenError(f"{self.where}, column {name}: {came}, expected {expected}")

    def number(self, name: str, default: float = 0.0, expected: str = "a number >= 0", least: float = 0.0) -> float:
        """Return the number in a column, or the default where nothing stands there."""
        if not self.has(name):
            return default
        value = number(self.cells[name])
        if value is None or value < least:
            raise self.fault(name, expected)
        return value

    def whole(self, name: str) -> int:
        """Return the whole number >= 0 in a column, 0 where nothing stands there."""
        value = self.number(name, expected="a whole number >= 0")
        if value != int(value):
            raise self.fault(name, "a whole number >= 0")
        return int(value)


def read_events(
    source: str | Path | pd.DataFrame, *, needed: tuple[str, ...], time_unit: str = "h", observed: bool = False
) -> Events:
    """Read NONMEM's records from a file (CSV, or TSV where its name says so; also gzipped) or a frame.

    `needed` columns must be there, `time_unit` ("h" or "d") is that of TIME, II, DUR and of RATE's denominator; DV is
    looked at only where `observed`. Raises `RegimenError` or `kg.files.text.FileError`, which name the line and the
    column (of a frame the row, counted from 1); `OSError` for a file that cannot be opened.
    """
    if time_unit not in HOURS_PER_UNIT:
        raise RegimenError(f"the times' unit is {time_unit!r}, expected {' or '.join(HOURS_PER_UNIT)}")
    table = _framed(source, needed) if isinstance(source, pd.DataFrame) else _read(source, needed)
    place = "the table, row" if isinstance(source, pd.DataFrame) else f"{source}, line"
    names = [name.upper() for name in table.header]
    refused = [(column, name) for column, name in enumerate(names) if name in _NOT_DONE or name == "C"]
    events = []
    for line, cells in table.rows.items():
        where = f"{place} {line}"
        for column, name in refused:
            _refuse(where, name, cells[column])
        events.append(_event(line, Row(where, dict(zip(names, cells, strict=True))), time_unit, observed))
    others = [(column, name) for column, name in enumerate(table.header) if name.upper() not in ITEMS]
    covariates = {name: tuple(cells[column] for cells in table.rows.values()) for column, name in others}
    return Events(place, tuple(events), covariates)


def by_patient(events: Events, restarts: bool = False) -> Iterator[tuple[str | None, slice]]:
    """Yield each patient's id, None without a column ID, and which of the records are that patient's.

    Raises `RegimenError` where the records of one patient do not stand together or are not in the order of time; with
    `restarts`, a reset may begin a time of its own.
    """
    first, known = 0, dict[str | None, int]()
    records = events.events
    for place, event in enumerate(records):
        before = records[place - 1] if place else None
        if before is not None and before.patient == event.patient:
            _check_order(events.place, before, event, restarts)
            continue
        if before is not None:
            yield before.patient, slice(first, place)
        if event.patient in known:
            raise RegimenError(
                f"{events.place} {event.line}, column ID: the id of line {known[event.patient]} again, with others in"
                " between; the records of a patient must stand together"
            )
        first, known[event.patient] = place, event.line
    if records:
        yield records[-1].patient, slice(first, len(records))


def _check_order(place: str, before: Event, event: Event, restarts: bool) -> None:
    if event.time_h >= before.time_h or (restarts and event.resets):
        return
    anew = " only a reset (EVID 3 or 4) begins anew" if restarts else " write the times of a later occasion on"
    raise RegimenError(
        f"{place} {event.line}, column TIME: goes back to {event.time_h:g} h, behind the {before.time_h:g} h of the"
        f" record before; expected the records of a patient in the order of time:{anew}"
    )


def _read(path: str | Path, needed: tuple[str, ...]) -> Table:
    """Read a file; the header's names count in any case."""
    separator = "\t" if Path(str(path).removesuffix(".gz")).suffix in (".tsv", ".tab") else ","
    table = read_csv(path, needed=(), separator=separator)
    check_header(path, [name.upper() for name in table.header], needed, separator)
    return table


def _framed(frame: pd.DataFrame, needed: tuple[str, ...]) -> Table:
    """Return a frame as a table of text, its rows counted from 1."""
    header = tuple(str(name).strip() for name in frame.columns)
    names = [name.upper() for name in header]
    twice = sorted({name for name in names if names.count(name) > 1})
    missing = [name for name in needed if name not in names]
    if twice or missing:
        what = f"has the column {twice[0]} twice" if twice else f"lacks the column {missing[0]}"
        raise FileError(f"the table {what}; it has {', '.join(header)}")
    if frame.empty:
        raise FileError("the table has no rows; expected at least one")
    columns = [[_text(value) for value in frame.iloc[:, place].tolist()] for place in range(len(header))]
    return Table(header, dict(enumerate(zip(*columns, strict=True), start=1)))


def _text(value: object) -> str:
    """Return a cell of a frame as it would stand in a file; pandas makes numbers of ids floats where one is missing."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _refuse(where: str, name: str, text: str) -> None:
    """Raise for a cell of a column that would change what is computed, or that marks a row as a comment."""
    stated = text not in _NOTHING
    if name == "C" and stated and number(text) is None:
        raise RegimenError(f"{where}, column C: marks the row as a comment; leave such rows out")
    if name in _NOT_DONE and stated and number(text) != 0 and text not in _HARMLESS.get(name, ()):
        raise RegimenError(f"{where}, column {name}: expected nothing there: {_NOT_DONE[name]}")


def _event(line: int, row: Row, time_unit: str, observed: bool) -> Event:
    """Return one record, held against the contract."""
    if "ID" in row.cells and not row.has("ID"):
        raise row.fault("ID", "an id; every record needs one, or leave the column out")
    hours = HOURS_PER_UNIT[time_unit]
    ignored = row.number("MDV", 0.0, "0 (DV counts) or 1 (it does not)")
    if ignored not in (0, 1):
        raise row.fault("MDV", "0 (DV counts) or 1 (it does not); 100 and 101 are not done")
    kind = _kind(row, ignored == 1)
    doses = kind in (DOSE, RESET_AND_DOSE)
    if kind != OBSERVATION and row.has("MDV") and not ignored:
        raise row.fault("MDV", f"1: the record is {_KINDS[kind]}, whose DV does not count")
    amount, rate, interval, more, steady = _dose(row) if doses else _no_dose(row, kind)
    value = _observed(row, ignored == 1) if observed and kind == OBSERVATION else None
    time = _time(row, "TIME")
    if not math.isfinite((time + more * interval) * hours):
        name = "II" if more else "TIME"
        raise RegimenError(f"{row.where}, column {name}: got {row.cells[name]!r}, with which a time is no number")
    return Event(
        line,
        row.cells.get("ID"),
        kind,
        time * hours,
        amount,
        rate / hours if rate > 0 else rate,
        interval * hours,
        more,
        steady,
        _compartment(row, kind),
        value,
        row.cells["DVID"] if row.has("DVID") else "",
    )


def _kind(row: Row, ignored: bool) -> int:
    """Return what a record is: its EVID, or else what NM-TRAN makes of the other columns."""
    if row.has("EVID"):
        value = row.number("EVID", 0.0, "0 (observation), 1 (dose), 2 (neither), 3 (reset) or 4 (reset, then dose)")
        if value not in (0, 1, 2, 3, 4, 101, 102, 103, 104):
            raise row.fault(
                "EVID",
                "0 (observation), 1 (dose), 2 (neither), 3 (reset) or 4 (reset, then dose); 101 to 104 for CMT 1",
            )
        return int(value) % 100
    if any(row.doses(name) for name in _OF_DOSES):
        if not row.has("MDV") and row.has("DV") and number(row.cells["DV"]) != 0:
            raise row.fault("DV", "nothing or 0 on a dose: give a dose and an observation a record each, or write EVID")
        return DOSE
    return OTHER if ignored else OBSERVATION


def _no_dose(row: Row, kind: int) -> tuple[float, float, float, int, int]:
    """Check that a record which is no dose has nothing of one."""
    for name in _OF_DOSES:
        if row.doses(name):
            raise row.fault(name, f"0 or nothing: the record is {_KINDS[kind]}; a dose has EVID 1, or 4 after a reset")
    return 0.0, 0.0, 0.0, 0, 0


def _dose(row: Row) -> tuple[float, float, float, int, int]:
    """Return amount, rate, interval, how many more, and SS of a dose; times as they are written."""
    amount = row.number("AMT")
    steady = row.number("SS", 0.0, "0, 1 or 2")
    if steady not in (0, 1, 2, _NO_SUBSET):
        raise row.fault("SS", "0 (no steady state), 1 (in place of what is there) or 2 (on top of it)")
    steady = 0 if steady == _NO_SUBSET else steady
    rate, endless = _rate(row, amount, steady > 0)
    interval, more = _time(row, "II"), row.whole("ADDL")
    if interval < 0:
        raise row.fault("II", _TIMES["II"])
    if endless and (interval or more):
        raise row.fault("II" if interval else "ADDL", "0 or nothing: AMT 0 with SS is an infusion without end")
    if not endless and steady and not interval:
        raise row.fault("II", "the hours between the doses of the steady state (SS), > 0")
    if more and not interval:
        raise RegimenError(f"{row.where}, column II: ADDL {more} needs the hours between doses, expected > 0")
    if interval and not (steady or more):
        raise row.fault("II", "0 or nothing without ADDL or SS: write into ADDL how many doses follow")
    return amount, rate, interval, more, int(steady)


def _rate(row: Row, amount: float, steady: bool) -> tuple[float, bool]:
    """Return a dose's rate, and whether it is an infusion without end."""
    rate = row.number("RATE", 0.0, "a rate > 0, 0 (a bolus), or -1 or -2 (rate or duration modelled)", least=-2.0)
    if rate < 0 and rate not in (MODELLED_RATE, MODELLED_DURATION):
        raise row.fault("RATE", "a rate > 0, 0 (a bolus), or -1 or -2 (rate or duration modelled)")
    length = row.number("DUR")
    endless = amount == 0 and steady and rate != 0
    if endless and rate == MODELLED_DURATION:
        raise row.fault("RATE", "a rate > 0 or -1: AMT 0 with SS is an infusion without end, which has no duration")
    if endless and length:
        raise row.fault("DUR", "0 or nothing: AMT 0 with SS is an infusion without end")
    if amount == 0 and not endless:
        raise row.fault("AMT", "a dose > 0 (0 only with SS and a RATE: an infusion without end)")
    if length and not row.has("RATE"):
        rate = amount / length
    elif length and not (rate > 0 and math.isclose(amount / rate, length, rel_tol=_SAME_LENGTH)):
        raise row.fault("DUR", f"nothing, or what RATE {row.cells['RATE']} says: AMT/RATE, 0 for a bolus")
    if rate > 0 and not endless and not (0 < amount / rate < math.inf and math.isfinite(rate)):
        raise row.fault("AMT", "an amount whose infusion takes a time that is a number")
    return rate, endless


def _observed(row: Row, ignored: bool) -> float | None:
    """Return what a record observes, or None where that is missing."""
    if ignored or not (row.has("DV") or row.has("MDV")):
        return None
    value = number(row.cells.get("DV", ""))
    if value is None:
        raise row.fault("DV", "a number, or MDV 1" if row.has("MDV") else "a number, or nothing")
    return value


def _time(row: Row, name: str) -> float:
    """Return the time in a column; what is no number is named as the clock time or the date that it is."""
    text, expected = row.cells.get(name, ""), _TIMES[name]
    if name == "TIME" and not row.has(name):
        raise row.fault(name, expected)
    value = number(text) if row.has(name) else 0.0
    if value is None:
        kind = "a clock time" if _CLOCK.fullmatch(text) else "a date" if _DATE.fullmatch(text) else ""
        raise row.fault(name, f"{expected}, not {kind}" if kind else expected)
    return value


def _compartment(row: Row, kind: int) -> int:
    """Return a record's compartment, 0 where it states none."""
    if kind == RESET:
        return 0  # NONMEM ignores it
    expected = "a compartment's whole number, or nothing"
    value = row.number("CMT", 0.0, expected, least=-math.inf)
    if value < 0:
        raise row.fault("CMT", "a compartment's number > 0: to turn compartments off (CMT < 0) is not done")
    if value != int(value) or value > _MOST_COMPARTMENTS:
        raise row.fault("CMT", expected)
    if row.has("EVID") and number(row.cells["EVID"]) in (101, 102, 103, 104):
        if value not in (0, 1):
            raise row.fault("CMT", f"1 or nothing with EVID {row.cells['EVID']}, which is of compartment 1")
        return 1
    return int(value)
