"""Estimands: what is seen and what is true under each strategy, in a trial of six patients worked out by hand."""

from typing import Any

import numpy as np
import pytest

from kg.files.checked import DesignError
from tests.twin.trials.designs import CONCENTRATION, Content, concentrations, courses, dropout, fixed, plain
from tests.twin.trials.endpoints.made import GLUCOSE, NONE, course, repeated, timed, value
from twin.trials import run
from twin.trials.course import Course
from twin.trials.endpoints.by_visit import ByVisit
from twin.trials.endpoints.change import Change
from twin.trials.endpoints.composite import Composite
from twin.trials.endpoints.ever import Ever
from twin.trials.endpoints.responder import Responder
from twin.trials.endpoints.time_to_event import TimeToEvent
from twin.trials.endpoints.worst import Worst
from twin.trials.estimand import Estimand, Strategy

NAN = float("nan")
RESCUE = {"rescue": [NONE, 10.0, NONE, 28.0, 20.0, 5.0]}
"""Two patients are never rescued, one of whom leaves on day 16; the last leaves on day 3, before the rescue."""
LAST = [NONE, NONE, 16.0, NONE, 25.0, 3.0]
SEEN = [
    [9.0, 8.0, 7.0, 6.0, 5.0],
    [9.0, 9.0, 8.0, 6.0, 4.0],
    [9.0, 8.0, 8.0, 8.0, 8.0],
    [9.0, 8.0, 8.0, 7.0, 6.0],
    [9.0, 7.0, 7.0, 7.0, 7.0],
    [9.0, 9.0, 9.0, 9.0, 9.0],
]
DRUG = course(SEEN, LAST, RESCUE)
LOWEST = Worst(name="LOW", observable=GLUCOSE, worst="lowest")
RESPONSE = Responder(name="RESPONSE", observable=GLUCOSE, at_most=6.0)
EVENT = TimeToEvent(name="T", events=("relapse",))
EVERYONE = np.ones(6, bool)


@pytest.mark.parametrize(
    ("strategy", "seen", "true"),
    [
        ("treatment_policy", [5.0, 4.0, 8.0, 6.0, 7.0, NAN], [5.0, 4.0, 8.0, 6.0, 7.0, 9.0]),
        ("hypothetical", [5.0, 9.0, 8.0, 7.0, 7.0, NAN], [5.0, 4.0, 8.0, 6.0, 7.0, 9.0]),
        ("while_on_treatment", [5.0, 9.0, 8.0, 7.0, 7.0, NAN], [5.0, 9.0, 8.0, 7.0, 7.0, NAN]),
        ("principal_stratum", [5.0, NAN, 8.0, NAN, NAN, NAN], [5.0, NAN, 8.0, NAN, NAN, NAN]),
    ],
)
def test_the_lowest_value_under_each_strategy(strategy: Strategy, seen: list[float], true: list[float]) -> None:
    """The truth of "hypothetical" is looked up in courses in which the event does not happen, here the same ones."""
    estimand = Estimand({"rescue": strategy})
    assert value(estimand.observed(LOWEST, DRUG)) == pytest.approx(seen, nan_ok=True)
    stratum = estimand.stratum([DRUG])
    assert value(estimand.true(LOWEST, DRUG, stratum)) == pytest.approx(true, nan_ok=True)


def test_a_composite_counts_the_event_as_failure() -> None:
    """Responders on day 29 are the first, second and fourth; two of them were rescued. The last is not seen again."""
    estimand = Estimand({"rescue": "composite"})
    usual = value(Estimand({}).observed(RESPONSE, DRUG))
    assert usual.tolist() == [1.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    assert value(estimand.observed(RESPONSE, DRUG)).tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert value(estimand.true(RESPONSE, DRUG, EVERYONE)).tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]


CHANGE = Change(name="CHANGE", observable=GLUCOSE)


def test_while_on_treatment_the_last_value_until_the_event_stands_for_the_visit() -> None:
    """Patient 2 was rescued on day 10 (seen on day 8), 4 on day 28 (day 22), 5 on day 20 (day 15, and left later).

    Patient 3 left before the visit without a rescue: missing, though not in truth. The last left on day 3, before the
    rescue on day 5, and has nothing after the baseline by then.
    """
    estimand = Estimand({"rescue": "while_on_treatment"})
    assert value(estimand.observed(CHANGE, DRUG)) == pytest.approx([-4, 0, NAN, -2, -2, NAN], nan_ok=True)
    assert value(estimand.true(CHANGE, DRUG, EVERYONE)) == pytest.approx([-4, 0, -1, -2, -2, NAN], nan_ok=True)
    assert value(estimand.observed(RESPONSE, DRUG)).tolist() == [1, 0, 0, 0, 0, 0], "two respond after the rescue alone"
    of_visits = repeated(estimand.observed(ByVisit(name="V", observable=GLUCOSE), DRUG))
    assert of_visits.value[1].tolist() == [0, 0, 0, 0]
    assert of_visits.value[3].tolist() == [-1, -1, -2, -2]
    assert of_visits.value[2] == pytest.approx([-1, -1, NAN, NAN], nan_ok=True)


def test_while_on_treatment_each_part_of_a_composite_counts_as_it_does_alone() -> None:
    """Responding, or ever below 7.5: by the last value until the rescue, or by all values until then."""
    of_both = Composite(name="BOTH", need="any", parts=(RESPONSE, Ever(name="LOW", observable=GLUCOSE, below=7.5)))
    found = value(Estimand({"rescue": "while_on_treatment"}).observed(of_both, DRUG))
    assert found.tolist() == [1, 0, 0, 1, 1, 0], "4 and 5 were below 7.5 before the rescue, 2 after it alone"


def test_of_two_events_the_first_decides() -> None:
    """What counts as if it had not happened hides all after it, the last value on treatment included."""
    events = RESCUE | {"stop": [NONE, 20.0, NONE, 12.0, NONE, NONE]}
    made = course(SEEN, LAST, events)
    both = Estimand({"rescue": "while_on_treatment", "stop": "hypothetical"})
    assert value(both.observed(CHANGE, made)) == pytest.approx([-4, 0, NAN, NAN, -2, NAN], nan_ok=True)


def test_what_is_read_of_a_visit_while_on_treatment_is_said() -> None:
    estimand = Estimand({"rescue": "while_on_treatment"})
    told = "while on treatment, until rescue"
    assert estimand.words_for(LOWEST) == told
    assert estimand.words_for(CHANGE) == f"{told}, what was last measured by then standing for a later visit"
    assert Estimand({"rescue": "composite"}).words_for(CHANGE) == "rescue counting as failure"


def test_in_times_a_composite_is_the_first_of_both_and_a_hypothesis_cuts_off() -> None:
    events = RESCUE | {"relapse": [12.0, 15.0, NONE, NONE, 18.0, 2.0]}
    made = course(SEEN, LAST, events)
    assert timed(Estimand({"rescue": "treatment_policy"}).observed(EVENT, made)) == (
        [12.0, 15.0, 16.0, 28.0, 18.0, 2.0],
        [True, True, False, False, True, True],
    )
    assert timed(Estimand({"rescue": "composite"}).observed(EVENT, made)) == (
        [12.0, 10.0, 16.0, 28.0, 18.0, 2.0],
        [True, True, False, True, True, True],
    )
    assert timed(Estimand({"rescue": "hypothetical"}).observed(EVENT, made)) == (
        [12.0, 10.0, 16.0, 28.0, 18.0, 2.0],
        [True, False, False, False, True, True],
    )
    true = timed(Estimand({"rescue": "composite"}).true(EVENT, made, EVERYONE))
    assert true == ([12.0, 10.0, 28.0, 28.0, 18.0, 2.0], [True, True, False, True, True, True])


def test_the_principal_stratum_is_of_those_without_the_event_in_any_arm_whether_or_not_they_left() -> None:
    other = course(SEEN, None, {"rescue": [7.0, NONE, NONE, NONE, NONE, NONE]}, arm="control")
    assert (
        Estimand({"rescue": "principal_stratum"}).stratum([DRUG, other]).tolist() == [False, False, True] + [False] * 3
    )
    assert Estimand({"rescue": "composite"}).stratum([DRUG, other]).all()


def stopping(strategy: Strategy, then: str = "stop", **more: Any) -> tuple[run.Enrolled, list[Course], Content]:
    """A trial of which patients stop, or are rescued, when they are above 20 mg/L; what is true of their last value."""
    hazard = {
        "kind": "threshold",
        "name": "event",
        "then": then,
        "observable": CONCENTRATION,
        "per_week": 1.0,
        "above": 20,
    }
    change = {"kind": "change", "name": "END", "observable": CONCENTRATION}
    design = plain(hazards=[hazard | more, *dropout(0.1)], estimand={"event": strategy}, endpoints=[change])
    enrolled, found = courses(design)
    (difference,) = run.run(design).differences
    return enrolled, found, difference.to_json()


def test_the_truth_of_a_hypothesis_is_that_of_courses_without_the_event() -> None:
    """Nobody stops: the truth is the difference of what 10 and 5 mg a day come to, whoever leaves."""
    enrolled, (low, high), told = stopping("hypothetical")
    assert np.isfinite(high.events["event"]).sum() > 50 and np.isfinite(high.last_day).sum() > 50
    never = concentrations(enrolled, np.full((200, 28), 10.0)) - concentrations(enrolled, np.full((200, 28), 5.0))
    assert told["truth"]["value"] == pytest.approx(never[:, -1].mean(), rel=1e-6)
    assert told["truth"]["standard_error"] == pytest.approx(never[:, -1].std(ddof=1) / np.sqrt(200), rel=1e-6)
    given = np.array([concentrations(enrolled, course.doses)[:, -1] for course in (high, low)])
    assert abs((given[0] - given[1]).mean() / never[:, -1].mean()) < 0.8, "those who stop have less"


def test_the_truth_of_treatment_policy_is_of_what_was_given_to_all_whoever_leaves() -> None:
    enrolled, (low, high), told = stopping("treatment_policy")
    last = [concentrations(enrolled, course.doses)[:, -1] for course in (high, low)]
    assert told["truth"]["value"] == pytest.approx((last[0] - last[1]).mean(), rel=1e-6)


def test_the_truth_while_on_treatment_is_the_last_value_before_the_event() -> None:
    enrolled, arms, told = stopping("while_on_treatment")
    visits, last = np.array([8, 15, 22, 29]), []
    for arm in arms:
        seen = concentrations(enrolled, arm.doses)[:, visits - 1]
        by_then = (visits <= arm.events["event"][:, np.newaxis]).sum(axis=1)
        last.append(np.where(by_then > 0, seen[np.arange(200), by_then - 1], np.nan))
    assert np.isfinite(arms[1].events["event"]).sum() > 20
    assert told["truth"]["value"] == pytest.approx(np.nanmean(last[1] - last[0]), rel=1e-6)


def test_the_truth_of_a_principal_stratum_is_of_those_without_the_event_in_both_arms() -> None:
    enrolled, (low, high), told = stopping("principal_stratum", "switch", to=fixed(3.0), above=60.0)
    spared = np.isinf(low.events["event"]) & np.isinf(high.events["event"])
    last = [concentrations(enrolled, np.full((200, 28), dose))[:, -1] for dose in (10.0, 5.0)]
    assert 20 < spared.sum() < 180
    assert told["truth"]["value"] == pytest.approx((last[0] - last[1])[spared].mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("estimand", "message"),
    [
        ({"stopped": "hypothetical"}, "estimand.stopped: no hazard is called so; expected one of: event, dropout"),
        ({"event": "as if"}, "estimand.event: got 'as if', expected 'treatment_policy', 'hypothetical', 'composite'"),
        ({"dropout": "hypothetical"}, "estimand.dropout: leaving is no intercurrent event, but missing data"),
        ({"event": "composite"}, "estimand.event: composite, but endpoint 'END' has no value that means failure"),
    ],
)
def test_an_impossible_estimand_is_refused(estimand: Content, message: str) -> None:
    hazard = {"kind": "constant", "name": "event", "then": "stop", "per_week": 0.1}
    with pytest.raises(DesignError, match=message):
        plain(hazards=[hazard, *dropout(0.1)], estimand=estimand)


def test_what_is_asked_is_told_in_words() -> None:
    words = {
        "treatment_policy": "whatever happens after rescue",
        "hypothetical": "as if rescue had not happened",
        "composite": "rescue counting as failure",
        "while_on_treatment": "while on treatment, until rescue",
        "principal_stratum": "in patients in whom rescue happens under no arm",
    }
    assert {name: Estimand({"rescue": name}).words for name in words} == words  # type: ignore[dict-item]
