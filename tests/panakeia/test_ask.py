"""The Session: every verb once, answers as frames and JSON, nodes by any name; the command line has the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from gnn import checkpoint
from gnn.rank import rank
from kg.search import UnknownNode
from kg.sources import starter
from kg.stores.opening import open_store
from panakeia import Session

METFORMIN, DIABETES = "DRUGBANK:DB00331", "DOID:9352"
PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"


@pytest.fixture
def session(starter_store: Path, starter_model: Path) -> Iterator[Session]:
    with Session(starter_store, starter_model) as opened:
        yield opened


def test_every_answer_is_a_frame_json_and_text(session: Session, tmp_path: Path) -> None:
    regimen = tmp_path / "regimen.csv"
    regimen.write_text("TIME,AMT\n0,5\n", encoding="utf-8")
    answers = [
        session.info(),
        session.search("diab"),
        session.show("metformin"),
        session.neighbours("metformin", top=2),
        session.paths("metformin", DIABETES, top=2),
        session.metapath("pioglitazone", ["binds", "disease_associates_gene"]),
        session.rank(DIABETES, top=3),
        session.explain("metformin", DIABETES, top=2),
        session.score(pd.DataFrame({"drug": [METFORMIN], "disease": [DIABETES]})),
        session.twin_simulate(regimen, patient=PATIENT, times="0:2:1d"),
    ]
    for answer in answers:
        assert len(answer.to_frame())
        assert json.loads(json.dumps(answer.to_json(), allow_nan=False))
        assert answer.to_text()
        assert answer.to_frame().to_html(index=False) in answer._repr_html_()


@pytest.mark.parametrize(
    "name", ["type 2 diabetes mellitus", "Type 2 DIABETES mellitus", DIABETES, "doid:9352", "T2DM"]
)
def test_a_ranking_by_any_name_is_the_networks(session: Session, name: str) -> None:
    with open_store(session.store) as store:
        expected = rank(checkpoint.load(session.model), store, DIABETES, top=5)
    answer = session.rank(name, top=5)
    pd.testing.assert_frame_equal(answer.to_frame(), expected)
    assert [row["drug"] for row in answer.to_json()] == expected["drug"].tolist()
    assert f"({DIABETES})" in answer.title
    assert "in starter 1's list" in answer.to_text() and "not in starter 1's list" in answer.to_text()


def test_a_ranking_without_what_is_listed(session: Session) -> None:
    everything = session.rank(DIABETES, top=64).to_frame()
    assert everything["known"].any()
    expected = everything[~everything["known"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(session.rank(DIABETES, top=64, new_only=True).to_frame(), expected)


def test_an_unknown_name_is_refused_with_the_nearest(session: Session) -> None:
    with pytest.raises(UnknownNode, match="did you mean"):
        session.rank("type 2 diabetis mellitus")


def test_build_train_and_ask_in_one_session(tmp_path: Path) -> None:
    told: list[float] = []
    with Session(tmp_path / "g.lbdb", tmp_path / "m", progress=lambda _, fraction: told.append(fraction)) as session:
        before = session.build(["starter"])
        patients = session.info().to_json()["nodes"]["Patient"]
        imported = session.patient_import(
            str(starter.patient_bundles()[0].parent), key=b"another key, known to this test alone"
        )
        assert session.info().to_json()["nodes"]["Patient"] == patients + len(imported.patients) == 24
        session.build("starter", discard_patients=True)
        assert session.info().to_json()["nodes"]["Patient"] == 12, "the session sees the graph that it has built"
    assert before.to_frame()["rejected"].sum() == 0
    assert told[0] == 0.0 and told[-1] == 1.0


def test_the_mirror_is_the_sessions(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=f"{tmp_path}"):
        Session(tmp_path / "g.lbdb", data=tmp_path).build(["hetionet"])
    assert not list(tmp_path.iterdir())


def test_a_servers_password_is_not_shown() -> None:
    assert repr(Session("bolt://neo4j:secret@host:7687", "m")) == "Session('bolt://host:7687', 'm')"
    assert repr(Session("a@b.lbdb", "m")) == "Session('a@b.lbdb', 'm')"


def test_either_a_cohort_or_a_patient(session: Session, tmp_path: Path) -> None:
    regimen = tmp_path / "regimen.csv"
    regimen.write_text("TIME,AMT\n0,5\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"--cohort COHORT\.csv"):
        session.twin_simulate(regimen)


def test_without_a_seed_it_is_the_typical_patient(session: Session, tmp_path: Path) -> None:
    regimen = tmp_path / "regimen.csv"
    regimen.write_text("TIME,AMT\n0,5\n", encoding="utf-8")
    typical = session.twin_simulate(regimen, patient=PATIENT, times="0:2:1d", seed=None).to_frame()
    assert (typical["lower"] == typical["value"]).all() and (typical["upper"] == typical["value"]).all()
    varied = session.twin_simulate(regimen, patient=PATIENT, times="0:2:1d", seed=1).to_frame()
    assert (varied["lower"].iloc[-1] < varied["value"].iloc[-1]) and not varied.equals(
        session.twin_simulate(regimen, patient=PATIENT, times="0:2:1d", seed=2).to_frame()
    )


def test_a_notebook_ranks_in_three_lines_without_a_warning(starter_store: Path, starter_model: Path) -> None:
    lines = [
        "from panakeia import Session",
        f"session = Session({str(starter_store)!r}, {str(starter_model)!r})",
        "print(session.rank('hypertension')._repr_html_())",
    ]
    ran = subprocess.run([sys.executable, "-W", "default", "-c", "\n".join(lines)], capture_output=True, text=True)
    assert ran.stdout.count("<tr") == 21
    assert not ran.stderr
