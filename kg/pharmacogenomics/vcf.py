"""VCF: what each sample of a file has at the defining positions, and where that is not known, why.

Nothing is filled in. A position that no record speaks of, or whose genotype is not called, is not known; so is one
whose record failed a filter (in FILTER or FT), has no reads, or contradicts its own reads or its other records. A
record that states the reference over a stretch (a gVCF's block) states it at each position of the stretch. Records
may come in any order, a variant in any spelling (see `kg.pharmacogenomics.sequence`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pysam

from kg.files.vcf import VcfError, named_genome, stated_genomes
from kg.pharmacogenomics.opening import opened
from kg.pharmacogenomics.places import Places, Target
from kg.pharmacogenomics.records import Genotype, Observation, Reading, observe, settle

PASSED = frozenset({"PASS", "RefCall", "MONOALLELIC", "PCATxREF", "PCATxALT", "PCATxINDEL"})
"""Filters that do not say that a genotype is bad: DeepVariant's and GLnexus's remarks, and PharmCAT's own."""
MOST_WRONG = 5
"""With more than one in so many of its reference bases wrong, a file is of another genome than it says."""


@dataclass(frozen=True)
class Sample:
    """What a sample has at the defining positions; of a position without a genotype, `why` says the reason if any."""

    name: str
    genotypes: Mapping[Target, Genotype]
    why: Mapping[Target, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Genotypes:
    """The samples of a VCF, the genome that its positions are of, and what says so."""

    build: str
    stated_by: str
    samples: tuple[Sample, ...]


def read_genotypes(
    path: str | Path, places: Places, *, build: str | None = None, sample: str | None = None
) -> Genotypes:
    """Read what the samples of a VCF (plain, gzipped or BGZF), or one of them, have at the defining positions.

    `build`, GRCh38 or GRCh37, is what the caller states where the header does not. Raises `VcfError`.
    """
    path = Path(path)
    with opened(path) as file:
        told, stated_by = _build(path.name, file.header, build)
        chosen = _chosen(path.name, list(file.header.samples), sample)
        if not places.targets(told):
            raise VcfError(path.name, f"is of {told}; the definitions are of GRCh38, and partly known in GRCh37")
        return Genotypes(told, stated_by, _samples(path.name, file, Reading(places, told), chosen))


def _build(name: str, header: pysam.VariantHeader, stated: str | None) -> tuple[str, str]:
    """Return the genome that a header says it is of, by its contigs or reference, or that the caller states."""
    stated = None if stated is None else _genome(name, stated)
    said = stated_genomes(str(header).splitlines())
    if len(said) > 1:
        raise VcfError(name, f"says it is of {' and of '.join(sorted(said))}; expected one reference genome")
    if stated and said and {stated} != said:
        raise VcfError(name, f"is of {said.pop()} by its header, not of {stated} as stated")
    if not stated and not said:
        raise VcfError(
            name,
            "does not say which reference genome it is of (contig assembly or length); state it with --build GRCh38",
        )
    return (said.pop(), "header") if said else (str(stated), "stated")


def _genome(name: str, stated: str) -> str:
    """Return the reference genome that a caller states, in whatever way."""
    genome = named_genome(stated)
    if genome is None:
        raise VcfError(name, f"is stated to be of {stated!r}; expected GRCh38 or GRCh37")
    return genome


def _chosen(name: str, samples: Sequence[str], sample: str | None) -> list[str]:
    if not samples:
        raise VcfError(name, "has no sample: expected genotypes (FORMAT and a column for each sample)")
    if sample is not None and sample not in samples:
        raise VcfError(name, f"has no sample of the name that was asked for, among {len(samples)}")
    return [sample] if sample is not None else list(samples)


def _samples(name: str, file: pysam.VariantFile, reading: Reading, chosen: Sequence[str]) -> tuple[Sample, ...]:
    """Return what the records say of each sample; raises `VcfError` where they are of another genome."""
    seen: list[dict[Target, list[Observation]]] = [{} for _ in chosen]
    checked, wrong, number = 0, [], len(file.header.samples)
    depths = file.header.formats.get("AD")
    unread = frozenset() if depths is None or depths.number == "R" else frozenset({"AD"})
    for record in file:
        spoken = reading.speaks(record)
        if spoken is None:
            continue
        if len(record.samples) != number:
            raise VcfError(name, f"has a record at {record.chrom}:{record.pos} without a genotype of each sample")
        checked += 1
        wrong += [spoken.wrong] if spoken.wrong else []
        spoken = replace(spoken, failed=_failed(record), formats=frozenset(record.format) - unread)
        for found, sample in zip(seen, chosen, strict=True):
            entry = record.samples[sample]
            for target, alleles in spoken.alleles.items():
                if told := observe(entry, alleles, spoken):
                    found.setdefault(target, []).append(told)
    if reading.elsewhere > checked:
        raise VcfError(
            name,
            f"has {reading.elsewhere} dbSNP numbers of defining positions at other places than they have in "
            f"{reading.build}: it is of another genome than it says",
        )
    if len(wrong) * MOST_WRONG > checked:
        raise VcfError(
            name,
            f"has {len(wrong)} of {checked} reference bases at the defining positions that are not its genome's, the "
            f"first at {wrong[0]}: it is damaged, or of another genome than it says",
        )
    return tuple(_settled(sample, found) for sample, found in zip(chosen, seen, strict=True))


def _settled(sample: str, seen: Mapping[Target, Sequence[Observation]]) -> Sample:
    genotypes, why = {}, {}
    for target, observations in seen.items():
        found = settle(observations, target)
        if isinstance(found, Genotype):
            genotypes[target] = found
        else:
            why[target] = found
    return Sample(sample, genotypes, why)


def _failed(record: pysam.VariantRecord) -> str:
    failed = [str(code) for code in record.filter if code not in PASSED]
    return f"did not pass the filter {', '.join(sorted(failed))}" if failed else ""
