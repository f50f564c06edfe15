"""Moments: read as they are written, with their precision, and refused where they cannot have been."""

from datetime import UTC, date, datetime

import pytest

from kg.patients.moment import Moment, NoMoment, check_moment, read_moment

NOW = datetime(2021, 6, 5, 12, tzinfo=UTC)
BORN = date(1951, 7, 23)


@pytest.mark.parametrize(
    ("text", "moment", "last"),
    [
        ("1998", Moment(date(1998, 1, 1), None, "year"), date(1998, 12, 31)),
        ("2011-02", Moment(date(2011, 2, 1), None, "month"), date(2011, 2, 28)),
        ("2012-02-29", Moment(date(2012, 2, 29)), date(2012, 2, 29)),
        (" 2012-02-29 ", Moment(date(2012, 2, 29)), date(2012, 2, 29)),
        ("2012-02-29T23:59:60Z", Moment(date(2012, 2, 29), 1439, "minute"), date(2012, 2, 29)),
        ("2012-02-29 00:01:02.123456", Moment(date(2012, 2, 29), 1, "minute"), date(2012, 2, 29)),
        ("2012-02-29T00:01-11:30", Moment(date(2012, 2, 29), 1, "minute"), date(2012, 2, 29)),
    ],
)
def test_a_moment_is_as_precise_as_it_is_written(text: str, moment: Moment, last: date) -> None:
    assert read_moment(text) == moment
    assert read_moment(text).last == last


@pytest.mark.parametrize(
    "text",
    [
        *(None, True, 2019, 2019.5, 0, ["2019"], {"start": "2019"}, "", " ", "19", "2019-1-1", "20190101", "1/2/2019"),
        *("2019-13", "2019-02-30", "2019-00-01", "0000-01-01", "2019-01-01T24:01:00Z", "2019-01-01T10:60:00Z"),
        *("2019-01-01T10", "٢٠١٩", "2019-01-01T10:00:00 of Ottoline", "about 2019"),
        *("1066-10-14", "1753-01-02", "0002", "0001", "1753", "1800-01"),
        "1969-12-31T19:00:00-05:00",  # from which programs count
        "1970-01-01T01:00:00+01:00",
    ],
)
def test_what_is_no_moment_is_refused_unquoted(text: object) -> None:
    with pytest.raises(NoMoment) as refused:
        read_moment(text)
    assert "Ottoline" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9999-12-31", "programs"),
        ("9998-01-01", "future"),
        ("2107", "future"),
        ("2021-06-07", "future"),
        ("2021-07", "future"),
        ("1970-01-01", "programs"),
        ("1970-01-01T00:00:00Z", "programs"),
        ("1900-01-01", "programs"),
        ("1899-12-30", "programs"),
        ("0001-01-01T00:00:00+05:00", "programs"),
        ("1950-09-25", "birth"),
        ("1950", "birth"),
    ],
)
def test_what_cannot_have_been_is_refused(text: str, reason: str) -> None:
    if reason == "birth" and text == "1950":  # some of it was within the pregnancy
        check_moment(read_moment(text), born=BORN, now=NOW)
        return
    with pytest.raises(NoMoment, match=reason):
        check_moment(read_moment(text), born=BORN, now=NOW)


@pytest.mark.parametrize(
    "text", ["2021-06-06", "2021-06-05T23:59:00-11:00", "2021", "1970-01-02", "1970", "1950-09-26", "1950-10", "1951"]
)
def test_what_can_have_been_is_taken(text: str) -> None:
    check_moment(read_moment(text), born=BORN, now=NOW)


def test_without_a_birth_only_placeholders_and_the_future_cannot_be() -> None:
    check_moment(read_moment("1905-03-04"), born=None, now=NOW)
    for text in ("1900-01-01", "2021-07-01"):
        with pytest.raises(NoMoment):
            check_moment(read_moment(text), born=None, now=NOW)
    check_moment(read_moment("2121-07-01"), born=None, now=None)  # of a data set that was moved
