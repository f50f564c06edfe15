"""The commands of series."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kg.files.number import number
from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.option_groups import grouped
from panakeia.options import As
from panakeia.verb import verb

if TYPE_CHECKING:
    from twin.prognosis.series.course import Columns, Settings

app = typer.Typer(help="Labs and wearables in time.", no_args_is_help=True)

HOURS = {"min": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}


def duration(text: str) -> float:
    """Return an option that is a length of time, in hours.

    >>> duration("7d"), duration("90min")
    (168.0, 1.5)
    """
    parts = re.fullmatch(r"([0-9.]+) ?(min|h|d|w)", str(text))
    value = number(parts[1]) if parts else None
    if parts is None or not value:
        raise typer.BadParameter(f"got {text!r}, expected a number above 0 and min, h, d or w, such as 7d")
    return value * HOURS[parts[2]]


@dataclass(frozen=True)
class ColumnOptions:
    """Which columns mean what."""

    id: Annotated[
        str | None, typer.Option(help="Column of persons; found by its name if not given.", metavar="COL")
    ] = None
    time: Annotated[str | None, typer.Option(help="Column of times (ISO 8601).", metavar="COL")] = None
    value: Annotated[str | None, typer.Option(help="Column of values.", metavar="COL")] = None
    kind: Annotated[str | None, typer.Option(help="Column of what was measured.", metavar="COL")] = None
    patient: Annotated[
        str | None, typer.Option(help="Only this person; without a file, a patient of the graph.", metavar="ID")
    ] = None
    only: Annotated[str | None, typer.Option(help="Only this kind.", metavar="KIND")] = None

    def columns(self) -> "Columns":
        """Return the columns."""
        from twin.prognosis.series.course import Columns

        return Columns(self.id, self.time, self.value, self.kind)


@dataclass(frozen=True)
class SeriesOptions:
    """How series are described."""

    window: Annotated[
        float | None, typer.Option(parser=duration, help="Mean and SD by window of this length.", metavar="7d")
    ] = None
    step: Annotated[
        float | None,
        typer.Option(parser=duration, help="From window to window; the window's length if not given.", metavar="1d"),
    ] = None
    every: Annotated[
        float | None,
        typer.Option(
            parser=duration, help="How often a reading is expected; each series' median if not given.", metavar="5min"
        ),
    ] = None
    duplicates: Annotated[
        Literal["mean", "first"], typer.Option(help="What is taken of several readings at one time.")
    ] = "mean"
    glucose: Annotated[bool, typer.Option("--glucose", help="The values are glucose: its metrics too.")] = False
    unit: Annotated[
        Literal["mg/dL", "mmol/L"] | None, typer.Option(help="The unit of --glucose: mg/dL if not given.")
    ] = None

    def settings(self, columns: ColumnOptions) -> "Settings":
        """Return the settings; raises `SeriesError` for a unit of what is not said to be glucose."""
        from twin.prognosis.series.course import SeriesError, Settings

        if self.unit is not None and not self.glucose:
            raise SeriesError("--unit is that of glucose: give --glucose too")
        unit = (self.unit or "mg/dL") if self.glucose else None
        return Settings(self.duplicates, self.every, self.window, self.step, unit, columns.patient, columns.only)


@app.callback()
def series() -> None:
    """Describe labs and wearables in time."""


@verb(app, "series features", right="patients", needs=("store",))
@grouped
def series_features(
    session: Session,
    columns: ColumnOptions,
    how: SeriesOptions,
    table: Annotated[
        Path | None,
        typer.Argument(help="A row for each reading (CSV); else the labs of --patient.", metavar="FILE.csv"),
    ] = None,
    plot: Annotated[
        Path | None,
        As("out"),
        typer.Option(help="Ambulatory glucose profile to write: PNG, SVG or PDF.", metavar="FILE"),
    ] = None,
) -> Answer:
    """Describe each person's series: level, trend, variability, gaps, windows; of glucose its published metrics.

    Without a file they are what the graph has of one patient's labs, each test in its unit a series of its own.

    Example: panakeia series features readings.csv --glucose --plot agp.png --json
    """
    found = session.series_features(table, columns.columns(), how.settings(columns), plot=plot)
    return found
