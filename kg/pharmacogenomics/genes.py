"""Genes by symbol: Entrez Gene's identifier of each symbol that belongs to one human gene alone."""

from collections import Counter
from pathlib import Path

from kg.fetch import PublicFile
from kg.files.columns import read_columns

GENES = PublicFile("attributes/entrez_genes_2022.tsv.gz")

_WRITTEN_OTHERWISE = {
    "C18orf56": "NCBIGene:494514",  # now TYMSOS
    "C5orf56": "NCBIGene:441108",  # now IRF1-AS1
    "GBA": "NCBIGene:2629",  # now GBA1
    "MT-ND1": "NCBIGene:4535",  # Entrez: ND1
    "MT-RNR1": "NCBIGene:4549",  # Entrez: RNR1, which is a symbol of two genes
}
"""Symbols that the HUGO committee uses or has used, and Entrez Gene does not."""


def genes_by_symbol(path: str | Path) -> dict[str, str]:
    """Return the CURIE of each symbol; one that two genes share is left out, for a guess would be wrong half the time.

    Raises `kg.files.text.FileError` for a file that is no table of genes.
    """
    table = read_columns(path, ("gene_id", "symbol"))
    ids, symbols = (table[column].cast("string").to_pylist() for column in ("gene_id", "symbol"))
    owners = Counter(symbols)
    single = {symbol: f"NCBIGene:{id_}" for id_, symbol in zip(ids, symbols, strict=True) if owners[symbol] == 1}
    return single | _WRITTEN_OTHERWISE
