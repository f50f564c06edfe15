"""Known: from which minute an event of a record is known, which is not always when it was.

A record says of an event when it was, and who asks on a Monday must not be told what was written on the Friday after:

- with a minute: known from that minute; with a day alone: from the end of the day;
- a condition, a phenotype, and a procedure without a minute, of a stay in hospital: from the end of the stay. Such
  codes are given at the discharge, and dated back to the day on which the patient came;
- with no day, or with one that is drawn within a month or year: not before the end of the record.

Stays that touch, from one day to the next, are one: an emergency department's codes are those of the stay after it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]

DAY = 1_440
"""Minutes in a day."""
END = 2**62
"""Later than any minute of a record: what is known from then on is known at its end alone."""
EXACT = ("day", "minute")
"""The precisions of an event whose day is its own, not one drawn within a month or a year."""

ADMITTED = ("PANAKEIA:visit-inpatient", "PANAKEIA:visit-observation")
"""The kinds of visit that are stays in hospital, whatever else happens within them."""
HOSPITAL = (*ADMITTED, "PANAKEIA:visit-emergency", "PANAKEIA:visit-intensive-care")
"""The kinds of visit whose diagnoses are coded when the patient leaves."""

_ALWAYS_LATE = frozenset({"patient_has_condition", "patient_has_phenotype"})
_LATE_WITHOUT_A_MINUTE = frozenset({"patient_had_procedure"})
_SPAN = 2**24
"""More days than any record has: `patient * _SPAN + day` orders days within patients."""


class Stays(NamedTuple):
    """Stays in hospital, sorted by patient and beginning, from a minute to the end of a day. Shapes: [stay]."""

    patient: Longs
    begin: Longs
    end: Longs

    @classmethod
    def of(cls, patient: Longs, day: Longs, minute: Longs, end_day: Longs) -> "Stays":
        """Return stays of their days; one that ends before it begins, as where no end is told, is over on its day."""
        begin, end = day * DAY + minute, (np.maximum(end_day, day) + 1) * DAY
        order = np.lexsort((end, begin, patient))
        return cls(patient[order], begin[order], end[order])


class Known(NamedTuple):
    """When events began and from when they are known, both `END` without a day, and which are `coded` at a discharge.

    Shapes: [event]; minutes.
    """

    begin: Longs
    known: Longs
    coded: Mask


def known(relation: str, patient: Longs, day: Longs, minute: Longs, exact: Mask, stays: Stays) -> Known:
    """Return from when the events of a relation are known; `minute` is -1 where none is told, `stays` are `joined`.

    Shapes: patient, day, minute, exact [event].
    """
    begin = np.where(exact, day * DAY + np.maximum(minute, 0), END)
    since = np.where(exact, np.where(minute >= 0, begin, (day + 1) * DAY), END)
    coded = np.zeros(len(begin), np.bool_)
    if relation in _ALWAYS_LATE | _LATE_WITHOUT_A_MINUTE and len(stays.patient):
        late = exact & ((minute < 0) if relation in _LATE_WITHOUT_A_MINUTE else True)
        stay = np.where(late, covering(stays, patient, np.where(exact, begin, 0)), -1)
        coded = stay >= 0
        since = np.where(coded, stays.end[stay], since)
    return Known(begin, since, coded)


def joined(stays: Stays) -> Stays:
    """Return stays with those of one patient joined that overlap, or begin on the day after another's end or before."""
    if not len(stays.patient):
        return stays
    base = stays.patient * _SPAN * DAY
    latest = np.maximum.accumulate(stays.end + base)
    begins = np.r_[True, (stays.begin + base)[1:] > latest[:-1] + DAY]
    first = np.flatnonzero(begins)
    last = np.r_[first[1:], len(begins)] - 1
    return Stays(stays.patient[first], stays.begin[first], latest[last] - base[last])


def covering(stays: Stays, patient: Longs, minute: Longs) -> Longs:
    """Return for each moment of a patient the stay, of those joined, that it lies in, -1 where in none; by its days.

    Shapes: patient, minute, the result [moment].
    """
    if not len(stays.patient):
        return np.full(len(patient), -1, np.int64)
    day = _day(stays.begin) + stays.patient * _SPAN
    found = np.searchsorted(day, _day(minute) + patient * _SPAN, side="right") - 1
    inside = (found >= 0) & (stays.patient[found] == patient) & (stays.end[found] > minute)
    return np.where(inside, found, -1)


def _day(minute: Longs) -> Longs:
    return np.asarray(minute // DAY, np.int64)
