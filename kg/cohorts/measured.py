"""Measured: what is known of each measurement in one unit: the last value, the mean, the slope, how many, how old."""

import numpy as np
import pandas as pd

from kg.patients.known import DAY

YEAR = 365.25
STATISTICS = ("last", "mean", "slope per year", "count", "days since")


def measured(events: pd.DataFrame, rows: int) -> dict[str, pd.DataFrame]:
    """Return for each measurement and unit, by `name (CURIE), unit`, the `STATISTICS` of each row.

    `events` has row, ago, day, minute, id, name, value, unit; what has no number or no unit does not count. The slope
    is of a straight line by least squares, NaN where all values are of one moment. Where a row has no value, the
    count is 0 and all else NaN. Shapes: [row, statistic].
    """
    own = events[events["value"].notna() & events["unit"].notna()]
    when = -own["ago"].astype("float64") + own["minute"].astype("float64").fillna(0.0) / DAY
    own = own.assign(when=when).sort_values(["row", "when"], kind="stable")
    found: dict[str, pd.DataFrame] = {}
    for (curie, unit), of_one in own.groupby(["id", "unit"], sort=True):
        found[f"{_named(of_one, str(curie))}, {unit}"] = _statistics(of_one, rows)
    return found


def _named(events: pd.DataFrame, curie: str) -> str:
    name = events["name"].iloc[0]
    return f"{name} ({curie})" if isinstance(name, str) and name else curie


def _statistics(events: pd.DataFrame, rows: int) -> pd.DataFrame:
    by = events.groupby("row")
    frame = pd.DataFrame(
        {
            "last": by["value"].last(),
            "mean": by["value"].mean(),
            "slope per year": _slopes(events),
            "count": by["value"].size(),
            "days since": by["ago"].min().astype("float64"),
        }
    ).reindex(range(rows))
    return frame.assign(count=frame["count"].fillna(0)).astype("float64")


def _slopes(events: pd.DataFrame) -> pd.Series:
    """Return each row's slope by least squares, by the year."""
    by = events.groupby("row")
    when, value = (events[name] - by[name].transform("mean") for name in ("when", "value"))
    over = (when * value).groupby(events["row"]).sum()
    under = (when**2).groupby(events["row"]).sum()
    return (over / under.where(under > 0.0)).astype(np.float64) * YEAR
