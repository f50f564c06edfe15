"""Risk difference: responders, by logistic regression and g-computation."""

from typing import Literal

from twin.trials.analysis import logistic
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
        return logistic.RiskDifference(arms, covariates=self.covariates, level=level)
