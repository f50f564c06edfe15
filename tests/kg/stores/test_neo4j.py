"""What goes wrong on the way to a Neo4j server is said, with what to do, and without the password."""

import random
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from neo4j import GraphDatabase

import kg.stores.neo4j
from kg.graph import Graph, table
from kg.paths import paths
from kg.query import patient, show
from kg.schema import node_columns
from kg.search import search
from kg.stores.neo4j import Neo4jStore, address_and_login
from kg.stores.opening import open_store
from kg.stores.protocol import StoreError
from tests.kg.stores.interrupted import kill_after, ladder, quiet, same, stored, write_to_the_end

SECRET = "not-the-password"


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_USER", raising=False)
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.usefixtures("no_environment")
def test_a_missing_password_is_asked_for() -> None:
    with pytest.raises(StoreError, match=r"bolt://localhost:7687 needs a password: set NEO4J_PASSWORD"):
        open_store("bolt://neo4j@localhost:7687")


@pytest.mark.usefixtures("no_environment")
def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    port = closed_port()
    with (
        pytest.raises(StoreError, match=rf"no Neo4j server answers at bolt://127.0.0.1:{port}") as raised,
        open_store(f"bolt://neo4j:{SECRET}@127.0.0.1:{port}"),
    ):
        pass
    assert SECRET not in str(raised.value)


@pytest.mark.usefixtures("no_environment")
def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(StoreError, match="bolt://nowhere:port"), open_store(f"bolt://neo4j:{SECRET}@nowhere:port"):
        pass


def test_a_url_of_another_kind_is_refused_without_repeating_it() -> None:
    with pytest.raises(StoreError, match=r"http:// is no store's URL") as raised:
        open_store(f"http://neo4j:{SECRET}@localhost:7474")
    assert SECRET not in str(raised.value)


@pytest.mark.neo4j
def test_a_wrong_password_is_refused_and_not_repeated(neo4j_url: str) -> None:
    address = urlsplit(neo4j_url).netloc.rpartition("@")[2]
    with (
        pytest.raises(StoreError, match="refused the user or the password") as raised,
        open_store(f"bolt://neo4j:{SECRET}@{address}"),
    ):
        pass
    assert SECRET not in str(raised.value)


@pytest.mark.neo4j
@pytest.mark.parametrize("missing", ["n:NamedThing", "n.degrees", "n.folded_id, n.folded_name, n.folded_synonyms"])
def test_a_graph_of_a_version_that_keeps_less_is_to_be_built_anew(neo4j_url: str, graph: Graph, missing: str) -> None:
    address, login = address_and_login(neo4j_url)
    with open_store(neo4j_url) as store, GraphDatabase.driver(address, auth=login) as driver:
        store.replace(graph, quiet)
        driver.execute_query(f"MATCH (n:Drug) REMOVE {missing}")
        show_it, find_paths = lambda: show(store, "warfarin"), lambda: paths(store, "warfarin", "thrombosis")
        asks = [show_it, find_paths, lambda: store.add(graph)]
        if "folded" in missing:
            driver.execute_query(f"MATCH (n:Patient) REMOVE {missing}")
            asks += [lambda: search(store, "warfarin"), lambda: patient(store, "panakeia:p-1")]
        for ask in asks:
            with pytest.raises(StoreError, match="of another version: build it anew"):
                ask()


@pytest.mark.neo4j
@pytest.mark.parametrize("question", ["nodes", "follow", "evidence"])
def test_a_build_that_the_server_does_not_give_back_fails(
    neo4j_url: str, graph: Graph, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    with open_store(neo4j_url) as store:
        monkeypatch.setattr(store, question, lambda asked: {} if question == "nodes" else iter(()))
        with pytest.raises(StoreError, match=r"does not hold the edge DRUGBANK:DB00682 -treats-> DOID:9743"):
            store.replace(graph, quiet)


@pytest.mark.neo4j
def test_a_killed_build_leaves_nothing_that_a_later_one_keeps(neo4j_url: str, graph: Graph) -> None:
    """A builder that dies leaves staged nodes and edges behind; the next build counts none of them."""
    one = Graph({"Drug": table(node_columns("Drug"), [{"id": "DRUGBANK:DB00001", "name": "one"}])}, {})

    def die(step: str, fraction: float) -> None:
        if step.startswith("edges"):
            raise SystemExit

    with open_store(neo4j_url) as store:
        assert isinstance(store, Neo4jStore)
        store.replace(one, quiet)
        with pytest.raises(SystemExit):
            store.replace(graph, die)
        assert store.query("MATCH (n:GeneStaged) RETURN count(n) > 0 AS left", {}) == [{"left": True}]
        assert store.read().node_counts() == {"Drug": 1}
        store.replace(one, quiet)
        assert store.query("MATCH (n:!PanakeiaChange) RETURN count(n) AS nodes", {}) == [{"nodes": 1}]
        assert store.query("MATCH ()-[r]->() RETURN count(r) AS edges", {}) == [{"edges": 0}]


@pytest.mark.neo4j
@pytest.mark.parametrize("verb", ["replace", "add"])
def test_killed_at_ten_random_points_a_whole_graph_stays(neo4j_url: str, verb: str) -> None:
    with open_store(neo4j_url) as store:
        store.replace(ladder("old"), quiet)
    old = stored(neo4j_url)
    whole_s = write_to_the_end(neo4j_url, verb)
    new = stored(neo4j_url)

    luck = random.Random(10)
    for _ in range(10):
        with open_store(neo4j_url) as store:
            store.replace(ladder("old"), quiet)
            assert store.query("MATCH (n:!PanakeiaChange) RETURN count(n) AS nodes", {}) == [{"nodes": 121}]
        kill_after(neo4j_url, verb, luck.uniform(0, whole_s))
        survived = stored(neo4j_url)
        assert same(survived, old) or same(survived, new)


@pytest.mark.neo4j
def test_what_is_too_much_for_a_transaction_is_added_all_the_same(
    neo4j_url: str, tmp_path: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kg.stores.neo4j, "MOST_AT_ONCE", 0)
    conditions = graph.edges["patient_has_condition"]
    newer = pa.Table.from_pylist([row | {"day": 77} for row in conditions.to_pylist()[:1]], conditions.schema)
    person = graph.nodes["Patient"].slice(2)
    renamed = person.set_column(1, "name", pa.array(["P-3 again"]))
    addition = Graph({"Patient": renamed}, {"patient_has_condition": newer}, graph.sources)
    gone = Graph({}, {"patient_has_condition": conditions.slice(0, 1), "treats": graph.edges["treats"]})
    held = []
    for url in (neo4j_url, tmp_path / "graph.lbdb"):
        with open_store(url, create=True) as store:
            store.replace(graph)
            store.add(addition, gone)
            keys = [(kind, node) for kind, rows in graph.nodes.items() for node in rows["id"].to_pylist()]
            held.append((store.read(), store.nodes(keys)))
    (there, theirs), (here, ours) = held
    assert listed(there) == listed(here) and theirs == ours and "treats" not in there.edges


def listed(graph: Graph) -> dict[str, list[str]]:
    return {name: sorted(map(repr, rows.to_pylist())) for name, rows in {**graph.nodes, **graph.edges}.items()}
