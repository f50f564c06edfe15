"""Risk difference: shares of responders, by the score test or, with covariates, by logistic g-computation."""

from typing import Literal

from twin.trials.analysis import logistic, proportions
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs


class RiskDifference(Estimator):
    """The marginal difference of the shares that respond, adjusted for covariates where some are named."""

    kind: Literal["risk_difference"] = "risk_difference"
    covariates: tuple[str, ...] = ()

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "value"

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        if not self.covariates:
            return proportions.ScoreDifference(arms, level=level)
        return logistic.RiskDifference(arms, covariates=self.covariates, level=level)
