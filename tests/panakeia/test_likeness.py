"""Who is like a patient: run as a user runs it."""

import json
from pathlib import Path

import pytest

from panakeia import Session
from tests.panakeia.conftest import Panakeia

PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANAKEIA_JOURNAL", str(tmp_path / "kept"))


def test_the_likest_patients(panakeia: Panakeia, starter_store: Path) -> None:
    found = panakeia("patient", "similar", PATIENT, "--store", starter_store, "--top", 3, "--json").json()
    assert [one["rank"] for one in found["similar"]] == [1, 2, 3]
    assert found["patient"] == PATIENT and PATIENT not in {one["patient"] for one in found["similar"]}
    with Session(starter_store) as session:
        same = session.patient_similar(PATIENT, top=3)
    assert json.loads(json.dumps(same.to_json())) == found
    text = panakeia("patient", "similar", PATIENT, "--store", starter_store, "--by", "condition")
    assert "most like" in text.out and "variant" not in text.out


def test_that_somebody_asked_is_in_the_journal(panakeia: Panakeia, starter_store: Path) -> None:
    panakeia("patient", "similar", PATIENT, "--store", starter_store)
    [entry] = panakeia("patient", "journal", "--store", starter_store, "--json").json()["entries"]
    assert (entry["verb"], entry["about"]) == ("patient similar", PATIENT)


def test_an_unknown_aspect_or_patient(panakeia: Panakeia, starter_store: Path) -> None:
    wrong = panakeia("patient", "similar", PATIENT, "--by", "zodiac", "--store", starter_store)
    assert (wrong.status, wrong.out) == (2, "") and "expected some of phenotype" in wrong.err
    unknown = panakeia("patient", "similar", "Ottoline Quillfeather", "--store", starter_store)
    assert unknown.status == 2 and "Quillfeather" not in unknown.err
