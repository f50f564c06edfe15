"""Labs: a graph's patient's measurements as a table of readings, on the patient's shifted calendar."""

from datetime import datetime, timedelta

import pandas as pd

from kg.query.people import MEASURED, happened, patient
from kg.schema import WITHDRAWN
from kg.stores.protocol import Store
from twin.prognosis.series.course import SeriesError

_FIRST = datetime(1970, 1, 1)


def labs(store: Store, who: str) -> pd.DataFrame:
    """Return a row for each measured number with its day: id, time, value, kind (the test, and its unit).

    The patient is given as for `kg.query.people.find_patient`. Raises what that raises, and `SeriesError` for one who
    withdrew consent and for one of whom no number is dated.
    """
    record = patient(store, who)
    if record.consent == WITHDRAWN:
        raise SeriesError("the patient withdrew consent: nothing is told of their labs")
    measured = happened(store, MEASURED, [record.id])
    measured = measured[measured["day"].notna() & measured["value"].notna()]
    if measured.empty:
        raise SeriesError("the patient's record has no measurement with a number and a day: there is no series")
    days, minutes = measured["day"].astype(int), measured["minute"].fillna(0).astype(int)
    units = measured["unit"].fillna("")
    return pd.DataFrame(
        {
            "id": record.id,
            "time": [
                (_FIRST + timedelta(days=day, minutes=minute)).isoformat(sep=" ")
                for day, minute in zip(days, minutes, strict=True)
            ],
            "value": measured["value"].map(repr),
            "kind": [f"{name}, {unit}" if unit else name for name, unit in zip(measured["name"], units, strict=True)],
        }
    )
