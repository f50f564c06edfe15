"""Warfarin's model: the published doses, the published equations integrated by other means, conservation laws."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

from twin import library
from twin.engine import begin, typical
from twin.library.warfarin.hamberg2007_values import PARAMETERS, S_WARFARIN
from twin.model import Floats, parameter_table
from twin.patient import Cohort
from twin.quantity import Measured
from twin.regimen import every
from twin.simulate import Times, draw, simulate
from twin.steps import carry

MODEL = library.load("warfarin_hamberg2007")

# Hamberg 2007, Table 5: racemic mg/day that the authors' model predicts to bring the INR to 2.5.
TABLE_5 = [
    ("*1/*1", "GG", 70, 7.72),
    ("*1/*1", "AA", 90, 3.04),
    ("*1/*2", "GA", 50, 4.10),
    ("*1/*3", "GA", 70, 2.82),
    ("*2/*2", "GG", 70, 2.16),
    ("*2/*3", "AA", 50, 1.35),
    ("*3/*3", "GG", 50, 1.38),
    ("*3/*3", "AA", 90, 0.47),
]


def cohort_of(rows: list[tuple[str, str, float]]) -> Cohort:
    cyp2c9, vkorc1, age = zip(*rows, strict=True)
    ids = tuple(f"P{place}" for place in range(len(rows)))
    return Cohort(ids, {"age_years": np.array(age, float), "CYP2C9": np.array(cyp2c9), "VKORC1": np.array(vkorc1)})


def steady_inr(cells: list[tuple[str, str, float, float]], days: int = 300) -> Floats:
    individuals = typical(MODEL, cohort_of([cell[:3] for cell in cells]).covariates)
    doses = np.repeat(np.array([[cell[3]] for cell in cells]), days, axis=1)
    return carry(MODEL, individuals, begin(MODEL, individuals), doses)[1]["INR"][:, -1]


def test_published_doses_bring_the_inr_to_two_and_a_half() -> None:
    np.testing.assert_allclose(steady_inr(TABLE_5), 2.5, rtol=0.035)


@pytest.mark.mirror
def test_each_published_cell_of_the_mirror(mirror: Path) -> None:
    path = mirror / "pk" / "warfarin-hamberg2007-table5-half.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    cells = list(pd.read_csv(path).itertuples(index=False, name=None))
    assert len(cells) == 27
    np.testing.assert_allclose(steady_inr(cells), 2.5, rtol=0.035)


def integrated(parameters: dict[str, float], doses_mg: list[float], times_h: list[float]) -> Floats:
    """Integrate the paper's equations as they are printed, one patient, a dose a day; INR and mg/L at the times."""
    cl, v1, v2, ec50, mtt1, mtt2 = (parameters[name] for name in ("cl", "v1", "v2", "ec50", "mtt1", "mtt2"))

    def slope(_: float, y: Floats) -> Floats:
        depot, central, peripheral, *chain = y
        concentration = max(central, 0.0) / v1
        effect = concentration**0.424 / (ec50**0.424 + concentration**0.424)
        before = [1 - effect, *chain[:5]]
        return np.array(
            [
                -2.0 * depot,
                2.0 * depot - cl / v1 * central - 0.131 / v1 * central + 0.131 / v2 * peripheral,
                0.131 / v1 * central - 0.131 / v2 * peripheral,
                *(6 / mtt1 * (a - b) for a, b in zip(before, chain[:6], strict=True)),
                (1 - effect - chain[6]) / mtt2,
            ]
        )

    y, found = np.array([0.0] * 3 + [1.0] * 7), []
    for day, dose in enumerate(doses_mg):
        y[0] += dose / 2
        wanted = [t for t in times_h if 24 * day < t <= 24 * (day + 1)]
        moments = np.union1d(wanted, [24 * (day + 1)])
        run = solve_ivp(slope, (24 * day, 24 * (day + 1)), y, "DOP853", t_eval=moments, rtol=1e-11, atol=1e-13)
        found += [[1 + 20 * (1 - y[8] * y[9]) ** 3.61, y[1] / v1] for y in run.y.T[: len(wanted)]]
        y = run.y[:, -1]
    return np.array(found)


def test_closed_forms_agree_with_integrating_the_published_equations() -> None:
    cohort = cohort_of([("*1/*1", "GG", 71), ("*3/*3", "AA", 90), ("*1/*2", "GA", 25)])
    drawn = draw(MODEL, cohort, seed=3)
    rng = np.random.default_rng(0)
    doses, times = rng.uniform(0, 10, (3, 10)), [0.5, 3.0, 24.0, 30.0, 47.9, 48.0, 150.0, 240.0]
    doses[:, 4] = 0  # a missed day
    grid = np.unique([*times, *np.arange(0, 241, 24.0)])
    given = np.zeros((3, grid.size))
    given[:, np.searchsorted(grid, np.arange(0, 240, 24.0)) + 1] = doses
    _, seen = carry(MODEL, drawn, begin(MODEL, drawn), given, np.diff(grid, prepend=0.0))
    names = ("cl", "v1", "v2", "ec50", "mtt1", "mtt2")
    for patient in range(3):
        parameters = {name: float(values[patient]) for name, values in zip(names, drawn, strict=False)}
        expected = integrated(parameters, doses[patient].tolist(), times)
        found = np.array([seen[name][patient, np.searchsorted(grid, times)] for name in ("INR", S_WARFARIN)]).T
        np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_clearance_times_area_under_the_curve_is_the_dose() -> None:
    cohort = cohort_of([("*1/*1", "GG", 71), ("*2/*3", "AA", 40), ("*1/*3", "GA", 90)])
    individuals = draw(MODEL, cohort, seed=1)
    hours = np.diff(np.concatenate([[0], np.geomspace(0.01, 20_000, 600)]))
    hours = np.concatenate([hours[hours <= 24], np.full(900, 24.0)])
    doses = np.zeros((3, hours.size))
    doses[:, 0] = 10.0
    _, seen = carry(MODEL, individuals, begin(MODEL, individuals), doses, hours)
    curve = np.concatenate([np.zeros((3, 1)), seen[S_WARFARIN]], axis=1)
    area = np.trapezoid(curve, np.concatenate([[0], np.cumsum(hours)]), axis=1)
    np.testing.assert_allclose(area * individuals.clearance_l_per_h, 5.0, rtol=2e-3)  # half of 10 mg is S-warfarin


def test_clearance_falls_by_nine_percent_a_decade() -> None:
    # Hamberg 2007, Results: "decreasing by approximately 9 % per decade".
    young, old = typical(MODEL, cohort_of([("*1/*1", "GG", 61), ("*1/*1", "GG", 71)]).covariates).clearance_l_per_h
    assert old == 0.314
    assert young / old == pytest.approx(1.091)


def test_without_a_dose_nothing_happens_and_after_the_last_one_the_inr_returns() -> None:
    individuals = typical(MODEL, cohort_of([("*3/*3", "AA", 90)]).covariates)
    _, seen = carry(MODEL, individuals, begin(MODEL, individuals), np.zeros((1, 30)))
    assert (seen["INR"] == 1).all() and (seen[S_WARFARIN] == 0).all()
    doses = np.zeros((1, 400))
    doses[0, :10] = 5.0
    inr = carry(MODEL, individuals, begin(MODEL, individuals), doses)[1]["INR"][0]
    assert inr.max() > 3 and inr[-1] == pytest.approx(1, abs=1e-3)


@pytest.mark.mirror
def test_six_steps_share_the_mean_transit_time(mirror: Path) -> None:
    """The assumption ktr1 = 6/MTT1, not 1/MTT1, by the course of prothrombin activity after one dose (O'Reilly)."""
    path = mirror / "pk" / "warfarin.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    data = pd.read_csv(path)
    activity = data[(data["dvid"] == "pca") & (data["time"] <= 120)].groupby("time")["dv"].mean()
    individuals = typical(MODEL, cohort_of([("*1/*1", "GG", 30)] * 2).covariates)
    individuals = individuals._replace(short_transit_h=individuals.short_transit_h * np.array([1, 6]))
    doses = np.zeros((2, 40))
    doses[:, 0] = 100.0
    inr = carry(MODEL, individuals, begin(MODEL, individuals), doses, np.full(40, 6.0))[1]["INR"]
    six, one = 6.0 * (1 + inr.argmax(axis=1))
    assert activity.idxmin() == 48.0 and activity[24.0] < activity[0.0] / 2
    assert inr[0, 3] > 1.5 and inr[1, 3] < 1.01  # at 24 h
    assert abs(six - 48) < abs(one - 48) and one >= 96


def test_the_other_reading_of_the_transit_time_does_what_the_assumption_says() -> None:
    # Both figures were found by integrating the published equations with scipy's LSODA.
    individuals = typical(MODEL, cohort_of([("*1/*1", "GG", 71)] * 2).covariates)
    individuals = individuals._replace(short_transit_h=individuals.short_transit_h * np.array([1, 6]))
    inr = carry(MODEL, individuals, begin(MODEL, individuals), np.full((2, 300), 5.0))[1]["INR"]
    np.testing.assert_allclose(inr[:, 2], [1.228, 1.053], atol=6e-4)
    assert inr[0, -1] == pytest.approx(inr[1, -1], rel=0.005)


def test_every_parameter_has_a_unit_and_a_source_or_a_reason() -> None:
    rows = parameter_table(MODEL)
    assert {row["name"] for row in rows} >= set(PARAMETERS) | {"between patients: clearance_l_per_h", "residual: INR"}
    assert all(row["unit"] and len(str(row["source"])) > 20 for row in rows)
    assert {name for name, quantity in PARAMETERS.items() if not isinstance(quantity, Measured)} == {
        "short_transit_steps",
        "INR_base",
    }


def test_the_variability_is_that_of_the_published_coefficients() -> None:
    n = 20_000
    drawn = draw(MODEL, cohort_of([("*1/*1", "GG", 71)]), seed=0, draws=n)
    for name, percent in (("clearance_l_per_h", 31.0), ("ec50_mg_per_l", 40.9), ("long_transit_h", 102.0)):
        values = getattr(drawn, name)
        assert 100 * values.std() / values.mean() == pytest.approx(percent, rel=0.06)
    assert np.median(drawn.clearance_l_per_h) == pytest.approx(0.314, rel=0.01)


def test_typical_steady_state_does_not_depend_on_the_day_asked() -> None:
    cohort = cohort_of([("*1/*1", "GG", 70)])
    found = simulate(MODEL, cohort, every(7.72, 24, 300), Times(np.array([250.0, 290.0]) * 24, "d"), None)
    assert found.value[0, 0, 0] == pytest.approx(found.value[0, 0, 1], rel=1e-4)
