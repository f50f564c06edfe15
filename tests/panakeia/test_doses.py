"""Doses from the command line: what comes out, and what is said of bad input."""

from pathlib import Path

import pandas as pd
import pytest

from tests.panakeia.conftest import Panakeia

COHORT = "id,age_years,CYP2C9,VKORC1\nA,71,*1/*1,GG\nB,71,*1/*3,GA\n"
MEASURED = "TIME,AMT,DV\n0,320,.\n1,.,7.9\n5,.,8.1\n12,.,5.0\n"
PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"
THEOPHYLLINE = ("--model", "theophylline_boeckmann1994", "--every", "12h")


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    path = tmp_path / "cohort.csv"
    path.write_text(COHORT, encoding="utf-8")
    return path


def test_a_cohort(panakeia: Panakeia, cohort: Path, tmp_path: Path) -> None:
    bounds = ("--low", 0.5, "--high", 15, "--step", 0.5, "--limit", "INR<6", "--draws", 60)
    asked = ("twin", "dose", "--cohort", cohort, "--target", "INR=2.5", *bounds)
    told = panakeia(*asked, "--json").json()
    assert told["dose_unit"] == "mg"
    first, second = told["patients"]
    assert (first["id"], first["dose"], second["dose"]) == ("A", 8.0, 3.0)
    assert first["lower"] < first["value"] < first["upper"] and first["second_model"]["model"] == "warfarin_hamberg2010"
    assert [beside["dose"] for beside in first["neighbours"]] == [7.5, 8.5]
    done = panakeia(*asked, "--out", tmp_path / "doses.csv", "--plot", tmp_path / "doses.png")
    assert done.status == 0 and "at steady state" in done.out
    assert pd.read_csv(tmp_path / "doses.csv")["dose"].tolist() == [8.0, 3.0]
    assert (tmp_path / "doses.png").read_bytes().startswith(b"\x89PNG")


def test_loading_doses_and_steps(panakeia: Panakeia, cohort: Path, tmp_path: Path) -> None:
    asked = ("twin", "dose", "--cohort", cohort, "--target", "INR=2.5", "--step", 0.5, "--high", 60, "--draws", 0)
    done = panakeia(*asked, "--loading", 3, "--loading-at", "14d", "--out", tmp_path / "doses.csv")
    assert done.status == 0 and "the first 3 doses, for INR 2.5 after 14 d" in done.out
    rows = pd.read_csv(tmp_path / "doses.csv")
    assert (rows["loading_dose"] > rows["dose"]).all() and (abs(rows["loading_value"] / 2.5 - 1) < 0.05).all()
    rows = panakeia(*asked, "--current", 5, "--most-change", 0.25, "--json").json()["patients"]
    assert [one["steps"] for one in rows] == [[6.0, 7.5, 8.0], [4.0, 3.0]]


def test_a_patient_with_measurements(panakeia: Panakeia, tmp_path: Path) -> None:
    (tmp_path / "patient.csv").write_text(MEASURED, encoding="utf-8")
    asked = ("--measured", tmp_path / "patient.csv", "--target", "theophylline_mg_per_L=8:20", "--step", 20)
    told = panakeia("twin", "dose", *THEOPHYLLINE, *asked, "--draws", 200, "--json").json()
    assert told["dose"] == told["patients"][0]["dose"] and told["dose"] % 20 == 0
    assert 0.5 < told["time_in_range"] <= 1 and told["second_model"] is None
    alone = told["upper"] - told["lower"]
    (tmp_path / "cohort.csv").write_text("id\na\n", encoding="utf-8")
    fixed = ("--low", told["dose"], "--high", told["dose"] + 1, "--target", "theophylline_mg_per_L=8:20")
    anyone = panakeia("twin", "dose", *THEOPHYLLINE, "--cohort", tmp_path / "cohort.csv", *fixed, "--json").json()
    assert anyone["patients"][0]["upper"] - anyone["patients"][0]["lower"] > 1.2 * alone  # what measurements tell


def test_labs_of_the_graph_under_a_regimen(panakeia: Panakeia, starter_store: Path, tmp_path: Path) -> None:
    (tmp_path / "regimen.csv").write_text("TIME,AMT,II,ADDL\n0,5,24,83\n", encoding="utf-8")
    asked = ("twin", "dose", "--patient", PATIENT, "--store", starter_store, "--target", "INR=2:3", "--draws", 100)
    bounds = ("--low", 2, "--high", 8, "--step", 2, "--at", "28d")
    told = panakeia(*asked, *bounds, "--regimen", tmp_path / "regimen.csv", "--json").json()
    assert "fitted to own measurements" in told["basis"] and told["dose"] in (2, 4, 6, 8)
    assert told["second_model"]["model"] == "warfarin_hamberg2010"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--target", "INR=2.5"), "--cohort"),
        (("--target", "INR=2.5", "--cohort", "C", "--days", "2018-01-01:2018-02-01"), "go with --patient"),
        (("--target", "HbA1c=6", "--cohort", "C"), "expected one of INR"),
        (("--target", "INR=2.5", "--cohort", "C", "--step", "20", "--high", "15", "--low", "1"), "no multiple"),
        (("--target", "INR=2.5", "--cohort", "C", "--every", "12"), "a unit, h or d"),
        (("--target", "INR=2.5", "--cohort", "C", "--set", "age_years=71"), "--set states covariates of one"),
        (("--target", "INR=2.5", "--cohort", "C", "--limit", "INR=4"), "expected OBSERVABLE<4"),
        (("--target", "INR=2.5", "--cohort", "C", "--low", "a"), "expected a number"),
        (("--target", "INR=2.5", "--cohort", "C", "--most-change", "0.2"), "what doses change from"),
        (("--target", "INR=2.5", "--cohort", "C", "--loading", "2", "--at", "28d"), "for the long run"),
    ],
)
def test_bad_input(panakeia: Panakeia, cohort: Path, change: tuple[str, ...], said: str) -> None:
    done = panakeia("twin", "dose", *(str(cohort) if one == "C" else one for one in change))
    assert done.status == 2 and said in " ".join(done.err.split())


def test_out_of_reach(panakeia: Panakeia, cohort: Path) -> None:
    told = panakeia(
        "twin", "dose", "--cohort", cohort, "--target", "INR=9", "--high", 15, "--draws", 0, "--json"
    ).json()
    assert told["without_a_dose"] == 2 and told["patients"][0]["dose"] is None
    assert "reaches at most" in told["patients"][0]["reason"] and told["patients"][0]["nearest"]["dose"] == 15
