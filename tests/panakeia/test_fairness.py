"""Fairness: run as a user runs it."""

import json
from pathlib import Path

import pandas as pd
import pytest

from panakeia import Session
from tests.panakeia.conftest import Panakeia
from tests.twin.prognosis.fairness.patients import patients
from twin.prognosis.fairness.cases import Asked
from twin.prognosis.fairness.compare import Settings


@pytest.fixture
def foretold(tmp_path: Path) -> Path:
    patients(300).to_csv(tmp_path / "foretold.csv", index=False)
    return tmp_path / "foretold.csv"


def test_groups_are_compared(panakeia: Panakeia, foretold: Path, tmp_path: Path) -> None:
    asked = ["--truth", "truth", "--prediction", "chance", "--group", "group", "--group", "group*sex", "--draws", 100]
    found = panakeia("fairness", foretold, *asked, "--json", "--plot", tmp_path / "groups.png").json()
    assert {row["attribute"] for row in found["figures"]} == {"", "group", "group*sex"}
    assert found["kind"] == "chance" and found["mitigations"] == []
    assert (tmp_path / "groups.png").read_bytes().startswith(b"\x89PNG")
    same = Session().fairness(
        pd.read_csv(foretold), Asked(("group", "group*sex"), "truth", "chance"), settings=Settings(draws=100)
    )
    assert json.loads(json.dumps(same.to_json())) == found
    text = panakeia("fairness", foretold, *asked).out
    assert "largest in" in text and "demographic parity difference" in text


def test_a_price_is_shown(panakeia: Panakeia, foretold: Path) -> None:
    asked = ["--truth", "truth", "--prediction", "chance", "--group", "group", "--draws", 100, "--metric", "accuracy"]
    ways = ["--mitigate", "selection_rate", "--mitigate", "reweighing", "--feature", "measured", "--feature", "sex"]
    found = panakeia("fairness", foretold, *asked, *ways, "--json").json()
    assert [len(one["thresholds"]) for one in found["mitigations"]] == [3, 0]
    wrong = panakeia("fairness", foretold, *asked, "--mitigate", "prayer")
    assert (wrong.status, wrong.out) == (2, "") and "expected any of selection_rate" in wrong.err
    bare = panakeia("fairness", foretold, *asked, "--mitigate", "reweighing")
    assert bare.status == 2 and "each --feature" in bare.err


def test_of_a_graph_s_patients_no_small_count_is_told(panakeia: Panakeia, tmp_path: Path) -> None:
    table = patients(300)
    table.loc[:2, "group"] = "three"
    table["patient"] = [f"PANAKEIA:P-{number:020x}" for number in range(300)]
    table.to_csv(tmp_path / "graph.csv", index=False)
    asked = ["--truth", "truth", "--prediction", "class", "--group", "group", "--draws", 100, "--json"]
    found = panakeia("fairness", tmp_path / "graph.csv", *asked)
    assert found.json()["withheld_below"] == 5 and '"<5"' in found.out and "PANAKEIA:P-" not in found.out
    priced = panakeia("fairness", tmp_path / "graph.csv", *asked, "--mitigate", "selection_rate")
    assert priced.status == 2 and "person by person" in priced.err


def test_bad_input_is_told_before_anything_is_written(panakeia: Panakeia, foretold: Path, tmp_path: Path) -> None:
    wrong = panakeia(
        "fairness",
        foretold,
        "--truth",
        "truth",
        "--prediction",
        "odds",
        "--group",
        "group",
        "--plot",
        tmp_path / "a.png",
    )
    assert (wrong.status, wrong.out) == (2, "") and "no column odds" in wrong.err
    assert not (tmp_path / "a.png").exists()
    over = panakeia(
        "fairness", foretold, "--truth", "truth", "--prediction", "chance", "--group", "group", "--plot", foretold
    )
    assert over.status == 2 and "also an input" in over.err
