"""Places: where the defining positions are in a VCF's reference genome, and in what spelling each base is met there.

The definitions are of GRCh38. PyPGx's table of variants (Lee et al., PLoS One 2022;17:e0272129) gives many of the
positions in GRCh37 too, with the bases of both genomes; a position that it does not give has no place in GRCh37.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg.fetch import Fetch, PublicFile
from kg.files.table import read_csv
from kg.pharmacogenomics.definitions import Definition, Site
from kg.pharmacogenomics.sequence import Change, spell

VARIANTS = PublicFile("pgx/pypgx/variant-table.csv")
GRCH38, GRCH37 = "GRCh38", "GRCh37"

Bases = Mapping[str, Mapping[int, str]]
"""The known bases of the reference, by chromosome and position."""


@dataclass(frozen=True, eq=False)
class Target:
    """A site in one reference genome: its place there, and each change that makes an allele of the site.

    `changes` gives the site's own word (that of GRCh38's definition) for each change of this genome's reference, `same`
    the one for this genome's reference itself.
    """

    site: Site
    position: int
    reference: str
    same: str
    changes: Mapping[Change, str]

    @property
    def last(self) -> int:
        """The last position at which a record of this site may begin or end."""
        return self.position + max(len(self.site.sequence), len(self.reference)) - 1

    @property
    def single(self) -> bool:
        """Whether the site is one base."""
        return len(self.reference) == 1 and all(len(one) == 1 for one in self.site.alternates)


@dataclass(frozen=True)
class Places:
    """The defining positions in each reference genome in which they are known.

    `by_build` has the targets of each chromosome (named without `chr`), by position; `bases` the reference there.
    """

    by_build: Mapping[str, Mapping[str, tuple[Target, ...]]]
    bases: Mapping[str, Bases]
    chromosomes: Mapping[str, str]

    def targets(self, build: str) -> Mapping[str, tuple[Target, ...]]:
        """Return the targets of each chromosome in a genome; none for one in which nothing is known."""
        return self.by_build.get(build, {})

    def sites(self, build: str) -> frozenset[Site]:
        """Return the sites that have a place in a genome."""
        return frozenset(target.site for targets in self.targets(build).values() for target in targets)

    def chromosome(self, written: str) -> str:
        """Return a chromosome's name without `chr`, of whatever a VCF calls it: chr1, 1, NC_000001.11."""
        return self.chromosomes.get(written, re.sub("(?i)^chr", "", written))


def read_places(fetch: Fetch, definitions: Iterable[Definition]) -> Places:
    """Return where the sites of these definitions are; raises `kg.fetch.FetchError`, `kg.files.text.FileError`."""
    listed = list(definitions)
    sites = [site for definition in listed for site in definition.sites]
    older = _older(fetch)
    moved = [(site, *older[_key(site)]) for site in sites if _key(site) in older]
    chromosomes = {one.accession: one.chromosome.removeprefix("chr") for one in listed}
    built = {
        GRCH38: _targets((site, site.position, site.reference) for site in sites),
        GRCH37: _targets(moved),
    }
    return Places(
        {build: targets for build, (targets, _) in built.items()},
        {build: bases for build, (_, bases) in built.items()},
        chromosomes,
    )


def _key(site: Site) -> tuple[str, int]:
    return site.chromosome.removeprefix("chr"), site.position


def _older(fetch: Fetch) -> dict[tuple[str, int], tuple[int, str]]:
    """Return the position and the reference in GRCh37 of each position in GRCh38 that the table has without doubt."""
    columns = ("Chromosome", "GRCh37Position", "GRCh38Position", "GRCh37Allele", "GRCh38Allele")
    places: dict[tuple[str, int], set[tuple[int, str]]] = {}
    for row in read_csv(fetch.get(VARIANTS).path, columns).by_line().values():
        key = (row["Chromosome"], int(row["GRCh38Position"]))
        places.setdefault(key, set()).add((int(row["GRCh37Position"]), row["GRCh37Allele"]))
    return {key: next(iter(found)) for key, found in places.items() if len(found) == 1}


def _targets(
    placed: Iterable[tuple[Site, int, str]],
) -> tuple[dict[str, tuple[Target, ...]], dict[str, dict[int, str]]]:
    """Return the targets of each chromosome, and the bases that are known there."""
    kept = [one for one in placed if _same_kind(one[0], one[2])]
    bases: dict[str, dict[int, str]] = {}
    for site, position, reference in kept:
        sequence = site.sequence if reference == site.reference else reference
        known = bases.setdefault(site.chromosome.removeprefix("chr"), {})
        known.update((position + at, base) for at, base in enumerate(sequence))
    targets: dict[str, list[Target]] = {}
    for site, position, reference in kept:
        chromosome = site.chromosome.removeprefix("chr")
        words = [word for word in (site.reference, *site.alternates) if word != reference]
        changes = {spell(position, reference, word, bases[chromosome]): word for word in words}
        targets.setdefault(chromosome, []).append(Target(site, position, reference, reference, changes))
    return {name: tuple(sorted(found, key=lambda one: one.position)) for name, found in targets.items()}, bases


def _same_kind(site: Site, reference: str) -> bool:
    """Return whether a site means the same with this reference: the same one, or another base of one base."""
    return reference == site.reference or (len(reference) == 1 and len(site.reference) == 1)
