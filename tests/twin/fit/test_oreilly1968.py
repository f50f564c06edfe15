"""Warfarin's concentrations and prothrombin complex activity: FOCEI against NONMEM and Monolix."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin import library
from twin.engine import float64_on_cpu
from twin.fit.data import data_set
from twin.fit.layout import layout, published
from twin.fit.likelihood import Likelihood
from twin.fit.modes import objective
from twin.fit.population import fit_population, kept
from twin.fit.settings import FitSettings
from twin.records import read_records
from twin.solve.choose import solver_of

MODEL = library.load("warfarin_oreilly1968")

SIMULATED = {
    1: (
        (66.7, 100.0),
        (0.5, 1.0, 2.0, 3.0, 6.0, 9.0, 12.0, 24.0, 36.0, 48.0, 72.0),
        (-0.48021, 0.86849, 6.7703, 9.7448, 11.521, 12.785, 10.524, 7.042, 4.5396, 3.8498, 1.3955),
        13.219852610620702,
        (0.545592, -0.0899968, 0.215756, -0.138101),
    ),
    7: (
        (60.0, 90.0),
        (3.0, 6.0, 9.0, 12.0, 24.0, 36.0, 48.0, 72.0, 96.0),
        (12.053, 10.928, 10.081, 11.025, 10.159, 6.7974, 5.0952, 4.4709, 3.7288),
        13.875725675526578,
        (-0.100695, 0.0657011, -0.667285, -0.189049),
    ),
    18: (
        (78.0, 117.0),
        (24.0, 36.0, 48.0, 72.0, 96.0, 120.0),
        (10.932, 7.9512, 6.1121, 4.8305, 3.1793, 1.9879),
        1.1115237585578317,
        (-0.0517553, -0.0870831, 0.0554327, 0.0276139),
    ),
}
"""Three of the 32 simulated volunteers of Nguyen 2017 (doi:10.1002/psp4.12161): weight and dose, times, concentrations,
and what NONMEM 7.3's FOCEI (METHOD=COND INTER) printed of them: objective, and etas of CL, V, ln 2/ka and lag."""
THETA = {"lag": 1.02754, "absorption": np.log(2) / 0.943726, "clearance": 0.131330, "volume": 8.06231}
OMEGA = {"lag_h": 0.310538, "absorption_per_h": 0.446894, "clearance_l_per_h": 0.0649136, "volume_l": 0.0201199}
SIGMA = {"additive": np.sqrt(0.135008), "proportional": np.sqrt(0.00477780)}


def simulated() -> pd.DataFrame:
    """Return the three, the weight called WT as NONMEM's users call it."""
    rows = []
    for who, ((weight, dose), times, seen, _, _) in SIMULATED.items():
        rows.append((who, 0.0, dose, ".", "cp", 1, weight))
        rows += [(who, time, ".", value, "cp", 0, weight) for time, value in zip(times, seen, strict=True)]
    return pd.DataFrame(rows, columns=["id", "time", "amt", "dv", "dvid", "evid", "wt"])


def test_focei_with_interaction_is_nonmems_patient_by_patient() -> None:
    """Absorption with a lag that varies, error additive and proportional, weight on clearance and volume."""
    data = data_set(MODEL, read_records(simulated()))
    own = published(MODEL, tuple(OMEGA))
    own = own._replace(
        theta={**own.theta, **THETA},
        white=np.diag(1 / np.sqrt(list(OMEGA.values()))),
        sigma={**own.sigma, "cp": SIGMA},
    )
    still = tuple(name for name in own.theta if name not in THETA)
    with float64_on_cpu():
        told = Likelihood(layout(MODEL, own, data.case.covariates, tuple(OMEGA), still), solver_of(MODEL), data.case)
        found = objective(told, told.layout.pack(own), np.zeros((4, 3)))
    np.testing.assert_allclose(found.value, [one[3] for one in SIMULATED.values()], atol=5e-4)
    clearance, volume, absorbing, lag = np.array([one[4] for one in SIMULATED.values()]).T
    np.testing.assert_allclose(found.etas, [lag, -absorbing, clearance, volume], atol=1e-3)


@pytest.mark.mirror
def test_both_endpoints_are_fitted_as_monolix_does(mirror: Path) -> None:
    """Monolix 2021R2, SAEM, without weight; a largest inhibition of 0.996 is as good as 1.

    Lag and absorption have few samples to go by, and Monolix adds up the two SDs of the error where we add variances.
    """
    settings = FitSettings(start={"clearance_weight_exponent": 0.0, "volume_weight_exponent": 0.0})
    fit = fit_population(MODEL, data_set(MODEL, read_records(mirror / "pk" / "warfarin.csv.gz")), settings)
    told, wide = fit.to_json(), np.sqrt(np.diag(fit.population.omega()))
    assert told["converged"] and not told["warnings"]
    published = {"clearance": 0.134, "volume": 7.89, "baseline": 96.5, "loss": 0.0542, "half_inhibition": 1.15}
    for name, value in published.items():
        one = told["theta"][name]
        assert one["estimate"] == pytest.approx(value, abs=one["se"]) and one["se"] < 0.12 * value
    assert told["theta"]["lag"]["estimate"] == pytest.approx(0.92, rel=0.05)
    assert told["theta"]["absorption"]["estimate"] == pytest.approx(1.4, abs=told["theta"]["absorption"]["se"])
    np.testing.assert_allclose(wide[2:], [0.284, 0.219, 0.0532, 0.106, 0.449], rtol=0.05)
    assert told["sigma"]["pca"]["additive"] == pytest.approx(3.82, rel=0.02)


def test_what_the_model_fixes_stays_unless_it_is_freed() -> None:
    assert set(kept(MODEL, FitSettings())) == set(MODEL.fixed)
    exponent = "clearance_weight_exponent"
    freed = kept(MODEL, FitSettings(free=(exponent,), fixed=("lag", "residual: cp")))
    assert set(freed) == {*MODEL.fixed, "lag", "residual: cp"} - {exponent}
    with pytest.raises(ValueError, match="has nothing called 'ka'"):
        kept(MODEL, FitSettings(fixed=("ka",)))
