"""Analysis of covariance: the difference of means at equal covariates, with robust errors."""

from typing import Literal

from twin.trials.analysis import linear
from twin.trials.analysis.linear import Errors
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs


class Ancova(Estimator):
    """Adjusts for `covariates`: BASE is the endpoint's baseline, others are covariates of the population."""

    kind: Literal["ancova"] = "ancova"
    covariates: tuple[str, ...] = ("BASE",)
    errors: Errors = "HC3"

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "value"

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        return linear.Ancova(arms, covariates=self.covariates, errors=self.errors, level=level)
