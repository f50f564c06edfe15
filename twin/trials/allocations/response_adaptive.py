"""Response-adaptive: the more likely an arm is the best so far, the more of the next patients it gets."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, Strict
from scipy.stats import norm

from kg.files.checked import Count
from twin.model import Floats
from twin.streams import uniforms
from twin.trials.allocations.allocation import Allocation, Arms, Enrolling, Responses
from twin.trials.allocations.simple import Simple
from twin.trials.design.allocation import Limits, thompson
from twin.trials.part import STATED, Assumption

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(64)


class ResponseAdaptive(Allocation):
    """Thompson's shares, raised to `power`, by the primary endpoint of the patients whose follow-up has ended.

    The first `burn_in` patients are allocated by the arms' shares; then shares change with each `every` patients who
    come. A power of none is n / (2 N), of n patients so far and N in all. No arm gets less than the share `least`.
    """

    kind: Literal["response_adaptive"] = "response_adaptive"
    burn_in: Count = 40
    every: Count = 20
    power: Annotated[float, Strict(), Field(ge=0, le=2)] | None = None
    least: Annotated[float, Strict(), Field(ge=0, lt=0.5)] = 0.1
    adapts: ClassVar[bool] = True

    def arms(self, enrolling: Enrolling) -> Arms:
        """Return each patient's arm, before anything is known: by the arms' shares."""
        return Simple().arms(enrolling)

    def adapted(self, enrolling: Enrolling, responses: Responses) -> Arms:
        """Return each patient's arm, by the responses of those before who are known when a patient comes."""
        found = self.arms(enrolling)
        luck = uniforms(enrolling.seed, "allocation", enrolling.ids)
        limits = Limits(least=(self.least,) * len(enrolling.shares))
        for first in range(self.burn_in, enrolling.n, self.every):
            known = (responses.known_day <= responses.came[first]) & (np.arange(enrolling.n) < first)
            shares = self._shares(found, known, responses.better, enrolling, limits)
            some = slice(first, min(first + self.every, enrolling.n))
            found[some] = np.searchsorted(np.cumsum(shares)[:-1], luck[some], side="right")
        return found

    def _shares(
        self, allocated: Arms, known: np.ndarray, better: Floats, enrolling: Enrolling, limits: Limits
    ) -> Floats:
        """Return the chance of each arm to get the next patients: [arm]."""
        equal = np.array(enrolling.shares) / sum(enrolling.shares)
        groups = [better[arm, known & (allocated == arm)] for arm in range(len(equal))]
        groups = [group[np.isfinite(group)] for group in groups]
        if min(len(group) for group in groups) < 2:
            return equal
        means = np.array([group.mean() for group in groups])
        errors = np.array([max(group.std(ddof=1), 1e-9) / np.sqrt(len(group)) for group in groups])
        power = known.sum() / (2 * enrolling.n) if self.power is None else self.power
        return thompson(best_of_means(means, errors), power, limits)

    def assumptions(self) -> list[Assumption]:
        """Return how patients are allocated."""
        told = (
            f"The first {self.burn_in} patients are allocated by the arms' shares; then, every {self.every}, by how"
            " likely each arm is the best (normal posteriors with flat priors), no arm less than this share."
        )
        return [Assumption("design", told, self.least, "1", STATED)]


def best_of_means(means: Floats, errors: Floats) -> Floats:
    """Return the chance of each arm to have the highest mean, their posteriors normal: [arm].

    >>> best_of_means(np.array([0.0, 1.96]), np.array([0.6, 0.8])).round(3).tolist()
    [0.025, 0.975]
    """
    nodes = means[:, np.newaxis] + errors[:, np.newaxis] * _NODES
    chances = []
    for arm in range(means.size):
        rivals = [other for other in range(means.size) if other != arm]
        below = [norm.cdf((nodes[arm] - means[other]) / errors[other]) for other in rivals]
        chances.append(float(np.prod(below, axis=0) @ _WEIGHTS))
    found = np.array(chances)
    return np.asarray(found / found.sum())
