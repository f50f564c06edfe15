"""Glucose: what continuous readings of one person say, by published formulas; values in mg/dL.

- gmi: 3.31 + 0.02392 mean, in %. Bergenstal RM et al. Diabetes Care 2018;41:2275.
- below_54, below_70, in_70_180, above_180, above_250: shares. Battelino T et al. Diabetes Care 2019;42:1593.
- lbgi, hbgi: the mean of 10 f(g)^2, f(g) = 1.509 (ln(g)^1.084 - 5.381), where it is below, or above, 0. Kovatchev BP et
  al. Diabetes Care 2006;29:2433.
- mage: the mean of the swings above one SD, between peak and nadir, in the direction of the first; smaller swings
  within one are passed over (a zigzag), and none goes over a gap. Service FJ et al. Diabetes 1970;19:644.
- modd: the mean absolute difference of values 24 h apart. Molnar GD et al. Diabetologia 1972;8:342.
- conga_1h, _2h, _4h: the SD of differences of values so far apart. McDonnell CM et al. DTT 2005;7:253.
- sufficient: 14 days with 70 % of the readings expected from first to last. Battelino T et al. 2019.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from twin.model import Floats
from twin.prognosis.series.course import Course, SeriesError, Settings
from twin.prognosis.series.features import Features
from twin.trials.analysis.table import AnalysisError

MG_PER_DL_OF = {"mg/dL": 1.0, "mmol/L": 18.0156}
"""Units (UCUM) and how many mg/dL one is: glucose weighs 180.156 g/mol (PubChem 5793)."""

PLAUSIBLE = {"mg/dL": (30.0, 600.0), "mmol/L": (1.7, 33.3)}
"""Where a person's median lies; outside, the unit is taken for a mistake (no median of one lies in the other's)."""
LAGS = (1, 2, 4)
DAYS, SHARE = 14.0, 0.70


@dataclass(frozen=True)
class GlucoseMetrics:
    """The metrics above: `mean`, `sd`, `mage` (NaN if none) in mg/dL, `gmi` in %, `cv` and shares as fractions."""

    readings: int
    mean: float
    sd: float
    cv: float
    gmi: float
    below_54: float
    below_70: float
    in_70_180: float
    above_180: float
    above_250: float
    lbgi: float
    hbgi: float
    mage: float

    def to_json(self) -> dict[str, float | int | None]:
        """Return the metrics as JSON values; one that is not there is null."""
        return {name: None if math.isnan(value) else value for name, value in asdict(self).items()}


def metrics(values: Floats, unit: str, breaks: Sequence[int] = ()) -> GlucoseMetrics:
    """Return the metrics of readings in order of time, [reading]; the SD is the sample's.

    `breaks` are the places of readings that follow a gap.

    Raises `AnalysisError` for another unit, for fewer than two readings, and for one that is no number above 0.
    """
    if unit not in MG_PER_DL_OF:
        raise AnalysisError(f"got the unit {unit!r}, expected one of {', '.join(MG_PER_DL_OF)}")
    glucose = np.asarray(values, np.float64) * MG_PER_DL_OF[unit]
    if glucose.size < 2 or not np.all(np.isfinite(glucose) & (glucose > 0.0)):
        raise AnalysisError(f"got {glucose.size} readings, expected two or more, each a number above 0")
    mean, sd = float(glucose.mean()), float(glucose.std(ddof=1))
    low, high = _risks(glucose)
    return GlucoseMetrics(
        glucose.size,
        mean,
        sd,
        sd / mean,
        3.31 + 0.02392 * mean,
        float(np.mean(glucose < 54)),
        float(np.mean(glucose < 70)),
        float(np.mean((glucose >= 70) & (glucose <= 180))),
        float(np.mean(glucose > 180)),
        float(np.mean(glucose > 250)),
        low,
        high,
        mage(glucose, sd, breaks),
    )


def glucose_features(course: Course, plain: Features, settings: Settings) -> dict[str, float | int | bool | None]:
    """Return all that a person's readings say, by name; a value that is not there is null.

    Raises what `metrics` and `refuse_unit` do.
    """
    unit = settings.unit or "mg/dL"
    refuse_unit([course], unit)
    found = metrics(course.values, unit, [int(place) for place in course.breaks(plain.every_h)]).to_json()
    mg = course.values * MG_PER_DL_OF[unit]
    near = 0.5 * plain.every_h
    day = changes(course.hours, mg, 24.0, near)
    found["modd"] = float(np.abs(day).mean()) if day.size else None
    for lag in LAGS:
        apart = changes(course.hours, mg, lag, near)
        found[f"conga_{lag}h"] = float(apart.std(ddof=1)) if apart.size > 1 else None
    days = plain.span_days + plain.every_h / 24
    return {**found, "days": days, "share": plain.share, "sufficient": days >= DAYS and plain.share >= SHARE}


def refuse_unit(courses: Sequence[Course], unit: str) -> None:
    """Raise `SeriesError` where a median cannot be of this unit."""
    if unit not in PLAUSIBLE:
        raise SeriesError(f"got the unit {unit!r}, expected one of {', '.join(PLAUSIBLE)}")
    low, high = PLAUSIBLE[unit]
    wrong = [one for one in courses if not low <= np.median(one.values) <= high]
    if wrong:
        other = next(name for name in PLAUSIBLE if name != unit)
        raise SeriesError(
            f"{len(wrong)} of {len(courses)} series have a median outside of {low:g} to {high:g} {unit}, which no "
            f"person's glucose has (the first: {np.median(wrong[0].values):.3g}, from line {wrong[0].line} on): if the "
            f"values are in {other}, say --unit {other}; else these are no values of glucose"
        )


def changes(hours: Floats, values: Floats, lag: float, near: float) -> Floats:
    """Return each value less that of `lag` hours before, where there is one within `near` hours of then."""
    then = hours - lag
    after = np.clip(np.searchsorted(hours, then), 1, hours.size - 1)
    nearest = np.where(then - hours[after - 1] <= hours[after] - then, after - 1, after)
    there = (np.abs(hours[nearest] - then) <= near + 1e-9) & (nearest < np.arange(hours.size))
    return np.asarray(values[there] - values[nearest[there]], np.float64)


def _risks(glucose: Floats) -> tuple[float, float]:
    """Return the low and the high blood glucose index."""
    scale = 1.509 * (np.log(glucose) ** 1.084 - 5.381)
    low, high = (float(np.mean(10.0 * np.where(side, scale, 0.0) ** 2)) for side in (scale < 0, scale > 0))
    return low, high


def mage(glucose: Floats, sd: float, breaks: Sequence[int] = ()) -> float:
    """Return the mean amplitude of glycaemic excursions of readings in order of time; NaN where no swing exceeds `sd`.

    Turning points are those whose swings to both neighbours exceed one SD; swings in the direction of the first count.
    Before each of `breaks` a swing ends.
    """
    pieces = [piece for piece in np.split(glucose, list(breaks)) if piece.size]
    swings = np.concatenate([np.diff(_turning_points(piece, sd)) for piece in pieces])
    if not swings.size:
        return math.nan
    return float(np.abs(swings[np.sign(swings) == np.sign(swings[0])]).mean())


def _turning_points(glucose: Floats, least: float) -> Floats:
    """Return the values at which the course turns, between swings that all exceed `least` (a zigzag)."""
    turns: list[float] = []
    low = high = float(glucose[0])
    up: bool | None = None
    for value in map(float, glucose[1:]):
        if up is None:
            low, high = min(low, value), max(high, value)
            if value - low > least:
                turns, up, high = [low], True, value
            elif high - value > least:
                turns, up, low = [high], False, value
        elif up:
            high = max(high, value)
            if high - value > least:
                turns, up, low = [*turns, high], False, value
        else:
            low = min(low, value)
            if value - low > least:
                turns, up, high = [*turns, low], True, value
    return np.array([*turns, high if up else low] if up is not None else [], np.float64)
