"""MONDO's cross-references, as equivalents in standard spelling."""

import gzip
from pathlib import Path

import pytest

from kg.fetch import Fetch
from kg.graph import table
from kg.identify import identities
from kg.schema import node_columns
from kg.sources import mondo

ROWS = """ontology_id,ontology,mondo_id
9352,DOID,0005148
125853,OMIM,0005148
C0011860,UMLS,0005148
377788,Orphanet,0000001
x,WikipediaTopic,0000001
"""


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:

    path = tmp_path / mondo.REFERENCES.path
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(ROWS.encode()))
    return Fetch(tmp_path, cache=tmp_path / "none", offline=True)


def test_references_are_equivalents_and_others_are_counted(fetch: Fetch) -> None:
    rows = mondo.read(fetch)
    [table] = rows.equivalents
    assert list(
        zip(table["subject"].to_pylist(), table["object"].to_pylist(), table["line"].to_pylist(), strict=True)
    ) == [
        ("MONDO:0005148", "DOID:9352", 2),
        ("MONDO:0005148", "OMIM:125853", 3),
        ("MONDO:0005148", "UMLS:C0011860", 4),
        ("MONDO:0000001", "ORPHANET:377788", 5),
    ]
    assert sum(rows.left_out.values()) == 1


@pytest.mark.mirror
def test_the_mirror_s_references_join_type_2_diabetes(mirror: Path) -> None:

    rows = mondo.read(Fetch(mirror, offline=True))
    nodes = [{"id": "DOID:9352", "name": "type 2 diabetes mellitus", "xrefs": []}]
    found = identities({"Disease": table(node_columns("Disease"), nodes)}, rows.equivalents)
    assert found.aliases["Disease"]["MONDO:0005148"] == found.aliases["Disease"]["UMLS:C0011860"] == "DOID:9352"
