"""Imputation: outcomes over visits that were not seen, drawn from what was, under an assumption for those who left.

A normal model for all visits, each arm and covariate with its own slope at each, an unstructured covariance and a flat
prior (Jeffreys' for the covariance), drawn from by data augmentation: Schafer JL. Analysis of incomplete multivariate
data. Chapman & Hall 1997, 5.4. Assumptions for those on treatment who left, based on control as the reference:
Carpenter JR, Roger JH, Kenward MG. J Biopharm Stat 2013;23:1352-1371.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.trials.analysis.table import (
    AnalysisError,
    Arms,
    MissingValues,
    OneArmOnly,
    TooFewSubjects,
    covariates,
    numbers,
    require_full_rank,
)

Strategy = Literal["MAR", "J2R", "CIR", "CR"]
"""How those on treatment go on after their last visit seen, by their mean given what was seen of them:

- MAR: as others of their arm did (missing at random);
- J2R: jump to reference: from then on with control's mean;
- CIR: copy increments in reference: from their arm's mean at that visit on with control's changes;
- CR: copy reference: with control's mean at all visits, those seen too.
Those on control, and visits missed in between, are missing at random.
"""

STRATEGIES = {
    "MAR": "missing at random",
    "J2R": "jump to reference",
    "CIR": "copy increments in reference",
    "CR": "copy reference",
}


@dataclass(frozen=True)
class Chain:
    """How long the draws run: `burn_in` steps left out, then every `every`th kept. Drawn by `seed`."""

    imputations: int = 100
    seed: int = 1
    burn_in: int = 200
    every: int = 10

    def __post_init__(self) -> None:
        if self.imputations < 2 or self.burn_in < 0 or self.every < 1:
            raise AnalysisError(
                f"got {self.imputations} imputations, burn-in {self.burn_in}, every {self.every}; expected two or more"
                " imputations, none below 0, every 1 or more"
            )


@dataclass(frozen=True)
class Courses:
    """What was seen: outcomes [subject, visit], NaN where not, regressors [subject, column], and a row a subject.

    The second column of the regressors is 1 on treatment.
    """

    outcome: Floats
    design: Floats
    visits: Floats
    subjects: pd.DataFrame
    """The table's other columns, from each subject's first row."""

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        arms: Arms,
        names: tuple[str, ...],
        columns: tuple[str, str, str] = ("AVAL", "AVISITN", "USUBJID"),
    ) -> "Courses":
        """Read one row a subject and visit; `columns` are outcome, visit and subject. Raises `AnalysisError`."""
        outcome, time, subject = columns
        rows = arms.rows(table, [*columns, *names])
        if rows.duplicated([subject, time]).any():
            raise AnalysisError("rows repeat a subject's visit; expected one row a subject and visit")
        if (rows.groupby(subject)[arms.column].nunique() > 1).any():
            raise OneArmOnly("a subject is in both arms; expected each subject in one")
        first = rows.drop_duplicates(subject).sort_values(subject, ignore_index=True)
        visits, visit = np.unique(numbers(rows, time), return_inverse=True)
        place = pd.Index(first[subject]).get_indexer(pd.Index(rows[subject]))
        seen = np.full((len(first), visits.size), np.nan)
        seen[place, visit] = rows[outcome].to_numpy(np.float64, na_value=np.nan)
        if np.isinf(seen).any():
            raise MissingValues(f"{outcome} is infinite in some rows")
        if not np.isfinite(seen).any(axis=0).all():
            raise MissingValues(f"nobody was seen at visit {visits[~np.isfinite(seen).any(axis=0)][0]:g}")
        beside, told = covariates(first, names)
        design = np.column_stack([np.ones(len(first)), arms.treated(first), beside])
        require_full_rank(design, ("intercept", arms.column, *told))
        if len(first) - design.shape[1] < visits.size:
            raise TooFewSubjects(f"{len(first)} subjects for {visits.size} visits and {design.shape[1]} regressors")
        return cls(seen, design, visits, first.drop(columns=[outcome, time]))

    @property
    def seen(self) -> np.ndarray:
        """Return which outcomes were seen, [subject, visit]."""
        return np.isfinite(self.outcome)

    @property
    def left(self) -> np.ndarray:
        """Return which outcomes lie after the subject's last one seen, [subject, visit]."""
        after = np.cumsum(self.seen[:, ::-1], axis=1)[:, ::-1] == 0
        return np.asarray(after)


def completed(courses: Courses, strategy: Strategy, chain: Chain) -> Floats:
    """Return outcomes with what was not seen drawn, [imputation, subject, visit]."""
    if strategy not in STRATEGIES:
        raise AnalysisError(f"got the strategy {strategy!r}, expected one of {', '.join(STRATEGIES)}")
    drawn = np.random.default_rng(chain.seed)
    patterns = _patterns(courses.seen)
    kept = []
    for step, (slopes, covariance) in enumerate(_posterior(courses, patterns, drawn)):
        if step >= chain.burn_in and (step - chain.burn_in) % chain.every == 0:
            means = _means(courses, slopes, strategy)
            kept.append(_filled(courses.outcome, means, covariance, patterns, drawn))
        if len(kept) == chain.imputations:
            break
    return np.stack(kept)


def _patterns(seen: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each pattern of visits seen that lacks some, and whose it is."""
    lacking = [pattern for pattern in np.unique(seen, axis=0) if not pattern.all()]
    return [(pattern, np.flatnonzero((seen == pattern).all(axis=1))) for pattern in lacking]


def _posterior(
    courses: Courses, patterns: list[tuple[np.ndarray, np.ndarray]], drawn: np.random.Generator
) -> Iterator[tuple[Floats, Floats]]:
    """Draw slopes [column, visit] and covariances [visit, visit], for ever."""
    outcome = np.where(courses.seen, courses.outcome, np.nanmean(courses.outcome, axis=0))
    design = courses.design
    solve = np.linalg.pinv(design)
    root = np.linalg.cholesky(solve @ solve.T)
    freedom = design.shape[0] - design.shape[1]
    while True:
        slopes: Floats = np.asarray(solve @ outcome, np.float64)
        residual = outcome - design @ slopes
        covariance = inverse_wishart(residual.T @ residual, freedom, drawn)
        noise = root @ drawn.standard_normal(slopes.shape) @ np.linalg.cholesky(covariance).T
        slopes = np.asarray(slopes + noise, np.float64)
        yield slopes, covariance
        outcome = _filled(courses.outcome, design @ slopes, covariance, patterns, drawn)


def inverse_wishart(scale: Floats, freedom: int, drawn: np.random.Generator) -> Floats:
    """Draw a covariance, by Bartlett's decomposition of its inverse; its mean is scale / (freedom - visits - 1)."""
    visits = scale.shape[0]
    triangle = np.tril(drawn.standard_normal((visits, visits)), -1)
    triangle[np.diag_indices(visits)] = np.sqrt(drawn.chisquare(freedom - np.arange(visits)))
    half = np.linalg.solve(triangle, np.linalg.cholesky(scale).T)
    return np.asarray(half.T @ half)


def _means(courses: Courses, slopes: Floats, strategy: Strategy) -> Floats:
    """Return each subject's mean course under a strategy, [subject, visit]."""
    own = courses.design @ slopes
    reference = own - np.outer(courses.design[:, 1], slopes[1])
    if strategy == "MAR":
        return np.asarray(own)
    if strategy == "CR":
        return np.asarray(reference)
    if strategy == "J2R":
        return np.where(courses.left, reference, own)
    last = np.maximum((~courses.left).sum(axis=1) - 1, 0)[:, np.newaxis]
    some = np.asarray(courses.seen.any(axis=1), np.float64)[:, np.newaxis]
    kept = np.take_along_axis(own - reference, last, axis=1) * some
    return np.where(courses.left, reference + kept, own)


def _filled(
    outcome: Floats,
    means: Floats,
    covariance: Floats,
    patterns: list[tuple[np.ndarray, np.ndarray]],
    drawn: np.random.Generator,
) -> Floats:
    """Return outcomes with what was not seen drawn given what was."""
    filled = outcome.copy()
    for seen, subjects in patterns:
        gone = ~seen
        inside = covariance[np.ix_(seen, seen)]
        weights = np.linalg.solve(inside, covariance[np.ix_(seen, gone)])
        spread = covariance[np.ix_(gone, gone)] - covariance[np.ix_(gone, seen)] @ weights
        there = means[subjects]
        mean = there[:, gone] + (outcome[np.ix_(subjects, seen)] - there[:, seen]) @ weights
        noise = drawn.standard_normal(mean.shape) @ np.linalg.cholesky(spread).T
        filled[np.ix_(subjects, gone)] = mean + noise
    return filled
