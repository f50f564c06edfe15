"""The search: closed forms, published doses, a brute-force search, and what is said where there is no dose."""

from dataclasses import replace

import numpy as np
import pytest

from tests.twin.test_warfarin import TABLE_5, cohort_of
from twin import library
from twin.dose.asked import Asked, Bounds, asked
from twin.dose.report import report
from twin.dose.schedule import Schedule, seen
from twin.dose.search import find
from twin.dose.subjects import Subjects, of_cohort, of_individuals, of_mixture, spread
from twin.dose.target import DoseError, Target, parse_limit, parse_target
from twin.engine import typical
from twin.mixture import mixture
from twin.model import Model
from twin.patient import Cohort
from twin.quantity import Measured
from twin.simulate import Variation

THEOPHYLLINE = library.load("theophylline_boeckmann1994")
WARFARIN = library.load("warfarin_hamberg2007")
NAME = "theophylline_mg_per_L"
ONE = Cohort(("a",), {})


def theophylline(draws: int = 0) -> Subjects:
    return of_cohort(THEOPHYLLINE, ONE, Variation(draws=draws) if draws else None)


def test_the_dose_for_a_mean_is_clearance_times_interval() -> None:
    found = find(theophylline(), asked(THEOPHYLLINE, f"{NAME}=10", every="12h", measure="mean"))
    assert found.dose[0] == pytest.approx(10 * 2.752 * 12, rel=1e-9) and found.window.settled
    assert not found.reasons and found.monotone.all()


def test_published_doses() -> None:
    # Hamberg 2007, Table 5: the INR is within 3.5 % of 2.5 on them, so that the dose is within about twice that.
    people = of_cohort(WARFARIN, cohort_of([cell[:3] for cell in TABLE_5]), None)
    found = find(people, asked(WARFARIN, "INR=2.5"))
    np.testing.assert_allclose(found.dose, [cell[3] for cell in TABLE_5], rtol=0.07)
    np.testing.assert_allclose(found.value, 2.5, rtol=1e-6)


def test_a_dose_of_whole_tablets_is_the_nearest_of_them_and_stays_within_the_most() -> None:
    # 330.24 mg are wanted: of multiples of 50, 350 is nearer; of multiples of 40 up to 330, only 320 is left.
    how = {"every": "12h", "measure": "mean"}
    assert find(theophylline(), asked(THEOPHYLLINE, f"{NAME}=10", step=50.0, **how)).dose[0] == 350  # type: ignore[arg-type]
    capped = find(theophylline(), asked(THEOPHYLLINE, f"{NAME}=10", step=40.0, high=335.0, **how))  # type: ignore[arg-type]
    assert capped.dose[0] == 320 or capped.tried[0] == 320
    beyond = find(theophylline(), asked(THEOPHYLLINE, f"{NAME}=10", step=16.0, high=15 * 16.0 + 8, **how))  # type: ignore[arg-type]
    assert np.isnan(beyond.dose[0]) and beyond.tried[0] == 240


def test_out_of_reach_is_said_with_how_far_it_goes() -> None:
    wanted = asked(THEOPHYLLINE, f"{NAME}=10", every="12h", measure="mean", high=300.0)
    found = find(theophylline(), wanted)
    reached = 300 / (2.752 * 12)
    assert np.isnan(found.dose[0]) and found.value[0] == pytest.approx(reached)
    assert f"reaches at most {reached:.4g}, on 300 mg" in found.reasons["a"]
    row = report(found, None, spreads=True).to_json()["patients"][0]
    assert row["dose"] is None and row["nearest"]["dose"] == 300
    low = find(theophylline(), replace(wanted, bounds=Bounds(400.0, 800.0)))
    assert "at least" in low.reasons["a"] and low.tried[0] == 400


def test_the_longest_time_in_a_range_is_that_of_every_dose_tried() -> None:
    wanted = asked(THEOPHYLLINE, f"{NAME}=10:20", every="12h", low=20.0, high=900.0, step=20.0)
    found = find(theophylline(100), wanted)
    people, schedule = theophylline(100), wanted.schedule
    shares = [
        spread(people, np.array([dose]), schedule, found.window, wanted.target, ()).in_range[0]
        for dose in np.arange(20.0, 920.0, 20.0)
    ]
    assert found.spread.in_range[0] == max(shares)
    assert found.dose[0] == np.arange(20.0, 920.0, 20.0)[int(np.argmax(shares))]


def test_a_limit_is_kept_or_there_is_no_dose() -> None:
    # of log-normal clearance, the share below a limit is known: mean concentration = dose / (CL * tau)
    how = {"every": "12h", "measure": "mean"}
    limit = (parse_limit(f"{NAME}<60", THEOPHYLLINE),)
    free = find(theophylline(200), replace(asked(THEOPHYLLINE, f"{NAME}=10", **how), limits=limit))  # type: ignore[arg-type]
    assert not free.reasons and free.spread.kept[0, 0] == 1
    tight = (parse_limit(f"{NAME}<12", THEOPHYLLINE),)
    found = find(theophylline(200), replace(asked(THEOPHYLLINE, f"{NAME}=10", **how), limits=tight))  # type: ignore[arg-type]
    assert np.isnan(found.dose[0]) and "0.95 is asked for" in found.reasons["a"]
    assert found.spread.kept[0, 0] >= 0.95 and 0 < found.value[0] < 10
    more = replace(found.asked, bounds=Bounds(found.tried[0] * 1.05, found.tried[0] * 1.06))
    assert find(theophylline(200), more).spread.kept[0, 0] < 0.95


def rising_and_falling() -> Model:
    """Theophylline, seen through a hump: the mean that is seen is highest at 10 mg/L."""

    def observe(person: object, body: object) -> dict[str, object]:
        concentration = THEOPHYLLINE.observe(person, body)[NAME]
        return {NAME: concentration * (20.0 - concentration)}

    return replace(THEOPHYLLINE, observe=observe)


def test_what_rises_and_falls_is_seen_to_and_the_smaller_dose_is_meant() -> None:
    model = rising_and_falling()
    found = find(of_cohort(model, ONE, None), asked(model, f"{NAME}=51", every="12h", high=5000.0))
    assert not found.monotone[0]
    trough = find(theophylline(), asked(THEOPHYLLINE, f"{NAME}=3", every="12h")).dose[0]
    assert found.dose[0] == pytest.approx(trough, rel=1e-5)  # 3 * 17 = 51, and so is 17 * 3
    above = find(of_cohort(model, ONE, None), asked(model, f"{NAME}=101", every="12h", low=1.0, high=2000.0))
    assert np.isnan(above.dose[0])


def test_a_patient_without_a_covariate_fails_alone() -> None:
    cohort = cohort_of([("*1/*1", "GG", 71.0), ("*1/*1", "GG", np.nan)])
    found = find(of_cohort(WARFARIN, cohort, None), asked(WARFARIN, "INR=2.5", step=0.5, high=15.0))
    assert found.dose[0] == 8.0 and np.isnan(found.dose[1])
    assert found.reasons == {"P1": "age_years is missing"}
    rows = report(found, None, spreads=False).to_json()
    assert rows["without_a_dose"] == 1 and rows["patients"][1]["nearest"] is None


def test_a_dose_does_not_hang_on_who_else_is_asked_about() -> None:
    cells = [cell[:3] for cell in TABLE_5]
    many = find(of_cohort(WARFARIN, cohort_of(cells), None), asked(WARFARIN, "INR=2.5"))
    alone = find(of_cohort(WARFARIN, cohort_of(cells[:1]), None), asked(WARFARIN, "INR=2.5"))
    assert alone.dose[0] == pytest.approx(many.dose[0], rel=1e-4)


def test_who_may_be_several_has_the_dose_of_the_median() -> None:
    # with the genotypes unknown, half of the typical patients whom this one may be are above the target, half below
    wanted = asked(WARFARIN, "INR=2.5", at="84d")
    one = of_mixture(WARFARIN, mixture(WARFARIN, "a", {"age_years": "71"}), Variation(draws=100))
    found = find(one, wanted)
    assert one.per == one.draws == 100 and 2 < found.dose[0] < 8
    values = seen(WARFARIN, one.middle, np.full(100, found.dose[0]), wanted.schedule, found.window, False)
    course = values.counted("INR", "trough")
    assert (course < 2.5).mean() <= 0.5 <= (course <= 2.5 + 1e-6).mean()


def test_a_model_without_a_steady_state_asks_when() -> None:
    still = {**THEOPHYLLINE.parameters, "clearance": Measured(1e-9, "L/h", "made up: nothing leaves")}
    model = replace(THEOPHYLLINE, parameters=still)
    with pytest.raises(DoseError, match="--at 84d"):
        find(of_cohort(model, ONE, None), asked(model, f"{NAME}=10", every="24h"))
    found = find(of_cohort(model, ONE, None), asked(model, f"{NAME}=10", at="10d"))
    assert found.dose[0] == pytest.approx(10 * 31.81 / 10, rel=1e-6)  # ten doses, all still there


def test_another_model_says_what_it_makes_of_the_dose() -> None:
    cohort, wanted = cohort_of([("*1/*1", "GG", 71.0)]), asked(WARFARIN, "INR=2.5")
    found = find(of_cohort(WARFARIN, cohort, None), wanted)
    other = library.load(library.SECOND["warfarin_hamberg2007"])
    told = report(found, of_cohort(other, cohort, None), spreads=False).to_json()["patients"][0]["second_model"]
    own = find(of_cohort(other, cohort, None), asked(other, "INR=2.5"))
    assert told["own_dose"] == pytest.approx(own.dose[0], rel=1e-4)
    assert (told["value"] > 2.5) == (own.dose[0] < found.dose[0])


@pytest.mark.parametrize("text", ["INR", "INR=", "INR=a", "INR=2:x", "=2"])
def test_a_target_that_cannot_be_read(text: str) -> None:
    with pytest.raises(DoseError):
        parse_target(text, WARFARIN)


def test_targets_and_limits() -> None:
    assert parse_target("inr=2:3", WARFARIN) == Target("INR", 2.0, 3.0)
    assert str(parse_limit("INR < 4", WARFARIN)) == "INR<4"
    with pytest.raises(DoseError, match="lower bound first"):
        parse_target("INR=3:2", WARFARIN)
    with pytest.raises(DoseError, match="expected one of INR, S_warfarin"):
        parse_limit("HbA1c<4", WARFARIN)
    with pytest.raises(DoseError, match="no multiple of the step 10"):
        Bounds(1.0, 9.0, 10.0)
    with pytest.raises(DoseError, match="low < high"):
        Bounds(5.0, 5.0)
    with pytest.raises(DoseError, match="expected one of theophylline_boeckmann1994's: gut"):
        find(theophylline(), Asked(Target(NAME, 1.0, 1.0), Schedule(compartment="vein")))


def test_one_patient_who_comes_to_no_steady_state_fails_alone() -> None:
    people = typical(THEOPHYLLINE, {}, None, 2)
    people.clearance_l_per_h[1] = 1e-9
    found = find(of_individuals(THEOPHYLLINE, people), asked(THEOPHYLLINE, f"{NAME}=10", every="12h", measure="mean"))
    assert found.dose[0] == pytest.approx(10 * 2.752 * 12) and np.isnan(found.dose[1])
    assert list(found.reasons) == ["2"] and "no steady state" in found.reasons["2"]
