"""Records: what a cohort asks of those who hold patients' records, and the columns of what comes back."""

from typing import Protocol

import pandas as pd

from kg.cohorts.recorded import Asked

PERSON_COLUMNS = {
    "patient": "str",
    "sex": "str",
    "birth_day": "float64",
    "age_years": "float64",
    "last_day": "float64",
    "death_day": "float64",
}
"""Of each patient: the days of birth and death and the last day recorded, as days since 1970-01-01 on the patient's own
calendar, and the age in whole years on that last day, 90 standing for more; NaN where one is unknown or withheld."""

PERIOD_COLUMNS = {"patient": "str", "start": "float64", "end": "float64"}
"""The first and the last day of a period in which a patient is observed; infinite where it is withheld."""

EVENT_COLUMNS = {
    "patient": "str",
    "day": "float64",
    "minute": "float64",
    "precision": "str",
    "end_day": "float64",
    "negated": "bool",
    "value": "float64",
    "unit": "str",
    "value_code": "str",
    "copies": "float64",
    "diplotypes": "object",
    "not_excluded": "object",
    "activity_score": "float64",
    "statement": "str",
}
"""An event: when it was, whether it is stated to be absent, what was found, and what tells its statement from others.

Two rows of one patient, day, minute and `statement` are one event that means several nodes."""


class Records(Protocol):
    """Patients' records, as a cohort's criteria ask for them."""

    def persons(self) -> pd.DataFrame:
        """Return the patients that may be asked about, with `PERSON_COLUMNS`."""

    def periods(self) -> pd.DataFrame:
        """Return when each of them was observed, with `PERIOD_COLUMNS`; some have several periods."""

    def events(self, asked: Asked) -> pd.DataFrame:
        """Return all events that are asked for, with `EVENT_COLUMNS`, whatever their values.

        Those that are negated are there if they exclude what is asked for: they are of it or of something broader.
        """


def framed(rows: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """Return rows with exactly these columns and types; a column that is not there is empty, and nothing negated."""
    whole = rows.reindex(columns=list(columns))
    if "negated" in columns:
        whole["negated"] = whole["negated"].eq(True)
    return whole.astype(columns).reset_index(drop=True)
