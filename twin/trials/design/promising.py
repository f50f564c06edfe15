"""Promising zone: a trial is enlarged where its interim look is promising, and tested so that the type I error holds.

Mehta CR, Pocock SJ. Adaptive increase in sample size when interim results are promising: a practical guide with
examples. Stat Med 2011;30:3267-3284. The final test weighs both stages as they were planned, whatever they became: Cui
L, Hung HMJ, Wang SJ. Modification of sample size in group sequential clinical trials. Biometrics 1999;55:853-857. The
usual test, of all data alike, holds its error too from a conditional power on: Chen YHJ, DeMets DL, Lan KKG. Increasing
the sample size when the unblinded interim result is promising. Stat Med 2004;23:1023-1038.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from kg.notebook import notebook_html
from twin.trials.design.boundaries import Boundaries, Looks, boundaries
from twin.trials.design.spending import Floats

_REACH, _STEPS = 8.0, 40_001
"""Deviations about its mean within which the interim z is taken, and at how many values."""

EFFECTS = (0.0, 0.5, 0.75, 1.0, 1.25)
"""Shares of the planned effect at which the design is told."""


@dataclass(frozen=True)
class Zone:
    """A rule: from a conditional power on, by the trend seen, the trial grows until it has `target`, or its `most`.

    Sizes are shares of the planned one. `least` is the conditional power from which the trial grows; None, that from
    which the usual test of all data holds its type I error too.
    """

    most: float
    target: float = 0.9
    least: float | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.most) and self.most > 1.0):
            raise ValueError(f"got {self.most:g} times the planned size at most, expected more than 1")
        if not 0.0 < self.target < 1.0:
            raise ValueError(
                f"got the conditional power {self.target:g} to reach, expected a share above 0 and below 1"
            )
        if self.least is not None and not 0.0 < self.least < self.target:
            raise ValueError(
                f"got the conditional power {self.least:g} to grow from, expected one below {self.target:g}"
            )


@dataclass(frozen=True)
class Promising:
    """A trial with one interim look, at which it may grow; sizes are shares of the planned one.

    `weights` are those of the stages' z in the final test, which rejects from `critical` on. `from_power` is the
    conditional power from which the trial grows; `usual_from` that from which the usual test holds its error too.
    """

    bounds: Boundaries
    zone: Zone
    from_power: float
    usual_from: float

    @property
    def at(self) -> float:
        """Return the share of the planned size at the interim look."""
        return self.bounds.looks.information[0]

    @property
    def critical(self) -> float:
        """Return the final bound on z."""
        return float(self.bounds.upper[1])

    @property
    def weights(self) -> tuple[float, float]:
        """Return how the final test weighs the z of both stages: the roots of their planned shares."""
        return float(np.sqrt(self.at)), float(np.sqrt(1.0 - self.at))

    def combined(self, first: float, second: float) -> float:
        """Return the final test statistic of the stages' own z, at whatever size."""
        return self.weights[0] * first + self.weights[1] * second

    def size(self, z: float) -> float:
        """Return the whole trial's size after an interim z."""
        return float(_size(self.bounds, self.zone, self.from_power, np.array([z]))[0])

    def zone_of(self, z: float) -> str:
        """Return what an interim z means: efficacy, futility, favourable, promising or unfavourable."""
        if z >= self.bounds.upper[0]:
            return "efficacy"
        if self.bounds.lower is not None and z < self.bounds.lower[0]:
            return "futility"
        power = float(_power(self.bounds, np.array([z]), np.ones(1))[0])
        if power >= self.zone.target:
            return "favourable"
        return "promising" if power >= self.from_power else "unfavourable"

    def operating(self, effect: float) -> dict[str, float]:
        """Return power, expected size and the chance of growing where this share of the planned effect is true.

        `usual` is the chance that the usual test of all data rejects at the same bound.
        """
        drift, share = effect * self.bounds.drift, self.at
        edges = np.linspace(-_REACH, _REACH, _STEPS)
        chance, z = np.diff(norm.cdf(edges)), drift * np.sqrt(share) + (edges[1:] + edges[:-1]) / 2.0
        stops = z >= self.bounds.upper[0]
        given_up = np.zeros(z.size, bool) if self.bounds.lower is None else z < self.bounds.lower[0]
        size = np.where(stops | given_up, share, _size(self.bounds, self.zone, self.from_power, z))
        later = np.maximum(size - share, 1e-12)
        mean = drift * np.sqrt(later)
        needed = (self.critical - self.weights[0] * z) / self.weights[1]
        usual = (self.critical * np.sqrt(np.maximum(size, share)) - np.sqrt(share) * z) / np.sqrt(later)
        goes_on = ~(stops | given_up)
        return {
            "effect": effect,
            "power": float(chance @ np.where(stops, 1.0, goes_on * norm.sf(needed - mean))),
            "usual": float(chance @ np.where(stops, 1.0, goes_on * norm.sf(usual - mean))),
            "without": float(self.bounds.walked(drift).above.sum()),
            "expected_size": float(chance @ size),
            "grows": float(chance @ (goes_on & (size > 1.0 + 1e-9))),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a row an effect, a share of the planned one, with what comes of it."""
        return pd.DataFrame([self.operating(effect) for effect in EFFECTS])

    def to_json(self) -> dict[str, Any]:
        """Return the rule and what comes of it as JSON values."""
        return {
            "interim_at": self.at,
            "most": self.zone.most,
            "target": self.zone.target,
            "grows_from_conditional_power": self.from_power,
            "usual_test_holds_from": self.usual_from,
            "weights": list(self.weights),
            "critical": self.critical,
            "operating": self.to_frame().to_dict("records"),
            "boundaries": self.bounds.to_json(),
        }

    def to_text(self) -> str:
        """Return the rule in a few lines."""
        first, second = self.weights
        return (
            f"grows where the conditional power, as the trend goes, is {self.from_power:.4f} to {self.zone.target:g},"
            f" until it is {self.zone.target:g}, to {self.zone.most:g} times the planned size at most\n"
            f"rejects where {first:.6f} z1 + {second:.6f} z2, the stages' own z, is at least {self.critical:.6f}: alpha"
            f" holds at any size; the usual test of all data holds it if the trial grows from {self.usual_from:.4f} on"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@dataclass(frozen=True)
class Grown:
    """What an interim z makes of the trial: its zone, its conditional powers and its size, a share of the planned."""

    rule: Promising
    z: float
    zone: str
    conditional_power: float
    size: float
    power_at_size: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row."""
        return pd.DataFrame([{name: value for name, value in vars(self).items() if name != "rule"}])

    def to_json(self) -> dict[str, Any]:
        """Return the decision, and the rule behind it."""
        return {name: value for name, value in vars(self).items() if name != "rule"} | {"rule": self.rule.to_json()}

    def to_text(self) -> str:
        """Return the decision in a line, and the rule."""
        return (
            f"{self.zone}: conditional power {self.conditional_power:.4f} as planned, {self.power_at_size:.4f} with"
            f" {self.size:.4f} of the planned size\n{self.rule.to_text()}"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def promising(looks: Looks, zone: Zone) -> Promising:
    """Return the rule for a design with one interim look, one-sided; raise `ValueError` for another design."""
    if looks.sides != 1 or len(looks.information) != 2 or looks.binding:
        raise ValueError(
            f"got {len(looks.information)} looks of {looks.sides} sides, expected 2 looks, one-sided, none binding: the"
            " trial grows at its one interim look"
        )
    bounds = boundaries(looks)
    usual = _usual_from(bounds, zone)
    return Promising(bounds, zone, usual if zone.least is None else zone.least, usual)


def grown(rule: Promising, z: float) -> Grown:
    """Return what an interim z makes of the trial; raise `ValueError` for a z that is no number."""
    if not np.isfinite(z):
        raise ValueError(f"got z {z:g}, expected a number")
    size, at = rule.size(z), np.array([z])
    powers = [float(_power(rule.bounds, at, np.array([share]))[0]) for share in (1.0, size)]
    return Grown(rule, z, rule.zone_of(z), powers[0], size, powers[1])


def _needed(bounds: Boundaries, z: Floats) -> Floats:
    """Return the z of the second stage from which the final test rejects, [z]."""
    share = bounds.looks.information[0]
    return np.asarray((bounds.upper[1] - np.sqrt(share) * z) / np.sqrt(1.0 - share))


def _power(bounds: Boundaries, z: Floats, size: Floats) -> Floats:
    """Return the conditional power as the trend goes, with the whole trial of these sizes, [z]."""
    share = bounds.looks.information[0]
    trend = z * np.sqrt(np.maximum(size - share, 0.0) / share)
    return np.asarray(norm.sf(_needed(bounds, z) - trend))


def _wanted(bounds: Boundaries, zone: Zone, z: Floats) -> Floats:
    """Return the size at which the conditional power is the target, not less than planned nor above the most, [z]."""
    share = bounds.looks.information[0]
    reach = np.maximum(_needed(bounds, z) + norm.ppf(zone.target), 0.0)
    more = share * (reach / np.maximum(z, 1e-9)) ** 2
    return np.asarray(np.where(z > 0.0, np.clip(share + more, 1.0, zone.most), zone.most))


def _size(bounds: Boundaries, zone: Zone, from_power: float, z: Floats) -> Floats:
    power = _power(bounds, z, np.ones(z.size))
    grows = (power >= from_power) & (power < zone.target)
    return np.asarray(np.where(grows, _wanted(bounds, zone, z), 1.0))


def _usual_from(bounds: Boundaries, zone: Zone) -> float:
    """Return the conditional power from which the usual test rejects no more easily than the weighted one."""
    share = bounds.looks.information[0]

    def easier(z: float) -> float:
        at = np.array([z])
        size = _wanted(bounds, zone, at)
        needed = _needed(bounds, at)
        usual = (np.sqrt(share) * at + np.sqrt(size - share) * needed) / np.sqrt(size)
        return float(usual[0] - bounds.upper[1])

    def power(z: float) -> float:
        return float(_power(bounds, np.array([z]), np.ones(1))[0])

    target = float(brentq(lambda z: power(z) - zone.target, 0.0, 20.0))
    grid = np.linspace(target - 1e-6, 0.0, 400)
    worse = [z for z in grid if easier(float(z)) > 1e-12]
    if not worse:
        return power(0.0)
    step = grid[0] - grid[1]
    return power(float(brentq(easier, worse[0], min(worse[0] + step, target - 1e-6))))
