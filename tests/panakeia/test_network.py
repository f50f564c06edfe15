"""Training, ranking, predicting and keeping models, as commands on the starter graph."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from gnn import folders, methods, resume
from gnn.rank import SCORE_COLUMNS
from kg.stores.opening import open_store
from tests.panakeia.conftest import Panakeia

SETTINGS = "members = 2\ninner_folds = 2\nsteps = 4\nhidden = 4\nheads = 2\nrank = 4\ndraws = 3\nneighbours = 8\n"
EXAMPLES = Path(__file__).parents[2] / "panakeia/examples"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "train.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SETTINGS.encode())
    return path


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    path = tmp_path / "quick.toml"
    path.write_text(SETTINGS.replace("members = 2", "members = 1"), encoding="utf-8")
    return path


def test_held_out_pairs_by_name_are_left_out_and_counted(
    panakeia: Panakeia, starter_store: Path, settings: Path, tmp_path: Path
) -> None:
    with open_store(starter_store) as store:
        [row, *_] = store.query(
            "MATCH (d:Drug)-[:treats]->(x:Disease) RETURN d.name AS drug, d.id AS curie, x.name AS name, x.id AS id "
            "ORDER BY d.id, x.id",
            {},
        )
    pairs, out = tmp_path / "pairs.tsv", tmp_path / "model"
    pairs.write_bytes(b"\xef\xbb\xbfdisease\tdrug\n" + f"{row['name']}\t{row['drug'].upper()}\n".encode())
    where = ("--store", starter_store, "--config", settings, "--out", out)
    assert panakeia("train", "--without", pairs, *where).status == 0
    card = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "1 pairs were held out in every form" in card and "| starter | 1" in card and "| steps | 4 |" in card
    assert not list(out.glob("training-*"))

    scores = tmp_path / "scores.tsv"
    assert panakeia("score", pairs, "--store", starter_store, "--model", out, "--out", scores).status == 0
    scored = pd.read_csv(scores, sep="\t")
    assert scored.columns.tolist() == ["disease", "drug", *SCORE_COLUMNS]
    assert not scored["known"].any()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("drug\tdisease\nno such drug\thypertension\n", "line 2: 'no such drug' is not in the graph"),
        ("drug\tdisease\nwarfarin\thypertension\tmore\n", "line 2: 3 instead of 2 cells"),
        ("drug\tdisease\tdrug\n", "line 1: columns 1 and 3 are both 'drug'"),
        ("drug\tgene\nwarfarin\tVKORC1\n", "line 1: the column disease is missing"),
    ],
)
def test_bad_pairs_to_leave_out_are_named_before_anything(
    panakeia: Panakeia, starter_store: Path, tmp_path: Path, content: str, said: str
) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text(content, encoding="utf-8")
    refused = panakeia("train", "--without", pairs, "--store", starter_store, "--out", tmp_path / "model")
    assert refused.status == 2 and f"{pairs}" in refused.err and said in refused.err
    assert not (tmp_path / "model").exists()


def test_models_of_two_tasks_lie_side_by_side(
    panakeia: Panakeia, starter_store: Path, starter_model: Path, settings: Path, tmp_path: Path
) -> None:
    shutil.copytree(starter_model, tmp_path / "model")
    where = ("--store", starter_store, "--model", tmp_path / "model")
    refused = panakeia("rank", "warfarin", "--for", "targets", *where)
    assert refused.status == 2 and "model-binds" in refused.err
    trained = ("--task", "binds", "--store", starter_store, "--config", settings, "--out", tmp_path / "model-binds")
    assert panakeia("train", *trained).status == 0
    targets = panakeia("rank", "warfarin", "--for", "targets", *where, "--top", 3, "--json").json()
    assert [row["rank"] for row in targets] == [1, 2, 3] and targets[0]["gene"].startswith("NCBIGene:")
    drugs = panakeia("rank", "VKORC1", "--for", "drugs", *where, "--top", 2, "--json").json()
    assert drugs[0]["drug"].startswith("DRUGBANK:")
    diseases = panakeia("rank", "warfarin", *where, "--top", 2, "--json").json()
    assert diseases[0]["disease"].startswith("DOID:")
    pairs, scores = tmp_path / "pairs.tsv", tmp_path / "scores.tsv"
    pairs.write_text("drug\tgene\nwarfarin\tVKORC1\n", encoding="utf-8")
    assert panakeia("score", pairs, *where, "--out", scores).status == 0

    listed = panakeia("models", "list", tmp_path, "--json").json()
    assert [row["task"] for row in listed] == ["treats", "binds"]
    compared = panakeia("models", "compare", tmp_path / "model", tmp_path / "model-binds", "--json").json()
    assert {"task", "setting: steps"} <= {row["what"] for row in compared}
    (tmp_path / "model" / "mine.txt").write_text("mine", encoding="utf-8")
    for name in ("model", "model-binds"):
        assert panakeia("models", "delete", tmp_path / name).status == 0
    assert (tmp_path / "model/mine.txt").exists() and not (tmp_path / "model-binds").exists()
    assert panakeia("models", "delete", tmp_path / "model").status == 2


def test_many_nodes_at_once_are_ranked_as_each_alone(
    panakeia: Panakeia, starter_store: Path, starter_model: Path, tmp_path: Path
) -> None:
    where = ("--store", starter_store, "--model", starter_model, "--top", 3, "--json")
    (tmp_path / "nodes.txt").write_text("gout\n\n", encoding="utf-8")
    both = panakeia("rank", "hypertension", "--nodes", tmp_path / "nodes.txt", *where).json()
    alone = [panakeia("rank", name, *where).json() for name in ("hypertension", "gout")]
    assert [row["drug"] for row in both] == [row["drug"] for rows in alone for row in rows]
    assert [row["score"] for row in both] == pytest.approx([row["score"] for rows in alone for row in rows], rel=1e-4)
    assert [row["disease_name"] for row in both] == ["hypertension"] * 3 + ["gout"] * 3


@pytest.mark.parametrize(("name", "kind"), [("new_disease", "drug"), ("new_drug", "disease")])
def test_a_described_node_is_ranked_without_building(
    panakeia: Panakeia, starter_store: Path, starter_model: Path, name: str, kind: str
) -> None:
    where = ("--store", starter_store, "--model", starter_model, "--top", 5, "--json")
    ranked = panakeia("rank", "--described", EXAMPLES / f"{name}.toml", *where).json()
    assert len(ranked) == 5 and kind in ranked[0] and not any(row["known"] for row in ranked)
    assert ranked[0]["score"] > ranked[-1]["score"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('name = "x"', "kind: got None"),
        ('kind = "Disease"\nname = "x"\ngenes = ["NOSUCH9"]', "genes: "),
        ('kind = "Disease"\nname = "x"\ntargets = []', "targets: no key of a disease"),
        ('kind = "Drug"\nname = "x"\nsmiles = "C1CC"', "smiles: got 'C1CC'"),
        ('kind = "Disease"\nname = "x"\ngenes = "VKORC1"', "genes: got 'VKORC1', expected a list"),
        ('kind = "Drug"\nname = "x"', "it says nothing but a name"),
    ],
)
def test_a_bad_description_is_refused_by_key(
    panakeia: Panakeia, starter_store: Path, starter_model: Path, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "described.toml"
    path.write_text(content, encoding="utf-8")
    refused = panakeia("rank", "--described", path, "--store", starter_store, "--model", starter_model)
    assert refused.status == 2 and str(path) in refused.err and said in refused.err


def test_predicted_edges_are_replaced_and_kept_apart(
    panakeia: Panakeia, starter_store: Path, starter_model: Path, tmp_path: Path
) -> None:
    store = tmp_path / "graph.lbdb"
    shutil.copy(starter_store, store)
    where = ("--store", store, "--model", starter_model)
    before = panakeia("rank", "hypertension", *where, "--json").json()
    for top in (7, 5):
        assert panakeia("predict", "--write", "--top", top, *where).status == 0
    found = panakeia("predict", "--top", 5, *where, "--json").json()
    with open_store(store) as opened:
        edges = opened.query(
            "MATCH (d:Drug)-[r:predicted_treats]->(x:Disease) RETURN d.id AS drug, x.id AS disease, r.model AS model, "
            "r.data_version AS data, r.probability AS probability, r.knowledge_level AS level, r.explanation AS why",
            {},
        )
        known = opened.query("MATCH (d:Drug)-[:treats]->(x:Disease) RETURN d.id AS drug, x.id AS disease", {})
    pairs = {(edge["drug"], edge["disease"]) for edge in edges}
    assert len(edges) == 5 and pairs == {(row["drug"], row["disease"]) for row in found}
    assert not pairs & {(row["drug"], row["disease"]) for row in known}
    assert {edge["level"] for edge in edges} == {"prediction"} and len({edge["model"] for edge in edges}) == 1
    assert all(edge["why"] and edge["data"] and 0 <= edge["probability"] <= 1 for edge in edges)
    assert panakeia("rank", "hypertension", *where, "--json").json() == before
    drug, disease = sorted(pairs)[0]
    paths = panakeia("paths", drug, disease, "--store", store, "--json").json()
    assert "predicted_treats" not in json.dumps(paths)


def test_ctrl_c_keeps_the_whole_members_and_the_old_model(
    panakeia: Panakeia,
    starter_store: Path,
    starter_model: Path,
    settings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "model"
    shutil.copytree(starter_model, out)
    before = (out / "model.safetensors").read_bytes()
    keep = resume.keep

    def stop(*arguments: object) -> None:
        keep(*arguments)
        raise KeyboardInterrupt

    where = ("train", "--store", starter_store, "--config", settings, "--out", out)
    with monkeypatch.context() as patch:
        patch.setattr(resume, "keep", stop)
        stopped = panakeia(*where)
    assert stopped.status == 130 and "1 of 2 members are whole" in stopped.err
    assert (out / "model.safetensors").read_bytes() == before and (out / "training-0.safetensors").exists()
    assert panakeia(*where).status == 0
    assert (out / "model.safetensors").read_bytes() != before and not list(out.glob("training-*"))


def test_what_is_measured_of_a_model_stands_in_its_card(
    panakeia: Panakeia, starter_store: Path, quick: Path, tmp_path: Path
) -> None:
    out, where = tmp_path / "model", ("--store", starter_store)
    assert panakeia("train", *where, "--config", quick, "--out", out).status == 0
    card = out / "MODEL_CARD.md"
    assert "has not been evaluated" in card.read_text(encoding="utf-8")
    refused = panakeia("evaluate", *where, "--model", out, "--seed", 3)
    assert refused.status == 2 and "got a model, and settings" in refused.err
    about = {"held_out": 5, "folds": ["fold 1"], "seed": 0, "nodes": 2, "candidates": 9, "data_version": "starter-1"}
    earlier = {"split": "disease", **about, "figures": [], "promises": {}}
    folders.keep_evaluation(out, earlier)
    pairs = panakeia("evaluate", *where, "--model", out, "--trained", 1, "--json").json()
    kept = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert kept["splits"] == {"disease": earlier, "pairs": pairs}
    figures = {(row["method"], row["metric"]): row for row in pairs["figures"]}
    row, text = figures["degree_prior", "average_precision"], card.read_text(encoding="utf-8")
    assert "has not been evaluated" not in text and "### By pairs" in text
    assert f"| degree_prior | {row['mean']:.3f} ({row['lower']:.3f} to {row['upper']:.3f}) |" in text
    assert pairs["data_version"].startswith("starter-1+") and f"data {pairs['data_version']}" in text
    assert {("model", "seed_overlap_at_10"), ("model", "seed_order_at_100")} <= figures.keys()
    [listed] = panakeia("models", "list", tmp_path, "--json").json()
    assert listed["evaluated"] == "disease, pairs" and listed["evaluation"] == kept

    (out / "evaluation.json").write_text(json.dumps({**kept, "model": "another's"}), encoding="utf-8")
    [listed] = panakeia("models", "list", tmp_path, "--json").json()
    assert listed["evaluated"] == ""


def test_a_stopped_evaluation_tells_what_it_has(
    panakeia: Panakeia, starter_store: Path, quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, calls = methods.train, []

    def stop(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(methods, "train", stop)
    stopped = panakeia("evaluate", "--store", starter_store, "--config", quick, "--split", "disease", "--folds", 3)
    assert stopped.status == 130 and "stopped: these are the figures of fold 1 alone" in stopped.out
