"""Gain: what a score adds to a trial beyond the baseline value, and whether the trial still errs as often as it says.

An analysis adjusted for a score has a variance in proportion to what the score leaves unexplained. So the share of
variance saved, beside another adjustment, is also the share of patients saved at the same power.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta

from kg.progress import Progress, silent
from twin.estimate import Estimate
from twin.trials.analysis.table import Arms, Estimator, TooFewSubjects


@dataclass(frozen=True)
class Saved:
    """The share of variance, and so of patients, that one analysis saves beside another; negative where it costs."""

    share: Estimate
    effect: Estimate
    beside: Estimate


def saved(
    table: pd.DataFrame,
    analysis: Estimator,
    beside: Estimator,
    *,
    resamples: int = 500,
    seed: int = 0,
    level: float = 0.95,
    progress: Progress = silent,
) -> Saved:
    """Return 1 - (error of `analysis` / error of `beside`)^2, with a bootstrap interval over the patients (rows).

    The score is taken as given: the interval holds the chance of who was in the trial, not of who was in the history.
    Raises `AnalysisError` where an analysis cannot be done.
    """
    random, found = np.random.default_rng(seed), []
    for draw in range(resamples):
        some = table.iloc[random.integers(0, len(table), len(table))].drop(columns="USUBJID", errors="ignore")
        found.append(_share(analysis(some), beside(some)))
        progress("bootstrap", (draw + 1) / resamples)
    tail = 100.0 * (1.0 - level) / 2.0
    effect, other = analysis(table), beside(table)
    low, high = (float(np.percentile(found, at)) for at in (tail, 100.0 - tail))
    method = f"share of variance saved, bootstrap of {resamples} over patients"
    value = _share(effect, other)
    return Saved(Estimate(value, low, high, float(np.std(found)), level, method), effect, other)


def type_one_error(
    table: pd.DataFrame,
    analysis: Estimator,
    arms: Arms,
    *,
    strata: Sequence[str] = (),
    repeats: int = 1000,
    seed: int = 0,
    alpha: float = 0.05,
    progress: Progress = silent,
) -> Estimate:
    """Return how often an analysis finds an effect where there is none: arms dealt anew to the patients of both.

    Each patient keeps outcome and features, so that no effect is true by design. The share has Clopper and Pearson's
    95 % interval. With `strata`, arms are dealt within their levels. Raises `AnalysisError`.
    """
    rows = arms.rows(table, list(strata))
    if len(rows) < 4:
        raise TooFewSubjects(f"{len(rows)} patients in the two arms; expected 4 or more")
    random, found = np.random.default_rng(seed), 0
    labels = rows[arms.column].to_numpy()
    groups = [rows.index.to_numpy()] if not strata else [of.index.to_numpy() for _, of in rows.groupby(list(strata))]
    for draw in range(repeats):
        dealt = labels.copy()
        for group in groups:
            dealt[group] = random.permutation(labels[group])
        found += (analysis(rows.assign(**{arms.column: dealt})).p_value or 1.0) < alpha
        progress("deal arms", (draw + 1) / repeats)
    return share_of(found, repeats, f"share of {repeats} trials without effect that find one at {alpha:g}")


def share_of(found: int, repeats: int, method: str, level: float = 0.95) -> Estimate:
    """Return a share with Clopper and Pearson's interval.

    >>> told = share_of(50, 1000, "a share")
    >>> round(told.lower, 4), round(told.upper, 4)
    (0.0373, 0.0654)
    """
    tail = (1.0 - level) / 2.0
    low = float(beta.ppf(tail, found, repeats - found + 1)) if found else 0.0
    high = float(beta.ppf(1.0 - tail, found + 1, repeats - found)) if found < repeats else 1.0
    share = found / repeats
    return Estimate(share, low, high, float(np.sqrt(share * (1.0 - share) / repeats)), level, method)


def _share(effect: Estimate, beside: Estimate) -> float:
    return 1.0 - (effect.standard_error / beside.standard_error) ** 2
