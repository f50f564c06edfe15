"""What speaks against a drug and for it, and who could be given it: run as a user runs it."""

import json
from pathlib import Path

import pytest

from panakeia import Session
from tests.panakeia.conftest import Panakeia

PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANAKEIA_JOURNAL", str(tmp_path / "kept"))


def test_the_warnings_of_a_drug(panakeia: Panakeia, starter_store: Path) -> None:
    asked = ("patient", "warnings", PATIENT, "--drug", "warfarin", "--store", starter_store)
    found = panakeia(*asked, "--json").json()
    [(drug, warned)] = found["warnings"].items()
    assert drug == "DRUGBANK:DB00682" and {one["severity"] for one in warned} == {"change"}
    assert {node["name"] for one in warned for node in one["because"]} == {"CYP2C9*3", "VKORC1 -1639G>A"}
    with Session(starter_store) as session:
        same = session.patient_warnings(PATIENT, drugs="warfarin")
    assert json.loads(json.dumps(same.to_json())) == found
    text = panakeia(*asked).out
    assert "not checked: contraindication" in text and "a drug without a warning is not a safe one" in text


def test_without_a_drug_those_taken_are_asked_about(panakeia: Panakeia, starter_store: Path) -> None:
    none = panakeia("patient", "warnings", PATIENT, "--store", starter_store)
    assert none.status == 2 and "name drugs (--drug), or ask of all (--all)" in none.err
    every = panakeia("patient", "warnings", PATIENT, "--all", "--store", starter_store, "--json").json()
    assert len(every["warnings"]) > 1


def test_what_supports_a_drug(panakeia: Panakeia, starter_store: Path) -> None:
    asked = ("patient", "support", PATIENT, "--drug", "warfarin", "--store", starter_store)
    found = panakeia(*asked, "--json").json()
    ways = [one["way"] for one in found["support"]["DRUGBANK:DB00682"]]
    assert ways[0] == "treats" and "gene of the variant" not in ways
    altered = found["altered"]["DRUGBANK:DB00682"]  # CYP2C9*3 alters what becomes of it: a warning, and no support
    assert {one["way"] for one in altered} == {"pharmacogene of the variant"}
    assert "atrial fibrillation <- treats - Warfarin" in panakeia(*asked).out


def test_who_could_be_given_a_drug(panakeia: Panakeia, starter_store: Path) -> None:
    asked = ("patient", "eligible", "warfarin", "atrial fibrillation", "--store", starter_store)
    found = panakeia(*asked, "--without", "change", "--json").json()
    fits = {one["patient"]: one["fits"] for one in found["with_the_disease"]}
    assert not fits[PATIENT] and found["patients"] == [patient for patient, fit in fits.items() if fit]
    text = panakeia(*asked).out
    assert PATIENT not in text and "<11" in text
    assert panakeia(*asked, "--without", "grave").status == 2


def test_that_somebody_asked_is_in_the_journal(panakeia: Panakeia, starter_store: Path) -> None:
    for verb in ("warnings", "support"):
        panakeia("patient", verb, PATIENT, "--drug", "warfarin", "--store", starter_store)
    panakeia("patient", "eligible", "warfarin", "atrial fibrillation", "--store", starter_store)
    entries = panakeia("patient", "journal", "--store", starter_store, "--json").json()["entries"]
    assert [one["verb"] for one in entries] == ["patient warnings", "patient support", "patient eligible"]
    assert "DRUGBANK:DB00682 DOID:0060224" in entries[2]["detail"]
