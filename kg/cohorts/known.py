"""Known: which events of each row's patient were known at the end of the row's landmark, and nothing later.

A row is an index event. What began after the landmark is not looked at, not even to say what was known by then: of
stays in hospital only those count that had begun. What is coded at a discharge is known from the day after it.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kg.patients.known import DAY, EXACT, HOSPITAL, Longs, Stays, joined, known
from kg.query.cohort import OBSERVATION_PERIOD

VISIT = "patient_had_visit"
_NO_DAY = -(2**40)
NARROWER = "skos:narrowMatch"
"""How a code came to mean a node that says more than was recorded: the patient need not have it."""


def known_by(index: pd.DataFrame, told: Mapping[str, pd.DataFrame], days: int | None = None) -> dict[str, pd.DataFrame]:
    """Return by relation the events known at each row's landmark: `row`, `ago` (days before it), and what was told.

    `index` has patient and day, the landmark, and is numbered from 0; `told` has, by relation, the columns of
    `kg.query.people.happened`. With `days`, only events that began at most so many days before are there.
    """
    began = {relation: _began(index, events) for relation, events in told.items()}
    stays = _stays(began.get(VISIT))
    return {relation: _known(relation, events, stays, days) for relation, events in began.items()}


def _began(index: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return the events that began on the row's landmark or before, whose day is their own."""
    exact = events["precision"].isin(EXACT) & events["day"].notna() & (events["id"] != OBSERVATION_PERIOD)
    exact &= ~events["mapping"].eq(NARROWER)
    rows = index[["patient", "day"]].rename_axis("row").reset_index().rename(columns={"day": "landmark"})
    pairs = rows.merge(events[exact.to_numpy(dtype=bool)], on="patient")
    pairs = pairs[pairs["day"].astype("int64") <= pairs["landmark"].astype("int64")]
    return pairs.assign(ago=(pairs["landmark"].astype("int64") - pairs["day"].astype("int64")))


def _known(relation: str, began: pd.DataFrame, stays: Stays, days: int | None) -> pd.DataFrame:
    """Return those of the events that were known by the end of the landmark."""
    row, day, minute = _longs(began, "row"), _longs(began, "day"), _longs(began, "minute", -1)
    since = known(relation, row, day, minute, np.ones(len(row), np.bool_), stays)
    landmark = _longs(began, "landmark")
    kept = since.known <= np.where(since.coded, landmark, landmark + 1) * DAY
    if days is not None:
        kept &= _longs(began, "ago") <= days
    return began[kept].reset_index(drop=True)


def _stays(visits: pd.DataFrame | None) -> Stays:
    """Return each row's stays in hospital that had begun by its landmark, joined."""
    if visits is None:
        return Stays(*[np.empty(0, np.int64)] * 3)
    own = visits[visits["id"].isin(HOSPITAL)]
    day = _longs(own, "day")
    return joined(Stays.of(_longs(own, "row"), day, _longs(own, "minute"), _longs(own, "end_day", _NO_DAY)))


def _longs(frame: pd.DataFrame, name: str, missing: int = 0) -> Longs:
    return np.asarray(frame[name].astype("Int64").fillna(missing), np.int64)


def first_known(events: Sequence[pd.DataFrame], rows: int) -> pd.Series:
    """Return how many days before its landmark each row's first known event is, NaN where none is."""
    every = pd.concat([one[["row", "ago"]] for one in events], ignore_index=True)
    return every.groupby("row")["ago"].max().reindex(range(rows)).astype("float64")
