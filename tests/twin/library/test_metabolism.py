"""Weight, HbA1c and glucose: published typical values, steady states, and DOP853 on the equations."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.twin.library.courses import course, individuals, integrated
from twin import library
from twin.library.diabetes.dallaman2014 import BOUNDS, basal_units_per_h
from twin.model import Floats, Individual

WHIG, PADOVA, GLP1 = (library.load(name) for name in ("diabetes_choy2016", "diabetes_dallaman2014", "weight_guo2025"))


def test_the_typical_patient_has_the_published_glucose_insulin_and_hba1c() -> None:
    found = course(WHIG, individuals(WHIG), [], [24.0, 24.0 * 100])
    for name, value in (("glucose_mmol_per_L", 7.4611), ("insulin_mU_per_L", 18.8372), ("HbA1c_percent", 6.5021)):
        np.testing.assert_allclose(found[name][0], value, atol=6e-5)
    np.testing.assert_allclose(found["weight_kg"][0], 104.0)


def test_the_course_under_diet_and_placebo_by_other_means() -> None:
    times = [24.0 * day for day in (20, 42, 60, 189, 191, 300, 469)]
    found = course(WHIG, individuals(WHIG), [(0.0, "lifestyle", 1.0)], times)

    def fasting(t: float, weight: float) -> tuple[float, float]:
        sensitivity = (1 - 0.0514 * (weight - 104)) / (1 + np.exp(1.1))
        beta = 1 / (1 + np.exp(-0.446 + 0.209 * t / 365))
        rise, fall = (np.exp(np.clip(x, -500, 500)) for x in (-3.69 * (t - 42), 8.05 * (t - 190)))
        beta *= 1 + 0.171 / (1 + rise) / (1 + fall)
        glucose = (3.5 + np.sqrt(3.5**2 + 4 * 35.1 / (7.8 * sensitivity * beta))) / 2
        return glucose, 7.8 * beta * (glucose - 3.5)

    def slope(hours: float, y: Floats) -> Floats:
        t = hours / 24
        eaten = (1 + 0.0299 * t / 365) * (1 - 0.0408 - 0.0228 * (t >= 42))
        made = 0.0129 * fasting(t, y[0])[0] + 0.0709 * 0.963
        weight = np.log(2) / 96.9 * (104 * eaten - y[0])
        chain = [made - 3 / 38.9 * y[1], *(3 / 38.9 * (a - b) for a, b in pairwise(y[1:]))]
        return np.array([weight, *chain]) / 24

    begun = 38.9 / 3 * (0.0129 * fasting(0.0, 104.0)[0] + 0.0709)
    y = integrated(slope, [104.0, *[begun] * 3], [], times)
    np.testing.assert_allclose(
        found["weight_kg"][0], y[:, 0], rtol=1e-5
    )  # the tolerance of steps over the jump at placebo
    np.testing.assert_allclose(found["HbA1c_percent"][0], y[:, 1:].sum(axis=1), rtol=1e-5)
    both = [fasting(t / 24, weight) for t, weight in zip(times, y[:, 0], strict=True)]
    np.testing.assert_allclose(found["glucose_mmol_per_L"][0], [one[0] for one in both], rtol=1e-5)
    np.testing.assert_allclose(found["insulin_mU_per_L"][0], [one[1] for one in both], rtol=1e-5)


@pytest.mark.parametrize(
    ("drug", "dose", "age", "week", "change"),
    [
        ("semaglutide injected", 1.0, 53.6, 52, -8.0352),
        ("semaglutide injected", 2.4, 53.6, 52, -9.5868),
        ("tirzepatide", 10.0, 53.6, 52, -12.9 * (1 - np.exp(-0.0578 * 52))),
        ("retatrutide", 12.0, 63.6, 24, -22.6 * 0.75 * np.exp(-0.304) * (1 - np.exp(-0.0578 * 24))),
    ],
)
def test_an_arms_mean_weight_is_the_published_one(drug: str, dose: float, age: float, week: int, change: float) -> None:
    arm = individuals(GLP1, drug=drug, dose_mg=dose, mean_age_years=age)
    for given in (1.0, 0.25):  # what is given begins the treatment, however much it is
        found = course(GLP1, arm, [(0.0, "treatment", given)], [168.0 * week])["weight_change_kg"][0, 0]
        assert found == pytest.approx(change, abs=5e-5)
    assert any("individuals" in one for one in GLP1.left_out)


@pytest.fixture(scope="module")
def virtual(mirror: Path) -> pd.DataFrame:
    path = mirror / "pk" / "simglucose-virtual-patients.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return pd.read_csv(path)


def people_of(table: pd.DataFrame) -> Individual:
    return individuals(PADOVA, **{name: table[name].to_numpy() for name in BOUNDS})


@pytest.mark.mirror
def test_at_the_basal_infusion_without_a_meal_glucose_stays_where_it_is(virtual: pd.DataFrame) -> None:
    people = people_of(virtual)
    basal = basal_units_per_h(people)
    np.testing.assert_allclose(basal, virtual["u2ss"] * virtual["BW"] / 6000 * 60, rtol=1e-6)
    found = course(PADOVA, people, [], [1.0, 12.0, 24.0], insulin=basal)
    assert len(virtual) == 30
    np.testing.assert_allclose(found["glucose_mg_per_dL"], np.repeat(virtual[["Gb"]], 3, axis=1), rtol=1e-4)
    np.testing.assert_allclose(found["insulin_pmol_per_L"], np.repeat(virtual[["Ib"]], 3, axis=1), rtol=1e-4)


@pytest.mark.mirror
def test_every_virtual_patient_is_within_the_bounds(virtual: pd.DataFrame) -> None:
    for covariate in PADOVA.covariates:
        assert virtual[covariate.name].between(covariate.lower, covariate.upper).all()


@pytest.mark.mirror
def test_a_meal_and_a_bolus_by_other_means(virtual: pd.DataFrame) -> None:
    """The equations as published: the meal is in the stomach at once, and D is what is there then."""
    some = virtual.iloc[[0, 12, 25]]
    people, dose = people_of(some), 60_000.0
    times = [0.5, 1.0, 2.0, 4.0]
    taken = [(0.0, "meal", dose / 1000), (0.0, "insulin", 4.0)]
    found = course(PADOVA, people, taken, times, insulin=basal_units_per_h(people))
    for row, (_, p) in enumerate(some.iterrows()):

        def slope(_: float, y: Floats, p: pd.Series = p) -> Floats:
            q1, q2, gut, gp, gt, ip, x, i1, xl, il, s1, s2, gs = y
            alpha, beta = 5 / (2 * dose * (1 - p.b)), 5 / (2 * dose * p.d)
            bend = np.tanh(alpha * (q1 + q2 - p.b * dose)) - np.tanh(beta * (q1 + q2 - p.d * dose)) + 2
            kgut = p.kmin + (p.kmax - p.kmin) / 2 * bend
            made, lost = max(p.kp1 - p.kp2 * gp - p.kp3 * xl, 0), p.ke1 * max(gp - p.ke2, 0)
            used = (p.Vm0 + p.Vmx * x) * gt / (p.Km0 + gt)
            return 60 * np.array([
                -p.kmax * q1, p.kmax * q1 - kgut * q2, kgut * q2 - p.kabs * gut,
                made + p.f * p.kabs * gut / p.BW - p.Fsnc - lost - p.k1 * gp + p.k2 * gt,
                -used + p.k1 * gp - p.k2 * gt,
                -(p.m2 + p.m4) * ip + p.m1 * il + p.ka1 * s1 + p.ka2 * s2,
                -p.p2u * x + p.p2u * (ip / p.Vi - p.Ib), -p.ki * (i1 - ip / p.Vi), -p.ki * (xl - i1),
                -(p.m1 + p.m30) * il + p.m2 * ip,
                p.u2ss - (p.ka1 + p.kd) * s1, p.kd * s1 - p.ka2 * s2, -p.ksc * gs + p.ksc * gp,
            ])  # fmt: skip

        begun = [p[f"x0_{place:2d}"] for place in range(1, 14)]
        y = integrated(slope, begun, [(0, 0, dose), (0, 10, 4.0 * 6000 / p.BW)], times)
        np.testing.assert_allclose(found["insulin_pmol_per_L"][row], y[:, 5] / p.Vi, rtol=1e-4)
        np.testing.assert_allclose(found["glucose_mg_per_dL"][row], y[:, 3] / p.Vg, rtol=0.03)
        np.testing.assert_allclose(found["sensed_glucose_mg_per_dL"][row], y[:, 12] / p.Vg, rtol=0.03)
