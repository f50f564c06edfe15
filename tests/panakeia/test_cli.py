"""The commands, run as a user runs them on the starter graph: what they print, and how they refuse bad input."""

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from gnn.rank import SCORE_COLUMNS
from tests.panakeia.conftest import Panakeia

REGIMEN = "TIME,AMT,II,ADDL\n0,5,24,27\n"
COHORT = "id,age_years,CYP2C9,VKORC1\nA,71,*1/*1,GG\nB,71,*1/*3,GA\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "regimen.csv").write_text(REGIMEN, encoding="utf-8")
    (tmp_path / "cohort.csv").write_text(COHORT, encoding="utf-8")
    return tmp_path


def test_build_then_info(panakeia: Panakeia, tmp_path: Path) -> None:
    store = tmp_path / "graph.lbdb"
    assert panakeia("build", "--source", "starter", "--store", store).status == 0
    counts = panakeia("info", "--store", store, "--json").json()
    assert counts["nodes"]["Patient"] == 12
    assert counts["edges"]["treats"] > 50
    assert [source["name"] for source in counts["sources"]] == ["starter"]


def test_a_node_by_any_name(panakeia: Panakeia, starter_store: Path) -> None:
    shown = [
        panakeia("show", name, "--store", starter_store, "--json").json()["id"]
        for name in ("warfarin", "WARFARIN", "drugbank:db00682")
    ]
    assert shown == ["DRUGBANK:DB00682"] * 3


def test_search_and_paths(panakeia: Panakeia, starter_store: Path) -> None:
    found = panakeia("search", "warf", "--store", starter_store, "--json").json()
    assert found["nodes"][0]["id"] == "DRUGBANK:DB00682"
    paths = panakeia("paths", "warfarin", "VKORC1", "--store", starter_store, "--json").json()
    assert "Drug - binds -> Gene" in [path["metapath"] for path in paths]


def test_rank_explain_and_score_agree(
    panakeia: Panakeia, starter_store: Path, starter_model: Path, tmp_path: Path
) -> None:
    where = ("--store", starter_store, "--model", starter_model)
    ranked = panakeia("rank", "hypertension", *where, "--top", 5, "--json").json()
    assert [row["rank"] for row in ranked] == [1, 2, 3, 4, 5]
    assert {"drug", "name", "score", "prior", "lift", "known"} <= ranked[0].keys()
    as_csv = pd.read_csv(io.StringIO(panakeia("rank", "hypertension", *where, "--top", 5, "--csv").out))
    assert as_csv["drug"].tolist() == [row["drug"] for row in ranked]

    pairs, scores = tmp_path / "pairs.tsv", tmp_path / "scores.tsv"
    disease = panakeia("show", "hypertension", "--store", starter_store, "--json").json()["id"]
    pairs.write_text(
        "drug\tdisease\n" + "".join(f"{row['drug']}\t{disease}\n" for row in reversed(ranked)), encoding="utf-8"
    )
    assert panakeia("score", pairs, *where, "--out", scores).status == 0
    scored = pd.read_csv(scores, sep="\t")
    assert scored.columns.tolist() == ["drug", "disease", *SCORE_COLUMNS]
    assert scored["score"].tolist() == pytest.approx([row["score"] for row in reversed(ranked)])

    explained = panakeia("explain", ranked[0]["drug"], disease, *where, "--json").json()
    assert explained["paths"] and explained["score"] == pytest.approx(ranked[0]["score"])
    many = tmp_path / "paths.jsonl"
    assert panakeia("explain", "--pairs", pairs, *where, "--top", 3, "--out", many).status == 0
    lines = [json.loads(line) for line in many.read_text(encoding="utf-8").splitlines()]
    assert [(line["drug"], line["disease"]) for line in lines] == [(row["drug"], disease) for row in reversed(ranked)]
    assert lines[-1]["because"] == explained["because"][:3]
    assert panakeia("explain", "hypertension", *where).status != 0


def test_simulate_a_cohort(panakeia: Panakeia, files: Path) -> None:
    out = files / "trajectories.csv"
    arguments = (
        "--cohort",
        files / "cohort.csv",
        "--regimen",
        files / "regimen.csv",
        "--times",
        "0:28:1d",
        "--out",
        out,
    )
    assert panakeia("twin", "simulate", *arguments).status == 0
    course = pd.read_csv(out)
    assert course.columns.tolist() == ["id", "time", "time_unit", "observable", "unit", "value", "lower", "upper"]
    assert set(course["time_unit"]) == {"d"} and set(course["unit"]) == {"1", "mg/L"}
    assert (course["lower"] <= course["value"]).all() and (course["value"] <= course["upper"]).all()
    last = course[(course["time"] == 28) & (course["observable"] == "INR")].set_index("id")["value"]
    assert last["B"] > last["A"], "a poor metaboliser with a sensitive target has the higher INR"


def test_the_models_of_twins_are_listed_and_told(panakeia: Panakeia) -> None:
    listed = {model["name"]: model for model in panakeia("twin", "models", "--json").json()}
    assert {"warfarin_hamberg2007", "tacrolimus_andrews2019", "diabetes_choy2016"} <= listed.keys()
    assert all(model["citation"] and model["observables"] and "solver" not in model for model in listed.values())
    (told,) = [panakeia("twin", "models", "warfarin_hamberg2010", "--json").json()]
    assert told == listed["warfarin_hamberg2010"] | {"solver": told["solver"]} and "closed form" in told["solver"]
    assert {"name": "clearance *1", "value": 0.174, "unit": "L/h", "basis": "measured"}.items() <= told["parameters"][
        1
    ].items()
    assert panakeia("twin", "models", "aspirin_1899").status == 2


def test_simulate_a_patient_of_the_graph(panakeia: Panakeia, starter_store: Path, files: Path) -> None:
    listed = panakeia("search", "--kind", "patient", "--store", starter_store, "--top", 12, "--json").json()
    patients = listed["nodes"]
    simulated = [
        panakeia(
            "twin", "simulate", "--patient", row["id"], "--store", starter_store, "--regimen", files / "regimen.csv"
        )
        for row in patients
    ]
    assert len(patients) == 12
    assert sum(run.status == 0 for run in simulated) >= 8
    assert all("lacks" in run.err for run in simulated if run.status)


def test_run_a_trial(panakeia: Panakeia, tmp_path: Path) -> None:
    example = (Path(__file__).parents[2] / "panakeia/examples/warfarin_trial.toml").read_text(encoding="utf-8")
    design = tmp_path / "trial.toml"
    design.write_text(example.replace("subjects_per_arm = 1000", "subjects_per_arm = 20"), encoding="utf-8")
    assert panakeia("trial", "run", design, "--out", tmp_path / "out").status == 0
    result = json.loads((tmp_path / "out/result.json").read_text(encoding="utf-8"))
    assert [arm["arm"] for arm in result["arms"]] == ["standard", "genotype-guided"]
    assert len(pd.read_csv(tmp_path / "out/subjects.csv")) == 40
    assert "<svg" in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    exported = panakeia("trial", "export", tmp_path / "out", "--study", "EX-1", "--start", "2001-02-03", "--json")
    files = {(row["folder"], row["file"]): row["records"] for row in json.loads(exported.out)}
    assert files["adam", "adsl.xpt"] == 40 and files["not-for-submission", "potent.xpt"] == 120
    dm = pd.read_sas(tmp_path / "out/xpt/sdtm/dm.xpt", encoding="ascii")
    assert set(dm["STUDYID"]) == {"EX-1"} and set(dm["RFSTDTC"]) == {"2001-02-03"}
    nothing = panakeia("trial", "export", tmp_path, "--format", "dataset-json")
    assert nothing.status == 2 and "has no result.json: expected a folder that `panakeia trial run" in nothing.err


def test_a_build_does_not_drop_imported_patients(
    panakeia: Panakeia, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "graph.lbdb"
    bundles = Path(__file__).parents[2] / "kg/sources/starter/patients"
    build = ("build", "--source", "starter", "--store", store)
    monkeypatch.setenv("PANAKEIA_KEY", "a key of the tests, which is long enough")
    assert panakeia(*build).status == 0
    assert panakeia("patient", "import", bundles, "--store", store).status == 0
    refused = panakeia(*build)
    assert refused.status == 2 and "--discard-patients" in refused.err
    assert panakeia("info", "--store", store, "--json").json()["nodes"]["Patient"] == 24
    assert panakeia(*build, "--discard-patients").status == 0
    assert panakeia("info", "--store", store, "--json").json()["nodes"]["Patient"] == 12


def test_a_mirror_without_hetionet_is_named(panakeia: Panakeia, tmp_path: Path) -> None:
    refused = panakeia("build", "--data", tmp_path, "--store", tmp_path / "graph.lbdb")
    assert refused.status == 2
    assert str(tmp_path) in refused.err and "hetionet" in refused.err


def test_import_needs_a_key(panakeia: Panakeia, starter_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANAKEIA_KEY", raising=False)
    refused = panakeia("patient", "import", "nowhere", "--store", starter_store)
    assert refused.status == 2
    assert "there is no key" in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["info", "--store", "missing.lbdb"], "missing.lbdb"),
        (["build", "--source", "nonsense", "--store", "new.lbdb"], "nonsense"),
        (["build", "--data", "no-such-folder", "--store", "new.lbdb"], "no-such-folder"),
        (["show", "no such thing", "--store", "{store}"], "no such thing"),
        (["rank", "hypertension", "--store", "{store}", "--model", "no-model"], "no-model"),
        (["score", "no-pairs.tsv", "--store", "{store}", "--model", "{model}", "--out", "s.tsv"], "no-pairs.tsv"),
        (["train", "--store", "{store}", "--task", "cures"], "cures"),
        (["trial", "run", "no-trial.toml", "--out", "out"], "no-trial.toml"),
        (["twin", "simulate", "--regimen", "r.csv"], "--cohort"),
        (["twin", "simulate", "--regimen", "r.csv", "--cohort", "c.csv", "--model", "aspirin_1899"], "aspirin_1899"),
        (["patient", "import", "no-bundles", "--store", "{store}", "--key-file", "no-key.txt"], "no-key.txt"),
        (["paths", "warfarin", "VKORC1", "--store", "{store}", "--max-length", "9"], "max-length"),
        (["rank", "hypertension", "--store", "{store}", "--model", "{model}", "--top", "1_0"], "1_0"),
        (["demo", "--seed", "7_1"], "7_1"),
        (["train", "--store", "{store}", "--seed", "-1"], "-1"),
        (["build", "--source", "starter", "--store", "new.lbdb", "--max-reject-share", "nan"], "nan"),
        (["search", "--store", "{store}", "--kind", "drugs"], "did you mean Drug?"),
        (["info", "--store", "\udcff.lbdb"], "argument 3 is not UTF-8"),
        (["rank", "hypertension", "--store", "{store}", "--model", "{model}", "--json", "--csv"], "--json or --csv"),
        (["train", "--store", "{store}", "--config", "."], "Is a directory"),
        (["nonsense"], "nonsense"),
        (["build", "--source", "starter", "--store", "."], ". is a folder: expected the file of a graph"),
        (["search", "a", "--top", "1" * 19], "at most 18"),
    ],
)
def test_a_mistake_is_named_and_exits_2(
    panakeia: Panakeia,
    starter_store: Path,
    starter_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = panakeia(*(argument.format(store=starter_store, model=starter_model) for argument in arguments))
    assert refused.status == 2
    assert said in refused.err
    assert "Traceback" not in refused.err
    assert not list(tmp_path.iterdir()), "nothing is written"
