"""Events: which of a patient's events a criterion means: distinct, with the values asked for, joined into eras."""

from collections import Counter
from collections.abc import Collection
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from kg.cohorts.recorded import ANY, Range, Recorded
from kg.cohorts.records import EVENT_COLUMNS
from kg.pharmacogenomics.alleles import RENAMED, copies_of

Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

_PRECISIONS = ("year", "month", "day", "minute")
_SAME = ("patient", "statement", "day", "minute", "end_day", "negated", "value", "unit", "value_code")
"""What two rows of one event, which means several nodes, have in common."""


def within(numbers: pd.Series, bounds: Range) -> Mask:
    """Say which numbers lie in a range; one that is missing does not.

    >>> within(pd.Series([1.0, 2.0, np.nan]), Range(at_least=2)).tolist()
    [False, True, False]
    """
    values = numbers.to_numpy(dtype=np.float64)
    kept: Mask = ~np.isnan(values)
    if bounds.at_least is not None:
        kept &= values >= bounds.at_least
    if bounds.at_most is not None:
        kept &= values <= bounds.at_most
    if bounds.above is not None:
        kept &= values > bounds.above
    if bounds.below is not None:
        kept &= values < bounds.below
    return kept


def in_units(units: pd.Series, asked: Collection[str]) -> Mask:
    """Say which units are among those asked for; with `ANY` all are, also one that is not told."""
    return np.full(len(units), True) if ANY in asked else units.isin(asked).to_numpy()


def distinct(events: pd.DataFrame) -> pd.DataFrame:
    """Return each event once, also one that means several nodes or has several codes."""
    return events[~events.duplicated(list(_SAME))]


def fitting(events: pd.DataFrame, wanted: Recorded) -> pd.DataFrame:
    """Return the events with the values that are asked for, as eras where these are; none of them negated."""
    found = events[~events["negated"]]
    kept = np.ones(len(found), dtype=np.bool_)
    if wanted.value is not None:
        kept &= within(found["value"], wanted.value)
        kept &= in_units(found["unit"], wanted.unit or ())
    if wanted.result is not None:
        kept &= found["value_code"].isin(wanted.result).to_numpy()
    if wanted.copies is not None:
        kept &= within(found["copies"], wanted.copies)
    if wanted.activity_score is not None:
        kept &= within(found["activity_score"], wanted.activity_score)
    if wanted.called is not None:
        kept &= _called(found, wanted.called)
    if wanted.precision is not None:
        kept &= _precise(found, wanted.precision)
    found = found[kept]
    if wanted.gap_days is not None:
        found = eras(found, wanted.gap_days)
    if wanted.lasting is not None:
        found = found[within(found["end_day"] - found["day"], wanted.lasting)]
    return found


def eras(events: pd.DataFrame, gap_days: int) -> pd.DataFrame:
    """Return eras: events of a patient with at most these days from the end of one to the beginning of the next.

    An event without an end ends on its day; one without a day is in no era.
    """
    dated = events[events["day"].notna()].sort_values(["patient", "day"], kind="stable")
    ends = dated["end_day"].fillna(dated["day"]).clip(lower=dated["day"])
    latest = ends.groupby(dated["patient"]).cummax()
    before = latest.groupby(dated["patient"]).shift()
    begins = before.isna() | (dated["day"] > before + gap_days)
    era = begins.cumsum()
    joined = dated.assign(end_day=ends.groupby(era).transform("max"), statement="")
    return joined[begins][list(EVENT_COLUMNS)]


def _precise(events: pd.DataFrame, least: str) -> Mask:
    """Say which events have a day, and are told at least as precisely."""
    coarser = _PRECISIONS[: _PRECISIONS.index(least)]
    return (events["day"].notna() & ~events["precision"].isin(coarser)).to_numpy()


def _called(events: pd.DataFrame, asked: Collection[str]) -> Mask:
    """Say where a gene is called, and each diplotype that fits is among those asked for, in any names and order.

    No ambiguous call is taken, nor one that may be another for alleles that were not looked for.
    """
    wanted = {frozenset(Counter(copies).items()) for text in asked for copies in _readings(text)}
    cells = zip(events["diplotypes"], events["not_excluded"], strict=True)
    return np.array(
        [
            bool(told := _texts(found)) and not _texts(open_) and all(_is_one(one, wanted) for one in told)
            for found, open_ in cells
        ],
        dtype=np.bool_,
    )


def _is_one(diplotype: str, wanted: Collection[frozenset[tuple[tuple[str, ...], int]]]) -> bool:
    return any(frozenset(Counter(copies).items()) in wanted for copies in _readings(diplotype))


@cache
def _readings(diplotype: str) -> set[tuple[tuple[str, ...], ...]]:
    """Return the alleles of a diplotype as it is written, and by the names that definitions have for a laboratory's."""
    return {copies_of(gene, diplotype) for gene in ("", *RENAMED)}


def _texts(found: object) -> list[str]:
    return list(found) if isinstance(found, list | tuple | np.ndarray) else []
