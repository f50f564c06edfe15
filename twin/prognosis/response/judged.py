"""Judged: whether effects that were foretold are there: three ways to look, on scores that they were not learned from.

- The best linear projection of effects on those foretold: a slope of 1 if they are as far apart as foretold, of 0 if
  nothing of it is there (Chernozhukov V et al. arXiv:1712.04802; robust errors HC3).
- The targeting curve: by how much the effect in the share q of those foretold to gain most is above that in all; its
  means over q are AUTOC (all shares alike) and the Qini coefficient (larger shares weigh more), 0 where the order says
  nothing (Yadlowsky S et al. JASA 2025;120:38-51).
- Group average effects by fifths of the effect foretold.
"""

import numpy as np
import pandas as pd
from scipy.stats import norm

from twin.estimate import Estimate, effect_of
from twin.model import Floats
from twin.prognosis.response.crossfit import Foretold
from twin.trials.analysis.linear import least_squares

_SHARES = np.linspace(0.05, 1.0, 20)
_AT_ONCE = 4_000_000


def projection(found: Foretold, treated: Floats, propensity: float, level: float) -> tuple[Estimate, Estimate]:
    """Return the mean effect and the slope of effects on those foretold; the slope's p value is that it is 0 or less.

    A slope that cannot be told, since all are foretold the same, is no estimate.
    """
    away = treated - propensity
    apart = found.effect - found.effect.mean()
    if float(apart.std()) <= 1e-9 * max(1.0, float(np.abs(found.outcome).max())):
        alone = np.column_stack([np.ones(away.size), away])
        at, variance = least_squares(alone, found.outcome - found.mean, "HC3")
        same = effect_of(float(at[1]), float(np.sqrt(variance[1, 1])), level, "mean effect, HC3")
        return same, Estimate.none(level, "all are foretold the same effect")
    scale = float(apart.std())
    design = np.column_stack([np.ones(away.size), away, away * apart / scale])
    at, variance = least_squares(design, found.outcome - found.mean, "HC3")
    errors = np.sqrt(np.diag(variance)) / np.array([1.0, 1.0, scale])
    slope, error = float(at[2]) / scale, float(errors[2])
    z = float(norm.ppf(0.5 + level / 2.0))
    method = "best linear projection of the effect on that foretold, robust errors HC3, one-sided p"
    beside = Estimate(
        slope,
        slope - z * error,
        slope + z * error,
        error,
        level,
        method,
        p_value=float(norm.sf(slope / error)),
        statistic=slope / error,
    )
    return effect_of(float(at[1]), float(errors[1]), level, "mean effect, robust errors HC3"), beside


def targeting(
    priority: Floats, score: Floats, *, draws: int, seed: int, level: float
) -> tuple[pd.DataFrame, Estimate, Estimate]:
    """Return the targeting curve (share, gain, lower, upper), AUTOC and the Qini coefficient, with bootstrap intervals.

    Shapes: priority, score [row]. Rows that are foretold the same come in their own mean's order, so that a priority
    that says nothing has a curve of 0.
    """
    order = np.argsort(-priority, kind="stable")
    mine, ranked = _tied(priority[order], score[order]), np.arange(score.size)
    random, found = np.random.default_rng(seed), []
    some = max(1, _AT_ONCE // score.size)
    for first in range(0, draws, some):
        count = min(some, draws - first)
        found.append(
            _curve(
                mine, random.multinomial(score.size, np.full(score.size, 1.0 / score.size), size=count).astype(float)
            )
        )
    drawn = np.concatenate(found)
    value = _curve(mine, np.ones((1, ranked.size)))[0]
    tail = 100.0 * (1.0 - level) / 2.0
    low, high = np.percentile(drawn, [tail, 100.0 - tail], axis=0)
    frame = pd.DataFrame({"share": _SHARES, "gain": value[2:], "lower": low[2:], "upper": high[2:]})
    methods = ("AUTOC, bootstrap over patients", "Qini coefficient, bootstrap over patients")
    errors = drawn.std(axis=0, ddof=1)
    autoc, qini = (
        Estimate(
            float(value[place]), float(low[place]), float(high[place]), float(errors[place]), level, f"{methods[place]}"
        )
        for place in (0, 1)
    )
    return frame, autoc, qini


def fifths(priority: Floats, score: Floats, level: float, parts: int = 5) -> tuple[pd.DataFrame, Estimate]:
    """Return the effect in each fifth of the effect foretold, the first gaining least, and the last less the first."""
    group = np.minimum(
        (np.argsort(np.argsort(priority, kind="stable"), kind="stable") * parts) // priority.size, parts - 1
    )
    z, rows = float(norm.ppf(0.5 + level / 2.0)), []
    for one in range(parts):
        mine = score[group == one]
        value, error = float(mine.mean()), float(mine.std(ddof=1) / np.sqrt(mine.size))
        rows.append(
            (one + 1, mine.size, float(priority[group == one].mean()), value, value - z * error, value + z * error)
        )
    frame = pd.DataFrame(rows, columns=["fifth", "n", "foretold", "effect", "lower", "upper"])
    last, first = score[group == parts - 1], score[group == 0]
    error = float(np.sqrt(last.var(ddof=1) / last.size + first.var(ddof=1) / first.size))
    return frame, effect_of(float(last.mean() - first.mean()), error, level, "last fifth less first, normal")


def _tied(priority: Floats, score: Floats) -> Floats:
    """Return scores, best priority first, where those of one priority have their mean."""
    place = np.cumsum(np.concatenate([[0], np.diff(priority) != 0.0])).astype(int)
    return np.asarray((np.bincount(place, score) / np.bincount(place))[place])


def _curve(score: Floats, weights: Floats) -> Floats:
    """Return AUTOC, Qini and the curve at some shares, [draw, 2 + share]; scores best priority first."""
    total = weights.sum(axis=1, keepdims=True)
    count = np.cumsum(weights, axis=1)
    sums = np.cumsum(weights * score, axis=1)
    overall = sums[:, -1:] / total
    gain = np.divide(sums, count, out=np.zeros_like(sums), where=count > 0.0) - overall
    share = count / total
    autoc = (weights * gain).sum(axis=1) / total[:, 0]
    qini = (weights * gain * share).sum(axis=1) / total[:, 0]
    places = np.array([np.searchsorted(one, _SHARES - 1e-12) for one in share]).clip(max=score.size - 1)
    return np.column_stack([autoc, qini, np.take_along_axis(gain, places, axis=1)])
