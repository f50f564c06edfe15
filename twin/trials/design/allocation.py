"""Allocation: how likely each arm is to get the next patient, by what has been seen; each rule is a pure function.

Shares are probabilities, [arm], and add up to 1. Whoever runs a trial draws by them, from a stream of its own.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from twin.trials.design.binary_outcomes import density, rates_and_weights
from twin.trials.design.spending import Floats


@dataclass(frozen=True)
class Limits:
    """Least and most shares of each arm, [arm]; None, no limit. Raises `ValueError` where shares cannot keep them."""

    least: tuple[float, ...] | None = None
    most: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for name, values in (("least", self.least), ("most", self.most)):
            if values is not None and not all(0.0 <= value <= 1.0 for value in values):
                raise ValueError(f"got the {name} shares {values}, expected fractions from 0 to 1")
        least, most = self.least or (0.0,), self.most or (1.0,)
        if sum(least) > 1.0 + 1e-12 or (self.most is not None and sum(most) < 1.0 - 1e-12):
            raise ValueError(f"got least shares {self.least} and most shares {self.most}: none add up to 1 within them")
        if self.least is not None and self.most is not None and any(np.greater(self.least, self.most)):
            raise ValueError(f"got least shares {self.least} above most shares {self.most}")

    def held(self, shares: Floats) -> Floats:
        """Return the shares within their limits; what is taken or given is shared by the others in proportion."""
        least = np.zeros(shares.size) if self.least is None else np.array(self.least)
        most = np.ones(shares.size) if self.most is None else np.array(self.most)
        if least.size != shares.size or most.size != shares.size:
            raise ValueError(f"got limits of {least.size} and {most.size} arms, expected {shares.size}")
        held, fixed = shares.copy(), np.zeros(shares.size, bool)
        for _ in range(shares.size):
            low, high = ~fixed & (held < least - 1e-15), ~fixed & (held > most + 1e-15)
            if not (low.any() or high.any()):
                break
            # of what is too low and too high, settle the greater trouble first: else one cure is the other's cause
            settle = low if (least - held)[low].sum() >= (held - most)[high].sum() else high
            held = np.where(settle, np.where(low, least, most), held)
            fixed |= settle
            open_arms, left = ~fixed, 1.0 - held[fixed].sum()
            total = held[open_arms].sum()
            if open_arms.any():
                held[open_arms] = held[open_arms] / total * left if total > 0.0 else left / open_arms.sum()
        return held


NO_LIMITS = Limits()
"""Any shares."""


def best_of_rates(successes: Floats, failures: Floats, prior: tuple[float, float] = (1.0, 1.0)) -> Floats:
    """Return the posterior chance of each arm to have the highest rate, [arm].

    >>> best_of_rates(np.array([3.0, 3.0]), np.array([1.0, 1.0])).round(6).tolist()
    [0.5, 0.5]
    """
    a, b = prior[0] + np.asarray(successes, float), prior[1] + np.asarray(failures, float)
    rate, worth = rates_and_weights()
    each, below = density(rate, a[:, np.newaxis], b[:, np.newaxis]), betainc(a[:, np.newaxis], b[:, np.newaxis], rate)
    return np.array([(each[arm] * np.delete(below, arm, axis=0).prod(axis=0)) @ worth for arm in range(a.size)])


def thompson(best: Floats, power: float = 1.0, limits: Limits = NO_LIMITS) -> Floats:
    """Return shares that grow with the chance of each arm to be best, raised to a power and within limits, [arm].

    A power of 0 is equal shares, of 1 Thompson's own, one between is softer; n / (2 N), of n patients so far and N in
    all, is Thall and Wathen's. Thompson WR. Biometrika 1933;25:285-294. Thall PF, Wathen JK. Practical Bayesian
    adaptive randomisation in clinical trials. Eur J Cancer 2007;43:859-866.

    >>> thompson(np.array([0.8, 0.2]), 0.5).round(6).tolist()
    [0.666667, 0.333333]
    """
    if not (np.isfinite(power) and power >= 0.0):
        raise ValueError(f"got the power {power:g}, expected 0 or more")
    raised = np.asarray(best, float) ** power
    return limits.held(raised / raised.sum())


def neyman(rates: Floats) -> Floats:
    """Return the shares of two arms that estimate their difference best: as sqrt(p q), [arm]."""
    root = np.sqrt(rates * (1.0 - rates))
    return np.asarray(root / root.sum())


def fewest_failures(rates: Floats) -> Floats:
    """Return the shares of two arms that fail the fewest patients at a given power: as sqrt(p), [arm].

    Rosenberger WF, Stallard N, Ivanova A, Harper CN, Ricks ML. Optimal adaptive designs for binary response trials.
    Biometrics 2001;57:909-913.
    """
    root = np.sqrt(rates)
    return np.asarray(root / root.sum())


def urn_limit(rates: Floats) -> Floats:
    """Return the shares that play the winner comes to: as 1 / (1 - p), [arm]."""
    odds = 1.0 / (1.0 - rates)
    return np.asarray(odds / odds.sum())


def doubly_adaptive(target: Floats, allocated: Floats, gamma: float = 2.0) -> Floats:
    """Return shares that pull the arms' shares so far to a target, [arm]: Hu and Zhang's doubly adaptive biased coin.

    `target` is what the responses so far call for, `allocated` the patients of each arm. The greater gamma, the harder
    it pulls; at 0 shares are the target. Hu F, Zhang LX. Asymptotic properties of doubly adaptive biased coin designs
    for multitreatment clinical trials. Ann Stat 2004;32:268-301.

    >>> doubly_adaptive(np.array([0.5, 0.5]), np.array([6.0, 4.0])).round(6).tolist()
    [0.307692, 0.692308]
    """
    allocated = np.asarray(allocated, float)
    if gamma < 0.0 or not np.isfinite(gamma):
        raise ValueError(f"got gamma {gamma:g}, expected 0 or more")
    if not (allocated > 0.0).all():
        raise ValueError(
            f"got the patients {allocated.tolist()}, expected one or more of each arm: start with equal shares"
        )
    pulled = target * (target / (allocated / allocated.sum())) ** gamma
    return np.asarray(pulled / pulled.sum())


@dataclass(frozen=True)
class Urn:
    """Balls of each arm, [arm]; the next patient's is drawn. What is added for a success, and for a failure elsewhere.

    Wei LJ, Durham S. The randomized play-the-winner rule in medical trials. J Am Stat Assoc 1978;73:840-843.
    """

    balls: tuple[float, ...]
    success: float = 1.0
    failure: float = 1.0

    def __post_init__(self) -> None:
        if len(self.balls) < 2 or not all(np.isfinite(ball) and ball > 0.0 for ball in self.balls):
            raise ValueError(f"got the balls {self.balls}, expected a number above 0 for each of two arms or more")
        if min(self.success, self.failure) < 0.0:
            raise ValueError(f"got {self.success:g} and {self.failure:g} balls to add, expected 0 or more")

    @property
    def shares(self) -> Floats:
        """Return the chance of each arm to be drawn, [arm]."""
        balls = np.array(self.balls)
        return np.asarray(balls / balls.sum())

    def after(self, arm: int, success: bool) -> "Urn":
        """Return the urn after an arm's response: a success adds to it, a failure to each other arm alike.

        >>> Urn((1.0, 1.0)).after(0, success=False).balls
        (1.0, 2.0)
        """
        added = np.full(len(self.balls), 0.0 if success else self.failure / (len(self.balls) - 1))
        added[arm] = self.success if success else 0.0
        return Urn(tuple((np.array(self.balls) + added).tolist()), self.success, self.failure)
