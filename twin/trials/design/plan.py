"""Plan: a comparison and its looks put together: sizes, power and what to expect, with the assumptions beside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from kg.notebook import notebook_html
from twin.trials.design.boundaries import Boundaries, Looks, boundaries
from twin.trials.design.comparison import Comparison, Survival
from twin.trials.design.spending import Floats
from twin.trials.design.timing import Accrual, Course

_REACH, _SURE, _NODES = 8.0, 12.0, 12
"""Deviations within which effects lie, a drift at which all is decided, effects looked at in each panel."""
_TURN = (-8.0, -5.0, -2.5, 0.0, 2.5, 5.0, 8.0)
"""Borders of panels about the effect at which the power is a half, in the effects that a unit of z is worth."""


@dataclass(frozen=True)
class Beside:
    """What may be told beside a plan: how uncertain the effect is (a deviation), how patients come to have events, and
    the share of patients who are lost, without an outcome: so many more are enrolled.
    """

    effect_sd: float | None = None
    accrual: Accrual | None = None
    lost: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.lost < 1.0:
            raise ValueError(f"got the share {self.lost:g} of patients lost, expected 0 or more and less than 1")
        if self.effect_sd is not None and not (np.isfinite(self.effect_sd) and self.effect_sd > 0.0):
            raise ValueError(f"got the effect's deviation {self.effect_sd:g}, expected a number above 0")


@dataclass(frozen=True)
class Planned:
    """A trial's size and its power; sizes count both arms together, `counts` what they count.

    `size` is the largest, which a trial without a reason to stop reaches; `expected_size_h1` and `expected_size_h0`
    are the sizes to expect; all are real numbers, `per_arm` is rounded up to whole patients or events. `course` tells,
    of events, how many patients are enrolled for them, and when.
    """

    comparison: Comparison
    looks: Looks
    beside: Beside
    bounds: Boundaries | None
    """None where there is one look."""
    size: float
    power: float
    expected_size_h1: float
    expected_size_h0: float
    assurance: float | None
    course: Course | None

    @property
    def patients(self) -> float | None:
        """Return the patients to enrol; None where only events are known."""
        if self.comparison.counts == "patients":
            return self.size / (1.0 - self.beside.lost)
        return None if self.course is None else self.course.enrolment.total

    @property
    def look_times(self) -> list[float] | None:
        """Return when each look is to be expected; None where it is not told how patients come."""
        if self.course is None or self.beside.accrual is None:
            return None
        early = [self.course.time_of(self.size * share) for share in self.looks.information[:-1]]
        return [*early, self.beside.accrual.end]

    @property
    def fixed_size(self) -> float:
        """Return the size of a trial without interim looks that can do as much."""
        return self.size if self.bounds is None else self.size / self.bounds.inflation

    @property
    def per_arm(self) -> dict[str, int] | None:
        """Return the patients of each arm, rounded up; None where only events are known."""
        if self.patients is None:
            return None
        control = self.patients / (1.0 + self.comparison.allocation)
        return {"control": _up(control), "treatment": _up(self.patients - control)}

    def to_frame(self) -> pd.DataFrame:
        """Return a row a look: information, size, when it is, and the bounds where there are interim looks."""
        if self.bounds is None:
            frame = pd.DataFrame({"look": [1], "information": [1.0], "power": [self.power]})
        else:
            frame = self.bounds.to_frame()
        frame.insert(2, "size", self.size * frame["information"])
        if self.look_times is not None and self.course is not None:
            frame.insert(3, "time", self.look_times)
            frame.insert(4, "enrolled", [self.course.enrolment.enrolled(time) for time in self.look_times])
        return frame

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "counts": self.comparison.counts,
            "size": self.size,
            "patients_per_arm": self.per_arm,
            "power": self.power,
            "fixed_size": self.fixed_size,
            "expected_size_h1": self.expected_size_h1,
            "expected_size_h0": self.expected_size_h0,
            "alpha": self.looks.alpha,
            "sides": self.looks.sides,
            "assurance": self.assurance,
            "patients": self.patients,
            "look_times": self.look_times,
            "assumptions": self.assumptions,
            "boundaries": None if self.bounds is None else self.bounds.to_json(),
        }

    @property
    def assumptions(self) -> dict[str, Any]:
        """Return what the plan takes for granted, by name."""
        known = {"endpoint": type(self.comparison).__name__.lower(), **vars(self.comparison)}
        if self.beside.effect_sd is not None:
            known["effect_sd"] = self.beside.effect_sd
        if self.beside.lost:
            known["lost"] = self.beside.lost
        return known | (self.beside.accrual.to_json() if self.beside.accrual is not None else {})

    def to_text(self) -> str:
        """Return the plan in a few lines."""
        counts, arms = self.comparison.counts, self.per_arm
        stated = ", ".join(f"{name} {value}" for name, value in self.assumptions.items())
        whole = self.size if arms is None else sum(arms.values())
        rounded = (
            f" or more, that of {self.size:.1f}, before each arm is rounded up," if whole > self.size + 0.05 else ""
        )
        lines = [
            f"{whole:.0f} {counts}: power {self.power:.4f}{rounded} at"
            f" {'one' if self.looks.sides == 1 else 'two'}-sided alpha {self.looks.alpha:g}",
            f"assumed: {stated}",
        ]
        if arms is not None:
            lines.insert(1, f"patients: {arms['treatment']} on treatment, {arms['control']} on control")
        if self.bounds is not None:
            lines.append(
                f"{len(self.looks.information)} looks ({self.looks.efficacy.kind}): expected"
                f" {self.expected_size_h1:.1f} {counts} if so, {self.expected_size_h0:.1f} if there is no effect; a"
                f" trial without interim looks needs {self.fixed_size:.1f}"
            )
        if self.assurance is not None:
            lines.append(f"assurance {self.assurance:.4f}: the mean power over what the effect may be")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def size_of(comparison: Comparison, looks: Looks, beside: Beside = Beside()) -> Planned:
    """Return the size that has the power 1 - beta: with interim looks, one look's size times the inflation.

    Raises `ValueError` where no size has it.
    """
    fixed = comparison.size(1.0 - looks.beta, looks.alpha, looks.sides)
    bounds = boundaries(looks) if len(looks.information) > 1 else None
    return _planned(comparison, looks, bounds, fixed if bounds is None else fixed * bounds.inflation, beside)


def power_of(comparison: Comparison, looks: Looks, size: float, beside: Beside = Beside()) -> Planned:
    """Return what a size can do; `looks.beta` places bounds for futility, and nothing else hangs on it.

    Raises `ValueError` for a size that is no number above 0, or too small for a test.
    """
    if not (np.isfinite(size) and size >= comparison.least):
        raise ValueError(f"got the size {size:g}, expected at least {comparison.least:g} {comparison.counts}")
    return _planned(comparison, looks, boundaries(looks) if len(looks.information) > 1 else None, size, beside)


def _planned(comparison: Comparison, looks: Looks, bounds: Boundaries | None, size: float, beside: Beside) -> Planned:
    power, expected = comparison.power(size, looks.alpha, looks.sides), (size, size)
    if bounds is not None:
        seen, null = bounds.walked(_drift(comparison, looks, bounds, size)), bounds.walked(0.0)
        power, expected = seen.rejected, (size * seen.expected(looks.shares), size * null.expected(looks.shares))
    course = None
    if beside.accrual is not None:
        if not isinstance(comparison, Survival):
            raise ValueError("accrual tells how many patients events take: expected a time to event")
        course = beside.accrual.course(comparison.hazard_ratio, comparison.allocation, size)
    if beside.lost and comparison.counts != "patients":
        raise ValueError("patients lost, a share, are those of a mean or a rate: of events, tell the hazard of dropout")
    assurance = None if beside.effect_sd is None else _assurance(comparison, looks, bounds, size, beside.effect_sd)
    return Planned(comparison, looks, beside, bounds, size, power, *expected, assurance, course)


def _drift(comparison: Comparison, looks: Looks, bounds: Boundaries, size: float, effect: float | None = None) -> float:
    """Return the mean of z at the last look: what interim looks cost does not hang on the endpoint, so that a size is
    worth what one look's is, over the inflation.
    """
    alone = comparison.power(size / bounds.inflation, looks.alpha / looks.sides, 1, effect)
    return float((norm.isf(looks.alpha / looks.sides) + norm.ppf(alone)) * np.sqrt(bounds.inflation))


def _assurance(comparison: Comparison, looks: Looks, bounds: Boundaries | None, size: float, sd: float) -> float:
    """Return the mean chance of success where the effect is normal about the planned one with this deviation.

    Success is a rejection in the direction that the plan calls better. O'Hagan A, Stevens JW, Campbell MJ. Assurance in
    clinical trial design. Pharm Stat 2005;4:187-201.
    """

    def chance(at: float) -> float:
        effect = comparison.planned + sd * at
        if bounds is None:
            return comparison.power(size, looks.alpha / looks.sides, 1, effect)
        drift = np.clip(_drift(comparison, looks, bounds, size, effect), -_SURE, _SURE)
        return float(bounds.walked(float(drift)).above.sum())

    at, weights = _nodes(chance)
    return float(weights * norm.pdf(at) @ np.array([chance(one) for one in at]))


def _nodes(chance: Callable[[float], float]) -> tuple[Floats, Floats]:
    """Return where to look at a chance that rises, or falls, over deviations of an effect, and the weights [node].

    Panels are as narrow as the density asks for, and, where the chance turns, as that does: a million patients tell
    effects apart that are a thousandth of a deviation away from each other.
    """
    edges = {*np.arange(-_REACH, _REACH + 1.0, 2.0)}
    if (chance(-_REACH) - 0.5) * (chance(_REACH) - 0.5) < 0.0:
        half = float(brentq(lambda at: chance(at) - 0.5, -_REACH, _REACH, xtol=1e-12))
        most = float(norm.cdf(1.0))
        side = 1.0 if chance(_REACH) > 0.5 else -1.0
        turned = chance(side * _REACH) > most
        width = (
            abs(float(brentq(lambda at: chance(at) - most, half, side * _REACH, xtol=1e-12)) - half) if turned else 1.0
        )
        edges |= {float(np.clip(half + width * one, -_REACH, _REACH)) for one in _TURN}
    borders = np.array(sorted(edges))
    place, weight = np.polynomial.legendre.leggauss(_NODES)
    half_width = np.diff(borders)[:, np.newaxis] / 2.0
    return (borders[:-1, np.newaxis] + half_width * (1.0 + place)).ravel(), (half_width * weight).ravel()


def _up(size: float) -> int:
    """Return the next whole number; what is whole but for the last digits stays."""
    return int(np.ceil(size - 1e-6))
