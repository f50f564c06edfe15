"""Glucose: what continuous readings of one person say, by published formulas; values in mg/dL.

- gmi: 3.31 + 0.02392 mean, in %. Bergenstal RM et al. Diabetes Care 2018;41:2275.
- below_54, below_70, in_70_180, above_180, above_250: shares. Battelino T et al. Diabetes Care 2019;42:1593.
- lbgi, hbgi: the mean of 10 f(g)^2, f(g) = 1.509 (ln(g)^1.084 - 5.381), where it is below, or above, 0. Kovatchev BP et
  al. Diabetes Care 2006;29:2433.
- mage: the mean of the swings above one SD, in the direction of the first. Service FJ et al. Diabetes 1970;19:644.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np

from twin.model import Floats
from twin.trials.analysis.table import AnalysisError

MG_PER_DL_OF = {"mg/dL": 1.0, "mmol/L": 18.0156}
"""Units (UCUM) and how many mg/dL one is: glucose weighs 180.156 g/mol (PubChem 5793)."""


@dataclass(frozen=True)
class GlucoseMetrics:
    """The metrics of the file's first lines; `mean` and `sd` in mg/dL, `cv`, and shares, as fractions; `mage` NaN if none."""

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


def metrics(values: Floats, unit: str) -> GlucoseMetrics:
    """Return the metrics of readings in order of time, [reading]; the SD is the sample's.

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
        mage(glucose, sd),
    )


def _risks(glucose: Floats) -> tuple[float, float]:
    """Return the low and the high blood glucose index."""
    scale = 1.509 * (np.log(glucose) ** 1.084 - 5.381)
    low, high = (float(np.mean(10.0 * np.where(side, scale, 0.0) ** 2)) for side in (scale < 0, scale > 0))
    return low, high


def mage(glucose: Floats, sd: float) -> float:
    """Return the mean amplitude of glycaemic excursions of readings in order of time; NaN where no swing exceeds `sd`.

    Turning points are those whose swings to both neighbours exceed one SD; swings in the direction of the first count.
    """
    turns = _turning_points(glucose, sd)
    swings = np.diff(turns)
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
