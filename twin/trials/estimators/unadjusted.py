"""No adjustment: the difference of two means, with Welch's interval."""

from typing import Literal

from twin.trials.analysis import linear
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs


class Unadjusted(Estimator):
    """The difference of means with unequal variances."""

    kind: Literal["unadjusted"] = "unadjusted"

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "value"

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        return linear.Unadjusted(arms, level=level)
