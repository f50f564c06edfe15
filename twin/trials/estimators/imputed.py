"""Multiple imputation: visits that are missing are drawn, as at random or as in the control arm, then analysed."""

from typing import Literal

from kg.files.checked import Count, Number
from twin.trials.analysis import linear, pooling
from twin.trials.analysis.imputation import Chain, Strategy
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs


class Imputed(Estimator):
    """The difference at the last visit after imputation, adjusted for BASE; `delta` is added to what was imputed in the
    treatment arm."""

    kind: Literal["imputed"] = "imputed"
    strategy: Strategy = "MAR"
    imputations: Count = 20
    seed: Count = 1
    delta: Number = 0.0

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "repeated"

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        chain = Chain(self.imputations, self.seed)
        inner = linear.Ancova(arms, level=level)
        return pooling.MultipleImputation(arms, inner, self.strategy, delta=self.delta, chain=chain, level=level)
