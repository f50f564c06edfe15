"""A patient model: structure, parameters with unit and source, covariates, variability, observation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.files.number import number

Floats = NDArray[np.float64]

MISSED_DOSES = "missed doses"
"""What a model may leave out, and a trial then add: a trial that does so says so instead."""

Individuals = Any
"""Individual parameters: a NamedTuple of arrays, the patient on the last axis."""

State = Any
"""What a model remembers of its patients: a NamedTuple of arrays, the patient on the last axis."""

Propagator = Any
"""What carries a state over an interval of fixed length: a NamedTuple of arrays, the patient on the last axis."""


@dataclass(frozen=True)
class Measured:
    """A value from the literature, with its unit and where it was read."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Assumed:
    """A value that no source settles, with its unit and why it was chosen; it reaches the report."""

    value: float
    unit: str
    reason: str


Quantity = Measured | Assumed


@dataclass(frozen=True)
class Continuous:
    """A covariate that is a number within bounds."""

    name: str
    unit: str
    lower: float
    upper: float

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        return f"a number of {self.unit} from {self.lower:g} to {self.upper:g}"

    def read(self, text: str) -> float | None:
        """Return the value that a text states, or None where it is none that the model allows.

        >>> Continuous("age_years", "years", 18, 110).read("71")
        71.0
        """
        value = number(text)
        return value if value is not None and self.lower <= value <= self.upper else None


@dataclass(frozen=True)
class Genotype:
    """A covariate that is a pair of alleles; `alleles` gives the order in which a pair is written.

    `spelt` has, beside the model's own, what others call an allele: the definitions that a genome is called by.
    """

    name: str
    alleles: tuple[str, ...]
    separator: str
    spelt: Mapping[str, str] = field(default_factory=dict)

    @property
    def diplotypes(self) -> tuple[str, ...]:
        """Every pair of alleles, as the model writes it.

        >>> Genotype("VKORC1", ("G", "A"), "").diplotypes
        ('GG', 'GA', 'AA')
        """
        pairs = [(a, b) for i, a in enumerate(self.alleles) for b in self.alleles[i:]]
        return tuple(self.separator.join(pair) for pair in pairs)

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        return f"one of {', '.join(self.diplotypes)}"

    def read(self, text: str) -> str | None:
        """Return the diplotype that a text states, in the model's order of alleles, or None where it is none.

        >>> Genotype("CYP2C9", ("*1", "*2", "*3"), "/").read("*3/*1")
        '*1/*3'
        >>> Genotype("VKORC1", ("G", "A"), "", {"variant (T)": "A", "reference (C)": "G"}).read(
        ...     "reference (C)/variant (T)"
        ... )
        'GA'
        """
        found = text.strip()
        written = found.split("/") if "/" in found else list(found)
        pair = [self.spelt.get(allele.strip(), allele) for allele in written]
        if len(pair) != 2 or not set(pair) <= set(self.alleles):
            return None
        return self.separator.join(sorted(pair, key=self.alleles.index))


Covariate = Continuous | Genotype


@dataclass(frozen=True, eq=False)
class Model:
    """A published model whose state is carried in closed form over intervals between doses.

    `parameters` are the typical values by name. `variability` maps a field of the individual parameters to the
    coefficient of variation between patients, as a fraction: patient i has typical · exp(η_i), η_i ~ N(0, ω²),
    ω² = ln(1 + CV²). `residual` maps an observable to the standard deviation of its logarithm around the model.
    `observables` maps what can be observed to its unit. `left_out` says what the model does not know.

    The functions take and return arrays of n patients (last axis):
    `typical(covariates)` -> individual parameters without variability; `start(n)` -> state before any dose;
    `propagator(individuals, hours)` -> whatever depends on the interval's length alone (a scalar, at most
    `longest_step_h`); `advance(individuals, propagator, state, dose_mg)` -> state at the interval's end, the dose given
    at its start; `observe(individuals, state)` -> observables by name. The last three are traced by JAX.
    """

    name: str
    citation: str
    covariates: tuple[Covariate, ...]
    parameters: Mapping[str, Quantity]
    variability: Mapping[str, Quantity]
    residual: Mapping[str, Quantity]
    observables: Mapping[str, str]
    left_out: tuple[str, ...]
    longest_step_h: float
    typical: Callable[[Mapping[str, NDArray[Any]]], Individuals]
    start: Callable[[int], State]
    propagator: Callable[[Individuals, Any], Propagator]
    advance: Callable[[Individuals, Propagator, State, Any], State]
    observe: Callable[[Individuals, State], dict[str, Any]]


def parameter_table(model: Model) -> list[dict[str, str | float]]:
    """Return a model's parameters as rows: name, value, unit, basis ("measured" or "assumed"), source or reason."""
    named = dict(model.parameters)
    named |= {f"between patients: {name}": quantity for name, quantity in model.variability.items()}
    named |= {residual_name(name): quantity for name, quantity in model.residual.items()}
    return [
        {
            "name": name,
            "value": quantity.value,
            "unit": quantity.unit,
            "basis": "measured" if isinstance(quantity, Measured) else "assumed",
            "source": quantity.source if isinstance(quantity, Measured) else quantity.reason,
        }
        for name, quantity in named.items()
    ]


def residual_name(observable: str) -> str:
    """Return the name of an observable's residual error in the table of parameters."""
    return f"residual: {observable}"


def log_sd(coefficient_of_variation: float) -> float:
    """Return the standard deviation of the logarithm of a log-normal quantity: √ln(1 + CV²).

    >>> round(log_sd(0.31), 4)
    0.3029
    """
    return float(np.sqrt(np.log1p(coefficient_of_variation**2)))
