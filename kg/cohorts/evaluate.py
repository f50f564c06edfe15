"""Evaluate: from a definition and records to the index events that fit, and how many patients are left at each step."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kg.cohorts.ages import of_age
from kg.cohorts.criteria import (
    All,
    AnyOf,
    Criterion,
    Definition,
    Entry,
    Event,
    NoneOf,
    Person,
)
from kg.cohorts.events import Counts, Mask, distinct, fitting
from kg.cohorts.recorded import Window
from kg.cohorts.records import Records

INDEX_COLUMNS = ("patient", "day", "end_day")
"""An index event: whose it is, and its first and last day; NaN where it has none."""


@dataclass(frozen=True)
class Fitted:
    """The index events that fit a definition, with `INDEX_COLUMNS`, and the patients left after each criterion."""

    index: pd.DataFrame
    attrition: tuple[tuple[str, int], ...]


def evaluate(definition: Definition, records: Records) -> Fitted:
    """Return the index events that fit a definition; each step of the attrition counts patients, not events.

    A patient is left as long as one of the patient's index events meets all criteria so far.
    """
    steps = list(_steps(definition, records))
    kept = _kept(steps[-1][1], definition.keep).sort_values(["patient", "day"], kind="stable")
    left = tuple((name, index["patient"].nunique()) for name, index in steps)
    return Fitted(kept[list(INDEX_COLUMNS)].drop_duplicates(ignore_index=True), left)


def _steps(definition: Definition, records: Records) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each criterion's name with the index events that are left."""
    entry, persons = definition.entry, records.persons()
    yield "patients", persons
    index = _entered(entry, records)
    index = index.merge(persons, on="patient")
    yield f"entry: {' or '.join(map(str, entry.choices))}", index
    index = _observed(index, entry, records.periods())
    if not entry.anytime:
        yield _observation(entry), index
    index = _kept(index, entry.occurrence)
    for rule in definition.rules:
        index = index[met(rule, index.reset_index(drop=True), records)]
        yield str(rule.name), index


def _observation(entry: Entry) -> str:
    around = (f"{entry.days_before:,} days before", f"{entry.days_after:,} days after")
    asked = [told for told, days in zip(around, (entry.days_before, entry.days_after), strict=True) if days]
    return f"observed {' and '.join(asked) or 'on the day'}"


def met(criterion: Criterion, index: pd.DataFrame, records: Records) -> Mask:
    """Say for each index event, numbered from 0, whether a criterion is met."""
    if isinstance(criterion, Event):
        return _event_met(criterion, index, records)
    if isinstance(criterion, Person):
        return _person_met(criterion, index)
    if isinstance(criterion, All):
        return _how_many(criterion.all, index, records, len(criterion.all))
    if isinstance(criterion, AnyOf):
        return _how_many(criterion.any, index, records, 1)
    if isinstance(criterion, NoneOf):
        return ~_how_many(criterion.none, index, records, 1)
    return _how_many(criterion.of, index, records, criterion.at_least)


def _person_met(criterion: Person, index: pd.DataFrame) -> Mask:
    kept = np.ones(len(index), dtype=np.bool_)
    if criterion.age is not None:
        kept &= of_age(index, criterion.age)
    if criterion.sex is not None:
        kept &= index["sex"].isin(criterion.sex).to_numpy()
    return kept


def _how_many(parts: tuple[Criterion, ...], index: pd.DataFrame, records: Records, least: int) -> Mask:
    """Say for each index event whether at least so many of the parts are met."""
    counts = np.zeros(len(index), dtype=np.int64)
    for part in parts:
        counts += met(part, index, records)
    return np.greater_equal(counts, least)


def _event_met(criterion: Event, index: pd.DataFrame, records: Records) -> Mask:
    events = distinct(records.events(criterion.asked))
    found = _counted(fitting(events, criterion), criterion, index)
    if criterion.answer == "present":
        least, most = criterion.bounds
        return np.greater_equal(found, least) & np.less_equal(found, most)
    if criterion.answer == "none recorded":
        return np.equal(found, 0)
    excluded = _counted(events[events["negated"]], criterion, index)
    return np.equal(found, 0) & np.equal(excluded > 0, criterion.answer == "absent")


def _counted(events: pd.DataFrame, criterion: Event, index: pd.DataFrame) -> Counts:
    """Return how many of the events, or of their days, lie in the criterion's windows around each index event."""
    here = index[["patient", "day", "start", "end"]].rename_axis("row").reset_index()
    pairs = here.merge(events[["patient", "day", "end_day"]], on="patient", suffixes=("_index", ""))
    kept = np.ones(len(pairs), dtype=np.bool_)
    if not criterion.at_any_time:
        kept &= (pairs["day"] >= pairs["start"]) & (pairs["day"] <= pairs["end"])
    kept &= _in_window(pairs["day"] - pairs["day_index"], criterion.window)
    ends = pairs["end_day"].fillna(pairs["day"])
    kept &= _in_window(ends - pairs["day_index"], criterion.end_window)
    pairs = pairs[kept]
    if criterion.distinct == "days":
        pairs = pairs.drop_duplicates(["row", "day"])
    return np.bincount(pairs["row"].to_numpy(dtype=np.int64), minlength=len(index))


def _in_window(days: pd.Series, window: Window | None) -> Mask:
    kept = np.ones(len(days), dtype=np.bool_)
    if window is not None:
        kept &= days.notna().to_numpy()
        if window.start is not None:
            kept &= (days >= window.start).to_numpy()
        if window.end is not None:
            kept &= (days <= window.end).to_numpy()
    return kept


def _entered(entry: Entry, records: Records) -> pd.DataFrame:
    """Return the events that may be an index, before anything is asked of how long they are observed."""
    parts = [(choice, distinct(records.events(choice.asked))) for choice in entry.choices]
    found = pd.concat([fitting(events, choice) for choice, events in parts], ignore_index=True)
    if entry.first_in_history:
        every = pd.concat([events[~events["negated"]] for _, events in parts], ignore_index=True)
        found = found[found["day"] == found["patient"].map(every.groupby("patient")["day"].min())]
        found = found[~found["patient"].isin(every["patient"][every["day"].isna()])]
    return found if entry.anytime else found[found["day"].notna()]


def _observed(index: pd.DataFrame, entry: Entry, periods: pd.DataFrame) -> pd.DataFrame:
    """Return the index events in a period of observation, as far from its ends as asked, each with that period.

    With `anytime` all stay: those in no period have one without bounds.
    """
    events = index.assign(event=np.arange(len(index)))
    joined = events.merge(periods, on="patient")
    begun = joined["start"] + entry.days_before <= joined["day"]
    joined = joined[begun & (joined["day"] + entry.days_after <= joined["end"])]
    if entry.anytime:
        others = events[~events["event"].isin(joined["event"])].assign(start=-np.inf, end=np.inf)
        joined = pd.concat([joined, others], ignore_index=True)
    return joined.drop(columns="event")


def _kept(index: pd.DataFrame, which: str) -> pd.DataFrame:
    """Return each patient's first or last index events, or all; several on one day are all kept."""
    if which == "all" or index.empty:
        return index
    days = index.groupby("patient")["day"].transform("min" if which == "first" else "max")
    return index[(index["day"] == days) | (index["day"].isna() & days.isna())]
