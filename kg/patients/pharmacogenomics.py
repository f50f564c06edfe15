"""Pharmacogenomics: what a genotype call says: star alleles, the variants they are called by, copies of each.

A genotype is `*1/*3` (a diplotype of star alleles) or, of VKORC1, `GA` (the two bases of -1639G>A, rs9923231, on the
gene's own strand; C and T of the plus strand are its G and A). `star_alleles.tsv` lists the alleles that are
understood, after PharmVar (https://www.pharmvar.org) and CPIC; an allele that is not there is refused, since its
variants would be guessed. Star alleles are never called from single variants here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache

from kg.patients.terms.meaning import Row
from kg.patients.terms.nodes import Nodes
from kg.patients.terms.tables import rows

COPIES = {"LA6705-3": 2, "LA6706-1": 1, "LA6707-9": 1}
"""LOINC's answers for an allelic state (53034-5) -> copies: homozygous, heterozygous, hemizygous."""

_VKORC1 = "VKORC1"
_VKORC1_VARIANT = "rs9923231"
_PLUS_STRAND = str.maketrans("CT", "GA")

_DIPLOTYPE = re.compile(r"(\*\w+)[/|](\*\w+)")
_BASES = re.compile(r"([GA])[/|]?([GA])")
_SITE = re.compile(r"(c\.)?-1639(G>A)?|rs9923231|[:;,()]", re.IGNORECASE)


class GenotypeError(ValueError):
    """A genotype call that is not understood; the message does not quote it."""


@dataclass(frozen=True)
class Call:
    """What one call says of a gene: the genotype, if it gives one, and how many copies of which variants (rs ids).

    A variant of no gene that is listed stands for itself as `gene`.
    """

    gene: str
    genotype: str | None
    copies: Mapping[str, int]


@dataclass(frozen=True)
class Settled:
    """What a patient's calls say together, less the `contradicted` genes, of which they say different things."""

    genotypes: Mapping[str, str]
    copies: Mapping[str, int]
    contradicted: frozenset[str]


def call_genotype(text: str, gene: str | None = None) -> Call:
    """Read a genotype such as `CYP2C9 *1/*3`, or `*3/*1` where the gene is known.

    Raises `GenotypeError` for no gene or two, and for an allele that `star_alleles.tsv` does not list.

    >>> call_genotype("CYP2C9 *3/*1").genotype, call_genotype("C/T", "VKORC1").genotype
    ('*1/*3', 'GA')
    """
    named = {known for known in _alleles() if re.search(rf"\b{known}(?!\w)", text)} | {gene or ""} - {""}
    if len(named) != 1 or not named <= _alleles().keys():
        raise GenotypeError(f"expected the genotype of one gene of {', '.join(_alleles())}")
    (gene,) = named
    bare = re.sub(r"[\s=]", "", text.replace(gene, ""))
    found = _BASES.fullmatch(_own_strand(_SITE.sub("", bare))) if gene == _VKORC1 else _DIPLOTYPE.fullmatch(bare)
    known = list(_alleles()[gene])
    if found is None or not set(found.groups()) <= set(known):
        raise GenotypeError(f"expected two {gene} alleles of {', '.join(known)}")
    pair = sorted(found.groups(), key=known.index)
    copies = Counter({variant: 0 for variant in _telling(gene)})
    for allele in pair:
        copies.update(_alleles()[gene][allele])
    joint = "" if gene == _VKORC1 else "/"
    return Call(gene, joint.join(pair), copies)


def call_variant(variant: str, copies: int, alternate: str | None = None) -> Call:
    """Say that a patient carries 0, 1 or 2 copies of a variant; for VKORC1 -1639G>A that is a genotype.

    Raises `GenotypeError` if the alternate allele is given for -1639G>A and is not A (T on the plus strand).

    >>> call_variant("rs9923231", 1).genotype
    'GA'
    """
    if variant == _VKORC1_VARIANT:
        if alternate not in (None, "A", "T"):
            raise GenotypeError(f"expected the alternate allele A (T on the plus strand) of {variant}")
        return Call(_VKORC1, ("GG", "GA", "AA")[copies], {variant: copies})
    genes = [gene for gene, alleles in _alleles().items() if any(variant in variants for variants in alleles.values())]
    return Call(genes[0] if genes else variant, None, {variant: copies})


def settle(calls: Iterable[Call]) -> Settled:
    """Put a patient's calls together; a gene of which two calls say different things is left out whole.

    Two calls agree on a variant if they give the same copies. Of a variant that only occurs together with others
    in the listed alleles, a diplotype gives the least number of copies, and the larger number stands.
    """
    by_gene: dict[str, list[Call]] = {}
    for call in calls:
        by_gene.setdefault(call.gene, []).append(call)
    genotypes: dict[str, str] = {}
    copies: dict[str, int] = {}
    contradicted = set()
    for gene, said in by_gene.items():
        stated = {call.genotype for call in said if call.genotype}
        counts: dict[str, set[int]] = {}
        for call in said:
            for variant, count in call.copies.items():
                counts.setdefault(variant, set()).add(count)
        least_only = {variant for variants in _alleles().get(gene, {}).values() for variant in variants} - _telling(
            gene
        )
        if len(stated) > 1 or any(len(counts[variant]) > 1 for variant in counts.keys() - least_only):
            contradicted.add(gene)
            continue
        for genotype in stated:
            genotypes[gene] = genotype
        copies |= {variant: max(values) for variant, values in counts.items() if max(values)}
    return Settled(genotypes, copies, frozenset(contradicted))


def variant_row(variant: str, known: Nodes) -> Row:
    """Return the graph's node of a variant, else a new one named after the star allele that it alone makes.

    >>> from kg.patients.terms.nodes import nodes
    >>> variant_row("rs1057910", nodes([]))["name"]
    'CYP2C9*3'
    """
    curie = f"DBSNP:{variant}"
    if known.by_curie("Variant", curie) is None:
        for gene, alleles in _alleles().items():
            for allele, variants in alleles.items():
                if variants == (variant,):
                    name = "VKORC1 -1639G>A" if gene == _VKORC1 else gene + allele
                    return {"kind": "Variant", "id": curie, "name": name, "gene": f"NCBIGene:{_gene_ids()[gene]}"}
    return known.row("Variant", curie, variant)


def listed_genes() -> Set[str]:
    """Return the genes whose alleles are understood."""
    return _alleles().keys()


def _own_strand(bases: str) -> str:
    """Return VKORC1's bases on its own strand, if all are the plus strand's."""
    return bases if set("GA") & set(bases) else bases.translate(_PLUS_STRAND)


@cache
def _alleles() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the listed alleles of each gene, and the variants that each is called by."""
    genes: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in rows("star_alleles.tsv"):
        genes.setdefault(row["gene"], {})[row["allele"]] = tuple(row["variants"].split(";")) if row["variants"] else ()
    return genes


@cache
def _gene_ids() -> dict[str, str]:
    return {row["gene"]: row["ncbi_gene"] for row in rows("star_alleles.tsv")}


def _telling(gene: str) -> set[str]:
    """Return the variants that alone make an allele of this gene: a diplotype gives their exact copies."""
    return {variants[0] for variants in _alleles().get(gene, {}).values() if len(variants) == 1}
