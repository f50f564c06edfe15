"""Likelihood, estimates and errors against a linear mixed model's closed form."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.twin.fit.linear import MODEL, exact_ofv, table
from twin.fit.data import data_set
from twin.fit.diagnose import goodness_of_fit
from twin.fit.population import PopulationFit, fit_population, load_search, save
from twin.fit.settings import FitSettings
from twin.records import read_records

FRAME = table()


def own_ofv(numbers: np.ndarray) -> float:
    root = np.array([[np.exp(numbers[2]), 0.0], [numbers[3], np.exp(numbers[4])]])
    return exact_ofv(FRAME, numbers[:2], root @ root.T, float(np.exp(numbers[5])))


@pytest.fixture(scope="module")
def fit() -> PopulationFit:
    return fit_population(MODEL, data_set(MODEL, read_records(FRAME)))


def test_the_objective_is_the_exact_likelihood(fit: PopulationFit) -> None:
    """Laplace's approximation is exact where everything is normal and linear."""
    found = fit.population
    theta = np.array([found.theta["intercept"], found.theta["slope"]])
    assert fit.ofv == pytest.approx(exact_ofv(FRAME, theta, found.omega(), found.sigma["level"]["additive"]), abs=1e-6)


def test_estimates_are_those_of_another_optimiser_on_the_closed_form(fit: PopulationFit) -> None:
    best = minimize(own_ofv, np.array([4.0, 0.5, 0.0, 0.0, -1.0, -0.5]), method="BFGS", options={"gtol": 1e-6})
    assert fit.search.ended == "converged"
    assert fit.ofv == pytest.approx(best.fun, abs=1e-4)
    root = np.array([[np.exp(best.x[2]), 0.0], [best.x[3], np.exp(best.x[4])]])
    np.testing.assert_allclose(fit.population.omega(), root @ root.T, rtol=0.01)
    np.testing.assert_allclose(list(fit.population.theta.values()), best.x[:2], rtol=1e-3)


def test_standard_errors_are_those_of_the_closed_form(fit: PopulationFit) -> None:
    """Of the intercept and the slope: the inverse of the information, which is block diagonal in a linear model."""
    omega, sigma = fit.population.omega(), fit.population.sigma["level"]["additive"]
    information = np.zeros((2, 2))
    for _, one in FRAME.groupby("ID"):
        design = np.stack([np.ones(len(one)), one["TIME"].to_numpy()], axis=1)
        spread = design @ omega @ design.T + sigma**2 * np.eye(len(one))
        information += design.T @ np.linalg.solve(spread, design)
    told = fit.to_json()["theta"]
    np.testing.assert_allclose(
        [told[name]["se"] for name in ("intercept", "slope")], np.sqrt(np.diag(np.linalg.inv(information))), rtol=0.05
    )


def test_conditional_residuals_are_those_of_the_population(fit: PopulationFit) -> None:
    """A linear model's CWRES whiten y - E(y) with the marginal covariance."""
    one = FRAME[FRAME["ID"] == 1]
    design = np.stack([np.ones(len(one)), one["TIME"].to_numpy()], axis=1)
    spread = design @ fit.population.omega() @ design.T + fit.population.sigma["level"]["additive"] ** 2 * np.eye(
        len(one)
    )
    values, vectors = np.linalg.eigh(spread)
    away = one["DV"].to_numpy() - design @ np.array(list(fit.population.theta.values()))
    found = goodness_of_fit(fit)
    np.testing.assert_allclose(
        found[found["id"] == "1"]["CWRES"], vectors / np.sqrt(values) @ vectors.T @ away, rtol=1e-5, atol=1e-8
    )


def test_a_fit_goes_on_to_the_last_bit_where_it_was_paused(fit: PopulationFit, tmp_path) -> None:
    data = data_set(MODEL, read_records(FRAME))
    paused = fit_population(MODEL, data, FitSettings(most_steps=3))
    assert paused.search.ended == "" and any("paused" in one for one in paused.warnings)
    save(paused, tmp_path / "search.json")
    resumed = fit_population(MODEL, data, resume=load_search(tmp_path / "search.json", MODEL, "focei"))
    assert resumed.search.to_json() == fit.search.to_json()
    with pytest.raises(ValueError, match="by focei, expected one of line by laplace"):
        load_search(tmp_path / "search.json", MODEL, "laplace")


def test_laplace_is_the_same_where_it_is_exact(fit: PopulationFit) -> None:
    data = data_set(MODEL, read_records(FRAME))
    assert fit_population(MODEL, data, method="laplace").ofv == pytest.approx(fit.ofv, abs=1e-4)


def test_what_the_data_say_nothing_of_stays(fit: PopulationFit) -> None:
    at_start = FRAME.groupby("ID").first().reset_index().assign(TIME=0.0)
    found = fit_population(MODEL, data_set(MODEL, read_records(at_start)), FitSettings(fixed=("residual: level",)))
    assert found.layout.etas == ("intercept",)
    assert found.to_json()["theta"]["slope"] == {"estimate": 0.4, "se": None, "unit": "1/h", "fixed": True}
    assert "the data say nothing of slope, between patients: slope: kept as published" in found.warnings


def test_numbers_that_cannot_be_told_apart_are_named() -> None:
    """With one measurement of each patient, variability and residual error are one number."""
    at_start = FRAME.groupby("ID").first().reset_index().assign(TIME=0.0)
    found = fit_population(MODEL, data_set(MODEL, read_records(at_start)))
    assert any("residual: level, additive" in one and "between patients: intercept" in one for one in found.warnings)


def test_standard_errors_stay_with_their_parameters_where_one_is_fixed(fit: PopulationFit) -> None:
    """Of the slope alone, by generalised least squares; the intercept, fixed where it is best, stands before it."""
    settings = FitSettings(start={"intercept": fit.population.theta["intercept"]}, fixed=("intercept",))
    found = fit_population(MODEL, data_set(MODEL, read_records(FRAME)), settings)
    omega, sigma = found.population.omega(), found.population.sigma["level"]["additive"]
    information = 0.0
    for _, one in FRAME.groupby("ID"):
        time = one["TIME"].to_numpy()
        design = np.stack([np.ones(len(one)), time], axis=1)
        information += time @ np.linalg.solve(design @ omega @ design.T + sigma**2 * np.eye(len(one)), time)
    told = found.to_json()["theta"]
    assert told["intercept"]["se"] is None
    assert told["slope"]["se"] == pytest.approx(information**-0.5, rel=0.1)
