"""Genes by symbol: a symbol of two genes is nobody's."""

import gzip
from pathlib import Path

import pytest

from kg.pharmacogenomics.genes import GENES, genes_by_symbol


def test_a_symbol_of_two_genes_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv.gz"
    rows = "gene_id\tsymbol\n1559\tCYP2C9\n3045\tHBD\n100187828\tHBD\n"
    path.write_bytes(gzip.compress(rows.encode()))
    known = genes_by_symbol(path)
    assert known["CYP2C9"] == "NCBIGene:1559"
    assert "HBD" not in known


@pytest.mark.mirror
def test_a_symbol_that_is_written_otherwise_is_no_symbol_of_entrez(mirror: Path) -> None:
    text = gzip.decompress((mirror / GENES.path).read_bytes()).decode()
    known = genes_by_symbol(mirror / GENES.path)
    for old, id_, new in (
        ("GBA", "2629", "GBA1"),
        ("MT-RNR1", "4549", "RNR1"),
        ("MT-ND1", "4535", "ND1"),
        ("C5orf56", "441108", "IRF1-AS1"),
        ("C18orf56", "494514", "TYMSOS"),
    ):
        assert f"\n{id_}\t{new}\t" in text and f"\t{old}\t" not in text
        assert known[old] == f"NCBIGene:{id_}"
