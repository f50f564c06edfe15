"""Scores of models as a patient's record: each edge names its model and version, and what does not is refused."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kg.patients.deidentify import pseudonym
from kg.patients.formats import sorted_by_format
from kg.patients.formats.scores import READER
from kg.patients.imports import Imported, import_patients
from kg.patients.record import Account, Event, Person, Reading, RecordError
from kg.query.people import events
from kg.search import find
from kg.stores.protocol import Store

HEAD = "patient,system,day,measure,value,unit,model,model_version,sha256,url,agent_type"
SHA = "ab" * 32
ROW = f"4711,urn:hospital,2019-03-05,MGMT methylation,0.81,1,MONAI MGMT,0.3.1,{SHA},https://example.org/m,"


@pytest.fixture
def account() -> Account:
    return Account()


def read(path: Path, account: Account) -> list[Person]:
    return list(READER.read([path], Reading(account, datetime(2026, 1, 1, tzinfo=UTC))))


def table(folder: Path, *rows: str, name: str = "scores.csv", head: str = HEAD) -> Path:
    (folder / name).write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return folder / name


def reasons(account: Account) -> list[tuple[int, str, str]]:
    return [(one.place.line, one.element, one.reason.partition(":")[0]) for one in account.rejected]


def test_a_row_is_a_measurement_with_its_model(tmp_path: Path, account: Account) -> None:
    [person] = read(table(tmp_path, ROW), account)
    [event] = person.events
    assert person.identity == ("urn:hospital", "4711") and not person.shifted
    assert (event.value, event.unit, event.codes[0].code) == (0.81, "1", "score-MGMT-methylation")
    assert event.found is not None
    assert (event.found.model, event.found.version, event.found.sha256) == ("MONAI MGMT", "0.3.1", SHA)
    assert (event.found.agent_type, event.found.knowledge_level) == ("computational_model", "prediction")
    assert not account.rejected


def test_json_says_the_same(tmp_path: Path, account: Account) -> None:
    row = dict(zip(HEAD.split(","), ROW.split(","), strict=True)) | {"value": 0.81, "agent_type": None}
    path = tmp_path / "scores.json"
    path.write_text(json.dumps([row]), encoding="utf-8")
    assert sorted_by_format([path]) == {"scores": [path]}
    [person] = read(path, account)
    [same] = read(table(tmp_path, ROW), account)
    assert [event.found for event in person.events] == [event.found for event in same.events]
    assert [event.record for event in person.events] == [event.record for event in same.events]
    assert person.events[0].value == 0.81


@pytest.mark.parametrize(
    ("old", "new", "element"),
    [
        ("MONAI MGMT", "", "model"),
        ("0.3.1", "", "model_version"),
        ("0.3.1", "latest!", "model_version"),
        ("0.3.1", "of Brambleby 9", "model_version"),
        ("0.81", "high", "value"),
        ("0.81", "nan", "value"),
        ("0.81", "", "value"),
        ("2019-03-05", "5 March", "day"),
        ("MGMT methylation", "", "measure"),
        ("MGMT methylation", "PANAKEIA:P-0656e08a1b41eeba9b7b", "measure"),
        ("MGMT methylation", "MGMT of 47110815", "the row"),
        ("4711,", ",", "patient"),
        ("4711,", "P-0656e08a1b41eeba9b7b,", "system"),
        (SHA, "abc", "sha256"),
        ("https://example.org/m", "ftp://example.org", "url"),
        ("/m,", "/m,manual_agent", "agent_type"),
    ],
)
def test_a_row_that_is_not_whole_is_refused(tmp_path: Path, account: Account, old: str, new: str, element: str) -> None:
    row = ROW.replace("4711,", "47110815,") if new.endswith("47110815") else ROW
    people = read(table(tmp_path, row.replace(old, new, 1), ROW.replace("4711", "4712")), account)
    assert [one.element for one in account.rejected] == [element]
    assert [person.identity[1] for person in people] == ["4712"]
    assert account.rejected[0].place.line == 2 and "4711" not in account.rejected[0].reason


def test_without_a_column_of_models_all_are_refused(tmp_path: Path, account: Account) -> None:
    path = table(tmp_path, "4711,x,1,1", "4712,x,2,1", head="patient,measure,value,unit")
    assert not READER.sniff(path)
    assert not read(path, account)
    assert reasons(account) == [(line, "model", "is missing") for line in (2, 3)]


def test_what_is_no_table_of_scores(tmp_path: Path, account: Account) -> None:
    assert READER.sniff(table(tmp_path, ROW))
    assert not READER.sniff(tmp_path)
    assert not READER.sniff(table(tmp_path, "1,2", name="other.csv", head="patient,value"))
    broken = tmp_path / "scores.json"
    for text in ("{", '{"measure": 1}', "[1]"):
        broken.write_text(text, encoding="utf-8")
        assert not READER.sniff(broken)
        with pytest.raises(RecordError, match="list of objects"):
            read(broken, account)


Imports = Callable[..., Imported]


@pytest.fixture
def imports(store: Store, tmp_path: Path, key: bytes) -> Imports:
    def done(*rows: str) -> Imported:
        return import_patients(table(tmp_path, *rows), store, key)

    return done


def measured(store: Store, patient: str) -> list[tuple[float, str, str]]:
    found = events(store, patient)
    return sorted(zip(found["value"], found["model"], found["model_version"], strict=True))


def test_evidence_names_model_and_version(store: Store, imports: Imports) -> None:
    [patient] = imports(ROW).patients
    node = find(store, "MGMT methylation", "Measurement")
    [edge] = store.read().edges["patient_has_measurement"].to_pylist()
    assert (edge["subject"], edge["object"], edge["value"]) == (patient, node.id, 0.81)
    assert (edge["knowledge_level"], edge["agent_type"]) == ("prediction", "computational_model")
    assert (edge["model"], edge["model_version"], edge["model_sha256"]) == ("MONAI MGMT", "0.3.1", SHA)
    assert edge["references"] == ["https://example.org/m"]


def test_a_newer_version_stands_beside_the_older(store: Store, imports: Imports) -> None:
    [patient] = imports(ROW).patients
    imports(ROW)
    assert measured(store, patient) == [(0.81, "MONAI MGMT", "0.3.1")]
    imports(ROW.replace("0.3.1", "0.4.0").replace("0.81", "0.64"))
    assert measured(store, patient) == [(0.64, "MONAI MGMT", "0.4.0"), (0.81, "MONAI MGMT", "0.3.1")]
    imports(ROW.replace("0.81", "0.83"))  # what a version found is corrected, not doubled
    assert measured(store, patient) == [(0.64, "MONAI MGMT", "0.4.0"), (0.83, "MONAI MGMT", "0.3.1")]


def test_a_patient_of_the_store_by_identifier_and_by_pseudonym(store: Store, imports: Imports, key: bytes) -> None:
    [patient] = imports(ROW).patients
    who = pseudonym(key, ("urn:hospital", "4711"))
    assert patient == who.curie
    before = events(store, patient)["day"].tolist()
    row = ROW.replace("4711,urn:hospital", f"{who.name},").replace("MGMT methylation", "age of the brain")
    [same] = imports(row.replace("2019-03-05", "2031-02-03")).patients
    assert same == patient
    days = events(store, patient)["day"].tolist()
    assert sorted(days) == sorted([*before, 22313])  # on the patient's own calendar it stays where it is
    again = imports(row.replace("2019-03-05", "2031-02-03").replace(who.name, who.curie))
    assert again.patients == (patient,) and len(events(store, patient)) == 2


def test_a_pseudonym_that_the_store_does_not_have(store: Store, imports: Imports) -> None:
    done = imports(ROW, ROW.replace("4711,urn:hospital", "P-00000000000000000000,"))
    assert len(done.patients) == 1
    assert "is a pseudonym that the store does not have" in done.to_text()
    assert "P-0000" not in done.to_text()


def test_a_pseudonym_and_its_identifier_in_one_import(store: Store, imports: Imports, key: bytes) -> None:
    who = pseudonym(key, ("urn:hospital", "4711"))
    imports(ROW)
    with pytest.raises(RecordError, match="Import the one, then the other"):
        imports(ROW, ROW.replace("4711,urn:hospital", f"{who.name},"))


def test_a_patient_whom_another_format_knows(store: Store, tmp_path: Path, key: bytes) -> None:
    """The system and the identifier of a FHIR Patient make the same pseudonym."""
    identifier = {"system": "urn:hospital", "value": "4711"}
    patient = {"resourceType": "Patient", "id": "1", "identifier": [identifier], "birthDate": "1961-02-03"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]}
    (tmp_path / "bundle.json").write_text(json.dumps(bundle), encoding="utf-8")
    together = import_patients([tmp_path / "bundle.json", table(tmp_path, ROW)], store, key)
    assert together.patients == (pseudonym(key, ("urn:hospital", "4711")).curie,)
    assert measured(store, together.patients[0]) == [(0.81, "MONAI MGMT", "0.3.1")]


def events_of(people: Sequence[Person]) -> list[Event]:
    return [event for person in people for event in person.events]


def test_a_public_code_is_its_own_measurement(tmp_path: Path, account: Account, store: Store, imports: Imports) -> None:
    [event] = events_of(read(table(tmp_path, ROW.replace("MGMT methylation", "LOINC:30525-0")), account))
    assert (event.codes[0].system, event.codes[0].code) == ("LOINC", "30525-0")
    done = imports(ROW, ROW.replace(",1,MONAI", ",,MONAI").replace("MGMT methylation", "another"))
    assert ("scores", "measurement", "a number without a unit") in done.left_out
