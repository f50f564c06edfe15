"""A graph imported by Neo4j's own tool is, read by the driver, the graph that went in."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kg.graph import Graph, table
from kg.paths import paths
from kg.schema import node_columns
from kg.search import search
from kg.stores.neo4j_admin import import_offline
from kg.stores.opening import open_store
from kg.stores.protocol import StoreError
from tests.kg.stores.test_contract import assert_degrees_are_counts, assert_hops_are_those_of, assert_same
from tests.neo4j.server import Home, ServerError, prepared_home, started

ODD = [
    {"id": "DRUGBANK:DB00001", "name": 'a "quoted", name\nof two lines', "synonyms": ["", "semi;colon", "back\\slash"]},
    {"id": "DRUGBANK:DB00002", "name": " Müller’s 漢 ", "synonyms": [], "inchi": ""},
    {"id": "DRUGBANK:DB00003", "name": "'", "synonyms": ["a", "b"], "provided_by": ["by-hand"], "inchi": "InChI=1S/x"},
]
"""What a CSV file might make something else of."""


def odd(graph: Graph) -> Graph:
    """The small graph with odd drugs, and lists where a build has some."""
    rows = {kind: nodes.to_pylist() for kind, nodes in graph.nodes.items()}
    rows["Drug"] = [*rows["Drug"], *ODD]
    lists = ("synonyms", "xrefs", "provided_by")
    filled = {
        kind: [row | {name: row.get(name) or [] for name in lists} for row in of_kind] for kind, of_kind in rows.items()
    }
    return replace(graph, nodes={kind: table(node_columns(kind), of_kind) for kind, of_kind in filled.items()})


def quiet(step: str, fraction: float) -> None:
    assert step and 0 <= fraction <= 1


@pytest.fixture(scope="module")
def home(neo4j_url: str) -> Iterator[Home]:
    """The folder of a server of our own, which does not run; only where tests with a server run."""
    assert neo4j_url
    try:
        with prepared_home() as prepared:
            yield prepared
    except ServerError as failure:
        pytest.skip(str(failure))


@pytest.fixture
def login(home: Home, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("NEO4J_USER", "NEO4J_PASSWORD"):
        monkeypatch.setenv(name, home.variables[name])
    return home.variables["PANAKEIA_TEST_NEO4J"]


@pytest.mark.neo4j
def test_an_imported_graph_is_the_graph(home: Home, login: str, graph: Graph) -> None:
    wanted = odd(graph)
    import_offline(wanted, home.folder, progress=quiet)
    with started(home):
        with open_store(login) as store:
            assert_same(store.read(), wanted)
            assert_degrees_are_counts(store, wanted)
            assert_hops_are_those_of(store, wanted)
            assert list(search(store, "semi;colon").nodes["id"]) == ["DRUGBANK:DB00001"]
            assert paths(store, "warfarin", "thrombosis")
            indexed = store.query("SHOW INDEXES YIELD labelsOrTypes, properties RETURN labelsOrTypes, properties", {})
            assert {"labelsOrTypes": ["NamedThing"], "properties": ["id"]} in indexed
            assert {"labelsOrTypes": ["Drug"], "properties": ["id"]} in indexed
            store.add(wanted)
            assert_same(store.read(), wanted)
        with pytest.raises(StoreError, match=r"is running, .*neo4j stop\), then import again"):
            import_offline(wanted, home.folder)


def test_a_folder_of_no_server_is_refused(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is not the folder of a Neo4j server: expected it to hold bin/neo4j-admin"):
        import_offline(graph, tmp_path)


def fake_tool(folder: Path, does: str) -> Path:
    tool = folder / "bin" / "neo4j-admin"
    tool.parent.mkdir(parents=True)
    tool.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    os.chmod(tool, 0o755)
    return folder


def test_what_the_tool_says_is_told(graph: Graph, tmp_path: Path) -> None:
    home = fake_tool(tmp_path, "echo 'no space left on device' >&2; exit 1")
    with pytest.raises(StoreError, match=r"could not import into .*; it said last:\nno space left on device"):
        import_offline(graph, home)


@pytest.mark.parametrize("synonyms", [[""], ["a\x1fb"], [None]])
def test_a_list_that_would_come_back_as_another_is_refused(tmp_path: Path, synonyms: list[str]) -> None:
    row = {"id": "DRUGBANK:DB00001", "name": "x", "synonyms": ["a"], "xrefs": synonyms}
    with pytest.raises(StoreError, match="an empty text alone, or a control character"):
        import_offline(Graph({"Drug": table(node_columns("Drug"), [row])}, {}), fake_tool(tmp_path, "exit 0"))
