"""A build: bad rows are rejected with their reason, doubles merged, too many rejects leave the store alone."""

import gzip
import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pyarrow as pa
import pytest

from kg.build import BuildError, Terms, build, build_graph, default_sources
from kg.curie import prefixes
from kg.fetch import Fetch
from kg.graph import Graph, SourceRelease
from kg.manifest import UnknownSource, source_names
from kg.rows import Rows
from kg.schema import NODE_KINDS, RELATIONS, edge_columns, node_columns
from kg.stores.opening import open_store
from kg.stores.protocol import StoreError

NODES = [
    ("Gene", "NCBIGene:1", "A1BG"),
    ("Gene", "NCBIGene:2", "A2M"),
    ("Drug", "DRUGBANK:DB00001", "Lepirudin"),
    ("Disease", "DOID:1", "one"),
    ("BiologicalProcess", "GO:0000001", "process"),
    ("MolecularFunction", "GO:0000002", "function"),
]


def rows(
    nodes: list[tuple[object, ...]], edges: list[tuple[object, ...]], *, name: str = "made-up", **columns: list[object]
) -> Rows:
    """Rows of (kind, id, name) and (relation, subject, object), with good evidence unless `columns` say otherwise."""
    kinds, ids, names = zip(*nodes, strict=True) if nodes else ((), (), ())
    relations, subjects, objects = zip(*edges, strict=True) if edges else ((), (), ())
    text = pa.string()
    node_table = {"kind": pa.array(kinds, text), "id": pa.array(ids, text), "name": pa.array(names, text)}
    edge_table = {
        "relation": pa.array(relations, text),
        "subject": pa.array(subjects, text),
        "object": pa.array(objects, text),
        "knowledge_level": pa.array(["knowledge_assertion"] * len(edges), text),
        "agent_type": pa.array(["manual_agent"] * len(edges), text),
    } | {column: pa.array(values) for column, values in columns.items()}
    release = SourceRelease(name, "1", "CC0-1.0", "Nobody", "https://example.org", {"f": "00"})
    return Rows(release, (placed(node_table, len(nodes)),), (placed(edge_table, len(edges)),))


def placed(columns: dict[str, pa.Array], length: int) -> pa.Table:
    return pa.table(columns | {"file": ["f.tsv"] * length, "line": list(range(2, 2 + length))}, schema=None)


def reasons_by_line(source: Rows) -> dict[int, str]:
    _, audit = build_graph([source], max_reject_share=1.0)
    return {row["line"]: row["reason"] for row in audit.rejected.to_pylist()}


def test_every_bad_node_is_rejected_with_its_reason_and_line() -> None:
    bad = [("Planet", "NCBIGene:3", "x"), ("Gene", "NCBIGene:x", "x"), ("Gene", None, "x"), ("Gene", "DOID:2", "x")]
    assert reasons_by_line(rows([*NODES, *bad], [])) == {
        8: "unknown kind",
        9: "malformed CURIE",
        10: "malformed CURIE",
        11: "identifier of another kind",
    }


def test_every_bad_edge_is_rejected_with_its_reason_and_line() -> None:
    edges = [
        ("treats", "DRUGBANK:DB00001", "DOID:1"),
        ("heals", "DRUGBANK:DB00001", "DOID:1"),
        ("treats", "DRUGBANK:DB00001", None),
        ("treats", "", "DOID:1"),
        ("treats", "DRUGBANK:DB00001", "DOID:2"),
        ("treats", "DRUGBANK:1", "DOID:1"),
        ("treats", "DRUGBANK:DB00001", "doid 1"),
        ("treats", "DOID:1", "DRUGBANK:DB00001"),
        ("gene_participates_in_biological_process", "NCBIGene:1", "GO:0000002"),
        ("gene_interacts_gene", "NCBIGene:1", "NCBIGene:1"),
    ]
    assert reasons_by_line(rows(NODES, edges)) == {
        3: "unknown relation",
        4: "missing end",
        5: "missing end",
        6: "missing end",
        7: "malformed CURIE",
        8: "malformed CURIE",
        9: "identifier of another kind",
        10: "identifier of another kind",
        11: "self-loop",
    }


@pytest.mark.parametrize(("column", "value"), [("knowledge_level", "gossip"), ("agent_type", None)])
def test_an_edge_without_evidence_does_not_load(column: str, value: str | None) -> None:
    levels = {column: ["not_provided", value]}
    edges = [("treats", "DRUGBANK:DB00001", "DOID:1"), ("binds", "DRUGBANK:DB00001", "NCBIGene:1")]
    assert reasons_by_line(rows(NODES, edges, **levels)) == {3: "missing evidence"}


def test_the_evidence_of_an_edge_is_that_of_its_row_and_its_release() -> None:
    edges = [("treats", "DRUGBANK:DB00001", "DOID:1"), ("treats", "DRUGBANK:DB00001", "DOID:1")]
    graph, _ = build_graph([rows(NODES, edges[:1], licence=["CC-BY-4.0"])])
    plain, _ = build_graph([rows(NODES, edges[:1])])
    assert graph.edges["treats"].to_pylist() == [
        {
            "subject": "DRUGBANK:DB00001",
            "object": "DOID:1",
            "source": "made-up",
            "source_version": "1",
            "licence": "CC-BY-4.0",
            "knowledge_level": "knowledge_assertion",
            "agent_type": "manual_agent",
            "references": [],
            "votes": None,
        }
    ]
    assert plain.edges["treats"]["licence"].to_pylist() == ["CC0-1.0"]


def test_an_edge_of_two_sources_is_two_edges_and_no_row_is_counted_as_merged() -> None:
    edge = ("treats", "DRUGBANK:DB00001", "DOID:1")
    ours, theirs = rows(NODES, [edge, edge]), rows(NODES, [edge], name="other", licence=["MIT"])
    graph, audit = build_graph([ours, theirs])
    stated = [(row["source"], row["licence"]) for row in graph.edges["treats"].to_pylist()]
    assert sorted(stated) == [("made-up", "CC0-1.0"), ("other", "MIT")]
    tallies = {tally.source: tally for tally in audit.tallies if tally.table == "treats"}
    assert (tallies["made-up"].rows, tallies["made-up"].merged, tallies["made-up"].kept) == (2, 1, 1)
    assert (tallies["other"].rows, tallies["other"].merged, tallies["other"].kept) == (1, 0, 1)


def test_tables_have_the_schema_s_columns_and_types(hetionet_folder: Path) -> None:
    graph, _ = build_graph([_hetionet(hetionet_folder)])
    for kind, table in graph.nodes.items():
        assert table.column_names == list(node_columns(kind))
    for relation, table in graph.edges.items():
        assert table.column_names == list(edge_columns(relation))
    assert graph.edges["binds"].schema.field("affinity_nM").type == pa.float64()


def known(graph: Graph, kind: str) -> list[dict[str, Any]]:
    """The nodes of a kind, without the attributes that they have not."""
    return [{k: v for k, v in row.items() if v is not None} for row in graph.nodes[kind].to_pylist()]


def test_nodes_of_two_sources_become_one() -> None:
    first = rows([("Gene", "NCBIGene:1", ""), ("Drug", "DRUGBANK:DB00001", " Lepirudin ")], [])
    names = {"synonyms": pa.array([["ABG"], ["Refludan"]], pa.list_(pa.string()))}
    second = rows([("Gene", "NCBIGene:1", "A1BG"), ("Drug", "DRUGBANK:DB00001", "Hirudin")], [], name="other")
    second = Rows(second.release, (second.nodes[0].append_column("synonyms", names["synonyms"]),), second.edges)
    graph, audit = build_graph([first, second])
    both = {"xrefs": [], "provided_by": ["made-up", "other"]}
    assert known(graph, "Gene") == [{"id": "NCBIGene:1", "name": "A1BG", "synonyms": ["ABG"], **both}]
    assert known(graph, "Drug") == [
        {"id": "DRUGBANK:DB00001", "name": "Lepirudin", "synonyms": ["Hirudin", "Refludan"], **both}
    ]
    assert {(t.source, t.table): t.merged for t in audit.tallies if t.merged} == {
        ("other", "Gene"): 1,
        ("other", "Drug"): 1,
    }


def test_names_are_stored_composed_and_one_name_in_two_forms_is_no_synonym() -> None:
    first = rows([("Disease", "DOID:1", normalize("NFD", "Ménière"))], [])
    second = rows([("Disease", "DOID:1", " Ménière ")], [], name="other")
    synonyms = pa.array([[normalize("NFD", "Ödem"), "Ödem", "plain"]], pa.list_(pa.string()))
    second = Rows(second.release, (second.nodes[0].append_column("synonyms", synonyms),), second.edges)
    graph, _ = build_graph([first, second])
    [node] = known(graph, "Disease")
    assert (node["name"], node["synonyms"]) == ("Ménière", ["Ödem", "plain"])


def test_a_nameless_node_is_named_by_its_curie() -> None:
    graph, _ = build_graph([rows([("Gene", "NCBIGene:1", None)], [])])
    assert graph.nodes["Gene"]["name"].to_pylist() == ["NCBIGene:1"]


def test_a_symmetric_edge_is_kept_once_and_a_directed_one_both_ways() -> None:
    pairs = [("NCBIGene:1", "NCBIGene:2"), ("NCBIGene:2", "NCBIGene:1")]
    edges = [(relation, *pair) for relation in ("gene_interacts_gene", "gene_regulates_gene") for pair in pairs]
    references = pa.array([["PMID:1"], ["PMID:2", "PMID:1"], None, None], pa.list_(pa.string()))
    graph, audit = build_graph([rows(NODES, edges, references=references)])
    assert graph.edge_counts() == {"gene_interacts_gene": 1, "gene_regulates_gene": 2}
    assert graph.edges["gene_interacts_gene"]["references"].to_pylist() == [["PMID:1", "PMID:2"]]
    assert sum(tally.merged for tally in audit.tallies) == 1


def test_too_many_rejects_raise_with_counts_and_first_lines() -> None:
    edges = [("treats", "DRUGBANK:DB00001", "DOID:1"), ("heals", "DRUGBANK:DB00001", "DOID:1")]
    source = rows(NODES, edges)  # one bad row of eight
    build_graph([source], max_reject_share=1 / 8)
    with pytest.raises(BuildError, match=r"12\.5 % of the rows of made-up 1 were rejected") as failure:
        build_graph([source], max_reject_share=0.124)
    assert "1 x unknown relation (made-up, edges)" in str(failure.value)
    assert "f.tsv, line 3: unknown relation: 'DRUGBANK:DB00001\\theals\\tDOID:1'" in str(failure.value)


def test_of_a_long_row_the_message_shows_the_beginning() -> None:
    with pytest.raises(BuildError, match=r"line 2: malformed CURIE: 'Gene\\tMMM") as failure:
        build_graph([rows([("Gene", "M" * 5_000_000, "g")], [])])
    assert len(str(failure.value)) < 1000


def test_a_small_bad_source_does_not_hide_in_a_large_good_one() -> None:
    large = rows([("Gene", f"NCBIGene:{n}", "g") for n in range(1000)], [])
    with pytest.raises(BuildError, match="small 1"):
        build_graph([large, rows([("Gene", "NCBIGene:x", "g")], [], name="small")])


def _plain_reason(relation: str, subject: str, target: str, kinds: dict[str, set[str]]) -> str | None:
    """The same rules once more, row by row, without Arrow."""
    if relation not in RELATIONS:
        return "unknown relation"
    for end, kind in ((subject, RELATIONS[relation].subject), (target, RELATIONS[relation].object)):
        prefix, _, identifier = end.partition(":")
        if kind in kinds.get(end, set()):
            continue
        if not end:
            return "missing end"
        if prefix not in prefixes() or not re.fullmatch(prefixes()[prefix].pattern, identifier):
            return "malformed CURIE"
        return (
            "identifier of another kind"
            if prefix not in (NODE_KINDS[kind].prefixes or prefixes()) or end in kinds
            else "missing end"
        )
    return "self-loop" if subject == target else None


def test_random_rows_fare_as_under_the_same_rules_written_row_by_row() -> None:
    luck = random.Random(20170922)
    ends = [identifier for _, identifier, _ in NODES] + ["", "NCBIGene:77", "DOID:x", "GO:1", "HP:0000001", "?"]
    relations = [*RELATIONS, "heals"]
    edges = [(luck.choice(relations), luck.choice(ends), luck.choice(ends)) for _ in range(5000)]
    graph, audit = build_graph([rows(NODES, edges)], max_reject_share=1.0)
    kinds: dict[str, set[str]] = {}
    for kind, identifier, _ in NODES:
        kinds.setdefault(identifier, set()).add(kind)
    expected = {line: _plain_reason(*edge, kinds) for line, edge in enumerate(edges, start=2)}
    assert {row["line"]: row["reason"] for row in audit.rejected.to_pylist()} == {
        line: reason for line, reason in expected.items() if reason
    }
    good = {edge for line, edge in enumerate(edges, start=2) if expected[line] is None}
    distinct = Counter(
        relation
        for relation, *pair in {
            (relation, *(sorted(pair) if RELATIONS[relation].symmetric else pair)) for relation, *pair in good
        }
    )
    assert graph.edge_counts() == dict(distinct)


def _hetionet(folder: Path) -> Rows:
    from kg.sources import hetionet

    return hetionet.read(Fetch(folder, cache=folder / "cache", offline=True))


def _quiet(step: str, fraction: float) -> None:
    assert step and 0 <= fraction <= 1


def _stored(url: Path) -> Graph:
    with open_store(url) as store:
        return store.read()


def test_a_build_goes_from_files_to_a_store_with_its_audit_beside(hetionet_folder: Path, tmp_path: Path) -> None:
    fetch = Fetch(hetionet_folder, cache=tmp_path / "cache", offline=True)
    audit = build(["hetionet"], fetch, tmp_path / "graph.lbdb", progress=_quiet)
    graph = _stored(tmp_path / "graph.lbdb")
    assert sum(graph.node_counts().values()) == 17 and sum(graph.edge_counts().values()) == 27
    assert sum(tally.kept for tally in audit.tallies) == 44
    assert [release.name for release in graph.sources] == ["hetionet"]
    assert (tmp_path / "graph.lbdb.audit.json").is_file() and (tmp_path / "graph.lbdb.rejected.tsv").is_file()


def test_a_build_with_too_many_rejects_leaves_the_store_and_lists_all_rows(
    hetionet_folder: Path, tmp_path: Path
) -> None:
    fetch, url = Fetch(hetionet_folder, cache=tmp_path / "cache", offline=True), tmp_path / "graph.lbdb"
    build(["hetionet"], fetch, url, progress=_quiet)
    before = url.read_bytes()
    edges = hetionet_folder / "hetionet" / "hetionet-v1.0-edges.sif.gz"
    edges.write_bytes(gzip.compress(gzip.decompress(edges.read_bytes()) + b"Gene::1559\tXyZ\tGene::5742\n" * 30))
    with pytest.raises(BuildError, match="30 x unknown relation") as failure:
        build(["hetionet"], fetch, url, progress=_quiet)
    assert url.read_bytes() == before
    assert "graph.lbdb.refused.rejected.tsv" in str(failure.value)
    assert len((tmp_path / "graph.lbdb.refused.rejected.tsv").read_text(encoding="utf-8").splitlines()) == 1 + 30


@pytest.mark.parametrize("terms", [Terms(), Terms(discard=True, only="starter")])
def test_a_stopped_server_is_filled_only_where_its_loss_is_allowed(tmp_path: Path, terms: Terms) -> None:
    with pytest.raises(BuildError, match="the database of a stopped server is replaced"):
        build(["starter"], Fetch(offline=True), tmp_path / "g.lbdb", replace(terms, neo4j_home=tmp_path))


def test_a_folder_that_is_no_server_s_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not the folder of a Neo4j server"):
        build(["starter"], Fetch(offline=True), "", Terms(discard=True, neo4j_home=tmp_path))


def test_an_unknown_source_lists_the_sources(tmp_path: Path) -> None:
    with pytest.raises(UnknownSource, match=r"no source 'hetionett'; the sources are .*hetionet"):
        build(["hetionett"], Fetch(offline=True), tmp_path / "graph.lbdb", progress=_quiet)
    assert set(source_names()) >= {"hetionet"}
    assert not (tmp_path / "graph.lbdb").exists()


def test_the_default_sources_are_hetionet_and_what_else_is_found(hetionet_folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert default_sources(Fetch(hetionet_folder, cache=cache, offline=True)) == ["hetionet", "entrez"]
    (hetionet_folder / "attributes" / "entrez_genes_2022.tsv.gz").unlink()
    assert default_sources(Fetch(hetionet_folder, cache=cache, offline=True)) == ["hetionet"]
    assert default_sources(Fetch(None, cache=cache, offline=True)) == ["starter"]


def _cut_to_header(file: Path) -> None:
    header, text = (gzip.compress, gzip.decompress) if file.suffix == ".gz" else (bytes, bytes)
    file.write_bytes(header(text(file.read_bytes()).splitlines(keepends=True)[0]))


@pytest.mark.parametrize(("cut", "what"), [(["edges.sif.gz"], "edge"), (["edges.sif.gz", "nodes.tsv"], "node")])
def test_files_cut_off_after_their_header_do_not_replace_a_graph_by_an_empty_one(
    hetionet_folder: Path, tmp_path: Path, cut: list[str], what: str
) -> None:
    fetch, url = Fetch(hetionet_folder, cache=tmp_path / "cache", offline=True), tmp_path / "graph.lbdb"
    build(["hetionet"], fetch, url)
    before = url.read_bytes()
    for name in cut:
        _cut_to_header(hetionet_folder / "hetionet" / f"hetionet-v1.0-{name}")
    told = rf"hetionet 1\.0\S* gives no {what}, and nothing was stored.*nodes\.tsv.*edges\.sif.*--allow-empty"
    with pytest.raises(BuildError, match=told):
        build(["hetionet"], fetch, url)
    assert url.read_bytes() == before
    build(["hetionet"], fetch, url, Terms(allow_empty=True))
    assert _stored(url).edge_counts() == {}


def test_a_build_clears_away_the_audit_of_one_that_was_refused(hetionet_folder: Path, tmp_path: Path) -> None:
    fetch, url = Fetch(hetionet_folder, cache=tmp_path / "cache", offline=True), tmp_path / "graph.lbdb"
    edges = hetionet_folder / "hetionet" / "hetionet-v1.0-edges.sif.gz"
    edges.write_bytes(gzip.compress(gzip.decompress(edges.read_bytes()) + b"Gene::1559\tXyZ\tGene::5742\n"))
    with pytest.raises(BuildError):
        build(["hetionet"], fetch, url)
    assert {path.name for path in tmp_path.glob("graph*")} == {
        "graph.lbdb.refused.audit.json",
        "graph.lbdb.refused.rejected.tsv",
    }
    build(["hetionet"], fetch, url, Terms(max_reject_share=1))
    assert {path.name for path in tmp_path.glob("graph*")} == {
        "graph.lbdb",
        "graph.lbdb.audit.json",
        "graph.lbdb.rejected.tsv",
    }
