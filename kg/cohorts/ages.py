"""Ages: completed years on the index day, from days alone, so that they do not hang on how a calendar is shifted."""

import numpy as np
import pandas as pd

from kg.cohorts.events import Mask, within
from kg.cohorts.recorded import Range

OLDEST = 90.0
"""What an age of 90 years or more is stored as; the day of birth is then withheld."""


def completed_years(days: pd.Series) -> pd.Series:
    """Return the completed years in a number of days.

    N years are completed after 365 N days and a quarter of N leap days, rounded down: never after the birthday, and for
    three of four ages on the day before it where the years have one leap day more.

    >>> completed_years(pd.Series([14609.0, 14610.0, np.nan])).tolist()
    [39.0, 40.0, nan]
    """
    return (4 * days + 3) // 1461


def of_age(index: pd.DataFrame, asked: Range) -> Mask:
    """Say which rows of `index` are surely of an age: its columns day, birth_day, age_years, last_day.

    Where the day of birth is withheld, for an age of 90 or more at the last record, the patient is then at least as old
    as 90 less the years from the index to that record. An index without a day has the age at the last record.
    """
    exact = completed_years(index["day"] - index["birth_day"])
    exact = exact.where(index["day"].notna(), index["age_years"].where(index["age_years"] < OLDEST))
    since = completed_years(index["last_day"] - index["day"]).where(index["day"].notna(), -1.0)
    floor = (OLDEST - since - 1).where(exact.isna() & (index["age_years"] >= OLDEST))
    open_above = asked.at_most is None and asked.below is None
    return within(exact, asked) | (within(floor, asked) if open_above else np.zeros(len(index), dtype=np.bool_))
