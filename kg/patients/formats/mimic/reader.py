"""The reader of MIMIC-IV (2.0 and later).

Days are shifted by the publisher, by years into the future: the persons say so. The year of a birth is `anchor_year`
less `anchor_age`; 91 stands there for every age above 89, so that the oldest seem to be 91 then. A diagnosis counts
from the day on which its stay began, be it in the emergency department, as in MIMIC's OMOP version: it was coded at
the discharge, but the stay is what it explains. It has no end, for no table states one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from kg.files.number import number
from kg.patients.formats.mimic.labels import Labels, drug, read_labels
from kg.patients.formats.mimic.tables import (
    NOT_TAKEN,
    OBSERVATION_STAYS,
    PATIENTS,
    TABLES,
    TALK,
    VITALS,
)
from kg.patients.moment import Moment, NoMoment, read_moment
from kg.patients.private import Private, as_words
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

_SEXES = {"F": "female", "M": "male"}
_BLANK = "___"
"""What the publisher wrote over whatever might tell who somebody is."""


def _visit(kind: str) -> tuple[Code, ...]:
    return (Code("PANAKEIA", f"visit-{kind}", f"{kind} visit".capitalize(), public=True),)


_INPATIENT, _OBSERVED = _visit("inpatient"), _visit("observation")
_EMERGENCY, _INTENSIVE = _visit("emergency"), _visit("intensive-care")


class MimicReader:
    """Reads a folder of MIMIC-IV: the one that holds `hosp`, or `hosp` itself."""

    name = "mimic"
    describes = "MIMIC-IV, a folder with hosp/patients.csv.gz and its other tables"
    url = "https://physionet.org/content/mimiciv/"

    def sniff(self, path: Path) -> bool:
        """Say whether a folder has the tables `patients` and `admissions`, itself or in `hosp`."""
        return {"patients", "admissions"} <= table_names(path) | table_names(path / "hosp")

    def read(self, paths: Sequence[Path], reading: Reading) -> Iterator[Person]:
        """Yield the persons of each data set, with all that it states of them."""
        for number_of, path in enumerate(paths, start=1):
            reading.progress(f"data set {number_of} of {len(paths)}", (number_of - 1) / len(paths))
            yield from _DataSet.read(path, of_data_set(number_of, len(paths)), reading.account).persons()


def _files(folder: Path) -> dict[str, Path]:
    """Return the tables of the hospital and of its intensive care units."""
    return table_files(folder) | table_files(folder / "hosp") | table_files(folder / "icu")


@dataclass(frozen=True)
class _Stated:
    """A row, and of which table; `part` follows the table's name in messages."""

    table: str
    row: dict[str, Any]
    part: str

    @property
    def place(self) -> Place:
        return Place(f"{self.table}{self.part}", self.row["line"])

    def record(self, *columns: str) -> tuple[str, ...]:
        """Return the table and the row's key."""
        return (self.table, *(self.row[column] or "" for column in columns))


@dataclass(frozen=True)
class _DataSet:
    """The tables of a data set, and the labels of their codes."""

    patients: Table
    tables: Mapping[str, Table]
    labels: Labels
    part: str
    account: Account

    @classmethod
    def read(cls, folder: Path, part: str, account: Account) -> "_DataSet":
        """Read the tables of a folder; raises `RecordError` where one cannot be read, or one of the two is missing."""
        files = _files(folder)
        for name in ("patients", "admissions"):
            if name not in files:
                raise RecordError(
                    f"a MIMIC-IV data set without its table {name}{part}: expected a folder with hosp/{name}.csv.gz, "
                    f"or {name}.csv, beside its other tables ({len(files)} are there)"
                )
        patients = read_table(
            files["patients"], f"patients{part}", PATIENTS.needed, PATIENTS.wanted, account, "subject_id"
        )
        tables = {
            name: read_table(files[name], f"{name}{part}", columns.needed, columns.wanted, account, "subject_id")
            for name, columns in TABLES.items()
            if name in files
        }
        for table in tables.values():
            reject_strangers(table, patients.spans, "subject_id", "patients", account)
        for name, reason in NOT_TAKEN.items():
            if name in files and (count := count_rows(files[name], f"{name}{part}")):
                account.leave_out(name, reason, count)
        return cls(patients, tables, read_labels(files, tables, account), part, account)

    def persons(self) -> Iterator[Person]:
        """Yield each person of the table."""
        for key in self.patients.spans:
            first, *more = (_Stated("patients", row, self.part) for row in self.patients.rows(key))
            for stated in more if key else (first, *more):
                self._reject(stated, "subject_id", "stands there twice" if key else "is missing")
            if key:
                yield self._person(key, first)

    def _person(self, key: str, stated: _Stated) -> Person:
        row = stated.row
        return Person(
            identity=("mimic", key),
            place=stated.place,
            events=tuple(self._events(key)),
            sex=_SEXES.get(row["gender"]),
            born=self._born(stated),
            died=self._moment(stated, "dod") if row["dod"] else None,
            whole=True,
            shifted=True,
            private=Private(frozenset({as_words(key)}), frozenset({key})),
        )

    def _born(self, stated: _Stated) -> Moment | None:
        year, age = stated.row["anchor_year"] or "", stated.row["anchor_age"] or ""
        if year.isdecimal() and age.isdecimal() and 1 <= int(year) - int(age) <= date.max.year:
            return Moment(date(int(year) - int(age), 1, 1), precision="year")
        self._reject(stated, "anchor_age", "is with anchor_year no year of birth")
        return None

    def _events(self, key: str) -> Iterator[Event]:
        """Yield the events of a person, table by table."""
        came = {row["hadm_id"]: _day(row["edregtime"] or row["admittime"]) for row in self._rows("admissions", key)}
        reads: dict[str, Callable[[_Stated], Iterator[Event]]] = {
            "admissions": self._admission,
            "diagnoses_icd": lambda stated: self._diagnosis(stated, came),
            "procedures_icd": lambda stated: self._procedure(stated, came),
            "hcpcsevents": lambda stated: self._service(stated, came),
            "labevents": self._lab,
            "prescriptions": self._prescription,
            "omr": self._vitals,
            "icustays": self._intensive_care,
            "procedureevents": self._at_the_bedside,
        }
        for table, read_event in reads.items():
            for row in self._rows(table, key):
                yield from read_event(_Stated(table, row, self.part))

    def _rows(self, table: str, key: str) -> Iterator[dict[str, Any]]:
        return self.tables[table].rows(key) if table in self.tables else iter(())

    def _admission(self, stated: _Stated) -> Iterator[Event]:
        """Yield a stay in the hospital, and in its emergency department before it."""
        kind = _OBSERVED if stated.row["admission_type"] in OBSERVATION_STAYS else _INPATIENT
        yield from self._span(stated, "visit", kind, ("admittime", "dischtime"), ("hadm_id",))
        if stated.row["edregtime"]:
            yield from self._span(stated, "visit", _EMERGENCY, ("edregtime", "edouttime"), ("hadm_id", "edregtime"))

    def _intensive_care(self, stated: _Stated) -> Iterator[Event]:
        yield from self._span(stated, "visit", _INTENSIVE, ("intime", "outtime"), ("stay_id",))

    def _diagnosis(self, stated: _Stated, came: Mapping[str, Moment | None]) -> Iterator[Event]:
        code = self.labels.diagnosis(stated.row["icd_code"] or "", stated.row["icd_version"] or "")
        if code is None:
            self._reject(stated, "icd_code", "is no code of a diagnosis in its version of ICD")
            return
        record = stated.record("hadm_id", "seq_num")
        yield Event("condition", (code,), self._of_stay(stated, came), stated.place, record)

    def _procedure(self, stated: _Stated, came: Mapping[str, Moment | None]) -> Iterator[Event]:
        code = self.labels.procedure(stated.row["icd_code"] or "", stated.row["icd_version"] or "")
        if code is None:
            self._reject(stated, "icd_code", "is no code of a procedure in its version of ICD")
            return
        yield from self._on_chart_date(stated, code, came)

    def _service(self, stated: _Stated, came: Mapping[str, Moment | None]) -> Iterator[Event]:
        code = self.labels.service(stated.row["hcpcs_cd"] or "")
        if code is None:
            self._reject(stated, "hcpcs_cd", "is no code of HCPCS")
            return
        yield from self._on_chart_date(stated, code, came)

    def _on_chart_date(self, stated: _Stated, code: Code, came: Mapping[str, Moment | None]) -> Iterator[Event]:
        told = stated.row["chartdate"]
        at = self._moment(stated, "chartdate") if told else self._of_stay(stated, came)
        if at or not told:
            yield Event("procedure", (code,), at, stated.place, stated.record("hadm_id", "seq_num"))

    def _of_stay(self, stated: _Stated, came: Mapping[str, Moment | None]) -> Moment | None:
        """Return the day on which the stay began that a row belongs to; none, and the row counts, if it is unknown."""
        at = came.get(stated.row["hadm_id"])
        if at is None:
            self.account.leave_out(stated.table, "a day, since the admission is not there (the event is taken)")
        return at

    def _lab(self, stated: _Stated) -> Iterator[Event]:
        """Yield a result that is a number; the number also counts where the text beside it is blanked out."""
        row = stated.row
        code, value, text = self.labels.lab(row["itemid"] or ""), number(row["valuenum"] or ""), row["value"]
        if code is None or (value is None and row["valuenum"]):
            self._reject(stated, "valuenum" if code else "itemid", "is not a number")
        elif value is not None:
            at = self._moment(stated, "charttime")
            if at:
                record = stated.record("labevent_id")
                yield Event("measurement", (code,), at, stated.place, record, value=value, unit=row["valueuom"])
        elif text is None:
            self.account.leave_out("labevents", "no result")
        elif text == _BLANK:
            self.account.leave_out("labevents", "a result that the publisher blanked out")
        elif text.startswith(("<", ">")):
            self.account.leave_out("labevents", "a bound, not a value")
        else:
            self.account.leave_out("labevents", "a result in words")

    def _vitals(self, stated: _Stated) -> Iterator[Event]:
        """Yield what a visit measured; of a blood pressure, both numbers or none."""
        row = stated.row
        vitals = VITALS.get(row["result_name"] or "")
        if vitals is None:
            self.account.leave_out("omr", "a result without a code here")
            return
        values = [number(part.strip()) for part in (row["result_value"] or "").split("/")]
        if len(values) != len(vitals) or None in values:
            self._reject(stated, "result_value", f"is not {'two numbers' if len(vitals) > 1 else 'a number'}")
            return
        at = self._moment(stated, "chartdate")
        if at:
            record = stated.record("chartdate", "seq_num", "result_name")
            for vital, value in zip(vitals, values, strict=True):
                yield Event("measurement", (vital.code,), at, stated.place, record, value=value, unit=vital.unit)

    def _prescription(self, stated: _Stated) -> Iterator[Event]:
        row = stated.row
        codes = drug(row["ndc"], row["formulary_drug_cd"], row["drug"] or "")
        if not codes:
            self.account.leave_out("prescriptions", "neither an NDC nor a code of the formulary")
            return
        key = ("pharmacy_id", "drug_type", "drug")
        yield from self._span(stated, "drug", codes, ("starttime", "stoptime"), key)

    def _at_the_bedside(self, stated: _Stated) -> Iterator[Event]:
        code = self.labels.item(stated.row["itemid"] or "")
        if code is None:
            self._reject(stated, "itemid", "is not a number")
            return
        if stated.row["ordercategoryname"] == TALK:
            self.account.leave_out("procedureevents", "a talk, not a procedure")
            return
        yield from self._span(stated, "procedure", (code,), ("starttime", "endtime"), ("orderid",))

    def _span(
        self, stated: _Stated, what: What, codes: tuple[Code, ...], columns: tuple[str, str], key: tuple[str, ...]
    ) -> Iterator[Event]:
        """Yield an event that lasts from the one column to the other."""
        at = self._moment(stated, columns[0])
        if at is None:
            return
        until = self._moment(stated, columns[1]) if stated.row[columns[1]] else None
        if until and (until.first, until.minute or 0) < (at.first, at.minute or 0):
            self.account.leave_out(stated.table, "an end before the start (the event is taken)")
            until = None
        yield Event(what, codes, at, stated.place, stated.record(*key), until=until)

    def _moment(self, stated: _Stated, column: str) -> Moment | None:
        try:
            return _read_moment(stated.row[column] or "")
        except NoMoment as failure:
            self._reject(stated, column, str(failure) if stated.row[column] else "is missing")
            return None

    def _reject(self, stated: _Stated, element: str, reason: str) -> None:
        self.account.reject(stated.place, stated.table, element, reason)


def _day(text: str | None) -> Moment | None:
    """Return the day of a time, quietly: the stay's own event says what is wrong with it."""
    try:
        return Moment(_read_moment(text or "").first)
    except NoMoment:
        return None


@cache
def _read_moment(text: str) -> Moment:
    return read_moment(text)


READER = MimicReader()
