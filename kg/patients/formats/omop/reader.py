"""The reader of OMOP data sets.

A person is told by the data set's name in `cdm_source` and by `person_source_value`, or `person_id` where that is
empty or another's too: two data sets with a person 1 are two people, and a data set that is exported anew keeps its
people even if it numbers them anew. Without `cdm_source`, the folder's name stands for the data set's. Neither is ever
stored.

A time of midnight is not read as a time of day: programs write it where they know the day alone. If no day of a data
set has come yet, its publisher has shifted all of them (as MIMIC's), and the persons say so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from kg.files.number import number
from kg.patients.formats.omop.concepts import NO_CONCEPT, Concepts, read_concepts
from kg.patients.formats.omop.tables import (
    BOUNDS,
    EVENT_TABLES,
    KINDS_OF_VISIT,
    NOT_TAKEN,
    OBSERVATION,
    SEXES,
    VISITS,
    EventTable,
)
from kg.patients.moment import Moment, NoMoment, read_moment
from kg.patients.private import NOTHING, SHORTEST_NUMBER, Private, as_words
from kg.patients.record import Account, Code, Event, Person, Place, Reading, RecordError, What
from kg.patients.tables import (
    Table,
    count_rows,
    of_data_set,
    read_table,
    reject_strangers,
    table_files,
    table_names,
)

_COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "person": (
        ("person_id", "gender_concept_id", "year_of_birth"),
        ("month_of_birth", "day_of_birth", "birth_datetime", "person_source_value"),
    ),
    **{table.name: (table.needed, table.wanted) for table in EVENT_TABLES},
    "observation_period": (
        ("person_id", "observation_period_start_date", "observation_period_end_date"),
        ("observation_period_id",),
    ),
    "death": (("person_id", "death_date"), ("death_datetime",)),
}
"""The columns of each table that is read: those that it must have, and the others."""
_TELLING = frozenset({"cdm_source", "condition_era", "drug_era", "visit_detail"})
"""Other tables by which a data set is known."""
_OBSERVED = (Code("PANAKEIA", "visit-observation-period", "Observation period", public=True),)
_DIAGNOSES = ("ICD9CM", "ICD10CM", "ICD10")
_MIDNIGHT = " 00:00:00"


class OmopReader:
    """Reads a folder with the tables of the OMOP common data model."""

    name = "omop"
    describes = "OMOP CDM 5.3 or 5.4, a folder of tables in CSV or Parquet"
    url = "https://ohdsi.github.io/CommonDataModel/"

    def sniff(self, path: Path) -> bool:
        """Say whether a folder has at least two tables of this model."""
        return len((_COLUMNS.keys() | _TELLING) & table_names(path)) > 1

    def read(self, paths: Sequence[Path], reading: Reading) -> Iterator[Person]:
        """Yield the persons of each data set, with all that it states of them."""
        for number_of, path in enumerate(paths, start=1):
            reading.progress(f"data set {number_of} of {len(paths)}", (number_of - 1) / len(paths))
            yield from _DataSet.read(path, of_data_set(number_of, len(paths)), reading).persons()


@dataclass(frozen=True)
class _DataSet:
    """The tables of a data set, its concepts, what it is called, and whether its days are shifted.

    `part` follows the name of a table in messages; `shared` are the source's values that several people have.
    """

    name: str
    part: str
    tables: Mapping[str, Table]
    concepts: Concepts
    shifted: bool
    shared: frozenset[str]
    account: Account

    @classmethod
    def read(cls, folder: Path, part: str, reading: Reading) -> "_DataSet":
        """Read the tables of a folder; raises `RecordError` where one cannot be read, or `person` is missing."""
        files, account = table_files(folder), reading.account
        if "person" not in files:
            raise RecordError(
                f"an OMOP data set without its table person{part}: expected a folder with person.csv, person.csv.gz "
                f"or person.parquet beside its other tables ({len(files)} are there)"
            )
        tables = {
            name: read_table(files[name], f"{name}{part}", needed, wanted, account, "person_id")
            for name, (needed, wanted) in _COLUMNS.items()
            if name in files
        }
        for name in tables.keys() - {"person"}:
            reject_strangers(tables[name], tables["person"].spans, "person_id", "person", account)
        for name, reason in NOT_TAKEN.items():
            if name in files and (count := count_rows(files[name], f"{name}{part}")):
                account.leave_out(name, reason, count)
        values = tables["person"].columns["person_source_value"].value_counts().to_pylist()
        return cls(
            _called(files, folder, account),
            part,
            tables,
            read_concepts(files, tables.values(), account),
            _first_day(tables) > reading.now.date().isoformat(),
            frozenset(row["values"] for row in values if row["counts"] > 1 and row["values"]),
            account,
        )

    def persons(self) -> Iterator[Person]:
        """Yield each person of the table."""
        for key in self.tables["person"].spans:
            first, *more = self.tables["person"].rows(key)
            if not key:
                for row in (first, *more):
                    self._reject("person", row, "person_id", "is missing")
                continue
            for row in more:
                self._reject("person", row, "person_id", "stands there twice")
            yield self._person(key, first)

    def _person(self, key: str, row: dict[str, Any]) -> Person:
        value = row["person_source_value"]
        told = value is not None and value not in self.shared
        return Person(
            identity=(f"omop:{self.name}", value) if told else (f"omop:{self.name}:person_id", key),
            place=self._place("person", row),
            events=tuple(self._events(key)),
            sex=SEXES.get(row["gender_concept_id"]),
            born=self._born(row),
            died=self._died(key),
            whole=True,
            shifted=self.shifted,
            private=_private(value),
        )

    def _born(self, row: dict[str, Any]) -> Moment | None:
        """Return the birth as precisely as it stands there."""
        year, month, day = row["year_of_birth"], row["month_of_birth"], row["day_of_birth"]
        if year is None and row["birth_datetime"]:
            return self._moment("person", row, "birth_datetime", row["birth_datetime"][:10])
        parts = [year or "", *(part.zfill(2) for part in (month, day if month else None) if part)]
        return self._moment("person", row, "year_of_birth", "-".join(parts))

    def _died(self, key: str) -> Moment | None:
        deaths = list(self.tables["death"].rows(key)) if "death" in self.tables else []
        for row in deaths[1:]:
            self._reject("death", row, "person_id", "stands there twice")
        return self._day("death", deaths[0], "death") if deaths else None

    def _events(self, key: str) -> Iterator[Event]:
        """Yield the events of a person, table by table."""
        for table in EVENT_TABLES:
            if table.name in self.tables:
                for row in self.tables[table.name].rows(key):
                    event = self._event(table, row)
                    if event:
                        yield event
        if "observation_period" in self.tables:
            for row in self.tables["observation_period"].rows(key):
                yield from self._period(row)

    def _event(self, table: EventTable, row: dict[str, Any]) -> Event | None:
        """Return the event that a row states; None for what is left out or refused."""
        at = self._day(table.name, row, table.start)
        if at is None:
            return None
        what, codes = self._meant(table, row)
        if not codes:
            self.account.leave_out(table.name, "no concept and no code")
            return None
        until = self._end(table, row, at) if table.end else None
        place, record = self._place(table.name, row), (table.name, row[table.key] or f"line {row['line']}")
        if not table.values or what != "measurement":
            return Event(what, codes, at, place, record, until=until)
        if row.get("operator_concept_id") in BOUNDS:
            self.account.leave_out(table.name, "a bound, not a value")
            return None
        value = number(row["value_as_number"] or "")
        if value is None and row["value_as_number"]:
            self._reject(table.name, row, "value_as_number", "is not a number")
            return None
        result = self.concepts.one(row["value_as_concept_id"])
        if table is OBSERVATION and value is None and result is None:
            self.account.leave_out(table.name, "an observation without a value")
            return None
        unit = self.concepts.unit(row["unit_concept_id"], row["unit_source_value"]) if value is not None else None
        return Event(what, codes, at, place, record, until=until, value=value, unit=unit, value_code=result)

    def _meant(self, table: EventTable, row: dict[str, Any]) -> tuple[What, tuple[Code, ...]]:
        """Return of what an event is, and its codes.

        A diagnosis that stands among observations, since it states a circumstance, is a condition all the same.
        """
        concept = row[table.concept]
        if table is VISITS and concept in KINDS_OF_VISIT:
            kind = KINDS_OF_VISIT[concept]
            return "visit", (Code("PANAKEIA", f"visit-{kind}", f"{kind} visit".capitalize(), public=True),)
        stem = table.stem
        codes = self.concepts.codes(table.what, concept, row[f"{stem}_source_concept_id"], row[f"{stem}_source_value"])
        valued = any(row.get(column) not in NO_CONCEPT for column in ("value_as_number", "value_as_concept_id"))
        if table.what == "measurement" and not valued and any(code.system in _DIAGNOSES for code in codes):
            return "condition", codes
        return table.what, codes

    def _period(self, row: dict[str, Any]) -> Iterator[Event]:
        """Yield the time during which all that happened to a person is on record."""
        name = "observation_period"
        at = self._day(name, row, f"{name}_start")
        until = self._day(name, row, f"{name}_end")
        if at and until and until.first < at.first:
            self._reject(name, row, f"{name}_end_date", "is before the start")
        elif at and until:
            record = (name, row[f"{name}_id"] or f"line {row['line']}")
            yield Event("visit", _OBSERVED, at, self._place(name, row), record, until=until)

    def _end(self, table: EventTable, row: dict[str, Any], at: Moment) -> Moment | None:
        """Return when an event ended, if that is stated and not before it began."""
        if row[f"{table.end}_date"] is None and row[f"{table.end}_datetime"] is None:
            return None
        until = self._day(table.name, row, table.end or "")
        if until and until.first < at.first:
            self.account.leave_out(table.name, "an end before the start (the event is taken)")
            return None
        return until

    def _day(self, table: str, row: dict[str, Any], column: str) -> Moment | None:
        """Return the day of these columns (`_date`, `_datetime`), with the time if one is told."""
        day, time = row.get(f"{column}_date"), row.get(f"{column}_datetime")
        if day is None and time is None:
            self._reject(table, row, f"{column}_date", "is missing")
            return None
        day = day or (time or "")[:10]
        told = time and time[:10] == day[:10] and _MIDNIGHT not in time.replace("T", " ")
        return self._moment(table, row, f"{column}_date", time if told else day[:10])

    def _moment(self, table: str, row: dict[str, Any], column: str, text: str | None) -> Moment | None:
        try:
            return _read_moment(text or "")
        except NoMoment as failure:
            self._reject(table, row, column, str(failure))
            return None

    def _reject(self, table: str, row: dict[str, Any], element: str, reason: str) -> None:
        self.account.reject(self._place(table, row), table, element, reason)

    def _place(self, table: str, row: dict[str, Any]) -> Place:
        return Place(f"{table}{self.part}", row["line"])


@cache
def _read_moment(text: str) -> Moment:
    return read_moment(text)


def _first_day(tables: Mapping[str, Table]) -> str:
    """Return the earliest day on which anything is said to have been, "" if nothing is."""
    columns = [cells for table in tables.values() for name, cells in table.columns.items() if _tells_a_day(name)]
    return min(filter(None, (pc.min(cells).as_py() for cells in columns)), default="")


def _tells_a_day(column: str) -> bool:
    return column.endswith("_date") and "_end_" not in column


def _called(files: Mapping[str, Path], folder: Path, account: Account) -> str:
    """Return what the data set calls itself, else the folder's name."""
    names: list[str | None] = []
    if "cdm_source" in files:
        table = read_table(files["cdm_source"], "cdm_source", ("cdm_source_name",), (), account)
        names = table.columns["cdm_source_name"].to_pylist()
    return as_words(next(filter(None, names), None) or folder.resolve().name).strip()


def _private(value: str | None) -> Private:
    """Return a person's key in the hospital, where it is long enough to tell anybody anything."""
    words = as_words(value or "")
    run = words.replace(" ", "")
    return Private(frozenset({words}), frozenset({run})) if len(run) >= SHORTEST_NUMBER else NOTHING


READER = OmopReader()
