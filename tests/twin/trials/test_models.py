"""Trials of other models: courses by other integrators, in closed form, and from one occasion to the next."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy import integrate, stats

from kg.files.checked import DesignError
from tests.twin.trials.designs import CONCENTRATION, EXAMPLES, INR, Content, courses, designed, dropout, fixed, plain
from twin.engine import float64_on_cpu
from twin.model import Floats, Model
from twin.trials import run
from twin.trials.course import Course
from twin.variability import log_sd

TACROLIMUS, SURVIVAL = EXAMPLES / "tacrolimus_trial.toml", EXAMPLES / "survival_trial.toml"
TROUGH, SIZE = "tacrolimus_ug_per_L", "tumour_size_mm"


def two_compartments(bodies: Sequence[Any], doses: Floats, every_h: float, occasion: int) -> list[float]:
    """Troughs of one patient before each dose of one who takes doses, [dose], by LSODA; parameters by occasion."""
    state, found = np.zeros(3), []
    for place, dose in enumerate(doses):
        clearance, v1, exchange, v2, absorption, lag = (float(one) for one in bodies[place // occasion])
        found.append(1000.0 * state[1] / v1)

        def change(
            _: float, y: Floats, cl: float = clearance, ka: float = absorption, k: Any = (exchange, v1, v2)
        ) -> list:  # type: ignore[type-arg]
            out, back = k[0] * y[1] / k[1], k[0] * y[2] / k[2]
            return [-ka * y[0], ka * y[0] - cl * y[1] / k[1] - out + back, out - back]

        for hours, arriving in ((lag, 0.0), (every_h - lag, dose)):
            state = state + np.array([arriving, 0.0, 0.0])
            state = integrate.solve_ivp(change, (0, hours), state, "LSODA", rtol=1e-10, atol=1e-12).y[:, -1]
    return found


def of(bodies: Sequence[Any], patient: int) -> list[list[float]]:
    return [[float(one[patient]) for one in body] for body in bodies]


def test_troughs_of_tacrolimus_twice_a_day_by_another_integrator() -> None:
    """Clearance is another one each week; doses missed are not taken; each dose arrives after a lag."""
    design = designed(path=TACROLIMUS)
    assert design.grid.per_day == 2
    enrolled = run.enrol(design, 20)
    course = run.follow(design, design.arms[1], enrolled)
    assert (course.doses != course.given).any()
    for patient in (0, 13):
        expected = two_compartments(of(enrolled.bodies, patient), course.doses[patient], 12.0, 14)
        assert course.true[TROUGH][patient, :-1] == pytest.approx(expected, rel=2e-5, abs=1e-9)
    mornings = course.grid.mornings(course.grid.visits)
    assert course.measured[TROUGH] == pytest.approx(
        course.true[TROUGH][:, mornings] * (1 + 0.245 * enrolled.error[TROUGH]), rel=1e-12
    )


def test_only_what_varies_between_occasions_does_and_as_much_as_the_model_says() -> None:
    """Andrews 2019: between occasions clearance varies by 13.6 %; nothing else does."""
    design = designed(path=TACROLIMUS)
    enrolled = run.enrol(design, 4000)
    assert len(enrolled.bodies) == 4
    logs = np.log([body.clearance_l_per_h for body in enrolled.bodies])
    moves = logs[1:] - logs[:1]
    assert moves.std(axis=1) == pytest.approx(log_sd(0.136) * np.sqrt(2), rel=0.05)
    assert np.corrcoef(moves[0], moves[1])[0, 1] == pytest.approx(0.5, abs=0.05), "of three independent occasions"
    for name in ("central_volume_l", "absorption_per_h", "lag_h"):
        assert all((getattr(body, name) == getattr(enrolled.bodies[0], name)).all() for body in enrolled.bodies)
    assert stats.kstest(moves[0] / moves[0].std(), "norm").pvalue > 1e-3


def test_an_occasion_is_the_patients_own_however_long_the_trial() -> None:
    def longer(c: Content) -> None:
        c["trial"]["weeks"] = 6

    short, long = (run.enrol(design, 30) for design in (designed(path=TACROLIMUS), designed(longer, TACROLIMUS)))
    assert len(long.bodies) == 6
    for body, again in zip(short.bodies, long.bodies, strict=False):
        assert body.clearance_l_per_h.tolist() == again.clearance_l_per_h.tolist()


def test_occasions_of_a_model_that_says_nothing_of_them_are_refused() -> None:
    with pytest.raises(DesignError, match=r"conduct.occasion_days: phenobarbital_grasela1985 says nothing of"):
        plain(conduct={"adherence": 1.0, "measurement_error": True, "occasion_days": 7})


def test_the_tacrolimus_trial_counts_who_is_within_the_target() -> None:
    result = run.run(designed(path=TACROLIMUS))
    assert [endpoint.endpoint.name for endpoint in result.endpoints] == ["INRANGE", "TTR", "TOXIC"]
    assert [arm for arm, mean in result.means.items() if 0.2 < mean.value < 0.6] == ["standard", "by genotype"]
    for course in result.courses:
        trough = course.seen(TROUGH)[:, 2]
        inside = (trough >= 10) & (trough <= 15)
        assert result.means[course.arm].value == pytest.approx(inside.mean())
    raised = [difference.adjusted_p for endpoint in result.endpoints for difference in endpoint.differences]
    usual = [difference.effect.p_value for endpoint in result.endpoints for difference in endpoint.differences]
    assert all(p is None or q is None or p >= q for p, q in zip(raised, usual, strict=True)), "Holm's"


def test_a_tumours_size_in_closed_form() -> None:
    """TS = BASE · exp(KL·t - KDE/λ·(1 - e^(-λt))), from the day of treatment on; before, nothing changes.

    The second arm's drug has KDE 0.01545 in place of 0.0103; the third begins on day 57.
    """

    def change(c: Content) -> None:
        c["trial"]["weeks"] = 50
        c["arms"].append({"name": "late", "policy": fixed(*[0.0] * 56, 1.0, 0.0)})

    design = designed(change, SURVIVAL)
    enrolled, (usual, second, late) = courses(design, 60)
    base, growth, shrinkage, resistance = (np.asarray(one)[:, None] for one in enrolled.bodies[0][:4])
    days = np.arange(351.0)

    def size(treated: Floats, stronger: float = 1.0) -> Floats:
        lost = -np.expm1(-resistance * treated) / resistance
        return np.asarray(base * np.exp(growth * treated - stronger * shrinkage * lost))

    assert usual.true[SIZE] == pytest.approx(size(days), rel=1e-6)
    assert second.true[SIZE] == pytest.approx(size(days, 1.5), rel=1e-6)
    assert late.true[SIZE] == pytest.approx(size(np.maximum(days - 56, 0)), rel=1e-6)


def by_rates(model: Model, person: Any, treated: dict[int, float], days: Sequence[int]) -> dict[str, list[float]]:
    """What a patient's observables come to on mornings, by LSODA on the model's own rates; doses by day."""
    with float64_on_cpu():
        begun, unravel = ravel_pytree(model.start(person))
        slope = jax.jit(lambda y: ravel_pytree(model.rates(person, unravel(y)))[0])
        state, found = np.asarray(begun), []
        for day in range(1, max(days) + 1):
            if day in days:
                found.append(model.observe(person, unravel(state)))
            state = state + np.eye(len(state))[0] * treated.get(day, 0.0)
            state = integrate.solve_ivp(
                lambda _, y: np.asarray(slope(y)), (0, 24.0), state, "LSODA", rtol=1e-8, atol=1e-10
            ).y[:, -1]
    return {name: [float(one[name]) for one in found] for name in found[0]}


def test_hba1c_weight_and_glucose_by_the_models_own_rates() -> None:
    """Diet and exercise from day 1, or placebo, in newly found diabetes."""
    endpoints = [
        {"kind": "change", "name": "HBA1C", "observable": "HbA1c_percent", "better": "lower"},
        {"kind": "by_visit", "name": "WEIGHT", "observable": "weight_kg", "better": "lower"},
        {"kind": "responder", "name": "CONTROL", "observable": "HbA1c_percent", "at_most": 7.0},
    ]
    design = plain(
        trial=plain().trial.model_dump() | {"model": "diabetes_choy2016", "weeks": 8, "subjects_per_arm": 40},
        visits={"days": [1, 29, 57]},
        conduct={"adherence": 1.0, "measurement_error": True},
        hazards=dropout(0.01),
        endpoints=endpoints,
        arms=[{"name": "usual", "policy": {"kind": "placebo"}}, {"name": "diet", "policy": fixed(1.0, 0.0)}],
    )
    enrolled, (usual, diet) = courses(design, 40)
    person = type(enrolled.bodies[0])(*(float(one[4]) for one in enrolled.bodies[0]))
    for course, treated in ((usual, {}), (diet, {1: 1.0})):
        for name, values in by_rates(design.model, person, treated, (1, 29)).items():
            assert course.true[name][4, [0, 28]] == pytest.approx(values, rel=1e-5)
    result = run.run(design)
    assert [one.endpoint.name for one in result.endpoints] == ["HBA1C", "WEIGHT", "CONTROL"]
    weight = result.endpoints[1].differences[0]
    assert (
        weight.truth.value < 0 and abs(weight.parallel.value - weight.truth.value) < 4 * weight.parallel.standard_error
    )


@pytest.mark.parametrize("every", ["6h", "12h", "1d", "2d", "7d"])
def test_doses_of_any_interval_in_closed_form(every: str) -> None:
    """One compartment: what each dose leaves at a morning is dose / V · exp(-k · hours since)."""
    arms = [{"name": name, "policy": fixed(8.0, 6.0, every=every)} for name in ("one", "two")]
    design = plain(arms=arms, conduct={"adherence": 0.7, "measurement_error": False})
    enrolled, (course, _) = courses(design, 50)
    clearance, volume = (np.asarray(one)[:, None] for one in enrolled.bodies[0])
    step, mornings = design.grid.step_h, np.array(course.grid.mornings(range(1, 30)))
    hours = (mornings[:, None] - np.arange(course.grid.steps)) * step
    left = np.where(hours > 0, np.exp(-clearance[..., None] / volume[..., None] * np.maximum(hours, 0)), 0.0)
    expected = (left * course.doses[:, None, :]).sum(axis=2) / volume
    assert course.true[CONCENTRATION][:, mornings] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    apart = round((24.0 * float(every[:-1]) if every[-1] == "d" else float(every[:-1])) / step)
    assert (course.given[:, ::apart] > 0).all() and course.given.astype(bool).sum() == 50 * -(
        -design.grid.steps // apart
    )


def test_measurements_of_one_observable_have_the_same_luck_whatever_else_is_measured() -> None:
    """An endpoint on the concentration, and visits more or fewer, leave the INR's errors as they were."""

    def both(c: Content) -> None:
        c["endpoints"].append({"kind": "value", "name": "C", "observable": "S_warfarin_mg_per_L"})

    usual, more = (run.enrol(design, 2000).error for design in (designed(), designed(both)))
    assert set(usual) == {INR} and set(more) == {INR, "S_warfarin_mg_per_L"}
    assert more[INR].tolist() == usual[INR].tolist()
    assert abs(np.corrcoef(more[INR].ravel(), more["S_warfarin_mg_per_L"].ravel())[0, 1]) < 4 / np.sqrt(usual[INR].size)
    fewer = run.enrol(designed(lambda c: c["visits"].update(days=[1, 4, 57, 85])), 2000).error[INR]
    assert fewer.tolist() == usual[INR][:, [0, 1, 11, 15]].tolist()
    assert stats.kstest(usual[INR].ravel(), "norm").pvalue > 1e-3


def test_who_goes_through_an_arm_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    design = designed(lambda c: c.update(hazards=dropout(0.1)))
    enrolled = run.enrol(design, 50)
    whole = run.follow(design, design.arms[1], enrolled)
    monkeypatch.setattr(run, "AT_ONCE", 17)
    parts: Course = run.follow(design, design.arms[1], enrolled)
    assert parts.true[INR].tolist() == whole.true[INR].tolist()
    assert parts.doses.tolist() == whole.doses.tolist() and parts.last_day.tolist() == whole.last_day.tolist()
