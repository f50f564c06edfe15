"""A Bayesian comparison: another analysis' estimate and a normal prior on the effect."""

from typing import Annotated, Literal

from kg.files.checked import Flag, Positive, Unit
from twin.trials.analysis.bayes import NormalPosterior, NormalPrior
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs
from twin.trials.part import STATED, Assumption
from twin.trials.units import Effect


class NormalBayes(Estimator):
    """The posterior of the effect, `of` another analysis, under a normal prior with `mean` and `sd`."""

    kind: Literal["bayes"] = "bayes"
    of: Estimator
    mean: Effect = 0.0
    sd: Annotated[Positive, Unit("that of the effect")]
    threshold: Effect = 0.0
    above: Flag = True

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return self.of.needs

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """The columns that it adjusts for."""
        return self.of.covariates_read

    @property
    def needs_baseline(self) -> bool:
        """Whether it adjusts for BASE."""
        return self.of.needs_baseline

    @property
    def measure(self) -> str:
        """What the effect is."""
        return self.of.measure

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        prior = NormalPrior(self.mean, self.sd)
        return NormalPosterior(self.of.analysis(arms, level), prior, self.threshold, self.above, level=level)

    def assumptions(self) -> list[Assumption]:
        """Return the prior."""
        told = f"Before the trial the effect is normal with mean {self.mean:g} and this deviation."
        return [Assumption("analysis", told, self.sd, "", STATED)]
