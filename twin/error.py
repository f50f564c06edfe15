"""Residual error: how what is measured differs from what a model foretells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from twin.quantity import Quantity

LOG_ROOT_TWO_PI = 0.9189385332046727

Sigma = Mapping[str, Any]
"""The values of an error's parts, by name: what is fitted and sampled."""


@dataclass(frozen=True)
class Error:
    """The residual error of an observable: normal around what the model foretells, or around its logarithm.

    `additive` is a standard deviation in the observable's unit, `proportional` one as a share of what is foretold; with
    both, their variances add up. `on_log` is the standard deviation of the logarithm, and stands alone.
    """

    additive: Quantity | None = None
    proportional: Quantity | None = None
    on_log: Quantity | None = None

    def __post_init__(self) -> None:
        if (self.on_log is None) == (self.additive is None and self.proportional is None):
            raise ValueError("expected an additive or a proportional error, or both, or one on the logarithm alone")

    @property
    def parts(self) -> dict[str, Quantity]:
        """The parts that there are, by name."""
        named = {"additive": self.additive, "proportional": self.proportional, "on_log": self.on_log}
        return {name: quantity for name, quantity in named.items() if quantity is not None}

    @property
    def sigma(self) -> dict[str, float]:
        """The values of the parts, by name."""
        return {name: quantity.value for name, quantity in self.parts.items()}

    def deviation(self, sigma: Sigma, foretold: Any) -> Any:
        """Return the standard deviation of a measurement, or of its logarithm, where the model foretells a value."""
        if "on_log" in sigma:
            return sigma["on_log"] + 0.0 * foretold
        share = sigma.get("proportional", 0.0) * foretold
        return jnp.sqrt(sigma.get("additive", 0.0) ** 2 + share**2)

    def measured(self, sigma: Sigma, foretold: Any, luck: Any) -> Any:
        """Return a measurement, from a standard normal draw."""
        away = self.deviation(sigma, foretold) * luck
        return foretold * jnp.exp(away) if "on_log" in sigma else foretold + away

    def log_density(self, sigma: Sigma, foretold: Any, measured: Any) -> Any:
        """Return the logarithm of the density of a measurement, or of its logarithm where the error is on that."""
        sd = self.deviation(sigma, foretold)
        away = jnp.log(measured) - jnp.log(foretold) if "on_log" in sigma else measured - foretold
        return -LOG_ROOT_TWO_PI - jnp.log(sd) - 0.5 * (away / sd) ** 2
