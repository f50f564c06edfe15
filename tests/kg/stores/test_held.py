"""What is held of a graph in memory is what its store says, and no longer than the store says it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.files.stamp import stamp_of
from kg.filter import Filter
from kg.graph import Graph, table
from kg.query import info
from kg.query.adjacency import first_neighbours
from kg.schema import PERSON, STEPS, Step, edge_columns, node_columns
from kg.search import Node, UnknownNode, find, meanings, search
from kg.stores.held import Held, HeldGraph, names_of
from kg.stores.held_file import read_held
from kg.stores.hidden import WithoutPatients
from kg.stores.ladybug import LadybugStore
from kg.stores.protocol import Store
from kg.stores.releases import read_releases


def held_of(path: Path) -> HeldGraph:
    found = read_held(path)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, graph: Graph) -> Path:
    path = tmp_path_factory.mktemp("held") / "graph.lbdb"
    with LadybugStore(path, create=True) as store:
        store.replace(graph)
    return path


@pytest.fixture
def path(tmp_path: Path, file: Path) -> Path:
    """A store with the graph, to be written."""
    return Path(shutil.copyfile(file, tmp_path / "graph.lbdb"))


@pytest.fixture
def stores(path: Path) -> Iterator[tuple[Store, Store]]:
    """The store, and itself with what is held of it."""
    with LadybugStore(path) as store:
        yield store, Held(store, held_of(path))


def test_every_step_leads_where_the_store_says(stores: tuple[Store, Store], graph: Graph) -> None:
    nodes = {kind: rows["id"].to_pylist() for kind, rows in graph.nodes.items()}
    origins = {step: [*nodes.get(step.start, ()), "DRUGBANK:DB99999"] for step in STEPS.values()}
    said, held = (sorted((step, one, sorted(ends)) for step, one, ends in store.follow(origins)) for store in stores)
    assert said == held
    keys = [(kind, one) for kind, ids in nodes.items() for one in [*ids, "DOID:0"]]
    assert stores[0].nodes(keys) == stores[1].nodes(keys)


def test_every_part_of_every_name_is_found_as_the_store_finds_it(stores: tuple[Store, Store], graph: Graph) -> None:
    names = [name for rows in graph.nodes.values() for name in rows["name"].to_pylist()]
    texts = dict.fromkeys(text for name in names for text in (name, name[:3], name[1:], name.upper(), name[2:5]))
    for text in texts:
        if text.strip():
            said, held = (search(store, text, 5) for store in stores)
            told, known = (one.nodes[~one.nodes["match"].str.startswith("similar")] for one in (said, held))
            assert told.values.tolist() == known.values.tolist(), text
            for kind in ("Drug", "Disease", PERSON):
                assert meanings(stores[0], [text], kind) == meanings(stores[1], [text], kind), (text, kind)


@pytest.mark.parametrize("text", ["DRUGBANK:DB00682", "drugbank:db00682", "coumadin", "warfarin"])
def test_a_node_is_found_in_every_way(stores: tuple[Store, Store], text: str) -> None:
    assert find(stores[0], text) == find(stores[1], text)


def test_letters_that_stand_for_others_in_patterns_are_letters(tmp_path: Path) -> None:
    rows = [{"id": f"NCBIGene:{place}", "name": name} for place, name in enumerate(["a.b", "axb", "(c", "α1", "aaa"])]
    path = tmp_path / "graph.lbdb"
    with LadybugStore(path, create=True) as store:
        store.replace(Graph({"Gene": table(node_columns("Gene"), rows)}, {}))
        held = Held(store, held_of(path))
        for text in ("a.b", "(", "c", "α", "aa", "a"):
            assert search(held, text).nodes.values.tolist() == search(store, text).nodes.values.tolist(), text


def test_no_patient_is_held(path: Path) -> None:
    held = held_of(path)
    assert PERSON not in {held.names.key(node)[0] for node in range(len(held.names.ids))}
    assert PERSON not in held.nodes
    assert not [step for step in held.led if PERSON in (step.start, step.end)]
    with LadybugStore(path) as store:
        hidden = WithoutPatients(Held(store, held))
        assert names_of(hidden) is held.names
        assert not hidden.nodes([(PERSON, "PANAKEIA:P-1")])
        assert all(PERSON not in (step.start, step.end) for one in held.nodes for step in _steps(hidden, held, one))


def _steps(store: Store, held: HeldGraph, kind: str) -> list[Step]:
    found = store.nodes([(kind, one) for one in held.nodes[kind].ids])
    return [step for known in found.values() for step in known.degrees]


def test_what_is_written_through_it_is_seen(stores: tuple[Store, Store]) -> None:
    held = stores[1]
    added = [{"id": "DRUGBANK:DB77777", "name": "Newlizumab"}]
    with pytest.raises(UnknownNode):
        find(held, "newlizumab")
    held.add(Graph({"Drug": table(node_columns("Drug"), added)}, {}))
    assert find(held, "newlizumab").id == "DRUGBANK:DB77777"
    assert names_of(held) is None


def test_it_belongs_to_the_file_that_it_was_read_from(path: Path, graph: Graph) -> None:
    held = held_of(path)
    assert held.stamp == stamp_of(path)
    with LadybugStore(path) as store:
        store.add(Graph({"Drug": graph.nodes["Drug"].slice(0, 1)}, {}))
    assert held.stamp != stamp_of(path)
    assert read_held(path.with_name("none.lbdb")) is None


@pytest.mark.parametrize("where", [Filter(), Filter(sources=["hetionet"]), Filter(without_sources=["hetionet"])])
def test_who_states_an_edge_is_who_the_store_says(stores: tuple[Store, Store], graph: Graph, where: Filter) -> None:
    said, held = stores
    nodes = [Node(one, kind, "") for kind, rows in graph.nodes.items() for one in rows["id"].to_pylist()]
    steps = [step for step in STEPS.values() if PERSON not in (step.start, step.end)]
    hops = {(one, step, end) for step, one, ends in said.follow(_everywhere(graph)) for end in ends}
    assert sorted(said.evidence(hops, where)) == sorted(held.evidence(hops, where))
    leading = {(one, step) for one, step, _ in hops}
    for node in nodes:
        for step in (step for step in steps if step.start == node.kind):
            for limit in (1, 2, 100) if (node.id, step) in leading else (1,):
                told, known = (first_neighbours(store, node, step, limit, where) for store in stores)
                assert told == known, (node, step, limit)


def test_releases_and_counts_are_those_of_the_store(stores: tuple[Store, Store]) -> None:
    said, held = map(read_releases, stores)
    assert said == held != ()
    assert info(stores[0]) == info(stores[1])


def test_different_statements_stay_different(tmp_path: Path) -> None:
    """The references of two statements may be one text when they are written one after the other."""
    rows = [
        {"subject": "DRUGBANK:DB1", "object": f"NCBIGene:{place}", "source": source, "references": references}
        for place, (source, references) in enumerate(
            [("a", ["b\nc"]), ("a", ["b", "c"]), ("a", []), ("a", [""]), ("a", None), ("ab", ["c"]), ("a", ["b\nc"])]
        )
    ]
    nodes = {"Drug": ["DRUGBANK:DB1"], "Gene": [row["object"] for row in rows]}
    graph = Graph(
        {kind: table(node_columns(kind), [{"id": one, "name": one} for one in ids]) for kind, ids in nodes.items()},
        {"binds": table(edge_columns("binds"), rows)},
    )
    path, hops = tmp_path / "graph.lbdb", [("DRUGBANK:DB1", Step("binds", True), str(row["object"])) for row in rows]
    with LadybugStore(path, create=True) as store:
        store.replace(graph)
        held = Held(store, held_of(path))
        assert sorted(held.evidence(hops)) == sorted(store.evidence(hops))


def _everywhere(graph: Graph) -> dict[Step, list[str]]:
    nodes = {kind: rows["id"].to_pylist() for kind, rows in graph.nodes.items()}
    return {step: nodes.get(step.start, []) for step in STEPS.values()}
