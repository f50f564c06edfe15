"""Courses that can be differentiated, against closed forms, the engine and finite differences."""

from typing import Any, NamedTuple

import jax
import numpy as np
import pytest

from twin.engine import float64_on_cpu
from twin.error import Error
from twin.fit.course import course
from twin.fit.data import plan
from twin.model import Compartment, Floats, Model
from twin.quantity import Assumed
from twin.regimen import Doses
from twin.solve.choose import solver_of

_MADE_UP = "made up for the test"
KA, CL, V = 1.3, 2.0, 20.0
K = CL / V


class Person(NamedTuple):
    absorption: Any
    clearance: Any
    volume: Any
    share: Any
    lag_h: Any
    duration_h: Any
    half: Any


class Body(NamedTuple):
    gut: Any
    central: Any


def model(saturated: bool) -> Model:
    def rates(p: Person, s: Body) -> Body:
        seen = s.central / p.volume
        out = p.clearance * seen * (p.half / (p.half + seen) if saturated else 1.0)
        return Body(-p.absorption * s.gut, p.absorption * s.gut - out)

    return Model(
        name="one compartment",
        citation=_MADE_UP,
        covariates=(),
        parameters={},
        individual=lambda theta, covariates: PERSON,
        start=lambda p: Body(0.0, 0.0),
        rates=rates,
        compartments={
            "gut": Compartment("gut", bioavailability=lambda p: p.share, lag_h=lambda p: p.lag_h),
            "central": Compartment("central", duration_h=lambda p: p.duration_h),
        },
        observe=lambda p, s: {"C": s.central / p.volume},
        observables={"C": "mg/L"},
        errors={"C": Error(additive=Assumed(1.0, "mg/L", _MADE_UP))},
    )


PERSON = Person(KA, CL, V, 0.8, 0.7, 3.0, 4.0)
LINEAR, SATURATED = model(False), model(True)


def doses(*rows: tuple[float, float, int, float, float, int], reset_h: tuple[float, ...] = ()) -> Doses:
    """Return doses (time, amount, compartment, rate, interval, steady)."""
    time, amount, _, rate, interval, _ = (np.array(one, np.float64) for one in zip(*rows, strict=True))
    compartment, steady = (np.array([row[place] for row in rows]) for place in (2, 5))
    lines = np.arange(len(time))
    return Doses(
        time, amount, compartment, rate, interval, steady, np.array(reset_h, np.float64), lines, "made-up line"
    )


def followed(which: Model, given: Doses, times: Floats, after: bool = False, person: Person = PERSON) -> Floats:
    with float64_on_cpu():
        line = plan(which, [given], [times], [np.full(len(times), after)])
        people = jax.tree.map(lambda one: np.full(1, one), person)
        seen, _ = course(which, solver_of(which, line.rate is not None), people, line)
        return np.asarray(seen)[:, 0, 0]


def oral(hours: Floats) -> Floats:
    """Return the concentration of a unit by mouth, the lag before it arrives and its share taken."""
    passed = np.maximum(hours - PERSON.lag_h, 0.0)
    return PERSON.share / V * KA / (KA - K) * (np.exp(-K * passed) - np.exp(-KA * passed))


def infused(hours: Floats, lasting: float) -> Floats:
    """Return the concentration of a unit an hour into the central compartment."""
    on, off = np.clip(hours, 0, lasting), np.maximum(hours - lasting, 0.0)
    return (1 - np.exp(-K * on)) / CL * np.exp(-K * off)


TIMES = np.array([0.5, 1.0, 4.0, 12.5, 23.0, 24.0, 26.0, 40.0])


def test_by_mouth_with_a_lag_is_the_closed_form() -> None:
    found = followed(LINEAR, doses((0, 100, 1, 0, 0, 0), (24, 50, 0, 0, 0, 0)), TIMES)
    np.testing.assert_allclose(found, 100 * oral(TIMES) + 50 * oral(TIMES - 24), rtol=1e-10, atol=1e-12)


def test_infusions_of_given_rate_and_of_modelled_duration_are_the_closed_form() -> None:
    found = followed(LINEAR, doses((0, 60, 2, 30, 0, 0), (12, 90, 2, -2, 0, 0)), TIMES)
    np.testing.assert_allclose(found, 30 * infused(TIMES, 2) + 30 * infused(TIMES - 12, 3), rtol=1e-10, atol=1e-12)


def test_a_reset_empties_all_and_stops_what_flows() -> None:
    found = followed(LINEAR, doses((0, 600, 2, 20, 0, 0), (24, 40, 2, 0, 0, 0), reset_h=(20,)), TIMES)
    expected = np.where(
        TIMES < 20, 20 * infused(TIMES, 30), np.where(TIMES > 24, 40 / V * np.exp(-K * (TIMES - 24)), 0.0)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_a_dose_at_the_same_moment_is_seen_after_it_and_not_before() -> None:
    given, now = doses((4, 40, 2, 0, 0, 0)), np.array([4.0])
    np.testing.assert_allclose(followed(LINEAR, given, now), [0.0])
    np.testing.assert_allclose(followed(LINEAR, given, now, after=True), [40 / V])


@pytest.mark.parametrize("steady", (1, 2))
def test_a_steady_state_is_the_sum_of_an_endless_series(steady: int) -> None:
    before = doses((0, 30, 2, 0, 0, 0), (24, 100, 2, 0, 12, steady))
    times = np.array([24.0, 25.0, 30.0])
    series = 100 / V / (1 - np.exp(-12 * K)) * np.exp(-K * (times - 24))
    left = 30 / V * np.exp(-K * times) if steady == 2 else 0.0
    np.testing.assert_allclose(followed(LINEAR, before, times, after=True), series + left, rtol=1e-9)


def test_steady_infusions_with_and_without_an_end() -> None:
    given, times = doses((0, 24, 2, 8, 12, 1)), np.array([0.0, 3.0, 10.0])
    expected = sum(8 * infused(times + 12 * back, 3) for back in range(400))
    np.testing.assert_allclose(followed(LINEAR, given, times, after=True), expected, rtol=1e-9)
    endless = followed(LINEAR, doses((0, 0, 2, 8, 0, 1)), np.array([0.0, 10.0]), after=True)
    np.testing.assert_allclose(endless, 8 / CL * np.exp(-K * np.array([0.0, 10.0])), rtol=1e-9)


def test_a_steady_state_of_a_nonlinear_model_is_what_many_doses_come_to() -> None:
    times = np.array([0.0, 2.0, 11.0])
    many = doses(*((12.0 * number - 1200.0, 40, 2, 0, 0, 0) for number in range(101)))
    steady = followed(SATURATED, doses((0, 40, 2, 0, 12, 1)), times, after=True)
    np.testing.assert_allclose(steady, followed(SATURATED, many, times, after=True), rtol=1e-5)


@pytest.mark.parametrize("which", (LINEAR, SATURATED), ids=("linear", "saturated"))
def test_gradients_are_those_of_finite_differences(which: Model) -> None:
    """Also in the lag, the share and the duration of infusions."""
    given = doses((0, 100, 1, 0, 0, 0), (12, 90, 2, -2, 0, 0), (24, 50, 1, 0, 12, 1))
    times = np.array([0.9, 4.0, 13.0, 20.0, 30.0])
    with float64_on_cpu():
        line = plan(which, [given], [times], [np.zeros(len(times), bool)])
        solver = solver_of(which, True)

        def told(numbers: Any) -> Any:
            return course(which, solver, Person(*numbers[:, None]), line)[0][:, 0, 0]

        at = np.array(PERSON)
        slope = np.asarray(jax.jit(jax.jacfwd(told))(at))
        run = jax.jit(told)
        steps = 1e-5 * at * np.eye(len(at))
        differences = np.array([np.asarray(run(at + by) - run(at - by)) / (2 * by.sum()) for by in steps]).T
    np.testing.assert_allclose(slope, differences, rtol=1e-5, atol=1e-7)
