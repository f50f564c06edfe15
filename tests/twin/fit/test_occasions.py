"""Variability between occasions: a linear mixed model with nested effects in closed form, and a simulated set."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from tests.twin.fit.linear import MODEL as LINE
from twin import library
from twin.fit.changing import NEW, InTime, varying
from twin.fit.data import data_set
from twin.fit.diagnose import etas, goodness_of_fit
from twin.fit.forecast import forecast
from twin.fit.one import of_table
from twin.fit.patient import Posterior, fit_patient
from twin.fit.population import PopulationFit, fit_population
from twin.fit.settings import FitSettings
from twin.records import read_records
from twin.variability import Variability

OMEGA, SIGMA = np.array([[1.0, 0.06], [0.06, 0.04]]), 0.5
MODEL = varying(replace(LINE, name="line by occasions"), {"intercept": 0.7})
READ = InTime(occasion="OCC")


def table(patients: int = 40, seed: int = 4) -> pd.DataFrame:
    """Return patients with 1 to 4 occasions of 2 to 4 measurements each; an occasion may come again."""
    random, rows = np.random.default_rng(seed), []
    for who in range(patients):
        a, b = random.multivariate_normal([4.0, 0.5], [[1.5, 0.15], [0.15, 0.05]])
        time = 0.0
        for number in [*range(random.integers(1, 5)), 0]:
            here = np.random.default_rng((seed, who, number)).normal(0, 0.9)
            for _ in range(random.integers(2, 5)):
                time += random.uniform(0.2, 2)
                rows.append((who + 1, time, f"visit {number}", a + here + b * time + 0.4 * random.standard_normal()))
    return pd.DataFrame(rows, columns=["ID", "TIME", "OCC", "DV"])


FRAME = table()


def joint(one: pd.DataFrame, omega: np.ndarray, occasions: float, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariance of a patient's measurements, and of these with intercept, slope and each occasion's."""
    design = np.stack([np.ones(len(one)), one["TIME"].to_numpy()], axis=1)
    names = np.array(one["OCC"].tolist())
    of = (names[:, None] == np.array(one["OCC"].unique().tolist())).astype(float)
    whole = design @ omega @ design.T + occasions**2 * of @ of.T + sigma**2 * np.eye(len(one))
    return whole, np.concatenate([design @ omega, occasions**2 * of], axis=1)


def exact_ofv(frame: pd.DataFrame, theta: np.ndarray, omega: np.ndarray, occasions: float, sigma: float) -> float:
    """Return -2 ln L without n ln(2 pi)."""
    found = 0.0
    for _, one in frame.groupby("ID"):
        spread, _ = joint(one, omega, occasions, sigma)
        away = one["DV"].to_numpy() - theta[0] - theta[1] * one["TIME"].to_numpy()
        found += np.linalg.slogdet(spread)[1] + away @ np.linalg.solve(spread, away)
    return float(found)


def own_ofv(numbers: np.ndarray) -> float:
    root = np.array([[np.exp(numbers[2]), 0.0], [numbers[3], np.exp(numbers[4])]])
    return exact_ofv(FRAME, numbers[:2], root @ root.T, float(np.exp(numbers[5])), float(np.exp(numbers[6])))


@pytest.fixture(scope="module")
def fit() -> PopulationFit:
    return fit_population(MODEL, data_set(MODEL, read_records(FRAME), in_time=READ))


def test_the_fit_is_that_of_another_optimiser_on_the_closed_form(fit: PopulationFit) -> None:
    best = minimize(own_ofv, np.array([4.0, 0.5, 0.0, 0.0, -1.0, -0.5, -0.7]), method="BFGS", options={"gtol": 1e-6})
    told = fit.to_json()
    assert told["converged"] and fit.ofv == pytest.approx(best.fun, abs=1e-4)
    np.testing.assert_allclose(list(fit.population.theta.values()), best.x[:2], rtol=1e-3)
    root = np.array([[np.exp(best.x[2]), 0.0], [best.x[3], np.exp(best.x[4])]])
    np.testing.assert_allclose(told["omega"], root @ root.T, rtol=0.01)
    assert told["occasions_cv_percent"]["intercept"] == pytest.approx(100 * np.exp(best.x[5]), rel=0.01)
    assert told["occasions"] == 4 and told["changing"]["covariates"] == []
    assert told["sigma"]["level"]["additive"] == pytest.approx(np.exp(best.x[6]), rel=1e-3)
    assert told["occasions_cv_percent"]["intercept"] == pytest.approx(90, abs=12), "what made the set"


def test_laplace_is_the_same_where_it_is_exact(fit: PopulationFit) -> None:
    data = data_set(MODEL, read_records(FRAME), in_time=READ)
    start = {"intercept": 4.0, "slope": 0.5}
    kept = ("intercept", "slope", "between patients: intercept", "between patients: slope", "residual: level")
    one, other = (
        fit_population(MODEL, data, FitSettings(start=start, fixed=kept), method=method)
        for method in ("focei", "laplace")
    )
    assert one.ofv == pytest.approx(other.ofv, abs=1e-5)
    omega = one.population.omega()
    assert one.layout.names == ("between occasions: intercept",)
    assert one.ofv == pytest.approx(
        exact_ofv(FRAME, np.array([4.0, 0.5]), OMEGA, np.sqrt(omega[2, 2]), SIGMA), abs=1e-6
    )


def test_tables_and_residuals_are_of_all_etas(fit: PopulationFit) -> None:
    assert list(etas(fit)) == ["id", "intercept", "slope", *(f"intercept, occasion {number}" for number in range(1, 5))]
    known = etas(fit)[[f"intercept, occasion {number}" for number in range(1, 5)]].notna().sum(axis=1)
    assert known.tolist() == FRAME.groupby("ID")["OCC"].nunique().tolist()
    assert goodness_of_fit(fit)["CWRES"].std() == pytest.approx(1.0, abs=0.1)
    assert fit.shrinkage is not None and 0 < fit.shrinkage.eta["intercept, between occasions"] < 0.6


ONE = FRAME[FRAME["ID"] == 2].drop(columns="ID")


def posterior(method: str = "map", draws: int = 4000) -> Posterior:
    data, _ = of_table(MODEL, read_records(ONE), read=READ)
    return fit_patient(MODEL, data, method=method, draws=draws)


def known() -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of intercept, slope and each occasion's deviate, given the patient's measurements."""
    spread, with_all = joint(ONE, OMEGA, 0.7, SIGMA)
    away = ONE["DV"].to_numpy() - 5.0 - 0.4 * ONE["TIME"].to_numpy()
    occasions = ONE["OCC"].nunique()
    prior = np.zeros((2 + occasions,) * 2)
    prior[:2, :2], prior[2:, 2:] = OMEGA, 0.49 * np.eye(occasions)
    gain = np.linalg.solve(spread, with_all).T
    return gain @ away, prior - gain @ with_all


@pytest.mark.parametrize("method", ("map", "nuts"))
def test_a_patient_is_known_as_bayes_s_theorem_has_it(method: str) -> None:
    found, (mean, covariance) = posterior(method), known()
    np.testing.assert_allclose(found.etas[: len(mean)].mean(axis=1), mean, atol=0.06)
    np.testing.assert_allclose(np.cov(found.etas[: len(mean)]), covariance, atol=0.06)
    told = found.to_json()
    assert list(told["occasions"]) == [*ONE["OCC"].unique(), NEW]
    for number, name in enumerate(ONE["OCC"].unique()):
        assert told["occasions"][name]["intercept"]["median"] == pytest.approx(5 + mean[0] + mean[2 + number], abs=0.08)
    assert told["parameters"]["intercept"]["median"] == pytest.approx(5 + mean[0], abs=0.08)


def test_what_is_behind_the_last_record_is_a_new_occasion() -> None:
    """Its deviate is drawn anew: the variance of the course there is that of what is known, and of an occasion."""
    found, (mean, covariance) = posterior(), known()
    last = float(ONE["TIME"].max())
    time = np.array([last, last + 3])
    told = forecast(found, time, level=0.9)
    design = np.array([1.0, last + 3])
    middle = 5 + 0.4 * (last + 3) + design @ mean[:2]
    sd = np.sqrt(design @ covariance[:2, :2] @ design + 0.49)
    assert told.value[0, 1] == pytest.approx(middle, abs=0.1)
    assert (told.upper - told.lower)[0, 1] == pytest.approx(2 * 1.645 * sd, rel=0.06)
    assert (told.upper - told.lower)[0, 0] < 0.6 * (told.upper - told.lower)[0, 1]
    assert np.cov(found.etas[-1]) == pytest.approx(0.49, abs=0.05)


def test_a_population_s_own_variability_between_occasions_is_a_patient_s_prior(fit: PopulationFit) -> None:
    data, _ = of_table(MODEL, read_records(ONE), read=READ)
    found = fit_patient(MODEL, data, population=fit.population)
    place = fit.layout.of_occasions("intercept").start
    assert np.cov(found.etas[-1]) == pytest.approx(fit.population.omega()[place, place], rel=0.1)


def simulated(patients: int = 60, seed: int = 5) -> pd.DataFrame:
    """Return a drug by mouth on three days, clearance log-normal with SD 0.3 between patients, 0.2 between days."""
    random, rows = np.random.default_rng(seed), []
    for who in range(patients):
        volume, mine = 30 * np.exp(0.2 * random.standard_normal()), 0.3 * random.standard_normal()
        gut = central = 0.0
        for day in range(3):
            clearance = 3 * np.exp(mine + 0.2 * random.standard_normal())
            k, ka = clearance / volume, 1.5
            gut += 100
            rows.append((who + 1, 24.0 * day, 100, ".", 1, day))
            before = 0.0
            for time in (1, 4, 8, 12, 24):
                hours = time - before
                central = central * np.exp(-k * hours) + gut * ka / (ka - k) * (
                    np.exp(-k * hours) - np.exp(-ka * hours)
                )
                gut, before = gut * np.exp(-ka * hours), time
                if time < 24:
                    seen = central / volume * (1 + 0.1 * random.standard_normal())
                    rows.append((who + 1, 24.0 * day + time, 0, seen, 0, day))
    return pd.DataFrame(rows, columns=["ID", "TIME", "AMT", "DV", "EVID", "OCC"])


def test_variability_between_occasions_of_a_simulated_set_is_found() -> None:
    """The field is one of the library's models, which knows nothing of occasions. Without them it is residual error."""
    model = varying(library.load("generic_1cpt_oral"), {"clearance_l_per_h": 0.1})
    start = {"absorption": 1.5, "clearance": 3.0, "central_volume": 30.0}
    model = replace(
        model,
        variability=Variability(
            {name: one for name, one in model.variability.between.items() if name != "absorption_per_h"},
            occasions=model.variability.occasions,
        ),
    )
    data = data_set(model, read_records(simulated()), in_time=READ)
    told = fit_population(model, data, FitSettings(start=start, fixed=("absorption",))).to_json()
    assert told["occasions_cv_percent"]["clearance_l_per_h"] == pytest.approx(20, abs=3)
    assert told["omega_cv_percent"]["clearance_l_per_h"] == pytest.approx(30, abs=8)
    assert told["omega_cv_percent"]["central_volume_l"] == pytest.approx(20, abs=5)
    assert told["sigma"]["concentration"]["proportional"] == pytest.approx(0.1, abs=0.01)
    assert told["theta"]["clearance"]["estimate"] == pytest.approx(3.0, abs=3 * told["theta"]["clearance"]["se"])


def test_what_cannot_vary_is_named() -> None:
    with pytest.raises(
        ValueError, match="line has no individual parameter 'clearance'; expected any of intercept, slope"
    ):
        varying(LINE, {"clearance": 0.1})
    with pytest.raises(ValueError, match="above 0"):
        varying(LINE, {"slope": 0.0})
