"""Comparison: an endpoint of two arms, what is assumed of it, and what it takes to see the effect.

Sizes count both arms together, as real numbers; `allocation` is patients on treatment for each one on control. An
effect is treatment against control. `null` is the effect that the trial is to refute: none, or the margin of
non-inferiority; which way is better follows from where the effect lies from it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.optimize import brentq
from scipy.stats import nct, norm, t

_LARGEST = 1e9
"""Patients or events beyond which no size is looked for."""

_FAR = 10.0
"""A mean of z from which on the other side's tail is nothing, and beyond what SciPy can compute."""

_NORMAL_FROM = 1e6
"""Degrees of freedom from which on Student's t is taken for normal."""


class Comparison(ABC):
    """What every endpoint has: one look's size and power, by the effect that is assumed or by another true one.

    Power is the chance to reject, as R's and Python's packages count it: of means on either side where the test has
    two, of rates and times to event in the direction that the plan calls better.
    """

    counts: ClassVar[str] = "patients"
    """What a size counts: patients or events."""
    null: float
    allocation: float

    def __post_init__(self) -> None:
        _require("allocation ratio", self.allocation, 0.0)
        if self.planned == self.unseen:
            raise ValueError(f"the effect is {self.planned:g}, the same as under the null: no size can tell them apart")

    @property
    @abstractmethod
    def planned(self) -> float:
        """Return the effect that is assumed, on the scale on which it is normal."""

    @property
    def unseen(self) -> float:
        """Return the effect under the null, on the same scale."""
        return self.null

    @abstractmethod
    def power(self, size: float, alpha: float, sides: int = 1, effect: float | None = None) -> float:
        """Return the power of a size, where `effect` is true, on the scale of `planned`."""

    def size(self, power: float, alpha: float, sides: int = 1) -> float:
        """Return the size that has this power with one look; raise `ValueError` where none under 10^9 has."""
        least = most = self.least
        if self.power(least, alpha, sides) >= power:
            return least
        while self.power(most, alpha, sides) < power:
            least, most = most, 2.0 * most
            if most > _LARGEST:
                raise ValueError(f"no size under {_LARGEST:g} has the power {power:g}: the effect is too near the null")
        return float(brentq(lambda size: self.power(size, alpha, sides) - power, least, most, xtol=1e-9, rtol=1e-13))

    @property
    def least(self) -> float:
        """Return the least size that there is a test for."""
        return 1.0

    @property
    def _towards(self) -> float:
        return 1.0 if self.planned > self.unseen else -1.0

    def _distance(self, effect: float | None) -> float:
        """Return how far a true effect is from the null, the way that is called better."""
        return self._towards * ((self.planned if effect is None else effect) - self.unseen)

    @property
    def _spread(self) -> float:
        """Return what a unit of variance, divided by the size, is worth in a difference of two arms."""
        return (1.0 + self.allocation) ** 2 / self.allocation


@dataclass(frozen=True)
class Means(Comparison):
    """A difference of means between arms of a deviation; known, the test is normal, else Student's.

    Where control has a deviation of its own, the test is Welch's: Welch BL. The significance of the difference between
    two means when the population variances are unequal. Biometrika 1938;29:350-362.
    """

    effect: float
    sd: float
    null: float = 0.0
    allocation: float = 1.0
    known_sd: bool = False
    sd_control: float | None = None

    def __post_init__(self) -> None:
        _require("sd", self.sd, 0.0)
        if self.sd_control is not None:
            _require("sd on control", self.sd_control, 0.0)
        super().__post_init__()

    @property
    def planned(self) -> float:
        """Return the difference assumed."""
        return self.effect

    @property
    def least(self) -> float:
        """Return the least size: two in each arm on average, where each has its own variance at least."""
        if self.sd_control is None or self.known_sd:
            return 4.0
        return 2.0 * (1.0 + self.allocation) / min(1.0, self.allocation)

    def power(self, size: float, alpha: float, sides: int = 1, effect: float | None = None) -> float:
        """Return the power of a size."""
        variances = self._variances(size)
        mean, freedom = self._distance(effect) / np.sqrt(sum(variances)), self._freedom(size, *variances)
        if self.known_sd or freedom > _NORMAL_FROM:
            critical = norm.isf(alpha / sides)
            return float(norm.sf(critical - mean) + (norm.sf(critical + mean) if sides == 2 else 0.0))
        critical, other_side = t.isf(alpha / sides, freedom), sides == 2 and abs(mean) < _FAR
        return float(nct.sf(critical, freedom, mean) + (nct.cdf(-critical, freedom, mean) if other_side else 0.0))

    def _variances(self, size: float) -> tuple[float, float]:
        """Return the variances of both means, treatment's first."""
        control = self.sd if self.sd_control is None else self.sd_control
        treated = size * self.allocation / (1.0 + self.allocation)
        return self.sd**2 / treated, control**2 / (size - treated)

    def _freedom(self, size: float, treatment: float, control: float) -> float:
        """Return the degrees of freedom: of one common variance, or Satterthwaite's of two."""
        if self.sd_control is None:
            return size - 2.0
        treated = size * self.allocation / (1.0 + self.allocation)
        each = treatment**2 / (treated - 1.0) + control**2 / (size - treated - 1.0)
        return (treatment + control) ** 2 / each


@dataclass(frozen=True)
class Rates(Comparison):
    """A difference of two rates; under the null the variance is the pooled one, or Farrington and Manning's.

    Farrington CP, Manning G. Test statistics and sample size formulae for comparative binomial trials with null
    hypothesis of non-zero risk difference or non-unity relative risk. Stat Med 1990;9:1447-1454.
    """

    treatment: float
    control: float
    null: float = 0.0
    allocation: float = 1.0

    def __post_init__(self) -> None:
        for name, rate in (("treatment", self.treatment), ("control", self.control)):
            if not 0.0 < rate < 1.0:
                raise ValueError(f"got the rate {rate:g} on {name}, expected one above 0 and below 1")
        if not -1.0 < self.null < 1.0:
            raise ValueError(f"got the difference {self.null:g} under the null, expected one above -1 and below 1")
        super().__post_init__()

    @property
    def planned(self) -> float:
        """Return the difference assumed."""
        return self.treatment - self.control

    def power(self, size: float, alpha: float, sides: int = 1, effect: float | None = None) -> float:
        """Return the power of a size; another effect is another rate on treatment."""
        rate = self.treatment if effect is None else float(np.clip(self.control + effect, 1e-9, 1.0 - 1e-9))
        here = self._deviation(rate, self.control)
        null = self._deviation(*restricted_rates(rate, self.control, self.null, self.allocation))
        distance = self._distance(rate - self.control)
        return float(norm.cdf((distance * np.sqrt(size) - norm.isf(alpha / sides) * null) / here))

    def _deviation(self, treatment: float, control: float) -> float:
        """Return the standard error of the difference, times the root of the size."""
        share = self.allocation / (1.0 + self.allocation)
        return float(np.sqrt(treatment * (1.0 - treatment) / share + control * (1.0 - control) / (1.0 - share)))


class _Hazards(Comparison):
    """What a comparison of two arms' hazards has: its effect is the logarithm of their ratio."""

    hazard_ratio: float

    def __post_init__(self) -> None:
        _require("hazard ratio", self.hazard_ratio, 0.0)
        _require("hazard ratio under the null", self.null, 0.0)
        super().__post_init__()

    @property
    def planned(self) -> float:
        """Return the logarithm of the hazard ratio assumed."""
        return float(np.log(self.hazard_ratio))

    @property
    def unseen(self) -> float:
        """Return the logarithm of the hazard ratio under the null."""
        return float(np.log(self.null))


@dataclass(frozen=True)
class Survival(_Hazards):
    """A hazard ratio, by the log-rank test; sizes count events.

    Schoenfeld DA. Sample-size formula for the proportional-hazards regression model. Biometrics 1983;39:499-503.
    """

    counts: ClassVar[str] = "events"
    hazard_ratio: float
    null: float = 1.0
    allocation: float = 1.0

    def power(self, size: float, alpha: float, sides: int = 1, effect: float | None = None) -> float:
        """Return the power of so many events."""
        mean = self._distance(effect) * np.sqrt(size / self._spread)
        return float(norm.sf(norm.isf(alpha / sides) - mean))


@dataclass(frozen=True)
class Events(_Hazards):
    """A hazard ratio of patients of whom a share has the event in the trial; sizes count patients.

    So it stands beside endpoints that count patients. The share is that of both arms together, under the effect that is
    assumed; another true effect is looked at with as many events.
    """

    hazard_ratio: float
    events: float
    null: float = 1.0
    allocation: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.events <= 1.0:
            raise ValueError(f"got the share {self.events:g} of patients with the event, expected one above 0 up to 1")
        super().__post_init__()

    def power(self, size: float, alpha: float, sides: int = 1, effect: float | None = None) -> float:
        """Return the power of so many patients."""
        return Survival(self.hazard_ratio, self.null, self.allocation).power(size * self.events, alpha, sides, effect)


def restricted_rates(treatment: float, control: float, null: float, ratio: float) -> tuple[float, float]:
    """Return the likeliest rates that differ as under the null: for no difference, the pooled rate twice.

    Closed form of Farrington and Manning 1990, appendix.
    """
    if null == 0.0:
        pooled = (ratio * treatment + control) / (1.0 + ratio)
        return pooled, pooled
    theta = 1.0 / ratio
    a = 1.0 + theta
    b = -(1.0 + theta + treatment + theta * control + null * (theta + 2.0))
    c = null**2 + null * (2.0 * treatment + theta + 1.0) + treatment + theta * control
    d = -treatment * null * (1.0 + null)
    v = b**3 / (3.0 * a) ** 3 - b * c / (6.0 * a**2) + d / (2.0 * a)
    u = np.copysign(np.sqrt(max(b**2 / (3.0 * a) ** 2 - c / (3.0 * a), 0.0)), v)
    w = (np.pi + np.arccos(np.clip(v / u**3 if u else 0.0, -1.0, 1.0))) / 3.0
    rate = float(np.clip(2.0 * u * np.cos(w) - b / (3.0 * a), 1e-12, 1.0 - 1e-12))
    return rate, float(np.clip(rate - null, 1e-12, 1.0 - 1e-12))


def _require(name: str, value: float, above: float) -> None:
    if not (np.isfinite(value) and value > above):
        raise ValueError(f"got the {name} {value:g}, expected a number above {above:g}")
