"""MIMIC-IV: what each table states of a made-up patient, and the demo's counts found without our reader."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kg.patients.formats.mimic import READER
from kg.patients.moment import Moment
from kg.patients.record import Account, Code, Event, Person, Reading, RecordError
from tests.kg.patients.formats.made_up_tables import HOSP, ICU, write_mimic

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Made = tuple[dict[str, Person], Account]


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Made:
    account = Account()
    folder = write_mimic(tmp_path_factory.mktemp("mimic"))
    return {person.identity[1]: person for person in READER.read([folder], Reading(account, NOW))}, account


def of(made: Made, table: str) -> list[Event]:
    """Return the events of the first patient that a table states."""
    return [event for event in made[0]["10000001"].events if event.record[0] == table]


def test_persons(made_up: Made) -> None:
    persons, _ = made_up
    first, oldest, unknown = (persons[f"1000000{number}"] for number in (1, 2, 3))
    assert first.identity == ("mimic", "10000001")
    assert (first.sex, oldest.sex) == ("female", "male")
    assert first.born == Moment(date(2090, 1, 1), precision="year")
    assert (first.died, oldest.died) == (Moment(date(2151, 3, 4)), None)
    assert oldest.born == Moment(date(2059, 1, 1), precision="year")
    assert unknown.born is None
    assert first.whole
    assert first.shifted
    assert first.private.is_code("10000001")


def test_visits(made_up: Made) -> None:
    stays = [*of(made_up, "admissions"), *of(made_up, "icustays")]
    assert [(event.codes[0].code, event.at, event.until) for event in stays] == [
        ("visit-inpatient", Moment(date(2150, 2, 2), 30, "minute"), Moment(date(2150, 2, 9), 720, "minute")),
        ("visit-emergency", Moment(date(2150, 2, 1), 1320, "minute"), Moment(date(2150, 2, 2), 60, "minute")),
        ("visit-observation", Moment(date(2150, 3, 1), 600, "minute"), Moment(date(2150, 3, 2), 720, "minute")),
        ("visit-intensive-care", Moment(date(2150, 2, 3), 62, "minute"), Moment(date(2150, 2, 4), 62, "minute")),
    ]


def test_conditions_count_from_the_day_on_which_the_stay_began(made_up: Made) -> None:
    assert [(event.codes, event.at, event.until) for event in of(made_up, "diagnoses_icd")] == [
        ((Code("ICD9CM", "787.91", "Diarrhea", public=True),), Moment(date(2150, 2, 1)), None),
        ((Code("ICD9CM", "E849.7"),), Moment(date(2150, 2, 1)), None),
        ((Code("ICD10CM", "E11.9"),), Moment(date(2150, 2, 1)), None),
        ((Code("ICD10CM", "I10", "Essential (primary) hypertension", public=True),), Moment(date(2150, 3, 1)), None),
        ((Code("ICD10CM", "I10", "Essential (primary) hypertension", public=True),), None, None),
    ]


def test_procedures(made_up: Made) -> None:
    done = [event for table in ("procedures_icd", "hcpcsevents", "procedureevents") for event in of(made_up, table)]
    assert [(event.codes[0].system, event.codes[0].code, event.at) for event in done] == [
        ("ICD9CM", "39.61", Moment(date(2150, 2, 3))),
        ("ICD10PCS", "02HV33Z", Moment(date(2150, 2, 1))),
        ("HCPCS", "G0378", Moment(date(2150, 3, 1))),
        ("CPT", "93454", Moment(date(2150, 3, 1))),
        ("PANAKEIA", "MIMIC-225792", Moment(date(2150, 2, 3), 120, "minute")),
    ]
    assert done[-1].codes[0].display == "Invasive Ventilation"


def test_measurements(made_up: Made) -> None:
    labs, vitals = of(made_up, "labevents"), of(made_up, "omr")
    assert [(event.codes[0].code, event.value, event.unit) for event in (*labs, *vitals)] == [
        ("MIMIC-50912", 0.9, "mg/dL"),
        ("MIMIC-50912", 1.1, "mg/dL"),
        ("MIMIC-51265", 250.0, "K/uL"),
        ("8480-6", 120.0, "mm[Hg]"),
        ("8462-4", 80.0, "mm[Hg]"),
        ("29463-7", 127.5, "[lb_av]"),
    ]
    assert labs[0].codes[0] == Code("PANAKEIA", "MIMIC-50912", "Creatinine (Blood)", public=True)


def test_drugs(made_up: Made) -> None:
    insulin, fentanyl = of(made_up, "prescriptions")
    assert insulin.codes == (Code("NDC", "00002-7510-01", "Insulin"),)
    assert insulin.until == Moment(date(2150, 2, 3), 360, "minute")
    assert fentanyl.codes == (Code("PANAKEIA", "MIMIC-FENT2.5_I", "Fentanyl Citrate"),)
    assert fentanyl.until is None


def test_what_is_not_taken_is_accounted_for(made_up: Made) -> None:
    _, account = made_up
    assert {(bad.table, bad.place.line, bad.element) for bad in account.rejected} == {
        ("patients", 4, "anchor_age"),
        ("admissions", 4, "subject_id"),
        ("diagnoses_icd", 7, "icd_code"),
        ("labevents", 9, "charttime"),
        ("labevents", 10, "valuenum"),
        ("omr", 5, "result_value"),
    }
    assert {(table, reason.partition(":")[0]): count for (table, reason), count in account.left_out.items()} == {
        ("emar", "doses given of what prescriptions states"): 1,
        ("diagnoses_icd", "a day, since the admission is not there (the event is taken)"): 1,
        ("labevents", "a result that the publisher blanked out"): 1,
        ("labevents", "a bound, not a value"): 1,
        ("labevents", "a result in words"): 1,
        ("labevents", "no result"): 1,
        ("prescriptions", "neither an NDC nor a code of the formulary"): 1,
        ("prescriptions", "an end before the start (the event is taken)"): 1,
        ("omr", "a result without a code here"): 1,
        ("procedureevents", "a talk, not a procedure"): 1,
    }
    told = repr(account.left_out) + repr([(bad.place, bad.reason) for bad in account.rejected])
    assert not [word for word in ("SECRET", "Secret", "1000000", "0.9x", "HOLD", ">300", "mimic0") if word in told]


@pytest.mark.parametrize("missing", ["patients", "admissions"])
def test_a_missing_table_is_named(missing: str, tmp_path: Path) -> None:
    folder = write_mimic(tmp_path, {name: rows for name, rows in (HOSP | ICU).items() if name != missing})
    assert not READER.sniff(folder)
    with pytest.raises(RecordError, match=f"without its table {missing}"):
        list(READER.read([folder], Reading(Account(), NOW)))


def test_sniff(tmp_path: Path) -> None:
    folder = write_mimic(tmp_path)
    assert READER.sniff(folder)
    assert READER.sniff(folder / "hosp")
    assert not READER.sniff(folder / "icu")
    assert not READER.sniff(folder / "hosp" / "patients.csv.gz")


def table(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with gzip.open(folder / "hosp" / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


@pytest.mark.mirror
def test_the_demo_whole(mirror: Path, mimic_demo: tuple[list[Person], Account]) -> None:
    """Every row of the tables that are read is an event or is counted: 107,727 labs, all that are numbers."""
    folder = mirror / "patients" / "mimic-iv-demo"
    persons, account = mimic_demo
    found = Counter(event.record[0] for person in persons for event in person.events)
    left: Counter[str] = Counter()
    for (name, reason), count in account.left_out.items():
        left[name] += count * ("is taken" not in reason)
    assert len(persons) == 100
    assert not account.rejected
    for name in ("diagnoses_icd", "procedures_icd", "hcpcsevents", "labevents", "prescriptions"):
        assert found[name] + left[name] == sum(1 for _ in table(folder, name))
    for name in ("emar", "microbiologyevents"):
        assert left[name] == sum(1 for _ in table(folder, name))
    labs = list(table(folder, "labevents"))
    assert len(labs) == 107_727
    assert found["labevents"] == sum(1 for row in labs if row["valuenum"]) == 95_246
    bounds = sum(1 for row in labs if not row["valuenum"] and row["value"][:1] in ("<", ">"))
    assert account.left_out["labevents", "a bound, not a value"] == bounds == 12
    pressures = sum(1 for row in table(folder, "omr") if row["result_name"].startswith("Blood Pressure"))
    assert found["omr"] == sum(1 for _ in table(folder, "omr")) + pressures
    totals = Counter(code.system for person in persons for event in person.events for code in event.codes)
    assert totals["ICD9CM"] + totals["ICD10CM"] == 4506 + sum(
        1 for row in table(folder, "procedures_icd") if row["icd_version"] == "9"
    )
    value = {row["labevent_id"]: float(row["valuenum"]) for row in labs if row["valuenum"]}
    assert value == {
        event.record[1]: event.value for person in persons for event in person.events if event.record[0] == "labevents"
    }
