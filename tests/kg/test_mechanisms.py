"""Curated mechanisms: read as they are written, found for a pair of the graph, and learned from by nobody."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg import paths
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.graph import Graph
from kg.mechanisms import (
    CURATED,
    Link,
    MechanismNode,
    curated,
    diseases,
    first_hit,
    mechanisms_of,
    read,
)
from kg.search import Node
from kg.sources import mondo
from kg.stores.protocol import Store
from tests.test_architecture import MODULES, ROOT, imports, texts

WARFARIN: dict[str, Any] = {
    "directed": True,
    "graph": {
        "_id": "DB00682_MESH_D013927_1",
        "disease": "Thrombosis",
        "disease_mesh": "MESH:D013927",
        "drug": "warfarin",
        "drug_mesh": "MESH:D014859",
        "drugbank": "DB:DB00682",
    },
    "nodes": [
        {"id": "MESH:D014859", "label": "Drug", "name": "warfarin"},
        {"id": "UniProt:Q9BQB6", "label": "Protein", "name": "VKORC1"},
        {"id": "GO:0007596", "label": "BiologicalProcess", "name": "blood coagulation"},
        {"id": "reactome:R-HSA-159740\ufeff", "label": "Pathway", "name": "carboxylation "},
        {"id": "MESH:D013927", "label": "Disease", "name": "thrombosis"},
    ],
    "links": [
        {"key": "decreases activity of", "source": "MESH:D014859", "target": "UniProt:Q9BQB6"},
        {"key": "participates in", "source": "UniProt:Q9BQB6", "target": "GO:0007596"},
        {"key": "causes", "source": "GO:0007596", "target": "MESH:D013927"},
        {"key": "participates in", "source": "UniProt:Q9BQB6", "target": "reactome:R-HSA-159740\ufeff"},
        {"key": "part of", "source": "reactome:R-HSA-159740\ufeff", "target": "GO:0007596"},
        {"key": "regulates", "source": "GO:0007596", "target": "UniProt:Q9BQB6"},
    ],
    "references": ["https://go.drugbank.com/drugs/DB00682"],
}
HEADER = "ontology_id,ontology,mondo_id\n"


def fetch(folder: Path, content: object, references: str = "") -> Fetch:
    path = folder / CURATED.path
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(gzip.compress(text.encode()))
    if references:
        (folder / mondo.REFERENCES.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / mondo.REFERENCES.path).write_bytes(gzip.compress((HEADER + references).encode()))
    return Fetch(folder, cache=folder / "no-cache", offline=True)


def test_a_mechanism_has_standard_curies_and_every_way_as_a_line(tmp_path: Path) -> None:
    (one,) = read(fetch(tmp_path, [WARFARIN]))
    assert one.drugs == {"DRUGBANK:DB00682", "MESH:D014859"} and one.disease == "MESH:D013927"
    assert one.proteins == {"UniProtKB:Q9BQB6"}
    assert one.nodes[3] == MechanismNode("REACT:R-HSA-159740", "carboxylation", "Pathway")
    assert one.links[0] == Link("MESH:D014859", "decreases activity of", "UniProtKB:Q9BQB6")
    begin = "warfarin - decreases activity of -> VKORC1 - participates in -> "
    end = "blood coagulation - causes -> thrombosis"
    assert one.lines() == (begin + end, f"{begin}carboxylation - part of -> {end}")
    assert str(one) == "\n".join(one.lines())
    assert one.references == ("https://go.drugbank.com/drugs/DB00682",)


@pytest.mark.parametrize("written", ["DB:DB00682", "DB:B00682", "DB:DBDB00682"])
def test_three_ways_to_write_a_drugbank_number_are_one(tmp_path: Path, written: str) -> None:
    head = WARFARIN["graph"] | {"drugbank": written, "drug_mesh": None}
    (one,) = read(fetch(tmp_path, [WARFARIN | {"graph": head}]))
    assert one.drugs == {"DRUGBANK:DB00682"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[{", "line 1: not JSON: "),
        ({"graph": {}}, "expected a list of mechanisms, got dict"),
        ([WARFARIN, {"graph": {}}], "mechanism 2: not as DrugMechDB writes it: KeyError('nodes')"),
        ([WARFARIN, 7], "mechanism 2: not as DrugMechDB writes it: TypeError("),
        ([WARFARIN | {"nodes": WARFARIN["nodes"][:-1]}], "mechanism 1 (DB00682_MESH_D013927_1): a link names MESH:D01"),
    ],
    ids=["cut off", "no list", "no nodes", "a number", "dangling"],
)
def test_a_file_that_is_not_as_it_should_be_is_named_with_the_entry(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(FileError) as failure:
        read(fetch(tmp_path, content))
    assert str(tmp_path / CURATED.path) in str(failure.value) and said in str(failure.value)


def test_a_mesh_disease_is_a_doid_only_where_both_are_one_disease(tmp_path: Path) -> None:
    rows = [
        "D013927,MESH,0000001\n9743,DOID,0000001\n",  # one to one
        "D000001,MESH,0000002\nD000002,MESH,0000002\n2,DOID,0000002\n",  # two MeSH terms of one disease
        "D000003,MESH,0000003\n3,DOID,0000003\n33,DOID,0000003\n",  # two DOIDs of one
        "D000004,MESH,0000004\nD000004,MESH,0000005\n4,DOID,0000004\n",  # one MeSH term of two
        "D000006,MESH,0000006\n6,DOID,0000006\n6,DOID,0000007\n",  # one DOID of two
    ]
    assert diseases(fetch(tmp_path, [], "".join(rows))) == {"MESH:D013927": "DOID:9743"}


def test_without_the_cross_references_no_disease_has_another_identifier(tmp_path: Path) -> None:
    assert diseases(fetch(tmp_path, [])) == {}


def test_mechanisms_are_found_by_any_identifier_of_both_ends(tmp_path: Path) -> None:
    every = read(fetch(tmp_path, [WARFARIN]))
    same = {"MESH:D013927": "DOID:9743"}
    assert mechanisms_of(every, {"DRUGBANK:DB00682"}, {"MESH:D013927"}) == every
    assert mechanisms_of(every, {"MESH:D014859"}, {"DOID:9743"}, same) == every
    assert mechanisms_of(every, {"DRUGBANK:DB00682"}, {"DOID:9743"}) == ()
    assert mechanisms_of(every, {"DRUGBANK:DB00945"}, {"MESH:D013927"}) == ()


def test_a_pair_of_the_graph_has_its_curated_mechanism(
    tmp_path: Path, graph: Graph, store_of: Callable[[Graph], Store]
) -> None:
    every = read(fetch(tmp_path, [WARFARIN]))
    store = store_of(graph)
    assert curated(store, every, "Coumadin", "thrombosis", {"MESH:D013927": "DOID:9743"}) == every
    assert curated(store, every, "aspirin", "thrombosis", {"MESH:D013927": "DOID:9743"}) == ()


def path(*ids: str) -> paths.Path:
    return paths.Path(tuple(Node(one, "Gene", one) for one in ids), (), 1.0)


def test_a_hit_is_a_curated_node_between_the_ends() -> None:
    found = [path("drug", "G:1", "disease"), path("drug", "G:2", "G:3", "disease")]
    assert first_hit(found, {"G:1", "G:3"}) == 1
    assert first_hit(found, {"G:3"}) == 2
    assert first_hit(found, {"drug", "disease"}) is None
    assert first_hit([], {"G:1"}) is None


def test_no_source_no_build_and_no_network_reads_them() -> None:
    reached = imports()
    for start in ("kg.build", "kg.assemble", "kg.manifest", *(name for name in MODULES if name.startswith("gnn"))):
        seen, waiting = set[str](), [start]
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting += reached[module]
        assert "kg.mechanisms" not in seen, start
    for name, file in MODULES.items():
        if name.startswith(("kg.sources", "gnn")):
            assert "kg.mechanisms" not in reached[name], name
            told = " ".join(texts(file.read_text(encoding="utf-8"))).lower()
            assert "drugmechdb" not in told and CURATED.path not in told, name
    assert (ROOT / "kg" / "mechanisms.py").is_file()


@pytest.mark.mirror
def test_the_mirror_s_mechanisms_are_whole(mirror: Path) -> None:
    at = Fetch(mirror, offline=True)
    every = read(at)
    assert len(every) == 2_726
    assert all(one.lines() for one in every), "each leads from its drug to its disease"
    assert len({one.id for one in every}) == 2_726
    assert all(drug.startswith(("DRUGBANK:DB", "MESH:")) for one in every for drug in one.drugs)
    same = diseases(at)
    assert same["MESH:D003924"] == "DOID:9352"  # type 2 diabetes mellitus
    (metformin,) = mechanisms_of(every, {"DRUGBANK:DB00331"}, {"DOID:9352"}, same)
    names = {node.name for node in metformin.nodes}
    assert "AMP-activated protein kinase activity" in names and "Gluconeogenesis" in names  # any textbook
