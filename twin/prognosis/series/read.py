"""Read: series from a table of times and values; what cannot be read is rejected by line, and no cell is shown."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kg.files.number import number
from kg.files.table import Table, read_csv
from twin.prognosis.series.course import Columns, Course, SeriesError, Settings

if TYPE_CHECKING:
    import pandas as pd

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "patient", "patient_id", "subject", "subject_id", "person_id", "usubjid"),
    "time": ("time", "timestamp", "datetime", "date_time", "date"),
    "value": ("value", "gl", "glucose", "result"),
    "kind": ("kind", "measurement", "observable", "test"),
}
"""What columns are called, in any capitalisation, where no option names them."""
SHOWN = 20
"""Lines that are listed of each reason for rejecting; all are counted."""


@dataclass(frozen=True)
class Readings:
    """The series of a table, which columns they are from, and what was done to its rows.

    `rejected` has the lines by reason; `duplicates` counts readings at a time that another of the series had, and
    `unsorted` series that were not in order.
    """

    courses: tuple[Course, ...]
    columns: Columns
    rows: int
    rejected: Mapping[str, tuple[int, ...]]
    duplicates: int
    unsorted: int


@dataclass(frozen=True)
class _Reading:
    line: int
    time: datetime
    value: float


def read_series(table: "str | Path | pd.DataFrame", columns: Columns, settings: Settings) -> Readings:
    """Return the series of a CSV file or a frame, each sorted by time.

    Times are ISO 8601; without a zone they stay as they are. Raises `SeriesError` where a column is not found or could
    be several, where some times have a zone and others not, and where no row is left; `kg.files.text.FileError`.
    """
    rows = _table(table) if not isinstance(table, str | Path) else read_csv(table, [])
    found = _found(rows.header, columns)
    rejected: dict[str, list[int]] = defaultdict(list)
    series: dict[tuple[str, str], list[_Reading]] = defaultdict(list)
    places = {name: rows.header.index(column) for name, column in vars(found).items() if column is not None}
    for line, cells in rows.rows.items():
        cell = {name: cells[place] for name, place in places.items()}
        who, kind = cell.get("id", "1"), cell.get("kind", "")
        if settings.patient not in (None, who) or settings.only not in (None, kind):
            continue
        reading = _reading(line, cell, settings.unit is not None)
        if isinstance(reading, str):
            rejected[reading].append(line)
        else:
            series[who, kind].append(reading)
    if not series:
        _refuse_nothing(rejected, settings)
    _refuse_mixed_zones(series.values())
    taken = [_course(who, kind, readings, settings) for (who, kind), readings in series.items()]
    return Readings(
        tuple(course for course, _, _ in taken),
        found,
        len(rows.rows),
        {reason: tuple(lines) for reason, lines in rejected.items()},
        sum(count for _, count, _ in taken),
        sum(unsorted for _, _, unsorted in taken),
    )


def _found(header: Sequence[str], asked: Columns) -> Columns:
    """Return which columns are meant; of an id and a kind there may be none."""
    found: dict[str, str | None] = {}
    for what, given in vars(asked).items():
        named = [column for column in header if column.lower() in NAMES[what]]
        if given is not None and given not in header:
            raise SeriesError(f"--{what}: there is no column {given!r}; the table has {', '.join(header)}")
        if given is None and len(named) > 1:
            raise SeriesError(f"the columns {', '.join(named)} could each be the {what}: say which by --{what} COL")
        if given is None and not named and what in ("time", "value"):
            raise SeriesError(
                f"no column is called a {what} ({', '.join(NAMES[what])}); the table has {', '.join(header)}: say "
                f"which it is by --{what} COL"
            )
        found[what] = given if given is not None else next(iter(named), None)
    return Columns(**found)


def _reading(line: int, cell: Mapping[str, str], positive: bool) -> _Reading | str:
    """Return a row's reading, or why it is rejected."""
    if not cell.get("id", "1"):
        return "no id"
    if not cell["time"]:
        return "no time"
    if not cell["value"]:
        return "no value"
    value = number(cell["value"])
    if value is None:
        return "a value that is no number"
    if positive and value <= 0:
        return "a value that is not above 0"
    try:
        return _Reading(line, datetime.fromisoformat(cell["time"]), value)
    except ValueError:
        return "a time that is not ISO 8601, such as 2024-03-01 08:30"


def _refuse_nothing(rejected: Mapping[str, Sequence[int]], settings: Settings) -> None:
    if not rejected and (settings.patient is not None or settings.only is not None):
        raise SeriesError("no row is of the patient and the kind that were asked for (--patient, --only)")
    reasons = "; ".join(f"{reason}: {len(lines)}, first in line {lines[0]}" for reason, lines in rejected.items())
    raise SeriesError(f"no row can be read: {reasons}; expected an id, a time (ISO 8601) and a number in each")


def _refuse_mixed_zones(series: Iterable[Sequence[_Reading]]) -> None:
    first: dict[bool, int] = {}
    for readings in series:
        for one in readings:
            first.setdefault(one.time.utcoffset() is None, one.line)
    if len(first) > 1:
        raise SeriesError(
            f"line {first[False]} has a time with a zone and line {first[True]} one without: expected all with or all "
            "without one"
        )


def _course(who: str, kind: str, readings: list[_Reading], settings: Settings) -> tuple[Course, int, bool]:
    """Return a series in order, how many readings had the time of another, and whether it came out of order."""
    times = [one.time for one in readings]
    unsorted = any(later < earlier for earlier, later in pairwise(times))
    at: dict[datetime, list[float]] = defaultdict(list)
    written: dict[datetime, datetime] = {}
    for one in readings:
        instant = one.time if one.time.tzinfo is None else one.time.astimezone(UTC)
        at[instant].append(one.value)
        written.setdefault(instant, one.time)
    order = sorted(at)
    local = [written[instant] for instant in order]
    values = [float(np.mean(at[one])) if settings.duplicates == "mean" else at[one][0] for one in order]
    course = Course(
        who,
        kind,
        min(one.line for one in readings),
        local[0].isoformat(sep=" "),
        local[-1].isoformat(sep=" "),
        np.array([(one - order[0]).total_seconds() / 3600 for one in order]),
        np.array([one.hour + one.minute / 60 + one.second / 3600 for one in local]),
        np.array(values),
    )
    return course, len(readings) - len(order), unsorted


def _table(frame: "pd.DataFrame") -> Table:
    """Return a frame as a table of text; its first row is line 2, as in a file with a header."""
    cells = frame.astype(object).where(frame.notna(), "").to_numpy()
    rows = {line: tuple(str(cell).strip() for cell in row) for line, row in enumerate(cells, start=2)}
    return Table(tuple(map(str, frame.columns)), rows)
