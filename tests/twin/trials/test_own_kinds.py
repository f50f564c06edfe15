"""A kind of one's own, a class in Python, is taken wherever a trial has a choice: by name in a file, or as object."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest

from kg.files.checked import Choice, DesignError, Positive, check
from tests.twin.trials.designs import CONCENTRATION, Content, concentrations, courses, plain
from twin.model import Floats
from twin.trials import run
from twin.trials.allocations.allocation import Allocation, Arms, Enrolling
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.unadjusted import Unadjusted
from twin.trials.grid import Grid
from twin.trials.hazards.hazard import Hazard, Stretch
from twin.trials.plan import Plan
from twin.trials.policies.policy import History, Patients, Policy
from twin.trials.protocol import TrialDesign


def zigzag() -> type[Policy]:
    class Zigzag(Policy):
        """A dose one day and none the next; doubled at a visit by who is below `low`."""

        kind: Literal["zigzag"] = "zigzag"
        dose: Positive
        low: float = 0.0

        @property
        def observables(self) -> tuple[str, ...]:
            """What it looks at of a patient's course."""
            return (CONCENTRATION,)

        def begin(self, patients: Patients) -> Plan:
            """Return the plan before anything is measured."""
            return Plan.of(np.tile([self.dose, 0.0] * 14 + [0.0], (patients.n, 1)))

        def revise(self, plan: Plan, history: History) -> Plan | None:
            """Return the plan after today's visit."""
            low = history.now(CONCENTRATION) < self.low
            return Plan(np.where(low[:, np.newaxis], 2 * plan.ahead, plan.ahead), plan.usual)

    return Zigzag


def zenith() -> type[Endpoint]:
    class Zenith(Endpoint):
        """The highest true value of a course."""

        kind: Literal["zenith"] = "zenith"

        def outcome(self, course: Course) -> Outcome:
            """Return each patient's highest value."""
            return Value(course.true[CONCENTRATION].max(axis=1))

        def words(self, grid: Grid, *, leave: bool = False) -> str:
            """Return what it is, in words."""
            return "the highest true value"

        @property
        def usual(self) -> Estimator:
            """How it is analysed where nothing is said."""
            return Unadjusted()

    return Zenith


def zero_day() -> type[Hazard]:
    class ZeroDay(Hazard):
        """It happens to everybody on the day of the name."""

        kind: Literal["zero_day"] = "zero_day"

        def daily(self, stretch: Stretch) -> Floats:
            """Return how much is risked on each day."""
            return np.where(stretch.days == 10, np.inf, np.zeros(stretch.shape))

        @property
        def words(self) -> str:
            """How likely it is, in words."""
            return "certain on day 10"

    return ZeroDay


def zebra() -> type[Allocation]:
    class Zebra(Allocation):
        """One here, one there."""

        kind: Literal["zebra"] = "zebra"

        def arms(self, enrolling: Enrolling) -> Arms:
            """Return each patient's arm."""
            return np.arange(enrolling.n) % len(enrolling.shares)

    return Zebra


EVERY = (zigzag, zenith, zero_day, zebra)


def own(c: Content) -> None:
    c["trial"] |= {"design": "parallel", "subjects_per_arm": 20}
    c["arms"][0]["policy"] = {"kind": "zigzag", "dose": 4.0, "low": 15.0}
    c["endpoints"] = [{"kind": "zenith", "name": "TOP"}]
    c["hazards"] = [{"kind": "zero_day", "name": "end", "then": "stop"}]
    c["allocation"] = {"kind": "zebra"}


def test_a_kind_of_one_s_own_is_found_by_its_name_and_runs() -> None:
    kinds = [make() for make in EVERY]
    design = plain(own)
    assert [type(one) for one in (design.arms[0].policy, design.endpoints[0], design.hazards[0])] == kinds[:3]
    enrolled, (course, _) = courses(design, 40)
    assert (course.events["end"] == 10).all() and not course.given[:, 10:].any()
    early = np.tile([8.0, 0.0] * 5, (40, 1))  # doubled on day 1, when nobody has any
    below = concentrations(enrolled, early)[:, 7] < 15.0
    early[:, 7:] *= np.where(below, 2.0, 1.0)[:, np.newaxis]
    assert course.given[:, :10].tolist() == early.tolist() and 0 < below.sum() < 40
    result = run.run(design)
    assert result.means["low"].value == pytest.approx(course.true[CONCENTRATION][::2].max(axis=1).mean(), rel=1e-12)
    assert result.subjects["ARM"].tolist() == ["low"] * 20 + ["high"] * 20
    assert "end: certain on day 10; then the patient stops" in " ".join(result.assumptions["assumption"])
    again = check(result.to_json()["design"], TrialDesign, "result.json")
    assert again == design


def test_a_kind_that_is_defined_again_is_the_one_meant() -> None:
    first, last, *others = zigzag(), zigzag(), zenith(), zero_day(), zebra()
    found = plain(own).arms[0].policy
    assert type(found) is last and type(found) is not first and others


@pytest.mark.parametrize("make", EVERY)
def test_a_mistake_in_a_kind_of_one_s_own_is_named(make: Callable[[], type[Choice]]) -> None:
    kind = make()
    table: dict[str, Any] = {"kind": kind.model_fields["kind"].default, "colour": "red"}
    base = next(one for one in kind.__mro__ if one.__dict__.get("found_in"))
    with pytest.raises(DesignError, match="colour: unknown key; known here: "):
        check(table, base, "part")


def test_an_object_is_taken_without_a_name() -> None:
    class Nameless(zigzag()):  # type: ignore[misc]
        """As its parent, without a kind that a file could name."""

        kind: str = "another"

    policy, zenithal = Nameless(dose=3.0), zenith()(name="TOP")
    design = plain(lambda c: (c["arms"][0].update(policy=policy), c.update(endpoints=[zenithal])))
    assert design.arms[0].policy is policy and design.endpoints[0] is zenithal
    _, (course, _) = courses(design, 5)
    assert course.given[:, :4].tolist() == [[3.0, 0.0, 3.0, 0.0]] * 5
