"""Models of one drug's concentrations: by DOP853 on their equations, by closed forms, and by published ratios."""

import numpy as np
import pytest

from tests.twin.library.courses import course, individuals, integrated
from twin import library
from twin.dose.asked import asked
from twin.dose.search import find
from twin.dose.subjects import of_cohort
from twin.engine import typical
from twin.mixture import mixture
from twin.patient import Cohort, PatientError
from twin.regimen import every
from twin.simulate import Times, Variation, simulate
from twin.variability import eta_sd

TIMES = [0.5, 2.0, 8.0, 24.0, 30.0, 72.0]
TYPICAL = {
    "age_years": 55.72, "albumin_g_per_L": 42.0, "body_surface_m2": 1.93, "creatinine_umol_per_L": 134.98,
    "haematocrit_percent": 34.0, "lean_mass_kg": 58.94, "CYP3A5": "*3/*3", "CYP3A4": "*1/*1",
}  # fmt: skip


def test_phenobarbital_falls_exponentially_with_the_fitted_values() -> None:
    model = library.load("phenobarbital_grasela1985")
    people = individuals(model)
    found = course(model, people, [(0.0, "vein", 25.0), (12.0, "vein", 3.5)], TIMES)["phenobarbital_mg_per_L"][0]
    rate = np.exp(-5.093242 - 0.342534)
    expected = [(25 * np.exp(-rate * t) + 3.5 * np.exp(-rate * (t - 12)) * (t > 12)) / np.exp(0.342534) for t in TIMES]
    np.testing.assert_allclose(found, expected, rtol=1e-5)  # the fit is told to six digits
    assert {name: eta_sd(one) for name, one in model.variability.between.items()} == {
        "clearance_l_per_h": 0.440210,
        "volume_l": 0.450440,
    }


def test_theophylline_follows_batemans_function() -> None:
    model = library.load("theophylline_boeckmann1994")
    found = course(model, individuals(model), [(0.0, "gut", 320.0)], TIMES)["theophylline_mg_per_L"][0]
    ka, k, times = 1.590, 2.752 / 31.81, np.array(TIMES)
    bateman = 320 / 31.81 * ka / (ka - k) * (np.exp(-k * times) - np.exp(-ka * times))
    np.testing.assert_allclose(found, bateman, rtol=1e-9)


def test_tacrolimus_by_other_means() -> None:
    model = library.load("tacrolimus_andrews2019")
    people = individuals(model, **TYPICAL | {"CYP3A5": "*1/*3", "CYP3A4": "*1/*22", "lean_mass_kg": 70.0})
    given, lag = [(0.0, 5.0), (12.0, 4.0), (24.0, 4.0)], 0.38
    times = [0.2, 1.0, 6.0, 12.3, 20.0, 36.0]
    shifted = [(hour + lag, "gut", dose) for hour, dose in given]  # the lag is laid out by the timeline
    found = course(model, people, shifted, times)["tacrolimus_ug_per_L"][0]
    cl, v1, q, v2 = 23 * 1.631 * 0.8, 692 * (70 / 58.94) ** 1.52, 11.6, 5340

    def slope(_: float, y: np.ndarray) -> list[float]:
        between = q * (y[1] / v1 - y[2] / v2)
        return [-3.58 * y[0], 3.58 * y[0] - cl / v1 * y[1] - between, between]

    y = integrated(slope, [0, 0, 0], [(hour + lag, 0, dose) for hour, dose in given], times)
    np.testing.assert_allclose(found, 1000 * y[:, 1] / v1, rtol=1e-7, atol=1e-12)
    assert model.compartments["gut"].lag_h(people) == pytest.approx(lag)


@pytest.mark.parametrize(
    ("changed", "from_", "to", "ratio"),
    [
        ("age_years", 25.0, 65.0, 0.66307),  # Andrews 2019, Results: 34 % less
        ("body_surface_m2", 1.5, 2.25, 1.42876),  # 43 % more
        ("CYP3A5", "*3/*3", "*1/*3", 1.631),
        ("CYP3A5", "*3/*3", "*1/*1", 1.631),
        ("CYP3A5", "*3/*3", "*3/*6", 1.0),
        ("CYP3A4", "*1/*1", "*1/*22", 0.8),
    ],
)
def test_clearance_of_tacrolimus_changes_as_published(changed: str, from_: object, to: object, ratio: float) -> None:
    model = library.load("tacrolimus_andrews2019")
    cohort = {name: np.array([value, value]) for name, value in TYPICAL.items()} | {changed: np.array([from_, to])}
    one, other = typical(model, cohort).clearance_l_per_h
    assert other / one == pytest.approx(ratio, rel=1e-5)
    assert typical(model, {name: np.array([value]) for name, value in TYPICAL.items()}).clearance_l_per_h == 23.0


@pytest.mark.parametrize(
    ("age", "surface", "cyp3a5", "cyp3a4", "dose"),
    [  # Andrews 2019, equation 3, for a trough of 10 ug/L
        (55.72, 1.93, "*3/*3", "*1/*1", 4.995),
        (25.0, 1.5, "*3/*3", "*1/*1", 6.22),
        (75.0, 1.5, "*3/*6", "*1/*1", 3.59),
        (25.0, 2.25, "*1/*3", "*1/*1", 13.49),
        (75.0, 2.25, "*1/*1", "*1/*22", 6.34),
    ],
)
def test_the_first_dose_of_tacrolimus_is_the_published_one(
    age: float, surface: float, cyp3a5: str, cyp3a4: str, dose: float
) -> None:
    model = library.load("tacrolimus_andrews2019_start")
    known = {"age_years": age, "body_surface_m2": surface, "CYP3A5": cyp3a5, "CYP3A4": cyp3a4}
    cohort = Cohort(("A",), {name: np.array([value]) for name, value in known.items()})
    wanted = asked(model, "tacrolimus_ug_per_L=18.5", measure="mean", every="12h")
    assert find(of_cohort(model, cohort, None), wanted).dose[0] == pytest.approx(dose, abs=0.005)


def test_an_unknown_cyp3a4_counts_as_without_22_before_a_transplant_and_body_size_follows_from_weight() -> None:
    model = library.load("tacrolimus_andrews2019_start")
    stated = {"age_years": "50", "weight_kg": "79.4", "height_cm": "183", "CYP3A5": "*3/*3"}
    person = mixture(model, "A", stated)
    assert person.covariates["body_surface_m2"][0] == pytest.approx(2.014) and person.certain
    told = {one.name: one.to_text() for one in person.told}
    assert "from weight 79.4 kg, height 183 cm" in told["body_surface_m2"] and "assumed" in told["body_surface_m2"]
    assert mixture(model, "A", stated, {"body_surface_m2": "1.8"}).covariates["body_surface_m2"][0] == 1.8
    assert mixture(model, "A", stated, {"weight_kg": "60"}).covariates["body_surface_m2"][0] < 1.8
    recorded = {**stated, "body_surface_m2": "2.0"}
    assert mixture(model, "A", recorded).covariates["body_surface_m2"][0] == 2.0
    assert mixture(model, "A", recorded, {"weight_kg": "60"}).covariates["body_surface_m2"][0] < 1.8
    with pytest.raises(PatientError, match="weight_kg=heavy: expected a number of kg"):
        mixture(model, "A", stated, {"weight_kg": "heavy"})
    with pytest.raises(PatientError, match="or weight_kg, height_cm, from which it follows"):
        mixture(model, "A", {"age_years": "50", "CYP3A5": "*3/*3"})
    final = {name: str(value) for name, value in TYPICAL.items() if name != "lean_mass_kg"}
    lean = mixture(library.load("tacrolimus_andrews2019"), "A", {**final, **stated, "sex": "male"})
    assert lean.covariates["lean_mass_kg"][0] == pytest.approx(63.2, abs=0.05)


def test_a_cohort_of_whom_nothing_is_asked_is_simulated_one_by_one() -> None:
    model, cohort = library.load("phenobarbital_grasela1985"), Cohort(("A", "B", "C"), {})
    times = Times(np.array([12.0, 48.0]), "h")
    typical_course = simulate(model, cohort, every(25.0, 24, 3), times, None)
    assert np.ptp(typical_course.value, axis=0).max() == 0 and typical_course.value.shape == (3, 1, 2)
    varied = simulate(model, cohort, every(25.0, 24, 3), times, Variation(draws=40))
    assert not varied.failures and (np.ptp(varied.value, axis=0) > 0).all()
