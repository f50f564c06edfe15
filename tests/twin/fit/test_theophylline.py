"""The population of theophylline, against nlmixr2's documentation."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.twin.fit.theophylline import MODEL, frame
from twin.fit.arms import what_if
from twin.fit.data import ROWS_AT_ONCE, DataSet, data_set
from twin.fit.diagnose import goodness_of_fit, predictive_check
from twin.fit.forecast import forecast
from twin.fit.forecast import predictive_check as patient_check
from twin.fit.patient import fit_patient
from twin.fit.plots import etas_figure, goodness_of_fit_figure, predictive_check_figure
from twin.fit.population import PopulationFit, fit_population
from twin.fit.settings import FitSettings
from twin.records import read_records
from twin.regimen import boluses

pytestmark = pytest.mark.mirror


@pytest.fixture(scope="module")
def table(mirror: Path) -> pd.DataFrame:
    return frame(mirror)


@pytest.fixture(scope="module")
def fit(table: pd.DataFrame) -> PopulationFit:
    start = {"absorption": 1.0, "clearance": 4.0, "volume": 20.0}
    return fit_population(MODEL, data_set(MODEL, read_records(table)), FitSettings(start=start))


def test_focei_is_that_of_nlmixr2(fit: PopulationFit) -> None:
    """FOCEI: ka 1.590, CL 2.752, V 31.81; 70.4, 26.7 and 13.9 %; additive 0.694; OFV 116.8034."""
    told = fit.to_json()
    assert told["ofv"] == pytest.approx(116.8034, abs=2e-3)
    found = [told["theta"][name]["estimate"] for name in ("absorption", "clearance", "volume")]
    np.testing.assert_allclose(found, [1.590, 2.752, 31.81], rtol=5e-3)
    np.testing.assert_allclose(list(told["omega_cv_percent"].values()), [70.4, 26.7, 13.9], rtol=5e-3)
    assert told["sigma"]["theophylline_mg_per_L"]["additive"] == pytest.approx(0.694, rel=5e-3)
    json.dumps(told, allow_nan=False)


def test_tables_and_figures_are_of_the_fit(fit: PopulationFit) -> None:
    rows = goodness_of_fit(fit)
    assert len(rows) == 132
    assert rows["CWRES"].std() == pytest.approx(1.0, abs=0.1)
    assert predictive_check(fit, replicates=20)["measured"].notna().all()
    for figure in (goodness_of_fit_figure(fit), etas_figure(fit), predictive_check_figure(fit)):
        assert figure.axes


def one(table: pd.DataFrame, who: int) -> DataSet:
    return data_set(MODEL, read_records(table[table["ID"] == who]), rows=ROWS_AT_ONCE)


def test_a_patient_is_most_likely_where_focei_has_the_etas(fit: PopulationFit, table: pd.DataFrame) -> None:
    """The search of FOCEI and of one patient are the same at the same population."""
    data = one(table, 3)
    found = fit_patient(MODEL, data, population=fit.population)
    own = dict(zip(fit.layout.etas, fit.search.etas[:, fit.data.ids.index("3")], strict=True))
    clearance = fit.population.theta["clearance"] * np.exp(own["clearance_l_per_h"])
    assert found.to_json()["parameters"]["clearance_l_per_h"]["mode"] == pytest.approx(clearance, rel=1e-5)


def test_weighted_draws_are_those_of_the_sampler(table: pd.DataFrame) -> None:
    data = one(table, 1)
    quick, sampled = (fit_patient(MODEL, data, method=method).to_json()["parameters"] for method in ("map", "nuts"))
    for field, values in quick.items():
        width = sampled[field]["upper"] - sampled[field]["lower"]
        for bound in ("median", "lower", "upper"):
            assert values[bound] == pytest.approx(sampled[field][bound], abs=0.15 * width)


def test_a_forecast_is_narrower_without_residual_error_and_arms_share_their_luck(table: pd.DataFrame) -> None:
    data = one(table, 2)
    posterior = fit_patient(MODEL, data)
    times = np.array([6.0, 12.0, 30.0])
    found = forecast(posterior, times)
    assert (found.lower_measured < found.lower).all() and (found.upper < found.upper_measured).all()
    dose = data.doses[0]
    arms = what_if(posterior, times, {"same": dose, "double": boluses(dose.time_h, 2 * dose.amount)})
    np.testing.assert_array_equal(arms.forecasts["same"].value, found.value)
    np.testing.assert_allclose(arms.forecasts["double"].value, 2 * found.value, rtol=1e-9)
    (difference,) = arms.differences
    assert (difference.arm, difference.reference) == ("double", "same")
    np.testing.assert_allclose(difference.value, found.value, rtol=1e-9)
    np.testing.assert_allclose(difference.upper, found.upper, rtol=1e-9)  # draw by draw: no wider than the course
    assert (difference.higher == 1).all()
    assert 0.01 < patient_check(posterior).p_value < 0.99


def test_an_error_names_line_and_column_but_no_patient(table: pd.DataFrame) -> None:
    named = table[table["ID"] == 1].assign(ID="secret", CMT=7)
    with pytest.raises(ValueError, match="row 1, column CMT: got 7") as failure:
        data_set(MODEL, read_records(named))
    assert "secret" not in str(failure.value)
    with pytest.raises(ValueError, match="no parameter 'ka'"):
        fit_population(MODEL, data_set(MODEL, read_records(table)), FitSettings(start={"ka": 1.0}))
