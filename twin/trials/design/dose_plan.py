"""Dose plan: which contrasts a dose-finding trial tests, and how many patients of each dose show a response to dose."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from kg.notebook import notebook_html
from twin.trials.design.contrast_test import ContrastTest
from twin.trials.design.dose_models import Shape
from twin.trials.design.dose_response import checked_doses, contrasts_of
from twin.trials.design.spending import Floats

_MOST_SHAPES = 20
_MOST = 20_000
"""Patients of a dose beyond which no size is looked for."""


@dataclass(frozen=True)
class DosePlan:
    """Doses, candidate models, and what is assumed: the largest effect above no dose, and the deviation within a dose.

    `alpha` is one-sided. Patients are allocated to doses in these proportions, [dose].
    """

    doses: tuple[float, ...]
    shapes: tuple[Shape, ...]
    effect: float
    sd: float
    alpha: float = 0.025
    allocation: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        checked_doses(self.doses)
        if not self.shapes:
            raise ValueError("got no candidate models, expected one or more")
        if len(self.shapes) > _MOST_SHAPES:
            raise ValueError(f"got {len(self.shapes)} candidate models, expected {_MOST_SHAPES} or fewer")
        for name, value in (("largest effect", self.effect), ("deviation", self.sd)):
            if not (np.isfinite(value) and value > 0.0):
                raise ValueError(f"got the {name} {value:g}, expected a number above 0")
        if self.allocation is not None and (len(self.allocation) != len(self.doses) or min(self.allocation) <= 0.0):
            raise ValueError(f"got the proportions {self.allocation}, expected a number above 0 for each dose")

    @property
    def proportions(self) -> Floats:
        """Return how patients are allocated, for each one on average, [dose]."""
        shares = np.ones(len(self.doses)) if self.allocation is None else np.array(self.allocation)
        return np.asarray(shares / shares.mean())

    def means(self, shape: Shape) -> Floats:
        """Return the responses above that of no dose where a shape is true, [dose]."""
        return shape.means(np.array(self.doses), self.effect)


@dataclass(frozen=True)
class PlannedDoses:
    """A dose-finding trial: patients of each dose, [dose], its test, and its power if a candidate is true, [model]."""

    plan: DosePlan
    patients: tuple[float, ...]
    test: ContrastTest
    critical: float
    power: Floats

    def to_frame(self) -> pd.DataFrame:
        """Return a row a model: power, and its contrast's weight of each dose."""
        rows = []
        for shape, power, contrast in zip(self.plan.shapes, self.power, self.test.contrasts, strict=True):
            weights = {f"dose {dose:g}": weight for dose, weight in zip(self.plan.doses, contrast, strict=True)}
            rows.append({"model": shape.name, "power": power, **weights})
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {
            "doses": list(self.plan.doses),
            "patients": list(self.patients),
            "size": sum(self.patients),
            "alpha": self.plan.alpha,
            "critical": self.critical,
            "least_power": float(self.power.min()),
            "models": [
                {
                    "model": shape.name,
                    "power": float(power),
                    "contrast": list(contrast),
                    "means": self.plan.means(shape).tolist(),
                }
                for shape, power, contrast in zip(self.plan.shapes, self.power, self.test.contrasts, strict=True)
            ],
            "correlation": self.test.correlation.tolist(),
            "assumptions": {"effect": self.plan.effect, "sd": self.plan.sd},
        }

    def to_text(self) -> str:
        """Return the plan in a few lines."""
        counts = ", ".join(f"{count:g} on {dose:g}" for count, dose in zip(self.patients, self.plan.doses, strict=True))
        return (
            f"{sum(self.patients):g} patients ({counts}): power {self.power.min():.4f} at least, whichever candidate is"
            f" true\nsignificant from {self.critical:.4f} on, {len(self.power)} contrasts together at one-sided alpha"
            f" {self.plan.alpha:g}; assumed: largest effect {self.plan.effect:g}, deviation {self.plan.sd:g}"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def power_of_doses(plan: DosePlan, patients: float) -> PlannedDoses:
    """Return what so many patients a dose, on average, show: the power if each candidate is true.

    Raises `ValueError` for too few patients to estimate a variance.
    """
    counts = patients * plan.proportions
    freedom = float(counts.sum() - len(plan.doses))
    if not np.isfinite(patients) or counts.min() <= 0.0 or freedom < 1.0:
        raise ValueError(f"got {patients:g} patients a dose, expected more than one: a variance is to be estimated")
    test = contrasts_of(plan.shapes, np.array(plan.doses), counts, freedom)
    critical = test.critical(plan.alpha)
    power = np.array([test.power(plan.means(shape), plan.sd, critical) for shape in plan.shapes])
    return PlannedDoses(plan, tuple(counts.tolist()), test, critical, power)


def size_of_doses(plan: DosePlan, power: float) -> PlannedDoses:
    """Return the least whole number of patients a dose with this power, whichever candidate is true.

    Raises `ValueError` where none has it.
    """
    if not 0.0 < power < 1.0:
        raise ValueError(f"got the power {power:g}, expected a share above 0 and below 1")
    high = _alone(plan, power)
    while high <= _MOST and float(power_of_doses(plan, high).power.min()) < power:
        high = int(np.ceil(1.2 * high))
    if high > _MOST:
        raise ValueError(f"no {_MOST} patients a dose have the power {power:g}: the effect is too small")
    low = max(1, (3 * high) // 4)
    while low > 1 and float(power_of_doses(plan, low).power.min()) >= power:
        low //= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if float(power_of_doses(plan, middle).power.min()) >= power else (middle, high)
    return power_of_doses(plan, high)


def _alone(plan: DosePlan, power: float) -> int:
    """Return about how many patients a dose show each candidate by its own contrast: together they take fewer."""
    test = contrasts_of(plan.shapes, np.array(plan.doses), plan.proportions, None)
    shown = min(float(test.statistics(plan.means(shape), plan.sd**2).max()) for shape in plan.shapes)
    return min(_MOST, int(np.ceil(((test.critical(plan.alpha) + max(norm.ppf(power), 0.0)) / shown) ** 2)) + 3)
