"""Re-estimation: a size computed anew from what patients show without telling the arms apart.

Kieser M, Friede T. Simple procedures for blinded sample size adjustment that do not affect the type I error rate. Stat
Med 2003;22:3571-3581. Gould AL. Interim analyses for monitoring clinical trials that do not materially affect the type
I error rate. Stat Med 1992;11:55-66.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from twin.trials.design.boundaries import Looks, boundaries
from twin.trials.design.comparison import Comparison, Means, Rates


@dataclass(frozen=True)
class Seen:
    """What all patients together show, arms untold: the deviation of a mean's values, or the rate.

    `adjusted`, what the planned effect itself adds to the variance of two arms taken as one is left out; then
    `patients`, how many were seen, counts too.
    """

    sd: float | None = None
    rate: float | None = None
    patients: float | None = None
    adjusted: bool = False

    def __post_init__(self) -> None:
        if (self.sd is None) == (self.rate is None):
            raise ValueError("what is seen is a deviation, of a mean, or a rate: give one of both")
        if self.sd is not None and not (np.isfinite(self.sd) and self.sd > 0.0):
            raise ValueError(f"got the deviation {self.sd:g} seen, expected a number above 0")
        if self.rate is not None and not 0.0 < self.rate < 1.0:
            raise ValueError(f"got the rate {self.rate:g} seen, expected one above 0 and below 1")
        if self.patients is not None and not (np.isfinite(self.patients) and self.patients >= 2.0):
            raise ValueError(f"got {self.patients:g} patients seen, expected 2 or more")
        if self.adjusted and (self.patients is None or self.sd is None):
            raise ValueError("to take the effect out of the deviation seen, tell both and how many patients were seen")


@dataclass(frozen=True)
class Reestimated:
    """A size as planned and as it is after a blinded look, both arms together.

    `size` is what the trial goes on to: no less than were seen, nor more than the most; `needed` has the planned power,
    `power` is that of `size`.
    """

    planned: Comparison
    comparison: Comparison
    looks: Looks
    planned_size: float
    needed: float
    size: float
    power: float

    def to_frame(self) -> pd.DataFrame:
        """Return a row for the plan and one for after the look."""
        rows = [(self.planned, self.planned_size, 1.0 - self.looks.beta), (self.comparison, self.size, self.power)]
        return pd.DataFrame(
            [
                {"when": when, "size": size, "power": power, **vars(comparison)}
                for when, (comparison, size, power) in zip(("planned", "after the look"), rows, strict=True)
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "counts": self.comparison.counts,
            "planned_size": self.planned_size,
            "needed": self.needed,
            "size": self.size,
            "power": self.power,
            "alpha": self.looks.alpha,
            "sides": self.looks.sides,
            "planned": vars(self.planned),
            "assumptions": vars(self.comparison),
        }

    def to_text(self) -> str:
        """Return the new size in a line or two."""
        lines = [
            f"{self.size:.1f} patients, planned {self.planned_size:.1f}: power {self.power:.4f}, by what all patients"
            " show, arms untold"
        ]
        if abs(self.size - self.needed) > 1e-9:
            lines.append(f"{self.needed:.1f} have the planned power: the size is held by those seen, or by the most")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def reestimated(comparison: Comparison, looks: Looks, seen: Seen, most: float | None = None) -> Reestimated:
    """Return the size that keeps the planned power by what is seen, arms untold: a mean's deviation, or the rate.

    The effect stays the planned one, so that no arm is told; `most` is the largest size that can be. Raises
    `ValueError` where what is seen is not of this endpoint, or leaves no such effect.
    """
    renewed = _renewed(comparison, seen)
    inflation = boundaries(looks).inflation if len(looks.information) > 1 else 1.0
    alpha, sides = looks.alpha, looks.sides
    planned, needed = (inflation * each.size(1.0 - looks.beta, alpha, sides) for each in (comparison, renewed))
    size = max(needed, seen.patients or 0.0)
    if most is not None:
        if not (np.isfinite(most) and most >= max(seen.patients or 0.0, renewed.least)):
            raise ValueError(f"got {most:g} patients at most, expected a number not below those seen")
        size = min(size, most)
    return Reestimated(comparison, renewed, looks, planned, needed, size, renewed.power(size / inflation, alpha, sides))


def _renewed(comparison: Comparison, seen: Seen) -> Comparison:
    if isinstance(comparison, Means) and seen.sd is not None:
        if comparison.sd_control is not None:
            raise ValueError(
                "patients seen together have one deviation: plan with one for both arms, without --sd-control"
            )
        return replace(comparison, sd=_within(comparison, seen.sd, seen))
    if isinstance(comparison, Rates) and seen.rate is not None:
        share, effect = comparison.allocation / (1.0 + comparison.allocation), comparison.planned
        control = seen.rate - share * effect
        return replace(comparison, treatment=control + effect, control=control)
    kind = type(comparison).__name__.lower()
    expected = {"means": "a deviation (--seen-sd)", "rates": "a rate (--seen-rate)"}
    raise ValueError(f"of {kind} is seen {expected.get(kind, 'nothing blinded: events decide, their number stays')}")


def _within(comparison: Means, sd: float, seen: Seen) -> float:
    """Return the deviation within an arm: that of all, or less what the planned effect adds to it."""
    if not seen.adjusted or seen.patients is None:
        return sd
    apart = comparison.allocation / (1.0 + comparison.allocation) ** 2 * comparison.effect**2
    variance = sd**2 - apart * seen.patients / (seen.patients - 1.0)
    if variance <= 0.0:
        raise ValueError(
            f"the deviation {sd:g} seen is less than the planned effect alone makes: nothing is left of it"
        )
    return float(np.sqrt(variance))
