"""Times in FHIR: when something was, by the element that says it, with the record's precision.

A date that is stated but is a month, a year, an age or a text is never replaced by another one: a condition that began
in 1998 and was recorded in 2015 began in 1998.
"""

from typing import Any

from kg.patients.formats.fhir.elements import Json, member
from kg.patients.moment import Moment, NoMoment, read_moment
from kg.patients.record import Age, Refused

Span = tuple[Moment | Age | None, Moment | Age | None]
"""When something was or began, and when it ended."""

NEVER: Span = (None, None)

_DAYS_IN: dict[str, tuple[float, str]] = {
    **dict.fromkeys(("a", "a_j", "yr", "yrs", "year", "years"), (365.25, "year")),
    **dict.fromkeys(("mo", "mo_j", "month", "months"), (365.25 / 12, "month")),
    **dict.fromkeys(("wk", "week", "weeks"), (7, "day")),
    **dict.fromkeys(("d", "day", "days"), (1, "day")),
}
"""The units in which an age is given -> days, and how precise it is."""


def when(resource: Json, stem: str, *otherwise: str) -> Span:
    """Return when a resource says that it was, in the element `stem[x]`, else in the first of the others that stands.

    Raises `Refused` for what is no time, or ends before it starts.

    >>> when({"onsetDateTime": "1998", "recordedDate": "2015-03-02"}, "onset", "recordedDate")[0].first.year
    1998
    """
    forms = [f"{stem}{form}" for form in ("DateTime", "Period", "Instant", "Timing", "Age", "Range", "String")]
    for element in (*forms, stem, *otherwise):
        if resource.get(element) is not None:
            return _ordered(_read(resource[element], element), element)
        if f"_{element}" in resource:  # stated, as unknown or in a way that only an extension tells
            return NEVER
    return NEVER


def moment(value: Any, element: str) -> Moment | None:
    """Return a date or a time, None where nothing stands; raises `Refused` for what is neither."""
    if value is None:
        return None
    try:
        return read_moment(value)
    except NoMoment as failure:
        raise Refused(element, "is a number: expected a date" if _is_number(value) else str(failure)) from None


def ended(begun: Span, resource: Json, stem: str) -> Span:
    """Return when something began, with the end that another element `stem[x]` states."""
    end = when(resource, stem)[0]
    return _ordered((begun[0], end if end is not None else begun[1]), stem)


def _read(value: Any, element: str) -> Span:
    if element.endswith(("Age", "Range", "String")):
        return (_age(value) if element.endswith("Age") else None), None
    if element.endswith("Timing"):
        events = member(value, "event")
        return moment(events[0], element) if isinstance(events, list) and len(events) == 1 else None, None
    if isinstance(value, dict):
        return moment(value.get("start"), f"{element}.start"), moment(value.get("end"), f"{element}.end")
    return moment(value, element), None


def _age(value: Any) -> Age | None:
    years, unit = member(value, "value"), member(value, "code") or member(value, "unit")
    if not _is_number(years) or member(value, "comparator") or not isinstance(unit, str):
        return None
    days, precision = _DAYS_IN.get(unit.strip().casefold(), (0, ""))
    if not days or not 0 <= years * days < 365.25 * 150:
        return None
    return Age(int(years * days), "year" if precision == "year" else "month" if precision == "month" else "day")


def _ordered(span: Span, element: str) -> Span:
    begin, end = span
    if isinstance(begin, Moment) and isinstance(end, Moment) and end.last < begin.first:
        raise Refused(element, "ends before it starts")
    if isinstance(begin, Age) and isinstance(end, Age) and end.days < begin.days:
        raise Refused(element, "ends before it starts")
    return span


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
