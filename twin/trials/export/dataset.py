"""Dataset: a table of SDTM or ADaM with what its define.xml says of it."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd

Kind = Literal["text", "integer", "float", "date", "isodate"]
"""What a variable holds: "date" is a day as a number (ADaM), "isodate" a text in ISO 8601 (SDTM)."""
Standard = Literal["SDTM", "ADaM", "none"]


class ExportError(ValueError):
    """A trial, or a table of it, that the format cannot hold; the subclasses say why."""


@dataclass(frozen=True)
class Variable:
    """A column: its name, its label, what it holds, where it is from, and the codelist of its terms, if any.

    Origins are those of Define-XML 2.1: Assigned, Collected, Derived, Predecessor, Protocol.
    """

    name: str
    label: str
    kind: Kind
    origin: str
    codelist: str = ""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows, and what they are: texts ("" for none), floats (NaN for none), days (None for none)."""

    name: str
    label: str
    standard: Standard
    of_class: str
    structure: str
    keys: tuple[str, ...]
    variables: tuple[Variable, ...]
    rows: pd.DataFrame

    def terms(self, variable: Variable) -> list[str]:
        """Return the terms of a variable that are used."""
        return sorted({str(term) for term in self.rows[variable.name] if term != ""})

    def length(self, variable: Variable) -> int:
        """Return how many bytes the longest value of a text has, 8 of anything else."""
        if variable.kind not in ("text", "isodate"):
            return 8
        return max((len(value.encode()) for value in self.rows[variable.name].unique()), default=0) or 1


@dataclass(frozen=True)
class Described:
    """What the standards say of a dataset."""

    label: str
    standard: Standard
    of_class: str
    structure: str
    keys: tuple[str, ...]


def dataset(name: str, columns: pd.DataFrame, also: tuple[Variable, ...] = ()) -> Dataset:
    """Return the dataset of this name by its columns; `also` describes those that the standards do not.

    Variables without a column are left out; the others stand in the standards' order.
    """
    told = DATASETS[name]
    listed = [variable for variable in variables_of(name) if variable.name in columns]
    variables = (*listed, *also)
    unknown = set(columns) - {variable.name for variable in variables}
    assert not unknown, unknown
    rows = pd.DataFrame({variable.name: _column(columns[variable.name], variable.kind) for variable in variables})
    return Dataset(name, told.label, told.standard, told.of_class, told.structure, told.keys, variables, rows)


def _column(values: "pd.Series[Any]", kind: Kind) -> "pd.Series[Any]":
    """Return a column in the form that `Dataset` holds."""
    if kind in ("integer", "float"):
        return values.astype(np.float64)
    if kind == "date":
        days = pd.to_datetime(values)
        return pd.Series(
            [day.date() if known else None for day, known in zip(days, days.notna(), strict=True)], dtype=object
        )
    return values.astype(object).where(values.notna(), "").astype(str).astype(object)


@cache
def variables_of(name: str) -> tuple[Variable, ...]:
    """Return the variables that the standards have for a dataset, in order."""
    text = (files(__package__) / "variables.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return tuple(
        Variable(row["name"], row["label"], row["kind"], row["origin"], row["codelist"])  # type: ignore[arg-type]
        for row in rows
        if row["dataset"] == name
    )


DATASETS = {
    "DM": Described("Demographics", "SDTM", "SPECIAL PURPOSE", "One record per subject", ("STUDYID", "USUBJID")),
    "SUPPDM": Described(
        "Supplemental Qualifiers for DM",
        "SDTM",
        "RELATIONSHIP",
        "One record per subject per qualifier",
        ("STUDYID", "RDOMAIN", "USUBJID", "QNAM"),
    ),
    "DS": Described(
        "Disposition", "SDTM", "EVENTS", "One record per disposition event per subject", ("STUDYID", "USUBJID", "DSSEQ")
    ),
    "EX": Described(
        "Exposure",
        "SDTM",
        "INTERVENTIONS",
        "One record per constant-dosing interval per subject",
        ("STUDYID", "USUBJID", "EXSEQ"),
    ),
    "LB": Described(
        "Laboratory Test Results",
        "SDTM",
        "FINDINGS",
        "One record per test per visit per subject",
        ("STUDYID", "USUBJID", "LBTESTCD", "VISITNUM"),
    ),
    "ADSL": Described(
        "Subject-Level Analysis Dataset",
        "ADaM",
        "SUBJECT LEVEL ANALYSIS DATASET",
        "One record per subject",
        ("STUDYID", "USUBJID"),
    ),
    "ADLB": Described(
        "Laboratory Analysis Dataset",
        "ADaM",
        "BASIC DATA STRUCTURE",
        "One record per subject per parameter per visit",
        ("STUDYID", "USUBJID", "PARAMCD", "AVISITN"),
    ),
    "ADEX": Described(
        "Exposure Analysis Dataset",
        "ADaM",
        "BASIC DATA STRUCTURE",
        "One record per subject per parameter per dosing interval",
        ("STUDYID", "USUBJID", "PARAMCD", "ASEQ"),
    ),
    "ADTTE": Described(
        "Time-to-Event Analysis Dataset",
        "ADaM",
        "BASIC DATA STRUCTURE",
        "One record per subject per parameter",
        ("STUDYID", "USUBJID", "PARAMCD"),
    ),
    "ADEFF": Described(
        "Endpoints Analysis Dataset",
        "ADaM",
        "BASIC DATA STRUCTURE",
        "One record per subject per parameter per visit",
        ("STUDYID", "USUBJID", "PARAMCD", "AVISITN"),
    ),
    "POTENT": Described(
        "NOT FOR SUBMISSION: simulated truth",
        "none",
        "SIMULATED TRUTH",
        "One record per twin per arm per parameter",
        ("STUDYID", "TWINID", "ARMCD", "PARAMCD"),
    ),
}
