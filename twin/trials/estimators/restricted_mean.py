"""Restricted mean survival: the difference of mean event-free days up to a horizon."""

from typing import Literal

from twin.trials.analysis import survival
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs
from twin.trials.grid import Grid
from twin.trials.units import Days


class RestrictedMean(Estimator):
    """The difference of mean event-free days up to `horizon_d`."""

    kind: Literal["restricted_mean"] = "restricted_mean"
    horizon_d: Days

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "timed"

    @property
    def reversed(self) -> bool:
        """Whether more of the effect is less of the endpoint."""
        return True

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's days."""
        late = self.horizon_d > grid.days
        return [f"horizon_d: got {self.horizon_d:g}, expected <= {grid.days}, the trial's last day"] * late

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        return survival.RestrictedMean(arms, self.horizon_d, level=level)
