"""Boundaries: a group sequential design, from its errors and looks to its z values, its inflation and expected sizes.

Jennison C, Turnbull BW. Group sequential methods with applications to clinical trials. Chapman & Hall/CRC 2000.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from kg.notebook import notebook_html
from twin.trials.design.score import Score, Stretch
from twin.trials.design.spending import Floats, Rule

MOST_LOOKS = 50
_FAR = 40.0
"""A z that nothing reaches."""


@dataclass(frozen=True)
class Looks:
    """What a design asks for: errors, sides, and the shares of the information at which it is looked at, [look].

    `futility` spends the type II error: a trial stops for it where z is below the lower bound, of two sides where |z|
    is. Not `binding`, the type I error holds even if a trial goes on in spite of it. Raises `ValueError`, with what was
    expected, for what cannot be designed.
    """

    efficacy: Rule
    information: tuple[float, ...]
    alpha: float = 0.025
    sides: int = 1
    beta: float = 0.1
    futility: Rule | None = None
    binding: bool = False

    def __post_init__(self) -> None:
        if self.sides not in (1, 2):
            raise ValueError(f"got {self.sides} sides, expected 1 or 2")
        if not 0.0 < self.alpha < 0.5:
            raise ValueError(f"got alpha {self.alpha:g}, expected a share above 0 and below 0.5")
        if not 0.0 < self.beta < 1.0 - self.alpha:
            raise ValueError(f"got beta {self.beta:g}, expected a share above 0 and below 1 - alpha")
        if not 1 <= len(self.information) <= MOST_LOOKS:
            raise ValueError(f"got {len(self.information)} looks, expected 1 to {MOST_LOOKS}")
        if not all(earlier < later for earlier, later in pairwise((0.0, *self.information))):
            raise ValueError(f"got the information {_listed(self.information)}, expected ascending shares above 0")
        if abs(self.information[-1] - 1.0) > 1e-12:
            raise ValueError(f"got the information {_listed(self.information)}, expected 1 at the last look")
        if self.futility is not None and not self.futility.spends:
            raise ValueError(f"{self.futility.kind} spends no error: futility needs a spending function")
        if self.binding and self.futility is None:
            raise ValueError("a binding futility bound needs its kind: name it, or leave binding out")

    @property
    def shares(self) -> Floats:
        """Return the information, [look]."""
        return np.array(self.information)


SINGLE = Looks(Rule("obrien-fleming"), (1.0,))
"""One look, at the end."""


@dataclass(frozen=True)
class Boundaries:
    """A design's bounds on z, [look], and what it costs beside one fixed size.

    Of two sides the trial rejects where |z| is at least the upper bound. `inflation` is its largest size, and
    `expected_size_h1`, `expected_size_h0` are the sizes to expect under the alternative and the null, each as a share
    of the size of a trial without interim looks. `drift` is the mean of z at full information under the alternative.
    """

    looks: Looks
    upper: Floats
    lower: Floats | None
    alpha_spent: Floats
    beta_spent: Floats
    """Where there is futility: cumulative, under the alternative; else the type II error alone at the last look."""
    power: Floats
    """Chance under the alternative of having rejected until each look."""
    drift: float
    inflation: float
    expected_size_h1: float
    expected_size_h0: float

    def walked(self, drift: float | Floats) -> "Walked":
        """Return what becomes of the trials under a drift, the mean of z at full information, or one a step, [look]."""
        return walk(self.looks, drift, self.upper, self._lower)

    def walked_from(self, look: int, z: float, drift: float) -> "Walked":
        """Return what becomes, at the looks after the `look`th, of a trial that goes on with this z there."""
        if not 1 <= look < len(self.looks.information):
            raise ValueError(
                f"got the look {look}, expected one from 1 to {len(self.looks.information) - 1}, an interim"
            )
        share = self.looks.information[look - 1]
        at = z * float(np.sqrt(share))
        return walk(self.looks, drift, self.upper, self._lower, Score(np.array([at]), np.ones(1), share, drift, at))

    @property
    def _lower(self) -> Floats:
        return _none(self.looks) if self.lower is None else self.lower

    def to_frame(self) -> pd.DataFrame:
        """Return a row a look: information, upper, lower, alpha_spent, beta_spent, power."""
        return pd.DataFrame(
            {
                "look": np.arange(1, len(self.upper) + 1),
                "information": self.looks.shares,
                "upper": _shown(self.upper),
                "lower": np.nan if self.lower is None else _shown(self.lower),
                "alpha_spent": self.alpha_spent,
                "beta_spent": self.beta_spent,
                "power": self.power,
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return the design and its figures as JSON values; a look at which no z is enough has null."""
        return {
            "kind": self.looks.efficacy.kind,
            "parameter": self.looks.efficacy.parameter,
            "alpha": self.looks.alpha,
            "sides": self.looks.sides,
            "beta": self.looks.beta,
            "spends_from": self.looks.efficacy.begins,
            "futility": None if self.looks.futility is None else self.looks.futility.kind,
            "futility_parameter": None if self.looks.futility is None else self.looks.futility.parameter,
            "binding": self.looks.binding,
            "upper": _values(self.upper),
            "lower": None if self.lower is None else _values(self.lower),
            "information": list(self.looks.information),
            "alpha_spent": _values(self.alpha_spent),
            "beta_spent": _values(self.beta_spent),
            "power": _values(self.power),
            "drift": self.drift,
            "inflation": self.inflation,
            "expected_size_h1": self.expected_size_h1,
            "expected_size_h0": self.expected_size_h0,
        }

    def to_text(self) -> str:
        """Return in a few lines what the design is and costs."""
        looks, sides = self.looks, "one-sided" if self.looks.sides == 1 else "two-sided"
        rejects = "z" if looks.sides == 1 else "|z|"
        lines = [
            f"{looks.efficacy.kind}, {len(looks.information)} looks, {sides} alpha {looks.alpha:g}, power"
            f" {1.0 - looks.beta:g}: rejects where {rejects} is at least the upper bound",
            f"largest size {self.inflation:.4f} of a fixed trial's, expected {self.expected_size_h1:.4f} under the"
            f" alternative and {self.expected_size_h0:.4f} under the null",
        ]
        if looks.futility is not None:
            held = "binding" if looks.binding else "not binding: the type I error holds if it is overruled"
            lines.append(f"stops for futility where {rejects} is below the lower bound ({looks.futility.kind}, {held})")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def equally_spaced(looks: int) -> tuple[float, ...]:
    """Return the information of so many looks.

    >>> equally_spaced(4)
    (0.25, 0.5, 0.75, 1.0)
    """
    return tuple((look + 1) / looks for look in range(looks))


@lru_cache(maxsize=64)
def boundaries(looks: Looks) -> Boundaries:
    """Design: find the bounds that keep both errors, and the drift that the trial must be able to see."""
    upper = None if looks.binding else _bounds(replace(looks, futility=None), 0.0)[0]
    fixed = _fixed(looks)
    drift = _root(lambda drift: walk(looks, drift, *_bounds(looks, drift, upper)).rejected - 1.0 + looks.beta, fixed)
    upper, lower = _bounds(looks, drift, upper)
    under_h1, under_h0 = (walk(looks, true, upper, lower) for true in (drift, 0.0))
    kept = under_h0 if looks.binding else walk(looks, 0.0, upper, _none(looks))
    inflation = (drift / fixed) ** 2
    return Boundaries(
        looks=looks,
        upper=upper,
        lower=None if looks.futility is None else lower,
        alpha_spent=np.cumsum(kept.rejecting),
        beta_spent=np.cumsum(under_h1.below),
        power=np.cumsum(under_h1.rejecting),
        drift=drift,
        inflation=inflation,
        expected_size_h1=inflation * under_h1.expected(looks.shares),
        expected_size_h0=inflation * under_h0.expected(looks.shares),
    )


@dataclass(frozen=True)
class Walked:
    """What becomes of the trials at each look: the shares that reject, the way of the drift that was planned for or the
    opposite, and that are given up. Shapes: [look].
    """

    above: Floats
    opposite: Floats
    below: Floats

    @property
    def rejecting(self) -> Floats:
        """Return the shares that reject, [look]."""
        return self.above + self.opposite

    @property
    def rejected(self) -> float:
        """Return the share that reject at any look."""
        return float(self.rejecting.sum())

    def expected(self, information: Floats) -> float:
        """Return the mean share of the largest size: who has not stopped before goes on to the last look."""
        return float(1.0 - (self.rejecting + self.below) @ (1.0 - information))


def walk(looks: Looks, drift: float | Floats, upper: Floats, lower: Floats, score: Score | None = None) -> Walked:
    """Take the trials through the looks, under a drift, or on from where they are; at the last one, who does not reject
    is given up. Shapes: [look].
    """
    drifts, walked = np.broadcast_to(drift, len(looks.information)), []
    score = score or Score.begun(float(drifts[0]))
    for look, share in enumerate(looks.information):
        if share <= score.information:
            continue
        score = score.under(float(drifts[look]))
        last = look == len(upper) - 1
        edge = upper[look] if last else lower[look]
        opposite = score.below(-upper[look], share) if looks.sides == 2 else 0.0
        walked.append((score.above(upper[look], share), opposite, _given_up(score, looks.sides, edge, share)))
        if not last:
            score = _going_on(looks, score, look, (lower[look], upper[look]))
    return Walked(*np.array(walked).T)


def _bounds(looks: Looks, drift: float, upper: Floats | None = None) -> tuple[Floats, Floats]:
    """Return the upper bounds, those that are given or that spend alpha, and the lower ones that spend beta under a
    drift. Shapes: [look].
    """
    if upper is not None or looks.efficacy.spends:
        return _spent(looks, drift, upper)
    shape = looks.efficacy.shape(looks.shares)

    def too_much(scale: float) -> float:
        _, lower = _spent(looks, drift, scale * shape)
        return walk(looks, 0.0, scale * shape, lower if looks.binding else _none(looks)).rejected - looks.alpha

    return _spent(looks, drift, float(brentq(too_much, 1e-3, _FAR, xtol=1e-13)) * shape)


def _spent(looks: Looks, drift: float, upper: Floats | None) -> tuple[Floats, Floats]:
    """Go through the looks, and place at each the bounds that are left open where they spend what they may."""
    if upper is not None and looks.futility is None:
        return upper, _none(looks)
    errors = np.zeros(len(looks.information)) if upper is not None else _each(looks.efficacy, looks, looks.alpha)
    losses = None if looks.futility is None else _each(looks.futility, looks, looks.beta)
    null, other = Score.begun(0.0), Score.begun(drift)
    found, none = [], _none(looks)[0]
    for look, share in enumerate(looks.information):
        high = _place(_rejected, null, looks.sides, share, errors[look]) if upper is None else float(upper[look])
        low = none
        if losses is not None:
            low = high if share == 1.0 else min(_place(_given_up, other, looks.sides, share, losses[look]), high)
        found.append((high, low))
        if look < len(looks.information) - 1:
            null = _going_on(looks, null, look, (low if looks.binding else none, high))
            other = _going_on(looks, other, look, (low, high))
    uppers, lowers = np.array(found).T
    return uppers, lowers


def _each(rule: Rule, looks: Looks, error: float) -> Floats:
    """Return what may be spent at each look, [look]; of futility each side has its own, and both are one."""
    sides = looks.sides if rule is looks.efficacy else 1
    return np.diff(rule.spent(looks.shares, error, sides), prepend=0.0)


def _rejected(score: Score, sides: int, z: float, share: float) -> float:
    return score.above(z, share) + (score.below(-z, share) if sides == 2 else 0.0)


def _given_up(score: Score, sides: int, z: float, share: float) -> float:
    return score.below(z, share) if sides == 1 else score.within(z, share)


def _place(
    of: Callable[[Score, int, float, float], float], score: Score, sides: int, share: float, error: float
) -> float:
    """Return the z at which so much is rejected, or given up: the farthest, where nothing may be spent yet."""
    rejects = of is _rejected
    least, most = (0.0 if sides == 2 else -_FAR), _FAR
    if error <= 0.0:
        return most if rejects else least
    if of(score, sides, most if not rejects else least, share) <= error:
        return least if rejects else most
    return float(brentq(lambda z: np.log(max(of(score, sides, z, share), 1e-320) / error), least, most, xtol=1e-12))


def _going_on(looks: Looks, score: Score, look: int, bounds: tuple[float, float]) -> Score:
    low, high = bounds
    between: list[Stretch] = [(low, high)] if looks.sides == 1 else [(-high, -low), (low, high)]
    return score.going_on(between, looks.information[look], looks.information[look + 1])


def _none(looks: Looks) -> Floats:
    """Return lower bounds that give nothing up, [look]."""
    return np.full(len(looks.information), 0.0 if looks.sides == 2 else -_FAR)


def _fixed(looks: Looks) -> float:
    """Return the drift that a trial with one look sees with the power."""
    critical = norm.isf(looks.alpha / looks.sides)
    if looks.sides == 1:
        return float(critical + norm.isf(looks.beta))
    return _root(
        lambda drift: float(norm.sf(critical - drift) + norm.sf(critical + drift)) - 1.0 + looks.beta, critical
    )


def _root(excess: Callable[[float], float], near: float) -> float:
    """Return the drift at which the power is as wanted; what a trial with one look must see is near it."""
    return float(brentq(excess, 0.2 * near, 4.0 * near, xtol=1e-11))


def _shown(bounds: Floats) -> Floats:
    """Return bounds with nothing where nothing reaches them."""
    return np.asarray(np.where(np.abs(bounds) < _FAR, bounds, np.nan))


def _values(values: Floats) -> list[float | None]:
    return [float(value) if abs(value) < _FAR else None for value in values]


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
