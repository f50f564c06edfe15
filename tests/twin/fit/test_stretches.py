"""Covariates that change within a patient, against courses solved by hand and sets with known parameters."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from twin.covariates import Category, Continuous
from twin.engine import float64_on_cpu
from twin.error import Error
from twin.fit.changing import InTime
from twin.fit.data import data_set, parted_of
from twin.fit.forecast import courses, forecast
from twin.fit.layout import layout, published
from twin.fit.likelihood import Likelihood
from twin.fit.modes import objective
from twin.fit.one import of_table
from twin.fit.patient import fit_patient
from twin.fit.population import fit_population
from twin.fit.settings import FitSettings
from twin.fit.stretches import LOCF, NOCB, held
from twin.model import Compartment, Model
from twin.nonmem import RegimenError
from twin.quantity import Assumed
from twin.records import read_records
from twin.solve.choose import solver_of
from twin.variability import Variability

_MADE_UP = "made up for the test"
V, CL = 20.0, 2.0
WEIGHT = Continuous("weight_kg", "kg", 20.0, 200.0, also=("WT",))
INDUCED = Category("inducer", ("no", "yes"))


class Person(NamedTuple):
    clearance: Any
    volume: Any
    share: Any


class Body(NamedTuple):
    central: Any


def individual(theta: Any, covariates: Any) -> Person:
    weight = covariates["weight_kg"] / 70
    induced = 1 + theta["induction"] * covariates["inducer"]
    return Person(theta["clearance"] * weight * induced, theta["volume"] * weight ** theta["exponent"], 0.01 * weight)


MODEL = Model(
    name="one compartment by weight",
    citation=_MADE_UP,
    covariates=(WEIGHT, INDUCED),
    parameters={
        "clearance": Assumed(CL, "L/h", _MADE_UP),
        "volume": Assumed(V, "L", _MADE_UP),
        "induction": Assumed(1.0, "1", _MADE_UP),
        "exponent": Assumed(0.0, "1", _MADE_UP),
    },
    individual=individual,
    start=lambda p: Body(0.0),
    rates=lambda p, s: Body(-p.clearance / p.volume * s.central),
    compartments={
        "central": Compartment("central"),
        "by weight": Compartment("central", bioavailability=lambda p: p.share),
    },
    observe=lambda p, s: {"C": s.central / p.volume},
    observables={"C": "mg/L"},
    variability=Variability(between={"clearance": Assumed(0.3, "SD(log)", _MADE_UP)}),
    errors={"C": Error(proportional=Assumed(0.1, "1", _MADE_UP))},
    fixed=("exponent",),
)


def table(**columns: Any) -> pd.DataFrame:
    """Return a bolus at 0 and another at 6 h, measured at 2, 5, 9 and 14 h, the weight another each time."""
    found = {
        "ID": 1,
        "TIME": [0.0, 2.0, 5.0, 6.0, 9.0, 14.0],
        "AMT": [100.0, 0.0, 0.0, 50.0, 0.0, 0.0],
        "DV": [0.0, 4.0, 3.0, 0.0, 2.0, 1.0],
        "EVID": [1, 0, 0, 1, 0, 0],
        "WT": [70.0, 77.0, 77.0, 84.0, 91.0, 70.0],
        "inducer": ["no", "no", "no", "no", "no", "no"],
    }
    return pd.DataFrame({**found, **columns})


def told(frame: pd.DataFrame, model: Model = MODEL, carried: str = NOCB) -> np.ndarray:
    """Return what is foretold of a typical patient's measurements."""
    data = data_set(model, read_records(frame), in_time=InTime(carried))
    assert data.changing is not None
    etas = tuple(model.variability.between)
    with float64_on_cpu():
        own = layout(model, published(model), data.case.covariates, etas, (), parted_of(model, data))
        likelihood = Likelihood(own, solver_of(model, data.case.plan.rate is not None), data.case)
        line = likelihood.line(own.pack(published(model)))
        return likelihood.courses(line, np.zeros((own.width, likelihood.patients)))[:, 0]


def by_hand(weights: list[float]) -> np.ndarray:
    """Return the amounts at 2, 5, 9 and 14 h, the clearance that of a weight in each of the five intervals."""
    k = CL / V * np.array(weights) / 70
    at_2 = 100 * np.exp(-2 * k[0])
    at_5 = at_2 * np.exp(-3 * k[1])
    at_9 = (at_5 * np.exp(-k[2]) + 50) * np.exp(-3 * k[3])
    return np.array([at_2, at_5, at_9, at_9 * np.exp(-5 * k[4])])


@pytest.mark.parametrize(("carried", "weights"), [(NOCB, [77, 77, 84, 91, 70]), (LOCF, [70, 77, 77, 84, 91])])
def test_a_clearance_that_changes_is_the_course_solved_piece_by_piece(carried: str, weights: list[float]) -> None:
    """NONMEM carries up to a record with what stands in it; most others with what stands in the one before."""
    np.testing.assert_allclose(told(table(), MODEL, carried), by_hand(weights) / V, rtol=1e-12)


@pytest.mark.parametrize("carried", (NOCB, LOCF))
def test_what_is_observed_and_given_is_by_its_own_record(carried: str) -> None:
    """The volume, too, grows with weight here: C is the amount in the volume of the measurement's own record."""
    own = {name: quantity for name, quantity in MODEL.parameters.items() if name != "exponent"}
    grown = replace(MODEL, parameters={**own, "exponent": Assumed(1.0, "1", _MADE_UP)})  # k does not change: CL/V
    weights = np.array([77.0, 77.0, 91.0, 70.0])
    frame = table(CMT=[1, 0, 0, 2, 0, 0])
    amounts = by_hand([70] * 5)
    late = 50 * (1 - 0.01 * 84 / 70) * np.exp(-CL / V * np.array([3, 8]))  # of the second dose a share arrives: its own
    amounts[2:] -= late
    np.testing.assert_allclose(told(frame, grown, carried), amounts / (V * weights / 70), rtol=1e-12)


def test_an_infusion_across_a_change_is_the_course_solved_by_hand() -> None:
    """20 mg/h from 0 to 6 h; an inducer from 3 h on doubles the clearance."""
    frame = pd.DataFrame(
        {
            "ID": 1,
            "TIME": [0, 2, 3, 5, 8],
            "AMT": [120, 0, 0, 0, 0],
            "RATE": [20, 0, 0, 0, 0],
            "DV": [0, 1, 0, 1, 1],
            "EVID": [1, 0, 2, 0, 0],
            "WT": 70,
            "inducer": ["no", "no", "yes", "yes", "yes"],
        }
    )
    k = CL / V

    def flown(before: float, rate: float, k: float, hours: float) -> float:
        return before * np.exp(-k * hours) + rate / k * (1 - np.exp(-k * hours))

    at_3 = flown(0, 20, k, 3)
    at_5 = flown(at_3, 20, 2 * k, 2)
    at_8 = flown(flown(at_5, 20, 2 * k, 1), 0, 2 * k, 2)
    expected = np.array([flown(0, 20, k, 2), at_5, at_8]) / V
    np.testing.assert_allclose(told(frame, carried=LOCF), expected, rtol=1e-12)


def test_a_steady_state_goes_by_its_own_dose() -> None:
    frame = table(WT=[140.0, 140.0, 140.0, 70.0, 70.0, 70.0], SS=[1, 0, 0, 0, 0, 0], II=[12, 0, 0, 0, 0, 0])
    k = 2 * CL / V
    found = told(frame)
    assert found[0] == pytest.approx(100 / V / (1 - np.exp(-12 * k)) * np.exp(-2 * k), rel=1e-9)


def test_what_holds_when_and_for_records_of_one_moment() -> None:
    """Two records at 4 h: the first one's value up to it, the last one's behind it."""
    time, line, record = np.array([0.0, 4.0, 4.0, 8.0]), np.arange(2, 6), np.array([0, 1, 2, 0])
    own, last = (held(time, line, record, carried) for carried in (NOCB, LOCF))
    moments = np.array([-1.0, 0.0, 2.0, 4.0, 6.0, 8.0, 9.0])
    assert own.at(moments, False).tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert last.at(moments, False).tolist() == [0, 0, 0, 1, 2, 0, 0]
    assert last.at(np.array([4.0]), True).tolist() == [2]
    assert own.of_lines(np.array([4, 4]), np.array([4.0, 8.0])).tolist() == [2, 0]


def test_a_record_that_says_nothing_says_what_the_one_before_does() -> None:
    gaps = table(WT=["", 77.0, ".", 84.0, 91.0, 70.0])
    np.testing.assert_array_equal(told(gaps), told(table(WT=[77.0, 77.0, 77.0, 84.0, 91.0, 70.0])))


def simulated(patients: int = 60, seed: int = 2) -> pd.DataFrame:
    """Return patients whose weight falls between visits, with doses each 12 h, made by the formula of one interval."""
    random, rows = np.random.default_rng(seed), []
    for who in range(patients):
        clearance, amount = 3.0 * np.exp(0.25 * random.standard_normal()), 0.0
        started, before = random.uniform(60, 110), 0.0
        for number in range(8):
            weight, inducer = started - 3 * number, "yes" if number > 3 else "no"
            for time in (12.0 * number, 12.0 * number + random.uniform(1, 11)):
                k = clearance * weight / 70 * (1.8 if inducer == "yes" else 1.0) / 25.0
                amount *= np.exp(-k * (time - before))
                before = time
                given = 100.0 if time == 12.0 * number else 0.0
                amount += given
                seen = amount / 25.0 * (1 + 0.1 * random.standard_normal())
                rows.append((who + 1, time, given, seen, 1 if given else 0, weight, inducer))
    return pd.DataFrame(rows, columns=["ID", "TIME", "AMT", "DV", "EVID", "WT", "inducer"])


def test_the_parameters_of_a_simulated_set_are_found() -> None:
    """With the first weight and no inducer for all, clearance is off by half."""
    found = fit_population(MODEL, data_set(MODEL, read_records(simulated()))).to_json()
    for name, true in {"clearance": 3.0, "volume": 25.0, "induction": 0.8}.items():
        one = found["theta"][name]
        assert abs(one["estimate"] - true) < 3 * one["se"] and one["se"] < 0.06 * true
    assert found["omega_cv_percent"]["clearance"] == pytest.approx(25, abs=6)
    assert found["sigma"]["C"]["proportional"] == pytest.approx(0.1, abs=0.01)
    assert found["changing"] == {"covariates": ["weight_kg", "inducer"], "between_records": "nocb"}
    assert any("weight_kg, inducer changes; between records the next record's" in one for one in found["warnings"])


def test_a_patient_s_most_likely_parameters_are_those_of_the_population_s_search() -> None:
    frame = simulated(3)
    data = data_set(MODEL, read_records(frame))
    etas = tuple(MODEL.variability.between)
    with float64_on_cpu():
        own = layout(MODEL, published(MODEL), data.case.covariates, etas, (), parted_of(MODEL, data))
        many = Likelihood(own, solver_of(MODEL), data.case)
        found = objective(many, own.pack(published(MODEL)), np.zeros((1, 3)))
    one, _ = of_table(MODEL, read_records(frame[frame["ID"] == 2]))
    posterior = fit_patient(MODEL, one)
    last = frame[frame["ID"] == 2].iloc[-1]
    expected = CL * last["WT"] / 70 * 2 * np.exp(found.etas[0, 1])
    assert posterior.to_json()["parameters"]["clearance"]["mode"] == pytest.approx(expected, rel=1e-6)


def test_a_forecast_goes_on_with_the_last_record_s_covariates() -> None:
    posterior = fit_patient(MODEL, of_table(MODEL, read_records(table()))[0])
    seen = courses(posterior, np.array([14.0, 20.0]), posterior.data.doses[0])[:, 0]
    k = posterior.ahead.clearance / posterior.ahead.volume
    np.testing.assert_allclose(seen[1], seen[0] * np.exp(-6 * k), rtol=1e-10)
    assert np.isfinite(forecast(posterior, np.array([1.0, 30.0])).value).all()


def test_what_is_wrong_is_named_with_its_line() -> None:
    with pytest.raises(RegimenError, match="row 5, column weight_kg: got '910', expected a number of kg"):
        data_set(MODEL, read_records(table(WT=[70.0, 77.0, 77.0, 84.0, 910.0, 70.0])))
    with pytest.raises(ValueError, match="got 'linear' for what holds between records, expected one of nocb, locf"):
        data_set(MODEL, read_records(table()), in_time=InTime("linear"))
    with pytest.raises(ValueError, match="says nothing of variability between occasions"):
        data_set(MODEL, read_records(table(OCC=1)), in_time=InTime(occasion="OCC"))


def test_a_covariate_by_hand_does_not_change() -> None:
    data = data_set(MODEL, read_records(table()), given={"weight_kg": "70"})
    assert data.changing is None
    assert (
        fit_population(MODEL, data, FitSettings(fixed=("induction",), most_steps=0)).to_json().get("changing") is None
    )
