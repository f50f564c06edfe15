"""Alleles: how haplotypes, the phenotypes of genes, and variants without an rs number are identified."""

import re
from collections.abc import Iterable, Sequence

from kg.curie import OWN

CURATED = {"knowledge_level": "knowledge_assertion", "agent_type": "manual_agent"}
"""How all of pharmacogenomics here is known: experts read the literature and agreed."""

Place = tuple[str, int, str, str]
"""Where a variant is in GRCh38: chromosome, position of the first base from 1, reference and alternate, as in a VCF."""

_DEFINED = {
    ("DPYD", "*1"): "Reference",
    ("DPYD", "*2A"): "c.1905+1G>A (*2A)",
    ("DPYD", "*13"): "c.1679T>G (*13)",
    ("VKORC1", "G"): "rs9923231 reference (C)",
    ("VKORC1", "A"): "rs9923231 variant (T)",
}
"""What laboratories call alleles that the definitions name otherwise; -1639 of VKORC1 on the gene's own strand."""
RENAMED = frozenset(gene for gene, _ in _DEFINED)
"""The genes of these alleles."""
_SHORT = {(gene, name): short for (gene, short), name in _DEFINED.items()}
_PAIR_OF_BASES = re.compile(r"[GA]{2}")
HLA = {"HLA-A": ("*31:01",), "HLA-B": ("*15:02", "*57:01", "*58:01")}
"""The HLA alleles that guidelines ask for: a person has each or has it not."""

_FIELDS = re.compile(r"\*?(\d{2,3})(?::(\d{2,3})(?::\d{2,3}){0,2}[A-Z]?)?|\*?(\d{2})(\d{2})")
_RS = re.compile(r"rs\d+")
_OWN = re.compile(r"[A-Za-z0-9_.*-]+")
_GENE_FUNCTION = re.compile(r"(.+) Function")


def haplotype_id(gene: str, allele: str) -> str:
    """Return the CURIE of a gene's allele.

    >>> haplotype_id("CYP2C9", "*2"), haplotype_id("VKORC1", "rs9923231 variant (T)")
    ('PANAKEIA:CYP2C9*2', 'PANAKEIA:VKORC1_rs9923231_variant_T')
    """
    return f"{OWN}:{_spelt(name_of(gene, allele))}"


def phenotype_id(gene: str, phenotype: str) -> str:
    """Return the CURIE of what two alleles of a gene make of a person.

    >>> phenotype_id("CYP2C19", "Poor Metabolizer"), phenotype_id("HLA-B", "*57:01 positive")
    ('PANAKEIA:CYP2C19_Poor_Metabolizer', 'PANAKEIA:HLA-B*57_01_positive')
    """
    return f"{OWN}:{_spelt(name_of(gene, phenotype))}"


def defined_name(gene: str, allele: str) -> str:
    """Return an allele's name in the definitions, by that or by another one that laboratories have for it.

    >>> defined_name("VKORC1", "A"), defined_name("CYP2C9", "*3")
    ('rs9923231 variant (T)', '*3')
    """
    return _DEFINED.get((gene, allele), allele)


def copies_of(gene: str, diplotype: str) -> tuple[tuple[str, ...], ...]:
    """Return the alleles on each copy of a gene, in the definitions' names: one a copy, or several together.

    >>> copies_of("CYP2C9", "*1/*3"), copies_of("VKORC1", "GA")
    ((('*1',), ('*3',)), (('rs9923231 reference (C)',), ('rs9923231 variant (T)',)))
    >>> copies_of("DPYD", "[c.1129-5923C>G, c.1236G>A (HapB3) + c.498G>A]/Reference")
    (('c.1129-5923C>G, c.1236G>A (HapB3)', 'c.498G>A'), ('Reference',))
    """
    copies = tuple(diplotype) if gene == "VKORC1" and _PAIR_OF_BASES.fullmatch(diplotype) else diplotype.split("/")
    return tuple(
        tuple(defined_name(gene, allele) for allele in copy[1:-1].split(" + "))
        if copy.startswith("[")
        else (defined_name(gene, copy),)
        for copy in copies
    )


def is_reference(allele: str) -> bool:
    """Return whether an allele is one that is called where nothing else is seen.

    >>> is_reference("*1"), is_reference("rs9923231 reference (C)"), is_reference("*2")
    (True, True, False)
    """
    return allele in ("*1", "*38") or "reference" in allele.lower()


def laboratory_genotype(gene: str, diplotype: str) -> str:
    """Return a diplotype in the names that laboratories have for its alleles.

    >>> laboratory_genotype("VKORC1", "rs9923231 reference (C)/rs9923231 variant (T)")
    'GA'
    >>> laboratory_genotype("DPYD", "Reference/c.1905+1G>A (*2A)"), laboratory_genotype("CYP2C9", "*1/*3")
    ('*1/*2A', '*1/*3')
    """
    names = [_SHORT.get((gene, copy), copy) for copy in diplotype.split("/")]
    bases = gene == "VKORC1" and all(len(name) == 1 for name in names)
    return "".join(names) if bases else "/".join(names)


def hla_name(gene: str, allele: str) -> str:
    """Return an HLA allele as today's nomenclature writes it; one that is not read is left as it is.

    >>> [hla_name("HLA-B", allele) for allele in ("B*57:01", "5701", "*57:01:01", "B57")]
    ['*57:01', '*57:01', '*57:01:01', 'B57']
    """
    bare = allele.removeprefix("HLA-").removeprefix(f"{gene[-1]}*")
    read = _FIELDS.fullmatch(bare)
    if read is None:
        return allele
    return f"*{read[3]}:{read[4]}" if read[3] else f"*{bare.removeprefix('*')}"


def hla_status(gene: str, pairs: Iterable[Sequence[str]]) -> list[str]:
    """Return of each HLA allele that guidelines ask for whether a person has it, by the possible pairs of alleles.

    One that any pair has is positive. Negative is what both alleles of every pair exclude: not one copy alone, nor a
    name of one field (`*57`), nor one that is not read. What is neither is left out.

    >>> hla_status("HLA-B", [("*57:01:01", "*08:01")]), hla_status("HLA-B", [("*57", "*08:01")])
    (['*15:02 negative', '*57:01 positive', '*58:01 negative'], ['*15:02 negative', '*58:01 negative'])
    """
    read = [[_FIELDS.fullmatch(hla_name(gene, allele)) for allele in pair] for pair in pairs]
    told = [[(one[1], one[2]) if one else ("", None) for one in pair] for pair in read]
    found = []
    for asked in HLA[gene]:
        first, second = asked.removeprefix("*").split(":")
        if any((first, second) in pair for pair in told):
            found.append(f"{asked} positive")
        elif told and all(len(pair) > 1 and all(a and (a != first or b) for a, b in pair) for pair in told):
            found.append(f"{asked} negative")
    return found


def variant_id(rs: str | None, place: Place, hgvs: str | None = None) -> str:
    """Return the CURIE of a variant: dbSNP's, else its genomic HGVS in the characters of a CURIE, else its place.

    >>> variant_id("rs1799853", ("chr10", 94942290, "C", "T"))
    'DBSNP:rs1799853'
    >>> variant_id(None, ("chr10", 94938719, "T", "G"), "NC_000010.11:g.94938719T>G")
    'PANAKEIA:NC_000010.11-g.94938719T-G'
    >>> variant_id(None, ("chr10", 133535369, "T", "A"))
    'PANAKEIA:GRCh38_chr10_133535369_T_A'
    """
    if rs and _RS.fullmatch(rs):
        return f"DBSNP:{rs}"
    if hgvs and _OWN.fullmatch(spelt := hgvs.replace(":", "-").replace(">", "-")):
        return f"{OWN}:{spelt}"
    return f"{OWN}:GRCh38_" + "_".join(map(str, place))


def name_of(gene: str, part: str) -> str:
    """Return a gene's allele or phenotype as people write it: a star allele without a space.

    >>> name_of("CYP2C9", "*2"), name_of("CYP2C9", "Poor Metabolizer")
    ('CYP2C9*2', 'CYP2C9 Poor Metabolizer')
    """
    return f"{gene}{part}" if part.startswith("*") else f"{gene} {part}"


def function_words(text: str) -> str:
    """Return a function in CPIC's capitals, so that two sources' words are equal where they mean the same.

    >>> function_words("No Function"), function_words("Class IV (Normal)")
    ('No function', 'Class IV (Normal)')
    """
    return _GENE_FUNCTION.sub(r"\1 function", text)


def function_pair(functions: list[str]) -> str:
    """Return the functions of a person's alleles, of two or of the only one, as the graph's rules write them.

    >>> function_pair(["Normal function", "No function"])
    'No function/Normal function'
    """
    return "/".join(sorted(functions))


def _spelt(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.*-]+", "_", name).strip("_")
