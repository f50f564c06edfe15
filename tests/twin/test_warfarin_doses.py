"""Dose algorithms against values worked out from the published coefficients, and against elimination's closed form."""

import numpy as np
import pytest

from twin.library.warfarin.doses import (
    EU_PACT_ELIMINATION,
    eu_pact_loading,
    gage_2008,
    iwpc_clinical,
    iwpc_pharmacogenetic,
    lenzini_2010,
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
