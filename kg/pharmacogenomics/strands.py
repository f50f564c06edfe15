"""Strands: what may stand on each of a person's two copies of a gene, as far as genotypes and their phase tell.

Where a genotype has two different alleles, either may be on the first copy. Genotypes of one phase set share this
choice, every other heterozygous one has its own: so a haplotype fits some of the choices, and two haplotypes are a
diplotype if there is a choice that one fits and whose opposite the other fits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg.pharmacogenomics.definitions import Definition, NamedAllele
from kg.pharmacogenomics.records import Genotype

BOTH = 0b11
_OPPOSITE = (0b00, 0b10, 0b01, 0b11)

Fits = tuple[int, ...]
"""For each choice, which ways a haplotype fits it: bit 0 with the first allele, bit 1 with the second."""


@dataclass(frozen=True)
class Strands:
    """The genotypes of a gene by the index of their site; `choices` are the heterozygous sites that go together."""

    definition: Definition
    genotypes: Mapping[int, Genotype]
    choices: tuple[tuple[int, ...], ...]
    copies: int

    @property
    def phased(self) -> bool:
        """Whether it is known what stands together on each copy: at most one choice, which is only which is first."""
        return len(self.choices) <= 1

    def base(self, site: int, way: int) -> str:
        """Return what stands at a site on the copy that has the first (0) or the second (1) alleles of its choice."""
        alleles = self.genotypes[site].alleles
        return alleles[way if len(alleles) > 1 else 0]

    def fits(self, allele: NamedAllele) -> Fits | None:
        """Return how a named allele fits each choice, or None if it fits none of the strands."""
        default, told = self.definition.default, allele.bases
        found = []
        for site, genotype in self.genotypes.items():
            first = genotype.alleles[0]
            if first == genotype.alleles[-1] and first not in told.get(site, default[site]):
                return None
        for choice in self.choices:
            ways = BOTH
            for site in choice:
                allowed = told.get(site, default[site])
                first, second = self.genotypes[site].alleles
                ways &= (first in allowed) | (second in allowed) << 1
            if not ways:
                return None
            found.append(ways)
        return tuple(found)


def strands(definition: Definition, genotypes: Mapping[int, Genotype], copies: int) -> Strands:
    """Return the strands of a gene with these genotypes."""
    together: dict[tuple[str, int | str], list[int]] = {}
    for site, genotype in genotypes.items():
        if len(set(genotype.alleles)) > 1:
            key = ("site", site) if genotype.phase is None else ("phase set", genotype.phase)
            together.setdefault(key, []).append(site)
    return Strands(definition, genotypes, tuple(map(tuple, together.values())), copies)


def complements(first: Fits, second: Fits) -> bool:
    """Return whether two haplotypes can be a person's two copies.

    >>> complements((0b01, 0b11), (0b10, 0b10)), complements((0b01,), (0b01,))
    (True, False)
    """
    return all(one & _OPPOSITE[other] for one, other in zip(first, second, strict=True))


def joint(first: Fits, second: Fits) -> Iterable[int]:
    """Return, for each choice, the ways in which the first haplotype fits it while the second fits its opposite."""
    return [one & _OPPOSITE[other] for one, other in zip(first, second, strict=True)]
