"""Course: one person's values of one kind in order of time, what was asked of them, and where they have gaps."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from twin.model import Floats
from twin.trials.analysis.table import AnalysisError

GAP = 1.5
"""An interval of more than so many times the expected one is a gap: at least one reading is missing there."""


class SeriesError(AnalysisError):
    """A series that cannot be read or described as asked; the message names lines, and no person."""


@dataclass(frozen=True)
class Columns:
    """Which columns mean what; None is found by its name (`twin.prognosis.series.read.NAMES`)."""

    id: str | None = None
    time: str | None = None
    value: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Settings:
    """How series are described.

    `every_h`: hours from one expected reading to the next; None is the median interval of each series. `window_h`:
    hours of a window, `step_h` from the begin of one to that of the next, None is the window itself. `unit`: describe
    glucose, in this unit. `patient` and `only` keep one person and one kind.
    """

    duplicates: Literal["mean", "first"] = "mean"
    every_h: float | None = None
    window_h: float | None = None
    step_h: float | None = None
    unit: str | None = None
    patient: str | None = None
    only: str | None = None

    def __post_init__(self) -> None:
        """Raise `SeriesError` for an interval that is not above 0, and a step without a window."""
        for name, hours in (("expected interval", self.every_h), ("window", self.window_h), ("step", self.step_h)):
            if hours is not None and not 0 < hours < np.inf:
                raise SeriesError(f"the {name} is {hours:g} hours, expected more than 0")
        if self.step_h is not None and self.window_h is None:
            raise SeriesError("a step is given without a window: give the window too (--window 7d)")


@dataclass(frozen=True)
class Course:
    """Values at times: `hours` since the first, rising, and `clock`, the hour of the day as written, [reading].

    `first` and `last` are the times as text; `line` is where the file first has this series.
    """

    subject: str
    kind: str
    line: int
    first: str
    last: str
    hours: Floats
    clock: Floats
    values: Floats

    @cached_property
    def usual_h(self) -> float:
        """Return the median interval in hours; NaN for one reading."""
        return float(np.median(np.diff(self.hours))) if self.hours.size > 1 else float("nan")

    def breaks(self, every_h: float) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
        """Return the places of readings that follow a gap."""
        return np.flatnonzero(np.diff(self.hours) > GAP * every_h) + 1
