"""When a FHIR resource says that it was: with the record's precision, and never by another date than the stated one."""

from datetime import date
from typing import Any

import pytest

from kg.patients.moment import Moment
from kg.patients.record import Age
from tests.kg.patients.formats.fhir_files import ReadFiles, of
from tests.kg.patients.formats.fhir_resources import (
    ALLERGY,
    COLONOSCOPY,
    DIABETES,
    GIVEN,
    HANDED_OVER,
    STATEMENT,
    VACCINE,
    VISIT,
    WARFARIN,
    WEIGHT,
)
from tests.kg.patients.made_up_records import Resource


def days(moment: Moment | Age | None) -> Any:
    if isinstance(moment, Age):
        return moment.days, moment.precision
    return moment and (moment.first.isoformat(), moment.precision)


@pytest.mark.parametrize(
    ("stated", "at", "until"),
    [
        ({"onsetDateTime": "1998", "recordedDate": "2015-03-02"}, ("1998-01-01", "year"), None),
        ({"onsetDateTime": "2011-05", "recordedDate": "2015-03-02"}, ("2011-05-01", "month"), None),
        ({"onsetString": "as a child", "recordedDate": "2015-03-02"}, None, None),
        ({"_onsetDateTime": {"extension": [{"url": "u", "valueCode": "unknown"}]}, "recordedDate": "2015"}, None, None),
        ({"onsetRange": {"low": {"value": 3}}, "recordedDate": "2015-03-02"}, None, None),
        ({"onsetPeriod": {"end": "2012-01-01"}, "recordedDate": "2015-03-02"}, None, ("2012-01-01", "day")),
        ({"recordedDate": "2015-03-02"}, ("2015-03-02", "day"), None),
        ({}, None, None),
        ({"onsetPeriod": {"start": "2011", "end": "2012-02"}}, ("2011-01-01", "year"), ("2012-02-01", "month")),
        ({"onsetDateTime": "2011", "abatementDateTime": "2011"}, ("2011-01-01", "year"), ("2011-01-01", "year")),
        ({"onsetAge": {"value": 52, "unit": "years", "code": "a"}}, (int(52 * 365.25), "year"), None),
        (
            {"onsetAge": {"value": 6, "unit": "mo"}, "abatementAge": {"value": 3, "unit": "a"}},
            (182, "month"),
            (1095, "year"),
        ),
        ({"onsetAge": {"value": 6, "comparator": "<", "unit": "a"}, "recordedDate": "2015-03-02"}, None, None),
        ({"onsetDateTime": "2011-03-04T05:06:07+01:00"}, ("2011-03-04", "minute"), None),
    ],
)
def test_a_stated_day_is_never_replaced_by_another(read_fhir: ReadFiles, stated: Any, at: Any, until: Any) -> None:
    (event,) = read_fhir(of(DIABETES | stated)).events
    assert (days(event.at), days(event.until)) == (at, until)


def test_a_minute_is_that_of_the_clock_there(read_fhir: ReadFiles) -> None:
    (event,) = read_fhir(of(WEIGHT | {"effectiveDateTime": "2020-03-05T18:04:59-08:00"})).events
    assert event.at == Moment(date(2020, 3, 5), 18 * 60 + 4, "minute")


@pytest.mark.parametrize(
    ("resource", "elements", "day"),
    [
        (
            WEIGHT,
            {"effectivePeriod": {"start": "2020-01-02", "end": "2020-01-03"}, "issued": "2020-02-01T00:00:00Z"},
            2,
        ),
        (WEIGHT, {"effectiveInstant": "2020-01-02T01:00:00Z"}, 2),
        (WEIGHT, {"effectiveTiming": {"event": ["2020-01-02"]}}, 2),
        (WEIGHT, {"effectiveTiming": {"event": ["2020-01-02", "2020-01-03"]}, "issued": "2020-01-02T01:00:00Z"}, None),
        (WEIGHT, {"issued": "2020-01-02T01:00:00Z"}, 2),
        (WARFARIN, {"authoredOn": "2020-01-02"}, 2),
        (STATEMENT, {"effectivePeriod": {"start": "2020-01-02"}, "dateAsserted": "2020-01-03"}, 2),
        (STATEMENT, {"dateAsserted": "2020-01-02"}, 2),
        (GIVEN, {"effectiveDateTime": "2020-01-02"}, 2),
        (HANDED_OVER, {"whenHandedOver": "2020-01-02", "whenPrepared": "2020-01-01"}, 2),
        (HANDED_OVER, {"whenPrepared": "2020-01-02"}, 2),
        (COLONOSCOPY, {"performedPeriod": {"start": "2020-01-02"}}, 2),
        (VACCINE, {"occurrenceDateTime": "2020-01-02"}, 2),
        (VISIT, {"period": {"start": "2020-01-02", "end": "2020-01-05"}}, 2),
        (ALLERGY, {"recordedDate": "2020-01-02"}, 2),
    ],
)
def test_each_type_says_when_in_its_own_way(
    read_fhir: ReadFiles, resource: Resource, elements: Any, day: int | None
) -> None:
    (event,) = read_fhir(of(resource | elements)).events
    assert days(event.at) == (day and (f"2020-01-0{day}", days(event.at)[1]))


@pytest.mark.parametrize(
    ("resource", "element"),
    [
        (DIABETES | {"onsetDateTime": "2012", "abatementDateTime": "2011"}, "abatement"),
        (VISIT | {"period": {"start": "2020-01-02", "end": "2020-01-01"}}, "period"),
    ],
)
def test_what_ends_before_it_starts_is_refused(read_fhir: ReadFiles, resource: Resource, element: str) -> None:
    found = read_fhir(of(resource))
    assert found.faults == [(2, element, "ends before it starts")]
    assert not found.events
