"""Features: what was known of each of a cohort's patients at the landmark, a column a thing.

| column | what |
| --- | --- |
| `sex`, `age` | completed years on the landmark; missing where the day of birth is |
| `history days` | from the first known event to the landmark |
| `condition: name (CURIE)`, and so `phenotype`, `drug`, `drug class`, `procedure` | 1 where one is known, else 0 |
| `visit: name (CURIE): count` | how many began |
| `measurement: name (CURIE), unit: last`, ... | see `kg.cohorts.measured` |
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from kg.cohorts.ages import completed_years
from kg.cohorts.baseline import Baseline
from kg.cohorts.flags import flags
from kg.cohorts.known import VISIT, first_known, known_by
from kg.cohorts.measured import STATISTICS, measured
from kg.query.people import MEASURED, happened
from kg.stores.protocol import Store

FLAGGED = {
    "condition": "patient_has_condition",
    "phenotype": "patient_has_phenotype",
    "drug": "patient_takes_drug",
    "procedure": "patient_had_procedure",
}
"""The kinds of which a feature says whether there is one, and their relations."""
RELATION_OF = FLAGGED | {"visit": VISIT, "measurement": MEASURED}

_COUNT = ": count"
_ZERO = ("condition: ", "phenotype: ", "drug: ", "drug class: ", "procedure: ")
"""How columns begin that are 0 where nothing is known."""


def features(store: Store, index: pd.DataFrame, wanted: Baseline, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the features of each row of `index`: patient, day (the landmark), sex, birth_day; numbered from 0.

    Which there are hangs on what the rows have, never on an outcome; with `columns` they are those, in order, whatever
    the rows have: a table for a model that was learned elsewhere.
    """
    count, known = len(index), known_events(store, index, wanted)
    table = pd.concat([*_person(index, known), *_things(store, known, count, wanted, chosen=columns is None)], axis=1)
    if columns is None:
        return table
    return pd.concat([table[name] if name in table else _absent(name, count) for name in columns], axis=1)


def known_events(store: Store, index: pd.DataFrame, wanted: Baseline) -> dict[str, pd.DataFrame]:
    """Return by kind what was known of each row, as `kg.cohorts.known.known_by` does."""
    patients = index["patient"].unique().tolist()
    relations = dict.fromkeys([*(RELATION_OF[kind] for kind in wanted.kinds), VISIT])  # stays tell what is coded late
    told = {relation: happened(store, relation, patients) for relation in relations}
    known = known_by(index, told, wanted.days)
    return {kind: known[RELATION_OF[kind]] for kind in wanted.kinds}


def _person(index: pd.DataFrame, known: Mapping[str, pd.DataFrame]) -> list[pd.Series]:
    return [
        index["sex"].astype(object).where(index["sex"].notna(), None).rename("sex"),
        completed_years(index["day"] - index["birth_day"]).astype("float64").rename("age"),
        first_known(list(known.values()), len(index)).rename("history days"),
    ]


def _things(
    store: Store, known: Mapping[str, pd.DataFrame], count: int, wanted: Baseline, *, chosen: bool
) -> Iterator[pd.Series | pd.DataFrame]:
    """Yield the columns of each kind: those that tell rows apart, or (not `chosen`) all."""
    for kind, events in known.items():
        if kind in FLAGGED:
            found = flags(store, kind, FLAGGED[kind], events, broader=wanted.broader)
            yield from (found.telling(count, wanted) if chosen else found).columns(count)
        elif kind == "measurement":
            yield from _measured(events, count, wanted, chosen=chosen)
        else:
            yield from _visits(events, count, wanted, chosen=chosen)


def _visits(events: pd.DataFrame, count: int, wanted: Baseline, *, chosen: bool) -> Iterator[pd.Series]:
    for (node, name), of_one in events.groupby(["id", "name"], sort=True):
        column = of_one.groupby("row").size().reindex(range(count)).fillna(0.0)
        if not chosen or (len(of_one["row"].unique()) >= wanted.least_patients and column.nunique() > 1):
            yield column.astype("float64").rename(f"visit: {name} ({node}){_COUNT}")


def _measured(events: pd.DataFrame, count: int, wanted: Baseline, *, chosen: bool) -> Iterator[pd.DataFrame]:
    found = measured(events, count)
    having = {name: int((frame["count"] > 0).sum()) for name, frame in found.items()}
    ranked = sorted(found, key=lambda name: (-having[name], name))
    if chosen:
        ranked = [name for name in ranked if having[name] >= wanted.least_patients][: wanted.most]
    for name in sorted(ranked):
        yield found[name].rename(columns={one: f"measurement: {name}: {one}" for one in STATISTICS})


def _absent(name: str, count: int) -> pd.Series:
    """Return the column of something that no row has."""
    nothing = 0.0 if name.startswith(_ZERO) or name.endswith(_COUNT) else np.nan
    return pd.Series(np.full(count, nothing), name=name)
