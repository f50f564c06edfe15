"""Outcomes after a landmark, against what a reader of the records would say, and every mistake of a file named."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from kg.cohorts.criteria import Definition
from kg.cohorts.outcome import Settled
from kg.files.checked import DesignError, check
from tests.kg.cohorts.made import Made

STROKE = {"codes": "X:S"}


def asked(**told: Any) -> Any:
    content = {"name": "made", "entry": {"codes": "X:A"}, "outcome": [{"name": "o"} | told]}
    return check(content, Definition, "made.toml").outcome[0]


def settled(outcome: Any, *events: tuple[str, float | None, dict[str, Any]], **told: float) -> Settled:
    """Return the outcome of one patient, observed from day -100 to 200, whose landmark is day 0."""
    stated = [("p", code, day, more) for code, day, more in events]
    row = {"patient": "p", "day": 0.0, "end_day": 9.0, "start": -100.0, "until": 200.0, "death_day": np.nan} | told
    people = {"p": {"death_day": row["death_day"]}}
    return outcome.settle(pd.DataFrame([row]), Made(stated, people))  # type: ignore[no-any-return]


def value(found: Settled) -> float | str:
    reason = found.left_out.iloc[0]
    return float(found.value.iloc[0]) if reason is None else str(reason).partition(":")[0]


EVENT = {"kind": "event", "of": STROKE}


@pytest.mark.parametrize(
    ("more", "days", "told", "expected"),
    [
        ({"window": {"to": 30}}, [30.0], {}, 1.0),
        ({"window": {"to": 30}}, [31.0], {}, 0.0),
        ({"window": {"to": 30}}, [0.0], {}, 0.0),
        ({"window": {"to": 30}}, [], {"until": 30.0}, 0.0),
        ({"window": {"to": 30}}, [], {"until": 29.0}, "censored"),
        ({"window": {"to": 30}}, [5.0], {"until": 29.0}, 1.0),
        ({"window": {"to": 30}, "follow_up": "assumed"}, [], {"until": 29.0}, 0.0),
        ({"window": {"to": 30}}, [], {"until": 20.0, "death_day": 20.0}, 0.0),
        ({"window": {"to": 30}}, [40.0], {"until": 35.0}, 0.0),
        ({"window": {"to": 30}}, [None], {}, "has the event without a day"),
        ({"window": {"to": 30}}, [None, 3.0], {}, 1.0),
        ({"window": {"to": 30}}, [-3.0, 5.0], {}, 1.0),
        ({"window": {"to": 30}, "incident": True}, [-3.0, 5.0], {}, "had the event before the window"),
        ({"window": {"from": 10, "to": 30}}, [5.0], {}, 0.0),
        ({"window": {"from": 10, "to": 30}}, [], {"death_day": 5.0}, "died before the window"),
        ({"during_index": True}, [9.0], {}, 1.0),
        ({"during_index": True}, [10.0], {}, 0.0),
        ({"during_index": True}, [], {"end_day": np.nan}, "the index event has no end"),
        ({"during_index": True}, [], {"end_day": 0.0}, "the window is empty"),
    ],
)
def test_an_event_in_a_window(
    more: dict[str, Any], days: list[float | None], told: dict[str, float], expected: float | str
) -> None:
    found = settled(asked(**EVENT, **more), *[("X:S", day, {}) for day in days], **told)
    assert value(found) == expected


def test_a_death_counts_whenever_it_is_and_one_by_the_landmark_is_no_outcome() -> None:
    death = asked(kind="event", of={"death": "any"}, window={"to": 30})
    assert value(settled(death, death_day=30.0, until=10.0)) == 1.0
    assert value(settled(death, death_day=31.0)) == 0.0
    assert value(settled(death, death_day=0.0)) == "died before the window"


@pytest.mark.parametrize(
    ("days", "told", "expected"),
    [
        ([40.0, 7.0], {}, (7.0, 0.0)),
        ([], {}, (90.0, 1.0)),
        ([91.0], {}, (90.0, 1.0)),
        ([], {"until": 50.0}, (50.0, 1.0)),
        ([], {"death_day": 20.0}, (20.0, 1.0)),
    ],
)
def test_a_time_is_cut_off_where_what_is_known_ends(
    days: list[float], told: dict[str, float], expected: tuple[float, float]
) -> None:
    found = settled(asked(kind="time", of=STROKE, window={"to": 90}), *[("X:S", day, {}) for day in days], **told)
    assert (found.value.iloc[0], found.censored.iloc[0]) == expected


def test_a_time_of_nobody_followed_is_left_out() -> None:
    found = settled(asked(kind="time", of=STROKE, window={"to": 90}), until=0.0)
    assert value(found) == "censored"


def test_the_value_nearest_to_a_day_counts_and_the_mean_of_one_day() -> None:
    outcome = asked(kind="value", of=STROKE, day=90, unit="mg/dL", window={"from": 60, "to": 120})

    def at(day: float, number: float, unit: str = "mg/dL") -> tuple[str, float, dict[str, Any]]:
        return "X:S", day, {"value": number, "unit": unit}

    assert value(settled(outcome, at(80.0, 1.0), at(95.0, 2.0), at(20.0, 9.0))) == 2.0
    assert value(settled(outcome, at(85.0, 1.0), at(95.0, 2.0))) == 1.0
    assert value(settled(outcome, at(95.0, 2.0), at(95.0, 4.0))) == 3.0
    assert value(settled(outcome, at(90.0, 5.0, "mmol/L"))) == "is measured in other units than mg/dL only"
    assert value(settled(outcome, at(130.0, 5.0))) == "is not measured in the window"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"kind": "evnt", "of": STROKE}, "outcome[0].kind: got 'evnt', expected one of event, time, value"),
        (EVENT, "outcome[0].window.to: missing"),
        (EVENT | {"window": {"from": 0, "to": 5}}, "outcome[0].window: got day 0, expected days from 1 on"),
        (EVENT | {"window": {"to": 5}, "during_index": True}, "outcome[0]: got during_index and window.to"),
        (EVENT | {"of": {"conditon": "gout"}, "window": {"to": 5}}, "outcome[0].of.conditon: unknown key"),
        ({"kind": "time", "of": STROKE}, "outcome[0].window.to: missing"),
        ({"kind": "value", "of": STROKE, "day": 5, "unit": "foo"}, "outcome[0].unit: got 'foo'"),
        ({"kind": "value", "of": STROKE, "day": 5, "unit": "%", "window": {"to": 4}}, "outcome[0].day: got 5"),
        ({"kind": "value", "of": {"drug": "any"}, "day": 5, "unit": "%", "window": {"to": 9}}, "outcome[0].of: got"),
    ],
)
def test_every_mistake_of_an_outcome_is_named(told: dict[str, Any], words: str) -> None:
    with pytest.raises(DesignError) as refusal:
        asked(**told)
    assert words in str(refusal.value)


def test_two_outcomes_have_two_names() -> None:
    twice = [EVENT | {"name": "o", "window": {"to": 5}}] * 2
    with pytest.raises(DesignError, match=r"outcome\[1\].name: got 'o', which another outcome has"):
        check({"name": "made", "entry": {"codes": "X:A"}, "outcome": twice}, Definition, "made.toml")
