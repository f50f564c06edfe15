"""Co-primary: several endpoints of the same patients that must all show their effect, each at the full alpha.

No alpha is split: to reject all is an intersection-union test. What is lost is power, the less the more the endpoints
go together. Sozu T, Sugimoto T, Hamasaki T, Evans SR. Sample size determination in clinical trials with multiple
endpoints. Springer 2015.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from kg.notebook import notebook_html
from twin.trials.design.comparison import Comparison
from twin.trials.design.spending import Floats

_REACH, _ALIKE = 8.5, 1.0 - 1e-6
"""Standard deviations beyond which nothing is; a correlation from which on endpoints are one."""


@dataclass(frozen=True)
class CoPrimary:
    """Comparisons of the same patients, and how their tests correlate, each pair alike.

    Endpoints' test statistics correlate as the endpoints do within an arm. Raises `ValueError` for fewer than two, for
    such as count events or allocate unlike, and for a correlation that so many cannot have.
    """

    comparisons: tuple[Comparison, ...]
    correlation: float = 0.0

    def __post_init__(self) -> None:
        if len(self.comparisons) < 2:
            raise ValueError(f"got {len(self.comparisons)} co-primary endpoints, expected two or more")
        if any(comparison.counts != "patients" for comparison in self.comparisons):
            raise ValueError(
                "co-primary endpoints share their patients: expected such as count patients; of a time to an event, the"
                " share of patients who have it too (--events, or events= of a --co-primary)"
            )
        if len({comparison.allocation for comparison in self.comparisons}) > 1:
            raise ValueError("co-primary endpoints share their patients: expected one allocation ratio")
        least = -1.0 if len(self.comparisons) == 2 else 0.0
        if not least <= self.correlation <= 1.0:
            raise ValueError(f"got the correlation {self.correlation:g}, expected one from {least:g} to 1")

    def each(self, size: float, alpha: float) -> Floats:
        """Return the power of each endpoint by itself, one-sided, [endpoint]."""
        return np.array([comparison.power(size, alpha, 1) for comparison in self.comparisons])

    def power(self, size: float, alpha: float) -> float:
        """Return the chance that all reject at a one-sided alpha: exact for each, together by a normal copula."""
        return _all_below(self.each(size, alpha), self.correlation)

    def size(self, power: float, alpha: float) -> float:
        """Return the size with this power: no less than the endpoint that is hardest to show takes alone."""
        alone = max(comparison.size(power, alpha, 1) for comparison in self.comparisons)
        if self.power(alone, alpha) >= power:
            return alone
        most = 2.0 * alone
        while self.power(most, alpha) < power:
            most *= 2.0
        return float(brentq(lambda size: self.power(size, alpha) - power, alone, most, xtol=1e-6))


@dataclass(frozen=True)
class PlannedTogether:
    """A size, of both arms together, and the power to show all co-primary endpoints."""

    endpoints: CoPrimary
    alpha: float
    sides: int
    size: float
    power: float
    each: Floats
    lost: float = 0.0

    @property
    def patients(self) -> float:
        """Return the patients to enrol, those who are lost included."""
        return self.size / (1.0 - self.lost)

    @property
    def per_arm(self) -> dict[str, int]:
        """Return the patients of each arm, rounded up."""
        control = self.patients / (1.0 + self.endpoints.comparisons[0].allocation)
        return {"control": int(np.ceil(control - 1e-6)), "treatment": int(np.ceil(self.patients - control - 1e-6))}

    def to_frame(self) -> pd.DataFrame:
        """Return a row an endpoint, with its power alone."""
        names = [type(comparison).__name__.lower() for comparison in self.endpoints.comparisons]
        return pd.DataFrame({"endpoint": names, "power": self.each})

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "counts": "patients",
            "size": self.size,
            "patients": self.patients,
            "patients_per_arm": self.per_arm,
            "power": self.power,
            "power_of_each": self.each.tolist(),
            "alpha": self.alpha,
            "sides": self.sides,
            "correlation": self.endpoints.correlation,
            "assumptions": [
                {"endpoint": type(comparison).__name__.lower(), **vars(comparison)}
                for comparison in self.endpoints.comparisons
            ],
        }

    def to_text(self) -> str:
        """Return the plan in a few lines."""
        arms, sides = self.per_arm, "one" if self.sides == 1 else "two"
        return (
            f"{self.size:.1f} patients: power {self.power:.4f} to show all {len(self.each)} co-primary endpoints, each"
            f" at {sides}-sided alpha {self.alpha:g}, their tests correlated by {self.endpoints.correlation:g}\n"
            f"patients: {arms['treatment']} on treatment, {arms['control']} on control"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def _all_below(chances: Floats, correlation: float) -> float:
    """Return the chance that normal variables, each pair correlated so, are all below where each is with its chance.

    What they share is one normal variable, given which they are independent. A negative correlation is of two only.
    """
    if correlation < 0.0:
        first, second = float(chances[0]), float(chances[1])
        return first - _all_below(np.array([first, 1.0 - second]), -correlation)
    if correlation > _ALIKE:
        return float(chances.min())
    reach = norm.ppf(np.clip(chances, 1e-300, 1.0 - 1e-16))[:, np.newaxis]
    step = 0.2 * min(1.0, np.sqrt(1.0 - correlation))
    shared = np.arange(-_REACH, _REACH, step)
    given = norm.cdf((reach - np.sqrt(correlation) * shared) / np.sqrt(1.0 - correlation))
    return float(step * norm.pdf(shared) @ given.prod(axis=0))


def size_of_all(endpoints: CoPrimary, power: float, alpha: float, sides: int = 1, lost: float = 0.0) -> PlannedTogether:
    """Return the size that shows all endpoints with this power; raise `ValueError` where none does."""
    return power_of_all(endpoints, endpoints.size(power, alpha / sides), alpha, sides, lost)


def power_of_all(endpoints: CoPrimary, size: float, alpha: float, sides: int = 1, lost: float = 0.0) -> PlannedTogether:
    """Return the chance that a size shows all endpoints; raise `ValueError` for a size too small for a test."""
    least = max(comparison.least for comparison in endpoints.comparisons)
    if not (np.isfinite(size) and size >= least):
        raise ValueError(f"got the size {size:g}, expected at least {least:g} patients")
    one = alpha / sides
    return PlannedTogether(endpoints, alpha, sides, size, endpoints.power(size, one), endpoints.each(size, one), lost)
