"""A KGX graph of anybody's, named in a manifest, goes into a store; a broken one leaves the store as it was."""

from pathlib import Path

import pytest

from kg.build import BuildError, build
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.manifest import read_manifest
from kg.stores.opening import open_store

MANIFEST = """\
[[source]]
format = "kgx"
name = "mine"
version = "1"
licence = "CC0-1.0"
citation = "by hand"
url = "https://example.org"
nodes = "nodes.tsv"
edges = "edges.tsv"
"""
NODES = "id\tcategory\tname\nHGNC:2623\tbiolink:Gene\tCYP2C9\nMONDO:0005148\tbiolink:Disease\ttype 2 diabetes\n"
EDGES = "subject\tpredicate\tobject\nHGNC:2623\tbiolink:gene_associated_with_condition\tMONDO:0005148\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("sources.toml", MANIFEST), ("nodes.tsv", NODES), ("edges.tsv", EDGES)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_graph_in_a_manifest_is_built_with_its_release(folder: Path) -> None:
    build(read_manifest(folder / "sources.toml"), Fetch(offline=True), folder / "graph.lbdb")
    with open_store(folder / "graph.lbdb") as store:
        graph = store.read()
    assert graph.node_counts() == {"Gene": 1, "Disease": 1} and graph.edge_counts() == {"disease_associates_gene": 1}
    assert [(release.name, sorted(release.files)) for release in graph.sources] == [
        ("mine", ["edges.tsv", "nodes.tsv"])
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("edges.tsv", ""),
        ("edges.tsv", EDGES.replace("predicate", "predicat")),
        ("edges.tsv", EDGES.replace("gene_associated", "gene_blamed")),
        ("nodes.tsv", NODES.replace("biolink:Gene", "biolink:Jean")),
        ("nodes.tsv", NODES.replace("id\t", "id,")),
        ("edges.tsv", EDGES.splitlines()[0]),
    ],
)
def test_a_broken_one_leaves_the_store_as_it_was(folder: Path, name: str, text: str) -> None:
    inputs = read_manifest(folder / "sources.toml")
    build(inputs, Fetch(offline=True), folder / "graph.lbdb")
    before = (folder / "graph.lbdb").read_bytes()
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises((BuildError, FileError), match=rf"{name}|no edge"):
        build(inputs, Fetch(offline=True), folder / "graph.lbdb")
    assert (folder / "graph.lbdb").read_bytes() == before
