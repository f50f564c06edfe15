"""Each kind of criterion on a few made-up persons; what the right answer is can be counted on the fingers."""

from typing import Any

import pandas as pd
import pytest

from kg.cohorts.ages import completed_years
from kg.cohorts.criteria import Definition
from kg.cohorts.evaluate import evaluate
from kg.files.checked import check
from tests.kg.cohorts.made import Made, left

INDEX = {"codes": "X:I"}


def with_events(*events: tuple[str, str, float | None, dict[str, Any]], **told: Any) -> Made:
    """Return persons a to d with an index event on day 0, and these events."""
    return Made([*((who, "X:I", 0.0, {}) for who in "abcd"), *events], **told)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"from": -10, "to": -1}, ["a"]),
        ({"to": -1}, ["a"]),
        ({"from": 0}, ["b", "c"]),
        ({"from": 0, "to": 0}, ["b"]),
        ({"from": -10, "to": 10}, ["a", "b", "c"]),
    ],
)
def test_a_window_has_both_its_ends(window: dict[str, int], expected: list[str]) -> None:
    records = with_events(("a", "X:E", -10.0, {}), ("b", "X:E", 0.0, {}), ("c", "X:E", 10.0, {}))
    assert left(records, INDEX, {"codes": "X:E", "window": window}) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        ({}, ["a", "b", "c"]),
        ({"at_least": 2}, ["b", "c"]),
        ({"at_least": 2, "distinct": "days"}, ["c"]),
        ({"exactly": 1}, ["a"]),
        ({"exactly": 0}, ["d"]),
        ({"at_most": 1}, ["a", "d"]),
        ({"at_most": 1, "distinct": "days"}, ["a", "b", "d"]),
        ({"at_least": 1, "at_most": 1}, ["a"]),
    ],
)
def test_events_or_their_days_are_counted(count: dict[str, Any], expected: list[str]) -> None:
    records = with_events(
        ("a", "X:E", 1.0, {}),
        *(("b", "X:E", 1.0, {}) for _ in range(2)),
        *(("c", "X:E", day, {}) for day in (1.0, 2.0)),
    )
    assert left(records, INDEX, {"codes": "X:E"} | count) == expected


def test_one_event_that_means_several_nodes_is_one() -> None:
    once = {"statement": "the same"}
    records = with_events(
        ("a", "X:E", 1.0, once), ("a", "X:E", 1.0, once), ("b", "X:E", 1.0, {}), ("b", "X:E", 1.0, {})
    )
    assert left(records, INDEX, {"codes": "X:E", "at_least": 2}) == ["b"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("present", ["a", "d"]),
        ("absent", ["b"]),
        ("not recorded", ["c"]),
        ("none recorded", ["b", "c"]),
    ],
)
def test_what_is_not_recorded_is_not_absent(answer: str, expected: list[str]) -> None:
    no = {"negated": True}
    records = with_events(
        ("a", "X:E", 1.0, {}),
        ("b", "X:E", 1.0, no),
        ("d", "X:E", 1.0, no),
        ("d", "X:E", 2.0, {}),
        ("c", "X:O", 1.0, {}),
    )
    assert left(records, INDEX, {"codes": "X:E", "answer": answer}) == expected


def test_what_is_denied_outside_the_window_is_not_recorded_in_it() -> None:
    records = with_events(("a", "X:E", -5.0, {"negated": True}), ("b", "X:E", 5.0, {"negated": True}))
    rule = {"codes": "X:E", "window": {"to": 0}}
    assert left(records, INDEX, rule | {"answer": "absent"}) == ["a"]
    assert left(records, INDEX, rule | {"answer": "not recorded"}) == ["b", "c", "d"]


def test_a_denied_event_is_no_index() -> None:
    assert left(Made([("a", "X:I", 0.0, {"negated": True}), ("b", "X:I", 0.0, {})]), INDEX) == ["b"]


def test_a_value_has_its_unit_and_a_missing_one_is_in_no_range() -> None:
    records = with_events(
        ("a", "X:E", 1.0, {"value": 7.0, "unit": "%"}),
        ("b", "X:E", 1.0, {"value": 7.0, "unit": "mmol/mol"}),
        ("c", "X:E", 1.0, {"value": 6.5, "unit": "%"}),
        ("d", "X:E", 1.0, {"unit": "%"}),
    )
    assert left(records, INDEX, {"codes": "X:E", "value": {"at_least": 6.5}, "unit": "%"}) == ["a", "c"]
    assert left(records, INDEX, {"codes": "X:E", "value": {"above": 6.5}, "unit": "any"}) == ["a", "b"]
    assert left(records, INDEX, {"codes": "X:E", "value": {"below": 7, "at_least": 6}, "unit": "%"}) == ["c"]


def test_a_value_may_be_in_several_units() -> None:
    records = with_events(
        *((who, "X:E", 1.0, {"value": 2.5, "unit": unit}) for who, unit in (("a", "1"), ("b", "{INR}"), ("c", "g"))),
    )
    assert left(records, INDEX, {"codes": "X:E", "value": {"above": 2}, "unit": ["1", "{INR}"]}) == ["a", "b"]


def test_what_is_told_by_the_year_is_not_precise_to_the_day() -> None:
    records = with_events(
        *((who, "X:E", 1.0, {"precision": told}) for who, told in zip("abc", ("year", "month", "minute"), strict=True)),
        ("d", "X:E", None, {}),
    )
    found = {
        told: left(records, INDEX, {"codes": "X:E", "precision": told, "anytime": True})
        for told in ("day", "month", "year")
    }
    assert found == {"day": ["c"], "month": ["b", "c"], "year": ["a", "b", "c"]}


def test_a_result_may_be_a_code() -> None:
    records = with_events(("a", "X:E", 1.0, {"value_code": "X:POS"}), ("b", "X:E", 1.0, {"value_code": "X:NEG"}))
    assert left(records, INDEX, {"codes": "X:E", "result": "X:POS"}) == ["a"]


def test_an_ambiguous_call_is_not_taken_for_one_of_its_diplotypes() -> None:
    records = with_events(
        ("a", "X:E", None, {"diplotypes": ["*1/*2"], "activity_score": 1.0}),
        ("b", "X:E", None, {"diplotypes": ["*1/*2", "*3/*4"]}),
        ("c", "X:E", None, {"diplotypes": []}),
    )
    told = {"codes": "X:E", "anytime": True}
    assert left(records, INDEX, told | {"called": "*1/*2"}) == ["a"]
    assert left(records, INDEX, told | {"called": ["*1/*2", "*3/*4"]}) == ["a", "b"]
    assert left(records, INDEX, told | {"activity_score": {"at_most": 1}}) == ["a"]


def test_a_call_that_may_be_another_is_taken_for_none() -> None:
    records = with_events(
        ("a", "X:E", None, {"diplotypes": ["*1/*2"], "not_excluded": []}),
        ("b", "X:E", None, {"diplotypes": ["*1/*2"], "not_excluded": ["*17"]}),
    )
    assert left(records, INDEX, {"codes": "X:E", "anytime": True, "called": "*1/*2"}) == ["a"]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("*1/*2", "*2/*1"),
        ("rs9923231 reference (C)/rs9923231 variant (T)", "GA"),
        ("rs9923231 reference (C)/rs9923231 variant (T)", "rs9923231 variant (T)/rs9923231 reference (C)"),
        ("Reference/c.1905+1G>A (*2A)", "*1/*2A"),
    ],
)
def test_a_diplotype_is_asked_for_in_any_order_and_by_any_of_its_names(stored: str, asked: str) -> None:
    records = with_events(("a", "X:E", None, {"diplotypes": [stored]}), ("b", "X:E", None, {"diplotypes": ["*2/*2"]}))
    assert left(records, INDEX, {"codes": "X:E", "anytime": True, "called": asked}) == ["a"]


def test_copies_of_an_allele() -> None:
    records = with_events(("a", "X:E", None, {"copies": 1.0}), ("b", "X:E", None, {"copies": 2.0}))
    assert left(records, INDEX, {"codes": "X:E", "anytime": True, "copies": {"at_least": 2}}) == ["b"]


def test_events_outside_the_observation_count_only_at_any_time() -> None:
    observed = [(who, -5.0, 5.0) for who in "abcd"]
    records = with_events(("a", "X:E", -6.0, {}), ("b", "X:E", -5.0, {}), ("c", "X:E", None, {}), observed=observed)
    assert left(records, INDEX, {"codes": "X:E"}) == ["b"]
    assert left(records, INDEX, {"codes": "X:E", "anytime": True}) == ["a", "b", "c"]
    assert left(records, INDEX, {"codes": "X:E", "anytime": True, "window": {"to": 0}}) == ["a", "b"]


def test_an_index_is_observed_before_and_after() -> None:
    observed = [("a", -10.0, 10.0), ("b", -9.0, 10.0), ("c", -10.0, 9.0), ("d", 1.0, 20.0)]
    records = with_events(observed=observed)
    assert left(records, INDEX) == ["a", "b", "c"]
    assert left(records, INDEX | {"days_before": 10}) == ["a", "c"]
    assert left(records, INDEX | {"days_before": 10, "days_after": 10}) == ["a"]


def test_the_first_that_is_observed_long_enough_need_not_be_the_first_in_history() -> None:
    observed = [("a", 0.0, 100.0), ("b", 0.0, 100.0)]
    records = Made([("a", "X:I", -1.0, {}), ("a", "X:I", 50.0, {}), ("b", "X:I", 50.0, {})], observed=observed)
    assert left(records, INDEX) == ["a", "b"]
    assert left(records, INDEX | {"first_in_history": True}) == ["b"]


def test_nobody_knows_that_one_is_the_first_where_another_has_no_day() -> None:
    records = Made([("a", "X:I", 0.0, {}), ("a", "X:I", None, {}), ("b", "X:I", 0.0, {})])
    assert left(records, INDEX) == ["a", "b"]
    assert left(records, INDEX | {"first_in_history": True}) == ["b"]


def test_the_first_in_history_is_of_all_that_may_be_an_index_and_of_any_value() -> None:
    records = Made(
        [
            *(("a", "X:I", 0.0, {}), ("a", "X:J", 5.0, {}), ("b", "X:J", 5.0, {})),
            *(("c", "X:J", 0.0, {"value": 1.0, "unit": "g"}), ("c", "X:J", 5.0, {"value": 9.0, "unit": "g"})),
        ]
    )
    entry = {"any": [{"codes": "X:I", "lasting": {"at_least": 1}}, {"codes": "X:J"}], "first_in_history": True}
    assert left(records, entry) == ["b", "c"]
    high = {"codes": "X:J", "value": {"above": 5}, "unit": "g"}
    assert left(records, high) == ["c"]
    assert left(records, high | {"first_in_history": True}) == []


@pytest.mark.parametrize(("which", "expected"), [("first", ["b"]), ("last", ["a"]), ("all", ["a", "b"])])
def test_which_index_events_are_looked_at(which: str, expected: list[str]) -> None:
    records = Made(
        [
            *(("a", "X:I", 0.0, {}), ("a", "X:I", 50.0, {}), ("a", "X:E", 49.0, {})),
            *(("b", "X:I", 0.0, {}), ("b", "X:I", 50.0, {}), ("b", "X:E", -1.0, {})),
        ]
    )
    rule = {"codes": "X:E", "window": {"from": -1, "to": -1}}
    assert left(records, INDEX | {"occurrence": which}, rule) == expected


@pytest.mark.parametrize(("keep", "days"), [("first", [0]), ("last", [50]), ("all", [0, 50])])
def test_which_index_events_are_given(keep: str, days: list[float]) -> None:
    content = {"name": "x", "keep": keep, "entry": {"codes": ["X:I"], "occurrence": "all"}}
    definition = check(content, Definition, "x")
    records = Made([("a", "X:I", 0.0, {}), ("a", "X:I", 50.0, {})])
    assert evaluate(definition, records).index["day"].tolist() == days


def test_an_index_without_a_day_is_one_only_at_any_time() -> None:
    records = Made(
        [("a", "X:I", None, {}), ("b", "X:I", 0.0, {}), ("a", "X:E", 3.0, {}), ("b", "X:E", 3.0, {})],
        people={"a": {"age_years": 7.0}},
    )
    assert left(records, INDEX) == ["b"]
    entry = INDEX | {"anytime": True}
    assert left(records, entry) == ["a", "b"]
    assert left(records, entry, {"codes": "X:E"}) == ["a", "b"]
    assert left(records, entry, {"codes": "X:E", "window": {"from": 1}}) == ["b"]
    assert left(records, entry, {"age": {"at_most": 7}}) == ["a"]


def test_events_close_together_are_one_era() -> None:
    records = with_events(
        *(("a", "X:E", day, {"end_day": day + 9}) for day in (0.0, 10.0, 30.0)),
        *(("b", "X:E", day, {"end_day": end}) for day, end in ((0.0, 100.0), (10.0, 20.0), (105.0, None))),
    )
    told = {"codes": "X:E", "gap_days": 5}
    assert left(records, INDEX, told | {"exactly": 2}) == ["a"]
    assert left(records, INDEX, told | {"lasting": {"at_least": 19, "at_most": 19}}) == ["a"]
    assert left(records, INDEX, told | {"lasting": {"at_least": 105}}) == ["b"]
    assert left(records, INDEX, told | {"gap_days": 0, "exactly": 3}) == ["a"]


def test_what_has_not_ended_is_going_on() -> None:
    records = with_events(
        ("a", "X:E", -9.0, {"end_day": 0.0}), ("b", "X:E", -9.0, {"end_day": -1.0}), ("c", "X:E", -9.0, {})
    )
    assert left(records, INDEX, {"codes": "X:E", "window": {"to": 0}, "end_window": {"from": 0}}) == ["a"]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"all": [{"codes": "X:E"}, {"codes": "X:F"}]}, ["b"]),
        ({"any": [{"codes": "X:E"}, {"codes": "X:F"}]}, ["a", "b", "c"]),
        ({"none": [{"codes": "X:E"}, {"codes": "X:F"}]}, ["d"]),
        ({"at_least": 2, "of": [{"codes": "X:E"}, {"codes": "X:F"}, {"sex": "male"}]}, ["b", "c"]),
        ({"any": [{"all": [{"codes": "X:E"}, {"none": [{"codes": "X:F"}]}]}, {"sex": "female"}]}, ["a", "d"]),
    ],
)
def test_groups(group: dict[str, Any], expected: list[str]) -> None:
    records = with_events(
        *(("a", "X:E", 1.0, {}), ("b", "X:E", 1.0, {}), ("b", "X:F", 1.0, {}), ("c", "X:F", 1.0, {})),
        people={"a": {"sex": "female"}, "c": {"sex": "male"}, "d": {"sex": "female"}},
    )
    assert left(records, INDEX, group) == expected


def test_years_are_completed_on_the_birthday_and_on_no_calendar() -> None:
    born = pd.Timestamp("1961-01-01") + pd.to_timedelta(range(4000), unit="D")
    for years in (18, 40, 65):
        days = pd.Series((born + pd.DateOffset(years=years) - born).days.astype("float64"))
        assert (completed_years(days) == years).all()
        assert (completed_years(days - 2) == years - 1).all()


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ({"at_least": 40}, ["a", "c"]),
        ({"at_least": 40, "below": 41}, ["a"]),
        ({"below": 40}, ["b"]),
        ({"at_least": 61}, []),
    ],
)
def test_an_age_that_is_withheld_is_known_from_below(age: dict[str, float], expected: list[str]) -> None:
    """Who is 90 or more at the last record, thirty years after the index, was then 59 at least."""
    records = with_events(
        people={
            "a": {"birth_day": -14610.0},
            "b": {"birth_day": -14608.0},
            "c": {"age_years": 90.0, "last_day": 10957.0},
        }
    )
    assert left(records, INDEX, {"age": age}) == expected


def test_the_attrition_counts_patients() -> None:
    records = Made(
        [*(("a", "X:I", float(day), {}) for day in range(5)), ("b", "X:I", 0.0, {}), ("c", "X:O", 0.0, {})],
        people={"a": {"sex": "female"}},
    )
    content = {
        "name": "x",
        "entry": {"codes": ["X:I"], "occurrence": "all"},
        "rules": [{"name": "women", "sex": "female"}],
    }
    assert evaluate(check(content, Definition, "x"), records).attrition == (
        ("patients", 3),
        ("entry: code X:I", 2),
        ("observed on the day", 2),
        ("women", 1),
    )


def test_nobody_fits_what_nobody_has() -> None:
    records = with_events()
    assert left(records, {"codes": "X:NOT"}, {"codes": "X:E"}, {"age": {"at_least": 1}}) == []
    assert left(Made([]), INDEX) == []
