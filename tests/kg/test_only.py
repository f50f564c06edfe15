"""One source read anew: its rows are those of now, and the rest of the graph stays as it is, on both stores."""

from dataclasses import replace

import pyarrow as pa
import pytest

from kg.build import BuildError, Terms, build
from kg.diff import diff
from kg.fetch import Fetch
from kg.graph import Graph, SourceRelease, table
from kg.manifest import Input
from kg.rows import Rows
from kg.schema import node_columns
from kg.stores.opening import open_store
from tests.conftest import EVIDENCE

PLACE = {"kind": "string", "file": "string", "line": "int64"}
TOLD = {key: EVIDENCE[key] for key in ("knowledge_level", "agent_type")}


def reads(name: str, genes: list[str], pairs: list[tuple[str, str]], licence: str = "CC0-1.0") -> Input:
    """A source that states these genes, and that pairs of them interact."""
    nodes = [{"kind": "Gene", "id": gene, "name": f"{gene} of {name}", "file": "n", "line": 1} for gene in genes]
    edges = [
        {"relation": "gene_interacts_gene", "subject": s, "object": o, **TOLD, "file": "e", "line": line}
        for line, (s, o) in enumerate(pairs, start=2)
    ]
    release = SourceRelease(name, "1", licence, "", "", {})
    rows = Rows(release, (table(node_columns("Gene") | PLACE, nodes),), (pa.Table.from_pylist(edges),) if edges else ())
    return Input(name, licence, lambda _: rows)


A, B, C, D = (f"NCBIGene:{n}" for n in range(1, 5))
FETCH = Fetch(offline=True)


def stored(where: str) -> Graph:
    with open_store(where) as opened:
        return opened.read()


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def where(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "neo4j":
        return str(request.getfixturevalue("neo4j_url"))
    return str(tmp_path_factory.mktemp("only") / "graph.lbdb")


BOTH = Terms(discard=True)


def test_rows_that_vanished_are_gone_and_the_rest_is_as_it_was(where: str) -> None:
    build([reads("one", [A, B, C], [(A, B), (B, C)]), reads("two", [A, D], [(A, D)])], FETCH, where, BOTH)
    before = stored(where)
    build([reads("one", [A, B], [(A, B)])], FETCH, where, replace(BOTH, only="one"))
    after = stored(where)
    assert after.nodes["Gene"]["id"].to_pylist().count(C) == 0
    found = diff(before, after)
    assert set(found.counts["source"]) == {"one"}, found.examples
    assert found.counts[["gained", "lost", "changed"]].to_numpy().tolist() == [[0, 1, 0], [0, 1, 0]]
    assert {(s.name, s.version) for s in after.sources} == {("one", "1"), ("two", "1")}
    assert stored(where).edges["gene_interacts_gene"].num_rows == 2


def test_the_same_again_changes_nothing(where: str) -> None:
    inputs = [reads("one", [A, B], [(A, B)]), reads("two", [A, D], [(A, D)])]
    build(inputs, FETCH, where, BOTH)
    before = stored(where)
    build(inputs, FETCH, where, replace(BOTH, only="two"))
    assert not len(diff(before, stored(where)).counts)


def test_a_source_that_is_not_there_yet_joins(where: str) -> None:
    build([reads("one", [A, B], [(A, B)])], FETCH, where, BOTH)
    build([reads("two", [A, D], [(A, D)])], FETCH, where, replace(BOTH, only="two"))
    after = stored(where)
    assert set(after.edges["gene_interacts_gene"]["source"].to_pylist()) == {"one", "two"}
    [row] = [row for row in after.nodes["Gene"].to_pylist() if row["id"] == A]
    assert set(row["provided_by"]) == {"one", "two"}


def test_what_the_use_forbids_is_not_read(where: str) -> None:
    inputs = [reads("one", [A, B], [(A, B)]), reads("two", [A, D], [(A, D)], licence="CC-BY-NC-4.0")]
    audit = build(inputs, FETCH, where, replace(BOTH, use="commercial"))
    assert audit.without == ("two (CC-BY-NC-4.0)",)
    assert stored(where).edges["gene_interacts_gene"]["source"].to_pylist() == ["one"]
    with pytest.raises(BuildError, match=r"commercial use is forbidden by two \(CC-BY-NC-4.0\)"):
        build(inputs[1:], FETCH, where, replace(BOTH, use="commercial"))
