"""Moment: when something was, read strictly as a record writes it, with its precision.

A moment that cannot have been is refused: one in the future, before the patient's birth, or on a day that programs
write where they know none. A placeholder that was shifted and stored would tell by how much the patient's dates move.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Precision = Literal["year", "month", "day", "minute"]

_WRITTEN = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})"
    r"([T ](?P<hour>\d{2}):(?P<minute>\d{2})(:(?P<second>\d{2})(\.\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:\d{2})?)?)?)?",
    re.ASCII,
)
_PLACEHOLDERS = frozenset(
    date.fromisoformat(day)
    for day in (
        *("0001-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01"),
        *("2099-12-31", "2999-12-31", "4712-12-31", "9999-12-31"),
    )
)
"""Days that programs write where they know none."""
_EARLIEST = 1850
"""The year before which nothing can have been of a patient's whose record is read."""
_PREGNANCY = timedelta(days=300)
"""How long before the birth something of a patient's may be found."""
_ZONES = timedelta(days=1)
"""By how much a date without a time may seem to be later than it is."""


class NoMoment(ValueError):
    """What is written is no moment at which something can have been; the message does not quote it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A period as long as the record is precise: its first day, the minute of that day if it is told, the precision.

    The minute is the clock's where it was recorded; `first` is the day on that clock.
    """

    first: date
    minute: int | None = None
    precision: Precision = "day"

    @property
    def last(self) -> date:
        """The last day that may be meant.

        >>> read_moment("2011-02").last.isoformat(), read_moment("1998").last.isoformat()
        ('2011-02-28', '1998-12-31')
        """
        if self.precision == "year":
            return date(self.first.year, 12, 31)
        if self.precision == "month":
            return self.first.replace(day=monthrange(self.first.year, self.first.month)[1])
        return self.first


def _is_epoch(found: re.Match[str]) -> bool:
    """Say whether a time is that from which programs count, on the clock of a zone of its own."""
    if not found["zone"] or found["zone"] == "Z" or found["year"] not in ("1969", "1970"):
        return False
    try:
        return datetime.fromisoformat(found[0].replace(" ", "T")) == datetime(1970, 1, 1, tzinfo=UTC)
    except ValueError:
        return False


def read_moment(text: object) -> Moment:
    """Return a date or time as FHIR and ISO 8601 write it; raises `NoMoment` for anything else.

    >>> read_moment("2019-03-07T21:30:00+01:00")
    Moment(first=datetime.date(2019, 3, 7), minute=1290, precision='minute')
    >>> read_moment("1998").precision
    'year'
    """
    found = _WRITTEN.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise NoMoment("is not a date: expected YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a zone")
    part = {name: int(value) for name, value in found.groupdict().items() if value and name != "zone"}
    try:
        first = date(part["year"], part.get("month", 1), part.get("day", 1))
        datetime(2000, 1, 1, part.get("hour", 0), part.get("minute", 0), min(part.get("second", 0), 59))
    except ValueError:
        raise NoMoment("is a day or a time that the calendar does not have") from None
    if _is_epoch(found):
        raise NoMoment("is a day that programs write where they know none")
    if first.year < _EARLIEST and not ("day" in part and first in _PLACEHOLDERS):
        raise NoMoment("is longer ago than anybody has lived")
    if "hour" in part:
        return Moment(first, 60 * part["hour"] + part["minute"], "minute")
    return Moment(first, None, "day" if "day" in part else "month" if "month" in part else "year")


def check_moment(moment: Moment, *, born: date | None, now: datetime | None) -> None:
    """Raise `NoMoment` for a moment that cannot have been, of a patient born on this day or later.

    Without `now`, days of the future pass: those of a data set whose publisher has moved them.

    >>> check_moment(read_moment("1900-01-01"), born=None, now=None)
    Traceback (most recent call last):
    ...
    kg.patients.moment.NoMoment: is a day that programs write where they know none
    """
    if moment.precision in ("day", "minute") and moment.first in _PLACEHOLDERS:
        raise NoMoment("is a day that programs write where they know none")
    if now is not None and moment.first > (now + _ZONES).date():
        raise NoMoment("is in the future")
    if born and moment.last + _PREGNANCY < born:
        raise NoMoment("is before the patient's birth")
