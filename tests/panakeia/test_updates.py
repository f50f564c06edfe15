"""The update of a patient's twin from the command line: arms, checks, what is told of covariates, and bad input."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from panakeia import Session
from panakeia.cli import app
from tests.twin.fit.linear import table
from tests.twin.fit.test_one import WITH_GENE
from twin import library
from twin.fit.settings import FitSettings

MODEL = "theophylline_boeckmann1994"
ROWS = "TIME,AMT,DV\n0,320,.\n1,.,7.9\n5,.,8.1\n12,.,5.0\n"
DOUBLE = "TIME,AMT\n24,640\n"
SAME = "TIME,AMT\n24,320\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("patient.csv", ROWS), ("double.csv", DOUBLE), ("same.csv", SAME)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["twin", "fit", MODEL, *arguments])
    return done.exit_code, done.stdout, done.output + str(done.exception or "")


def test_arms_have_the_same_draws_and_luck(folder: Path) -> None:
    asked = [str(folder / "patient.csv"), "--times", "0:48:12h", "--json"]
    arms = [part for name in ("same.csv", "double.csv") for part in ("--what-if", str(folder / name))]
    code, out, _ = run(folder, *asked, *arms)
    told = json.loads(out)
    assert code == 0 and set(told["what_if"]) == {"same.csv", "double.csv"}
    assert [(one["arm"], one["reference"]) for one in told["differences"]] == [
        ("same.csv", "doses of the data"),
        ("double.csv", "doses of the data"),
        ("double.csv", "same.csv"),
    ]
    single, twice, between = (one["difference"][-1] for one in told["differences"])
    assert twice["value"] == pytest.approx(2 * single["value"])  # the model is linear
    assert between["upper"] - between["lower"] == pytest.approx(single["upper"] - single["lower"])
    assert between["higher"] == 1 and told["differences"][0]["difference"][2]["value"] == 0  # at hour 24, before it
    assert [row["value"] for row in told["predictive_check"]] == [7.9, 8.1, 5.0]
    assert 0 < told["predictive_p_value"] < 1 and told["covariates"] == [] and told["unknown"] == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        ([], "give either a table (PATIENT.csv) or a patient of the graph (--patient ID)"),
        (["patient.csv", "--set", "weight_kg=80"], "asks for no such covariate; it asks for nothing"),
        (["patient.csv", "--set", "weight_kg"], "expected NAME=VALUE"),
        (["patient.csv", "--regimen", "same.csv"], "--regimen and --days go with --patient ID"),
        (
            ["patient.csv", "--what-if", "patient.csv", "--what-if", "patient.csv"],
            "two regimens are called patient.csv",
        ),
    ],
)
def test_bad_input_is_named(folder: Path, arguments: list[str], said: str) -> None:
    given = [str(folder / one) if one.endswith(".csv") else one for one in arguments]
    code, _, told = run(folder, *given)
    assert code != 0 and said in " ".join(told.replace("│", " ").split())


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("TIME,AMT,DV\n0,320,.\n", "nothing was measured"),
        ("TIME,AMT,DV,DVID\n0,320,.,.\n1,.,7.9,INR\n", "column DVID: got 'INR', expected one of the model's"),
        ("TIME,AMT,DV\n0,320,.\n1,.,high\n", "line 3, column DV: got 'high'"),
        ("TIME,AMT,DV\n0,320,.\n5,.,\n", "nothing was measured"),
        ("TIME,AMT,AMT,DV\n0,320,3,.\n5,.,.,3\n", "AMT"),
    ],
)
def test_a_bad_table_is_named_with_its_line(rows: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "patient.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(ValueError) as failure:
        Session().twin_fit(MODEL, tmp_path / "patient.csv")
    assert said in str(failure.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("TIME,AMT,DV\n0.5,.,1\n1,320,.\n2,.,7.9\n", "measurements before the first dose: 1"),
        ("TIME,DV\n1,7.9\n", "measurements of a patient without any dose: 1"),
    ],
)
def test_measurements_that_no_dose_explains_are_told(rows: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "patient.csv").write_text(rows, encoding="utf-8")
    found = Session().twin_fit(MODEL, tmp_path / "patient.csv", times="0:24:12h")
    assert said in found.to_text() and said in found.to_json()["warnings"][-1]


def test_a_patient_in_a_frame_of_whom_a_genotype_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "load", lambda _: WITH_GENE)
    frame = table(1).drop(columns="ID").assign(GENE="", race="asian")
    found = Session().twin_fit("line with a gene", frame, times="0:7:7d")
    told = found.to_json()
    assert [one["how"] for one in told["covariates"]] == ["not known, marginalised"]
    assert "race asian;" in told["covariates"][0]["source"]
    shares = told["unknown"]["GENE"]
    for when in ("before", "after"):
        assert sum(one[when] for one in shares.values()) == pytest.approx(1)
    assert shares["GA"]["before"] == pytest.approx(2 * 0.2 * 0.8)
    assert "GENE after the measurements" in found.to_text() and "at 168 h, doses of the data: level" in found.to_text()
    known = Session().twin_fit("line with a gene", frame, times="0:7:7d", settings=FitSettings(given={"GENE": "AG"}))
    assert known.to_json()["covariates"] == [{"name": "GENE", "value": "GA", "how": "set by hand", "source": None}]


VISITS = "TIME,AMT,DV,VISIT\n0,320,.,a\n1,.,7.9,a\n12,.,5.0,a\n24,320,.,b\n26,.,12,b\n36,.,4.1,b\n"
OWN = """kind,name,value,unit,source
covariate,weight_kg,20:200,kg,
parameter,CL_typical,3,L/h,
parameter,V,30,L,
individual,CL,CL_typical * weight_kg / 70,L/h,
state,central,0,mg,
rate,central,-CL / V * central,,
observable,concentration,central / V,mg/L,
variability,CL,0.3,CV,
error_additive,concentration,0.5,mg/L,
"""
WEIGHED = "TIME,AMT,DV,weight_kg\n0,320,.,70\n1,.,7.9,72\n12,.,3.0,74\n"


def test_occasions_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(VISITS, encoding="utf-8")
    asked = [str(tmp_path / "visits.csv"), "--occasion", "VISIT", "--between-occasions", "clearance_l_per_h=0.3"]
    code, out, _ = run(tmp_path, *asked, "--json")
    told = json.loads(out)
    assert code == 0 and list(told["occasions"]) == ["a", "b", "new"]
    own = {name: one["clearance_l_per_h"] for name, one in told["occasions"].items()}
    assert own["a"]["median"] < own["b"]["median"]
    assert own["new"]["upper"] - own["new"]["lower"] > own["b"]["upper"] - own["b"]["lower"]
    code, _, said = run(tmp_path, *asked[:3])
    assert code != 0 and "says nothing of variability between occasions" in said
    code, _, said = run(tmp_path, *asked[:3], "--between-occasions", "clearance_l_per_h=much")
    assert code != 0 and "got 'much', expected a number" in " ".join(said.replace("│", " ").split())


def test_what_holds_between_records_is_said(tmp_path: Path) -> None:
    for name, text in (("own.csv", OWN), ("patient.csv", WEIGHED)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    for carry, said in (("nocb", "the next record's value holds, as in NONMEM"), ("locf", "the last record's value")):
        asked = ["twin", "fit", str(tmp_path / "own.csv"), str(tmp_path / "patient.csv"), "--carry", carry]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 0 and f"weight_kg changes; between records {said}" in " ".join(done.output.split())
