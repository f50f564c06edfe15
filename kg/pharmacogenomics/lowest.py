"""Lowest: the genes whose every variant has a function of its own, so that the lowest of each copy decides.

CPIC's guideline on DPYD (Amstutz et al., Clinical Pharmacology & Therapeutics 2018;103:210): the activity score is the
sum of the two variants with the lowest, presumed to be on different copies where the phase is not known. So where the
phase is known the call is the variants of each copy, and else all variants that are there; the two lowest are looked
up. RYR1 has the same rule, a malignant variant being the lowest.

HapB3 of DPYD is two variants. The one in the intron is the cause: where it is known it decides alone, with the other
one (c.1236G>A) as `HapB3` and without it as itself; where only the other one is known, that stands for HapB3.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from kg.pharmacogenomics.definitions import in_order
from kg.pharmacogenomics.strands import Strands

GENES = frozenset({"DPYD", "RYR1"})
HAPB3, INTRONIC = "c.1129-5923C>G, c.1236G>A (HapB3)", "c.1129-5923C>G"
INTRON_RS, EXON_RS = "rs75017182", "rs56038477"

EXON_ONLY = "rs75017182 is not known: HapB3 is told by rs56038477 alone, which is not its cause; genotype rs75017182"
MISMATCH = "rs56038477 has HapB3's base where rs75017182, which decides, has the reference"


@dataclass(frozen=True)
class Variants:
    """The variants of a gene: of each copy where the phase is known (`phased`), else all, in one list.

    `copies` counts the copies of each; `notes` are what to know of HapB3.
    """

    strands: tuple[tuple[str, ...], ...]
    copies: Mapping[str, int]
    phased: bool
    notes: tuple[str, ...] = ()

    def name(self, reference: str) -> str:
        """Return the diplotype, several variants of one copy in brackets; empty where the phase is not known."""
        if not self.phased:
            return ""
        named = [(strand, _strand_name(strand, reference)) for strand in self.strands]
        named.sort(key=lambda one: (len(one[0]) > 1, in_order(one[1])))
        return "/".join(name for _, name in named)

    def lowest(self, reference: str, rank: Callable[[str], tuple[Any, ...]]) -> tuple[str, ...]:
        """Return the two alleles that are looked up: those that `rank` puts first, of each copy or of all."""
        if self.phased:
            found = [min(strand or (reference,), key=rank) for strand in self.strands]
        else:
            each = chain.from_iterable((name,) * count for name, count in self.copies.items())
            found = [*sorted(each, key=rank), reference, reference][:2]
        return tuple(sorted(found, key=in_order))


def variants(strands: Strands) -> Variants:
    """Return the variants that are on a gene's copies."""
    definition = strands.definition
    ways = range(strands.copies)
    hapb3 = _hapb3(strands) if definition.gene == "DPYD" else None
    aside = {HAPB3, INTRONIC} if hapb3 else set()
    on_strand: list[list[str]] = [[] for _ in ways]
    for allele in definition.alleles[1:]:
        if allele.name in aside or not allele.bases.keys() & strands.genotypes.keys():
            continue
        for way in ways:
            told = [site for site in allele.bases if site in strands.genotypes]
            if all(strands.base(site, way) in allele.bases[site] for site in told):
                on_strand[way].append(allele.name)
    notes: tuple[str, ...] = ()
    if hapb3:
        notes = hapb3.notes
        for way, name in zip(ways, hapb3.names, strict=True):
            on_strand[way] += [name] if name else []
    found = tuple(tuple(sorted(names, key=in_order)) for names in on_strand)
    counted = Counter(chain.from_iterable(found))
    return Variants(found, {name: counted[name] for name in sorted(counted, key=in_order)}, strands.phased, notes)


@dataclass(frozen=True)
class _HapB3:
    """Which of HapB3's names each copy has, if any."""

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def _hapb3(strands: Strands) -> _HapB3 | None:
    """Return what the copies have of HapB3, None where neither of its positions is known."""
    by_rs = {site.rs: at for at, site in enumerate(strands.definition.sites)}
    intron, exon = (_carried(strands, by_rs[rs]) for rs in (INTRON_RS, EXON_RS))
    if intron is None and exon is None:
        return None
    if intron is None:
        assert exon is not None
        names = tuple(HAPB3 if one else "" for one in exon)
        return _HapB3(names, (EXON_ONLY,) if any(exon) else ())
    if exon is None:
        return _HapB3(tuple(INTRONIC if one else "" for one in intron))
    if not strands.phased:  # which is with which is not known: as many as can be are together
        intron, exon = sorted(intron, reverse=True), sorted(exon, reverse=True)
    names = tuple(_hapb3_name(*both) for both in zip(intron, exon, strict=True))
    mismatch = any(there and not cause for cause, there in zip(intron, exon, strict=True))
    return _HapB3(names, (MISMATCH,) if mismatch else ())


def _hapb3_name(intron: bool, exon: bool) -> str:
    return (HAPB3 if exon else INTRONIC) if intron else ""


def _carried(strands: Strands, site: int) -> list[bool] | None:
    """Return whether each copy has the alternate at a site, None where that is not known."""
    if site not in strands.genotypes:
        return None
    alternates = strands.definition.sites[site].alternates
    return [strands.base(site, way) in alternates for way in range(strands.copies)]


def _strand_name(strand: tuple[str, ...], reference: str) -> str:
    if len(strand) > 1:
        return f"[{' + '.join(strand)}]"
    return strand[0] if strand else reference


def each(found: Variants) -> Iterator[str]:
    """Yield the variants, one that both copies have as `homozygous`."""
    for name, count in found.copies.items():
        yield f"{name} (homozygous)" if count > 1 else name


def untold(strands: Strands, found: Variants) -> tuple[str, ...]:
    """Return the variants that may be there and are not called only because their positions are missing."""
    definition, known = strands.definition, strands.genotypes.keys()
    sites = {site.rs: at for at, site in enumerate(definition.sites)}
    decided = {HAPB3} if definition.gene == "DPYD" and sites[INTRON_RS] in known else set()
    return tuple(
        allele.name
        for allele in definition.alleles[1:]
        if not allele.bases.keys() <= known and allele.name not in found.copies and allele.name not in decided
    )


def score(strands: Strands, pair: tuple[str, ...]) -> int:
    """Return how many known positions tell these alleles."""
    told = {allele.name: allele.bases.keys() & strands.genotypes.keys() for allele in strands.definition.alleles}
    return sum(len(told[name]) for name in pair)
