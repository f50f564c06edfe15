"""The Human Phenotype Ontology: terms, names, cross-references and kinds; old identifiers lead on, circles stop."""

import gzip
from pathlib import Path

import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.graph import Graph
from kg.rows import Rows
from kg.sources import hpo

OBO = """format-version: 1.2
data-version: hp/releases/2025-01-16

[Term]
id: HP:0001238
name: Slender finger
xref: UMLS:C1857282

[Term]
id: HP:0001166
name: Arachnodactyly
alt_id: HP:0001505
alt_id: HP:0009999
synonym: "Long slender fingers" EXACT layperson []
synonym: "Spider fingers" EXACT layperson []
synonym: "Arachnodactyly" EXACT []
synonym: "Long fingers" BROAD []
xref: SNOMEDCT_US:62250003
xref: MSH:D054119
xref: UMLS:C0003706
xref: Fyler:4103
xref: ORPHA:558
xref: UMLS:not-one
is_a: HP:0001238 ! Slender finger

[Term]
id: HP:0008665
name: Clitoral hypertrophy
alt_id: HP:0009999
is_a: HP:0007777 ! nowhere

[Term]
id: HP:0000057
name: obsolete Clitoromegaly
is_obsolete: true
replaced_by: HP:0008665

[Term]
id: HP:0000058
name: obsolete thing of two
is_obsolete: true
replaced_by: HP:0008665
replaced_by: HP:0001166

[Term]
id: HP:0000059
name: obsolete thing of one that is obsolete
is_obsolete: true
replaced_by: HP:0000057
"""


def rows(folder: Path, text: str = OBO) -> Rows:
    path = folder / hpo.ONTOLOGY.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))
    return hpo.read(Fetch(folder, cache=folder / "no-cache", offline=True))


def nodes(graph: Graph) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in graph.nodes["Phenotype"].to_pylist()}


def test_terms_are_phenotypes_with_exact_synonyms_and_cross_references_of_the_same(tmp_path: Path) -> None:
    graph, _ = build_graph([rows(tmp_path)], max_reject_share=1)
    assert nodes(graph)["HP:0001166"] == {
        "id": "HP:0001166",
        "name": "Arachnodactyly",
        "synonyms": ["Long slender fingers", "Spider fingers"],
        "xrefs": ["SNOMEDCT:62250003", "MESH:D054119", "UMLS:C0003706", "HP:0001505"],  # the last is its old one
        "provided_by": ["hpo"],
    }
    assert nodes(graph).keys() == {"HP:0001238", "HP:0001166", "HP:0008665"}, "no obsolete term is a node"


def test_a_parent_that_is_not_there_is_rejected_with_the_line_of_its_term(tmp_path: Path) -> None:
    graph, audit = build_graph([rows(tmp_path)], max_reject_share=1)
    (edge,) = graph.edges["phenotype_is_a_phenotype"].to_pylist()
    assert (edge["subject"], edge["object"]) == ("HP:0001166", "HP:0001238")
    assert (edge["licence"], edge["source_version"]) == ("LicenseRef-HPO", "2025-01-16-unverified")
    assert [(row["file"], row["line"], row["reason"]) for row in audit.rejected.to_pylist()] == [
        ("hp-2025-01-16.obo.gz", 26, "missing end")
    ]


def test_an_old_identifier_is_the_term_s_only_where_it_can_be_no_other(tmp_path: Path) -> None:
    read = rows(tmp_path)
    (pairs,) = read.retired
    assert {row["subject"]: (row["object"], row["line"]) for row in pairs.to_pylist()} == {
        "HP:0001505": ("HP:0001166", 9),
        "HP:0009999": (None, 26),  # another identifier of two terms
        "HP:0000057": ("HP:0008665", 32),
        "HP:0000058": (None, 38),
        "HP:0000059": (None, 45),
    }
    assert read.left_out == {"obsolete term": 3}


def test_a_circle_is_an_error_that_names_the_terms(tmp_path: Path) -> None:
    text = OBO.replace("name: Slender finger\n", "name: Slender finger\nis_a: HP:0001166\n")
    with pytest.raises(FileError, match=r"a circle of terms: HP:\d+ \(.*, line \d+\) is_a HP:\d+ .*take out the is_a"):
        rows(tmp_path, text)


@pytest.mark.mirror
def test_the_release_has_the_terms_that_its_lines_count(mirror: Path) -> None:
    read = hpo.read(Fetch(mirror, offline=True))
    graph, audit = build_graph([read])
    assert audit.rejected.num_rows == 0
    assert graph.node_counts() == {"Phenotype": 19_484 - 450}  # zgrep -c '^.Term', '^is_obsolete: true'
    assert graph.edge_counts() == {"phenotype_is_a_phenotype": 23_392}  # zgrep -c '^is_a:'
    arachnodactyly = nodes(graph)["HP:0001166"]
    assert arachnodactyly["name"] == "Arachnodactyly"
    assert arachnodactyly["xrefs"] == ["SNOMEDCT:62250003", "UMLS:C0003706", "HP:0001505"]
    (pairs,) = read.retired
    old = {row["subject"]: row["object"] for row in pairs.to_pylist()}
    assert old["HP:0001505"] == "HP:0001166" and old["HP:0000057"] == "HP:0008665"
    assert not old.keys() & nodes(graph).keys()
