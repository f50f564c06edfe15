"""Hazards: the day of each event against what the rates add up to by hand, and what follows from it."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import twin
from kg.files.checked import DesignError
from tests.twin.trials.designs import CONCENTRATION, EXAMPLES, Content, concentrations, courses, designed, fixed, plain
from twin.model import Floats
from twin.trials import run
from twin.trials.course import Course
from twin.trials.misfits import DRAWN
from twin.trials.protocol import TrialDesign
from twin.variability import Variability

TWIN = Path(twin.__file__).parent
N = 1000
ONE = {"name": "event", "then": "count"}


def weekly(probability: float) -> float:
    """The rate a day of this probability in a week."""
    return float(-np.log(1.0 - probability) / 7.0)


def first_over(daily: Floats, enrolled: run.Enrolled) -> Floats:
    """The first day, from 1, on which rates [patient, day] add up to more than what a patient bears, else infinite."""
    over = np.cumsum(daily, axis=1) > enrolled.threshold["event"][:, np.newaxis]
    return np.where(over.any(axis=1), 1.0 + over.argmax(axis=1), np.inf)


def test_what_a_patient_bears_is_exponential_and_another_for_each_event() -> None:
    other = {"kind": "constant", "name": "other", "then": "count", "per_week": 0.1}
    enrolled = run.enrol(plain(hazards=[ONE | {"kind": "constant", "per_week": 0.1}, other]), 4000)
    event, second = (enrolled.threshold[name] for name in ("event", "other"))
    assert stats.kstest(event, "expon").pvalue > 1e-3 and stats.kstest(second, "expon").pvalue > 1e-3
    assert abs(stats.spearmanr(event, second).statistic) < 4 / np.sqrt(4000)


@pytest.mark.parametrize("begins", [1, 10])
def test_a_constant_hazard_is_geometric(begins: int) -> None:
    hazard = ONE | {"kind": "constant", "per_week": 0.2, "from_day": begins}
    enrolled, (course, _) = courses(plain(hazards=[hazard]), N)
    days = begins + np.floor(enrolled.threshold["event"] / weekly(0.2))
    assert course.events["event"].tolist() == np.where(days <= 28, days, np.inf).tolist()
    stayed = int(np.isinf(course.events["event"]).sum())
    assert stats.binomtest(stayed, N, 0.8 ** ((29 - begins) / 7)).pvalue > 1e-3


@pytest.mark.parametrize("shape", [0.5, 2.5])
def test_a_weibull_hazard_is_weibull(shape: float) -> None:
    enrolled, (course, _) = courses(plain(hazards=[ONE | {"kind": "weibull", "shape": shape, "scale_d": 20.0}]), N)
    days = 1.0 + np.floor(20.0 * enrolled.threshold["event"] ** (1 / shape))
    assert course.events["event"].tolist() == np.where(days <= 28, days, np.inf).tolist()
    by_day_10 = int((course.events["event"] <= 10).sum())
    assert stats.binomtest(by_day_10, N, stats.weibull_min(shape, scale=20.0).cdf(10.0)).pvalue > 1e-3


@pytest.mark.parametrize("slope", [0.3, -0.3])
def test_a_hazard_by_state_adds_up_over_the_course(slope: float) -> None:
    state = {"observable": CONCENTRATION, "per_week": 0.3, "reference": 20.0, "slope": slope}
    enrolled, (low, high) = courses(plain(hazards=[ONE | {"kind": "by_state"} | state]), N)
    for course in (low, high):
        evenings = concentrations(enrolled, course.doses)[:, 1:]
        daily = weekly(0.3) * np.exp(slope * (evenings - 20.0))
        assert course.events["event"].tolist() == first_over(daily, enrolled).tolist()
    sooner = high.events["event"] < low.events["event"]
    later = high.events["event"] > low.events["event"]
    assert sooner.sum() > 20 * later.sum() if slope > 0 else later.sum() > 20 * sooner.sum()


@pytest.mark.parametrize(("bound", "per_week"), [("above", 0.6), ("above", 1.0), ("below", 0.6), ("below", 1.0)])
def test_a_threshold_is_at_risk_on_the_days_beyond_it_alone(bound: str, per_week: float) -> None:
    hazard = ONE | {"kind": "threshold", "observable": CONCENTRATION, "per_week": per_week, bound: 15.0}
    enrolled, (course, _) = courses(plain(hazards=[hazard]), N)
    evenings = concentrations(enrolled, course.doses)[:, 1:]
    beyond = evenings > 15.0 if bound == "above" else evenings < 15.0
    rate = np.inf if per_week == 1 else weekly(per_week)
    expected = first_over(np.where(beyond, rate, 0.0), enrolled)
    assert course.events["event"].tolist() == expected.tolist()
    assert np.isfinite(expected).sum() > 0 and (bound == "below" or np.isinf(expected).any())


@pytest.mark.parametrize("ratio", [8.0, 0.125])
def test_who_misses_doses_is_more_or_less_at_risk(ratio: float) -> None:
    """The share missed is that of the last seven days; another event that is looked at daily changes nothing."""
    hazards = [ONE | {"kind": "missed", "per_week": 0.05, "ratio": ratio}]
    conduct = {"adherence": {"kind": "between", "mean": 0.6, "sd": 0.3}, "measurement_error": False}
    enrolled, (course, _) = courses(plain(hazards=hazards, conduct=conduct), N)
    missed = np.array([1.0 - enrolled.takes[:, max(0, day - 6) : day + 1].mean(axis=1) for day in range(28)]).T
    assert course.events["event"].tolist() == first_over(weekly(0.05) * ratio**missed, enrolled).tolist()
    trend = stats.spearmanr(np.minimum(course.events["event"], 29), missed.mean(axis=1))
    assert trend.pvalue < 1e-3 and (trend.statistic < 0) == (ratio > 1)

    stops = {"kind": "constant", "name": "stop", "then": "stop", "per_week": 0.0}
    daily = courses(plain(hazards=[*hazards, stops], conduct=conduct), N)[1][0]
    assert daily.events["event"].tolist() == course.events["event"].tolist()


WEEKS = 60


def survival() -> TrialDesign:
    """Smokers who are not Asian, in chemotherapy from the start."""

    def change(c: Content) -> None:
        c["trial"]["weeks"] = WEEKS
        c["population"] |= {"asian": {"no": 1.0, "yes": 0.0}, "ever_smoker": {"no": 0.0, "yes": 1.0}}

    return designed(change, EXAMPLES / "survival_trial.toml")


def same_week(found: Floats, exact: Floats, apart: float) -> bool:
    """Whether days are in the week of the exact times, but for those so near to a week's end that it cannot be told."""
    told = np.abs(exact / 7 - np.round(exact / 7)) > apart
    weeks = np.where(exact <= 7 * WEEKS, np.ceil(exact / 7), np.inf)
    return bool((np.ceil(found / 7) == weeks)[told].all() and told.mean() > 0.8)


def test_the_models_own_hazard_is_its_survival(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claret 2014: median survival of a typical smoker who is not Asian 363.2 days; ln OS is normal, σ = e^-0.24.

    The median is given to a tenth of a day. Within a week the hazard is taken for constant.
    """
    model = dataclasses.replace(survival().model, variability=Variability())
    monkeypatch.setattr(TrialDesign, "model", property(lambda _: model))
    design = survival()
    enrolled = run.enrol(design, 600)
    course = run.follow(design, design.arms[0], enrolled)
    law, death = stats.lognorm(np.exp(-0.24), scale=363.2), course.events["death"]
    exact = law.isf(np.exp(-enrolled.threshold["death"]))
    assert same_week(death, exact, 0.05)
    happened = np.isfinite(death)
    assert np.abs(death - exact)[happened].max() < 7.5
    assert stats.binomtest(int((death <= 364).sum()), 600, law.cdf(364)).pvalue > 1e-3
    assert 0.4 < happened.mean() < 0.7 and not (course.last_day == death).all(), "some leave"
    assert course.died.tolist() == (happened & (death <= course.events["dropout"])).tolist()


def test_each_patients_own_survival_is_log_normal() -> None:
    design = survival()
    enrolled = run.enrol(design, 200)
    base, growth, shrinkage, resistance = (np.asarray(one) for one in enrolled.bodies[0][:4])
    regrowth = np.log(shrinkage / growth) / resistance
    known = regrowth > -99.0
    mean = 1.079 - 0.00197 * base + 0.97695 * np.log(np.where(known, regrowth, 0.0) + 100.0) - 0.264
    exact = stats.lognorm(np.exp(-0.24), scale=np.exp(mean)).isf(np.exp(-enrolled.threshold["death"]))
    death = run.follow(design, design.arms[0], enrolled).events["death"]
    assert known.mean() > 0.9 and same_week(death[known], exact[known], 0.01)


def followed(then: str, **more: Any) -> tuple[run.Enrolled, list[Course]]:
    hazard = {"kind": "constant", "name": "event", "then": then, "per_week": 0.3, **more}
    return courses(plain(hazards=[hazard], conduct={"adherence": 0.8, "measurement_error": False}))


def after(day: Floats) -> np.ndarray:
    """Which days come after one: [patient, day]."""
    return np.asarray(np.arange(1, 29) > day[:, np.newaxis])


def test_what_follows_from_an_event() -> None:
    enrolled, (counted, _) = followed("count")
    day = counted.events["event"]
    assert np.isfinite(day).sum() > 50
    for then in ("leave", "die", "stop"):
        _, (course, _) = followed(then)
        assert course.events["event"].tolist() == day.tolist()
        assert course.last_day.tolist() == (np.full(200, np.inf) if then == "stop" else day).tolist()
        assert course.died.tolist() == (np.isfinite(day) & (then == "die")).tolist()
        given = np.where(after(day), 0.0, 5.0) if then == "stop" else counted.given
        assert course.given.tolist() == given.tolist()
        assert course.doses.tolist() == (given * enrolled.takes).tolist()
    assert np.isinf(counted.last_day).all() and (counted.given == 5.0).all()


def test_who_is_switched_takes_the_other_doses_and_no_titration_of_the_arm() -> None:
    rows = [{"below": 1000.0, "change_percent": 50.0}, {"change_percent": 0.0}]
    table = {"kind": "table", "observable": CONCENTRATION, "from_day": 1, "max_dose": 20.0, "tablet": 1.0, "rows": rows}
    hazard = {"kind": "constant", "name": "rescue", "then": "switch", "per_week": 0.3, "to": fixed(33.3)}
    _, (course, _) = courses(plain(hazards=[hazard], titration=table))
    day, arm = course.events["rescue"], [8.0] * 7 + [11.0] * 7 + [17.0] * 7 + [20.0] * 7
    assert 50 < np.isfinite(day).sum() < 200
    titrated = np.tile(arm, (200, 1))  # 7.5, 11.25, 16.9 and 20 mg, in tablets of 1 mg
    assert course.given.tolist() == np.where(after(day), 33.3, titrated).tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"kind": "gompertz"},
            r"hazards\[0\].kind: got 'gompertz', expected one of by_state, constant, missed, of_mod",
        ),
        ({"per_week": 1.0}, r"hazards\[0\].per_week: got 1.0, expected < 1"),
        ({"then": "faint"}, r"hazards\[0\].then: got 'faint', expected 'leave', 'die', 'stop', 'switch' or 'count'"),
        (
            {"then": "switch"},
            r'hazards\[0\]: then = "switch" and to = {kind = ...}, the doses from then on, go togethe',
        ),
        ({"to": fixed(1.0)}, r'hazards\[0\]: then = "switch" and to'),
        ({"then": "switch", "to": fixed(1.0, every="7d")}, r"hazards\[0\].to.every: expected doses as far apart as"),
        ({"then": "switch", "to": fixed(-1.0)}, r"hazards\[0\].to.doses\[0\]: got -1.0, expected >= 0"),
        ({"per_wek": 0.1}, r"hazards\[0\].per_wek: unknown key; did you mean per_week?"),
        ({"name": "adherence"}, r"hazards\[0\].name: got 'adherence', which names something else that chance decides"),
        ({"kind": "of_model", "per_week": None}, r"hazards\[0\].per_week: unknown key"),
    ],
)
def test_a_mistake_in_a_hazard_is_named_with_its_key(change: Content, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        plain(hazards=[ONE | {"kind": "constant", "per_week": 0.1} | change])


@pytest.mark.parametrize(
    ("hazard", "message"),
    [
        ({"kind": "of_model"}, r"hazards\[0\].kind: phenobarbital_grasela1985 has no hazard of its own"),
        (
            {"kind": "threshold", "observable": CONCENTRATION, "per_week": 0.1},
            r"hazards\[0\]: expected either above or",
        ),
        (
            {"kind": "threshold", "observable": "INR", "per_week": 0.1, "above": 1.0},
            r"hazards\[0\]: phenobarbital_grasela1985 does not have 'INR'; expected phenobarbital_mg_per_L",
        ),
    ],
)
def test_a_hazard_that_the_model_does_not_have_is_named(hazard: Content, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        plain(hazards=[ONE | hazard])


def test_what_chance_decides_in_every_trial_is_no_name_of_an_event() -> None:
    """Each decision that a trial draws is refused as an event's name, which would share its luck."""
    sources = [*(TWIN / "trials").rglob("*.py"), TWIN / "simulate.py"]
    found = [
        re.findall(r'(?:uniforms|normals)\([\w.]*seed, "([^"]+)"', one.read_text(encoding="utf-8")) for one in sources
    ]
    drawn = {name for names in found for name in names}
    assert {"adherence", "allocation", "measurement", "parameters"} < drawn
    assert all(name in DRAWN or ":" in name for name in drawn)
