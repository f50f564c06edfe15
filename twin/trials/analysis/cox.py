"""Cox: hazard ratios by the partial likelihood, with covariates and strata, ties as Efron takes them.

Efron B. The efficiency of Cox's likelihood function for censored data. J Am Stat Assoc 1977;72:557-565.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.estimate import Estimate, effect_of
from twin.model import Floats
from twin.trials.analysis.survival import Times, stratum_of
from twin.trials.analysis.table import Arms, NoEvents, NotConverged, covariates, require_full_rank

_STEPS, _CLOSE, _FAR = 50, 1e-9, 20.0
"""Newton's steps at most, the step that is the last, in deviations, and a log hazard ratio that no data ask for."""


@dataclass(frozen=True)
class Cox:
    """The log hazard ratio of two arms at equal covariates, within strata; a table has one row a subject."""

    arms: Arms
    covariates: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    outcome: str = "AVAL"
    censored: str = "CNSR"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return the log hazard ratio, treatment against control, with Wald's test; raises `AnalysisError`."""
        rows = self.arms.rows(table, [self.outcome, self.censored, *self.covariates, *self.strata])
        times, treated = Times.of(rows, self.outcome, self.censored), self.arms.treated(rows)
        for arm, of in ((self.arms.treatment, 1.0), (self.arms.control, 0.0)):
            if not times.event[treated == of].any():
                raise NoEvents(f"nobody in the arm {arm!r} has the event: the hazard ratio is 0 or infinite")
        beside, names = covariates(rows, self.covariates)
        design = np.column_stack([treated, beside])
        require_full_rank(np.column_stack([np.ones(len(rows)), design]), ("intercept", self.arms.column, *names))
        coefficients, variance = partial_likelihood(design, times, stratum_of(rows, self.strata))
        told = f", adjusted for {', '.join(self.covariates)}" if self.covariates else ""
        told += f", within {', '.join(self.strata)}" if self.strata else ""
        method = f"log hazard ratio by Cox's model{told}, Efron's ties, Wald"
        return effect_of(float(coefficients[0]), float(np.sqrt(variance[0, 0])), self.level, method)


def partial_likelihood(design: Floats, times: Times, strata: Floats, shrinkage: float = 0.0) -> tuple[Floats, Floats]:
    """Return the coefficients of [subject, column] that maximise the partial likelihood, and their covariance.

    With `shrinkage`, half of it times the squared coefficients of columns in deviations is taken off (ridge): there is
    always a maximum then, and the covariance is the inverse of the penalised curvature.

    Raises `NoEvents` where nobody has the event, `NotConverged` where a coefficient runs away.
    """
    if not times.event.any():
        raise NoEvents("no subject has the event; expected at least one")
    spread = design.std(axis=0)
    if shrinkage > 0.0:
        spread = np.where(spread > 0.0, spread, 1.0)
    scaled = (design - design.mean(axis=0)) / spread
    groups = [(scaled[strata == one], times[strata == one]) for one in np.unique(strata)]
    at = np.zeros(design.shape[1])
    likelihood, slope, curvature = _shrunk(groups, at, shrinkage)
    if np.linalg.matrix_rank(curvature, hermitian=True) < at.size:
        raise NoEvents("no event happens while an arm or covariate differs among those at risk: nothing to compare")
    for _ in range(_STEPS):
        step = np.linalg.lstsq(curvature, slope, rcond=None)[0]
        ahead = _shrunk(groups, at + step, shrinkage)
        while ahead[0] < likelihood and np.abs(step).max() > _CLOSE:
            step = step / 2.0
            ahead = _shrunk(groups, at + step, shrinkage)
        at = at + step
        likelihood, slope, curvature = ahead
        if not shrinkage and np.abs(at / spread * np.ptp(design, axis=0)).max() > _FAR:
            break
        if np.abs(step).max() <= _CLOSE:
            return at / spread, np.linalg.inv(curvature) / np.outer(spread, spread)
    raise NotConverged("a hazard ratio is 0 or infinite: at every event the one at the event has the extreme covariate")


def baseline_hazard(times: Times, log_risk: Floats) -> tuple[Floats, Floats]:
    """Return the times of events and the cumulative hazard at each of one whose log risk is 0.

    Breslow NE. J R Stat Soc B 1972;34:216-217. Without covariates it is Nelson and Aalen's.
    """
    moments, place = np.unique(times.time, return_inverse=True)
    events = np.bincount(place, times.event)
    at_risk = np.bincount(place, np.exp(log_risk))[::-1].cumsum()[::-1]
    some = events > 0.0
    return moments[some], np.cumsum(events[some] / at_risk[some])


def _shrunk(groups: list[tuple[Floats, Times]], at: Floats, shrinkage: float) -> tuple[float, Floats, Floats]:
    likelihood, slope, curvature = _sum(groups, at)
    return (
        likelihood - shrinkage * float(at @ at) / 2.0,
        slope - shrinkage * at,
        curvature + shrinkage * np.eye(at.size),
    )


def _sum(groups: list[tuple[Floats, Times]], at: Floats) -> tuple[float, Floats, Floats]:
    parts = [stratum_sums(design, times, at) for design, times in groups if times.event.any()]
    return sum(part[0] for part in parts), sum(part[1] for part in parts), sum(part[2] for part in parts)  # type: ignore[return-value]


def stratum_sums(design: Floats, times: Times, at: Floats) -> tuple[float, Floats, Floats]:
    """Return the log partial likelihood of one stratum's [subject, column], its slope and minus its curvature."""
    order = np.argsort(-times.time, kind="stable")
    design, time, event = design[order], times.time[order], times.event[order] == 1.0
    risk = np.exp(design @ at)
    products = design[:, :, np.newaxis] * design[:, np.newaxis, :]
    last = np.searchsorted(-time, -time[event], side="right") - 1
    place, nth, tied = _ties(time[event])
    totals = [np.cumsum(risk), np.cumsum(risk[:, np.newaxis] * design, axis=0)]
    totals.append(np.cumsum(risk[:, np.newaxis, np.newaxis] * products, axis=0))
    parts = [
        risk[event],
        risk[event, np.newaxis] * design[event],
        risk[event, np.newaxis, np.newaxis] * products[event],
    ]
    share = nth / tied
    weighed = []
    for total, part in zip(totals, parts, strict=True):
        together = np.zeros((int(place.max()) + 1, *part.shape[1:]))
        np.add.at(together, place, part)
        weighed.append(total[last] - share.reshape(-1, *[1] * (part.ndim - 1)) * together[place])
    mean = weighed[1] / weighed[0][:, np.newaxis]
    second = weighed[2] / weighed[0][:, np.newaxis, np.newaxis]
    likelihood = float((design[event] @ at).sum() - np.log(weighed[0]).sum())
    return (
        likelihood,
        (design[event] - mean).sum(axis=0),
        (second - mean[:, :, np.newaxis] * mean[:, np.newaxis, :]).sum(axis=0),
    )


def _ties(time: Floats) -> tuple[np.ndarray, Floats, Floats]:
    """Return of events in order of time: which moment each is at, which of those there (from 0), and their number."""
    _, place, count = np.unique(time, return_inverse=True, return_counts=True)
    order = np.argsort(place, kind="stable")
    nth = np.empty(time.size)
    nth[order] = np.concatenate([np.arange(size) for size in count])
    return place, nth, count[place].astype(np.float64)
