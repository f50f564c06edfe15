"""Log-rank: the test of two survival curves; the effect is the logarithm of the hazard ratio."""

from typing import Literal

from twin.trials.analysis import survival
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs


class LogRank(Estimator):
    """The log-rank test, stratified where covariates are named."""

    kind: Literal["log_rank"] = "log_rank"
    strata: tuple[str, ...] = ()

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "timed"

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """The columns that it is stratified by."""
        return self.strata

    @property
    def measure(self) -> str:
        """What the effect is."""
        return "log hazard ratio"

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        return survival.LogRank(arms, strata=self.strata, level=level)
