"""Simulation: quantiles and superposition held against a drug whose course is known on paper; times; failures."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from twin import library
from twin.covariates import Continuous
from twin.engine import CHUNK, begin
from twin.model import Compartment, Floats, Model
from twin.patient import Cohort
from twin.quantity import Assumed
from twin.regimen import Doses, Regimen, boluses, every
from twin.simulate import (
    MAX_STEPS,
    Times,
    Variation,
    draw,
    parse_times,
    simulate,
)
from twin.steps import carry
from twin.timeline import Entry, Look, timeline
from twin.variability import Variability, log_sd

HALF_LIFE_H, CV = 10.0, 0.5


class Bolus(NamedTuple):
    volume_l: Any


class Amount(NamedTuple):
    drug_mg: Any


def toy(longest_step_h: float = 24.0) -> Model:
    """A drug injected into one compartment: after a dose D, C = D/V · 2^(-t/10 h), V = weight · exp(η)."""
    return Model(
        name="toy",
        citation="none",
        covariates=(Continuous("weight_kg", "kg", 1.0, 300.0),),
        parameters={},
        individual=lambda theta, covariates: Bolus(covariates["weight_kg"]),
        start=lambda person: Amount(0.0),
        rates=lambda person, state: Amount(-np.log(2) / HALF_LIFE_H * state.drug_mg),
        compartments={"blood": Compartment("drug_mg")},
        observe=lambda person, state: {"C": state.drug_mg / person.volume_l},
        observables={"C": "mg/L"},
        variability=Variability(between={"volume_l": Assumed(CV, "CV", "made up")}),
        longest_step_h=longest_step_h,
    )


TOY = toy()
WARFARIN = library.load("warfarin_hamberg2007")


def people(n: int, weight_kg: float = 50.0) -> Cohort:
    return Cohort(tuple(f"P{i}" for i in range(n)), {"weight_kg": np.full(n, weight_kg)})


def superposed(doses: Doses, times_h: Floats) -> Floats:
    """The amount in the body at times before a dose of the same moment, by adding up what each dose has left."""
    passed = times_h[:, np.newaxis] - doses.time_h
    return (np.where(passed > 0, doses.amount * 2 ** (-passed / HALF_LIFE_H), 0.0)).sum(axis=1)


@pytest.mark.parametrize("longest_step_h", [0.7, 24.0, 1e6])
def test_the_typical_course_is_the_superposition_of_all_doses(longest_step_h: float) -> None:
    rng = np.random.default_rng(1)
    doses = boluses(np.sort(rng.uniform(0, 200, 30)), rng.uniform(1, 9, 30))
    times = Times(np.unique(np.concatenate([[0.0, 300.0], rng.uniform(0, 300, 40), doses.time_h[:5]])), "h")
    found = simulate(toy(longest_step_h), people(2), Regimen(doses, {}), times, None)
    for bound in (found.value, found.lower, found.upper):
        np.testing.assert_allclose(bound[1, 0] * 50, superposed(doses, times.hours), rtol=1e-12)


def test_each_patient_gets_the_doses_of_their_own() -> None:
    regimens = {f"P{i}": boluses(np.array([float(i), 30.0 + i]), np.array([1.0 + i, 2.0])) for i in range(3)}
    times = Times(np.arange(0.0, 60.0, 7.0), "h")
    found = simulate(TOY, people(3), Regimen(None, regimens), times, None)
    for place, doses in enumerate(regimens.values()):
        np.testing.assert_allclose(found.value[place, 0] * 50, superposed(doses, times.hours), rtol=1e-12)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_value_and_bounds_are_the_quantiles_of_a_log_normal_concentration(level: float) -> None:
    times = Times(np.array([10.0]), "h")
    found = simulate(TOY, people(3), every(100.0, 24, 1), times, Variation(seed=5, draws=20_000, level=level))
    spread = np.exp(log_sd(CV) * stats.norm.ppf(0.5 + level / 2))
    np.testing.assert_allclose(found.value[:, 0, 0], 1.0, rtol=0.03)
    np.testing.assert_allclose(found.lower[:, 0, 0], 1 / spread, rtol=0.03)
    np.testing.assert_allclose(found.upper[:, 0, 0], spread, rtol=0.03)
    assert f"{level:.0%} of 20000 patients" in found.basis and "without residual error" in found.basis


@pytest.mark.parametrize(("draws", "level"), [(400, 0.9), (100, 0.5)])
def test_the_bounds_hold_as_many_fresh_patients_as_they_say(draws: int, level: float) -> None:
    """In closed form: the share of patients like one whose concentration lies between that one's bounds.

    Between quantiles of n draws lies, on average, level · (n - 1)/(n + 1) of the whole (order statistics).
    """
    times, sd = Times(np.array([10.0]), "h"), log_sd(CV)
    found = simulate(TOY, people(400), every(100.0, 24, 1), times, Variation(seed=3, draws=draws, level=level))
    held = stats.norm.cdf(np.log(found.upper) / sd) - stats.norm.cdf(np.log(found.lower) / sd)
    error = held.std(ddof=1) / np.sqrt(held.size)
    assert error < 0.004
    assert held.mean() == pytest.approx(level * (draws - 1) / (draws + 1), abs=4 * error)


def test_the_bounds_of_warfarins_inr_hold_as_many_fresh_patients_as_they_say() -> None:
    n, level = 250, 0.9
    luck = np.random.default_rng(4)
    covariates = {
        "age_years": luck.uniform(20, 90, n),
        "CYP2C9": luck.choice(["*1/*1", "*1/*3"], n),
        "VKORC1": luck.choice(["GG", "GA", "AA"], n),
    }
    cohort = Cohort(tuple(map(str, range(n))), covariates)
    found = simulate(WARFARIN, cohort, every(5, 24, 10), parse_times("10:10:1d"), Variation(seed=1, draws=200))
    fresh = draw(WARFARIN, cohort, seed=2)
    inr = carry(WARFARIN, fresh, begin(WARFARIN, fresh), np.full((n, 10), 5.0))[1]["INR"][:, -1]
    held = ((found.lower[:, 0, 0] <= inr) & (inr <= found.upper[:, 0, 0])).sum()
    lowest, highest = stats.binom.ppf((0.001, 0.999), n, level * 199 / 201)
    assert lowest <= held <= highest


def test_a_patients_luck_hangs_on_seed_and_id_alone() -> None:
    whole, part = people(7), Cohort(("P5", "P2"), {"weight_kg": np.full(2, 50.0)})
    np.testing.assert_array_equal(draw(TOY, part, 1).volume_l, draw(TOY, whole, 1).volume_l[[5, 2]])
    np.testing.assert_array_equal(draw(TOY, whole, 1, draws=3).volume_l[::3], draw(TOY, whole, 1).volume_l)
    assert not np.any(draw(TOY, whole, 1).volume_l == draw(TOY, whole, 2).volume_l)
    times, variation = Times(np.array([5.0]), "h"), Variation(seed=1, draws=300)
    together = simulate(TOY, whole, every(5, 24, 1), times, variation)
    apart = simulate(TOY, part, every(5, 24, 1), times, variation)
    np.testing.assert_array_equal(apart.upper[:, 0], together.upper[[5, 2], 0])


def test_visits_and_chunks_do_not_show_in_the_result() -> None:
    n = CHUNK + 3
    rng = np.random.default_rng(2)
    cohort = Cohort(
        tuple(map(str, range(n))),
        {
            "age_years": rng.uniform(20, 90, n),
            "CYP2C9": rng.choice(["*1/*1", "*1/*3"], n),
            "VKORC1": rng.choice(["GG", "GA", "AA"], n),
        },
    )
    doses = rng.uniform(1, 9, (n, 9))
    individuals = draw(WARFARIN, cohort, 0)
    _, at_once = carry(WARFARIN, individuals, begin(WARFARIN, individuals), doses)
    state, visits = begin(WARFARIN, individuals), []
    for first, last in ((0, 1), (1, 4), (4, 9)):
        state, seen = carry(WARFARIN, individuals, state, doses[:, first:last])
        visits.append(seen["INR"])
    np.testing.assert_array_equal(np.concatenate(visits, axis=1), at_once["INR"])
    some = np.array([n - 1, 0, CHUNK])
    few = type(individuals)(*(values[some] for values in individuals))
    _, alone = carry(WARFARIN, few, begin(WARFARIN, few), doses[some])
    np.testing.assert_allclose(alone["INR"], at_once["INR"][some], rtol=1e-13)


def test_one_patient_who_cannot_be_computed_is_a_value_with_a_reason() -> None:
    cohort = Cohort(("a", "b", "c"), {"weight_kg": np.array([50.0, np.nan, 50.0])})
    once = Regimen(None, {name: boluses(np.zeros(1), np.array([1.0])) for name in "abc"})
    found = simulate(TOY, cohort, once, Times(np.array([0.0, 1.0]), "h"), None)
    assert found.failures == {"b": "weight_kg is missing"}
    np.testing.assert_allclose(found.value[[0, 2], 0] * 50, [[0.0, 2**-0.1]] * 2, rtol=1e-12)
    assert np.isnan(found.value[1]).all()
    overflow = Regimen(None, {**once.by_id, "c": boluses(np.array([0.0, 0.1]), np.array([1.7e308, 1.7e308]))})
    found = simulate(TOY, cohort, overflow, Times(np.array([1.0]), "h"), None)
    assert set(found.failures) == {"b", "c"} and "check the doses" in found.failures["c"]


def test_the_frame_has_a_row_for_each_patient_observable_and_time() -> None:
    cohort = Cohort(
        ("x", "y"),
        {"age_years": np.array([50.0, 71.0]), "CYP2C9": np.array(["*1/*1"] * 2), "VKORC1": np.array(["GG", "AA"])},
    )
    found = simulate(WARFARIN, cohort, every(5, 24, 3), parse_times("0:2:1d"), None)
    frame = found.to_frame()
    assert list(frame.columns) == ["id", "time", "time_unit", "observable", "unit", "value", "lower", "upper"]
    assert set(frame["time_unit"]) == {"d"}
    assert frame["unit"].tolist() == (["1"] * 3 + ["mg/L"] * 3) * 2
    assert frame["id"].tolist() == ["x"] * 6 + ["y"] * 6
    assert frame["time"].tolist() == [0.0, 1.0, 2.0] * 4
    assert frame["observable"].tolist() == (["INR"] * 3 + ["S_warfarin_mg_per_L"] * 3) * 2
    one = frame[(frame["id"] == "y") & (frame["observable"] == "S_warfarin_mg_per_L")]
    np.testing.assert_array_equal(one["value"], found.value[1, 1])


@pytest.mark.parametrize(
    ("text", "hours", "unit"),
    [
        ("0:84:1d", np.arange(85) * 24.0, "d"),
        ("0:0.3:0.1h", np.array([0.0, 0.1, 0.2, 0.3]), "h"),
        (" 1 : 6 : 2 h ", np.array([1.0, 3.0, 5.0]), "h"),
        ("7:7:1d", np.array([168.0]), "d"),
    ],
)
def test_times_are_read(text: str, hours: Floats, unit: str) -> None:
    found = parse_times(text)
    np.testing.assert_allclose(found.hours, hours)
    assert found.unit == unit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0:84",
        "0:84:1",
        "0:84:1w",
        "-1:84:1d",
        "84:0:1d",
        "0:84:0d",
        "0:1e9:1h",
        "0:1_0:1d",
        "0:٣:1d",
        "0:100000:1h",
    ],
)
def test_times_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="times"):
        parse_times(text)


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("digits", [308, 310])
def test_a_number_of_hundreds_of_digits_is_named_and_not_repeated(place: int, digits: int) -> None:
    """308 digits are a number, but not of hours; 310 are none."""
    parts = ["0", "1", "1"]
    parts[place] = "9" * digits
    with pytest.raises(ValueError, match=r"times '.{60}\.\.\.': (a number is too large|.*start <= stop)") as failure:
        parse_times(":".join(parts) + "d")
    assert len(str(failure.value)) < 200


@pytest.mark.parametrize(
    "hours", [[], [-1.0, 5.0], [5.0, 1.0], [1.0, 1.0], [np.nan], [0.0, np.nan, 2.0], [0.0, np.inf], [np.nan, 1.0]]
)
def test_times_made_in_python_must_ascend(hours: list[float]) -> None:
    with pytest.raises(ValueError, match="must ascend from 0 hours"):
        simulate(TOY, people(1), every(5, 24, 1), Times(np.array(hours), "h"), None)


def refuses(doses: Doses, times: Times, message: str, variation: Variation | None = None, n: int = 1) -> None:
    """The refusal comes before a step is taken or an array made: neither could be within these hours and gigabytes."""
    with pytest.raises(ValueError, match=message):
        simulate(TOY, people(n), Regimen(doses, {}), times, variation)


ONCE = boluses(np.zeros(1), np.ones(1))


def test_too_many_steps_are_refused_before_the_first() -> None:
    refuses(
        ONCE, parse_times("0:1000000:1000000d"), r"to 2.4e\+07 h takes 1e\+06 steps of at most 24 h, .* at most 100000"
    )
    refuses(ONCE, Times(np.array([1e300]), "h"), "ask for earlier times")
    many = boluses(np.arange(MAX_STEPS + 1) / 1e4, np.ones(MAX_STEPS + 1))
    refuses(many, Times(np.array([24.0]), "h"), "takes 100001 steps .* slip in the doses' times")


def test_a_step_is_counted_once_whether_a_dose_a_time_or_the_longest_step_ends_it() -> None:
    """Times at 0, 30 and 48 h, a dose at 24 h: 0-24, 24-30 and 30-48 h; 100 h more take five steps of at most 24 h."""
    doses = boluses(np.array([0.0, 24.0, 200.0]), np.ones(3))
    asked = np.array([0.0, 30.0, 48.0, 148.0])
    entry = Entry(np.ones((1, 1)), *np.zeros((3, 1, 1)))
    laid = timeline([doses], [Look.before(asked)], entry, 24.0)
    assert laid.hours.tolist() == [0.0, 24.0, 6.0, 18.0, 20.0, 20.0, 20.0, 20.0, 20.0]
    assert laid.asked[:, 0].tolist() == [0, 2, 3, 8]
    assert np.flatnonzero(laid.bolus[:, 0, 0]).tolist() == [1, 2]


def test_too_many_numbers_are_refused_before_an_array_is_made() -> None:
    hourly = Times(np.arange(50_000.0), "h")
    refuses(ONCE, hourly, "1000 patients at 50000 times make 150000000 numbers", n=1000)
    refuses(ONCE, hourly, "10000000 draws in 49999 steps are too many numbers", Variation(draws=10_000_000))


def test_a_patients_course_does_not_hang_on_the_times_of_others() -> None:
    regimens = {f"P{i}": boluses(np.arange(4.0) + i / 10, np.full(4, 1.0 + i)) for i in range(5)}
    times = Times(np.array([5.0]), "h")
    together = simulate(TOY, people(5), Regimen(None, regimens), times, None)
    for place, name in enumerate(regimens):
        one = Cohort((name,), {"weight_kg": np.full(1, 50.0)})
        alone = simulate(TOY, one, Regimen(None, {name: regimens[name]}), times, None)
        np.testing.assert_allclose(alone.value[0], together.value[place], rtol=1e-14)


def test_doses_after_the_last_time_cost_nothing() -> None:
    """A million doses a microsecond apart, and one at the end of time: a step for each would be refused."""
    late = np.concatenate([[0.0], 30.0 + np.arange(1_000_000) / 3.6e9, [1e300, np.inf]])
    doses = boluses(late, np.ones(late.size))
    times = Times(np.array([10.0, 30.0]), "h")
    found = simulate(TOY, people(1), Regimen(doses, {}), times, None)
    np.testing.assert_allclose(found.value[0, 0] * 50, [0.5, 0.125], rtol=1e-12)
    laid = timeline([doses], [Look.before(times.hours)], Entry(np.ones((1, 1)), *np.zeros((3, 1, 1))), 24.0)
    assert np.cumsum(laid.hours).tolist() == [0.0, 10.0, 30.0]


@pytest.mark.parametrize("settings", [{"draws": 1}, {"level": 1.0}, {"level": 0.0}])
def test_variation_that_makes_no_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected draws >= 2 and 0 < level < 1"):
        Variation(**settings)


def test_jax_is_left_as_it_was() -> None:
    simulate(TOY, people(1), every(5, 24, 1), Times(np.array([1.0]), "h"), None)
    assert jnp.ones(1).dtype == jnp.float32 and not jax.config.read("jax_enable_x64")


def test_progress_goes_from_zero_to_one() -> None:
    seen: list[float] = []
    simulate(
        TOY, people(30), every(5, 24, 1), Times(np.array([1.0]), "h"), Variation(), lambda _, share: seen.append(share)
    )
    assert seen[0] == 0 and seen[-1] == 1 and seen == sorted(seen) and len(seen) > 10


def test_an_unknown_model_lists_the_models() -> None:
    with pytest.raises(ValueError, match=r"no model is called 'warfarin'; the models are .*warfarin_hamberg2007, "):
        library.load("warfarin")
