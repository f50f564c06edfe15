"""A population of distributions: how covariates are distributed, each under its name."""

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import permutations
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Discriminator, Field, Strict, Tag, model_validator
from scipy.special import ndtr, ndtri

from kg.files.checked import Checked, Number, Positive, Share, Text
from twin.assumption import Assumption
from twin.covariates import Category, Continuous, Covariate, Genotype, asked_for
from twin.model import Floats
from twin.patient import Cohort
from twin.populations.population import Population, numbered
from twin.streams import normals, uniforms
from twin.variability import log_sd

Correlation = Annotated[float, Strict(), Field(gt=-1, lt=1)]
Correlations = dict[str, Correlation]
"""Of the normal scores of two continuous covariates, under both names: "age_years_height_cm", or short "age_height"."""


class Spread(Checked):
    """A normal or log-normal distribution cut off at its bounds; `mean` and `sd` are those before the cut."""

    mean: Number
    sd: Positive
    lower: Number
    upper: Number
    distribution: Literal["normal", "log-normal"] = "normal"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.lower < self.mean < self.upper:
            raise ValueError(f"expected lower < mean < upper, got {self.lower:g}, {self.mean:g}, {self.upper:g}")
        if self.distribution == "log-normal" and self.lower < 0:
            raise ValueError(f"expected lower >= 0 for a log-normal distribution, got {self.lower:g}")
        return self

    def quantile(self, share: Floats) -> Floats:
        """Return the values below which these shares of the population lie.

        A log-normal quantity with mean m and standard deviation s has a normal logarithm, with variance
        σ² = ln(1 + (s/m)²) and mean ln(m) - σ²/2.

        >>> Spread(mean=70, sd=10, lower=60, upper=80).quantile(np.array([0.0, 0.5, 1.0])).round(6).tolist()
        [60.0, 70.0, 80.0]
        """
        if self.distribution == "normal":
            inside = _quantile(share, self.mean, self.sd, (self.lower, self.upper))
        else:
            sd = log_sd(self.sd / self.mean)
            bounds = (math.log(self.lower) if self.lower else -math.inf, math.log(self.upper))
            inside = np.exp(_quantile(share, math.log(self.mean) - sd**2 / 2, sd, bounds))
        return np.clip(inside, self.lower, self.upper)


def _quantile(share: Floats, mean: float, sd: float, bounds: tuple[float, float]) -> Floats:
    below, within = (ndtr((bound - mean) / sd) for bound in bounds)
    quantile: Floats = mean + sd * ndtri(below + share * (within - below))
    return quantile


class Distributions(Population):
    """Covariates from distributions, each under its name: the schema that is checked by has a key more for each.

    Continuous covariates keep their bounds and, but for the cut, the stated correlations (a Gaussian copula). All else
    is independent: levels of a category, and the two alleles of a gene (Hardy-Weinberg proportions).
    """

    kind: Literal["distributions"] = "distributions"
    correlations: Correlations = Field(default_factory=dict)

    @classmethod
    def keys(cls, covariates: tuple[Covariate, ...]) -> dict[str, Any]:
        """Return a key for each covariate, which must be there where a model asks for it."""
        found: dict[str, Any] = {}
        for covariate in covariates:
            distribution = _distribution(covariate)
            found[covariate.name] = (distribution, ...) if asked_for(covariate) else (distribution | None, None)
        correlations = Annotated[Correlations, AfterValidator(_possible(covariates))]
        return found | {"correlations": (correlations, Field(default_factory=dict))}

    @property
    def distributions(self) -> dict[str, Any]:
        """What is stated of each covariate: a `Spread`, a level of all, or the shares of levels or alleles."""
        found = {covariate.name: getattr(self, covariate.name) for covariate in self.covariates}
        return {name: distribution for name, distribution in found.items() if distribution is not None}

    @property
    def stated(self) -> tuple[str, ...]:
        """The covariates that it states, by name."""
        return tuple(self.distributions)

    def sample(self, size: int, seed: int, first: int = 1) -> Cohort:
        """Return a cohort, the patients from number `first` on."""
        ids = numbered(size, first)
        return Cohort(ids, self.drawn(ids, seed))

    def drawn(self, ids: tuple[str, ...], seed: int) -> dict[str, NDArray[Any]]:
        """Return the covariates of patients, [patient] by name: they hang on seed and id alone."""
        stated, scores = self.distributions, _scores(self, ids, seed)
        drawn: dict[str, NDArray[Any]] = {}
        for covariate in self.covariates:
            name = covariate.name
            if name not in stated:
                continue
            if isinstance(covariate, Continuous):
                drawn[name] = stated[name].quantile(ndtr(scores[name]))
            elif isinstance(covariate, Genotype):
                drawn[name] = _diplotypes(covariate, stated[name], uniforms(seed, _decision(name), ids, 2))
            else:
                shares = {stated[name]: 1.0} if isinstance(stated[name], str) else stated[name]
                levels = np.array(covariate.levels)
                drawn[name] = levels[_places(covariate.levels, shares, uniforms(seed, _decision(name), ids))]
        return drawn

    def assumptions(self) -> list[Assumption]:
        """Return what the distributions take for granted."""
        spreads = [one for one in self.distributions.values() if isinstance(one, Spread)]
        words = []
        if spreads:
            shapes = " and ".join(f"{one} distributions" for one in dict.fromkeys(one.distribution for one in spreads))
            words.append(f"{shapes[0].upper()}{shapes[1:]} cut at their bounds")
        if any(isinstance(covariate, Genotype) for covariate in self.covariates if covariate.name in self.stated):
            words.append("Hardy-Weinberg proportions")
        shared = ", ".join(f"{key} {value:g}" for key, value in self.correlations.items())
        independent = "All else is independent: genotypes of each other, of age and of body size."
        return [
            Assumption("population", f"{'; '.join(words) or 'Shares of levels'}.", None, "", self.source),
            *([Assumption("population", f"Correlated normal scores (a Gaussian copula): {shared}.")] if shared else []),
            Assumption("population", independent),
        ]

    def mistakes(self) -> list[str]:
        """Return the bounds that go beyond the covariates' own."""
        found, stated = [], self.distributions
        for covariate in self.covariates:
            if isinstance(covariate, Continuous) and covariate.name in stated:
                key, spread = covariate.name, stated[covariate.name]
                if spread.lower < covariate.lower:
                    found.append(f"{key}.lower: got {spread.lower:g}, expected >= {covariate.lower:g}")
                if spread.upper > covariate.upper:
                    found.append(f"{key}.upper: got {spread.upper:g}, expected <= {covariate.upper:g}")
        return found

    @model_validator(mode="after")
    def _correlates_what_it_states(self) -> Self:
        for key, pair in _pairs(self.correlations, self.covariates).items():
            for name in pair:
                if name not in self.stated:
                    raise ValueError(f"correlations.{key}: the population states nothing of {name}")
        return self


def _distribution(covariate: Covariate) -> Any:
    """Return the type of what a population states of a covariate."""
    if isinstance(covariate, Continuous):
        return Spread
    if isinstance(covariate, Genotype):
        return Annotated[dict[str, Share], AfterValidator(_complete("alleles", "frequencies", covariate.alleles))]
    level = Annotated[Text, AfterValidator(_level_of(covariate))]
    shares = Annotated[dict[str, Share], AfterValidator(_complete("levels", "shares", covariate.levels))]
    return Annotated[
        Annotated[level, Tag("level")] | Annotated[shares, Tag("shares")],
        Discriminator(lambda value: "shares" if isinstance(value, dict) else "level"),
    ]


def _complete(kind: str, parts: str, names: tuple[str, ...]) -> Callable[[dict[str, float]], dict[str, float]]:
    """Return the check that shares are those of known names and sum to 1."""

    def check_shares(shares: dict[str, float]) -> dict[str, float]:
        if not set(shares) <= set(names):
            raise ValueError(f"got the {kind} {', '.join(shares)}, expected {', '.join(names)}")
        total = math.fsum(shares.values())
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the {parts} sum to {total:.6g}, expected 1")
        return shares

    return check_shares


def _level_of(category: Category) -> Callable[[str], str]:
    """Return the check that a text is one of the category's levels."""

    def check_level(level: str) -> str:
        if level not in category.levels:
            *others, last = (repr(known) for known in category.levels)
            raise ValueError(f"got {level!r}, expected {', '.join(others)} or {last}, or a table of their shares")
        return level

    return check_level


def _possible(covariates: tuple[Covariate, ...]) -> Callable[[Correlations], Correlations]:
    """Return the check that correlations are of two covariates each, and possible together."""

    def check_correlations(correlations: Correlations) -> Correlations:
        pairs = _pairs(correlations, covariates)
        names = sorted({name for pair in pairs.values() for name in pair})
        if names and np.linalg.eigvalsh(_matrix(names, correlations, pairs)).min() <= 0:
            count = "three" if len(names) == 3 else str(len(names))
            raise ValueError(f"no {count} quantities can have these correlations together; bring them nearer to 0")
        return correlations

    return check_correlations


def _pairs(correlations: Iterable[str], covariates: Iterable[Covariate]) -> dict[str, tuple[str, str]]:
    """Return the two covariates that each key of the correlations names; each may be cut short before a `_`.

    Raises `ValueError` for a key that names no two covariates, or may name others as well, and for a pair named twice.

    >>> body = [Continuous("age_years", "years", 18, 110), Continuous("height_cm", "cm", 50, 272)]
    >>> _pairs(["age_height"], body)
    {'age_height': ('age_years', 'height_cm')}
    """
    names = [covariate.name for covariate in covariates if isinstance(covariate, Continuous)]
    pairs: dict[str, tuple[str, str]] = {}
    for key in correlations:
        found = [
            (first, second)
            for first, second in permutations(names, 2)
            for place, letter in enumerate(key)
            if letter == "_"
            and f"{first}_".startswith(key[: place + 1])
            and f"{second}_".startswith(f"{key[place + 1 :]}_")
        ]
        if len(found) != 1:
            raise ValueError(f"got {key}, expected two of {', '.join(names)}, joined by _")
        if set(found[0]) in map(set, pairs.values()):
            raise ValueError(f"got {key} beside {', '.join(pairs)}, expected each pair once")
        pairs[key] = found[0]
    return pairs


def _matrix(names: list[str], correlations: Correlations, pairs: Mapping[str, tuple[str, str]]) -> Floats:
    """Return the correlation matrix of these covariates, [covariate, covariate]."""
    matrix = np.eye(len(names))
    for key, pair in pairs.items():
        first, second = (names.index(name) for name in pair)
        matrix[first, second] = matrix[second, first] = correlations[key]
    return matrix


def _scores(population: Distributions, ids: tuple[str, ...], seed: int) -> dict[str, Floats]:
    """Return the correlated normal scores of the continuous covariates, [patient] each.

    They are correlated in the order of their names, so that a file's order does not matter.
    """
    names = sorted(name for name, distribution in population.distributions.items() if isinstance(distribution, Spread))
    if not names:
        return {}
    luck = np.stack([normals(seed, _decision(name), ids) for name in names])
    pairs = _pairs(population.correlations, population.covariates)
    root = np.linalg.cholesky(_matrix(names, population.correlations, pairs))
    return dict(zip(names, root @ luck, strict=True))


def _decision(name: str) -> str:
    return f"population: {name}"


def _places(names: tuple[str, ...], shares: Mapping[str, float], luck: Floats) -> NDArray[np.intp]:
    """Return which of the names each number of luck falls on."""
    bounds = np.cumsum([shares.get(name, 0.0) for name in names])
    return np.searchsorted(bounds / bounds[-1], luck, side="right")


def _diplotypes(gene: Genotype, frequencies: Mapping[str, float], luck: Floats) -> NDArray[np.str_]:
    """Draw two alleles a patient, by luck [patient, 2], and write them as the gene's diplotype."""
    first, second = np.sort(_places(gene.alleles, frequencies, luck), axis=1).T
    names = np.array(gene.alleles)
    return np.strings.add(np.strings.add(names[first], gene.separator), names[second])
