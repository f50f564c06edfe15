"""A risk of a cohort: its patients are foretold by pseudonym, and of another graph they are refused by name."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kg.cohorts.table
from kg.cohort import read_definition
from kg.cohorts.table import CohortTable
from panakeia import Session
from twin.prognosis.risk.asked import Asked
from twin.prognosis.risk.judge import JudgeSettings
from twin.prognosis.risk.provenance import OtherVersion
from twin.prognosis.risk.saved import load
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.train import RiskSettings

DEFINITION = Path(__file__).parents[2] / "panakeia" / "examples" / "cohort.toml"
QUICK = RiskSettings(("logistic",), split=SplitSettings(outer=2, inner=2), judge=JudgeSettings(resamples=20))
WHO = "PANAKEIA:P-7"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose cohort is made up: 80 patients, one feature, of the graph `g-1`."""
    random = np.random.default_rng(0)
    marker = random.normal(size=80)
    died = (random.uniform(size=80) < 1 / (1 + np.exp(-marker))).astype(float)
    who = [f"PANAKEIA:P-{number}" for number in range(80)]
    rows = pd.DataFrame({"USUBJID": who, "SITEID": "a", "marker": marker, "AVAL": died})
    left_out = pd.DataFrame({"reason": [], "patients": []})
    table = CohortTable("made up", "death_1y", "binary", rows, ("marker",), None, left_out, "g-1 cohort 00")
    monkeypatch.setattr(Session, "cohort_table", lambda *_, **__: table)
    monkeypatch.setattr(Session, "_graph", lambda _: None)
    monkeypatch.setattr(Session, "_noted", lambda *_, **__: None)
    known = rows.drop(columns="AVAL")
    monkeypatch.setattr(
        kg.cohorts.table, "at_landmark", lambda _, __, columns, asked: known[known["USUBJID"].isin(asked)]
    )
    monkeypatch.setattr(kg.cohorts.table, "version_of", lambda *_: "g-1 cohort 00")
    return Session(progress=lambda step, share: None)


def test_a_patient_of_a_cohort_is_foretold_and_explained(session: Session, tmp_path: Path) -> None:
    told = session.risk_train(DEFINITION, Asked("death_1y"), QUICK, out=tmp_path).to_json()
    assert told["outcome"] == "death_1y" and told["data"] == "g-1 cohort 00"
    assert load(tmp_path).definition == read_definition(DEFINITION).model_dump_json()
    assert "PANAKEIA:P-" not in (tmp_path / "manifest.json").read_text(encoding="utf-8")
    one = session.risk_predict(tmp_path, WHO).to_json()
    assert [row["USUBJID"] for row in one] == [WHO] and 0.0 < one[0]["PROGNOSIS"] < 1.0
    why = session.risk_explain(tmp_path, WHO).to_json()
    assert why["prognosis"] == pytest.approx(one[0]["PROGNOSIS"])
    assert [part["feature"] for part in why["contributions"]] == ["marker"]


def test_patients_of_another_graph_or_cohort_are_refused(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.risk_train(DEFINITION, Asked("death_1y"), QUICK, out=tmp_path)
    with pytest.raises(ValueError, match="that patient is not in the cohort") as refused:
        session.risk_predict(tmp_path, "PANAKEIA:P-999")
    assert "999" not in str(refused.value)
    monkeypatch.setattr(kg.cohorts.table, "version_of", lambda *_: "g-2 cohort 00")
    with pytest.raises(OtherVersion, match="data g-1 cohort 00, and the patients are of data g-2 cohort 00"):
        session.risk_predict(tmp_path, WHO)


def test_a_risk_of_a_table_knows_no_patient_of_a_store(session: Session, tmp_path: Path) -> None:
    rows = pd.DataFrame({"marker": np.arange(40.0), "died": [0, 1] * 20})
    session.risk_train(rows, Asked("died", ("marker",)), QUICK, out=tmp_path)
    with pytest.raises(ValueError, match="trained on a table"):
        session.risk_predict(tmp_path, WHO)
