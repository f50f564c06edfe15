"""Dose algorithms against values worked out from the published coefficients, and against elimination's closed form."""

import numpy as np
import pytest

from twin.library.warfarin.coefficients import EU_PACT_ELIMINATION
from twin.library.warfarin.doses import (
    eu_pact_loading,
    gage_2008,
    gage_clinical_2008,
    iwpc_clinical,
    iwpc_pharmacogenetic,
    lenzini_2010,
    lenzini_clinical_2010,
)

Covariates = dict[str, np.ndarray]


def patient(age: float, height: float, weight: float, cyp2c9: str, vkorc1: str, race: str = "white") -> Covariates:
    values = {"age_years": age, "height_cm": height, "weight_kg": weight}
    labels = {"CYP2C9": cyp2c9, "VKORC1": vkorc1, "race": race}
    return {name: np.array([value]) for name, value in (values | labels).items()}


@pytest.mark.parametrize(
    ("covariates", "weekly_mg"),
    [
        (patient(65, 170, 80, "*1/*1", "GG"), 42.7585),
        (patient(65, 170, 80, "*1/*1", "GA"), 32.1636),
        (patient(65, 170, 80, "*1/*3", "AA"), 15.2561),
        (patient(75, 160, 60, "*3/*3", "AA"), 3.6328),
    ],
)
def test_iwpc_with_genotypes(covariates: Covariates, weekly_mg: float) -> None:
    assert iwpc_pharmacogenetic(covariates)[0] * 7 == pytest.approx(weekly_mg, abs=5e-5)


def test_iwpc_without_genotypes() -> None:
    assert iwpc_clinical(patient(65, 170, 80, "*1/*3", "AA"))[0] * 7 == pytest.approx(31.2257, abs=5e-5)


@pytest.mark.parametrize(
    ("cyp2c9", "vkorc1", "daily_mg"), [("*1/*1", "GG", 6.2788), ("*1/*1", "GA", 4.5420), ("*1/*3", "AA", 2.2007)]
)
def test_gage(cyp2c9: str, vkorc1: str, daily_mg: float) -> None:
    assert gage_2008(patient(65, 170, 80, cyp2c9, vkorc1))[0] == pytest.approx(daily_mg, abs=5e-5)


@pytest.mark.parametrize("cyp2c9", EU_PACT_ELIMINATION)
def test_loading_reaches_the_steady_state_of_one_compartment(cyp2c9: str) -> None:
    maintenance, decay = 4.0, np.exp(-24 * EU_PACT_ELIMINATION[cyp2c9].value)
    doses = eu_pact_loading(np.array([maintenance]), np.array([cyp2c9]))[0]
    equal = doses.mean()
    before_fourth_dose = equal * (decay + decay**2 + decay**3)
    assert before_fourth_dose == pytest.approx(maintenance * decay / (1 - decay), rel=1e-12)
    assert doses == pytest.approx([1.5 * equal - 2.0, equal, 0.5 * equal + 2.0])


def test_revision_equals_the_published_equation() -> None:
    by_hand = (
        3.10894 - 0.00767 * 65 - 0.51611 * np.log(1.6) - 0.23032 - 0.30770
        + 0.24597 * np.sqrt(170 * 80 / 3600) + 0.26729 * 2.5 + 0.01690 * 5 + 0.02018 * 10
    )  # fmt: skip
    revised = lenzini_2010(patient(65, 170, 80, "*1/*3", "GA"), np.array([1.6]), np.array([[0.0, 10.0, 5.0]]))
    assert revised[0] == pytest.approx(np.exp(by_hand) / 7, rel=1e-12)
    assert lenzini_2010(patient(65, 170, 80, "*1/*3", "GA"), np.array([3.0]), np.array([[0.0, 10.0, 5.0]])) < revised


def test_amiodarone_inducers_and_what_is_unknown_have_their_terms_in_the_iwpc_equation() -> None:
    # 5.6044 - .2614*6 + .0087*170 + .0128*80 = 6.5390; then the terms by hand.
    of = patient(65, 170, 80, "unknown", "unknown", "mixed_or_missing")
    root = 6.5390 - 0.4854 - 0.2188 - 0.1032
    assert iwpc_pharmacogenetic(of)[0] * 7 == pytest.approx(root**2, rel=1e-6)
    taking = of | {"amiodarone": np.array([True]), "enzyme_inducer": np.array([True])}
    assert iwpc_pharmacogenetic(taking)[0] * 7 == pytest.approx((root + 1.1816 - 0.5503) ** 2, rel=1e-6)
    # 4.0376 - .2546*6 + .0118*170 + .0134*80 = 5.5880
    assert iwpc_clinical(taking)[0] * 7 == pytest.approx((5.5880 + 0.0443 + 1.2799 - 0.5695) ** 2, rel=1e-6)


def test_the_clinical_equations_equal_those_published() -> None:
    of = patient(65, 170, 80, "unknown", "unknown", "black") | {
        name: np.array([True]) for name in ("amiodarone", "smoker", "thrombosis", "stroke", "diabetes", "fluvastatin")
    }
    surface = np.sqrt(170 * 80 / 3600)
    gage = 0.613 + 0.425 * surface - 0.0075 * 65 + 0.156 + 0.216 * 2.5 - 0.257 + 0.108 + 0.0784
    assert gage_clinical_2008(of)[0] == pytest.approx(np.exp(gage), rel=1e-12)
    lenzini = (
        2.81602 - 0.76679 * np.log(1.8) - 0.00590 * 65 + 0.27815 * 2.5 - 0.16759 + 0.17675 * surface - 0.22844
        - 0.25487 + 0.07123 - 0.11137 + 0.03471 * 5 + 0.03047 * 7.5 + 0.01929 * 10
    )  # fmt: skip
    doses = np.array([[10.0, 7.5, 5.0]])
    assert lenzini_clinical_2010(of, np.array([1.8]), doses)[0] == pytest.approx(np.exp(lenzini) / 7, rel=1e-12)


def test_conditions_move_the_equations_with_genotypes_by_their_coefficients() -> None:
    of, inr, doses = patient(65, 170, 80, "*1/*2", "GA"), np.array([1.8]), np.array([[0.0, 10.0, 5.0]])
    having = of | {name: np.array([True]) for name in ("amiodarone", "smoker", "thrombosis")}
    assert gage_2008(having)[0] / gage_2008(of)[0] == pytest.approx(np.exp(-0.2538 + 0.0922 + 0.0664), rel=1e-12)
    ill = of | {name: np.array([True]) for name in ("amiodarone", "fluvastatin", "stroke", "diabetes")}
    moved = np.exp(-0.10350 - 0.19275 - 0.20590 - 0.11216)
    assert lenzini_2010(ill, inr, doses)[0] / lenzini_2010(of, inr, doses)[0] == pytest.approx(moved, rel=1e-12)


def test_an_equation_without_a_term_for_an_unknown_genotype_gives_no_dose() -> None:
    of = patient(65, 170, 80, "*1/*1", "unknown")
    assert np.isnan(gage_2008(of)).all() and np.isnan(lenzini_2010(of, np.array([1.8]), np.zeros((1, 3)))).all()
    assert np.isfinite(iwpc_pharmacogenetic(of)).all() and np.isfinite(gage_clinical_2008(of)).all()
