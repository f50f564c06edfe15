"""Variability: how patients differ who have the same covariates, from each other and from one occasion to the next.

A parameter varies on a scale: its logarithm, its log-odds or itself plus a normal deviate eta. How much is stated in
the words of publications, which the unit of the quantity tells:

- "CV": the coefficient of variation of a log-normal parameter; the variance of its logarithm is ln(1 + CV^2);
- "SD(log)", "variance(log)": of its logarithm; "SD(logit)": of its log-odds; "SD": of itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from twin.quantity import Quantity

Floats = NDArray[np.float64]

_SCALES = {"CV": "log", "SD(log)": "log", "variance(log)": "log", "SD(logit)": "logit", "SD": "itself"}


@dataclass(frozen=True)
class Variability:
    """How parameters vary: `between` patients and between `occasions`, by the field of the individual parameters.

    `correlations` are those of the etas of two fields. `uncertainty` are standard errors of the population's
    parameters, by their name, and `uncertainty_correlations` theirs: what is not known of a population, apart from how
    its patients differ.
    """

    between: Mapping[str, Quantity] = field(default_factory=dict)
    correlations: Mapping[tuple[str, str], Quantity] = field(default_factory=dict)
    occasions: Mapping[str, Quantity] = field(default_factory=dict)
    uncertainty: Mapping[str, Quantity] = field(default_factory=dict)
    uncertainty_correlations: Mapping[tuple[str, str], Quantity] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, quantity in (*self.between.items(), *self.occasions.items()):
            if quantity.unit not in _SCALES:
                raise ValueError(f"{name} varies by {quantity.unit!r}; expected one of {', '.join(_SCALES)}")

    def omega(self) -> Floats:
        """Return the covariance of the etas between patients, in the order of `between`: [eta, eta]."""
        return _covariance(self.between, self.correlations)

    def doubt(self) -> Floats:
        """Return the covariance of what is not known of the population's parameters: [parameter, parameter]."""
        sd = {name: quantity.value for name, quantity in self.uncertainty.items()}
        return _matrix(sd, self.uncertainty_correlations)

    def applied(self, individual: Any, etas: Mapping[str, Any]) -> Any:
        """Return individual parameters moved by etas, by field; those between patients and occasions add up first."""
        stated = {**self.occasions, **self.between}
        return individual._replace(
            **{name: _moved(getattr(individual, name), eta, _SCALES[stated[name].unit]) for name, eta in etas.items()}
        )

    def placed(self, field: str, value: Floats) -> Floats:
        """Return an individual parameter on the scale on which its etas add up."""
        scale = _SCALES[{**self.occasions, **self.between}[field].unit]
        if scale == "itself":
            return value
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(value) if scale == "log" else np.log(value / (1 - value)))


def log_sd(coefficient_of_variation: float) -> float:
    """Return the standard deviation of the logarithm of a log-normal quantity: √ln(1 + CV²).

    >>> round(log_sd(0.31), 4)
    0.3029
    """
    return float(np.sqrt(np.log1p(coefficient_of_variation**2)))


def eta_sd(quantity: Quantity) -> float:
    """Return the standard deviation of the eta that a quantity states."""
    if quantity.unit == "CV":
        return log_sd(quantity.value)
    return float(np.sqrt(quantity.value)) if quantity.unit == "variance(log)" else quantity.value


def _covariance(stated: Mapping[str, Quantity], correlations: Mapping[tuple[str, str], Quantity]) -> Floats:
    return _matrix({name: eta_sd(quantity) for name, quantity in stated.items()}, correlations)


def _matrix(sd: Mapping[str, float], correlations: Mapping[tuple[str, str], Quantity]) -> Floats:
    place = {name: number for number, name in enumerate(sd)}
    found = np.eye(len(sd))
    for (one, other), quantity in correlations.items():
        found[place[one], place[other]] = found[place[other], place[one]] = quantity.value
    scale = np.array(list(sd.values()), dtype=np.float64)
    return np.asarray(found * np.outer(scale, scale))


def _moved(value: Any, eta: Any, scale: str) -> Any:
    if scale == "log":
        return value * jnp.exp(eta)
    if scale == "itself":
        return value + eta
    return value / (value + (1 - value) * jnp.exp(-eta))
