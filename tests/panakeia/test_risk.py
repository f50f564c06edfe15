"""The verbs of risks: train, predict, explain; what a user gets wrong is said, and no patient is named."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from panakeia import Session
from panakeia.cli import app
from twin.prognosis.risk.asked import Asked
from twin.prognosis.risk.judge import JudgeSettings
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.train import RiskSettings

TABLE = Path(__file__).parents[2] / "panakeia" / "examples" / "readmissions.csv"
ASKED = ["--outcome", "readmitted", "--all-but", "stay_days"]
QUICK = ["--learner", "logistic", "--folds", "3", "--resamples", "40"]


def run(*arguments: str | Path) -> str:
    found = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("risk")
    told = run("risk", "train", TABLE, *ASKED, "--split", "site", "--site", "hospital", *QUICK, "--out", out, "--json")
    content = json.loads(told)
    assert content["counts"]["patients"] == 240 and content["split"] == "site" and content["kind"] == "binary"
    assert {one["fold"] for one in content["folds"]} == {"north", "south", "west"}
    assert {"AUROC", "accuracy", "majority class", "calibration slope"} <= {
        one["measure"] for one in content["figures"]
    }
    return out


def test_the_folder_is_whole(model: Path) -> None:
    names = {path.name for path in model.iterdir()}
    assert names >= {"model.skops", "manifest.json", "card.md", "out_of_fold.csv", "calibration.svg", "decision.svg"}
    features = json.loads((model / "manifest.json").read_text(encoding="utf-8"))["question"]["features"]
    assert features == ["age", "sex", "creatinine", "sodium", "admissions"]


def test_a_table_is_foretold_and_flagged(model: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(TABLE).drop(columns="readmitted").head(3)
    rows.loc[1, "age"] = 120
    rows.to_csv(tmp_path / "new.csv", index=False)
    told = json.loads(run("risk", "predict", model, tmp_path / "new.csv", "--json"))
    assert [one["ROW"] for one in told] == [1, 2, 3] and told[0]["USUBJID"] == "E-001"
    assert all(0.0 < one["PROGNOSIS"] < 1.0 for one in told)
    assert "age is above" in told[1]["FLAGS"] and told[0]["FLAGS"] == ""


def test_a_risk_is_judged_elsewhere_beside_home(model: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(TABLE)
    rows.assign(age=rows["age"] + 60).to_csv(tmp_path / "elsewhere.csv", index=False)
    told = json.loads(run("risk", "validate", model, tmp_path / "elsewhere.csv", "--json"))
    assert told["rows"] == 240 and told["flagged"] > 200
    figures = {one["measure"]: one for one in told["figures"]}
    assert figures["calibration intercept"]["value"] < -0.2  # as old as they are said to be, too much is foretold
    assert figures["AUROC"]["at home"] == pytest.approx(figures["AUROC"]["value"], abs=0.1)
    assert figures["AUROC"]["lower"] < figures["AUROC"]["value"] < figures["AUROC"]["upper"]
    with pytest.raises(ValueError, match="has no column readmitted"):
        rows.drop(columns="readmitted").to_csv(tmp_path / "unknown.csv", index=False)
        run("risk", "validate", model, tmp_path / "unknown.csv")


def test_one_patient_is_explained(model: Path, tmp_path: Path) -> None:
    told = json.loads(
        run("risk", "explain", model, TABLE, "--patient", "E-007", "--out", tmp_path / "why.png", "--json")
    )
    assert told == json.loads(run("risk", "explain", model, TABLE, "--row", "7", "--json"))
    total = told["base"] + sum(one["contribution"] for one in told["contributions"])
    assert total == pytest.approx(told["score"])
    assert 1 / (1 + 2.718281828459045**-total) == pytest.approx(told["prognosis"])
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train", TABLE, *ASKED, "--feature", "age", "--out", "x"], "got both of the features"),
        (
            ["train", TABLE, "--outcome", "sex", "--feature", "age", "--out", "x"],
            "'female' and 'male': .*--event VALUE",
        ),
        (
            ["train", TABLE, "--outcome", "hospital", "--feature", "age", "--out", "x"],
            "text, 3 values: .*--event VALUE",
        ),
        (["train", TABLE, *ASKED, "--split", "time", "--out", "x"], "--time COLUMN"),
        (["train", TABLE, *ASKED, "--learner", "forest", "--out", "x"], "did you mean random_forest"),
        (["train", TABLE, "--outcome", "readmitted", "--feature", "weight", "--out", "x"], "has no weight"),
        (["explain", "MODEL", TABLE], "--row N"),
        (["explain", "MODEL", TABLE, "--row", "241"], "rows 1 to 240"),
        (["explain", "MODEL", TABLE, "--patient", "E-999"], "0 rows are of that patient"),
    ],
)
def test_mistakes_are_said(model: Path, arguments: list[str], told: str, tmp_path: Path) -> None:
    given = [str(model) if one == "MODEL" else str(tmp_path / one) if one == "x" else str(one) for one in arguments]
    with pytest.raises(ValueError, match=told) as refused:
        run("risk", *given)
    assert "E-999" not in str(refused.value)
    assert not (tmp_path / "x").exists()


def test_all_columns_are_features_where_none_is_named_and_that_is_said(tmp_path: Path) -> None:
    rows = pd.read_csv(TABLE)
    rows = rows.assign(
        readmitted=rows["readmitted"].map({0: "No", 1: "YES"}),
        AVAL=1.0,
        nothing=None,
        pid=range(7001, 7241),
        letter=[f"letter to {who}" for who in rows["USUBJID"]],
    )
    rows.to_csv(tmp_path / "all.csv", index=False)
    out = tmp_path / "model"
    asked = ["--outcome", "readmitted", "--split", "site"]  # the column of sites is found by its name, hospital
    told = json.loads(run("risk", "train", tmp_path / "all.csv", *asked, *QUICK, "--out", out, "--json"))
    assert told["counts"]["events"] == (rows["readmitted"] == "YES").sum()
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["question"]["features"] == ["age", "sex", "creatinine", "sodium", "admissions", "stay_days"]
    warning = told["warnings"][0]
    assert "all 6 other columns" in warning and "--all-but" in warning and "stay_days" in warning
    for left in ("AVAL (known later", "nothing (empty)", "pid (identifiers", "letter (240 different texts)"):
        assert left in warning
    assert warning in (out / "card.md").read_text(encoding="utf-8")
    for file in out.iterdir():
        assert b"E-007" not in file.read_bytes()


def test_a_table_of_one_patient_is_explained(model: Path, tmp_path: Path) -> None:
    pd.read_csv(TABLE).head(1).to_csv(tmp_path / "one.csv", index=False)
    told = json.loads(run("risk", "explain", model, tmp_path / "one.csv", "--json"))
    assert told == json.loads(run("risk", "explain", model, TABLE, "--row", "1", "--json"))


def test_session_takes_a_frame(tmp_path: Path) -> None:
    rows = pd.read_csv(TABLE)
    settings = RiskSettings(("elastic_net",), split=SplitSettings(outer=2, inner=2), judge=JudgeSettings(resamples=20))
    session = Session(progress=lambda step, share: None)
    found = session.risk_train(rows, Asked("stay_days", ("age", "sex", "admissions")), settings, out=tmp_path)
    assert "elastic_net is kept" in found.to_text()
    assert set(found.to_frame()["measure"]) >= {"MAE", "R2"}
    assert len(session.risk_predict(tmp_path, rows).to_frame()) == 240
    some = session.risk_predict(tmp_path, rows[100:103]).to_frame()  # a frame's own numbers are not in the way
    assert some["USUBJID"].tolist() == rows["USUBJID"].tolist()[100:103] and some["PROGNOSIS"].notna().all()
    assert "<table" in session.risk_explain(tmp_path, rows, row=1)._repr_html_()


def test_groups_are_compared_as_fairness_does_and_kept_with_the_card(tmp_path: Path) -> None:
    told = json.loads(run("risk", "train", TABLE, *ASKED, *QUICK, "--group", "sex", "--out", tmp_path / "r", "--json"))
    figures = {(one["group"], one["metric"]): one["value"] for one in told["fairness"]["figures"]}
    rows = pd.read_csv(tmp_path / "r" / "out_of_fold.csv").join(pd.read_csv(TABLE)[["sex"]])
    rows.to_csv(tmp_path / "rows.csv", index=False)
    asked = [
        "--truth",
        "OUTCOME",
        "--prediction",
        "logistic",
        "--group",
        "sex",
        "--metric",
        "auroc",
        "--metric",
        "brier",
    ]
    other = json.loads(run("fairness", tmp_path / "rows.csv", *asked, "--draws", "100", "--json"))
    for one in other["figures"]:
        assert figures[one["group"], one["metric"]] == pytest.approx(one["value"], rel=1e-12)
    assert "compared by sex" in (tmp_path / "r" / "card.md").read_text(encoding="utf-8")


def test_risks_are_listed_with_their_base_rate(model: Path) -> None:
    [kept] = json.loads(run("risk", "list", model, "--json"))
    truth = pd.read_csv(TABLE)["readmitted"]
    assert kept["folder"] == str(model) and kept["base_rate"] == pytest.approx(truth.mean())
    assert kept["events"] == truth.sum() and kept["measure"] == "AUROC" and not kept["fairness"]
    assert "1 risks in" in run("risk", "list", model)


def test_groups_of_a_time_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    rows = pd.DataFrame({"days": range(1, 41), "CNSR": [0, 1] * 20, "sex": ["f", "m"] * 20, "age": range(40)})
    rows.to_csv(tmp_path / "t.csv", index=False)
    asked = ["--outcome", "days", "--feature", "age", "--kind", "survival", "--horizon", "20", "--group", "sex"]
    found = CliRunner().invoke(app, ["risk", "train", str(tmp_path / "t.csv"), *asked, "--out", str(tmp_path / "r")])
    assert found.exit_code != 0 and "within a window" in str(found.exception) and not (tmp_path / "r").exists()


def test_a_network_foretells_and_explains_a_visit_from_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functools import partial

    from twin.prognosis.risk.learners import recurrent
    from twin.prognosis.risk.visits import Visits

    monkeypatch.setattr(recurrent, "Visits", partial(Visits, networks=1, epochs=2))
    rows = pd.read_csv(TABLE)
    rows = rows.assign(USUBJID=[f"V-{place // 4}" for place in range(240)], day=[place % 4 for place in range(240)])
    rows.to_csv(tmp_path / "visits.csv", index=False)
    quick = ["--learner", "recurrent", "--folds", "2", "--inner-folds", "2", "--resamples", "20"]
    asked = [*ASKED, "--all-but", "hospital", "--visit", "day", *quick, "--out", tmp_path / "r", "--json"]
    told = json.loads(run("risk", "train", tmp_path / "visits.csv", *asked))
    assert told["learner"] == "recurrent" and any("events are counted by visit" in one for one in told["warnings"])
    whole = json.loads(run("risk", "predict", tmp_path / "r", tmp_path / "visits.csv", "--json"))
    rows[rows["day"] < 2].to_csv(tmp_path / "early.csv", index=False)
    early = json.loads(run("risk", "predict", tmp_path / "r", tmp_path / "early.csv", "--json"))
    assert [one["PROGNOSIS"] for one in early] == pytest.approx(
        [one["PROGNOSIS"] for one in whole if one["day"] < 2], rel=1e-9
    )
    explain = ["risk", "explain", tmp_path / "r", tmp_path / "visits.csv"]
    last = json.loads(run(*explain, "--patient", "V-3", "--json"))
    assert last == json.loads(run(*explain, "--row", "16", "--json"))  # the fourth patient's fourth visit
    assert last["prognosis"] == pytest.approx(whole[15]["PROGNOSIS"], rel=1e-9)
    total = last["base"] + sum(one["contribution"] for one in last["contributions"])
    assert 1 / (1 + 2.718281828459045**-total) == pytest.approx(last["prognosis"])
    assert all(one["error"] >= 0.0 for one in last["contributions"])
    assert "day's part is of when" in run(*explain, "--row", "16")
