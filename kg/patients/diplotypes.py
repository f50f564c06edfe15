"""Diplotypes: what a call of a gene becomes in the graph, whatever it was found by: a genome, a laboratory's report.

The gene has an edge with every diplotype that fits, in the names of the definitions. Where one alone does, its
haplotypes have edges with their copies; not that of the reference where others are not excluded. The phenotype has one
where all agree on it; so have the variants that were looked at, those of no copy as absent.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from kg.patients.pharmacogenomics import Call, GenotypeError, call_genotype, variant_row
from kg.patients.record import GeneCall, Person
from kg.patients.terms.meaning import Row
from kg.patients.terms.nodes import Nodes
from kg.patients.terms.tables import rows
from kg.pharmacogenomics.alleles import (
    HLA,
    copies_of,
    haplotype_id,
    hla_status,
    is_reference,
    laboratory_genotype,
    name_of,
    phenotype_id,
)
from kg.pharmacogenomics.definitions import in_order
from kg.pharmacogenomics.phenotype import Rules
from kg.query.pharmacogenomics import pair_of, rules_of
from kg.stores.protocol import Store

Edge = tuple[Row, str, Mapping[str, object]]
"""A node, the relation that leads to it, and the edge's attributes."""


def call_rows(call: GeneCall, known: Nodes) -> Iterator[Edge]:
    """Yield the edges of a call; nodes are the graph's own where it has them."""
    gene = _gene(call.gene, known)
    if gene is not None:
        told: dict[str, object] = {
            "diplotypes": [_defined(call.gene, one) for one in call.diplotypes],
            "phenotype": call.phenotype,
            "activity_score": call.activity_score,
            "missing_positions": list(call.missing_positions),
            "not_excluded": list(call.not_excluded),
            "note": call.note or None,
            "method": call.method,
            "negated": False,
        }
        yield gene, "patient_has_diplotype", told
        for allele, copies in _carried(call).items():
            name = name_of(call.gene, allele)
            node = known.row("Haplotype", haplotype_id(call.gene, allele), name)
            yield {"gene": gene["id"], "allele_name": allele, **node}, "patient_carries_haplotype", _held(copies)
        for phenotype in _phenotypes(call):
            node = known.row("GenePhenotype", phenotype_id(call.gene, phenotype), name_of(call.gene, phenotype))
            told = {"negated": False}
            yield {"gene": gene["id"], "phenotype": phenotype, **node}, "patient_has_gene_phenotype", told
    for variant, copies in call.copies:
        yield variant_row(variant, known), "patient_carries_variant", _held(copies)


def with_phenotypes(store: Store, persons: Sequence[tuple[str, Person]]) -> tuple[tuple[str, Person], ...]:
    """Return persons, with what the graph's tables make of a genotype where the record gives that alone."""
    genes = {call.gene for _, person in persons for call in person.calls if _bare(call)}
    if not genes:
        return tuple(persons)
    rules = rules_of(store, genes)
    return tuple(
        (source, replace(person, calls=tuple(judged(call, rules.get(call.gene)) for call in person.calls)))
        for source, person in persons
    )


def judged(call: GeneCall, rules: Rules | None) -> GeneCall:
    """Return a call, with what a graph's tables make of its genotype where the record gives that alone."""
    if rules is None or not _bare(call):
        return call
    judged = rules.judge(pair_of(call.gene, call.diplotypes[0], rules))
    value = judged.activity_score if call.activity_score is None else call.activity_score
    return replace(call, phenotype=judged.phenotype, activity_score=value)


def one_call(call: GeneCall) -> Call:
    """Return a call for `kg.patients.pharmacogenomics.settle`: without a genotype where several diplotypes fit."""
    alone = call.diplotypes[0] if len(call.diplotypes) == 1 else None
    return Call(call.gene, alone and _comparable(call.gene, alone), dict(call.copies))


def stated_call(gene: str, diplotype: str) -> Call:
    """Return what a genotype that is known says of a gene, and of the variants that make its alleles."""
    try:
        copies = call_genotype(laboratory_genotype(gene, diplotype), gene).copies
    except GenotypeError:
        copies = {}
    return Call(gene, _comparable(gene, diplotype), copies)


def _bare(call: GeneCall) -> bool:
    """Return whether a call is a laboratory's genotype without more: what a genome's is not told of is left open."""
    return call.method == "record" and len(call.diplotypes) == 1 and call.phenotype is None


def _carried(call: GeneCall) -> Counter[str]:
    """Return the alleles of the only diplotype that fits, with their copies; none where several do."""
    if len(call.diplotypes) != 1:
        return Counter()
    alleles = Counter(allele for copy in copies_of(call.gene, call.diplotypes[0]) for allele in copy)
    return Counter({one: n for one, n in alleles.items() if not (call.not_excluded and is_reference(one))})


def _phenotypes(call: GeneCall) -> list[str]:
    if call.gene in HLA and len(call.diplotypes) == 1:
        return hla_status(call.gene, [tuple(_carried(call).elements())])
    return [call.phenotype] if call.phenotype else []


def _defined(gene: str, diplotype: str) -> str:
    """Return a diplotype in the names of the definitions, in their order; one of several alleles a copy as it is."""
    copies = copies_of(gene, diplotype)
    return (
        diplotype if any(len(copy) > 1 for copy in copies) else "/".join(sorted((c for (c,) in copies), key=in_order))
    )


def _comparable(gene: str, diplotype: str) -> str:
    """Return a diplotype as one text whatever its order and its names."""
    return "/".join(sorted(" + ".join(sorted(copy)) for copy in copies_of(gene, diplotype)))


def _held(copies: int) -> dict[str, object]:
    return {"copies": copies, "negated": copies == 0}


def _gene(symbol: str, known: Nodes) -> Row | None:
    """Return the node of a gene; None for a symbol that neither the graph nor the table of genes for drugs has."""
    if symbol in _ids():
        return known.row("Gene", f"NCBIGene:{_ids()[symbol]}", symbol)
    found = known.named("Gene", symbol)
    return found[0] if found else None


def pharmacogenes() -> frozenset[str]:
    """Return the genes, as CURIEs, whose function says how drugs are handled or harm (of the table of genes for drugs).

    >>> "NCBIGene:1559" in pharmacogenes()  # CYP2C9
    True
    """
    return frozenset(f"NCBIGene:{number}" for number in _ids().values())


@cache
def _ids() -> Mapping[str, str]:
    return {row["gene"]: row["ncbi_gene"] for row in rows("pharmacogenes.tsv")}
