"""What is seen at steady state, against the closed forms of one compartment, and against simulated courses."""

import numpy as np
import pandas as pd
import pytest

from twin import library
from twin.dose.schedule import Schedule, seen, window_at
from twin.dose.target import DoseError
from twin.engine import typical
from twin.patient import Cohort
from twin.regimen import Regimen, boluses, read_regimen
from twin.simulate import Times, simulate

THEOPHYLLINE = library.load("theophylline_boeckmann1994")
NAME = "theophylline_mg_per_L"
KA, K, V = 1.590, 2.752 / 31.81, 31.81


def at_steady_state(schedule: Schedule, dose: float) -> float:
    people = typical(THEOPHYLLINE, {}, None, 1)
    window = window_at(schedule, 100 * schedule.every_h)
    found = seen(THEOPHYLLINE, people, np.array([dose]), schedule, window, schedule.measure != "trough")
    return float(found.counted(NAME, schedule.measure)[0])


def after_a_dose(hours: float, every: float, dose: float) -> float:
    """One compartment by mouth at steady state: two exponentials, each summed over all doses before."""
    shares = [np.exp(-rate * hours) / (1 - np.exp(-rate * every)) for rate in (K, KA)]
    return dose * KA / V / (KA - K) * (shares[0] - shares[1])


@pytest.mark.parametrize("every", [6.0, 12.0, 24.0])
def test_by_mouth(every: float) -> None:
    assert at_steady_state(Schedule(every), 300.0) == pytest.approx(after_a_dose(every, every, 300.0), rel=1e-9)
    assert at_steady_state(Schedule(every, after_h=2.0), 300.0) == pytest.approx(after_a_dose(2.0, every, 300.0))
    mean = at_steady_state(Schedule(every, measure="mean"), 300.0)
    assert mean == pytest.approx(300.0 / (2.752 * every), rel=1e-9)  # F * dose / (CL * tau)
    highest = np.log(KA * (1 - np.exp(-K * every)) / (K * (1 - np.exp(-KA * every)))) / (KA - K)
    peak = at_steady_state(Schedule(every, measure="peak"), 300.0)
    assert peak == pytest.approx(after_a_dose(highest, every, 300.0), rel=2e-3)


def test_an_infusion_that_goes_on_into_the_next_interval() -> None:
    # phenobarbital into the vein, 10 hours of each 8: what is left of all infusions before
    model = library.load("phenobarbital_grasela1985")
    clearance, volume = model.theta["clearance"], model.theta["volume"]
    every, lasting, dose, k = 8.0, 10.0, 5.0, clearance / volume
    begun = every * np.arange(1, 5000)  # hours before the trough
    left = np.exp(-k * np.maximum(begun - lasting, 0.0)) - np.exp(-k * begun)
    schedule = Schedule(every, duration_h=lasting)
    people = typical(model, {}, None, 1)
    found = seen(model, people, np.array([dose]), schedule, window_at(schedule, 1000 * every), False)
    expected = dose / lasting / clearance * left.sum()
    assert found.counted(next(iter(model.observables)), "trough")[0] == pytest.approx(expected, rel=1e-6)


def test_a_lag_moves_the_course_and_not_its_mean() -> None:
    # tacrolimus arrives 0.38 h late: seen as simulated doses are, and its mean is dose / (CL * tau)
    model = library.load("tacrolimus_andrews2019")
    middle = {name.removeprefix("reference "): value for name, value in model.theta.items() if "reference" in name}
    told = {name: np.array([value]) for name, value in middle.items()}
    told |= {"CYP3A5": np.array(["*3/*3"]), "CYP3A4": np.array(["*1/*1"])}
    people, schedule = typical(model, told), Schedule(12.0, after_h=3.0)
    window = window_at(schedule, 24.0)
    found = seen(model, people, np.array([5.0]), schedule, window, False).counted("tacrolimus_ug_per_L", "trough")
    doses = Regimen(boluses(np.array([0.0, 12.0]), np.array([5.0, 5.0])), {})
    course = simulate(model, Cohort(("a",), told), doses, Times(np.array([15.0]), "h"), None)
    assert found[0] == pytest.approx(course.value[0, 0, 0], rel=1e-9)
    schedule = Schedule(12.0, measure="mean")
    window = window_at(schedule, 600 * 12.0)
    mean = seen(model, people, np.array([5.0]), schedule, window, True).counted("tacrolimus_ug_per_L", "mean")
    assert mean[0] == pytest.approx(1000 * 5.0 / (23.0 * 12.0), rel=2e-5)


def test_one_infusion_is_seen_as_a_table_of_doses_is() -> None:
    model = library.load("phenobarbital_grasela1985")
    people, schedule = typical(model, {}, None, 1), Schedule(np.inf, "vein", 2.0, at_h=5.0)
    found = seen(model, people, np.array([20.0]), schedule, window_at(schedule, 5.0), False)
    table = read_regimen(pd.DataFrame({"TIME": [0.0], "AMT": [20.0], "DUR": [2.0]}))
    course = simulate(model, Cohort(("a",), {}), table, Times(np.array([5.0]), "h"), None)
    name = next(iter(model.observables))
    assert found.counted(name, "trough")[0] == pytest.approx(course.value[0, 0, 0], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"every_h": 0.0}, "interval above 0"),
        ({"measure": "area"}, "expected trough, mean, peak"),
        ({"every_h": np.inf}, "--at 3d"),
        ({"at_h": -1.0}, "after the first dose"),
        ({"after_h": 30.0}, "0 to 24 h"),
        ({"after_h": 3.0, "at_h": 48.0}, "not both"),
    ],
)
def test_a_schedule_that_cannot_be(change: dict[str, object], said: str) -> None:
    with pytest.raises(DoseError, match=said):
        Schedule(**change)  # type: ignore[arg-type]
