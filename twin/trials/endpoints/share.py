"""Share: what endpoints that are a share of time, or a yes or no, have in common: how they fail, how they are read."""

from twin.estimate import Estimate, share
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.risk_difference import RiskDifference


class Share(Endpoint):
    """An endpoint from 0 to 1, read in percent; who failed has the worse end."""

    @property
    def failure(self) -> float:
        """The value of who failed."""
        return 0.0 if self.better == "higher" else 1.0

    @property
    def scale(self) -> tuple[float, str, str]:
        """Shares are read in percent, differences in points."""
        return 100.0, "%", " points"


class YesOrNo(Share):
    """An endpoint that is 1 or 0."""

    def mean(self, outcome: Outcome, level: float) -> Estimate:
        """Return an arm's share with Wilson's interval."""
        if not isinstance(outcome, Value):
            return super().mean(outcome, level)
        known = outcome.value[outcome.known]
        return share(int(known.sum()), known.size, level)

    @property
    def difference(self) -> str:
        """What a difference of two arms is called: a risk is the share of those with a yes, be that good or bad."""
        return "risk difference"

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""
        return RiskDifference()
