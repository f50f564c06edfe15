"""When events come, against rpact 3.3.4, gsDesign2's printed example and simulated patients."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from twin.trials.design.boundaries import Looks
from twin.trials.design.comparison import Survival
from twin.trials.design.plan import Beside, size_of
from twin.trials.design.schedule import schedule_at, schedule_for
from twin.trials.design.spending import Rule
from twin.trials.design.timing import Accrual, Course, Enrolment, Hazards, Waiting, look_times

RAMP = Enrolment((5.0, 15.0, 30.0), (3.0, 3.0, 14.0))
YEARLY = -np.log(1.0 - 0.1) / 12.0
"""One in ten leaves a year, in months: rpact's dropoutRate, dropoutTime."""


@pytest.mark.parametrize(
    ("time", "enrolled", "both", "treatment", "control"),
    [
        (5.0, 45.0, 0.01103898937, 0.009240036498, 0.01463689512),
        (12.0, 240.0, 0.10736720947, 0.091072298181, 0.13995703204),
        (20.0, 480.0, 0.30117719033, 0.258932693332, 0.38566618432),
        (30.0, 480.0, 0.46834326624, 0.411786931236, 0.58145593624),
    ],
)
def test_events_and_patients_are_rpact_s(
    time: float, enrolled: float, both: float, treatment: float, control: float
) -> None:
    """getEventProbabilities(lambda2=c(.1,.04), piecewiseSurvivalTime=c(0,4), hazardRatio=.6, ...Planned=2)."""
    course = Course(RAMP, Hazards((0.1, 0.04), (0.6, 0.6), (4.0,), YEARLY), 2.0)
    counted = course.events(time).sum(axis=1)
    assert RAMP.enrolled(time) == enrolled
    assert counted.sum() / 480.0 == pytest.approx(both, abs=5e-8)
    assert counted / [160.0, 320.0] == pytest.approx([control, treatment], abs=5e-8)


def test_a_size_and_its_looks_are_rpact_s() -> None:
    """getSampleSizeSurvival, accrualIntensityType "relative", dropoutRate1 = dropoutRate2 = .05 in 12 months."""
    accrual = Accrual(RAMP, 6.0, (14.0,), (), -np.log(0.95) / 12.0)
    looks = Looks(Rule("lan-demets-of"), (0.7, 1.0))
    found = size_of(Survival(0.7), looks, Beside(accrual=accrual))
    assert found.size == pytest.approx(334.9536679, abs=1e-4)
    assert found.patients == pytest.approx(793.9745484, abs=1e-3)
    assert found.look_times == pytest.approx([20.93464389, 26.0], abs=1e-5)


def test_the_average_hazard_ratio_is_gsdesign2_s() -> None:
    """ahr(total_duration = c(15, 30)), as printed in its reference (https://merck.github.io/gsDesign2)."""
    hazards = Hazards.of_medians((9.0, 18.0), (0.9, 0.6), (3.0,), 0.001)
    found = schedule_at(Course(Enrolment((3.0, 6.0, 9.0), (2.0, 2.0, 10.0)), hazards), (15.0, 30.0))
    assert found.ratios == pytest.approx([0.7857415, 0.6952153], abs=5e-8)
    assert found.total == pytest.approx([30.27841, 58.49097], abs=5e-6)
    assert list(found.enrolled) == [108.0, 108.0]
    assert found.to_json()["looks"][1]["events"] == pytest.approx(58.49097, abs=5e-6)


def test_power_under_a_delayed_effect_is_the_joint_normal_s() -> None:
    course = Course(Enrolment((25.0,), (16.0,)), Hazards.of_medians((10.0,), (1.0, 0.5), (4.0,), 0.002))
    looks = Looks(Rule("lan-demets-of"), (1.0,))
    found = schedule_for(course, (120.0, 180.0, 240.0), looks=looks)
    assert found.bounds is not None
    assert found.power is not None
    shares = np.array([0.5, 0.75, 1.0])
    mean = -np.log(found.ratios) * np.sqrt(found.total / 4.0)
    joint = np.sqrt(np.minimum.outer(shares, shares) / np.maximum.outer(shares, shares))
    kept = multivariate_normal.cdf(found.bounds.upper, mean, joint, abseps=1e-9, releps=1e-9, maxpts=4_000_000)
    assert found.power[-1] == pytest.approx(1.0 - kept, abs=2e-7)
    assert np.all(np.diff(found.ratios) < 0.0)


def test_simulated_log_rank_tests_have_the_power_foretold() -> None:
    course = Course(Enrolment((20.0,), (15.0,)), Hazards.of_medians((8.0,), (1.0, 0.55), (3.0,), 0.01))
    found = schedule_at(course, (27.0,), Looks(Rule("obrien-fleming"), (1.0,)))
    random, trials, patients = np.random.default_rng(11), 3000, 300
    entry = random.uniform(0.0, 15.0, (trials, patients))
    treated = random.permuted(np.tile([False, True], (trials, patients // 2)), axis=1)
    risk = random.exponential(1.0, (trials, patients))
    hazard, ratio = np.log(2.0) / 8.0, np.where(treated, 0.55, 1.0)
    event = np.where(risk < 3.0 * hazard, risk / hazard, 3.0 + (risk - 3.0 * hazard) / (hazard * ratio))
    leaves = np.minimum(random.exponential(1.0 / 0.01, (trials, patients)), 27.0 - entry)
    seen, time = event < leaves, np.minimum(event, leaves)
    order = np.argsort(-time, axis=1)  # from the last on: who is at risk is counted by running sums
    seen, arm = np.take_along_axis(seen, order, 1), np.take_along_axis(treated, order, 1)
    share = np.cumsum(arm, axis=1) / np.arange(1, patients + 1)
    z = -(seen * (arm - share)).sum(axis=1) / np.sqrt((seen * share * (1.0 - share)).sum(axis=1))
    assert seen.sum(axis=1).mean() == pytest.approx(found.total[0], abs=1.0)
    assert found.power is not None
    assert (z > 1.959964).mean() == pytest.approx(found.power[-1], abs=0.03)


def test_looks_wait_for_follow_up_and_for_each_other() -> None:
    course = Course(RAMP, Hazards.of_medians((14.0,), (0.7,), (), 0.0))
    free = look_times(course, (150.0, 200.0, 250.0))
    held = look_times(course, (150.0, 200.0, 250.0), Waiting(follow_up=3.0, gap=6.0))
    assert free == pytest.approx(tuple(course.time_of(events) for events in (150.0, 200.0, 250.0)))
    assert held == pytest.approx((23.0, 29.0, max(35.0, free[2])))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Enrolment((1.0, 2.0), (3.0,)), "got 2 rates of enrolment for 1 durations"),
        (lambda: Enrolment((0.0,), (3.0,)), "not all 0"),
        (lambda: Hazards((0.1,), (0.7, 0.6), (3.0,)), "got 1 hazards on control for 1 changes, expected 2"),
        (lambda: Hazards((0.1, 0.1), (0.7, 0.6), (0.0,)), "expected ascending times above 0"),
        (lambda: Course(RAMP, Hazards((0.1,), (0.7,), dropout=0.2)).time_of(400.0), "enrol more"),
        (lambda: look_times(Course(RAMP, Hazards((0.1,), (0.7,))), (30.0, 20.0)), "expected ascending numbers"),
        (lambda: Waiting(gap=-1.0), "got the gap between looks -1"),
        (lambda: schedule_at(Course(RAMP, Hazards((0.1,), (0.7,))), (3.0, 3.0)), "expected ascending numbers"),
    ],
)
def test_what_cannot_be_timed_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
