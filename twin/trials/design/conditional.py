"""Conditional: what an interim look says of the end, by what is taken to be true from there on.

Lan KKG, Wittes J. The B-value: a tool for monitoring data. Biometrics 1988;44:579-585. Spiegelhalter DJ, Freedman LS,
Blackburn PR. Monitoring clinical trials: conditional or predictive power? Control Clin Trials 1986;7:8-17.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from twin.trials.design.boundaries import Boundaries

_AT, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
"""Where an effect is taken about its mean, in deviations, and with which weight."""


@dataclass(frozen=True)
class Prior:
    """What is believed of the effect before the trial, in units of the one that it is planned for; flat without sd."""

    mean: float = 1.0
    sd: float | None = None

    def __post_init__(self) -> None:
        if not np.isfinite(self.mean) or (self.sd is not None and not (np.isfinite(self.sd) and self.sd > 0.0)):
            raise ValueError(
                f"got the prior mean {self.mean} and deviation {self.sd}, expected numbers, the sd above 0"
            )

    def after(self, observed: float, variance: float) -> tuple[float, float]:
        """Return the mean and deviation of the effect after one observed with this variance."""
        if self.sd is None:
            return observed, float(np.sqrt(variance))
        precision = 1.0 / self.sd**2 + 1.0 / variance
        return (self.mean / self.sd**2 + observed / variance) / precision, float(precision**-0.5)


FLAT = Prior()
"""Nothing is believed before."""


@dataclass(frozen=True)
class Interim:
    """An interim look with what it saw, and the chances to reject in the end.

    Effects are in units of the planned one: 0 is none, 1 the planned, `observed` what z says. `chances` are (effect,
    by what it is taken, chance to reject at a later look); `predictive_power` is their mean over what the effect may be
    after this look.
    """

    bounds: Boundaries
    look: int
    z: float
    observed: float
    prior: Prior
    chances: tuple[tuple[str, float, float], ...]
    predictive_power: float

    @property
    def information(self) -> float:
        """Return the share of the information that is in."""
        return self.bounds.looks.information[self.look - 1]

    @property
    def stops(self) -> str | None:
        """Return why the trial stops here by its bounds; None where it goes on."""
        seen = abs(self.z) if self.bounds.looks.sides == 2 else self.z
        if seen >= self.bounds.upper[self.look - 1]:
            return "efficacy"
        return "futility" if self.bounds.lower is not None and seen < self.bounds.lower[self.look - 1] else None

    def to_frame(self) -> pd.DataFrame:
        """Return a row an effect that is taken to be true: effect, conditional power."""
        return pd.DataFrame(self.chances, columns=["taken", "effect", "conditional_power"])

    def to_json(self) -> dict[str, Any]:
        """Return the look and the chances as JSON values."""
        return {
            "look": self.look,
            "information": self.information,
            "z": self.z,
            "stops": self.stops,
            "observed_effect": self.observed,
            "conditional_power": {taken: chance for taken, _, chance in self.chances},
            "predictive_power": self.predictive_power,
            "prior": None if self.prior.sd is None else {"mean": self.prior.mean, "sd": self.prior.sd},
            "boundaries": self.bounds.to_json(),
        }

    def to_text(self) -> str:
        """Return in a few lines what the look says."""
        prior = "a flat prior" if self.prior.sd is None else f"a prior of {self.prior.mean:g} +- {self.prior.sd:g}"
        lines = [
            f"z {self.z:g} at {self.information:g} of the information: {self.observed:.3f} of the planned effect",
            f"predictive power {self.predictive_power:.4f}, the effect as this look and {prior} say",
        ]
        if self.stops:
            lines.insert(0, f"the bounds say to stop here, for {self.stops}: what follows is if the trial goes on")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def interim(bounds: Boundaries, look: int, z: float, prior: Prior = FLAT, effect: float | None = None) -> Interim:
    """Return what z at the `look`th look says: the chance to reject later, the way that is planned for.

    It is told for the planned effect, for what is observed, for none, and for `effect`, if it is given. Raises
    `ValueError` for a look that is no interim, or a z that is no number.
    """
    if not np.isfinite(z):
        raise ValueError(f"got z {z:g}, expected a number")
    taken = {"planned": 1.0, "null": 0.0} | ({} if effect is None else {"given": effect})

    def chance(of_planned: float) -> float:
        return float(bounds.walked_from(look, z, of_planned * bounds.drift).above.sum())

    chances = {name: (value, chance(value)) for name, value in taken.items()}
    share = bounds.looks.information[look - 1]
    observed = z / float(np.sqrt(share)) / bounds.drift
    chances["observed"] = (observed, chance(observed))
    mean, sd = prior.after(observed, 1.0 / (share * bounds.drift**2))
    weights = _WEIGHTS / _WEIGHTS.sum()
    predictive = float(weights @ [chance(mean + sd * float(step)) for step in _AT])
    return Interim(bounds, look, z, observed, prior, tuple((name, *pair) for name, pair in chances.items()), predictive)
