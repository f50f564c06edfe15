"""A table of real patients: a CSV file with a row for each."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from kg.files.checked import Text
from kg.files.reach import NamedFile
from kg.files.table import read_csv
from twin.covariates import Covariate, asked_for
from twin.populations.resampled import Resampled, Rows

SHOWN = 5
"""How many lines of a kind are named."""


class PatientTable(Resampled):
    """Patients of a CSV `file`, a path from the current folder, with a column for each covariate that it states.

    `columns` says what a covariate's column is called where that is not its name; other columns are not looked at. A
    row that lacks one of the covariates, or has what is none, is left out, counted, and named by its line alone.
    """

    kind: Literal["table"] = "table"
    file: NamedFile
    columns: dict[Text, Text] = Field(default_factory=dict)

    def read(self) -> Rows:
        """Read the rows that can be used."""
        known = {covariate.name: covariate for covariate in self.covariates}
        for name in self.columns:
            if name not in known:
                raise ValueError(f"columns.{name}: got {name}, expected a covariate: {', '.join(known)}")
        table = read_csv(self.file, [])
        column = {name: self._column(covariate, table.header) for name, covariate in known.items()}
        absent = [name for name, found in column.items() if found is None and asked_for(known[name])]
        if absent:
            told = f"{self.file} has no column {', '.join(absent)}; it has {', '.join(table.header)}"
            raise ValueError(f"{told}: columns says which one is meant")
        place = {name: table.header.index(found) for name, found in column.items() if found is not None}
        values: dict[str, list[Any]] = {name: [] for name in place}
        bad: dict[str, list[int]] = {}
        for line, cells in table.rows.items():
            read = {name: _read(known[name], cells[at]) for name, at in place.items()}
            if lacking := [name for name, value in read.items() if value is None]:
                expected = known[lacking[0]].expected
                bad.setdefault(f"{lacking[0]} is not {expected}", []).append(line)
                continue
            for name, value in read.items():
                values[name].append(value)
        count = len(table.rows) - sum(len(lines) for lines in bad.values())
        return Rows(
            {name: np.array(found) for name, found in values.items()},
            np.arange(count),
            np.ones(count),
            {f"{reason} ({_listed(lines)})": len(lines) for reason, lines in bad.items()},
        )

    def _column(self, covariate: Covariate, header: tuple[str, ...]) -> str | None:
        """Return the column of a covariate, if there is one."""
        if (named := self.columns.get(covariate.name)) is not None:
            if named not in header:
                raise ValueError(f"columns.{covariate.name}: got {named}, expected one of {', '.join(header)}")
            return named
        return next((name for name in (covariate.name, *covariate.also) if name in header), None)


def _read(covariate: Covariate, cell: str) -> float | str | None:
    return covariate.default if not cell and covariate.default is not None else covariate.read(cell)


def _listed(lines: list[int]) -> str:
    more = f" and {len(lines) - SHOWN:,} more" if len(lines) > SHOWN else ""
    return f"line{'s' * (len(lines) > 1)} {', '.join(map(str, lines[:SHOWN]))}{more}"
