"""Card: a model of patients says what it learned from and keeps, and nobody's name."""

from pathlib import Path

import pytest

from gnn import folders
from gnn.evaluate import Protocol
from gnn.patients.card import write_card
from gnn.patients.checkpoint import save
from gnn.patients.evaluate import evaluate
from gnn.patients.model import PatientModel
from gnn.patients.train import train
from kg.graph import Graph
from tests.gnn.patients.conftest import patient
from tests.gnn.patients.test_train import CONFIG


@pytest.fixture(scope="module")
def model(hospital: Graph) -> PatientModel:
    return train(hospital, CONFIG)


def test_a_card_tells_of_the_records_and_of_what_was_measured(
    model: PatientModel, hospital: Graph, tmp_path: Path
) -> None:
    save(model, tmp_path)
    bare = write_card(model, tmp_path).read_text(encoding="utf-8")
    assert "59 patients (by-hand 59), 6 drugs, of which 5 are on their records" in bare
    assert "has not been evaluated" in bare
    measured = evaluate(hospital, CONFIG, Protocol("patient", trained=1)).to_json()
    folders.keep_evaluation(tmp_path, {**measured, "data_version": "1"})
    told = write_card(model, tmp_path).read_text(encoding="utf-8")
    row = next(row for row in measured["figures"] if row["metric"] == "by-hand, in a stay: recall_at_20")
    assert "By-hand, in a stay:" in told and "By-hand, no drug told:" in told
    assert f"{row['mean']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})" in told
    assert patient(1) not in told


def test_models_of_patients_are_listed_compared_and_deleted(model: PatientModel, tmp_path: Path) -> None:
    for name in ("one", "other"):
        save(model, tmp_path / name)
        write_card(model, tmp_path / name)
    assert [found.summary["patients"] for found in folders.found(tmp_path)] == [59, 59]
    one, other = (folders.described(tmp_path / name) for name in ("one", "other"))
    assert {name for name, *_ in folders.differences(one, other)} <= {"trained"}
    assert {path.name for path in folders.delete(tmp_path / "one")} == {"model.safetensors", "MODEL_CARD.md"}
    assert not (tmp_path / "one").exists()
