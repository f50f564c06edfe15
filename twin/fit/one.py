"""One patient's data for a fit: what a table or a record says, with a column for each whom the patient may be."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from twin.covariates import Genotype, asked_for, encode
from twin.fit.changing import AS_NONMEM, InTime, changing_covariates
from twin.fit.data import ROWS_AT_ONCE, DataSet, data_set
from twin.mixture import Mixture, groups, mixture
from twin.model import Model
from twin.nonmem import RegimenError
from twin.records import Records, column, covariate, in_time

TABLE = "table"


def stated(model: Model, records: Records, who: str) -> dict[str, str]:
    """Return what a patient's records state, as text, of covariates and of what genes' frequencies go by.

    Raises `RegimenError`, with the line, for a value that the model does not know.
    """
    record = records.by_id[who]
    asked: dict[str, Any] = {one.name: one for one in model.covariates}
    found = {}
    for name in dict.fromkeys([*asked, *groups(model)]):
        also = asked[name].also if name in asked else ()
        text = "" if column(record, name, also) is None else _first(records, who, name, asked.get(name))
        if text and name in asked and asked[name].read(text) is None:
            line = f"{records.place} {record.record_line[0]}"
            raise RegimenError(f"{line}, column {name}: got {text!r}, expected {asked[name].expected}")
        if text:
            found[name] = text
    return found


def _first(records: Records, who: str, name: str, asked: Any) -> str:
    """Return what a patient's records state first of a covariate; of what cannot change they state one value."""
    if asked is None or isinstance(asked, Genotype):
        return covariate(records, who, name, asked.also if asked else ())
    return in_time(records, who, name, asked.also)[0]


def of_table(
    model: Model,
    records: Records,
    given: Mapping[str, str] | None = None,
    called: Mapping[str, str] | None = None,
    read: InTime = AS_NONMEM,
) -> tuple[DataSet, Mixture]:
    """Return the data of a table's one patient, and whom the patient may be; `given` has covariates by hand.

    `read` says how to read what changes in time; behind the last record a new occasion begins.
    Raises `ValueError` for more patients than one, and what `mixture` and `twin.fit.data.data_set` raise.
    """
    if len(records.by_id) != 1:
        raise ValueError(f"the table has {len(records.by_id)} patients; expected one, or twin fit-population")
    (who,) = records.by_id
    person = mixture(model, who, stated(model, records, who), given, place=f"the {TABLE}")
    return of_whom(model, records, person, called, tuple(given or {}), read), person


def of_whom(
    model: Model,
    records: Records,
    person: Mixture,
    called: Mapping[str, str] | None = None,
    by_hand: Collection[str] = (),
    read: InTime = AS_NONMEM,
) -> DataSet:
    """Return one patient's data with a column for each row of whom the patient may be.

    What the records say of a covariate in time counts, unless it is given `by_hand`.
    """
    moving = changing_covariates(model, records, list(records.by_id), by_hand)
    told = {name: str(values[0]) for name, values in person.covariates.items() if name not in moving}
    unknown = {one.name: "" for one in model.covariates if one.name not in told and not asked_for(one)}
    data = data_set(model, records, called, {**unknown, **told}, ROWS_AT_ONCE, replace(read, ahead=True))
    rows = len(person.shares)
    case = jax.tree.map(lambda one: np.repeat(one, rows, axis=-1), data.case)
    still = [one for one in model.covariates if one.name not in moving]
    return replace(
        data,
        ids=data.ids * rows,
        case=case._replace(covariates={**case.covariates, **encode(still, person.covariates, rows)}),
        doses=data.doses * rows,
        lines=np.repeat(data.lines, rows, axis=-1),
    )


def undosed(data: DataSet) -> tuple[str, ...]:
    """Say which measurements no dose can explain, where there are such: those before the first dose."""
    measured = np.asarray(data.case.measured.used)[:, 0]
    first = min(data.doses[0].time_h, default=np.inf)
    early = int((data.time_h[measured, 0] < first).sum())
    if not early:
        return ()
    when = "of a patient without any dose" if np.isinf(first) else "before the first dose"
    return (f"measurements {when}: {early}; the model has but its start to explain them by",)
