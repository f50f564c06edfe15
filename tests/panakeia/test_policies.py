"""Policies from the command line, beside what Python scores, and what is said of bad input."""

from pathlib import Path

import pandas as pd
import pytest

from tests.panakeia.conftest import Panakeia
from twin import library
from twin.dose.asked import Bounds
from twin.dose.named import policy_of
from twin.dose.policy import ByTwin, Table, fixed, kept
from twin.dose.target import DoseError, Target
from twin.dose.visits import Care
from twin.estimate import paired_difference
from twin.patient import read_cohort

COHORT = "id,age_years,CYP2C9,VKORC1\nA,71,*1/*1,GG\nB,71,*1/*3,GA\nC,50,*1/*1,AA\n"
ASKED = ("--target", "INR=2:3", "--days", "0,3,7", "--high", 15, "--step", 0.5)
WARFARIN = library.load("warfarin_hamberg2007")


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    path = tmp_path / "cohort.csv"
    path.write_text(COHORT, encoding="utf-8")
    return path


def test_each_policy_on_both_models(panakeia: Panakeia, cohort: Path, tmp_path: Path) -> None:
    policies = ("--policy", "fixed=5", "--policy", "table=5 2:50 -25")
    done = panakeia("twin", "policies", "--cohort", cohort, *ASKED, *policies, "--out", tmp_path / "scores.csv")
    assert done.status == 0 and "to be judged by how it does in warfarin_hamberg2010" in done.out
    rows = pd.read_csv(tmp_path / "scores.csv").set_index(["policy", "model"])
    assert rows["patients"].tolist() == [3] * 4 and rows["failed"].sum() == 0
    care = Care(Target("INR", 2.0, 3.0), (0.0, 3.0, 7.0), Bounds(0.0, 15.0, 0.5))
    for name in ("warfarin_hamberg2007", "warfarin_hamberg2010"):
        model = library.load(name)
        people = read_cohort(cohort, model)
        first = kept(model, people, care, fixed(5.0))
        table = kept(model, people, care, Table(5.0, ((2.0, 0.5), (float("inf"), -0.25))))
        assert rows.loc[("fixed=5", name), "time_in_range"] == pytest.approx(first.mean())
        away = paired_difference(table, first)
        told = rows.loc[("table=5 2:50 -25", name), ["difference", "difference_lower", "difference_upper"]]
        assert told.tolist() == pytest.approx([away.value, away.lower, away.upper])


def test_a_model_that_stands_alone(panakeia: Panakeia) -> None:
    asked = ("--model", "theophylline_boeckmann1994", "--target", "theophylline_mg_per_L=8:16", "--days", "0,1,2")
    done = panakeia("twin", "policies", *asked, "--high", 800, "--every", "12h", "--policy", "fixed=300")
    assert done.status == 0 and "no second model" in done.out and "patients: 100" in done.out


def test_policies_as_they_are_written() -> None:
    learning = policy_of("twin", [WARFARIN])
    assert learning == ByTwin(WARFARIN) and policy_of("typical=warfarin_hamberg2010", [WARFARIN]).learns is False  # type: ignore[attr-defined]
    assert policy_of("table = 5 1.5:20 2:10 -25", [WARFARIN]) == Table(
        5.0, ((1.5, 0.2), (2.0, 0.1), (float("inf"), -0.25))
    )


@pytest.mark.parametrize(
    "text",
    ["", "fixed", "fixed=a", "fixed=-1", "fixed=1 2", "table=5", "table=5 1:2", "table=5 1 2", "best=5", "twin=x"],
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(DoseError, match="expected"):
        policy_of(text, [WARFARIN])


def test_a_policy_opens_no_file(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("secret", encoding="utf-8")
    with pytest.raises(DoseError, match="expected one of warfarin_hamberg2007"):
        policy_of(f"twin={tmp_path / 'own.csv'}", [WARFARIN])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--target", "INR=2.5"), "expected a range"),
        (("--days", "3,7"), "expected ascending days from 0"),
        (("--second", "warfarin_hamberg2007"), "expected another one of the same drug"),
        (("--policy", "best"), "expected fixed=DOSE"),
        (("--high", "0"), "low < high"),
    ],
)
def test_bad_input(panakeia: Panakeia, cohort: Path, change: tuple[str, ...], said: str) -> None:
    done = panakeia("twin", "policies", "--cohort", cohort, *ASKED, *change)
    assert done.status == 2 and said in " ".join(done.err.split())


def test_patients_are_asked_for(panakeia: Panakeia, cohort: Path) -> None:
    done = panakeia("twin", "policies", *ASKED)
    assert done.status == 2 and "--cohort COHORT.csv" in done.err
    cohort.write_text("\n".join(COHORT.splitlines()[:2]), encoding="utf-8")
    done = panakeia("twin", "policies", "--cohort", cohort, *ASKED)
    assert done.status == 2 and "two or more" in done.err
