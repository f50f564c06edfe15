"""Definitions: which bases at which positions make each named allele of a gene, as PharmCAT publishes them.

Sangkuhl et al., Clinical Pharmacology & Therapeutics 2020;107:203. The first allele of a gene is its reference; where
another allele says nothing of a position, it has the reference's base there. `exemptions.json` changes the rules of
some genes: positions that a call needs, and which of several diplotypes stands where the phase is not known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import Any

from kg.fetch import Fetch, PublicFile
from kg.files.documents import Document, read_document

FOLDER = "pgx/pharmcat/alleles"
GENES = (
    *("ABCG2", "CACNA1S", "CFTR", "CYP2B6", "CYP2C19", "CYP2C9", "CYP2D6", "CYP3A4", "CYP3A5", "CYP4F2", "DPYD"),
    *("G6PD", "IFNL3", "NAT2", "NUDT15", "RYR1", "SLCO1B1", "TPMT", "UGT1A1", "VKORC1"),
)
"""The genes that are defined."""
FILES = {gene: PublicFile(f"{FOLDER}/{gene}_translation.json.gz") for gene in GENES}
EXEMPTIONS = PublicFile(f"{FOLDER}/exemptions.json.gz")

IUPAC = {
    **{base: frozenset(base) for base in "ACGT"},
    **{"R": frozenset("AG"), "Y": frozenset("CT"), "S": frozenset("CG"), "W": frozenset("AT"), "K": frozenset("GT")},
    **{"M": frozenset("AC"), "B": frozenset("CGT"), "D": frozenset("AGT"), "H": frozenset("ACT")},
    **{"V": frozenset("ACG"), "N": frozenset("ACGT")},
}
"""What each letter of a base stands for."""

_REPEAT = re.compile(r"[ACGT]+\((\d+)\)")


@dataclass(frozen=True)
class Site:
    """A position that alleles are told by: a base, or (longer than one) an anchor and what is deleted or inserted.

    `position` counts from 1, as in a VCF. `sequence` is the reference from `position` on as far as it is known: over
    all of a repeat, at any copy of which an insertion or a deletion may be written.
    """

    gene: str
    chromosome: str
    position: int
    reference: str
    alternates: tuple[str, ...]
    rs: str | None
    sequence: str

    def __str__(self) -> str:
        return f"{self.chromosome}:{self.position}" + (f" {self.rs}" if self.rs else "")


@dataclass(frozen=True)
class NamedAllele:
    """A named allele: the bases that it is told by, one of these at each site by the site's index.

    Its score is the number of the sites that it says something of.
    """

    name: str
    bases: Mapping[int, frozenset[str]]
    either: frozenset[int] = frozenset()
    """Sites at which the allele may have one of several bases."""


@dataclass(frozen=True)
class Definition:
    """All alleles of a gene, the reference first.

    `cores` has the core allele of each suballele; a person has the core allele. Without one of the `required`
    positions nothing is called. `minimum` are the positions that any test is expected to have (AMP tier 1).
    `priorities` says of several diplotypes, all of which fit data without phase, which one stands.
    """

    gene: str
    chromosome: str
    accession: str
    version: str
    sites: tuple[Site, ...]
    alleles: tuple[NamedAllele, ...]
    cores: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[int] = frozenset()
    minimum: frozenset[int] = frozenset()
    priorities: tuple[tuple[frozenset[str], str], ...] = ()

    @property
    def reference(self) -> NamedAllele:
        """The allele that all others are compared with."""
        return self.alleles[0]

    @cached_property
    def default(self) -> tuple[frozenset[str], ...]:
        """What an allele has at each site that it says nothing of."""
        return tuple(
            frozenset({site.reference}) if at in self.reference.either else self.reference.bases[at]
            for at, site in enumerate(self.sites)
        )


@cache
@lru_cache(maxsize=1 << 16)
def in_order(name: str) -> tuple[object, ...]:
    """Return the key that sorts names of alleles as the tables of diplotypes do: numbers by their size.

    >>> sorted(["*10", "c.557A>G", "*2", "Reference", "c.1627A>G (*5)"], key=in_order)
    ['*2', '*10', 'Reference', 'c.557A>G', 'c.1627A>G (*5)']
    """
    parts = re.split(r"(\d+)", name)
    return tuple(int(part) if at % 2 else part for at, part in enumerate(parts))


def diplotype_name(first: str, second: str) -> str:
    """Return the name of two alleles together.

    >>> diplotype_name("*17", "*4")
    '*4/*17'
    """
    return "/".join(sorted((first, second), key=in_order))


def read_definitions(fetch: Fetch, genes: tuple[str, ...] = GENES) -> dict[str, Definition]:
    """Read the definitions of these genes; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    exemptions = read_document(fetch.get(EXEMPTIONS).path)
    found = {}
    for gene in genes:
        document = read_document(fetch.get(FILES[gene]).path)
        with document.expected():
            found[gene] = _definition(document, exemptions.content.get(gene, {}))
    return found


def _definition(document: Document, exemption: Mapping[str, Any]) -> Definition:
    gene = document.of("gene")
    ignored = set(exemption.get("ignoredAlleles", ()))
    listed = [allele for allele in document.of("namedAlleles") if allele["name"] not in ignored]
    listed.sort(key=lambda allele: not allele["reference"])
    sites = tuple(_site(gene, site) for site in document.of("variants"))
    return Definition(
        gene=gene,
        chromosome=document.of("chromosome"),
        accession=document.of("refSeqChromosomeId"),
        version=document.of("version"),
        sites=sites,
        alleles=tuple(_allele(allele) for allele in listed),
        cores=dict(document.of("suballelesMap")),
        required=frozenset(exemption.get("requiredPositions", ())),
        minimum=frozenset(exemption.get("amp1Positions", ())),
        priorities=tuple(
            (frozenset(one["list"]), one["pick"]) for one in exemption.get("unphasedDiplotypePriorities", ())
        ),
    )


def _allele(allele: Mapping[str, Any]) -> NamedAllele:
    told = {at: base for at, base in enumerate(allele["alleles"]) if base is not None}
    bases = {at: IUPAC.get(base, frozenset({base})) for at, base in told.items()}
    return NamedAllele(allele["name"], bases, frozenset(at for at, base in bases.items() if len(base) > 1))


def _site(gene: str, site: Mapping[str, Any]) -> Site:
    alternates = tuple(site["alts"])
    return Site(
        gene=gene,
        chromosome=site["chromosome"],
        position=site["position"],
        reference=site["ref"],
        alternates=alternates,
        rs=site["rsid"],
        sequence=_known(site),
    )


def _known(site: Mapping[str, Any]) -> str:
    """Return the reference from a site on, as far as its names tell it.

    A VCF has an insertion or deletion as far left as it goes, HGVS as far right: between the two the reference repeats
    what is inserted or deleted.
    """
    reference, alternates = site["ref"], site["alts"]
    called = {base: word for word, base in site["cpicToVcfAlleleMap"].items()}.get(reference, "")
    further = site["cpicPosition"] - site["position"]
    if repeat := _REPEAT.fullmatch(called):
        unit = called.partition("(")[0]
        return str(reference[:further] + unit * int(repeat[1]))
    longer, shorter = sorted((reference, alternates[0]), key=len, reverse=True)
    changed = longer[len(shorter) :]
    if len(alternates) != 1 or not changed or not longer.startswith(shorter):
        return str(reference)
    between = further if "ins" in site["chromosomeHgvsName"] else further - 1 + len(changed)
    known = reference[0] + "".join(changed[at % len(changed)] for at in range(between))
    return str(max(reference, known, key=len))
