"""Shrinkage: how far patients' own estimates fall back to the population's, because their data say little."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.fit.layout import Layout
from twin.fit.likelihood import Likelihood
from twin.model import Floats


@dataclass(frozen=True)
class Shrinkage:
    """1 - SD(eta)/omega by the field that varies, and 1 - SD(residual, weighted) by observable, as shares."""

    eta: Mapping[str, float]
    epsilon: Mapping[str, float]

    def to_json(self, layout: Layout) -> dict[str, dict[str, float]]:
        """Return both as percentages."""
        return {
            "eta_percent": {name: 100 * value for name, value in self.eta.items()},
            "epsilon_percent": {name: 100 * value for name, value in self.epsilon.items()},
        }


def shrinkage(likelihood: Likelihood, numbers: Floats, etas: Floats) -> Shrinkage:
    """Return the shrinkage of etas [eta, patient] at numbers on the line [number]."""
    layout, measured = likelihood.layout, likelihood.case.measured
    omega = layout.unpack(numbers).omega()
    _, _, away = likelihood.residuals(likelihood.line(numbers), etas)
    between = {name: 1 - _sd(etas[place]) / np.sqrt(omega[place, place]) for place, name in enumerate(layout.etas)}
    for name in layout.parted.fields:
        own = layout.of_occasions(name)
        sd = _sd(etas[own][_seen(likelihood)])
        between[f"{name}, between occasions"] = 1 - sd / np.sqrt(omega[own.start, own.start])
    residual = {
        name: 1 - _sd(away[measured.used & (measured.kind == place)])
        for place, name in enumerate(layout.model.observables)
        if (measured.used & (measured.kind == place)).any()
    }
    return Shrinkage(
        {name: float(value) for name, value in between.items()},
        {name: float(value) for name, value in residual.items()},
    )


def _seen(likelihood: Likelihood) -> Any:
    """Return of which occasions something was measured, [occasion, patient]."""
    case, occasions = likelihood.case, np.arange(likelihood.layout.parted.occasions)
    told = case.plan.stretches
    own = np.zeros(case.measured.used.shape) if told is None else np.take_along_axis(case.occasion, told.seen, axis=0)
    return ((own == occasions[:, None, None]) & case.measured.used).any(axis=1)


def _sd(values: Floats) -> float:
    return float(np.std(values, ddof=1)) if values.size > 1 else float("nan")
