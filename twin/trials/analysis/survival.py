"""Survival: times to an event, some of them cut off: Kaplan-Meier curves, log-rank tests, restricted mean times."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from kg.notebook import notebook_html
from twin.estimate import Estimate, effect_of
from twin.model import Floats
from twin.trials.analysis.table import AnalysisError, Arms, MissingValues, NoEvents, covariates, numbers, one_row_each

Interval = Literal["log-log", "log", "plain"]
"""The scale on which a curve's interval is normal."""


@dataclass(frozen=True)
class Times:
    """Subjects' times and whether each ended in the event, [subject]."""

    time: Floats
    event: Floats
    """1 for an event, 0 for a time cut off."""

    @classmethod
    def of(cls, rows: pd.DataFrame, outcome: str = "AVAL", censored: str = "CNSR") -> "Times":
        """Read times and CDISC's censoring, 0 for an event and above for a time cut off; raises `AnalysisError`."""
        one_row_each(rows)
        time, cut = numbers(rows, outcome), numbers(rows, censored)
        if (time < 0.0).any():
            raise MissingValues(f"{outcome} is negative in {int((time < 0.0).sum())} rows; expected times from 0 on")
        if (cut < 0.0).any():
            raise MissingValues(f"{censored} is negative in some rows; expected 0 for an event, 1 for a time cut off")
        return cls(time, (cut == 0.0).astype(np.float64))

    def __getitem__(self, chosen: Any) -> "Times":
        """Return some of the subjects."""
        return Times(self.time[chosen], self.event[chosen])


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve with its interval, [time]; times are those at which somebody had the event or was cut off.

    `standard_error` is Greenwood's, of the survival itself.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    level: float
    interval: Interval

    def quantile(self, share: float = 0.5) -> Estimate:
        """Return the time by which this share had the event, as R's survfit does; NaN where the curve stays above.

        The interval is where the curve's own crosses (Brookmeyer and Crowley 1982); it has no standard error.
        """
        at = [_crossing(self.time, curve, 1.0 - share) for curve in (self.survival, self.lower, self.upper)]
        method = f"Kaplan-Meier, interval on the {self.interval} scale"
        return Estimate(at[0], at[1], at[2], float("nan"), self.level, method)

    def at(self, time: float) -> Estimate:
        """Return the survival at a time; beyond the last one it is not known: NaN."""
        place = int(np.searchsorted(self.time, time, side="right")) - 1
        found = [float(part[place]) for part in (self.survival, self.lower, self.upper, self.standard_error)]
        if time > self.time[-1] and self.survival[-1] > 0.0:
            found = [float("nan")] * 4
        elif place < 0:
            found = [1.0, 1.0, 1.0, 0.0]
        method = f"Kaplan-Meier, interval on the {self.interval} scale"
        return Estimate(found[0], found[1], found[2], found[3], self.level, method)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a time."""
        names = ("time", "at_risk", "events", "survival", "standard_error", "lower", "upper")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        median = self.quantile()
        words = f"{int(self.at_risk[0])} subjects, {int(self.events.sum())} events, median {median.value:g}"
        return notebook_html(words, self.to_frame())


def kaplan_meier(times: Times, interval: Interval = "log-log", level: float = 0.95) -> Curve:
    """Return the curve of one group; raises `NoEvents` for none with a time.

    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. An event counts before those cut off at the same time.
    """
    if times.time.size == 0:
        raise NoEvents("no subject has a time; expected at least one")
    moments, place = np.unique(times.time, return_inverse=True)
    events = np.bincount(place, times.event).astype(np.float64)
    at_risk = np.bincount(place)[::-1].cumsum()[::-1].astype(np.float64)
    survival: Floats = np.cumprod(1.0 - events / at_risk, dtype=np.float64)
    left = np.where(at_risk > events, at_risk - events, np.nan)
    relative: Floats = np.sqrt(np.cumsum(events / (at_risk * left), dtype=np.float64))
    error = np.where(survival > 0.0, survival * relative, 0.0)
    lower, upper = _bounds(survival, relative, interval, float(norm.ppf(0.5 + level / 2.0)))
    return Curve(moments, at_risk, events, survival, error, lower, upper, level, interval)


def _bounds(survival: Floats, relative: Floats, interval: Interval, z: float) -> tuple[Floats, Floats]:
    """Return the curve's interval: where nobody had the event yet it is the curve, where none is left it is unknown."""
    start = survival == 1.0
    alive = np.where(survival > 0.0, survival, np.nan)
    if interval == "plain":
        lower, upper = alive - z * alive * relative, alive + z * alive * relative
    elif interval == "log":
        lower, upper = alive * np.exp(-z * relative), alive * np.exp(z * relative)
    else:
        log = np.log(np.where(start, 0.5, alive))
        wide = np.exp(z * relative / np.abs(log))
        lower, upper = np.exp(log * wide), np.exp(log / wide)
    return np.where(start, 1.0, np.clip(lower, 0.0, 1.0)), np.where(start, 1.0, np.clip(upper, 0.0, 1.0))


def _crossing(time: Floats, curve: Floats, height: float) -> float:
    """Return when a curve falls to a height; where it runs along it, the middle of that stretch."""
    below = np.flatnonzero(curve < height + 1e-12)
    if below.size == 0:
        return float("nan")
    first = below[0]
    if abs(curve[first] - height) < 1e-12:
        after = np.flatnonzero(curve < height - 1e-12)
        return float(time[first] if after.size == 0 else (time[first] + time[after[0]]) / 2.0)
    return float(time[first])


@dataclass(frozen=True)
class LogRankTest:
    """What a log-rank test of two groups comes from; `expected` is that of equal hazards, first group first."""

    observed: tuple[float, float]
    expected: tuple[float, float]
    variance: float

    @property
    def statistic(self) -> float:
        """Return the first group's excess of events as a z value; its square is chi-squared, one degree of freedom."""
        return float((self.observed[0] - self.expected[0]) / np.sqrt(self.variance))


def log_rank(times: Times, first: Floats, strata: Floats | None = None) -> LogRankTest:
    """Compare the hazards of the subjects of which `first` is 1 and of the others, [subject], within strata.

    Raises `NoEvents` where no event happens while both are at risk. Mantel N. Cancer Chemother Rep 1966;50:163-170.
    """
    stratum = np.zeros(first.size) if strata is None else strata
    totals = np.zeros(4)
    for one in np.unique(stratum):
        chosen = stratum == one
        totals += _excess(times[chosen], first[chosen])
    if not totals[3] > 0.0:
        raise NoEvents("no event happens while both arms are at risk: there is nothing to compare")
    events, among, expected, variance = totals
    return LogRankTest((among, events - among), (expected, events - expected), variance)


def _excess(times: Times, first: Floats) -> Floats:
    """Return all events, those of the first group, those expected of it, and the variance."""
    place = np.unique(times.time, return_inverse=True)[1]
    events, among = np.bincount(place, times.event), np.bincount(place, times.event * first)
    at_risk = np.bincount(place)[::-1].cumsum()[::-1].astype(np.float64)
    at_risk_first = np.bincount(place, first)[::-1].cumsum()[::-1]
    share = at_risk_first / at_risk
    tied = (at_risk - events) / np.maximum(at_risk - 1.0, 1.0)
    return np.array([events.sum(), among.sum(), events @ share, (events * share * (1.0 - share) * tied).sum()])


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of two arms, stratified where `strata` names columns; its effect is Peto's log hazard ratio.

    The statistic is z, negative where treatment has fewer events than expected; R's survdiff prints its square. Peto's
    ratio is that of one step from no effect, and near Cox's for small effects.
    Yusuf S et al. Prog Cardiovasc Dis 1985;27:335-371.
    """

    arms: Arms
    strata: tuple[str, ...] = ()
    outcome: str = "AVAL"
    censored: str = "CNSR"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return the log hazard ratio, treatment against control; raises `AnalysisError`."""
        rows = self.arms.rows(table, [self.outcome, self.censored, *self.strata])
        times = Times.of(rows, self.outcome, self.censored)
        test = log_rank(times, self.arms.treated(rows), stratum_of(rows, self.strata))
        ratio = (test.observed[0] - test.expected[0]) / test.variance
        within = f" within {', '.join(self.strata)}" if self.strata else ""
        method = f"log-rank test{within}, Peto's one-step log hazard ratio, normal"
        return effect_of(ratio, float(1.0 / np.sqrt(test.variance)), self.level, method)


def stratum_of(rows: pd.DataFrame, strata: tuple[str, ...]) -> Floats:
    """Return a number for each combination of the strata's values, [row]; raises `MissingValues`."""
    if not strata:
        return np.zeros(len(rows))
    covariates(rows.astype({name: "category" for name in strata}), strata)
    return np.asarray(rows.groupby(list(strata), observed=True).ngroup(), np.float64)


def restricted_mean(times: Times, horizon: float) -> tuple[float, float]:
    """Return the mean time without the event until the horizon and its standard error, as R's survRM2 finds them.

    Raises `AnalysisError` for a horizon that is not positive, or after the last time where some are still without the
    event. Uno H et al. J Clin Oncol 2014;32:2380-2385.
    """
    if not horizon > 0.0:
        raise AnalysisError(f"got the horizon {horizon:g}, expected a time above 0")
    curve = kaplan_meier(times)
    if horizon > curve.time[-1] and curve.survival[-1] > 0.0:
        raise AnalysisError(
            f"the horizon {horizon:g} lies after {curve.time[-1]:g}, an arm's last time: take an earlier"
        )
    inside = curve.time < horizon
    edges = np.concatenate([[0.0], curve.time[inside], [horizon]])
    area = np.diff(edges) * np.concatenate([[1.0], curve.survival[inside]])
    ahead = np.cumsum(area[::-1])[::-1][1:]
    at_risk, events = curve.at_risk[inside], curve.events[inside]
    left = at_risk - events
    hazard = np.divide(events, at_risk * left, out=np.zeros_like(events), where=left > 0.0)
    return float(area.sum()), float(np.sqrt((ahead**2 * hazard).sum()))


def mean_parts(times: Times, horizon: float) -> Floats:
    """Return what each subject adds to the mean time without the event until the horizon: [subject].

    Their mean is that of the Kaplan-Meier curve. Where nobody is cut off before the horizon, a part is the subject's
    own time; else it is the mean plus the subject's influence on it (Andersen and Perme 2010, Stat Methods Med Res
    19:71; infinitesimal jackknife). A curve that ends above 0 goes on as it ended.
    """
    curve = kaplan_meier(times)
    inside = curve.time < horizon
    edges = np.concatenate([[0.0], curve.time[inside], [horizon]])
    area = np.diff(edges) * np.concatenate([[1.0], curve.survival[inside]])
    ahead = np.cumsum(area[::-1])[::-1][1:]
    at_risk, events = curve.at_risk[inside], curve.events[inside]
    rate = ahead * len(times.time) / np.where(at_risk > events, at_risk - events, np.inf)
    borne = np.concatenate([[0.0], np.cumsum(rate * events / at_risk)])
    place = np.searchsorted(curve.time[inside], times.time, side="right")
    own = np.append(rate, 0.0)[np.minimum(place - 1, len(rate))] * times.event * (times.time < horizon)
    return np.asarray(area.sum() + borne[place] - own)


@dataclass(frozen=True)
class RestrictedMean:
    """The difference of two arms' mean times without the event until a horizon, in the times' unit (RMST)."""

    arms: Arms
    horizon: float
    outcome: str = "AVAL"
    censored: str = "CNSR"
    level: float = 0.95

    def __call__(self, table: pd.DataFrame) -> Estimate:
        """Return treatment minus control; raises `AnalysisError`."""
        rows = self.arms.rows(table, [self.outcome, self.censored])
        times, treated = Times.of(rows, self.outcome, self.censored), self.arms.treated(rows) == 1.0
        if not times.event.any():
            raise NoEvents("no subject has the event: both arms' mean is the horizon, and its error is not known")
        (mean, error), (beside, other) = (restricted_mean(times[of], self.horizon) for of in (treated, ~treated))
        method = f"difference of mean times without the event until {self.horizon:g} (RMST), normal"
        return effect_of(mean - beside, float(np.hypot(error, other)), self.level, method)
