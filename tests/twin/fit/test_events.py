"""Events in time: maximum likelihood in closed form and by SciPy, frailty by quadrature, all kinds of censoring."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from twin import library
from twin.fit.data import data_set
from twin.fit.patient import fit_patient
from twin.fit.population import PopulationFit, fit_population
from twin.fit.settings import FitSettings
from twin.model import Compartment, Model
from twin.nonmem import RegimenError
from twin.quantity import Assumed
from twin.records import read_records
from twin.variability import Variability

_MADE_UP = "made up for the test"


class Person(NamedTuple):
    scale: Any
    shape: Any


class Body(NamedTuple):
    hours: Any


def model(shape: float, frailty: float = 0.0, fixed: tuple[str, ...] = ()) -> Model:
    """Return a Weibull hazard, k/s (t/s)^(k-1); with frailty, 1/s^k is log-normal between patients."""
    return Model(
        name=f"weibull {shape} {frailty}",
        citation=_MADE_UP,
        covariates=(),
        parameters={"rate": Assumed(0.01, "1/h", _MADE_UP), "shape": Assumed(shape, "1", _MADE_UP)},
        individual=lambda theta, covariates: Person(theta["rate"], theta["shape"]),
        start=lambda p: Body(0.0),
        rates=lambda p, s: Body(1.0 + 0.0 * s.hours),
        compartments={"nothing": Compartment("hours")},
        observe=lambda p, s: {},
        observables={},
        hazard=(lambda p, s: p.scale + 0.0 * s.hours)
        if shape == 1
        else (lambda p, s: p.scale * p.shape * (p.scale * (s.hours + 1e-12)) ** (p.shape - 1)),
        variability=Variability(between={"scale": Assumed(frailty, "SD(log)", _MADE_UP)} if frailty else {}),
        fixed=fixed,
    )


def table(shape: float, patients: int = 80, seed: int = 3) -> pd.DataFrame:
    """Return times of a Weibull law of scale 50 h, followed for 20 to 120 h at most: DV 1, or 0 where none came."""
    random = np.random.default_rng(seed)
    time, end = 50 * random.weibull(shape, patients), random.uniform(20, 120, patients)
    return pd.DataFrame({"ID": range(patients), "TIME": np.minimum(time, end), "DV": (time <= end).astype(int)})


def fitted(of: Model, frame: pd.DataFrame, **settings: Any) -> PopulationFit:
    return fit_population(of, data_set(of, read_records(frame)), FitSettings(**settings), method="laplace")


CONSTANT = model(1.0, fixed=("shape",))


def test_a_constant_hazard_is_events_by_time_at_risk() -> None:
    frame = table(1.0)
    events, hours = frame["DV"].sum(), frame["TIME"].sum()
    found = fitted(CONSTANT, frame, start={"rate": 0.03})
    told = found.to_json()["theta"]["rate"]
    assert told["estimate"] == pytest.approx(events / hours, rel=5e-4)
    assert told["se"] == pytest.approx(events**0.5 / hours, rel=0.01)
    assert found.ofv == pytest.approx(-2 * (events * np.log(events / hours) - events), rel=1e-6)


def test_events_that_come_again_count_as_often() -> None:
    frame = pd.DataFrame({"ID": 1, "TIME": [4.0, 10.0, 11.0, 30.0], "DV": [1, 1, 1, 0]})
    found = fitted(CONSTANT, frame, start={"rate": 0.03})
    assert found.to_json()["theta"]["rate"]["estimate"] == pytest.approx(3 / 30, rel=5e-4)


def test_a_weibull_hazard_is_that_of_another_optimiser() -> None:
    frame = table(1.7)
    time, happened = frame["TIME"].to_numpy(), frame["DV"].to_numpy()

    def ofv(numbers: np.ndarray) -> float:
        rate, shape = np.exp(numbers)
        log_hazard = np.log(rate * shape) + (shape - 1) * np.log(rate * time)
        return float(-2 * np.sum(happened * log_hazard - (rate * time) ** shape))

    best = minimize(ofv, np.log([0.02, 1.2]), method="BFGS")
    found = fitted(model(1.5), frame, start={"rate": 0.02})
    assert found.ofv == pytest.approx(best.fun, abs=2e-3)
    np.testing.assert_allclose(list(found.population.theta.values()), np.exp(best.x), rtol=2e-3)


def test_what_happened_between_two_looks() -> None:
    """Looked at each 10 h, the hazard constant: the likelihood is a geometric law's."""
    frame = table(1.0)
    rows, events, looks = [], 0, 0
    for who, time, happened in frame.itertuples(index=False):
        whole = int(time // 10)
        rows += [(who, 10.0 * (number + 1), 0) for number in range(whole)]
        looks += whole
        if happened:
            rows.append((who, 10.0 * (whole + 1), 2))
            events, looks = events + 1, looks + 1
    frame = pd.DataFrame(rows, columns=["ID", "TIME", "DV"])
    found = fitted(CONSTANT, frame, start={"rate": 0.03})
    assert found.to_json()["theta"]["rate"]["estimate"] == pytest.approx(-np.log(1 - events / looks) / 10, rel=5e-4)


def test_frailty_is_nearly_integrated_out() -> None:
    """Laplace's approximation beside Gauss and Hermite's quadrature of 40 nodes, with 4 events of each patient."""
    random, rows = np.random.default_rng(8), []
    for who in range(30):
        times = np.cumsum(random.exponential(20 / np.exp(0.5 * random.standard_normal()), 4))
        rows += [(who, time, 1) for time in times] + [(who, times[-1] + 5, 0)]
    frame = pd.DataFrame(rows, columns=["ID", "TIME", "DV"])
    of = model(1.0, 0.5)
    found = fitted(of, frame, start={"rate": 0.05}, fixed=("shape", "between patients: scale"))
    node, weight = np.polynomial.hermite_e.hermegauss(40)
    expected = 0.0
    for _, one in frame.groupby("ID"):
        rate, hours = found.population.theta["rate"] * np.exp(0.5 * node), one["TIME"].max()
        expected += -2 * np.log(np.sum(weight * rate**4 * np.exp(-rate * hours)) / np.sqrt(2 * np.pi))
    assert found.ofv == pytest.approx(expected, abs=0.2)
    assert found.population.theta["rate"] == pytest.approx(0.05, rel=0.3), "what made the set"
    one = fit_patient(of, data_set(of, read_records(frame[frame["ID"] == 3]), rows=8), draws=4000)
    rate, hours = 0.01 * np.exp(0.5 * node), frame[frame["ID"] == 3]["TIME"].max()
    likely = weight * rate**4 * np.exp(-rate * hours)
    mean = np.sum(likely * np.log(rate)) / likely.sum()
    assert np.log(one.people.scale).mean() == pytest.approx(mean, abs=0.03)


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(RegimenError, match="row 1, column DV: got 3, expected 0"):
        data_set(CONSTANT, read_records(pd.DataFrame({"ID": 1, "TIME": [1.0], "DV": [3]})))
    data = data_set(CONSTANT, read_records(table(1.0, 3)))
    assert data.observations == 3
    with pytest.raises(ValueError, match="choose the method laplace or nuts"):
        fit_population(CONSTANT, data)


def test_a_hazard_is_a_row_of_a_table_of_formulas(tmp_path: Path) -> None:
    """In days, beside tumours that grow: the hazard is proportional to what is there, and its factor in closed form."""
    (tmp_path / "own.csv").write_text(
        "kind,name,value,unit\ntime,,d,\nparameter,beta,0.02,1/d\nparameter,growth,0.01,1/d\n"
        "state,size,2,mm\nrate,size,growth * size,\nhazard,death,beta * size,\n",
        encoding="utf-8",
    )
    frame = table(1.3)
    of = library.load(str(tmp_path / "own.csv"))
    found = fitted(of, frame, fixed=("growth",), start={"beta": 0.1})
    risk = np.sum(2 / 0.01 * np.expm1(0.01 * frame["TIME"] / 24))
    assert found.to_json()["theta"]["beta"]["estimate"] == pytest.approx(frame["DV"].sum() / risk, rel=5e-4)
