"""PROCOVA: adjusted for a prognosis of each patient, here the one that the trial's own twin makes of the covariates."""

from typing import ClassVar, Literal

from twin.trials.analysis import linear
from twin.trials.analysis.linear import Errors
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import SCORE, Estimator, Needs
from twin.trials.part import Assumption


class Procova(Estimator):
    """Adjusts for the twin's prognosis, beside `covariates`: what the typical patient with the same covariates comes to
    on the control's rules, every dose taken, measured without error."""

    kind: Literal["procova"] = "procova"
    covariates: tuple[str, ...] = ()
    errors: Errors = "HC3"
    prognostic: ClassVar[bool] = True

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "value"

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        return linear.Procova(arms, score=SCORE, covariates=self.covariates, errors=self.errors, level=level)

    def assumptions(self) -> list[Assumption]:
        """Return whose prognosis it is."""
        told = "The prognosis is that of the trial's own model: in a real trial it would foretell less."
        return [Assumption("analysis", told)]
