"""Cox's model: the logarithm of the hazard ratio."""

from typing import Literal

from twin.trials.analysis import cox
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs


class Cox(Estimator):
    """Proportional hazards, adjusted for covariates, stratified by others."""

    kind: Literal["cox"] = "cox"
    covariates: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "timed"

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """The columns that it adjusts for."""
        return (*self.covariates, *self.strata)

    @property
    def measure(self) -> str:
        """What the effect is."""
        return "log hazard ratio"

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        return cox.Cox(arms, covariates=self.covariates, strata=self.strata, level=level)
