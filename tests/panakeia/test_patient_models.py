"""A model of patients in use: trained, asked from either end, kept with its card, and never written into the store."""

import json
from pathlib import Path

import pytest

from kg.stores.opening import open_store
from panakeia import Session
from tests.gnn.patients.conftest import FOR, GOUT, cohort, made_up, patient


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session with a trained model, on the made-up cohort."""
    folder = tmp_path_factory.mktemp("patients")
    with open_store(folder / "graph.lbdb", create=True) as store:
        store.replace(made_up(cohort()))
    (folder / "config.toml").write_text(
        'label_sources = ["by-hand"]\nsources = ["by-hand"]\ndraws = 2\n', encoding="utf-8"
    )
    session = Session(folder / "graph.lbdb", folder / "model-benefits", progress=lambda step, share: None)
    session.train(task="benefits", config=folder / "config.toml", out=session.model)
    return session


def test_training_leaves_a_card_and_nothing_half(session: Session) -> None:
    measured = {"evaluation.json"}  # by another test, if that was first
    assert {path.name for path in session.model.iterdir()} - measured == {"model.safetensors", "MODEL_CARD.md"}
    assert "Which drug is for which patient" in (session.model / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_it_is_asked_from_either_end_and_the_journal_knows(session: Session) -> None:
    drugs = session.rank(patient(0), top=3).to_frame()
    assert {*drugs["drug"]} & {*FOR[GOUT]} and "warning" in drugs
    people = session.rank(FOR[GOUT][0], candidates="patients", top=4).to_frame()
    assert len(people) == 4
    lines = Path(session.store + ".journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["verb"] for line in lines][-2:] == ["rank", "rank"]
    assert json.loads(lines[-1])["size"] == 4


def test_its_settings_are_measured_and_stand_in_its_card(session: Session) -> None:
    found = session.evaluate(model=session.model, split="patient", trained=1).to_json()
    assert found["split"] == "patient" and not found["stopped"]
    assert "### By patient" in (session.model / "MODEL_CARD.md").read_text(encoding="utf-8")
    listed = session.models_list(session.model.parent).to_frame().iloc[0]
    assert (listed["task"], listed["patients"], listed["evaluated"]) == ("benefits", 60, "patient")


def test_no_guess_about_a_person_is_stored(session: Session) -> None:
    with pytest.raises(ValueError, match=r"one of patients: nothing is predicted .* ask when it is needed"):
        session.predict(write=True)
    with pytest.raises(ValueError, match="panakeia rank PATIENT"):
        session.explain(patient(0), FOR[GOUT][0])
