"""Hetionet: every kind and relation arrives under its CURIE with its evidence; counts are the published ones."""

import csv
import gzip
import re
from collections.abc import Callable
from pathlib import Path

import bioregistry
import pandas as pd
import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.graph import Graph
from kg.schema import AGENT_TYPES, KNOWLEDGE_LEVELS, RELATIONS
from kg.sources import hetionet


def build(folder: Path) -> Graph:
    graph, audit = build_graph([hetionet.read(Fetch(folder, cache=folder / "no-cache", offline=True))])
    assert audit.rejected.num_rows == 0
    return graph


def edges(graph: Graph, relation: str) -> list[dict[str, object]]:
    return graph.edges[relation].to_pylist()


def test_every_metaedge_is_a_relation_with_evidence_in_biolink_s_words() -> None:
    assert len(hetionet.METAEDGES) == 24
    assert len({metaedge.relation for metaedge in hetionet.METAEDGES.values()}) == 24
    for metaedge in hetionet.METAEDGES.values():
        assert metaedge.relation in RELATIONS
        assert metaedge.knowledge_level in KNOWLEDGE_LEVELS
        assert metaedge.agent_type in AGENT_TYPES
        assert metaedge.resources


@pytest.mark.parametrize(
    ("identifier", "curie"),
    [
        ("Gene::1559", "NCBIGene:1559"),
        ("Compound::DB00682", "DRUGBANK:DB00682"),
        ("Disease::DOID:10763", "DOID:10763"),
        ("Side Effect::C0019080", "UMLS:C0019080"),
        ("Symptom::D002637", "MESH:D002637"),
        ("Pharmacologic Class::N0000175960", "NDFRT:N0000175960"),
        ("Pathway::WP430_r1", "WIKIPATHWAYS:WP430_r1"),
        ("Anatomy::UBERON:0002107", "UBERON:0002107"),
    ],
)
def test_curies_are_those_that_bioregistry_knows(identifier: str, curie: str) -> None:
    assert hetionet.to_curie(identifier) == curie
    prefix, _, local = curie.partition(":")
    assert bioregistry.is_valid_identifier(prefix.lower(), local.removesuffix("_r1"))


def test_the_small_graph_has_every_kind_and_relation(hetionet_folder: Path) -> None:
    graph = build(hetionet_folder)
    assert set(graph.nodes) == set(hetionet.KINDS.values())
    assert set(graph.edges) == {metaedge.relation for metaedge in hetionet.METAEDGES.values()}


def test_attributes_add_names_inchi_and_the_evidence_of_single_edges(hetionet_folder: Path) -> None:
    graph = build(hetionet_folder)
    genes = {row["id"]: row for row in graph.nodes["Gene"].to_pylist()}
    assert genes["NCBIGene:5743"]["synonyms"] == ["prostaglandin-endoperoxide synthase 2"]
    assert genes["NCBIGene:5742"]["synonyms"] == ["prostaglandin-endoperoxide synthase 1", "COX1"]
    assert graph.nodes["BiologicalProcess"]["synonyms"].to_pylist() == [["blood clotting"]]
    assert {row["id"]: (row["inchi"] or "")[:9] for row in graph.nodes["Drug"].to_pylist()} == {
        "DRUGBANK:DB00682": "",
        "DRUGBANK:DB00945": "InChI=1S/",
    }
    binds = {row["subject"]: row for row in edges(graph, "binds")}
    warfarin, aspirin = binds["DRUGBANK:DB00682"], binds["DRUGBANK:DB00945"]
    assert (warfarin["action"], warfarin["affinity_nM"], warfarin["licence"]) == ("inhibitor", 1260.5, "CC-BY-NC-4.0")
    assert warfarin["references"] == ["DrugBank (target)", "BindingDB", "PMID:1", "PMID:2"]
    assert (aspirin["action"], aspirin["affinity_nM"], aspirin["licence"]) == (None, None, "CC0-1.0")
    assert [(row["licence"], row["references"]) for row in edges(graph, "disease_associates_gene")] == [
        ("CC-BY-4.0", ["DISEASES"])
    ]


def test_without_attributes_the_graph_is_the_same_but_for_them(hetionet_folder: Path) -> None:
    whole = build(hetionet_folder)
    for file in (hetionet_folder / "attributes").iterdir():
        file.unlink()
    bare = build(hetionet_folder)
    assert bare.node_counts() == whole.node_counts() and bare.edge_counts() == whole.edge_counts()
    assert [row["licence"] for row in edges(bare, "binds")] == ["CC0-1.0"] * 2
    assert set(bare.sources[0].files) == {"hetionet-v1.0-nodes.tsv", "hetionet-v1.0-edges.sif.gz"}


def test_unverified_files_show_in_the_version(hetionet_folder: Path) -> None:
    graph = build(hetionet_folder)
    assert graph.sources[0].version == "1.0-unverified"
    assert {row["source_version"] for row in edges(graph, "treats")} == {"1.0-unverified"}


def test_a_word_that_is_not_hetionet_s_is_rejected_even_if_it_is_ours(hetionet_folder: Path) -> None:
    edges, nodes = hetionet_folder / hetionet.EDGES.path, hetionet_folder / hetionet.NODES.path
    edges.write_bytes(gzip.compress(b"source\tmetaedge\ttarget\nCompound::DB00682\ttreats\tDisease::DOID:3393\n"))
    nodes.write_text(nodes.read_text(encoding="utf-8") + "Compound::DB00331\tMetformin\tDrug\n", encoding="utf-8")
    rows = hetionet.read(Fetch(hetionet_folder, cache=hetionet_folder / "no-cache", offline=True))
    graph, audit = build_graph([rows], max_reject_share=1.0)
    assert {(row["line"], row["reason"], row["text"]) for row in audit.rejected.to_pylist()} == {
        (2, "unknown relation", "DRUGBANK:DB00682\thetionet:treats\tDOID:3393"),
        (19, "unknown kind", "hetionet:Drug\tDRUGBANK:DB00331\tMetformin"),
    }
    assert graph.edges == {}


def test_a_wrong_number_in_an_attribute_is_named_with_its_line(hetionet_folder: Path) -> None:
    text = (
        "drugbank_id\tentrez_gene_id\tsources\tpubmed_ids\tactions\taffinity_nM\tlicense\nDB00682\t79001\t\t\t\tlow\t\n"
    )
    (hetionet_folder / hetionet.BINDING.path).write_bytes(gzip.compress(text.encode()))
    with pytest.raises(FileError, match="line 2: expected a number as affinity_nM, got 'low'"):
        build(hetionet_folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda text: text.replace("id\tname\tkind", "id\tname\tkind\tname").encode(),
            ", line 1: columns 2 and 4",
        ),
        (lambda text: text.encode("utf-16"), " is UTF-16 text; save it as UTF-8 text"),
        (lambda text: text.encode("utf-16-le"), " looks like UTF-16 or UTF-32 text"),
    ],
)
def test_a_nodes_file_that_is_no_table_is_named(
    hetionet_folder: Path, change: Callable[[str], bytes], said: str
) -> None:
    nodes = hetionet_folder / hetionet.NODES.path
    nodes.write_bytes(change(nodes.read_text(encoding="utf-8")))
    with pytest.raises(FileError) as failure:
        build(hetionet_folder)
    assert str(failure.value).startswith(f"{nodes}{said}")


@pytest.mark.mirror
def test_the_mirror_s_counts_are_those_that_its_maker_counted(mirror: Path) -> None:
    graph = build(mirror)
    with (mirror / "hetionet" / "rebuild_status.tsv").open(newline="") as stream:
        counted = {row["abbrev"]: int(row["edges_rebuilt"]) for row in csv.DictReader(stream, delimiter="\t")}
    assert graph.edge_counts() == {
        relation: counted[abbreviation]
        for relation in RELATIONS
        for abbreviation, metaedge in hetionet.METAEDGES.items()
        if metaedge.relation == relation
    }
    assert sum(graph.node_counts().values()) == 47_031  # Himmelstein 2017, Table 1
    assert graph.sources[0].version == "1.0"

    published = pd.read_csv(mirror / hetionet.EDGES.path, sep="\t")
    treats = published[published["metaedge"] == "CtD"]
    expected = set(zip(treats["source"].str.removeprefix("Compound::"), treats["target"].str[9:], strict=True))
    assert {(row["subject"][9:], row["object"]) for row in edges(graph, "treats")} == expected
    warfarin = next(row for row in graph.nodes["Drug"].to_pylist() if row["id"] == "DRUGBANK:DB00682")
    assert warfarin["name"] == "Warfarin" and re.match("InChI=1S?/C19H16O4/", warfarin["inchi"])
