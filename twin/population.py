"""A population: how covariates and genotypes are distributed; cohorts are sampled from it."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, Strict, model_validator
from scipy.special import ndtr, ndtri

from kg.files.checked import Checked, Number, Positive, Share, Text
from twin.model import Floats, Genotype
from twin.patient import Cohort
from twin.streams import stream

CYP2C9 = Genotype("CYP2C9", ("*1", "*2", "*3"), "/")
VKORC1 = Genotype("VKORC1", ("G", "A"), "")


def _frequencies_of(gene: Genotype) -> AfterValidator:
    """Return the check that the frequencies of a gene's alleles are complete."""

    def check_frequencies(frequencies: dict[str, float]) -> dict[str, float]:
        if not set(frequencies) <= set(gene.alleles):
            raise ValueError(f"got the alleles {', '.join(frequencies)}, expected {', '.join(gene.alleles)}")
        total = math.fsum(frequencies.values())
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the frequencies sum to {total:.6g}, expected 1")
        return frequencies

    return AfterValidator(check_frequencies)


Correlation = Annotated[float, Strict(), Field(gt=-1, lt=1)]


class Spread(Checked):
    """A normal distribution cut off at its bounds; `mean` and `sd` are those before the cut."""

    mean: Number
    sd: Positive
    lower: Number
    upper: Number

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.lower < self.mean < self.upper:
            raise ValueError(f"expected lower < mean < upper, got {self.lower:g}, {self.mean:g}, {self.upper:g}")
        return self

    def quantile(self, share: Floats) -> Floats:
        """Return the values below which these shares of the population lie.

        >>> Spread(mean=70, sd=10, lower=60, upper=80).quantile(np.array([0.0, 0.5, 1.0])).round(6).tolist()
        [60.0, 70.0, 80.0]
        """
        below, within = ((bound - self.mean) / self.sd for bound in (self.lower, self.upper))
        inside: Floats = self.mean + self.sd * ndtri(ndtr(below) + share * (ndtr(within) - ndtr(below)))
        return np.clip(inside, self.lower, self.upper)


class Correlations(Checked):
    """Correlations of the normal scores of age, height and weight."""

    age_height: Correlation = 0.0
    age_weight: Correlation = 0.0
    height_weight: Correlation = 0.0

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if np.linalg.eigvalsh(self.matrix()).min() <= 0:
            raise ValueError("no three quantities can have these correlations together; bring them nearer to 0")
        return self

    def matrix(self) -> Floats:
        """Return the correlation matrix of age, height and weight, [3, 3]."""
        return np.array(
            [
                [1.0, self.age_height, self.age_weight],
                [self.age_height, 1.0, self.height_weight],
                [self.age_weight, self.height_weight, 1.0],
            ]
        )


class Population(Checked):
    """Who may be enrolled: age, body size, ancestry, and allele frequencies of CYP2C9 and VKORC1 (-1639G>A).

    Alleles are drawn independently of each other and of all else: Hardy-Weinberg proportions.
    """

    source: Text
    race: Literal["white", "asian", "black", "mixed_or_missing"]
    age_years: Spread
    height_cm: Spread
    weight_kg: Spread
    correlations: Correlations = Correlations()
    CYP2C9: Annotated[dict[str, Share], _frequencies_of(CYP2C9)]
    VKORC1: Annotated[dict[str, Share], _frequencies_of(VKORC1)]


def sample(population: Population, size: int, seed: int) -> Cohort:
    """Sample a cohort.

    The first patients of a larger cohort are those of a smaller one with the same seed. Continuous covariates keep
    their bounds and, but for the cut, the stated correlations (a Gaussian copula).
    """
    root = np.linalg.cholesky(population.correlations.matrix())
    share = ndtr(stream(seed, "population", "body").standard_normal((size, 3)) @ root.T)
    spreads = (population.age_years, population.height_cm, population.weight_kg)
    age, height, weight = (spread.quantile(share[:, column]) for column, spread in enumerate(spreads))
    return Cohort(
        ids=tuple(f"S{number:06d}" for number in range(1, size + 1)),
        covariates={
            "age_years": age,
            "height_cm": height,
            "weight_kg": weight,
            "race": np.full(size, population.race),
            "CYP2C9": _diplotypes(CYP2C9, population.CYP2C9, stream(seed, "population", "CYP2C9"), size),
            "VKORC1": _diplotypes(VKORC1, population.VKORC1, stream(seed, "population", "VKORC1"), size),
        },
    )


def _diplotypes(
    gene: Genotype, frequencies: Mapping[str, float], luck: np.random.Generator, size: int
) -> NDArray[np.str_]:
    """Draw two alleles a patient and write them as the gene's diplotype."""
    bounds = np.cumsum([frequencies.get(allele, 0.0) for allele in gene.alleles])
    drawn = np.searchsorted(bounds / bounds[-1], luck.random((size, 2)), side="right")
    first, second = np.sort(drawn, axis=1).T
    names = np.array(gene.alleles)
    return np.strings.add(np.strings.add(names[first], gene.separator), names[second])
