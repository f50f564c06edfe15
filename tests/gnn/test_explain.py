"""Explanations: the parts of a score, and paths that are evidence and not the answer."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.special import expit, logit

from gnn.carriers import account
from gnn.checkpoint import Model
from gnn.evidence import Candidate, varied
from gnn.explain import explain, explain_pairs
from gnn.rank import rank
from gnn.score import pair_regimes
from gnn.train import train
from gnn.words import meanings
from kg.graph import Graph, table
from kg.meeting import Half
from kg.paths import Route
from kg.progress import silent
from kg.schema import Step, edge_columns, node_columns
from kg.search import UnknownNode
from kg.stores.ladybug import LadybugStore
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from tests.gnn.conftest import DISEASES, DRUGS, SMALL, edges, told

FAMILIES = ("Hypertension", "Diabetes", "Epilepsy")


@pytest.fixture
def known_pair(model: Model) -> tuple[str, str]:
    said = told(model)
    row, column = next(zip(*said.known.nonzero(), strict=True))
    return said.drugs[row], said.diseases[column]


@pytest.fixture
def open_pair(model: Model) -> tuple[str, str]:
    """Return the best pair that is not known."""
    said = told(model)
    row, column = np.unravel_index(np.where(said.known, 0, said.scores).argmax(), said.scores.shape)
    return said.drugs[row], said.diseases[column]


def test_an_explanation_holds_the_score_and_its_parts(model: Model, store: Store, open_pair: tuple[str, str]) -> None:
    found, said = explain(model, store, *open_pair, top=5), told(model)
    place = said.drugs.index(open_pair[0]), said.diseases.index(open_pair[1])
    assert not found.known
    assert found.score == pytest.approx(float(said.scores[place]))
    assert expit(found.bias + found.contributions["logit"].sum()) == pytest.approx(found.score, rel=1e-3)
    assert found.contributions["logit"].is_monotonic_decreasing
    parts = set(found.contributions["part"])
    assert {"similar drugs", "similar diseases", "paths between the two"} <= parts
    assert parts <= meanings(("drug", "disease")).keys()


def test_either_end_may_come_first(model: Model, store: Store, open_pair: tuple[str, str]) -> None:
    drug, disease = open_pair
    assert explain(model, store, disease, drug).to_json() == explain(model, store, drug, disease).to_json()


def test_pairs_are_explained_as_one_by_one(
    model: Model, store: Store, known_pair: tuple[str, str], open_pair: tuple[str, str]
) -> None:
    pairs = pd.DataFrame([known_pair, open_pair], columns=["drug", "disease"])
    found = [one.to_json() for one in explain_pairs(model, store, pairs, top=3)]
    assert found == [explain(model, store, *pair, top=3).to_json() for pair in (known_pair, open_pair)]


def test_a_judgement_is_told_and_is_no_path(model: Model, families: Graph, store: Store, tmp_path: Path) -> None:
    said = told(model)
    row, column = next(zip(*(~said.known).nonzero(), strict=True))
    drug, disease = said.drugs[row], said.diseases[column]
    before = explain(model, store, drug, disease)
    assert before.judged == "" and "judged" not in before.to_text() and before.to_json()["judged"] == ""
    voted = edges("not_indicated_for", {(drug, disease)}, "pharmacotherapydb").to_pylist()[0] | {"votes": ["PK=NOT"]}
    judged = {"not_indicated_for": table(edge_columns("not_indicated_for"), [voted])}
    with open_store(tmp_path / "judged.lbdb", create=True) as other:
        other.replace(Graph(families.nodes, {**families.edges, **judged}, families.sources))
        after = explain(model, other, drug, disease)
    assert after.judged == after.to_json()["judged"] == "not indicated (PK=NOT)"
    assert "Curators judged the drug not indicated (PK=NOT) for the disease" in after.to_text()
    assert (after.score, after.evidence) == (before.score, before.evidence)


def test_paths_lead_from_the_drug_to_the_disease_by_way_of_others(
    model: Model, store: Store, known_pair: tuple[str, str]
) -> None:
    found = explain(model, store, *known_pair, top=5)
    assert len(found.paths) == len(found.evidence) == 5
    assert found.paths["share"].max() > 0
    for path in found.evidence:
        assert (path.nodes[0].id, path.nodes[-1].id) == known_pair
        assert len(path.edges) > 1
        assert all(edge.sources == ("made-up",) for edge in path.edges)


def test_a_disease_is_told_from_a_phenotype_of_the_same_identifier(
    model: Model, families: Graph, known_pair: tuple[str, str], tmp_path: Path
) -> None:
    (drug, disease), new = known_pair, "SNOMEDCT:1"

    def renamed(rows: pa.Table) -> list[dict[str, Any]]:
        return [{name: new if value == disease else value for name, value in row.items()} for row in rows.to_pylist()]

    nodes = {kind: table(node_columns(kind), renamed(rows)) for kind, rows in families.nodes.items()}
    nodes["Phenotype"] = table(node_columns("Phenotype"), [{"id": new, "name": "finding"}])
    edges = {relation: table(edge_columns(relation), renamed(rows)) for relation, rows in families.edges.items()}
    objects = model.around.objects
    renamed_objects = replace(objects, nodes=tuple(new if one == disease else one for one in objects.nodes))
    other = replace(model, around=replace(model.around, objects=renamed_objects))
    with open_store(tmp_path / "graph.lbdb", create=True) as store:
        store.replace(Graph(nodes, edges, families.sources))
        found = explain(other, store, drug, new)
    assert found.evidence
    assert {path.nodes[-1].kind for path in found.evidence} == {"Disease"}


def test_it_can_be_told_and_written_down(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    found = explain(model, store, *known_pair, top=4)
    assert "degree prior" in found.to_text()
    assert "in made-up 1's list, read as a pair with known answers on both ends" in found.to_text()
    assert "Known answers that carried it: Drug" in found.to_text()
    assert found.interval is not None
    assert f"({found.interval[0]:.3g} to {found.interval[1]:.3g} in 90 %" in found.to_text()
    unlikely = replace(found, interval=(1.2e-5, 3.4e-4))
    assert "(1.2e-05 to 0.00034 in 90 %" in unlikely.to_text()
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (written["drug"], written["disease"]) == known_pair
    for path, row in zip(found.evidence, written["paths"], strict=True):
        assert row["nodes"] == [node.id for node in path.nodes]
        assert len(row["relations"]) == len(row["evidence"]) == len(row["nodes"]) - 1
        assert row["evidence"][0][0]["source"] == "made-up"


def test_what_carried_the_score_stands_in_the_explanation(
    model: Model, store: Store, known_pair: tuple[str, str]
) -> None:
    found, said = explain(model, store, *known_pair, top=6), told(model)
    expected = account(model, said.drugs.index(known_pair[0]), said.diseases.index(known_pair[1])).because(6)
    assert found.because["share"].tolist() == expected["share"].tolist()
    assert found.because["subject"].tolist() == [said.drugs[place] for place in expected["subject"]]
    because = found.to_json()["because"]
    for row in because:
        answer = row["answer"]
        assert (answer["subject"], answer["object"]) != known_pair
        assert row.get("drug", known_pair[0]) == answer["subject"]
        assert row.get("disease", known_pair[1]) == answer["object"]
        assert {"drug", "disease"} & row.keys()
    assert sum(row["share"] for row in because) <= 1


def test_paths_lead_over_the_answers_that_are_named(model: Model, store: Store, open_pair: tuple[str, str]) -> None:
    found = explain(model, store, *open_pair, top=10)
    named = {(row.subject, row.object) for row in found.because.itertuples()}
    steps = {
        (one.id, other.id) if edge.step.forward else (other.id, one.id)
        for path in found.evidence
        for one, edge, other in zip(path.nodes, path.edges, path.nodes[1:], strict=False)
        if edge.step.relation in model.task.labels
    }
    assert named & steps


def test_what_paths_carry_is_no_more_than_the_whole(model: Model, store: Store, open_pair: tuple[str, str]) -> None:
    assert 0 < explain(model, store, *open_pair, top=50).paths["share"].sum() <= 1


def test_a_drug_whose_category_names_the_disease_is_explained(families: Graph, tmp_path: Path) -> None:
    """The word that both share carries some of the score, and is no step of a path."""
    columns = {kind: families.nodes[kind].to_pylist() for kind in ("Drug", "Disease")}
    for place, row in enumerate(columns["Drug"]):
        row["categories"] = [f"Anti-{FAMILIES[place // 8]} Agents"]
    for place, row in enumerate(columns["Disease"]):
        row["name"] = f"{FAMILIES[place // 4]} {place}"
    nodes = {kind: table(node_columns(kind), rows) for kind, rows in columns.items()}
    graph = Graph({**families.nodes, **nodes}, families.edges, families.sources)
    model, pair = train(graph, replace(SMALL, steps=1)), (DRUGS[0], DISEASES[0])
    told_of = account(model, 0, 0)
    assert told_of.chains["category named as disease"] > 0 and told_of.walks()["category named as disease"] > 0
    with LadybugStore(tmp_path / "graph.lbdb", create=True) as store:
        store.replace(graph, silent)
        found = explain(model, store, *pair)
    assert found.evidence and "paths between the two" in set(found.contributions["part"])


def test_a_route_is_kept_to(model: Model, store: Store, open_pair: tuple[str, str]) -> None:
    free = explain(model, store, *open_pair, top=10)
    assert any("treats" in path.metapath for path in free.evidence)
    without = explain(model, store, *open_pair, top=10, route=Route(without=("treats", "palliates"))).evidence
    assert without and not any("treats" in path.metapath or "palliates" in path.metapath for path in without)
    stop = free.evidence[0].nodes[1].id
    through = explain(model, store, *open_pair, top=10, route=Route(through=(stop,))).evidence
    assert through and all(stop in {node.id for node in path.nodes} for path in through)
    round_ = explain(model, store, *open_pair, top=10, route=Route(without_nodes=(stop,))).evidence
    assert round_ and not any(stop in {node.id for node in path.nodes} for path in round_)


def test_paths_through_other_middles_come_before_more_of_one() -> None:
    step = Step("binds", True)

    def candidate(gene: str, score: float, share: float) -> Candidate:
        nodes = ("Drug", "d"), ("Gene", gene), ("Drug", f"{gene} {score}"), ("Disease", "s")
        return Candidate(Half(score, nodes, (step, step.reverse, Step("treats", True))), share, share)

    one = [candidate("a", 0.1 + place / 100, 0.2) for place in range(4)]
    others = [candidate("b", 0.1, 0.15), candidate("c", 0.1, 0.1)]
    chosen = varied([*one, *others], 4)
    assert [way.way.nodes[1][1] for way in chosen] == ["a", "b", "c", "a"]
    assert len(varied(one, 10)) == 4
    assert varied([], 10) == []


def test_a_number_of_paths_below_one(model: Model, store: Store) -> None:
    with pytest.raises(ValueError, match="top is 0: expected 1 or more"):
        explain(model, store, "DRUGBANK:DB00000", "DOID:101", top=0)


def test_an_unknown_drug(model: Model, store: Store) -> None:
    with pytest.raises(UnknownNode, match="no drug has the identifier, name or synonym 'DRUGBANK:DB99999'"):
        explain(model, store, "DRUGBANK:DB99999", "DOID:101")


def test_names_for_identifiers(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    drug, disease = known_pair
    assert (
        explain(model, store, f"drug {drug}", f"Disease {disease}").to_json()
        == explain(model, store, *known_pair).to_json()
    )


def test_an_explanation_says_of_a_pair_what_a_ranking_says(
    model: Model, store: Store, open_pair: tuple[str, str], known_pair: tuple[str, str]
) -> None:
    for drug, disease in (open_pair, known_pair):
        found = explain(model, store, drug, disease, top=1).to_json()
        ranking = rank(model, store, disease, end="object", top=1000).set_index("drug")
        row = ranking.loc[drug]
        assert (found["rank"], found["among"]) == (row["rank"], len(ranking))
        for name in ("score", "low", "high", "probability", "probability_low", "probability_high", "prior"):
            assert found[name] == pytest.approx(float(row[name]), rel=1e-4), name
        assert (ranking["probability_low"] <= ranking["probability_high"]).all()


def test_the_interval_of_the_probability_is_the_calibrator_at_the_scores_bounds(model: Model, store: Store) -> None:
    one = rank(model, store, told(model).diseases[0], end="object", top=3)
    way = {pair_regimes(model, *np.ix_([told(model).drugs.index(drug)], [0])).item() for drug in one["drug"]}
    assert len(way) == 1
    calibrator = model.calibrators[way.pop()]
    for bound in ("low", "high"):
        expected = calibrator.probabilities(logit(one[bound].to_numpy(float)))
        assert one[f"probability_{bound}"].to_numpy() == pytest.approx(expected, rel=1e-3)
