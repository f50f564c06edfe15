"""Writing KGX: what is written reads back as the same graph, and says in Biolink's words what it is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.biolink import categories, predicates
from kg.build import build_graph
from kg.export import export
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.graph import Graph, SourceRelease, table
from kg.kgx import columns
from kg.kgx.read import read, read_back
from kg.schema import NODE_KINDS, RELATIONS, edge_columns, node_columns
from kg.sources import hetionet
from tests.conftest import EDGES, EVIDENCE, NODES, RELEASE, make_graph

FORMATS = ("kgx-tsv", "kgx-jsonl")

AWKWARD = (
    "tab\there",
    "line\nend\r\n",
    "bar|bar",
    'qu"ote',
    "\\t \\e \\[] \\\\",
    "",
    " ",
    "é\u2028\x1f",
    "|",
    "\\|",
    "null",
)


def files(folder: Path) -> tuple[Path, Path]:
    ending = "tsv" if (folder / "nodes.tsv").exists() else "jsonl"
    return folder / f"nodes.{ending}", folder / f"edges.{ending}"


def round_trip(graph: Graph, format: str, folder: Path) -> Graph:
    export(graph, format, folder, patients=True)
    built, audit = build_graph(read_back(*files(folder)))
    assert audit.rejected.num_rows == 0
    return built


def content(graph: Graph) -> Mapping[str, Any]:
    """Return a graph's rows, whatever their order; the build makes a missing list of names an empty one."""
    never_null = ("synonyms", "xrefs", "references")
    return {
        name: sorted(repr({k: v or [] if k in never_null else v for k, v in row.items()}) for row in rows.to_pylist())
        for name, rows in (*graph.nodes.items(), *graph.edges.items())
    }


@pytest.mark.parametrize("format", FORMATS)
def test_every_kind_and_relation_comes_back_as_it_was(graph: Graph, format: str, tmp_path: Path) -> None:
    built = round_trip(graph, format, tmp_path)
    assert content(built) == content(graph) and built.sources == graph.sources
    for name, rows in (*built.nodes.items(), *built.edges.items()):
        assert rows.schema == (graph.nodes | graph.edges)[name].schema


@pytest.mark.parametrize("format", FORMATS)
def test_awkward_texts_numbers_and_missing_values_come_back_as_they_were(format: str, tmp_path: Path) -> None:
    drugs: list[dict[str, object]] = [
        {
            "id": f"DRUGBANK:DB{number:05}",
            "name": f"x{text}x",
            "synonyms": [f"s{text}", *(other for other in AWKWARD if other)],
            "inchi": text,
            "groups": [[], None, [text], [text, text]][number % 4],
            "half_life_h": [0.1, 1e300, 5e-324, None][number % 4],
        }
        for number, text in enumerate(AWKWARD)
    ]
    edges = tuple(
        ("binds", f"DRUGBANK:DB{number:05}", "NCBIGene:1559", {"references": [f"r{text}", "PMID:1"], "action": text})
        for number, text in enumerate(AWKWARD)
    )
    graph = make_graph({"Drug": drugs, "Gene": NODES["Gene"]}, edges)
    built = round_trip(graph, format, tmp_path)
    assert built.nodes["Drug"].drop_columns("name").equals(graph.nodes["Drug"].drop_columns("name"))
    assert built.nodes["Drug"]["name"].to_pylist() == [f"x{text}x" for text in AWKWARD]
    assert built.edges["binds"].equals(graph.edges["binds"])


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=6)
ITEMS = st.one_of(st.none(), st.lists(TEXTS, max_size=3))
NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(format=st.sampled_from(FORMATS), rows=st.lists(st.tuples(TEXTS, ITEMS, NUMBERS), min_size=1, max_size=5))
def test_any_attribute_comes_back_as_it_was(format: str, rows: list[tuple[Any, ...]], tmp_path: Path) -> None:
    drugs: list[dict[str, object]] = [
        {"id": f"CHEBI:{number}", "name": "x", "synonyms": [], "inchi": text, "groups": items, "logp": value}
        for number, (text, items, value) in enumerate(rows)
    ]
    votes = tuple(("treats", f"CHEBI:{i}", "DOID:9743", {"votes": items}) for i, (_, items, _) in enumerate(rows))
    graph = make_graph({"Drug": drugs, "Disease": NODES["Disease"]}, votes)
    built = round_trip(graph, format, tmp_path)
    assert built.nodes["Drug"].equals(graph.nodes["Drug"]) and built.edges["treats"].equals(graph.edges["treats"])


def test_each_edge_comes_back_with_its_own_release(tmp_path: Path) -> None:
    other = SourceRelease("other", "2", "CC-BY-4.0", "C", "https://example.org", {"f.tsv": "0f"})
    rows = [
        {"subject": "DRUGBANK:DB00682", "object": "DOID:9743"} | EVIDENCE | more
        for more in ({}, {"source": "other", "source_version": "2", "licence": "CC-BY-4.0"})
    ]
    graph = Graph(
        make_graph({kind: NODES[kind] for kind in ("Drug", "Disease")}, ()).nodes,
        {"treats": table(edge_columns("treats"), rows)},
        (RELEASE, other),
    )
    built = round_trip(graph, "kgx-tsv", tmp_path)
    assert content(built) == content(graph) and built.sources == (RELEASE, other)
    one, _ = build_graph([read(*files(tmp_path), RELEASE)])  # as anybody's graph, all is said by whom the reader names
    assert set(one.edges["treats"]["source"].to_pylist()) == {"by-hand"}


@pytest.mark.parametrize("format", FORMATS)
def test_others_find_biolink_s_words_in_the_standard_columns(graph: Graph, format: str, tmp_path: Path) -> None:
    export(graph, format, tmp_path)
    nodes, edges = (_records(path) for path in files(tmp_path))
    assert {row["category"] for row in nodes} <= categories().keys()
    assert {row["predicate"] for row in edges} <= predicates().keys()
    assert all(row["id"] and row["knowledge_level"] and row["agent_type"] for row in edges)
    assert len({row["id"] for row in edges}) == len(edges)
    treats = next(row for row in edges if row["panakeia_relation"] == "treats")
    assert treats["primary_knowledge_source"] == "infores:by-hand" and treats["publications"] == "PMID:1|PMID:2"
    shifted = next(row for row in edges if row["panakeia_relation"] == "drug_downregulates_gene")
    assert (shifted["object_aspect_qualifier"], shifted["object_direction_qualifier"]) == ("expression", "decreased")
    denied = next(row for row in edges if row["panakeia_relation"] == "disease_lacks_phenotype")
    assert (denied["predicate"], denied["negated"]) == ("biolink:has_phenotype", "true")


def test_patients_stay_at_home_and_are_counted(graph: Graph, tmp_path: Path) -> None:
    exported = export(graph, "kgx-tsv", tmp_path)
    assert exported.left_out["Patient"] == 3 and "left out" in exported.to_text()
    assert "PANAKEIA:P-1" not in (tmp_path / "nodes.tsv").read_text(encoding="utf-8") + (
        tmp_path / "edges.tsv"
    ).read_text(encoding="utf-8")
    assert exported.records["nodes.tsv"] == len((tmp_path / "nodes.tsv").read_text(encoding="utf-8").splitlines()) - 1


@pytest.mark.parametrize("text", ["[]", "{", '[{"name": "x"}]', "[1]"])
def test_releases_that_are_none_are_named(graph: Graph, text: str, tmp_path: Path) -> None:
    export(graph, "kgx-tsv", tmp_path)
    (tmp_path / "releases.json").write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=r"releases.json: .*expected (the releases|those) that an export writes"):
        read_back(*files(tmp_path))


@settings(max_examples=300)
@given(st.lists(st.text(alphabet=r"ab|\\ten[]" + "\t\n\r"), max_size=4))
def test_an_escaped_list_has_no_structure_of_a_table_and_comes_back(items: list[str]) -> None:
    cell = columns.joined(items)
    assert not {"\t", "\n", "\r"} & {*cell} and columns.parted(cell) == items
    assert all(columns.unescaped(columns.escaped(item)) == item for item in items)


def test_an_attribute_has_one_type_whatever_has_it() -> None:
    for tables in (NODE_KINDS, RELATIONS):
        types: dict[str, str] = {}
        for kind in tables.values():
            for name, told in kind.attributes.items():
                assert types.setdefault(name, told) == told, name
    ours = {columns.own(name) for kind in NODE_KINDS for name in node_columns(kind)} - {"name", "provided_by"}
    assert not ours & {"id", "category", "synonym", "xref"}
    assert not {columns.own(name) for name in columns.edge_attributes()} & {"predicate", "publications", "negated"}


def _records(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    if path.suffix == ".tsv":
        header, *rows = [line.split("\t") for line in lines]
        return [dict(zip(header, row, strict=True)) for row in rows]
    found = [json.loads(line) for line in lines]
    return [{k: "|".join(map(str, v)) if isinstance(v, list) else v for k, v in row.items()} for row in found]


def test_a_wrong_number_in_a_file_of_ours_is_named(tmp_path: Path) -> None:
    graph = make_graph({"Drug": [{"id": "CHEBI:1", "name": "x", "logp": 1.25}]}, ())
    export(graph, "kgx-tsv", tmp_path)
    path = tmp_path / "nodes.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace("1.25", "low"), encoding="utf-8")
    with pytest.raises(FileError, match=r"nodes.tsv, line 2: expected a number as logp, got 'low'"):
        build_graph(read_back(*files(tmp_path)))


def test_a_graph_without_edges_comes_back(tmp_path: Path) -> None:
    graph = make_graph({"Gene": NODES["Gene"]}, ())
    assert content(round_trip(graph, "kgx-tsv", tmp_path)) == content(graph)
    assert len(EDGES) > 40 and isinstance(graph.nodes["Gene"], pa.Table)


@pytest.fixture(scope="module")
def small_hetionet(mirror: Path) -> Graph:
    """Hetionet's nodes, and its relations of less than 20,000 edges."""
    whole, _ = build_graph([hetionet.read(Fetch(mirror, offline=True))])
    small = {name: rows for name, rows in whole.edges.items() if rows.num_rows < 20_000}
    return Graph(whole.nodes, small, whole.sources)


@pytest.mark.mirror
@pytest.mark.parametrize("format", FORMATS)
def test_hetionet_comes_back_as_it_was(format: str, small_hetionet: Graph, tmp_path: Path) -> None:
    built = round_trip(small_hetionet, format, tmp_path)
    assert {"treats", "binds", "palliates"} <= set(built.edges) and built.edges == small_hetionet.edges
    assert {kind: rows.sort_by("id") for kind, rows in built.nodes.items()} == {
        kind: rows.sort_by("id") for kind, rows in small_hetionet.nodes.items()
    }
