"""Entrez: genes by symbol with full name, type and identifiers elsewhere; enhancers are no genes."""

from pathlib import Path

import pandas as pd
import pytest

from kg.build import build, build_graph
from kg.fetch import Fetch
from kg.sources import entrez
from tests.kg.sources.conftest import Build, lines, rejected

TEXTS = {
    entrez.GENES: lines(
        "gene_id ¦ symbol ¦ gene_name ¦ gene_type",
        "1559 ¦ CYP2C9 ¦ cytochrome P450 family 2 subfamily C member 9 ¦ protein-coding",
        "111589215 ¦ LOC111589215 ¦ a regulatory region ¦ biological-region",
        "9 ¦ NAT1 ¦ NAT1 ¦ protein-coding",
    ),
    entrez.UNIPROT: lines("gene_id ¦ uniprot_id", "1559 ¦ P11712", "1559 ¦ Q5VX92"),
    entrez.ENSEMBL: lines("gene_id ¦ ensembl_id", "1559 ¦ ENSG00000138109"),
    entrez.OMIM: lines("gene_id ¦ omim_id", "1559 ¦ 601130", "1559 ¦ 122700"),
    entrez.DISEASES: "ontology_id,ontology,mondo_id\n122700,OMIM,0007390\n601130,EFO,0000001\n",
}


def test_a_gene_has_name_type_and_identifiers_elsewhere(build_from: Build) -> None:
    graph, audit = build_from(TEXTS, entrez)
    assert not audit.rejected.num_rows
    genes = {row["id"]: row for row in graph.nodes["Gene"].to_pylist()}
    assert set(genes) == {"NCBIGene:1559", "NCBIGene:9"}
    gene = genes["NCBIGene:1559"]
    assert (gene["name"], gene["type"]) == ("CYP2C9", "protein-coding")
    assert gene["synonyms"] == ["cytochrome P450 family 2 subfamily C member 9"]
    assert genes["NCBIGene:9"]["synonyms"] == []
    expected = ["UniProtKB:P11712", "UniProtKB:Q5VX92", "ENSEMBL:ENSG00000138109", "OMIM:601130"]
    assert gene["xrefs"] == expected  # OMIM:122700 is an altered response to coumarins
    assert "Disease" not in graph.nodes


def test_without_the_extras_there_are_no_identifiers(build_from: Build) -> None:
    graph, _ = build_from({entrez.GENES: TEXTS[entrez.GENES]}, entrez)
    assert graph.nodes["Gene"]["xrefs"].to_pylist() == [[], []]


def test_a_malformed_line_is_rejected(build_from: Build) -> None:
    _, audit = build_from(TEXTS | {entrez.GENES: TEXTS[entrez.GENES] + "9 and no more\n"}, entrez)
    assert rejected(audit) == {(entrez.GENES.name, 5, "malformed CURIE")}


def test_a_source_of_nodes_alone_is_stored(build_from: Build, tmp_path: Path) -> None:
    build_from(TEXTS, entrez)  # puts the files there
    audit = build(["entrez"], Fetch(tmp_path, cache=tmp_path / "no-cache", offline=True), tmp_path / "genes.lbdb")
    assert [(tally.table, tally.kept) for tally in audit.tallies] == [("Gene", 2)]


@pytest.mark.mirror
def test_the_mirror_s_counts(mirror: Path) -> None:
    graph, audit = build_graph([entrez.read(Fetch(mirror, offline=True))])
    assert not audit.rejected.num_rows
    raw = pd.read_csv(mirror / entrez.GENES.path, sep="\t", dtype=str)
    assert graph.nodes["Gene"].num_rows == (raw["gene_type"] != "biological-region").sum() == 65_191
    assert list(audit.left_out.values()) == [(raw["gene_type"] == "biological-region").sum()]
    genes = graph.nodes["Gene"].select(["id", "xrefs"]).to_pandas().set_index("id")["xrefs"]
    assert {"UniProtKB:P11712", "ENSEMBL:ENSG00000138109", "OMIM:601130"} <= set(genes["NCBIGene:1559"])
    # TP53 has thirteen numbers in the file; 191170 is the gene's, the others are diseases such as Li-Fraumeni's
    assert [xref for xref in genes["NCBIGene:7157"] if xref.startswith("OMIM:")] == ["OMIM:191170"]
