"""Cohorts as a user asks for them: the example on the made-up patients, mistakes, the journal."""

from pathlib import Path

import pytest

from panakeia import Session
from tests.panakeia.conftest import Panakeia

EXAMPLE = Path(__file__).parents[2] / "panakeia" / "examples" / "cohort.toml"


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANAKEIA_JOURNAL", str(tmp_path / "kept"))


def test_the_example_selects_some_of_the_made_up_patients(panakeia: Panakeia, starter_store: Path) -> None:
    found = panakeia("cohort", EXAMPLE, "--store", starter_store, "--json").json()
    left = [step["remaining"] for step in found["attrition"]]
    assert left == [12, 6, 6, 4, 4, 2, 2, 2]
    assert [step["criterion"] for step in found["attrition"]][:3] == [
        *("patients", "entry: drug warfarin", "observed on the day"),
    ]
    assert found["patients"] == sorted(found["patients"]) == [row["patient"] for row in found["index"]]
    assert len(found["patients"]) == left[-1]
    assert found["notes"] == []


def test_the_table_is_the_attrition(panakeia: Panakeia, starter_store: Path) -> None:
    run = panakeia("cohort", EXAMPLE, "--store", starter_store)
    assert run.out.startswith("Warfarin for atrial fibrillation, measured: 2 patients\n")
    assert "60 years or older" in run.out and "PANAKEIA:P-" not in run.out


def test_mistakes_are_named_before_anything_is_asked(panakeia: Panakeia, starter_store: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('name = "x"\n[entry]\ndrug = "warfarin"\ndays_befor = 3\n', encoding="utf-8")
    run = panakeia("cohort", path, "--store", starter_store)
    assert (run.status, run.out) == (2, "")
    assert run.err == f"error: {path} has 1 mistake:\n  entry.days_befor: unknown key; did you mean days_before?\n"
    path.write_text('name = "x"\n[entry]\ndrug = "warfarine"\n', encoding="utf-8")
    assert "entry.drug: " in panakeia("cohort", path, "--store", starter_store).err


def test_who_asks_for_a_cohort_stands_in_the_journal(starter_store: Path) -> None:
    with Session(starter_store) as session:
        found = session.cohort(EXAMPLE)
        [line] = session.patient_journal().to_json()["entries"]
    assert (line["verb"], line["size"]) == ("cohort", len(found.patients))
    assert line["about"].startswith("cohort:")


def test_a_cohort_s_table_is_written_with_what_was_known_and_an_outcome(
    panakeia: Panakeia, starter_store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "table.csv"
    told = panakeia("cohort-table", EXAMPLE, "--outcome", "death_1y", "--store", starter_store, "--out", out, "--json")
    found = told.json()
    assert found["target"] == "binary" and found["version"].split()[-2] == "cohort"
    header = out.read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith("USUBJID,SITEID,sex,age,history days") and header.endswith(",AVAL")
    assert len(found["rows"]) + sum(reason["patients"] for reason in found["left_out"]) == 2
    other = panakeia("cohort-table", EXAMPLE, "--outcome", "x", "--store", starter_store)
    assert other.status == 2 and "has no outcome 'x': expected one of death_1y" in other.err
