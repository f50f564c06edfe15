"""How the codes of patients map: run as a user runs it."""

import json
from pathlib import Path

import pytest

from panakeia import Session
from tests.panakeia.conftest import Panakeia


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANAKEIA_JOURNAL", str(tmp_path / "kept"))


def test_the_coverage_of_a_store(panakeia: Panakeia, starter_store: Path) -> None:
    found = panakeia("patient", "coverage", "--store", starter_store, "--json").json()
    assert found.keys() == {"counts", "mapped", "unmapped", "suppressed", "fewest_patients"}
    with Session(starter_store) as session:
        assert json.loads(json.dumps(session.patient_coverage().to_json())) == found
    [entry] = panakeia("patient", "journal", "--store", starter_store, "--json").json()["entries"][:1]
    assert entry["verb"] == "patient coverage"
