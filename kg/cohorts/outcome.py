"""Outcome: what is to be foretold of a cohort's patients: the contract of all kinds; a file each in `outcomes`.

Day 0 is the landmark, the last day of which features know anything; an outcome is looked for from day 1 on. Whoever
cannot have one, or of whom it is not known, is left out, and the reasons are counted.
"""

from abc import abstractmethod
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, model_validator

from kg.cohorts.events import distinct, fitting
from kg.cohorts.recorded import Recorded, Window
from kg.cohorts.records import Records
from kg.files.checked import Choice, Name, at_least

Target = Literal["binary", "continuous", "survival"]

INDEX_COLUMNS = ("patient", "day", "end_day", "start", "until", "death_day")
"""What an outcome is told of each row: whose it is, the landmark, the index event's last day, the first and the last
day of the observation in which the landmark lies, and the day of death; NaN where one is not known."""


class Settled(NamedTuple):
    """The outcome of each row: `value`, NaN where there is none, `censored` (of times alone: 1 where a time was cut
    off), and `left_out`: why there is none, None where there is. Shapes: [row]."""

    value: pd.Series
    censored: pd.Series
    left_out: pd.Series


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, dict | Recorded) else value


Events = Annotated[tuple[Recorded, ...], BeforeValidator(_listed), at_least(1)]


class Outcome(Choice):
    """What is to be foretold: of which events (`of`, any of them), and on which days after the landmark."""

    found_in = ("kg.cohorts.outcomes",)
    name: Name
    of: Events
    window: Window | None = None

    @property
    def first_day(self) -> int:
        """The first day on which the outcome may be, counted from the landmark."""
        return 1 if self.window is None or self.window.start is None else self.window.start

    @model_validator(mode="after")
    def _begins_after_the_landmark(self) -> Self:
        last = None if self.window is None else self.window.end
        if self.first_day < 1 or (last is not None and last < 1):
            told = self.first_day if self.first_day < 1 else last
            raise ValueError(f"window: got day {told}, expected days from 1 on: until day 0 is what features know")
        return self

    @property
    @abstractmethod
    def target(self) -> Target:
        """What is foretold: a chance, a number, or a time."""

    @property
    def horizon(self) -> float | None:
        """Up to which day a time is foretold; None of other outcomes."""
        return None

    @abstractmethod
    def settle(self, index: pd.DataFrame, records: Records) -> Settled:
        """Return the outcome of each row of `index`, numbered from 0, with `INDEX_COLUMNS`."""


def events_of(outcome: Outcome, records: Records) -> pd.DataFrame:
    """Return the events that an outcome is of, with `EVENT_COLUMNS` and whether each `is_death`."""
    found = [
        fitting(distinct(records.events(one.asked)), one).assign(is_death=one.kind == "death") for one in outcome.of
    ]
    return pd.concat(found, ignore_index=True)


def around(index: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return each row's events in its observation, and deaths whenever: `row`, `offset` (days from the landmark), more.

    An event without a day has the offset NaN.
    """
    here = index[["patient", "day", "start", "until"]].rename_axis("row").reset_index()
    pairs = here.merge(events, on="patient", suffixes=("_index", ""))
    inside = (pairs["day"] >= pairs["start"]) & (pairs["day"] <= pairs["until"])
    pairs = pairs[inside | pairs["day"].isna() | pairs["is_death"].astype(bool)]
    return pairs.assign(offset=pairs["day"] - pairs["day_index"])


def marked(index: pd.DataFrame, rows: "pd.Series[Any]") -> pd.Series:
    """Say which rows of `index` are among these."""
    return pd.Series(np.isin(np.arange(len(index)), rows.to_numpy()), index=index.index)


def reasons(index: pd.DataFrame, *why: tuple[str, pd.Series]) -> pd.Series:
    """Return the first reason that holds of each row, None where none does."""
    told = pd.Series([None] * len(index), index=index.index, dtype=object)
    for reason, holds in reversed(why):
        told[holds.to_numpy(dtype=bool)] = reason
    return told
