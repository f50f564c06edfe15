"""Event: whether something happens within a window after the landmark."""

from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from kg.cohorts.outcome import Outcome, Settled, Target, around, events_of, marked, reasons
from kg.cohorts.recorded import Switch
from kg.cohorts.records import Records


class EventOutcome(Outcome):
    """Whether one of the events begins in the window: 1, or 0 where the patient was followed to its end, or died.

    `during_index` ends the window on the last day of the index event. `incident` leaves out who had such an event
    before the window; who died before it is always left out. With `follow_up` "assumed", who has no event is taken to
    have none, also where the record ends earlier: for records of whom every event is seen.
    """

    kind: Literal["event"] = "event"
    during_index: Switch = False
    incident: Switch = False
    follow_up: Literal["recorded", "assumed"] = "recorded"

    @property
    def target(self) -> Target:
        """A chance."""
        return "binary"

    @model_validator(mode="after")
    def _ends(self) -> Self:
        last = None if self.window is None else self.window.end
        if self.during_index and last is not None:
            raise ValueError("got during_index and window.to, expected one of the two")
        if not self.during_index and last is None:
            raise ValueError("window.to: missing: by which day after the landmark, or during_index = true")
        return self

    def settle(self, index: pd.DataFrame, records: Records) -> Settled:
        """Return 1 for an event, 0 for none, of each row."""
        last = self._last_day(index)
        found = around(index, events_of(self, records))
        limit = last.to_numpy()[found["row"].to_numpy(dtype=np.int64)]
        happened = marked(index, found["row"][(found["offset"] >= self.first_day) & (found["offset"] <= limit)])
        before = marked(index, found["row"][found["offset"] < self.first_day])
        undated = marked(index, found["row"][found["offset"].isna()])
        died = index["death_day"] - index["day"]
        followed = (index["until"] - index["day"] >= last) | (died <= last) | (self.follow_up == "assumed")
        why = reasons(
            index,
            ("the index event has no end", last.isna()),
            ("died before the window", died < self.first_day),
            ("the window is empty: the index event ended before it", last < self.first_day),
            ("had the event before the window", before & self.incident),
            ("has the event without a day", undated & ~happened),
            ("censored: the record ends within the window, without the event", ~followed & ~happened),
        )
        value = happened.astype("float64").where(why.isna())
        return Settled(value, pd.Series(np.nan, index=index.index), why)

    def _last_day(self, index: pd.DataFrame) -> pd.Series:
        if self.during_index:
            return index["end_day"] - index["day"]
        assert self.window is not None and self.window.end is not None
        return pd.Series(float(self.window.end), index=index.index)
