"""Normal outcomes: a difference of means of known deviation, look by look, in the terms of z."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.stats import norm

from twin.trials.design.boundaries import SINGLE, Looks, walk
from twin.trials.design.spending import Floats


@dataclass(frozen=True)
class NormalTrial:
    """Patients of each arm at each look, [look], their deviation, and the prior of the difference; flat without sd.

    The trial is to show that the difference, treatment against control, exceeds `margin`.
    """

    patients: tuple[int, ...]
    sd: float
    prior_mean: float = 0.0
    prior_sd: float | None = None
    margin: float = 0.0

    def __post_init__(self) -> None:
        if not self.patients or not all(count > 0 for count in self.patients):
            raise ValueError(f"got the patients {self.patients}, expected one or more numbers above 0")
        if not all(earlier < later for earlier, later in pairwise(self.patients)):
            raise ValueError(f"got the patients {self.patients}, expected them to grow from look to look")
        for name, value in (("deviation", self.sd), ("prior's deviation", self.prior_sd)):
            if value is not None and not (np.isfinite(value) and value > 0.0):
                raise ValueError(f"got the {name} {value:g}, expected a number above 0")
        if not (np.isfinite(self.prior_mean) and np.isfinite(self.margin)):
            raise ValueError(f"got the prior mean {self.prior_mean} and the margin {self.margin}, expected numbers")

    @property
    def arms(self) -> int:
        """Return how many arms there are."""
        return 2

    @property
    def errors(self) -> Floats:
        """Return the standard error of the difference at each look, [look]."""
        return np.asarray(self.sd * np.sqrt(2.0 / np.array(self.patients)))

    def bounds(self, posterior: float) -> Floats:
        """Return the z against the margin at which the posterior of being better is this, [look]."""
        reach, variance = norm.ppf(posterior), self.errors**2
        if self.prior_sd is None:
            return np.full(len(self.patients), reach)
        before = 1.0 / self.prior_sd**2
        precision = before + 1.0 / variance
        mean = self.margin + reach / np.sqrt(precision)
        return np.asarray(((mean * precision - self.prior_mean * before) * variance - self.margin) / self.errors)

    def predictive_bounds(self, chance: float, efficacy: float) -> Floats:
        """Return the z at which the chance that the last posterior will exceed `efficacy` is this, [look]."""
        wanted, variance = self.bounds(efficacy)[-1] * self.errors[-1], self.errors**2
        before = 0.0 if self.prior_sd is None else 1.0 / self.prior_sd**2
        share = variance[-1] / variance
        precision = before + 1.0 / variance
        spread = (1.0 - share) * np.sqrt(1.0 / precision + variance[-1] / np.maximum(1.0 - share, 1e-300))
        # the last difference is share x now + (1 - share) x what is to come, whose mean is the posterior's
        weight = share + (1.0 - share) / variance / precision
        shift = (1.0 - share) * before / precision * (self.prior_mean - self.margin)
        return np.asarray((wanted + norm.ppf(chance) * spread - shift) / weight / self.errors)

    def stopped(self, upper: Floats, lower: Floats, difference: float) -> tuple[Floats, Floats]:
        """Return the chance to reject, and to give up, at each look, [look], where this difference is true."""
        shares = self.errors[-1] ** 2 / self.errors**2
        looks: Looks = replace(SINGLE, information=(*shares[:-1].tolist(), 1.0))
        lower = np.minimum(lower, upper)
        walked = walk(looks, (difference - self.margin) / float(self.errors[-1]), upper, lower)
        return walked.above, walked.below
