"""Gathered: what a sample's genotypes say of one gene's positions, and in words what they leave open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kg.pharmacogenomics.definitions import Definition
from kg.pharmacogenomics.places import Target
from kg.pharmacogenomics.records import OTHER, UNKNOWN, Genotype
from kg.pharmacogenomics.strands import Strands
from kg.pharmacogenomics.vcf import Sample

AS_REFERENCE = frozenset({"CACNA1S", "DPYD", "G6PD", "NUDT15", "RYR1", "TPMT"})
"""Genes in which PharmCAT takes a change that the definitions do not have, at a position of theirs, for the reference:
their variants make a drug toxic, and without it nothing at all would be said of the others."""
SHOWN = 6
"""How many positions a note names."""


@dataclass(frozen=True)
class Gathered:
    """A gene's genotypes by the index of their site; `refusal` is why they cannot be those of a person."""

    genotypes: Mapping[int, Genotype]
    copies: int
    why: Mapping[int, str]
    notes: tuple[str, ...] = ()
    refusal: str = ""


def gather(definition: Definition, sample: Sample) -> Gathered:
    """Return a gene's genotypes of a sample, or why they cannot be those of a person."""
    index = {(site.chromosome, site.position): at for at, site in enumerate(definition.sites)}
    why = {index[key]: said for target, said in sample.why.items() if (key := _key(target)) in index}
    raw = {index[key]: found for target, found in sample.genotypes.items() if (key := _key(target)) in index}
    found = dict(sorted(raw.items()))
    found, notes = _documented(definition, found)
    if not found:
        return Gathered({}, 0, why, tuple(notes), f"none of its {len(definition.sites)} positions has a genotype")
    halves = [at for at, one in found.items() if UNKNOWN in one.alleles]
    if halves:
        named = some([f"{definition.sites[at]} {'/'.join(found[at].alleles)}" for at in halves])
        return Gathered(found, 2, why, tuple(notes), f"what both copies have is not told at {named}")
    numbers = {len(one.alleles) for one in found.values()}
    if numbers == {1, 2}:
        if any(len(set(one.alleles)) > 1 for one in found.values()):
            return Gathered(found, 2, why, tuple(notes), "some genotypes are of one copy, some of two that differ")
        notes.append("some genotypes are written with one copy and some with two equal ones: taken as one copy")
        found = {at: replace(one, alleles=one.alleles[:1]) for at, one in found.items()}
        numbers = {1}
    return Gathered(found, numbers.pop(), why, tuple(notes))


def _documented(definition: Definition, found: Mapping[int, Genotype]) -> tuple[dict[int, Genotype], list[str]]:
    """Return genotypes without changes that the definitions do not have, where these count as the reference."""
    kept = dict(found)
    others = [at for at, one in found.items() if any(allele.startswith(OTHER) for allele in one.alleles)]
    if not others:
        return kept, []
    note = f"changes that the definitions do not have, at {some([str(definition.sites[at]) for at in others])}"
    if definition.gene not in AS_REFERENCE:
        return kept, [note]
    for at in others:
        same = definition.sites[at].reference
        kept[at] = replace(
            found[at], alleles=tuple(same if one.startswith(OTHER) else one for one in found[at].alleles)
        )
    return kept, [f"{note}, and are taken for the reference"]


def _key(target: Target) -> tuple[str, int]:
    return target.site.chromosome, target.site.position


def required(definition: Definition, missing: Iterable[int]) -> str:
    """Say which positions a gene cannot be called without, if some of these are missing."""
    lacking = [definition.sites[at] for at in missing if definition.sites[at].position in definition.required]
    return f"it needs {some([str(site) for site in lacking])}" if lacking else ""


def missing_notes(
    definition: Definition, missing: Sequence[int], unplaced: Sequence[int], build: str, why: Mapping[int, str]
) -> list[str]:
    """Return in words which positions are missing, and why."""
    notes = []
    if missing:
        notes.append(f"{len(missing)} of {len(definition.sites)} positions are not known")
    if unplaced:
        notes.append(f"{len(unplaced)} of them have no certain place in {build}")
    reasons: dict[str, list[str]] = {}
    for at, said in sorted(why.items()):
        reasons.setdefault(said, []).append(str(definition.sites[at]))
    notes += [f"{some(sites)} {said}" for said, sites in reasons.items()]
    least = [definition.sites[at] for at in missing if definition.sites[at].position in definition.minimum]
    if least and len(missing) < len(definition.sites):
        notes.append(
            f"positions that any test should have (AMP tier 1) are missing: {some([str(one) for one in least])}"
        )
    return notes


def unexplained(on_strands: Strands) -> str:
    """Say which genotypes no two alleles of the definitions explain."""
    definition = on_strands.definition
    changed = [
        f"{definition.sites[at]} {('/' if one.phase is None else '|').join(one.alleles)}"
        for at, one in on_strands.genotypes.items()
        if set(one.alleles) != {definition.sites[at].reference}
    ]
    return f"no two alleles of the definitions explain its genotypes, {some(changed)}"


def copies_of(definition: Definition, genotypes: Mapping[int, Genotype]) -> dict[str, int]:
    """Return how many copies have the alternate of each known site of one alternate that has a dbSNP number."""
    found = {}
    for at, genotype in genotypes.items():
        site = definition.sites[at]
        known = {site.reference, *site.alternates}
        if site.rs and len(site.alternates) == 1 and known >= set(genotype.alleles):
            found[site.rs] = sum(allele in site.alternates for allele in genotype.alleles)
    return found


def some(words: Sequence[str]) -> str:
    """Return a few of these words, and how many more there are."""
    more = [f"and {len(words) - SHOWN} more"] if len(words) > SHOWN else []
    return ", ".join([*words[:SHOWN], *more])
