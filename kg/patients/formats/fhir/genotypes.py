"""Genotypes and phenotypes of genes as laboratories' reports state them, in the words of the definitions.

A phenotype is an answer of LOINC's list LL3856-3, or words that `gene_phenotypes.tsv` has for the gene, after CPIC and
DPWG; what it says otherwise is refused. A genotype of alleles that a graph knows is taken without their variants.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache

from kg.names import folded
from kg.patients.record import Refused
from kg.patients.terms.tables import rows
from kg.pharmacogenomics.alleles import HLA, copies_of
from kg.pharmacogenomics.outside import alleles, phenotype_words

METABOLISM = "53040-2"
"""LOINC of a genetic variation's effect on drug metabolism: of an observation whose gene is told by 48018-6."""
PHENOTYPES = {
    "79713-4": "TPMT",
    "79714-2": "CYP2C19",
    "79715-9": "CYP2D6",
    "79716-7": "CYP2C9",
    "79719-1": "DPYD",
}
"""LOINC of a gene product's metabolic activity -> the gene."""
ANSWERS = {
    "LA10315-2": "Ultrarapid Metabolizer",
    "LA25390-8": "Rapid Metabolizer",
    "LA25391-6": "Normal Metabolizer",
    "LA10317-8": "Intermediate Metabolizer",
    "LA9657-3": "Poor Metabolizer",
}
"""LOINC's answers to it (LL3856-3)."""

Known = Mapping[str, Collection[str]]
"""The alleles that a graph knows, by gene."""

_COPIES = re.compile(r"x(?:[≥]|>=)?(?:\d{1,2}|N)$")
_HLA = re.compile(r"\*\d{2,3}(:\d{2,3}){1,3}[A-Z]?")


def diplotype(said: str, genes: Sequence[str], known: Known) -> tuple[str, str] | None:
    """Return the gene and the diplotype that a text says in alleles that are known, None where it does not.

    >>> diplotype("CYP2D6 *4/*1x2", [], {"CYP2D6": ["*1", "*4"]}), diplotype("*4/*99", ["CYP2D6"], {"CYP2D6": ["*4"]})
    (('CYP2D6', '*4/*1x2'), None)
    """
    written = said.strip()
    named = [gene for gene in known if re.match(rf"{re.escape(gene)}(?![\w-])", written)]
    for gene in [*named, *(gene for gene in genes if gene in known and not named)]:
        bare = written.removeprefix(gene).strip(" :=")
        found = "/".join(alleles(gene, bare))
        parts = [part for copy in copies_of(gene, found) for part in copy]
        if parts and all(_is_known(gene, part, known[gene]) for part in parts):
            return gene, found
    return None


def phenotype(answers: Collection[str], texts: Sequence[str], gene: str) -> str:
    """Return a gene's phenotype by LOINC's answers and texts; raises `Refused` for none that is known, and for two.

    >>> phenotype(["LA9657-3"], [], "CYP2C19"), phenotype([], ["*57:01 positive"], "HLA-B")
    ('Poor Metabolizer', '*57:01 positive')
    """
    found = {ANSWERS[answer] for answer in answers if answer in ANSWERS}
    found = found or set(_of_texts(texts, gene))
    if len(found) != 1:
        raise Refused("value[x]", "says two phenotypes" if found else "is no phenotype of the gene that is known")
    return found.pop()


def _of_texts(texts: Sequence[str], gene: str) -> Iterator[str]:
    known = _phenotypes().get(gene, {})
    for said in texts:
        words = folded(phenotype_words(gene, said))
        if words in known:
            yield known[words]


def _is_known(gene: str, allele: str, known: Collection[str]) -> bool:
    if gene in HLA:
        return _HLA.fullmatch(allele) is not None
    parts = re.split(r"\s*\+\s*(?=\*)", allele) if allele not in known else [allele]
    return all(part in known or _COPIES.sub("", part) in known for part in parts)


@cache
def _phenotypes() -> dict[str, dict[str, str]]:
    """Return the phenotypes of each gene, by their words as `kg.names.folded` writes them."""
    found: dict[str, dict[str, str]] = {}
    for row in rows("gene_phenotypes.tsv"):
        found.setdefault(row["gene"], {})[folded(row["phenotype"])] = row["phenotype"]
    return found
