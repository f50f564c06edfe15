"""Assurance: the chance that a trial succeeds where its effect is uncertain, against its size.

O'Hagan A, Stevens JW, Campbell MJ. Assurance in clinical trial design. Pharm Stat 2005;4:187-201.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from kg.notebook import notebook_html
from twin.trials.design.boundaries import Looks
from twin.trials.design.comparison import Comparison
from twin.trials.design.plan import Beside, Planned, power_of

_MOST = 200
"""Looks of all sizes together: each takes as long as a trial of its own."""
_LARGEST = 1e7
"""Patients or events beyond which no size is looked for."""


@dataclass(frozen=True)
class Assured:
    """Plans of several sizes, each with its assurance; `limit` is the chance that the effect is on the better side of
    the null at all, which no size exceeds.
    """

    plans: tuple[Planned, ...]
    limit: float

    def to_frame(self) -> pd.DataFrame:
        """Return a row a size: power where the planned effect is true, and assurance."""
        return pd.DataFrame(
            [{"size": plan.size, "power": plan.power, "assurance": plan.assurance} for plan in self.plans]
        )

    def to_json(self) -> dict[str, Any]:
        """Return the rows, the limit and what is assumed as JSON values."""
        first = self.plans[0]
        return {
            "counts": first.comparison.counts,
            "sizes": self.to_frame().to_dict("records"),
            "limit": self.limit,
            "alpha": first.looks.alpha,
            "sides": first.looks.sides,
            "assumptions": first.assumptions,
        }

    def to_text(self) -> str:
        """Return what is assumed and what no size exceeds."""
        first = self.plans[0]
        stated = ", ".join(f"{name} {value}" for name, value in first.assumptions.items())
        lines = [
            f"{plan.size:.1f} {first.comparison.counts}: assurance {plan.assurance:.4f}, power {plan.power:.4f}"
            for plan in self.plans
        ]
        return "\n".join([*lines, f"no size has more than {self.limit:.4f}; assumed: {stated}"])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def assurances(comparison: Comparison, looks: Looks, effect_sd: float, sizes: tuple[float, ...]) -> Assured:
    """Return the assurance of each size, where the effect is normal about the planned one.

    `effect_sd` is its deviation, of a difference as it is, of a hazard ratio on its logarithm. Raises `ValueError` for
    no sizes, or one too small for a test.
    """
    if not sizes:
        raise ValueError("got no sizes, expected one or more")
    if len(sizes) * len(looks.information) > _MOST:
        raise ValueError(
            f"got {len(sizes)} sizes with {len(looks.information)} looks each, expected {_MOST} looks or fewer in all: "
            "ask for fewer sizes at once"
        )
    beside = Beside(effect_sd)
    plans = tuple(power_of(comparison, looks, size, beside) for size in sizes)
    return Assured(plans, _limit(comparison, effect_sd))


def size_of_assurance(comparison: Comparison, looks: Looks, effect_sd: float, target: float) -> Assured:
    """Return the size with this assurance; raise `ValueError` where none has, and say what no size exceeds."""
    beside, limit = Beside(effect_sd), _limit(comparison, effect_sd)

    def excess(size: float) -> float:
        return (power_of(comparison, looks, size, beside).assurance or 0.0) - target

    least = most = max(comparison.least, 1.0)
    if not 0.0 < target < limit or excess(least) >= 0.0:
        raise ValueError(
            f"got the assurance {target:g}, expected one above that of the least size and below {limit:.4f}: the chance"
            " that the effect is on the better side of the null at all"
        )
    while excess(most) < 0.0:
        least, most = most, 2.0 * most
        if most > _LARGEST:
            raise ValueError(f"no size under {_LARGEST:g} has the assurance {target:g}: the most is {limit:.4f}")
    size = float(brentq(excess, least, most, xtol=1e-3))
    return assurances(comparison, looks, effect_sd, (size,))


def _limit(comparison: Comparison, effect_sd: float) -> float:
    return float(norm.cdf(abs(comparison.planned - comparison.unseen) / effect_sd))
