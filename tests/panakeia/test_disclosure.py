"""What a cohort gives away, its noisy counts under a budget, and the journal: run as a user runs them."""

import gzip
import json
from pathlib import Path

import pytest

from kg.query import rows_of
from kg.stores.opening import open_store
from panakeia import Session
from tests.panakeia.conftest import Panakeia


@pytest.fixture(scope="module")
def patients(starter_store: Path) -> list[str]:
    with open_store(starter_store) as store:
        return [row["id"] for row in rows_of(store, "Patient")]


@pytest.fixture
def cohort(tmp_path: Path, patients: list[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cohort's file; the journal and the budget lie beside it."""
    monkeypatch.setenv("PANAKEIA_JOURNAL", str(tmp_path / "kept"))
    monkeypatch.setenv("PANAKEIA_USER", "dana")
    path = tmp_path / "cohort.json"
    path.write_text(json.dumps({"patients": [*patients, "PANAKEIA:P-00000000000000000000"]}), encoding="utf-8")
    return path


def test_figures_of_a_cohort(panakeia: Panakeia, starter_store: Path, cohort: Path, patients: list[str]) -> None:
    run = panakeia("patient", "disclosure", cohort, "--store", starter_store, "--sensitive", "hypertension", "--json")
    found = run.json()
    assert (found["quasi"], found["age_band_years"], found["threshold"]) == (["age", "sex"], 10, 11)
    assert found["sensitive"] == ["DOID:10763"]
    assert (found["figures"]["people"], found["left_out"]) == (len(patients), 1)
    assert {row["people"] for row in found["table"]} <= {"<11", "hidden"}  # they are twelve in all
    assert not any(patient in run.out for patient in patients)
    text = panakeia("patient", "disclosure", cohort, "--store", starter_store, "--k", 2, "--age-band", 90).out
    assert "k_anonymity" in text and "exact" in text


def test_noisy_counts_until_the_budget_is_spent(panakeia: Panakeia, starter_store: Path, cohort: Path) -> None:
    ask = ("patient", "disclosure", cohort, "--store", starter_store, "--quasi", "sex", "--epsilon", 0.5, "--json")
    found = panakeia(*ask).json()
    assert found["budget"] == {"total": 1.0, "spent": 0.5, "left": 0.5}
    assert [row["sex"] for row in found["table"]] == ["female", "male", "other", "unknown"]
    assert not {"figures", "left_out"} & found.keys()
    assert panakeia(*ask).status == 0
    refused = panakeia(*ask)
    assert (refused.status, refused.out) == (2, "")
    assert "the budget is spent" in refused.err and "0.0 is left" in refused.err
    other = panakeia(*ask, "--budget", cohort.parent / "other.jsonl", "--budget-total", 0.4)
    assert "0.4 is left" in other.err
    journal = panakeia("patient", "journal", "--store", starter_store, "--json").json()
    assert [entry["detail"] for entry in journal["entries"]] == ["quasi sex; sensitive ; epsilon 0.5"] * 4


def test_the_journal_tells_who_asked_and_any_edit(
    panakeia: Panakeia, starter_store: Path, cohort: Path, patients: list[str]
) -> None:
    for _ in range(2):
        assert panakeia("patient", "disclosure", cohort, "--store", starter_store).status == 0
    run = panakeia("patient", "journal", "--store", starter_store, "--verify", "--json")
    assert (run.status, run.json()["sound"], run.json()["lines"]) == (0, True, 2)
    entry = run.json()["entries"][0]
    assert (entry["who"], entry["verb"], entry["size"]) == ("dana", "patient disclosure", len(patients) + 1)
    [file] = (cohort.parent / "kept").glob("*.journal.jsonl")
    text = file.read_text(encoding="utf-8")
    assert not any(patient in text for patient in patients) and "cohort.json" not in text
    file.write_text(text.replace("dana", "finn", 1), encoding="utf-8")
    edited = panakeia("patient", "journal", "--store", starter_store, "--verify")
    assert edited.status == 2
    assert "NOT SOUND: line 1" in edited.out
    assert panakeia("patient", "journal", "--store", starter_store).status == 0
    file.write_text(text.rpartition("dana")[0] + "finn" + text.rpartition("dana")[2], encoding="utf-8")
    refused = panakeia("patient", "disclosure", cohort, "--store", starter_store)
    assert (refused.status, refused.out) == (2, "")
    assert "it was edited, and nothing more is written to it" in refused.err


def test_a_cohort_by_its_criteria(panakeia: Panakeia, starter_store: Path, cohort: Path) -> None:
    criteria = cohort.with_suffix(".toml")
    criteria.write_text('name = "Warfarin"\n[entry]\ndrug = "warfarin"\n', encoding="utf-8")
    fitting = panakeia("cohort", criteria, "--store", starter_store, "--json").json()["patients"]
    found = panakeia("patient", "disclosure", criteria, "--store", starter_store, "--json").json()
    assert found["figures"]["people"] == len(fitting) == 6


def test_a_csv_of_people_needs_no_store(panakeia: Panakeia, tmp_path: Path) -> None:
    rows = [f"{30 + n % 20},{'fm'[n % 2]},{'yes' if n % 3 else 'no'}" for n in range(60)]
    table = tmp_path / "people.csv.gz"
    table.write_bytes(gzip.compress("\n".join(["Age,Gender,Diabetes", *rows]).encode()))
    asked = ("--quasi", "Age", "--quasi", "Gender", "--sensitive", "Diabetes", "--store", tmp_path / "none", "--json")
    found = panakeia("patient", "disclosure", table, *asked).json()
    assert (found["figures"]["k_anonymity"], found["figures"]["classes"], found["age_band_years"]) == (3, 20, None)
    assert found["suffices"]["age_band_years"] == 10
    at_once = panakeia("patient", "disclosure", table, "--quasi", "Age, Gender", "--sensitive", "Diabetes", "--json")
    assert at_once.json() == found
    assert "has the columns Age, Gender" in panakeia("patient", "disclosure", table, "--quasi", "Age,Zip").err
    banded = panakeia("patient", "disclosure", table, *asked, "--age-band", 10).json()
    assert [row["people"] for row in banded["table"]] == [15] * 4
    assert not (tmp_path / "none").exists()
    assert panakeia("patient", "disclosure", table, *asked, "--epsilon", 1).status == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--budget-total", 1), "give --epsilon too"),
        (("--epsilon", 0), "expected a number above 0"),
        (("--k", 1), "of at least 2"),
        (("--quasi", "liver disease of no name"), "no node has the identifier"),
        (("--quasi", "age", "--sensitive", "age"), "expected one"),
        (("--quasi", "CYP2C9"), "no record states one"),
    ],
)
def test_what_cannot_be_asked(
    panakeia: Panakeia, starter_store: Path, cohort: Path, more: tuple[object, ...], message: str
) -> None:
    run = panakeia("patient", "disclosure", cohort, "--store", starter_store, *more)
    assert run.status == 2
    assert message in run.err


def test_from_python(starter_store: Path, cohort: Path, patients: list[str]) -> None:
    with Session(starter_store) as session:
        found = session.patient_disclosure(patients, quasi="sex")
        assert found.to_frame()["people"].tolist() and found.to_json()["left_out"] == 0
        assert len(session.patient_journal().to_frame()) == 1


def test_whoever_is_told_of_a_patient_stands_in_the_journal(
    starter_store: Path, cohort: Path, tmp_path: Path, patients: list[str]
) -> None:
    one = "PANAKEIA:P-0656e08a1b41eeba9b7b"
    regimen = tmp_path / "regimen.csv"
    regimen.write_text("TIME,AMT\n0,5\n", encoding="utf-8")
    with Session(starter_store) as session:
        session.search("warfarin")
        session.show("PTGS2")
        session.paths("warfarin", "VKORC1")
        session.export("kgx-tsv", tmp_path / "without")
        assert session.patient_journal().to_frame().empty
        session.search(kind="Patient")
        session.show(one)
        session.neighbours(one)
        session.paths(one, "VKORC1")
        session.twin_simulate(regimen, patient=one, times="0:2:1d")
        session.export("kgx-tsv", tmp_path / "with", patients=True)
        told = session.patient_journal().to_frame()
    assert told["verb"].tolist() == ["search", "show", "neighbours", "paths", "twin simulate", "export"]
    assert told["about"].tolist()[1:5] == [one] * 4
    assert told["size"].tolist() == [len(patients), 1, 1, 1, 1, len(patients)]
