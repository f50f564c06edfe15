"""Times as phenopackets write them: an age, a date, a stage of life, each read only as far as it is told.

A stage of life that lasts longer than a year (Childhood onset) is no day and no year of age: then the day is unknown.
"""

import re
from datetime import timedelta
from math import ceil

from kg.patients.formats.phenopacket.members import Json, member, needed
from kg.patients.moment import Moment, NoMoment, read_moment
from kg.patients.record import Age, LeftOut, Refused

DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12
OLDEST_YEARS = 130
"""An age above this is a mistake."""

STAGES: dict[str, Age] = {
    "HP:0003577": Age(0, "day"),
    "HP:0003623": Age(0, "month"),
    "HP:0003593": Age(0, "year"),
}
"""The onsets of HPO that lie within a year: congenital, neonatal (within 28 days), infantile (within a year)."""

_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?P<clock>T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?",
    re.ASCII,
)
_KINDS = frozenset(("age", "ageRange", "gestationalAge", "interval", "ontologyClass", "timestamp"))

When = Moment | Age | None


def span(of: Json, name: str) -> tuple[When, When]:
    """Return when something began and ended, each None where that is not told.

    Raises `Refused` for what is no time, `LeftOut` with the reason where it tells no day, month or year.

    >>> span({"onset": {"age": {"iso8601duration": "P2Y6M"}}}, "onset")
    (Age(days=914, precision='month'), None)
    """
    element = member(of, name, dict)
    if not element:
        return None, None
    told = [kind for kind, value in element.items() if value is not None]
    if len(told) != 1 or told[0] not in _KINDS:
        raise Refused(name, "is not one time, of a kind that phenopackets version 2 has")
    [kind] = told
    try:
        return _span(kind, element)
    except (Refused, NoMoment) as failure:
        reason = failure.reason if isinstance(failure, Refused) else str(failure)
        raise Refused(f"{name}.{kind}", reason) from None


def age(of: Json) -> Age:
    """Return an age that is written as an ISO 8601 duration, in days that are enough for its years and months.

    >>> age({"iso8601duration": "P41Y"}).days, int(14976 // DAYS_A_YEAR)
    (14976, 41)
    """
    found = _DURATION.fullmatch(needed(of, "iso8601duration", str))
    if found is None:
        raise Refused("iso8601duration", "is no duration in whole years, months, weeks and days, such as P4Y3M")
    part = {name: int(value) for name, value in found.groupdict().items() if value and name != "clock"}
    days = part.get("years", 0) * DAYS_A_YEAR + part.get("months", 0) * DAYS_A_MONTH
    days += part.get("weeks", 0) * 7 + part.get("days", 0)
    if days > OLDEST_YEARS * DAYS_A_YEAR:
        raise Refused("iso8601duration", f"is an age above {OLDEST_YEARS} years")
    if "days" in part or found["clock"]:
        return Age(ceil(days), "day")
    return Age(ceil(days), "month" if part.keys() & {"months", "weeks"} else "year")


def as_age(when: When, born: Moment | None) -> Age | None:
    """Return a time as an age, None where that is not known to the precision of what is told.

    >>> as_age(read_moment("2020-03"), read_moment("2019-03-07"))
    Age(days=360, precision='month')
    """
    if not isinstance(when, Moment):
        return when
    if born is None or born.precision not in ("day", "minute") or when.first < born.first:
        return None
    return Age((when.first - born.first).days, "day" if when.precision == "minute" else when.precision)


def died(of: Json, name: str, born: Moment | None) -> Moment | None:
    """Return the day of a death that is told as a date, or as an age in days of someone whose birthday is known."""
    when, _ = span(of, name)
    if not isinstance(when, Age):
        return when
    if born is None or born.precision != "day" or when.precision != "day":
        raise LeftOut("an age at death without a day of birth")
    return Moment(born.first + timedelta(when.days))


def day(of: Json, name: str) -> Moment | None:
    """Return a date, whatever time of that day is told."""
    text = member(of, name, str)
    if text is None:
        return None
    try:
        found = read_moment(text)
    except NoMoment as failure:
        raise Refused(name, str(failure)) from None
    return Moment(found.first, None, "day" if found.precision == "minute" else found.precision)


def _span(kind: str, element: Json) -> tuple[When, When]:
    if kind == "timestamp":
        return read_moment(element[kind]), None
    value = needed(element, kind, dict)
    if kind == "age":
        return age(value), None
    if kind == "interval":
        end = member(value, "end", str)
        return read_moment(value.get("start")), read_moment(end) if end else None
    if kind == "ageRange":
        return _one_age(age(needed(value, "start", dict)), age(needed(value, "end", dict))), None
    if kind == "ontologyClass":
        stage = STAGES.get(needed(value, "id", str))
        if stage is None:
            raise LeftOut("a stage of life that is not within one year")
        return stage, None
    raise LeftOut("an age before birth, counted from a day that is not told")


def _one_age(first: Age, last: Age) -> Age:
    """Return a range of ages as one of its precision: its beginning, where it is within a month or a year."""
    if last.days < first.days:
        raise Refused("end", "is before the start")
    width = last.days - first.days
    if width > DAYS_A_YEAR:
        raise LeftOut("a range of ages that is not within one year")
    if first == last:
        return first
    return Age(first.days, "month" if width <= DAYS_A_MONTH else "year")
