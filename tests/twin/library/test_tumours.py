"""Tumour models: published metrics of growth and survival, the daily map, and DOP853 on the equations."""

import numpy as np
import pytest
from scipy import stats

from tests.twin.library.courses import course, individuals, integrated
from twin import library
from twin.engine import begin, float64_on_cpu, follow
from twin.library.tumour import claret2014, geng2017
from twin.timeline import Timeline

CLARET, GENG = library.load("tumour_claret2014"), library.load("tumour_geng2017")
BEGUN = [(0.0, "treatment", 1.0)]


def test_time_to_regrowth_nadir_and_the_ratio_at_week_eight_are_those_published() -> None:
    people = individuals(CLARET, asian="no", ever_smoker="yes")
    with float64_on_cpu():
        regrowth = float(claret2014.regrowth_d(people)[0])
    assert regrowth == pytest.approx(117.33, abs=0.005)
    size = course(CLARET, people, BEGUN, [24.0 * 56, 24.0 * regrowth])["tumour_size_mm"][0]
    assert size[0] / 90 == pytest.approx(0.7463, abs=5e-5)
    assert size[1] == pytest.approx(63.251, abs=5e-4)


@pytest.mark.parametrize(("asian", "ever_smoker", "days"), [("no", "yes", 363.2), ("yes", "no", 650.7)])
def test_median_survival_is_the_one_published(asian: str, ever_smoker: str, days: float) -> None:
    people = individuals(CLARET, asian=asian, ever_smoker=ever_smoker)
    alive = course(CLARET, people, BEGUN, [24.0 * (days - 0.06), 24.0 * (days + 0.06)])["overall_survival"][0]
    assert alive[0] > 0.5 > alive[1]


def test_the_hazard_adds_up_to_the_survival_that_is_observed() -> None:
    people = individuals(CLARET, asian=["no", "yes"], ever_smoker=["yes", "no"])
    days = 700
    bolus = np.zeros((days, 1, 2))
    bolus[0] = 1.0
    line = Timeline(np.arange(2), np.full(days, 24.0), bolus, None, None, None, (), np.arange(days)[:, None])
    found = follow(CLARET, people, begin(CLARET, people), line)
    np.testing.assert_allclose(np.exp(-found.state[-1]), found.seen["overall_survival"][:, -1], rtol=1e-6)
    with float64_on_cpu():
        mean = np.asarray(claret2014.log_survival(people))
    alive = stats.lognorm(np.exp(-0.24), scale=np.exp(mean)).sf(days)
    np.testing.assert_allclose(found.seen["overall_survival"][:, -1], alive, rtol=1e-9)


def test_tumour_size_by_other_means() -> None:
    people = individuals(CLARET, asian="no", ever_smoker="no")
    times = [24.0 * day for day in (3, 30, 117, 365)]

    def slope(hours: float, y: np.ndarray) -> list[float]:
        return [y[0] * (0.00107 - 0.0103 * np.exp(-0.0193 * hours / 24)) / 24]

    expected = integrated(slope, [90.0], [], times)[:, 0]
    np.testing.assert_allclose(course(CLARET, people, BEGUN, times)["tumour_size_mm"][0], expected, rtol=1e-8)


def medians() -> tuple[float, float]:
    """Return the medians of growth and radiosensitivity, normal and cut off at 0, by SciPy."""
    growth = stats.truncnorm(-7e-5 / 7.23e-3, np.inf, 7e-5, 7.23e-3).median()
    alpha = stats.truncnorm(-0.0398 / 0.168, np.inf, 0.0398, 0.168).median()
    return float(growth), float(alpha)


def test_growth_under_treatment_by_other_means() -> None:
    people = individuals(GENG, diameter_cm=4.0, patient_type="2")
    growth, alpha = medians()
    given = [(0.0, "chemotherapy", 5.0), (24.0, "radiotherapy", 2.0), (48.0, "radiotherapy", 2.0)]
    times = [6.0, 24.0, 30.0, 49.0, 240.0]

    def slope(_: float, y: np.ndarray) -> list[float]:
        rays = y[1] * (alpha + 2 * alpha / 10 * y[1]) / (1 - alpha * y[1] - alpha / 10 * y[1] ** 2)
        killed = 0.028 * 2 * np.log(2) * y[0] / 24 + rays
        return [-np.log(2) / 24 * y[0], -y[1], growth * np.log(np.pi / 6 * 30**3 / y[2]) * y[2] / 24 - killed * y[2]]

    begun = np.pi / 6 * 4.0**3
    y = integrated(slope, [0, 0, begun], [(0, 0, 5), (24, 1, 2), (48, 1, 2)], times)
    np.testing.assert_allclose(course(GENG, people, given, times)["tumour_volume_cm3"][0], y[:, 2], rtol=1e-6)


def test_the_course_keeps_near_the_published_daily_map() -> None:
    """The map by hand, as the simulation steps it; the model's course is continuous, and must not drift from it."""
    growth, alpha = medians()
    capacity, volume, drug = np.pi / 6 * 30**3, np.pi / 6 * 3.0**3, 0.0
    mapped = []
    for day in range(60):
        drug = drug / 2 + (5.0 if day % 20 == 0 else 0.0)
        gray = 2.0 if day in (5, 6, 7) else 0.0
        volume *= 1 + growth * np.log(capacity / volume) - 0.028 * drug - alpha * gray - alpha / 10 * gray**2
        mapped.append(volume)
    given = [(24.0 * day, "chemotherapy", 5.0) for day in (0, 20, 40)]
    given += [(24.0 * day, "radiotherapy", 2.0) for day in (5, 6, 7)]
    people = individuals(GENG, diameter_cm=3.0, patient_type="2")
    found = course(GENG, people, given, [24.0 * day for day in range(1, 61)])["tumour_volume_cm3"][0]
    assert mapped[8] < 0.5 * mapped[0] and mapped[19] > mapped[9]
    assert np.abs(np.log(found / mapped))[[10, 15, 19, 39, 59]].max() < 0.05


def test_the_daily_map_is_the_published_one() -> None:
    growth, alpha = medians()
    person = individuals(GENG, diameter_cm=3.0, patient_type="2")
    with float64_on_cpu():
        found = geng2017.next_day(person, 20.0, 5.0, 2.0, -1.5)
    kept = 1 + growth * np.log(np.pi / 6 * 30**3 / 20) - 0.14 - 2 * alpha - 0.4 * alpha - 0.015
    np.testing.assert_allclose(found, 20 * kept, rtol=1e-9)


def test_types_one_and_three_respond_more() -> None:
    kinds = individuals(GENG, diameter_cm=[3.0] * 3, patient_type=["1", "2", "3"])
    np.testing.assert_allclose(kinds.chemosensitivity_per_d, [0.028, 0.028, 0.0308])
    np.testing.assert_allclose(kinds.radiosensitivity_mean, [0.04378, 0.0398, 0.0398])


def test_who_is_not_treated_yet_does_not_die_and_the_model_says_so() -> None:
    """The paper's time begins with treatment: an arm that is treated late is immortal until then."""
    person = individuals(claret2014.MODEL, asian=["no"], ever_smoker=["yes"])
    with float64_on_cpu():
        untreated = claret2014.rates(person, claret2014.start(person))
    assert not any(np.any(np.asarray(one)) for one in untreated)
    assert any("immortal until then" in told for told in claret2014.MODEL.left_out)
