"""What tacrolimus's models ask of a patient, how records state it, and what clearance depends on."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from twin.covariates import Continuous, Derived, Genotype
from twin.library.body import (
    ALBUMIN_CODES,
    BODY_SURFACE_CODES,
    CREATININE_CODES,
    DU_BOIS,
    HAEMATOCRIT_CODES,
    HEIGHT,
    JAMES,
    SEX,
    WEIGHT,
    lean_mass_kg,
    surface_m2,
)
from twin.library.genes import CYP3A4_ALLELES, CYP3A5_ALLELES
from twin.model import Theta

_UNNAMED = "assumed: the paper names no formula"
AGE = Continuous("age_years", "years", 15.0, 80.0)
BODY_SURFACE = Continuous(
    "body_surface_m2",
    "m2",
    1.2,
    2.8,
    recorded=BODY_SURFACE_CODES,
    derived=Derived(
        (WEIGHT, HEIGHT),
        surface_m2,
        f"{DU_BOIS}; {_UNNAMED}; 2.01 at the medians of its larger cohort, 79.4 kg and 183 cm, where it has 2.03",
    ),
)
ON_CLEARANCE = (
    AGE,
    Continuous("albumin_g_per_L", "g/L", 10.0, 60.0, recorded=ALBUMIN_CODES),
    BODY_SURFACE,
    Continuous("creatinine_umol_per_L", "umol/L", 35.0, 1900.0, recorded=CREATININE_CODES),
    Continuous("haematocrit_percent", "%", 15.0, 80.0, recorded=HAEMATOCRIT_CODES),
)
LEAN_MASS = Continuous(
    "lean_mass_kg",
    "kg",
    30.0,
    90.0,
    derived=Derived(
        (WEIGHT, HEIGHT, SEX),
        lean_mass_kg,
        f"{JAMES}; {_UNNAMED}; 63.2 of a man of these medians, where it has 64.0",
    ),
)
CYP3A5 = Genotype("CYP3A5", ("*1", "*3", "*6"), "/", frequencies=CYP3A5_ALLELES)
CYP3A4 = Genotype("CYP3A4", ("*1", "*22"), "/", frequencies=CYP3A4_ALLELES)


def power(theta: Theta, covariates: Mapping[str, Any], name: str) -> Any:
    """Return by how much a covariate multiplies a parameter."""
    return (covariates[name] / theta[f"reference {name}"]) ** theta[f"exponent {name}"]


def clearance(theta: Theta, covariates: Mapping[str, Any], numbers: tuple[Continuous, ...]) -> Any:
    """Return the clearance by these numbers and the two genes, in L/h."""
    found = theta["clearance"]
    for covariate in numbers:
        found = found * power(theta, covariates, covariate.name)
    for gene, allele in ((CYP3A5, "*1"), (CYP3A4, "*22")):
        carried = jnp.array([allele in pair.split("/") for pair in gene.levels])
        found = found * jnp.where(carried[covariates[gene.name]], theta[f"clearance_ratio {gene.name}{allele}"], 1)
    return found
