"""Time: the days from the landmark to the first event, cut off where the record, the life or the window ends."""

from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from kg.cohorts.outcome import Outcome, Settled, Target, around, events_of, marked, reasons
from kg.cohorts.recorded import Switch
from kg.cohorts.records import Records


class TimeOutcome(Outcome):
    """The days to the first of the events, or to the end of follow-up, which is the window's at the latest.

    A death that is none of the events cuts the time off (the hazard is the cause's own). `incident` leaves out who had
    such an event before the window.
    """

    kind: Literal["time"] = "time"
    incident: Switch = False

    @property
    def target(self) -> Target:
        """A time."""
        return "survival"

    @property
    def horizon(self) -> float | None:
        """The window's last day."""
        return None if self.window is None or self.window.end is None else float(self.window.end)

    @model_validator(mode="after")
    def _has_a_horizon(self) -> Self:
        if self.horizon is None:
            raise ValueError("window.to: missing: up to which day after the landmark a time is followed")
        return self

    def settle(self, index: pd.DataFrame, records: Records) -> Settled:
        """Return the days, and 1 where they were cut off, of each row."""
        found = around(index, events_of(self, records))
        after = found[(found["offset"] >= self.first_day) & (found["offset"] <= self.horizon)]
        first = after.groupby("row")["offset"].min().reindex(index.index)
        before = marked(index, found["row"][found["offset"] < self.first_day])
        undated = marked(index, found["row"][found["offset"].isna()])
        died = index["death_day"] - index["day"]
        end = pd.concat([index["until"] - index["day"], died], axis=1).min(axis=1)
        end = end.clip(upper=self.horizon)
        why = reasons(
            index,
            ("died before the window", died < self.first_day),
            ("had the event before the window", before & self.incident),
            ("has the event without a day", undated & first.isna()),
            ("censored: the record ends before the window", ~(end >= self.first_day) & first.isna()),
        )
        value = first.fillna(end).where(why.isna())
        censored = first.isna().astype("float64").where(why.isna())
        return Settled(value.astype("float64"), censored.astype(np.float64), why)
