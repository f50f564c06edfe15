"""Mutated files: whatever stands in them, a build ends with a graph or with a message, and never with half a store."""

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.build import BuildError, Terms, build, build_graph
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.graph import Graph, SourceRelease
from kg.kgx.read import read
from kg.manifest import Input
from kg.rows import Rows
from kg.sources import primekg
from kg.stores.opening import open_store
from tests.kg.kgx.test_read import EDGES, NODES
from tests.kg.sources.test_primekg import ASPIRIN, DIABETES, KIF15, WARFARIN, both

RELEASE = SourceRelease("mine", "1", "CC0-1.0", "", "")


def json_lines(text: str) -> str:
    header, *lines = [line.split("\t") for line in text.splitlines()]
    return "\n".join(json.dumps({k: v for k, v in zip(header, line, strict=True) if v}) for line in lines)


PRIMEKG = [
    ",".join(primekg.COLUMNS),
    *both("drug_protein", "target", WARFARIN, KIF15),
    *both("indication", "indication", ASPIRIN, DIABETES),
    *both("drug_drug", "synergistic interaction", WARFARIN, ASPIRIN),
]
FILES: Mapping[str, tuple[str, bytes, str, bytes]] = {
    "tsv": ("nodes.tsv", NODES.encode(), "edges.tsv", EDGES.encode()),
    "jsonl": ("nodes.jsonl", json_lines(NODES).encode(), "edges.jsonl", json_lines(EDGES).encode()),
    "primekg": ("primekg/kg.csv", "\n".join(PRIMEKG).encode(), "unused", b""),
}
PIECES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [b"\t", b"\n", b"\r\n", b"\r", b'"', b"|", b"\\", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"biolink:x", b"{"]
    ),
)
CHANGES = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 40), PIECES), min_size=1, max_size=3)


def mutated(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Return bytes with some of them, at a place, replaced by others."""
    for place, length, piece in changes:
        place %= max(1, len(content) + 1)
        content = content[:place] + piece + content[place + length :]
    return content


def reader(folder: Path, form: str) -> Callable[[Fetch], Rows]:
    def read_it(fetch: Fetch) -> Rows:
        if form == "primekg":
            return primekg.read(Fetch(folder, cache=folder / "no-cache", offline=True))
        nodes, edges = FILES[form][0], FILES[form][2]
        packed = folder / f"{edges}.gz"
        return read(folder / nodes, packed if packed.exists() else folder / edges, RELEASE)

    return read_it


def write_files(folder: Path, form: str) -> None:
    (folder / "primekg").mkdir(exist_ok=True)
    nodes, first, edges, second = FILES[form]
    (folder / nodes).write_bytes(first)
    (folder / edges).write_bytes(second)
    (folder / f"{edges}.gz").unlink(missing_ok=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.sampled_from(sorted(FILES)), which=st.sampled_from([0, 2]), changes=CHANGES)
def test_a_mutated_file_gives_a_graph_or_a_message_that_names_it(
    form: str, which: int, changes: list[tuple[int, int, bytes]], tmp_path: Path
) -> None:
    write_files(tmp_path, form)
    name, content = FILES[form][which : which + 2]
    (tmp_path / name).write_bytes(mutated(content, changes))
    try:
        graph, audit = build_graph([reader(tmp_path, form)(Fetch(offline=True))], max_reject_share=1.0)
    except FileError as failure:
        assert str(tmp_path / name) in str(failure)
    else:
        assert isinstance(graph, Graph) and all(row["line"] > 0 for row in audit.rejected.to_pylist())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, cut=st.integers(0, 2000))
def test_a_mutated_gzip_gives_a_graph_or_a_message(
    changes: list[tuple[int, int, bytes]], cut: int, tmp_path: Path
) -> None:
    write_files(tmp_path, "tsv")
    packed = gzip.compress(EDGES.encode(), mtime=0)
    (tmp_path / "edges.tsv.gz").write_bytes(mutated(packed, changes)[: cut or None])
    try:
        build_graph([reader(tmp_path, "tsv")(Fetch(offline=True))], max_reject_share=1.0)
    except FileError as failure:
        assert "edges.tsv.gz" in str(failure)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.sampled_from(sorted(FILES)), which=st.sampled_from([0, 2]), changes=CHANGES)
def test_a_mutated_file_leaves_a_whole_store(
    form: str, which: int, changes: list[tuple[int, int, bytes]], tmp_path: Path
) -> None:
    write_files(tmp_path, form)
    one = Input("primekg" if form == "primekg" else "mine", "CC0-1.0", reader(tmp_path, form))
    store = tmp_path / "graph.lbdb"
    build([one], Fetch(offline=True), store, Terms(discard=True))  # what another example built
    before = store.read_bytes()
    name, content = FILES[form][which : which + 2]
    (tmp_path / name).write_bytes(mutated(content, changes))
    try:
        build([one], Fetch(offline=True), store)
    except (BuildError, FileError):
        assert store.read_bytes() == before
    with open_store(store) as opened:
        assert opened.read().sources[0].name == one.name


@pytest.mark.parametrize("name", ["\\u0000", "a\\u0000b", "\\u001f", "\\ufffe", "🧬" * 5000])
def test_whatever_characters_json_can_write_a_store_can_keep(name: str, tmp_path: Path) -> None:
    (tmp_path / "nodes.jsonl").write_text(
        f'{{"id": "HGNC:1", "category": "biolink:Gene", "name": "{name}"}}\n' + json_lines(NODES), encoding="utf-8"
    )
    (tmp_path / "edges.jsonl").write_text(json_lines(EDGES), encoding="utf-8")
    build([Input("mine", "CC0-1.0", reader(tmp_path, "jsonl"))], Fetch(offline=True), tmp_path / "graph.lbdb")
    with open_store(tmp_path / "graph.lbdb") as store:
        graph = store.read()
    assert graph.nodes["Gene"].num_rows == 3
