"""Diplotypes: what a call of a gene becomes in the graph, whatever it was found by: a genome, a laboratory's report.

The gene has an edge with every diplotype that fits. Where one alone does, its haplotypes have edges with their copies;
the phenotype has one where all agree on it; so have the variants that were looked at, those of no copy as absent.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from kg.patients.pharmacogenomics import Call, GenotypeError, call_genotype, variant_row
from kg.patients.record import GeneCall
from kg.patients.terms.meaning import Row
from kg.patients.terms.nodes import Nodes
from kg.patients.terms.tables import rows
from kg.pharmacogenomics.alleles import haplotype_id, name_of, phenotype_id

Edge = tuple[Row, str, Mapping[str, object]]
"""A node, the relation that leads to it, and the edge's attributes."""


def call_rows(call: GeneCall, known: Nodes) -> Iterator[Edge]:
    """Yield the edges of a call; nodes are the graph's own where it has them."""
    gene = _gene(call.gene, known)
    if gene is not None:
        told: dict[str, object] = {
            "diplotypes": list(call.diplotypes),
            "phenotype": call.phenotype,
            "activity_score": call.activity_score,
            "missing_positions": list(call.missing_positions),
            "not_excluded": list(call.not_excluded),
            "note": call.note or None,
            "method": call.method,
        }
        yield gene, "patient_has_diplotype", told
        if len(call.diplotypes) == 1 and "/" in call.diplotypes[0]:
            for allele, copies in Counter(call.diplotypes[0].split("/")).items():
                name = name_of(call.gene, allele)
                node = known.row("Haplotype", haplotype_id(call.gene, allele), name)
                yield {"gene": gene["id"], "allele_name": allele, **node}, "patient_carries_haplotype", _held(copies)
        if call.phenotype:
            node = known.row(
                "GenePhenotype", phenotype_id(call.gene, call.phenotype), name_of(call.gene, call.phenotype)
            )
            told = {"negated": False}
            yield {"gene": gene["id"], "phenotype": call.phenotype, **node}, "patient_has_gene_phenotype", told
    for variant, copies in call.copies:
        yield variant_row(variant, known), "patient_carries_variant", _held(copies)


def one_call(call: GeneCall) -> Call:
    """Return a call for `kg.patients.pharmacogenomics.settle`: without a genotype where several diplotypes fit."""
    return Call(call.gene, call.diplotypes[0] if len(call.diplotypes) == 1 else None, dict(call.copies))


def stated_call(gene: str, diplotype: str) -> Call:
    """Return what a genotype that is known says of a gene, and of the variants that make its alleles."""
    try:
        return call_genotype(diplotype, gene)
    except GenotypeError:
        return Call(gene, diplotype, {})


def _held(copies: int) -> dict[str, object]:
    return {"copies": copies, "negated": copies == 0}


def _gene(symbol: str, known: Nodes) -> Row | None:
    """Return the node of a gene; None for a symbol that neither the graph nor the table of genes for drugs has."""
    if symbol in _ids():
        return known.row("Gene", f"NCBIGene:{_ids()[symbol]}", symbol)
    found = known.named("Gene", symbol)
    return found[0] if found else None


@cache
def _ids() -> Mapping[str, str]:
    return {row["gene"]: row["ncbi_gene"] for row in rows("pharmacogenes.tsv")}
