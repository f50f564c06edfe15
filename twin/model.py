"""A model: equations of one patient, parameters as an argument, covariates, where doses enter, variability, error.

A model's author writes for one patient, in numbers: `individual`, `start`, `rates` and `observe` take and return
scalars (a chain of compartments may be one vector), and JAX traces them. The engine (`twin.solve`) looks at the
equations, finds what has a closed form, and computes many patients at once; gradients and samplers go through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.covariates import Covariate, Recorded, encode
from twin.error import Error
from twin.quantity import Measured, Quantity
from twin.variability import Variability

Floats = NDArray[np.float64]

MISSED_DOSES = "missed doses"
"""What a model may leave out, and a trial then add: a trial that does so says so instead."""

Theta = Mapping[str, Any]
"""The parameters of a population, by name: what is fitted, sampled and varied."""

Individual = Any
"""The parameters of a patient: a NamedTuple of scalars; in the engine of arrays, the patient on the last axis."""

State = Any
"""What a model remembers of a patient: a NamedTuple of scalars and vectors, in the engine with the patient last."""


@dataclass(frozen=True)
class Compartment:
    """Where doses enter: a state, or one place of a state that is a vector, and what happens on the way.

    `bioavailability` is the share that arrives, `lag_h` after how many hours it does; `rate` and `duration_h` are those
    of an infusion whose record leaves them to the model (RATE -1 and -2 of an event table). Each is a function of the
    individual parameters; a model without one cannot do what it would say.
    """

    state: str
    place: int = 0
    bioavailability: Callable[[Individual], Any] | None = None
    lag_h: Callable[[Individual], Any] | None = None
    rate: Callable[[Individual], Any] | None = None
    duration_h: Callable[[Individual], Any] | None = None


@dataclass(frozen=True, eq=False)
class Form:
    """What equations say of themselves.

    - `slopes`: which rates depend on which states, (field, field), and whether linearly;
    - `thresholds`: whether some rate jumps, or bends sharply, where a state or the time passes a threshold;
    - `ahead(individual, state)`: the hours until moments at which that happens, [moment], where they are known.
    """

    slopes: Mapping[tuple[str, str], bool]
    thresholds: bool = False
    ahead: Callable[[Individual, State], Any] | None = None


@dataclass(frozen=True, eq=False)
class Model:
    """A published model; all functions are of one patient, rates are per hour.

    - `parameters`: the typical values of a population by name, with unit and source. `theta` has them as numbers.
    - `individual(theta, covariates)`: the parameters of a patient with these covariates, without variability: a
      NamedTuple. Covariates come as numbers: a category as the place of its level.
    - `start(individual)`: the state before any dose, a NamedTuple. `rates(individual, state)`: how it changes.
    - `compartments`: where doses enter, by name; CMT 1 of an event table is the first, which is also the usual one.
    - `observe(individual, state)`: what can be observed, by name; `observables` has their units, in UCUM's code.
    - `hazard(individual, state)`, where there is one: events per hour. The engine adds up what has been risked.
    - `variability`: between patients, between occasions, and how unsure the published parameters are.
    - `errors`: the residual error of each observable that is measured.
    - `fixed`: parameters that a fit leaves as they are: definitions, references, what the authors did not estimate.
    - `left_out` says what the model does not know. `longest_step_h`: in longer intervals the engine looks in between.
    - `drug`: the CURIE of what is given; `recorded`: how patients' records state what is observed, by observable.
    - `form`: what the equations say of themselves, where they are known as formulas; else the engine probes them.
    """

    name: str
    citation: str
    covariates: tuple[Covariate, ...]
    parameters: Mapping[str, Quantity]
    individual: Callable[[Theta, Mapping[str, Any]], Individual]
    start: Callable[[Individual], State]
    rates: Callable[[Individual, State], State]
    compartments: Mapping[str, Compartment]
    observe: Callable[[Individual, State], dict[str, Any]]
    observables: Mapping[str, str]
    variability: Variability = field(default_factory=Variability)
    errors: Mapping[str, Error] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    hazard: Callable[[Individual, State], Any] | None = None
    dose_unit: str = "mg"
    longest_step_h: float = 24.0
    drug: str = ""
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    form: Form | None = None

    @property
    def theta(self) -> dict[str, float]:
        """The typical values of the parameters, by name."""
        return {name: quantity.value for name, quantity in self.parameters.items()}

    def encoded(self, covariates: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the covariates that the model reads, as numbers. Shapes: [patient] each."""
        patients = len(next(iter(covariates.values()), ()))
        return encode(self.covariates, covariates, patients)


def parameter_table(model: Model) -> list[dict[str, str | float]]:
    """Return a model's parameters as rows: name, value, unit, basis ("measured" or "assumed"), source or reason."""
    named = dict(model.parameters)
    named |= {f"between patients: {name}": quantity for name, quantity in model.variability.between.items()}
    named |= {
        f"between patients: correlation of {' and '.join(pair)}": quantity
        for pair, quantity in model.variability.correlations.items()
    }
    named |= {f"between occasions: {name}": quantity for name, quantity in model.variability.occasions.items()}
    named |= {f"uncertainty: {name}": quantity for name, quantity in model.variability.uncertainty.items()}
    for observable, error in model.errors.items():
        alone = len(error.parts) == 1
        named |= {
            residual_name(observable) + ("" if alone else f", {part}"): quantity
            for part, quantity in error.parts.items()
        }
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
