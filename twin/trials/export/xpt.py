"""XPT: SAS's transport format, version 5, which regulators take. Its limits are those of 1989."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from twin.trials.export.dataset import Dataset, ExportError, Variable

LONGEST_NAME, LONGEST_LABEL, LONGEST_TEXT = 8, 40, 200
"""In bytes."""
ENDING = "xpt"
_EPOCH = date(1960, 1, 1)
_TODO = "choose another name and run the trial again, or export as dataset-json"


class BadName(ExportError):
    """A name that is no SAS name of at most eight characters."""


class LabelTooLong(ExportError):
    """A label of more than 40 bytes."""


class TextTooLong(ExportError):
    """A text of more than 200 bytes."""


class NotAscii(ExportError):
    """A text with a character that the format does not have."""


def check_names(texts: Iterable[tuple[str, str]], labels: Iterable[tuple[str, str]]) -> None:
    """Raise an `ExportError` for a name that the format cannot hold as a text or as a label; each has its key."""
    for limit, named in ((LONGEST_TEXT, texts), (LONGEST_LABEL, labels)):
        for key, text in named:
            if not text.isascii():
                raise NotAscii(f"{key} is not ASCII, which XPT needs; {_TODO}")
            if len(text) > limit:
                error = TextTooLong if limit == LONGEST_TEXT else LabelTooLong
                raise error(
                    f"{key} makes a text of {len(text)} bytes in the datasets: XPT has {limit} at most; {_TODO}"
                )


def check(dataset: Dataset) -> None:
    """Raise an `ExportError` for what the format cannot hold; no value is shown."""
    for name, what in ((dataset.name, "the dataset"), *((one.name, dataset.name) for one in dataset.variables)):
        if not re.fullmatch(f"[A-Z_][A-Z0-9_]{{0,{LONGEST_NAME - 1}}}", name):
            told = f"expected a capital, then capitals, digits and _, {LONGEST_NAME} in all at most"
            raise BadName(f"{what}: the name {name!r} is none of XPT: {told}")
    for label, what in (
        (dataset.label, dataset.name),
        *((one.label, f"{dataset.name}.{one.name}") for one in dataset.variables),
    ):
        if not label.isascii():
            raise NotAscii(f"{what}: the label {label!r} is not ASCII; rename it, or export as dataset-json")
        if len(label.encode()) > LONGEST_LABEL:
            raise LabelTooLong(f"{what}: the label {label!r} has {len(label)} bytes, expected {LONGEST_LABEL} at most")
    for variable in dataset.variables:
        _check_texts(dataset, variable)


def _check_texts(dataset: Dataset, variable: Variable) -> None:
    if variable.kind not in ("text", "isodate"):
        return
    where = f"{dataset.name}.{variable.name}"
    values = dataset.rows[variable.name].unique()
    if any(not value.isascii() for value in values):
        raise NotAscii(f"{where} has a value that is not ASCII, which XPT needs; rename it, or export as dataset-json")
    if (longest := dataset.length(variable)) > LONGEST_TEXT:
        told = f"expected {LONGEST_TEXT} at most; shorten it, or export as dataset-json"
        raise TextTooLong(f"{where} has a value of {longest} bytes: {told}")


def write(dataset: Dataset, path: Path) -> None:
    """Write a dataset; raises an `ExportError` for what the format cannot hold."""
    check(dataset)
    labels: dict[str, str | None] = {variable.name: variable.label for variable in dataset.variables}
    dates = [variable.name for variable in dataset.variables if variable.kind == "date"]
    rows = dataset.rows.assign(**{name: [_sas_day(day) for day in dataset.rows[name]] for name in dates})
    pyreadstat.write_xport(
        rows,
        str(path),
        file_label=dataset.label,
        column_labels=labels,
        table_name=dataset.name,
        file_format_version=5,
        variable_format=dict.fromkeys(dates, "DATE9"),
    )


def _sas_day(day: date | None) -> float:
    """Return SAS's number of a day."""
    return float("nan") if day is None else float((day - _EPOCH).days)


def read(path: Path) -> pd.DataFrame:
    """Return a dataset's rows as they were written: texts, floats, days."""
    rows, told = pyreadstat.read_xport(str(path))
    for name in rows:
        if rows[name].dtype.kind not in "fi" or told.original_variable_types[str(name)] == "DATE9":
            rows[name] = [None if isinstance(one, float) and np.isnan(one) else one for one in rows[name]]
            rows[name] = rows[name].astype(object)
    return rows
