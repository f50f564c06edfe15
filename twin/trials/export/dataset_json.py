"""Dataset-JSON 1.1: CDISC's own format of exchange, which has no limits of length."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.trials.export.dataset import Dataset, Variable

ENDING = "json"
_TYPES: dict[str, dict[str, str]] = {
    "text": {"dataType": "string"},
    "isodate": {"dataType": "string"},
    "integer": {"dataType": "integer"},
    "float": {"dataType": "double"},
    "date": {"dataType": "date", "targetDataType": "integer", "displayFormat": "E8601DA."},
}


def write(dataset: Dataset, path: Path, made: datetime | None = None) -> None:
    """Write a dataset; `made` is when, now if not given."""
    when = (made or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    study = str(dataset.rows["STUDYID"].iloc[0]) if len(dataset.rows) else ""
    content = {
        "datasetJSONCreationDateTime": when,
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"{study}.{dataset.name}",
        "originator": "Panakeia",
        "studyOID": study,
        "metaDataVersionOID": f"MDV.{dataset.standard}",
        "itemGroupOID": f"IG.{dataset.name}",
        "records": len(dataset.rows),
        "name": dataset.name,
        "label": dataset.label,
        "columns": [_column(dataset, variable) for variable in dataset.variables],
        "rows": [],
    }
    shell, _, _ = json.dumps(content, indent=1).rpartition("[]")
    with path.open("w", encoding="utf-8") as file:  # a row a line
        file.write(shell + "[")
        columns = [_values(dataset, variable) for variable in dataset.variables]
        for place, row in enumerate(zip(*columns, strict=True)):
            file.write(("," if place else "") + "\n" + json.dumps(row, allow_nan=False))
        file.write("\n]}\n")


def _column(dataset: Dataset, variable: Variable) -> dict[str, Any]:
    told: dict[str, Any] = {
        "itemOID": f"IT.{dataset.name}.{variable.name}",
        "name": variable.name,
        "label": variable.label,
        **_TYPES[variable.kind],
    }
    if variable.kind in ("text", "isodate"):
        told["length"] = dataset.length(variable)
    if variable.name in dataset.keys:
        told["keySequence"] = dataset.keys.index(variable.name) + 1
    return told


def _values(dataset: Dataset, variable: Variable) -> list[Any]:
    """Return a column as JSON values; a number or day that is not there is null."""
    column = dataset.rows[variable.name].tolist()
    if variable.kind == "integer":
        return [None if np.isnan(one) else int(one) for one in column]
    if variable.kind == "float":
        return [None if np.isnan(one) else one for one in column]
    if variable.kind == "date":
        return [None if one is None else one.isoformat() for one in column]
    return column


def read(path: Path) -> pd.DataFrame:
    """Return a dataset's rows as they were written: texts, floats, days."""
    told = json.loads(path.read_text(encoding="utf-8"))
    rows = pd.DataFrame(told["rows"], columns=[column["name"] for column in told["columns"]], dtype=object)
    for column in told["columns"]:
        name, kind = column["name"], column["dataType"]
        if kind in ("integer", "double"):
            rows[name] = rows[name].astype(np.float64)
        elif kind == "date":
            days = [None if one is None else date.fromisoformat(one) for one in rows[name]]
            rows[name] = pd.Series(days, dtype=object)
    return rows
