"""Who gains: run as a user runs it, and its patients as a population of a trial."""

import json
from pathlib import Path

import pandas as pd
import pytest

from panakeia import Session
from tests.panakeia.conftest import Panakeia
from tests.twin.prognosis.response.trials import ARMS, trial
from twin.prognosis.response.crossfit import Honest
from twin.prognosis.response.question import Asked
from twin.prognosis.response.response import Settings

ARM = ["--arm", "arm", "--treatment", "new", "--control", "old", "--repeats", 1, "--draws", 100]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    trial(300).to_csv(tmp_path / "trial.csv", index=False)
    return tmp_path / "trial.csv"


def test_who_gains_is_told(panakeia: Panakeia, table: Path, tmp_path: Path) -> None:
    asked = [table, "--outcome", "y", *ARM, "--feature", "x1", "--feature", "site"]
    best, plot = tmp_path / "best.csv", tmp_path / "gain.svg"
    found = panakeia("response", *asked, "--json", "--out", best, "--share", 0.5, "--plot", plot).json()
    assert found["heterogeneity_found"] and found["subjects"]["new"] + found["subjects"]["old"] == 300
    assert plot.read_text(encoding="utf-8").startswith("<?xml")
    rows = pd.read_csv(best)
    assert len(rows) == 150 and rows["effect"].mean() > 1.5 and {"GAIN", "STRATUM"} <= set(rows)
    same = Session().response(
        pd.read_csv(table), Asked("y", ARMS, ("x1", "site")), settings=Settings(honest=Honest(repeats=1), draws=100)
    )
    assert json.loads(json.dumps(same.to_json())) == found
    assert "some gain more than others" in panakeia("response", *asked).out


def test_arms_may_be_called_by_numbers(panakeia: Panakeia, table: Path, tmp_path: Path) -> None:
    coded = pd.read_csv(table)
    coded.assign(arm=coded["arm"].map({"new": 1, "old": 0})).to_csv(tmp_path / "coded.csv", index=False)
    arms = ["--arm", "arm", "--repeats", 1, "--draws", 100, "--treatment"]
    asked = ["--outcome", "y", "--feature", "x1", "--json"]
    found = panakeia("response", tmp_path / "coded.csv", *asked, *arms, "1", "--control", "0").json()
    same = panakeia("response", table, *asked, *ARM).json()
    assert found["average"] == same["average"] and found["subjects"]["1"] == same["subjects"]["new"]


def test_its_patients_are_a_population(panakeia: Panakeia, tmp_path: Path) -> None:
    """The table of those who gain most is read as the covariates of a twin's patients."""
    from twin import library
    from twin.populations.population import Population

    rows = trial(300).assign(age_years=50.0, CYP2C9="*1/*1", VKORC1="GG")
    rows.to_csv(tmp_path / "trial.csv", index=False)
    best = tmp_path / "best.csv"
    panakeia(
        "response", tmp_path / "trial.csv", "--outcome", "y", *ARM, "--feature", "x1", "--out", best, "--share", 0.2
    )
    kinds = Population.stating(library.load("warfarin_hamberg2007").covariates).kinds()
    found = kinds["table"].model_validate({"source": "those who gain most", "file": str(best)})
    assert found.sample(60, 1).n == 60


def test_bad_input_is_told_before_anything_is_written(panakeia: Panakeia, table: Path, tmp_path: Path) -> None:
    wrong = panakeia("response", table, "--outcome", "y", *ARM, "--feature", "weight", "--out", tmp_path / "a.csv")
    assert (wrong.status, wrong.out) == (2, "") and "no column weight" in wrong.err
    assert not (tmp_path / "a.csv").exists()
    over = panakeia("response", table, "--outcome", "y", *ARM, "--feature", "x1", "--out", table)
    assert over.status == 2 and "also an input" in over.err
    arm = [*ARM[:3], "best", *ARM[4:]]
    other = panakeia("response", table, "--outcome", "y", *arm, "--feature", "x1")
    assert other.status == 2 and "the arm 'best' has no row in arm; arms that have: 'new', 'old'" in other.err
