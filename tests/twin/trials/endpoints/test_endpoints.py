"""Endpoints against outcomes read off by hand from five visits of a few patients."""

import numpy as np
import pytest

from kg.files.checked import DesignError
from tests.twin.trials.designs import CONCENTRATION, EXAMPLES, Content, designed, plain
from tests.twin.trials.endpoints.made import GLUCOSE, GRID, NONE, course, repeated, timed, value
from twin.trials.endpoints.by_visit import ByVisit
from twin.trials.endpoints.change import Change
from twin.trials.endpoints.composite import Composite
from twin.trials.endpoints.dose import MeanDose
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.ever import Ever
from twin.trials.endpoints.responder import Responder
from twin.trials.endpoints.time_in_range import TimeInRange
from twin.trials.endpoints.time_to_event import TimeToEvent
from twin.trials.endpoints.value import Value
from twin.trials.endpoints.worst import Worst

NAN = float("nan")
SEEN = [
    [8.0, 9.0, 7.0, 6.0, 5.0],  # followed to the end
    [10.0, 12.0, 8.0, 7.0, 5.0],  # leaves after day 21: days 22 and 29 are not seen
    [6.0, 6.0, 6.0, 6.0, 6.0],  # leaves on day 3
    [0.0, 1.0, 2.0, 3.0, 4.0],
]
COURSE = course(SEEN, last_day=[NONE, 21.0, 3.0, NONE])
OF = {"name": "END", "observable": GLUCOSE}


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        (Value(**OF), [5.0, NAN, NAN, 4.0]),
        (Value(**OF, day=15), [7.0, 8.0, NAN, 2.0]),
        (Change(**OF), [-3.0, NAN, NAN, 4.0]),
        (Change(**OF, day=8), [1.0, 2.0, NAN, 1.0]),
        (Change(**OF, day=15, percent=True), [-12.5, -20.0, NAN, NAN]),
        (Responder(**OF, at_most=5.0), [1.0, 0.0, 0.0, 1.0]),
        (Responder(**OF, at_most=5.0, missing="left_out"), [1.0, NAN, NAN, 1.0]),
        (Responder(**OF, at_least=8.0, day=15), [0.0, 1.0, 0.0, 0.0]),
        (Responder(**OF, of="change", at_least=2.0, day=15), [0.0, 0.0, 0.0, 1.0]),
        (Responder(**OF, of="percent_change", at_most=-20.0, day=15), [0.0, 1.0, 0.0, 0.0]),
        (Ever(**OF, above=8.5), [1.0, 1.0, 0.0, 0.0]),
        (Ever(**OF, above=12.0), [0.0, 0.0, 0.0, 0.0]),
        (Ever(**OF, below=6.0), [1.0, 0.0, 0.0, 1.0]),
        (Worst(**OF, worst="highest"), [9.0, 12.0, NAN, 4.0]),
        (Worst(**OF, worst="lowest"), [5.0, 8.0, NAN, 1.0]),
        (Worst(**OF, worst="lowest", day=15), [7.0, 8.0, NAN, 1.0]),
        (MeanDose(name="DOSE"), [14.5, 11.0, 2.0, 14.5]),
        (MeanDose(name="DOSE", from_day=4), [16.0, 12.5, NAN, 16.0]),
    ],
    ids=lambda one: one.kind if isinstance(one, Endpoint) else "",
)
def test_an_endpoint_is_what_is_read_off_by_hand(endpoint: Endpoint, expected: list[float]) -> None:
    assert value(endpoint.outcome(COURSE)) == pytest.approx(expected, nan_ok=True)


def test_time_in_range_between_visits_and_of_the_truth() -> None:
    """First patient, 6.5 to 8.5: half of weeks 1 and 3, three quarters of week 2, none of week 4: 12.25 of 28 days."""
    measured, true = (
        value(TimeInRange(**OF, low=6.5, high=8.5, method=method).outcome(COURSE))
        for method in ("rosendaal", "daily_true")
    )
    assert measured == pytest.approx([12.25 / 28, (3.5 * 1 / 4) / 14, NAN, 0.0], nan_ok=True)
    assert true == pytest.approx([14 / 29, 7 / 21, 0.0, 0.0])


def test_each_visit_has_its_change_from_the_first() -> None:
    outcome = repeated(ByVisit(**OF, day=22).outcome(COURSE))
    assert outcome.days == (8, 15, 22)
    expected = [[1.0, -1.0, -2.0], [2.0, -2.0, NAN], [NAN] * 3, [1.0, 2.0, 3.0]]
    np.testing.assert_array_equal(outcome.value, expected)
    assert outcome.baseline.tolist() == [8.0, 10.0, 6.0, 0.0]
    assert outcome.known.tolist() == [True, True, False, True]
    assert outcome.table(["a", "b", "c", "d"])["AVAL"].tolist() == [1.0, -1.0, -2.0, 2.0, -2.0, 1.0, 2.0, 3.0]


def test_a_composite_needs_all_or_any_of_its_parts() -> None:
    low = Responder(**OF, at_most=5.0, missing="left_out")
    safe = Ever(name="OVER", observable=GLUCOSE, above=8.5)
    for need, expected in (("all", [1.0, NAN, NAN, 0.0]), ("any", [1.0, NAN, NAN, 1.0])):
        both = Composite(name="BOTH", need=need, parts=(low, safe))  # type: ignore[arg-type]
        assert value(both.outcome(COURSE)) == pytest.approx(expected, nan_ok=True)


def test_the_first_of_some_events_counts_while_followed() -> None:
    """Relapse on days 5, 25, never and 28; death on days 9, 30 (after the end), 4 and never; two leave."""
    events = {"relapse": [5.0, 25.0, NONE, 28.0], "death": [9.0, 30.0, 4.0, NONE]}
    made = course(SEEN, [9.0, 21.0, 4.0, NONE], events, [True, False, True, False])
    relapse, either = (TimeToEvent(name="T", events=names) for names in (("relapse",), ("relapse", "death")))
    assert timed(relapse.outcome(made)) == ([5.0, 21.0, 4.0, 28.0], [True, False, False, True])
    assert timed(either.outcome(made)) == ([5.0, 21.0, 4.0, 28.0], [True, False, True, True])


def test_a_course_that_failed_has_no_outcome_after_it() -> None:
    failed = course([[8.0, 9.0, NAN, NAN, NAN]], events={"relapse": [NONE]})
    assert failed.failed.tolist() == [True]
    assert np.isnan(value(Value(**OF).outcome(failed))).all()
    assert timed(TimeToEvent(name="T", events=("relapse",)).outcome(failed))[0] == pytest.approx([NAN], nan_ok=True)


def test_words_say_what_was_asked() -> None:
    for endpoint, words in (
        (Change(**OF, day=15, percent=True), "the percent change of measured glucose from day 1, on day 15"),
        (Responder(**OF, of="change", at_most=-1.0), "a change of glucose at most -1 on day 29, who is not seen count"),
        (Ever(**OF, above=8.5), "the share ever measured with glucose above 8.5 while followed"),
        (Worst(**OF, worst="lowest"), "the lowest glucose measured after day 1"),
        (MeanDose(name="DOSE", from_day=4), "the mean daily dose taken from day 4 on while followed"),
        (TimeToEvent(name="T", events=("relapse", "death")), "the time to relapse or death, up to day 28"),
    ):
        assert words in endpoint.words(GRID, leave=True)


OF_MODEL = {"name": "END", "observable": CONCENTRATION}
MISTAKES: list[tuple[Content, str]] = [
    ({"kind": "vlaue"}, r"endpoints\[0\].kind: got 'vlaue', expected one of by_visit, change, composite, ever, mean_"),
    ({"kind": "value", "day": 9}, r"endpoints\[0\].day: got 9, expected one of visits.days after day 1: 8, 15, 2"),
    ({"kind": "value", "day": 1}, r"endpoints\[0\].day: got 1, expected one of visits.days after day 1"),
    ({"kind": "value", "observable": "INR"}, r"endpoints\[0\]: phenobarbital_grasela1985 does not have 'INR'"),
    ({"kind": "responder"}, r"endpoints\[0\]: expected either at_least or at_most"),
    ({"kind": "responder", "at_least": 1.0, "at_most": 2.0}, r"endpoints\[0\]: expected either at_least or at_most"),
    ({"kind": "ever"}, r"endpoints\[0\]: expected either above or below"),
    ({"kind": "worst"}, r"endpoints\[0\].worst: missing"),
    ({"kind": "change", "percent": "yes"}, r"endpoints\[0\].percent: got 'yes', expected a valid boolean"),
    ({"kind": "value", "better": "up"}, r"endpoints\[0\].better: got 'up', expected 'higher' or 'lower'"),
    (
        {
            "kind": "composite",
            "need": "all",
            "parts": [{"kind": "value", "name": "A", "observable": CONCENTRATION}] * 2,
        },
        r"endpoints\[0\].parts: A, A are no yes or no; expected kinds responder and ever",
    ),
    (
        {"kind": "composite", "need": "all", "parts": [{"kind": "ever", "name": "A", "observable": "x"}, 3]},
        r"endpoints\[0\].parts\[0\]: expected either above or below",
    ),
    (
        {
            "kind": "composite",
            "need": "any",
            "parts": [{"kind": "responder", **OF_MODEL, "at_least": 1.0, "day": day} for day in (8, 9)],
        },
        r"endpoints\[0\].parts\[1\].day: got 9, expected one of visits.days after day 1",
    ),
    ({"kind": "time_to_event", "events": []}, r"endpoints\[0\].events: got 0 items, expected at least 1"),
    ({"kind": "time_to_event", "events": ["death"]}, r"endpoints\[0\].events: got death, expected hazards: none is st"),
]


@pytest.mark.parametrize(("endpoint", "message"), MISTAKES, ids=[message[:50] for _, message in MISTAKES])
def test_an_impossible_endpoint_is_refused(endpoint: Content, message: str) -> None:
    observed = endpoint["kind"] not in ("composite", "time_to_event")
    with pytest.raises(DesignError, match=message):
        plain(endpoints=[({} | OF_MODEL if observed else {"name": "END"}) | endpoint])


def test_an_observable_without_a_measurement_is_refused() -> None:
    def survival(c: Content) -> None:
        c["endpoints"][1]["observable"] = "overall_survival"

    told = r"endpoints\[1\]: tumour_claret2014 does not say how to measure 'overall_survival'; expected tumour_size_mm"
    with pytest.raises(DesignError, match=told):
        designed(survival, EXAMPLES / "survival_trial.toml")
