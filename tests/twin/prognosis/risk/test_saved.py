"""A risk is the same after it was on disk; what is not what it says is refused by name, and no patient is in it."""

import json
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from kg.files.text import FileError
from tests.twin.prognosis.risk.patients import FEATURES, QUESTIONS, patients
from twin.prognosis.question import Question
from twin.prognosis.risk.explain import contributions
from twin.prognosis.risk.judge import JudgeSettings
from twin.prognosis.risk.learner import names
from twin.prognosis.risk.provenance import OtherVersion, Provenance
from twin.prognosis.risk.saved import load, save
from twin.prognosis.risk.scope import WrongType
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.train import Risk, RiskSettings, train
from twin.trials.analysis.table import AnalysisError, MissingColumn

EVERY = [(kind, name) for kind in QUESTIONS for name in names(QUESTIONS[kind].kind)]
EVERY.remove(("continuous", "random_forest"))  # slow, and on disk as the one of chances is


@cache
def trained(kind: str, name: str) -> Risk:
    settings = RiskSettings((name,), name, SplitSettings(outer=2, inner=2), JudgeSettings(resamples=20))
    return train(patients(150), QUESTIONS[kind], settings)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(trained("binary", "logistic"), tmp_path / "risk")
    return tmp_path / "risk"


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_risk_comes_back_from_disk(kind: str, name: str, tmp_path: Path) -> None:
    risk, new = trained(kind, name), patients(20, 4)[list(FEATURES)]
    save(risk, tmp_path)
    again = load(tmp_path)
    pd.testing.assert_frame_equal(risk.predict(new), again.predict(new))
    ours, theirs = (contributions(one.forecast, one.centre, new).each for one in (risk, again))
    pd.testing.assert_frame_equal(ours, theirs)
    assert (again.question, again.learner, again.provenance) == (risk.question, name, risk.provenance)
    assert again.report.counts == risk.report.counts
    np.testing.assert_allclose(again.report.out_of_fold[name], risk.report.out_of_fold[name])


def test_nothing_on_disk_names_a_patient_or_is_a_pickle(folder: Path) -> None:
    for path in folder.iterdir():
        assert b"SECRET" not in path.read_bytes(), path
        with pytest.raises(Exception, match=r".*"):
            pickle.loads(path.read_bytes())


def test_the_card_has_the_items_of_tripod_ai(folder: Path) -> None:
    text = (folder / "card.md").read_text(encoding="utf-8")
    for part in ("TRIPOD+AI", "## Data", "Missing values", "nested, by patient", "| base_rate | AUROC |", "## Limits"):
        assert part in text
    assert "`marker`" in text and f"age {patients(150)['age'].isna().mean():.0%}" in text


def edited(folder: Path, **changed: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | changed), encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"format": "panakeia risk 0"}, "format 'panakeia risk 0', expected 'panakeia risk 1'"),
        ({"scikit-learn": "0.24.1"}, r"saved with scikit-learn 0.24.1"),
        ({"model": "0" * 64}, r"model.skops is not the model that manifest.json is of"),
    ],
)
def test_another_version_is_refused_by_name(folder: Path, changed: dict[str, str], told: str) -> None:
    edited(folder, **changed)
    with pytest.raises(OtherVersion, match=told):
        load(folder)


def test_other_patients_are_refused_by_name() -> None:
    graph = Provenance("graph of 2026-01", "events 3")
    settings = RiskSettings(("logistic",), split=SplitSettings(outer=2), provenance=graph)
    risk = train(patients(100), QUESTIONS["binary"], settings)
    assert len(risk.predict(patients(3), graph)) == 3
    with pytest.raises(OtherVersion, match=r"trained on schema events 3, and the patients are of schema events 4"):
        risk.predict(patients(3), Provenance("graph of 2026-01", "events 4"))
    with pytest.raises(OtherVersion, match=r"data graph of 2026-01, and .* data graph of 2026-02"):
        risk.predict(patients(3), Provenance("graph of 2026-02", "events 3"))


def test_a_model_with_a_type_of_its_own_is_not_read(folder: Path) -> None:
    import hashlib
    import os

    skops.io.dump({"estimator": FunctionTransformer(os.system), "centre": np.zeros(1)}, folder / "model.skops")
    edited(folder, model=hashlib.sha256((folder / "model.skops").read_bytes()).hexdigest())
    with pytest.raises(FileError, match="which no risk does: it is not read"):
        load(folder)


def test_what_cannot_be_read_is_refused_and_what_lies_outside_is_flagged() -> None:
    risk, new = trained("binary", "logistic"), patients(6, 4)
    with pytest.raises(MissingColumn, match="the table has no marker, noise"):
        risk.predict(new.drop(columns=["marker", "noise"]))
    with pytest.raises(WrongType, match=r"marker is no number in 1 of 6 rows \(2\)") as refused:
        risk.predict(new.assign(marker=new["marker"].astype(object).where(new.index != 1, "SECRET")))
    assert "SECRET" not in str(refused.value)
    new = new.assign(
        age=[60.0, 200.0, -5.0, np.nan, 60.0, 60.0],
        sex=["male", "male", "male", "male", "SECRET", "male"],
        marker=[0.0, 0.0, 0.0, 0.0, 0.0, np.nan],
    )
    flags = risk.predict(new)["FLAGS"].tolist()
    assert flags[0] == flags[3] == ""  # a gap in age was learned from
    assert flags[1].startswith("age is above all learned from (to ")
    assert flags[2].startswith("age is below all learned from (from ")
    assert flags[4] == "sex has a level that was not learned"
    assert flags[5] == "marker is missing, and never was among those learned from"


def test_codes_are_the_same_with_or_without_a_point() -> None:
    rows = patients(120).assign(code=lambda table: (table.index % 3).astype(float).astype(object))
    risk = train(rows, Question("died", "binary", ("code",)), RiskSettings(("logistic",), split=SplitSettings(outer=2)))
    whole = pd.DataFrame({"code": [0, 1, 2]})
    told = risk.predict(whole)
    assert (told["FLAGS"] == "").all()
    np.testing.assert_array_equal(told["PROGNOSIS"], risk.predict(whole.astype(float))["PROGNOSIS"])
    np.testing.assert_array_equal(told["PROGNOSIS"], risk.predict(whole.astype(str))["PROGNOSIS"])


def test_a_model_is_read_without_its_patients_forecasts(folder: Path) -> None:
    (folder / "out_of_fold.csv").unlink()
    again = load(folder)
    assert again.report.out_of_fold.empty and len(again.predict(patients(3))) == 3


def test_names_are_no_feature_and_are_not_kept() -> None:
    rows = patients(60).rename(columns={"USUBJID": "name"})
    with pytest.raises(AnalysisError, match="name has 60 different texts in 60 rows") as refused:
        train(rows, Question("died", "binary", ("age", "name")))
    assert "SECRET" not in str(refused.value)


def test_a_feature_without_a_value_is_refused() -> None:
    with pytest.raises(AnalysisError, match="age: missing in every row"):
        train(patients(60).assign(age=np.nan), QUESTIONS["binary"])


def test_a_manifest_that_was_edited_is_refused_by_name(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["definition"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(OtherVersion, match=r"'definition'.*train the model anew"):
        load(folder)
