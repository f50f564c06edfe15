"""NCBI Gene (Entrez) of 2022: human genes with type, full name, and their identifiers in UniProt, Ensembl and OMIM.

Through Bioconductor's org.Hs.eg.db. It gives nodes only.
"""

from pathlib import Path

from kg.fetch import Fetch, PublicFile
from kg.files.columns import read_records
from kg.files.table import read_csv
from kg.rows import Rows, node_rows
from kg.source import Source

GENES = PublicFile("attributes/entrez_genes_2022.tsv.gz")
UNIPROT = PublicFile("attributes/entrez2uniprot.tsv.gz")
ENSEMBL = PublicFile("attributes/entrez2ensembl.tsv.gz")
OMIM = PublicFile("attributes/entrez2omim.tsv.gz")
DISEASES = PublicFile("splits/txgnn/mondo_references.csv.gz")

SOURCE = Source(
    name="entrez",
    gives="human genes with type, full name and identifiers in UniProt, Ensembl and OMIM",
    version="2022",
    licence="Artistic-2.0",  # the Bioconductor package's; NCBI's own data are in the public domain
    citation="Brown GR, Hem V, Katz KS, et al. Gene: a gene-centered information resource at NCBI. Nucleic Acids Res "
    "2015;43:D36-D42. doi:10.1093/nar/gku1055",
    url="https://bioconductor.org/packages/org.Hs.eg.db",
    files=(GENES,),
    extras=(UNIPROT, ENSEMBL, OMIM, DISEASES),
)

XREFS = {UNIPROT: ("uniprot_id", "UniProtKB"), ENSEMBL: ("ensembl_id", "ENSEMBL"), OMIM: ("omim_id", "OMIM")}
"""A file of identifiers elsewhere -> the column they stand in, and their prefix.

OMIM numbers genes and diseases alike, and its file gives a gene the numbers of its diseases too: those that MONDO has
as diseases are left out."""

REGION = "biological-region"
"""A type that NCBI numbers among genes: an enhancer, a breakpoint and the like, none of them a gene."""


def read(fetch: Fetch) -> Rows:
    """Read the genes; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    diseases = _diseases(found[DISEASES].path) if DISEASES in found else set()
    xrefs: dict[str, list[str]] = {}
    for file, (column, prefix) in XREFS.items():
        if file in found:
            for row in read_records(found[file].path, ("gene_id", column)):
                if (xref := f"{prefix}:{row[column]}") not in diseases:
                    xrefs.setdefault(row["gene_id"], []).append(xref)
    stated = list(read_records(found[GENES].path, ("gene_id", "symbol", "gene_name", "gene_type")))
    genes = [row for row in stated if row["gene_type"] != REGION]
    nodes = node_rows(
        "Gene",
        (
            {
                "id": f"NCBIGene:{row['gene_id']}",
                "name": row["symbol"],
                "synonyms": [row["gene_name"]] if row["gene_name"] not in ("", row["symbol"]) else [],
                "xrefs": xrefs.get(row["gene_id"], []),
                "type": row["gene_type"] or None,
                "file": GENES.name,
                "line": row["line"],
            }
            for row in genes
        ),
    )
    return Rows(SOURCE.release(found), (nodes,), (), left_out={f"a {REGION}": len(stated) - len(genes)})


def _diseases(path: Path) -> set[str]:
    """Return OMIM's numbers that are a disease's, as CURIEs."""
    rows = read_csv(path, ("ontology_id", "ontology", "mondo_id")).by_line().values()
    return {f"OMIM:{row['ontology_id'].strip()}" for row in rows if row["ontology"] == "OMIM"}
