"""Published algorithms for warfarin's dose: IWPC 2009, Gage 2008, the EU-PACT loading doses, Lenzini 2010.

Patients come as covariates, one array per name, all of one length: `age_years`, `height_cm`, `weight_kg`, `race`
("white", "asian", "black", "mixed_or_missing"), `CYP2C9` ("*1/*3"), `VKORC1` (-1639G>A: "GG", "GA", "AA"); a genotype
may be "unknown". True or false, and false for everyone where left out: `amiodarone`, `enzyme_inducer` (carbamazepine,
phenytoin, rifampicin), `fluvastatin`, `smoker`, `thrombosis` (treated for deep vein thrombosis or pulmonary embolism),
`stroke`, `diabetes`. `target_inr` is 2.5 where left out. Doses are of racemic warfarin.

    IWPC      √(mg/week) = intercept + age in whole decades + cm + kg + genotypes + race + amiodarone + enzyme inducer
    Gage      ln(mg/day) = intercept + alleles + m² + years + target + race + amiodarone + smoker + thrombosis
    Lenzini   ln(mg/week) = Gage's terms + ln(INR of day 4 or 5) + earlier doses + stroke + diabetes + fluvastatin

each term times its coefficient (`coefficients`); the clinical equations are without genotypes.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from twin.covariates import Covariate
from twin.library.body import HEIGHT, WEIGHT
from twin.library.warfarin.coefficients import (
    EU_PACT_ELIMINATION,
    GAGE_CLINICAL,
    GAGE_PHARMACOGENETIC,
    IWPC_CLINICAL,
    IWPC_PHARMACOGENETIC,
    LENZINI,
    LENZINI_CLINICAL,
    Coefficients,
)
from twin.library.warfarin.covariates import AGE, CYP2C9, RACE, VKORC1
from twin.model import Floats

Covariates = Mapping[str, NDArray[np.generic]]

UNKNOWN = "unknown"
"""A genotype that was not determined: the IWPC's equation has a term for it, others give no dose (NaN)."""

TARGET_INR = 2.5
"""What Gage's and Lenzini's equations aim at where nothing else is said: the middle of the range 2 to 3."""


def iwpc_pharmacogenetic(covariates: Covariates) -> Floats:
    """Return the maintenance dose in mg/day by the IWPC's equation with genotypes, (√weekly dose)² / 7."""
    return _iwpc(IWPC_PHARMACOGENETIC, covariates)


def iwpc_clinical(covariates: Covariates) -> Floats:
    """Return the maintenance dose in mg/day by the IWPC's equation without genotypes."""
    return _iwpc(IWPC_CLINICAL, covariates)


def gage_2008(covariates: Covariates) -> Floats:
    """Return the maintenance dose in mg/day by Gage's equation with genotypes; NaN where one is unknown."""
    return np.exp(_log_linear(GAGE_PHARMACOGENETIC, covariates))


def gage_clinical_2008(covariates: Covariates) -> Floats:
    """Return the maintenance dose in mg/day by Gage's equation without genotypes."""
    return np.exp(_log_linear(GAGE_CLINICAL, covariates))


MAINTENANCE: dict[str, tuple[Coefficients, Callable[[Covariates], Floats]]] = {
    "iwpc_pharmacogenetic": (IWPC_PHARMACOGENETIC, iwpc_pharmacogenetic),
    "iwpc_clinical": (IWPC_CLINICAL, iwpc_clinical),
    "gage_2008": (GAGE_PHARMACOGENETIC, gage_2008),
    "gage_clinical_2008": (GAGE_CLINICAL, gage_clinical_2008),
}
"""Name -> coefficients and equation of every algorithm for the maintenance dose."""

COVARIATES: dict[str, tuple[Covariate, ...]] = {
    "iwpc_pharmacogenetic": (AGE, HEIGHT, WEIGHT, RACE, CYP2C9, VKORC1),
    "iwpc_clinical": (AGE, HEIGHT, WEIGHT, RACE),
    "gage_2008": (AGE, HEIGHT, WEIGHT, RACE, CYP2C9, VKORC1),
    "gage_clinical_2008": (AGE, HEIGHT, WEIGHT, RACE),
    "lenzini_2010": (AGE, HEIGHT, WEIGHT, RACE, CYP2C9, VKORC1),
    "lenzini_clinical_2010": (AGE, HEIGHT, WEIGHT, RACE),
    "eu_pact_loading": (CYP2C9,),
}
"""Name -> what an algorithm reads of a patient, beside the conditions that may be left out."""


def eu_pact_loading(maintenance_mg: Floats, cyp2c9: NDArray[np.generic]) -> Floats:
    """Return the doses of days 1 to 3 in mg, [patient, 3], that reach a maintenance dose's steady state on day 4.

    Three equal doses LD3 = D / (1 - exp(-72 k)) would do so in one compartment with elimination rate k of the
    diplotype; EU-PACT gives them unequally, 1.5 LD3 - 0.5 D, LD3, 0.5 LD3 + 0.5 D.

    >>> eu_pact_loading(np.array([5.0]), np.array(["*1/*1"])).round(2).tolist()
    [[7.59, 6.72, 5.86]]
    """
    rate = _by_label(EU_PACT_ELIMINATION, cyp2c9)
    rate = np.where(rate > 0, rate, np.nan)
    loading = maintenance_mg / -np.expm1(-72.0 * rate)
    return np.stack(
        [1.5 * loading - 0.5 * maintenance_mg, loading, 0.5 * loading + 0.5 * maintenance_mg],
        axis=1,
    )


def lenzini_2010(covariates: Covariates, inr: Floats, doses_mg: Floats) -> Floats:
    """Return the revised dose in mg/day from an INR of day 4 or 5; NaN where a genotype is unknown.

    `doses_mg` [patient, 3] are the doses of 4, 3 and 2 days before; 0 where that was before the first day.
    """
    return _revised(LENZINI, covariates, inr, doses_mg)


def lenzini_clinical_2010(covariates: Covariates, inr: Floats, doses_mg: Floats) -> Floats:
    """Return the revised dose in mg/day without genotypes; see `lenzini_2010`."""
    return _revised(LENZINI_CLINICAL, covariates, inr, doses_mg)


def body_surface_m2(covariates: Covariates) -> Floats:
    """Return body surface in m² by Mosteller's formula, √(height in cm × weight in kg / 3600)."""
    surface: Floats = np.sqrt(_numbers(covariates, "height_cm") * _numbers(covariates, "weight_kg") / 3600.0)
    return surface


def _iwpc(equation: Coefficients, covariates: Covariates) -> Floats:
    root: Floats = (
        equation["intercept"].value
        + equation["age"].value * np.floor(_numbers(covariates, "age_years") / 10.0)
        + equation["height"].value * _numbers(covariates, "height_cm")
        + equation["weight"].value * _numbers(covariates, "weight_kg")
        + _by_label(equation, covariates["race"])
        + _conditions(equation, covariates)
    )
    for gene in ("VKORC1", "CYP2C9"):
        labels = covariates[gene].astype(str)
        root = root + _by_label(equation, np.where(labels == UNKNOWN, f"{gene} {UNKNOWN}", labels))
    return np.maximum(root, 0.0) ** 2 / 7.0


def _log_linear(equation: Coefficients, covariates: Covariates) -> Floats:
    """Return the terms that Gage's and Lenzini's equations share."""
    terms: Floats = (
        equation["intercept"].value
        + equation["age"].value * _numbers(covariates, "age_years")
        + equation["body_surface"].value * body_surface_m2(covariates)
        + equation["target"].value * np.asarray(covariates.get("target_inr", TARGET_INR), dtype=np.float64)
        + equation["black"].value * (covariates["race"] == "black")
        + _conditions(equation, covariates)
    )
    for gene, alleles in (("VKORC1", ("A",)), ("CYP2C9", ("*2", "*3"))):
        for allele in alleles:
            if allele in equation:
                labels = covariates[gene].astype(str)
                count = np.where(labels == UNKNOWN, np.nan, np.strings.count(labels, allele))
                terms = terms + equation[allele].value * count
    return terms


def _revised(equation: Coefficients, covariates: Covariates, inr: Floats, doses_mg: Floats) -> Floats:
    log_weekly = _log_linear(equation, covariates) + equation["log_inr"].value * np.log(inr)
    for column, days_ago in enumerate((4, 3, 2)):
        log_weekly = log_weekly + equation[f"dose_{days_ago}_days_ago"].value * doses_mg[:, column]
    return np.exp(log_weekly) / 7.0


_CONDITIONS = ("amiodarone", "enzyme_inducer", "fluvastatin", "smoker", "thrombosis", "stroke", "diabetes")


def _conditions(equation: Coefficients, covariates: Covariates) -> Floats:
    """Return what the conditions that an equation knows come to: 0 for those that were left out."""
    found = np.zeros(len(covariates["age_years"]))
    for name in _CONDITIONS:
        if name in equation and name in covariates:
            found += equation[name].value * np.asarray(covariates[name], dtype=np.float64)
    return found


def _numbers(covariates: Covariates, name: str) -> Floats:
    return np.asarray(covariates[name], dtype=np.float64)


def _by_label(equation: Coefficients, labels: NDArray[np.generic]) -> Floats:
    """Return each patient's coefficient, zero where the algorithm has none for the label."""
    found, index = np.unique(labels.astype(str), return_inverse=True)
    values = np.array(
        [equation[str(label)].value if str(label) in equation else 0.0 for label in found], dtype=np.float64
    )
    return values[index]
