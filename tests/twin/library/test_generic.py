"""Compartment models for data of one's own: against other solvers, and where a fit begins without any number."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from tests.twin.library.courses import course, individuals
from twin import library
from twin.engine import float64_on_cpu
from twin.fit.data import data_set
from twin.fit.population import prepared
from twin.fit.settings import FitSettings
from twin.records import read_records

TIMES = [0.5, 2.0, 8.0, 24.0, 30.0]
LINEAR = [f"generic_{count}cpt_{way}" for count in (1, 2, 3) for way in ("iv", "oral")]
SATURABLE = [f"generic_{count}cpt_{way}_mm" for count in (1, 2) for way in ("iv", "oral")]
EXCHANGES = ((5.0, 50.0), (1.0, 100.0))


def rates(count: int, elimination: float) -> np.ndarray:
    """Return the matrix of depot, central and peripheral amounts as the models' docstrings have it."""
    found = np.zeros((count + 1, count + 1))
    found[0, 0], found[1, 0], found[1, 1] = -1.0, 1.0, -elimination / 50
    for place, (exchange, volume) in enumerate(EXCHANGES[: count - 1], start=2):
        found[[1, place], [1, 1]] += np.array([-1, 1]) * exchange / 50
        found[[1, place], [place, place]] += np.array([1, -1]) * exchange / volume
    return found


@pytest.mark.parametrize("name", LINEAR)
def test_linear_models_are_matrix_exponentials(name: str) -> None:
    model, oral = library.load(name), "oral" in name
    found = course(model, individuals(model), [(0.0, next(iter(model.compartments)), 100.0)], TIMES)["concentration"]
    matrix, begun = rates(int(name[8]), 5.0), np.zeros(int(name[8]) + 1)
    begun[0 if oral else 1] = 100.0
    np.testing.assert_allclose(found[0], [(expm(matrix * time) @ begun)[1] / 50 for time in TIMES], rtol=1e-8)


@pytest.mark.parametrize("name", SATURABLE)
def test_models_that_saturate_are_integrated(name: str) -> None:
    model, oral = library.load(name), "oral" in name
    found = course(model, individuals(model), [(0.0, next(iter(model.compartments)), 100.0)], TIMES)["concentration"]
    matrix, begun = rates(int(name[8]), 0.0), np.zeros(int(name[8]) + 1)
    begun[0 if oral else 1] = 100.0

    def slope(_: float, y: np.ndarray) -> np.ndarray:
        out = np.zeros_like(y)
        out[1] = 5.0 * (y[1] / 50) / (1.0 + y[1] / 50)
        return matrix @ y - out

    y = solve_ivp(slope, (0, 30), begun, "DOP853", t_eval=TIMES, rtol=1e-11, atol=1e-13).y
    np.testing.assert_allclose(found[0], y[1] / 50, rtol=2e-5)


def test_a_fit_begins_near_the_truth_whatever_the_unit() -> None:
    """Vmax 1 mg/h and Km 0.25 mg/L, V 70 L, all in ug: the model's own values are off by factors of 200 and 250."""
    random, times, rows = np.random.default_rng(3), np.array([0.5, 2, 8, 16, 24, 36, 48, 72.0]), []
    for who in range(1, 13):
        most, half, volume = np.array([1000.0, 250.0, 70.0]) * np.exp(0.3 * random.standard_normal(3))
        dose = (10000.0, 40000.0, 80000.0)[who % 3]
        k, km = most / volume, half
        seen = solve_ivp(lambda _, c, k=k, km=km: -k * c / (km + c), (0, 72), [dose / volume], t_eval=times, rtol=1e-8)
        rows.append((who, 0.0, dose, ".", 1))
        values = np.maximum(seen.y[0] * (1 + 0.2 * random.standard_normal(len(times))), 0.1)
        rows += [(who, time, ".", value, 0) for time, value in zip(times, values, strict=True)]
    table = pd.DataFrame(rows, columns=["ID", "TIME", "AMT", "DV", "EVID"])
    model = library.load("generic_1cpt_iv_mm")
    with float64_on_cpu():
        _, start, _ = prepared(model, data_set(model, read_records(table)), FitSettings())
    found = [start.theta[name] for name in ("most_elimination", "half_elimination", "central_volume")]
    np.testing.assert_allclose(np.log(found), np.log([1000.0, 250.0, 70.0]), atol=np.log(2))
