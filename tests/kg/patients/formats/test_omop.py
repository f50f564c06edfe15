"""OMOP: what each table states, in every way to write a data set, and counts of real ones found without our reader."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from kg.patients.formats.mimic import READER as MIMIC
from kg.patients.formats.omop import READER
from kg.patients.moment import Moment
from kg.patients.record import Account, Code, Event, Person, Place, Reading, RecordError
from tests.kg.patients.formats.made_up_tables import OMOP, text, write_omop

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(folder: Path) -> tuple[dict[str, Person], Account]:
    """Return the persons of a data set by their values, and what was not taken."""
    account = Account()
    persons = {person.identity[1]: person for person in READER.read([folder], Reading(account, NOW))}
    return persons, account


def events(person: Person, table: str) -> dict[str, Event]:
    """Return the events of a table by the keys of their rows."""
    return {event.record[1]: event for event in person.events if event.record[0] == table}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_omop(tmp_path_factory.mktemp("Hospital_of_Jane"))


@pytest.fixture(scope="module")
def made_up(folder: Path) -> tuple[dict[str, Person], Account]:
    return read(folder)


def as_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as a database does: days as timestamps, numbers as numbers, codes as text."""
    for column in frame.columns:
        if column.endswith(("_date", "_datetime")) and not column.startswith("valid"):
            frame[column] = pd.to_datetime(frame[column], errors="coerce")
    frame.to_parquet(path)


def anywhere(persons: Mapping[str, Person]) -> dict[str, Person]:
    """Return the persons without the lines in which something stands: Parquet has no header."""
    nowhere = Place("", 0)
    return {
        key: replace(person, place=nowhere, events=tuple(replace(event, place=nowhere) for event in person.events))
        for key, person in persons.items()
    }


CODES = {f"{stem}_source_value": str for stem in ("condition", "drug", "procedure", "measurement", "observation")}


Made = tuple[dict[str, Person], Account]


def test_persons(made_up: Made) -> None:
    persons, _ = made_up
    assert set(persons) == {"MRN-4711", "MRN-4712", "3", "MRN-4714"}
    jane, john, third = persons["MRN-4711"], persons["MRN-4712"], persons["3"]
    assert jane.identity == ("omop:made up", "MRN-4711")
    assert (jane.sex, john.sex, third.sex) == ("female", "male", None)
    assert jane.born == Moment(date(1960, 2, 3))
    assert john.born == Moment(date(1971, 5, 1), precision="month")
    assert third.born == Moment(date(1980, 1, 1), precision="year")
    assert persons["MRN-4714"].born is None
    assert john.died == Moment(date(2019, 4, 5), 367, "minute")
    assert jane.died is None
    assert jane.whole
    assert not jane.shifted
    assert jane.private.is_in("no. MRN4711")


def test_conditions(made_up: Made) -> None:
    found = events(made_up[0]["MRN-4711"], "condition_occurrence")
    assert {key: [f"{code.system}:{code.code}" for code in event.codes] for key, event in found.items()} == {
        "1": ["SNOMEDCT:44054006", "ICD10CM:E11.9"],
        "2": ["ICD9CM:787.91"],
        "3": ["ICD10CM:E87.6"],
        "4": ["ICD9CM:E876.4"],
        "8": ["OMOP:999001", "OMOP:2000000001"],
        "9": ["SNOMEDCT:44054006", "ICD10CM:E11.9"],
    }
    assert found["1"].codes[0] == Code("SNOMEDCT", "44054006", "Type 2 diabetes mellitus", public=True)
    assert not found["8"].codes[1].public
    assert (found["1"].at, found["1"].until) == (Moment(date(2010, 1, 2)), Moment(date(2010, 2, 1)))
    assert (found["2"].at, found["2"].until) == (Moment(date(2010, 1, 3), 870, "minute"), None)
    assert found["2"].place.line == 3


def test_drugs_measurements_and_procedures(made_up: Made) -> None:
    persons, _ = made_up
    drugs = events(persons["MRN-4712"], "drug_exposure")
    assert [[(code.system, code.code) for code in drugs[key].codes] for key in ("1", "2")] == [
        [("RXNORM", "213469"), ("NDC", "00025152531")],
        [("NDC", "00002-7510-01")],
    ]
    measured = events(persons["3"], "measurement")
    assert {key: (event.value, event.unit) for key, event in measured.items()} == {
        "1": (9.4, "%"),
        "3": (None, None),
        "5": (None, None),
    }
    assert measured["3"].value_code == Code("LOINC", "LA6576-8", "Positive", public=True)
    done = events(persons["3"], "procedure_occurrence")
    assert [(code.system, code.code) for event in done.values() for code in event.codes] == [
        ("CPT", "19301"),
        ("ICD9CM", "39.61"),
    ]


def test_a_diagnosis_among_observations_is_a_condition(made_up: Made) -> None:
    found = events(made_up[0]["3"], "observation")
    assert {key: (event.what, event.value) for key, event in found.items()} == {
        "2": ("measurement", 3.0),
        "3": ("condition", None),
    }


def test_visits(made_up: Made) -> None:
    visits = [event for event in made_up[0]["MRN-4711"].events if event.what == "visit"]
    assert [(event.codes[0].system, event.codes[0].code) for event in visits] == [
        ("PANAKEIA", "visit-inpatient"),
        ("PANAKEIA", "visit-emergency"),
        ("OMOP", "32036"),
        ("PANAKEIA", "visit-observation-period"),
    ]
    assert visits[-1].until == Moment(date(2020, 12, 31))


def test_what_is_not_taken_is_accounted_for(made_up: Made) -> None:
    _, account = made_up
    assert {(bad.table, bad.place.line, bad.element) for bad in account.rejected} == {
        ("person", 5, "person_id"),
        ("person", 6, "year_of_birth"),
        ("observation_period", 3, "observation_period_end_date"),
        ("condition_occurrence", 7, "condition_start_date"),
        ("condition_occurrence", 8, "person_id"),
        ("condition_occurrence", 11, "row"),
        ("measurement", 5, "value_as_number"),
    }
    assert account.left_out == {
        ("condition_occurrence", "no concept and no code"): 1,
        ("condition_occurrence", "an end before the start (the event is taken)"): 1,
        ("measurement", "a bound, not a value"): 1,
        ("observation", "an observation without a value"): 1,
        ("condition_era", "a summary of condition_occurrence"): 2,
    }


def test_no_record_is_quoted(made_up: Made) -> None:
    persons, account = made_up
    told = repr([(bad.place, bad.table, bad.element, bad.reason) for bad in account.rejected]) + repr(account.left_out)
    told += repr([event for person in persons.values() for event in person.events])
    for word in ("4711", "Jane", "Doe", "secret", "Hospital", "2010-13", "19x0", "high", "site says"):
        assert word not in told


def test_other_ways_to_write_it(folder: Path, made_up: Made, tmp_path: Path) -> None:
    """Gzipped, in capitals, tab-separated, as Parquet: the same persons."""
    for name in OMOP:
        content = text(OMOP[name])
        if name == "concept":
            rows = [*csv.reader(io.StringIO(content))]
            (tmp_path / "CONCEPT.csv").write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
        elif name in ("person", "condition_occurrence"):
            header, *rows = content.splitlines()
            shouted = "\r\n".join(["\ufeff" + header.upper(), *rows, "", ""])
            (tmp_path / f"{name.upper()}.CSV.gz").write_bytes(gzip.compress(shouted.encode()))
        else:
            as_parquet(pd.read_csv(io.StringIO(content), dtype=CODES), tmp_path / f"{name}.parquet")
    assert anywhere(read(tmp_path)[0]) == anywhere(made_up[0])


def test_two_data_sets_with_a_person_3_are_two_people(folder: Path, tmp_path: Path) -> None:
    other = write_omop(tmp_path, {"person": OMOP["person"], "cdm_source": "CDM_SOURCE_NAME\nMade Up Too\n"})
    identities = [
        [person.identity for person in READER.read([path], Reading(Account(), NOW))] for path in (folder, other)
    ]
    assert not {*identities[0]} & {*identities[1]}


def test_two_people_with_one_value_of_the_source_are_two(tmp_path: Path) -> None:
    people = (
        "person_id,gender_concept_id,year_of_birth,person_source_value\n1,8507,1960,x\n2,8507,1961,x\n3,8507,1962,1"
    )
    persons = READER.read([write_omop(tmp_path, {"person": people})], Reading(Account(), NOW))
    assert len({person.identity for person in persons}) == 3


def test_a_message_says_which_of_several_data_sets(folder: Path, tmp_path: Path) -> None:
    account = Account()
    other = write_omop(tmp_path, {"person": OMOP["person"]})
    list(READER.read([folder, other], Reading(account, NOW)))
    assert {"person of data set 1", "person of data set 2"} <= {bad.place.file for bad in account.rejected}


def test_days_that_have_not_come_are_shifted_ones(tmp_path: Path) -> None:
    folder = write_omop(
        tmp_path, {"person": OMOP["person"], "visit_occurrence": OMOP["visit_occurrence"].replace(",20", ",21")}
    )
    assert all(person.shifted for person in READER.read([folder], Reading(Account(), NOW)))


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"visit_occurrence": OMOP["visit_occurrence"]}, "without its table person"),
        ({"person": "person_id,year_of_birth\n1,1960\n"}, "the table person has no column gender_concept_id"),
        ({"person": OMOP["person"], "death": "person_id\n1\n"}, "the table death has no column death_date"),
        ({"person": ""}, "the table person has no column person_id"),
        ({"person": "Jane,Doe,1960\n"}, "the table person has no column person_id"),
        (
            {"person": "person_id,gender_concept_id,year_of_birth,PERSON_ID\n1,1,1,1\n"},
            "more than one column person_id",
        ),
    ],
)
def test_what_is_no_data_set_is_named(tables: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=message) as raised:
        read(write_omop(tmp_path, tables))
    assert "Jane" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "person.csv",
            b"person_id,gender_concept_id,year_of_birth\nJ\xe4ne,1,1\n",
            "table person, line 2: byte 43 is not UTF-8",
        ),
        ("person.csv", "person_id\n".encode("utf-16"), "UTF-16"),
        ("person.csv.gz", gzip.compress(text(OMOP["person"]).encode())[:-20], "person cannot be read"),
        ("person.csv.gz", b"no gzip", "person cannot be read"),
        ("person.parquet", b"no parquet", "person cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordError, match=message) as raised:
        read(tmp_path)
    assert "J" not in str(raised.value)


def test_two_files_of_one_table_are_refused(folder: Path, tmp_path: Path) -> None:
    write_omop(tmp_path, {"person": OMOP["person"], "PERSON": OMOP["person"]})
    with pytest.raises(RecordError, match="two files hold the table person"):
        read(tmp_path)


def test_sniff(folder: Path, tmp_path: Path) -> None:
    assert READER.sniff(folder)
    assert not READER.sniff(folder / "person.csv")
    assert not READER.sniff(folder.parent)
    assert not MIMIC.sniff(folder)
    assert READER.sniff(write_omop(tmp_path, {name: OMOP[name] for name in ("visit_occurrence", "death")}))


def rows(path: Path) -> int:
    """Count the lines of a file, of which the first is the header."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
        return sum(1 for _ in stream) - 1


def counts(persons: Mapping[str, Person]) -> Counter[str]:
    return Counter(event.record[0] for person in persons.values() for event in person.events)


@pytest.mark.mirror
def test_gibleed_whole(mirror: Path) -> None:
    """Every row is an event, is rejected, or is counted; the issue's figures, and the lines of the files."""
    folder = mirror / "patients" / "omop" / "gibleed"
    persons, account = read(folder)
    found = counts(persons)
    assert len(persons) == 2694
    expected = {"condition_occurrence": 65_332, "drug_exposure": 67_707, "measurement": 44_053}
    for table in (*expected, "procedure_occurrence", "visit_occurrence"):
        assert found[table] == rows(folder / f"{table}.csv.gz") == expected.get(table, found[table])
    strangers = Counter(bad.table for bad in account.rejected)
    assert found["observation_period"] == 2694
    assert found["observation_period"] + strangers["observation_period"] == rows(folder / "observation_period.csv.gz")
    assert set(strangers) == {"observation_period"}
    assert account.left_out["observation", "an observation without a value"] == rows(folder / "observation.csv.gz")
    assert account.left_out["drug_era", "a summary of drug_exposure"] == rows(folder / "drug_era.csv.gz")
    assert {code.system for person in persons.values() for event in person.events for code in event.codes} == {
        *("SNOMEDCT", "ICD10CM", "RXNORM", "NDC", "CVX", "LOINC", "PANAKEIA")
    }
    takers = {
        key
        for key, person in persons.items()
        for event in person.events
        if any(code.display.startswith("celecoxib") for code in event.codes)
    }
    exposures = pd.read_csv(folder / "drug_exposure.csv.gz", usecols=["person_id", "drug_concept_id"])
    assert len(takers) == exposures[exposures["drug_concept_id"].isin([1118084, 1118088])]["person_id"].nunique()


@pytest.mark.mirror
def test_synthea_as_csv_and_as_parquet(mirror: Path, tmp_path: Path) -> None:
    """Read from 5.4 in capitals, and from Parquet that DuckDB's or pandas's types are in."""
    folder = mirror / "patients" / "omop" / "synthea27"
    persons, account = read(folder)
    assert len(persons) == 28
    assert not account.rejected
    found = counts(persons)
    for table in ("condition_occurrence", "drug_exposure", "measurement", "procedure_occurrence", "visit_occurrence"):
        assert found[table] == rows(folder / f"{table.upper()}.csv.gz")
    for path in folder.iterdir():
        frame = pd.read_csv(path, low_memory=False, dtype=CODES)
        as_parquet(frame, tmp_path / (path.name.partition(".")[0].lower() + ".parquet"))
    again, _ = read(tmp_path)
    assert anywhere(again) == anywhere(persons)


@pytest.mark.mirror
def test_the_same_hundred_patients_through_two_doors(mirror: Path, mimic_demo: tuple[list[Person], Account]) -> None:
    """The OMOP version states 2,621 pairs of a patient and an ICD code, and the tables each of them, on the same day.

    What the tables have beyond that went to OMOP's `observation` and `measurement`, which this copy has not.
    """
    patients = mirror / "patients"
    omop, account = read(patients / "omop" / "mimic-iv-demo")
    tables = {person.identity[1]: person for person in mimic_demo[0]}
    assert omop.keys() == tables.keys()
    assert not account.rejected
    assert all(person.shifted for person in (*omop.values(), *tables.values()))
    assert {key: (person.sex, person.born) for key, person in omop.items()} == {
        key: (person.sex, person.born) for key, person in tables.items()
    }
    pairs, theirs = icd_pairs(omop), icd_pairs(tables)
    assert len({pair[:2] for pair in pairs}) == 2621
    assert len({pair[:2] for pair in theirs}) == 3223
    assert pairs <= theirs
    # What is left over states circumstances, causes and findings, but for the days of a code that came up again.
    beyond = {pair[1] for pair in theirs if pair[:2] not in {known[:2] for known in pairs}}
    assert all(code.removeprefix("ICD9CM:").removeprefix("ICD10CM:").startswith(BEYOND) for code in beyond)


BEYOND = (*"EVWXYZ", "T", "R", "78", "79")
"""How the codes begin of circumstances, external causes and their effects, symptoms and findings."""


def icd_pairs(persons: Mapping[str, Person]) -> set[tuple[str, str, date]]:
    """Return the patients, their ICD codes, and the days of these."""
    return {
        (key, f"{code.system}:{code.code}", event.at.first)
        for key, person in persons.items()
        for event in person.events
        for code in event.codes
        if event.what == "condition" and code.system.startswith("ICD") and isinstance(event.at, Moment)
    }
