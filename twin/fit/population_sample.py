"""A population's parameters by sampling: the No-U-Turn sampler on numbers and etas at once.

The priors are wide: on the line on which numbers are fitted, a parameter and the logarithm of a residual error are
normal around where the fit begins, with SD 2; a standard deviation between patients is half-normal with scale 1. The
sampler sees etas as standard normal deviates.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from twin.engine import float64_on_cpu
from twin.fit.data import DataSet
from twin.fit.layout import Layout, coefficient_of_variation
from twin.fit.likelihood import Likelihood, misfit
from twin.fit.near import told_of
from twin.fit.people import people
from twin.fit.population import DEFAULTS, prepared
from twin.fit.sample import sampled
from twin.fit.settings import FitSettings
from twin.model import Floats, Model

_WIDE = 2.0
"""SD of the priors on the line."""
_CHAINS, _WARMUP = 2, 500
_MIXED = 1.05
"""An R-hat above this: the chains do not agree yet."""


@dataclass(frozen=True, eq=False)
class PopulationSample:
    """Draws of a population's numbers on the line [draw, number], and of the etas [draw, eta, patient]."""

    likelihood: Likelihood
    data: DataSet
    numbers: Floats
    etas: Floats
    r_hat: Floats
    warnings: tuple[str, ...]

    @property
    def layout(self) -> Layout:
        """What was sampled."""
        return self.likelihood.layout

    def draws(self) -> pd.DataFrame:
        """Return each draw of the fitted parameters, in their units: a column for each parameter, a row for a draw."""
        with float64_on_cpu():
            found = self.layout.unpack(self.numbers.T)
        return pd.DataFrame({name: np.asarray(found.theta[name]) for name, _ in self.layout.theta})

    def to_json(self) -> dict[str, Any]:
        """Return posterior means with standard deviations as errors; there is no objective value."""
        layout = self.layout
        with float64_on_cpu():
            found = jax.tree.map(np.asarray, layout.unpack(self.numbers.T))
        model, fitted = layout.model, dict(layout.theta)
        omegas = np.array([np.linalg.inv(one.T @ one) for one in np.moveaxis(np.asarray(found.white), -1, 0)])
        return {
            "model": model.name,
            "method": "nuts",
            "theta": {
                name: {
                    "estimate": float(np.mean(found.theta[name])),
                    "se": float(np.std(found.theta[name])) if name in fitted else None,
                    "unit": quantity.unit,
                    "fixed": name not in fitted,
                }
                for name, quantity in model.parameters.items()
            },
            "omega_cv_percent": {
                name: float(np.mean([coefficient_of_variation(model, name, one[place, place]) for one in omegas]))
                for place, name in enumerate(layout.etas)
            },
            "sigma": {
                name: {part: float(np.mean(value)) for part, value in parts.items()}
                for name, parts in found.sigma.items()
            },
            "ofv": None,
            "r_hat": dict(zip(layout.names, map(float, self.r_hat), strict=True)),
            "patients": len(self.data.ids),
            "observations": self.data.observations,
            "warnings": list(self.warnings),
        }


def sample_population(
    model: Model,
    data: DataSet,
    settings: FitSettings = DEFAULTS,
    *,
    draws: int = 1000,
) -> PopulationSample:
    """Sample a population's parameters; where the chains begin and what stays as it is, the settings say."""
    from numpyro.diagnostics import gelman_rubin

    with float64_on_cpu():
        likelihood, first, notes = prepared(model, data, settings)
        layout, begun = likelihood.layout, likelihood.layout.pack(first)
        shape = layout.width, likelihood.patients
        random = np.random.default_rng(settings.seed)
        starts = np.concatenate([begun, np.zeros(shape[0] * shape[1])])
        starts = starts + 0.05 * random.standard_normal((_CHAINS, len(starts)))
        chains = sampled(_potential(likelihood, begun, shape), starts, _WARMUP, -(-draws // _CHAINS), settings.seed)
        numbers = chains[..., : len(begun)]
        r_hat = np.array([gelman_rubin(numbers[..., place]) for place in range(len(begun))])
        flat = chains.reshape(-1, chains.shape[-1])
        roots = np.moveaxis(np.asarray(layout.unpack(flat[:, : len(begun)].T).white), -1, 0)
        etas = np.linalg.solve(roots, flat[:, len(begun) :].reshape(len(flat), *shape))
    unmixed = [name for name, one in zip(layout.names, r_hat, strict=True) if not one <= _MIXED]
    if unmixed:
        notes = (*notes, f"the chains do not agree on {', '.join(unmixed)} (R-hat up to {r_hat.max():.3f})")
    return PopulationSample(likelihood, data, flat[:, : len(begun)], etas, r_hat, notes)


def _potential(likelihood: Likelihood, begun: Floats, shape: tuple[int, int]) -> Any:
    """Return minus the logarithm of the joint density as a function of [number + eta x patient]."""
    layout, case, solver = likelihood.layout, likelihood.case, likelihood.solver
    first = len(layout.theta)
    omega = slice(first, first + len(layout.free))
    diagonal = np.array([i == j for i, j in layout.free], bool)
    width = np.full(len(begun), _WIDE)
    width[: len(layout.theta)] = [
        _WIDE if scale != "itself" else _WIDE * max(abs(value), 0.1)
        for value, (_, scale) in zip(begun, layout.theta, strict=False)
    ]

    def potential(numbers: Any) -> Any:
        line, luck = numbers[: len(begun)], numbers[len(begun) :].reshape(shape)
        population = layout.unpack(line)
        etas = jax.scipy.linalg.solve_triangular(population.white, luck, lower=True)
        told = told_of(layout.model, solver, people(layout, population, etas, case), case)
        data = jnp.sum(misfit(layout, population, told, case))
        prior = 0.5 * jnp.sum(luck**2) + 0.5 * jnp.sum(jnp.delete(((line - begun) / width) ** 2, omega_places))
        sd = jnp.exp(-line[omega])
        between = jnp.where(diagonal, 0.5 * sd**2 + line[omega], 0.5 * (line[omega] / 3.0) ** 2)
        return data + prior + jnp.sum(between)

    omega_places = np.arange(omega.start, omega.stop)
    return potential
