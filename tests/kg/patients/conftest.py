"""What the tests of patient records need: a key, a way to write bundles, a store with a small graph."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kg.graph import Graph
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from tests.kg.patients.made_up_records import Resource

Write = Callable[..., Path]


@pytest.fixture
def key() -> bytes:
    """A key for pseudonyms."""
    return b"a key that only the tests know, and anyone who reads them"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a bundle to a file and returns its path."""

    def written(content: Resource, name: str = "Ottoline_Quillfeather.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return written


@pytest.fixture(scope="session")
def without_patients(graph: Graph) -> Graph:
    """The small graph, less its patients."""
    return Graph(
        {kind: rows for kind, rows in graph.nodes.items() if kind != "Patient"},
        {name: rows for name, rows in graph.edges.items() if not name.startswith(("patient_", "predicted_benefits"))},
        graph.sources,
    )


@pytest.fixture(scope="session")
def file_without_patients(without_patients: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with that graph in it, to be copied."""
    path = tmp_path_factory.mktemp("without-patients") / "graph.lbdb"
    with open_store(path, create=True) as opened:
        opened.replace(without_patients)
    return path


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store, with the small graph in it, less its patients."""
    if request.param == "neo4j":
        with open_store(request.getfixturevalue("neo4j_url"), create=True) as opened:
            opened.replace(request.getfixturevalue("without_patients"))
            yield opened
        return
    copied = shutil.copy(request.getfixturevalue("file_without_patients"), tmp_path / "graph.lbdb")
    with open_store(copied) as opened:
        yield opened
