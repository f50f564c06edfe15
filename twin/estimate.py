"""From patients' outcomes to an effect with its interval: means, paired and two-sample differences."""

from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy import stats

from twin.model import Floats


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval: `level` of such intervals cover the true value; `method` says how it was found.

    Of an effect that was tested: `p_value` (two-sided), and the `statistic` and `degrees_of_freedom` it comes from.
    `probability` is a posterior one, that the effect lies where `method` says.
    """

    value: float
    lower: float
    upper: float
    standard_error: float
    level: float
    method: str
    p_value: float | None = None
    statistic: float | None = None
    degrees_of_freedom: float | None = None
    probability: float | None = None

    @classmethod
    def none(cls, level: float, why: object) -> "Estimate":
        """Return what stands in place of an estimate that cannot be made; all figures are NaN."""
        nan = float("nan")
        return cls(nan, nan, nan, nan, level, f"no estimate: {why}")

    def to_json(self) -> dict[str, float | str]:
        """Return the figures under their names; what was not found is left out."""
        return {name: figure for name, figure in asdict(self).items() if figure is not None}


def mean(outcome: Floats, level: float = 0.95) -> Estimate:
    """Return the mean of independent outcomes with Student's interval."""
    error = float(outcome.std(ddof=1) / np.sqrt(outcome.size))
    return _student(float(outcome.mean()), error, outcome.size - 1, level, "mean, Student's t")


def share(hits: int, count: int, level: float = 0.95) -> Estimate:
    """Return the share of so many yes among independent answers, with Wilson's interval.

    It stays within 0 and 1, and is no point where all answer alike. Wilson EB. J Am Stat Assoc 1927;22:209-212. Of no
    answers all is possible: NaN, from 0 to 1.

    >>> found = share(0, 20)
    >>> found.lower, round(found.upper, 4)
    (0.0, 0.1611)
    """
    told = "share, Wilson's interval"
    if not count:
        return Estimate(float("nan"), 0.0, 1.0, float("nan"), level, told)
    found, value = stats.binomtest(hits, count).proportion_ci(level, "wilson"), hits / count
    error = float(np.sqrt(value * (1.0 - value) / count))
    return Estimate(value, float(found.low), float(found.high), error, level, told)


def paired_difference(treated: Floats, control: Floats, level: float = 0.95) -> Estimate:
    """Return the mean difference of the same patients' two outcomes, treated minus control, with Student's interval.

    On common random numbers its interval holds Monte Carlo error alone: which virtual patients were drawn.
    """
    if treated.shape != control.shape:
        raise ValueError(
            f"paired outcomes differ in number: {treated.size} and {control.size}; expected the same patients"
        )
    difference = mean(treated - control, level)
    return Estimate(
        difference.value,
        difference.lower,
        difference.upper,
        difference.standard_error,
        level,
        "paired difference of both potential outcomes, Student's t",
    )


def welch_difference(treated: Floats, control: Floats, level: float = 0.95) -> Estimate:
    """Return the difference of two groups' means, treated minus control, with Welch's interval (unequal variances)."""
    parts = [float(outcome.var(ddof=1) / outcome.size) for outcome in (treated, control)]
    variance = sum(parts)
    weights = sum(part**2 / (outcome.size - 1) for part, outcome in zip(parts, (treated, control), strict=True))
    freedom = variance**2 / weights if weights > 0 else treated.size + control.size - 2
    value = float(treated.mean() - control.mean())
    return effect_of(value, float(np.sqrt(variance)), level, "two-sample difference, Welch's t", freedom)


def effect_of(value: float, error: float, level: float, method: str, freedom: float = np.inf) -> Estimate:
    """Return an effect with its interval and the test that it is zero: Student's, normal where `freedom` is infinite.

    An error of zero, of outcomes that do not vary, leaves nothing to test by.

    >>> round(effect_of(1.96, 1.0, 0.95, "a difference, normal").p_value or 1.0, 3)
    0.05
    """
    effect = _student(value, error, freedom, level, method)
    if not error > 0.0:
        return effect
    statistic = value / error
    known = float(freedom) if np.isfinite(freedom) else None
    return replace(
        effect,
        p_value=float(2.0 * stats.t.sf(abs(statistic), freedom)),
        statistic=float(statistic),
        degrees_of_freedom=known,
    )


def _student(value: float, error: float, freedom: float, level: float, method: str) -> Estimate:
    half = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    return Estimate(float(value), float(value - half), float(value + half), float(error), level, method)
