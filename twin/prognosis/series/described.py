"""Described: series with their features, and what was done to the table's rows; the answer of the verb."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from kg.notebook import notebook_html
from twin.prognosis.series.course import Columns, Course, SeriesError, Settings
from twin.prognosis.series.features import Features, Window, features, windows
from twin.prognosis.series.glucose import glucose_features, refuse_unit
from twin.prognosis.series.read import SHOWN, Readings, read_series

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class One:
    """A series with what it says; `glucose` is empty where that was not asked."""

    course: Course
    features: Features
    windows: tuple[Window, ...]
    glucose: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the series' features as JSON values."""
        course = self.course
        told = {"id": course.subject, "kind": course.kind or None, "first": course.first, "last": course.last}
        found: dict[str, Any] = {**told, **_plain(asdict(self.features))}
        found["windows"] = [_plain(asdict(one)) for one in self.windows]
        return {**found, "glucose": dict(self.glucose)} if self.glucose else found


@dataclass(frozen=True)
class Described:
    """All series of a table."""

    readings: Readings
    settings: Settings
    series: tuple[One, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each series; of glucose its metrics, else the features."""
        rows = []
        for one in self.series:
            told = one.to_json()
            glucose = told.pop("glucose", {})
            del told["windows"]
            names = ("id", "kind", "first") if glucose else tuple(told)
            rows.append({name: told[name] for name in names if told[name] is not None or name != "kind"} | glucose)
        return pd.DataFrame(rows).round(4)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values; what there is no value of is null."""
        readings = self.readings
        return {
            "columns": asdict(readings.columns),
            "rows": readings.rows,
            "rejected": [
                {"reason": reason, "rows": len(lines), "lines": list(lines[:SHOWN])}
                for reason, lines in readings.rejected.items()
            ],
            "duplicates": {"rows": readings.duplicates, "taken": self.settings.duplicates},
            "unsorted": readings.unsorted,
            "unit": self.settings.unit,
            "series": [one.to_json() for one in self.series],
        }

    def to_text(self) -> str:
        """Return what was read, and what to know about it."""
        readings, columns = self.readings, self.readings.columns
        read = ", ".join(f"{name} {column}" for name, column in asdict(columns).items() if column is not None)
        lines = [f"series: {len(self.series)}, rows: {readings.rows}; columns: {read}"]
        if columns.id is None:
            lines.append("no column of ids: all rows are taken for one person's (--id COL)")
        for reason, rejected in readings.rejected.items():
            shown = ", ".join(map(str, rejected[:SHOWN])) + (", ..." if len(rejected) > SHOWN else "")
            lines.append(f"rejected, {reason}: {len(rejected)}, in lines {shown}")
        if readings.duplicates:
            way = "their mean is" if self.settings.duplicates == "mean" else "the first is"
            lines.append(f"readings at a time that the series had already: {readings.duplicates}; {way} taken")
        if readings.unsorted:
            lines.append(f"series that were not in order of time: {readings.unsorted}; they were sorted")
        if self.settings.unit:
            short = sum(not one.glucose["sufficient"] for one in self.series)
            lines.append(f"unit: {self.settings.unit}; mean, sd, mage, modd and conga in mg/dL, GMI in %")
            lines.append(f"series of fewer than 14 days with 70 % of the readings: {short} of {len(self.series)}")
        return "\n".join(lines)

    def agp(self) -> "Figure":
        """Draw the ambulatory glucose profile of each series (see `twin.prognosis.series.plots.agp_figure`)."""
        from twin.prognosis.series.plots import agp_figure

        return agp_figure([one.course for one in self.series], self.settings.unit or "mg/dL")

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def describe(
    table: "str | Path | pd.DataFrame", columns: Columns | None = None, settings: Settings | None = None
) -> Described:
    """Return the features of every series of a table; raises what `read_series` and `refuse_unit` do.

    Of glucose, `SeriesError` too where a series has one reading.
    """
    settings = settings or Settings()
    readings = read_series(table, columns or Columns(), settings)
    if settings.unit is not None:
        _refuse_kinds(readings)
        refuse_unit(readings.courses, settings.unit)
    return Described(readings, settings, tuple(_one(course, settings) for course in readings.courses))


def _one(course: Course, settings: Settings) -> One:
    plain = features(course, settings)
    glucose = glucose_features(course, plain, settings) if settings.unit is not None else {}
    return One(course, plain, windows(course, settings), glucose)


def _refuse_kinds(readings: Readings) -> None:
    kinds = sorted({course.kind for course in readings.courses})
    if len(kinds) > 1:
        raise SeriesError(f"the table has the kinds {', '.join(kinds)}: say which is glucose (--only KIND)")
    short = [course for course in readings.courses if course.values.size < 2]
    if short:
        raise SeriesError(
            f"{len(short)} series have one reading, the first in line {short[0].line}; expected two or more of glucose"
        )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}
