"""Explanations: the parts of a score, and paths that are evidence and not the answer."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from gnn.carriers import COLUMNS, carriers
from gnn.checkpoint import Model
from gnn.explain import explain
from kg.graph import Graph, table
from kg.schema import edge_columns, node_columns
from kg.search import UnknownNode
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from tests.gnn.conftest import edges


@pytest.fixture
def known_pair(model: Model) -> tuple[str, str]:
    row, column = next(zip(*model.known.nonzero(), strict=True))
    return model.drugs[row], model.diseases[column]


def test_an_explanation_holds_the_score_and_its_parts(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    found = explain(model, store, *known_pair, top=5)
    row, column = model.drugs.index(known_pair[0]), model.diseases.index(known_pair[1])
    assert found.known
    assert found.score == pytest.approx(float(model.scores[row, column]))
    expected = {part: float(values[row, column]) for part, values in model.contributions.items()}
    assert dict(found.contributions.itertuples(index=False, name=None)) == pytest.approx(expected)


def test_a_judgement_is_told_and_is_no_path(model: Model, families: Graph, store: Store, tmp_path: Path) -> None:
    row, column = next(zip(*(~model.known).nonzero(), strict=True))
    drug, disease = model.drugs[row], model.diseases[column]
    before = explain(model, store, drug, disease)
    assert before.judged == "" and "judged" not in before.to_text() and before.to_json()["judged"] == ""
    told = edges("not_indicated_for", {(drug, disease)}, "pharmacotherapydb").to_pylist()[0] | {"votes": ["PK=NOT"]}
    judged = {"not_indicated_for": table(edge_columns("not_indicated_for"), [told])}
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
    assert found.paths["score"].is_monotonic_decreasing
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
    other = replace(model, diseases=tuple(new if known == disease else known for known in model.diseases))
    with open_store(tmp_path / "graph.lbdb", create=True) as store:
        store.replace(Graph(nodes, edges, families.sources))
        found = explain(other, store, drug, new)
    assert found.evidence
    assert {path.nodes[-1].kind for path in found.evidence} == {"Disease"}


def test_it_can_be_told_and_written_down(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    found = explain(model, store, *known_pair, top=2)
    assert "degree prior" in found.to_text()
    assert "in made-up 1's list. Beyond" in found.to_text()
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [step["name"] for step in told["paths"][0]["steps"]] == [node.name for node in found.evidence[0].nodes]


def test_the_text_names_the_treatments_that_carried_the_parts_that_raise_the_score(
    model: Model, store: Store, known_pair: tuple[str, str]
) -> None:
    carried = [
        ("fused graph", "D:1", "Metformin", "S:1", "diabetes", 0.214),
        ("fused graph", "D:2", "Glipizide", "S:1", "diabetes", 0.1),
        ("fused graph", "D:1", "Metformin", "S:2", "obesity", 0.05),
        ("fused graph", "D:3", "Orlistat", "S:2", "obesity", 0.01),
        ("like drugs", "D:2", "Glipizide", "S:3", "gout", 0.5),
        ("like diseases", "D:2", "Glipizide", "S:3", "gout", 0.6),
        ("like drugs of like diseases", "D:2", "Glipizide", "S:3", "gout", 0.7),
    ]
    parts = [("genes between", 9.0), ("fused graph", 7.3), ("like diseases", 0.05), ("like drugs", 0.04)]
    found = replace(
        explain(model, store, *known_pair, top=2),
        contributions=pd.DataFrame([*parts, ("like drugs of like diseases", -0.2)], columns=["part", "logit"]),
        carriers=pd.DataFrame(carried, columns=list(COLUMNS)),
    )
    assert found.to_text().endswith(
        "the log-odds get genes between +9.0, fused graph +7.3, like diseases +0.1, like drugs of like diseases -0.2. "
        "Known treatments that carried it: fused graph by Metformin for diabetes (21%), Glipizide for diabetes (10%), "
        "Metformin for obesity (5%); like diseases by Glipizide for gout (60%)."
    )
    alone = replace(found, carriers=found.carriers.head(0))
    assert alone.to_text().endswith("like drugs of like diseases -0.2.")


def test_the_carriers_of_a_pair_are_in_its_explanation(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    found = explain(model, store, *known_pair, top=2)
    row, column = model.drugs.index(known_pair[0]), model.diseases.index(known_pair[1])
    pd.testing.assert_frame_equal(found.carriers, carriers(model, row, column))
    assert not ((found.carriers["drug"] == found.drug) & (found.carriers["disease"] == found.disease)).any()
    told = found.to_json()["carriers"]
    assert told
    assert all(set(row) == {"part", "drug", "drug_name", "disease", "disease_name", "share"} for row in told)


def test_a_number_of_paths_below_one(model: Model, store: Store) -> None:
    with pytest.raises(ValueError, match="top is 0: expected 1 or more"):
        explain(model, store, model.drugs[0], "DOID:101", top=0)


def test_an_unknown_drug(model: Model, store: Store) -> None:
    with pytest.raises(UnknownNode, match="no drug has the identifier, name or synonym 'DRUGBANK:DB99999'"):
        explain(model, store, "DRUGBANK:DB99999", "DOID:101")


def test_names_for_identifiers(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    drug, disease = known_pair
    assert (
        explain(model, store, f"drug {drug}", f"Disease {disease}").to_json()
        == explain(model, store, *known_pair).to_json()
    )
