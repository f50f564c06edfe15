"""Blinded re-estimation: the size that keeps the planned power by the deviation that all patients together show.

Kieser M, Friede T. Stat Med 2003;22:3571-3581: the deviation of all, arms untold, leaves the type I error as it is.
"""

from typing import Annotated, Literal

from pydantic import Field, Strict
from scipy.stats import norm

from twin.model import Floats
from twin.trials.design.comparison import Means
from twin.trials.reestimations.reestimation import Reestimation
from twin.trials.units import Effect


class Blinded(Reestimation):
    """The size that shows the planned `effect` with `power` at a one-sided `alpha`; the last test is the usual one."""

    kind: Literal["blinded"] = "blinded"
    effect: Effect
    power: Annotated[float, Strict(), Field(gt=0, lt=1)] = 0.9
    alpha: Annotated[float, Strict(), Field(gt=0, lt=0.5)] = 0.025

    def stops(self, z: float) -> bool:
        """Return that the trial goes on: nobody knows z."""
        return False

    def grown(self, values: Floats, z: float, planned: int) -> float:
        """Return the size by the deviation of all values; the planned one where they do not vary."""
        sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        return Means(self.effect, sd).size(self.power, self.alpha) if sd > 0.0 else float(planned)

    def statistic(self, first: float, second: float, whole: float) -> float:
        """Return the z of all."""
        return whole

    @property
    def critical(self) -> float:
        """The bound of one look."""
        return float(norm.isf(self.alpha))
