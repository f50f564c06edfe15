"""The review of a whole graph: who states what under which licence, what stands alone, what everything hangs on."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.build import Terms, build
from kg.catalogue import heads, page
from kg.fetch import Fetch
from kg.graph import Graph
from kg.manifest import source_names
from kg.query import review
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from tests.conftest import EVIDENCE, make_graph


@pytest.fixture
def store(store_of: Callable[[Graph], Store], graph: Graph) -> Store:
    return store_of(graph)


def test_every_edge_is_counted_with_its_source_licence_and_level(store: Store, graph: Graph) -> None:
    found = review(store)
    assert found.statements.groupby("relation")["edges"].sum().to_dict() == graph.edge_counts()
    said = set(found.statements[["source", "licence", "knowledge_level"]].itertuples(index=False, name=None))
    assert said == {("by-hand", "CC0-1.0", EVIDENCE["knowledge_level"])}
    assert found.licences().to_dict(orient="records") == [
        {"licence": "CC0-1.0", "forbids_commercial_use": False, "edges": sum(graph.edge_counts().values())}
    ]
    assert found.stated == {"by-hand": sum(graph.node_counts().values())}


def test_no_person_is_shown(store: Store) -> None:
    found = review(store)
    assert "P-1" not in json.dumps(found.to_json()) + found.to_text()


def test_what_no_edge_joins_is_an_orphan_and_what_most_join_is_a_hub(store_of: Callable[[Graph], Store]) -> None:
    genes = [{"id": f"NCBIGene:{n}", "name": f"G{n}", "provided_by": ["by-hand"]} for n in range(1, 6)]
    edges = tuple(("gene_interacts_gene", "NCBIGene:1", f"NCBIGene:{n}", {}) for n in (2, 3, 4))
    found = review(store_of(make_graph({"Gene": genes}, edges)))
    assert found.orphans == {"Gene": (1, ["NCBIGene:5"])}
    assert found.hubs.iloc[0].to_dict() == {"id": "NCBIGene:1", "kind": "Gene", "name": "G1", "neighbours": 3}


def test_what_could_not_be_decided_is_told(store_of: Callable[[Graph], Store]) -> None:
    genes = [{"id": f"NCBIGene:{n}", "name": "TEC", "provided_by": ["by-hand"]} for n in (1, 2)]
    found = review(store_of(make_graph({"Gene": genes}, (("gene_interacts_gene", "NCBIGene:1", "NCBIGene:2", {}),))))
    assert "1 x one symbol, several genes (Gene), first TEC, NCBIGene:1, NCBIGene:2" in found.to_text()
    assert found.to_json()["conflicts"][0]["examples"] == [["TEC", "NCBIGene:1", "NCBIGene:2"]]


def test_a_drug_without_a_public_identifier_is_looked_at_by_its_names(store_of: Callable[[Graph], Store]) -> None:
    drugs = [
        {"id": "DRUGBANK:DB00945", "name": "Acetylsalicylic acid", "synonyms": ["Aspirin"]},
        {"id": "PANAKEIA:aspirin", "name": "aspirin"},
    ]
    nodes = {"Drug": [row | {"provided_by": ["by-hand"]} for row in drugs]}
    found = review(store_of(make_graph(nodes, ())))
    assert found.orphans == {"Drug": (2, ["DRUGBANK:DB00945", "PANAKEIA:aspirin"])}


def test_a_build_s_account_is_kept_in_the_graph(tmp_path: Path) -> None:
    audit = build(["starter"], Fetch(offline=True), tmp_path / "g.lbdb", Terms(discard=True))
    with open_store(tmp_path / "g.lbdb") as store:
        found = review(store)
    assert found.to_frame().to_dict("records") == audit.to_frame().to_dict("records")
    [source] = found.to_json()["sources"]
    assert source["name"] == "starter" and source["tables"] and source["rejected"] == []
    told = page(found, heads())
    assert all(f"## {name}\n" in told for name in source_names())


def test_the_page_of_data_sets_is_of_their_heads() -> None:
    told = (Path(__file__).parents[3] / "docs" / "sources.md").read_text(encoding="utf-8")
    for head in heads():
        assert f"| [{head.name}](#{head.name}) | {head.gives} | {head.version} | {head.licence} |" in told
        assert f"## {head.name}\n\n{head.citation}" in told
