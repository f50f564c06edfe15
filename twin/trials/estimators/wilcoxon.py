"""Wilcoxon's rank sum: the shift between two arms, whatever the outcome's distribution."""

from typing import Literal

from twin.trials.analysis import rank
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs


class Wilcoxon(Estimator):
    """Hodges and Lehmann's shift with the interval of the rank sum test."""

    kind: Literal["wilcoxon"] = "wilcoxon"

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "value"

    @property
    def measure(self) -> str:
        """What the effect is."""
        return "shift"

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        return rank.Wilcoxon(arms, level=level)
