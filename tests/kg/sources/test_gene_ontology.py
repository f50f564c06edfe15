"""The Gene Ontology: terms of three kinds, their graph, and annotations by the strength of their evidence."""

from pathlib import Path

import networkx
import pandas as pd
import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.sources import entrez, gene_ontology, hetionet
from tests.kg.sources.conftest import Build, lines, rejected

TEXTS = {
    gene_ontology.TERMS: lines(
        "go_id ¦ term ¦ ontology",
        "GO:0007596 ¦ blood coagulation ¦ BP",
        "GO:0007599 ¦ hemostasis ¦ BP",
        "GO:0030193 ¦ regulation of blood coagulation ¦ BP",
        "GO:0005783 ¦ endoplasmic reticulum ¦ CC",
        "GO:0004497 ¦ monooxygenase activity ¦ MF",
        "GO:0008150 ¦ biological_process ¦ BP",
        "all ¦ all ¦ universal",
    ),
    gene_ontology.DAG: lines(
        "child ¦ parent ¦ relationship_type",
        "GO:0007596 ¦ GO:0007599 ¦ isa",
        "GO:0030193 ¦ GO:0007596 ¦ regulates",
        "GO:0030193 ¦ GO:0007599 ¦ negatively regulates",
        "GO:0008150 ¦ all ¦ isa",
    ),
    gene_ontology.ANNOTATIONS: lines(
        "gene_id ¦ go_id ¦ evidence ¦ domain",
        "1559 ¦ GO:0004497 ¦ IEA ¦ MF",
        "1559 ¦ GO:0004497 ¦ IDA ¦ MF",
        "1559 ¦ GO:0005783 ¦ IEA ¦ CC",
        "79001 ¦ GO:0007596 ¦ ISS ¦ BP",
        "1 ¦ GO:0008150 ¦ ND ¦ BP",
    ),
    entrez.GENES: lines("gene_id ¦ symbol ¦ gene_name", "1559 ¦ CYP2C9 ¦ cytochrome P450 2C9"),
}


def test_terms_and_their_graph(build_from: Build) -> None:
    graph, audit = build_from(TEXTS, gene_ontology)
    assert not audit.rejected.num_rows
    counts = {"Gene": 3, "BiologicalProcess": 4, "CellularComponent": 1, "MolecularFunction": 1}
    assert graph.node_counts() == counts
    [is_a] = graph.edges["biological_process_is_a_biological_process"].to_pylist()
    assert (is_a["subject"], is_a["object"]) == ("GO:0007596", "GO:0007599")
    regulates = graph.edges["biological_process_regulates_biological_process"].to_pylist()
    assert {(row["object"], row["direction"]) for row in regulates} == {
        ("GO:0007596", None),
        ("GO:0007599", "negative"),
    }


def test_an_annotation_is_known_by_its_strongest_evidence(build_from: Build) -> None:
    graph, _ = build_from(TEXTS, gene_ontology)
    columns = ("subject", "object", "evidence_codes", "knowledge_level", "agent_type")
    told = {
        tuple(map(str, (row[column] for column in columns)))
        for relation in gene_ontology.PARTICIPATES.values()
        for row in graph.edges[relation].to_pylist()
    }
    assert told == {
        ("NCBIGene:1559", "GO:0004497", "['IDA', 'IEA']", "knowledge_assertion", "manual_agent"),
        ("NCBIGene:1559", "GO:0005783", "['IEA']", "prediction", "automated_agent"),
        ("NCBIGene:79001", "GO:0007596", "['ISS']", "prediction", "manual_validation_of_automated_agent"),
    }
    names = {row["id"]: row["name"] for row in graph.nodes["Gene"].to_pylist()}
    assert names["NCBIGene:1559"] == "CYP2C9"


def test_bad_lines(build_from: Build) -> None:
    texts = {
        **TEXTS,
        gene_ontology.TERMS: TEXTS[gene_ontology.TERMS] + "GO:1\n",
        gene_ontology.DAG: TEXTS[gene_ontology.DAG] + "GO:0005783\tGO:0007596\tpart of\n",
        gene_ontology.ANNOTATIONS: TEXTS[gene_ontology.ANNOTATIONS] + "1559\tGO:0007596\tXYZ\tBP\ncut\n",
    }
    _, audit = build_from(texts, gene_ontology)
    assert rejected(audit) == {
        (gene_ontology.TERMS.name, 9, "unknown kind"),
        (gene_ontology.DAG.name, 6, "unknown relation"),
        (gene_ontology.ANNOTATIONS.name, 7, "missing evidence"),
        (gene_ontology.ANNOTATIONS.name, 8, "unknown relation"),
    }


def test_a_term_that_another_source_has_as_another_kind_is_reported(build_from: Build, hetionet_folder: Path) -> None:
    moved = TEXTS[gene_ontology.TERMS].replace("blood coagulation\tBP", "blood coagulation\tMF", 1)
    texts = {hetionet.NODES: (hetionet_folder / hetionet.NODES.path).read_text(encoding="utf-8")}
    edges = pd.read_csv(hetionet_folder / hetionet.EDGES.path, sep="\t", dtype=str)
    texts[hetionet.EDGES] = edges.to_csv(sep="\t", index=False)
    graph, audit = build_from({**texts, **TEXTS, gene_ontology.TERMS: moved}, hetionet, gene_ontology)
    assert "GO:0007596" in graph.nodes["MolecularFunction"]["id"].to_pylist()
    assert "GO:0007596" in graph.nodes["BiologicalProcess"]["id"].to_pylist()
    assert (gene_ontology.DAG.name, 2, "unknown relation") in rejected(audit)
    assert audit.conflicts.to_pylist() == [
        {
            "kind": "BiologicalProcess, MolecularFunction",
            "conflict": "one identifier, several kinds",
            "ids": ["GO:0007596"],
        }
    ]


@pytest.mark.mirror
def test_the_mirror_s_counts(mirror: Path) -> None:
    graph, audit = build_graph([gene_ontology.read(Fetch(mirror, offline=True))])
    assert not audit.rejected.num_rows
    dag = pd.read_csv(mirror / gene_ontology.DAG.path, sep="\t", dtype=str)
    counts = graph.edge_counts()
    within = {name: count for name, count in counts.items() if not name.startswith("gene_")}
    assert sum(within.values()) == len(dag) - 3 == 85_713  # three roots hang on GO.db's own
    raw = pd.read_csv(mirror / gene_ontology.ANNOTATIONS.path, sep="\t", dtype=str)
    told = raw[raw["evidence"] != "ND"].drop_duplicates(["gene_id", "go_id"])["domain"].value_counts()
    assert {domain: counts[relation] for domain, relation in gene_ontology.PARTICIPATES.items()} == told.to_dict()
    assert told.sum() == 298_749
    assert audit.left_out == {("gene_ontology", "an annotation without data (ND)"): (raw["evidence"] == "ND").sum()}
    is_a = graph.edges["biological_process_is_a_biological_process"].select(["subject", "object"]).to_pandas()
    tree = networkx.from_pandas_edgelist(is_a, "subject", "object", create_using=networkx.DiGraph)
    assert networkx.is_directed_acyclic_graph(tree)
    assert {node for node in tree if not tree.out_degree(node)} == {"GO:0008150"}
