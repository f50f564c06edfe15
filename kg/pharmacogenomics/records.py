"""Records: of which defining positions a VCF's record speaks, and what a sample's genotype in it says of them."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pysam

from kg.pharmacogenomics.places import Places, Target
from kg.pharmacogenomics.sequence import change, spell

UNKNOWN = "."
"""The allele of a copy of which it is only known that it is not the reference alone: the other copy has an alternate,
it is a deletion or another change that is not written in bases, or the records of the site contradict each other."""
OTHER = "?"
"""How an allele begins that stands at a site of the definitions and is none of theirs."""

_LOOK_BACK = 64
_LOST = ("<DEL", "<CN0>")
_BASES = frozenset("ACGT")
_ONE_COPY = frozenset({"X", "Y", "M", "MT"})
_NOT_CALLED = "is not called (./.)"

Alleles = tuple[str | None, ...]
"""What each allele of a record, the reference first, is at a site; None for one that cannot be told."""


@dataclass(frozen=True, slots=True)
class Genotype:
    """The alleles of a sample at a site, one or two, in the words of the definition.

    `phase` names the phase set whose copies are in the same order at every site of it; without one they may be in any.
    """

    alleles: tuple[str, ...]
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What one record says of a sample at a site; `why` is why it says nothing, `asked` what it could have said."""

    alleles: Alleles = ()
    phase: str | None = None
    why: str = ""
    block: bool = False
    asked: frozenset[str | None] = frozenset()


@dataclass(frozen=True)
class Spoken:
    """What a record's alleles are at each site that it speaks of; `wrong` says how its reference is another one.

    `lost` is a record of a deletion that is not written in bases: of whom it is not called, it says nothing.
    """

    alleles: Mapping[Target, Alleles]
    wrong: str = ""
    block: bool = False
    failed: str = ""
    lost: bool = False
    formats: frozenset[str] = field(default_factory=frozenset)


class Reading:
    """The reading of one file: `elsewhere` counts dbSNP numbers that stand at other positions than their own."""

    def __init__(self, places: Places, build: str) -> None:
        targets = places.targets(build)
        self.places, self.build, self.elsewhere = places, build, 0
        self._starts = {name: [target.position for target in found] for name, found in targets.items()}
        self._at = {
            target.site.rs: target.position for target in chain.from_iterable(targets.values()) if target.site.rs
        }

    def speaks(self, record: pysam.VariantRecord) -> Spoken | None:
        """Return what a record says of which sites, None for one that has nothing to do with any."""
        self._compare(record)
        name = self.places.chromosome(record.chrom)
        if name not in self._starts:
            return None
        starts = self._starts[name]
        low, high = bisect_left(starts, record.pos - _LOOK_BACK), bisect_right(starts, record.stop)
        near = [one for one in self.places.targets(self.build)[name][low:high] if one.last >= record.pos]
        reference = (record.ref or "N").upper()
        if not near:
            return None
        alternates = tuple(one.upper() for one in record.alts or ())
        real = [one for one in alternates if set(one) <= _BASES]
        known = self.places.bases[self.build][name]
        if wrong := _wrong(record, reference, known):
            covered = [one for one in near if one.position < record.pos + len(reference)]
            return Spoken({one: () for one in covered}, wrong)
        if not real and not any(map(_means_change, alternates)):
            block = record.stop >= record.pos + len(reference)
            spoken = {one: _stretch(one, record, len(alternates)) for one in near}
            return _spoken({one: found for one, found in spoken.items() if found}, block)
        if alternates and all(one.startswith(_LOST) for one in alternates):
            gone = [one for one in near if one.position + len(one.reference) > record.pos]
            return Spoken({one: (one.same, *(None,) * len(alternates)) for one in gone}, lost=True) if gone else None
        around = {**known, **{record.pos + at: base for at, base in enumerate(reference)}}
        return _spoken(
            {
                one: found
                for one in near
                if (found := _alleles(one, record.pos, reference, alternates, around)) is not None
            },
            False,
        )

    def _compare(self, record: pysam.VariantRecord) -> None:
        """Count a record whose dbSNP number is that of a site which is elsewhere."""
        for number in (record.id or "").split(";"):
            place = self._at.get(number)
            if place is not None and abs(place - record.pos) > _LOOK_BACK:
                self.elsewhere += 1


def _spoken(alleles: dict[Target, Alleles], block: bool) -> Spoken | None:
    return Spoken(alleles, block=block) if alleles else None


def _means_change(alternate: str) -> bool:
    """Return whether an alternate that is no bases means a change: not `<*>` or `<NON_REF>`, which mean any other."""
    return alternate not in ("<*>", "<NON_REF>", "*", ".", "<X>")


def _wrong(record: pysam.VariantRecord, reference: str, known: Mapping[int, str]) -> str:
    """Say at which position the reference is not that of the genome, if it is not."""
    for at, base in enumerate(reference):
        expected = known.get(record.pos + at)
        if expected is not None and base in _BASES and base != expected:
            return f"{record.chrom}:{record.pos + at} ({base}, expected {expected})"
    return ""


def _stretch(target: Target, record: pysam.VariantRecord, alternates: int) -> Alleles | None:
    """Return the alleles of a record that states the reference, if it does so at all of a site.

    A record of the site's first base alone, without any alternate, says that no variant begins there, as a VCF would
    write it.
    """
    whole = record.pos <= target.position and target.position + len(target.reference) - 1 <= record.stop
    return (target.same, *(None,) * alternates) if whole or record.pos == target.position else None


def _alleles(
    target: Target, position: int, reference: str, alternates: Sequence[str], known: Mapping[int, str]
) -> Alleles | None:
    """Return what each allele of a record is at a site, or None if the record does not speak of it."""
    words = [_word(target, position, reference, one, known) for one in alternates]
    here = position == target.position and len(reference) >= len(target.reference)
    speaks = any(word is not None for word, _ in words)
    if not speaks or (target.single and not here and not any(sure for _, sure in words)):
        return None
    others = [
        _else(target, one, here) if word is None else word for (word, _), one in zip(words, alternates, strict=True)
    ]
    return (target.same, *others)


def _else(target: Target, alternate: str, here: bool) -> str | None:
    """Return what an alternate is at a site that the other alternates of its record speak of, and it does not."""
    if not set(alternate) <= _BASES:
        return None
    return target.same if target.single or not here else OTHER + alternate


def _word(
    target: Target, position: int, reference: str, alternate: str, known: Mapping[int, str]
) -> tuple[str | None, bool]:
    """Return the site's word for an alternate, and whether the alternate is a change of the site itself."""
    if not set(alternate) <= _BASES:
        return None, False
    spelt = spell(position, reference, alternate, known)
    if spelt in target.changes:
        return target.changes[spelt], True
    begin, gone, new = change(position, reference, alternate)
    if target.single:
        if len(gone) == len(new) and begin <= target.position < begin + len(gone):
            base = new[target.position - begin]
            return (base if base in (target.site.reference, *target.site.alternates) else OTHER + base), True
        return (OTHER + alternate, False) if position == target.position and len(reference) == 1 else (None, False)
    inside = spelt[0] == target.position + 1 and not (spelt[1] and spelt[2])
    whole = position == target.position and len(reference) >= len(target.reference)
    return (OTHER + alternate, True) if inside or whole else (None, False)


def observe(entry: pysam.VariantRecordSample, alleles: Alleles, spoken: Spoken) -> Observation | None:
    """Return what a sample's genotype in a record says of a site, or why it says nothing; None if it means no site."""
    indices = entry.allele_indices or ()
    if spoken.lost and (spoken.failed or not any(indices) or _doubt(entry, indices, spoken.formats)):
        return None
    if spoken.wrong or spoken.failed:
        return Observation(why=spoken.failed or f"has another reference base than the genome at {spoken.wrong}")
    if all(index is None for index in indices):
        return Observation((None,) * len(indices), block=spoken.block)
    if why := _doubt(entry, indices, spoken.formats):
        return Observation(why=why, block=spoken.block)
    found = tuple(None if index is None else alleles[index] or UNKNOWN for index in indices)
    phase = None
    if entry.phased and len(indices) > 1:
        phase = str(entry["PS"]) if "PS" in spoken.formats and entry["PS"] is not None else ""
    return Observation(found, phase, block=spoken.block, asked=frozenset(alleles))


def _doubt(entry: pysam.VariantRecordSample, indices: Sequence[int | None], formats: frozenset[str]) -> str:
    """Say why a genotype is not to be believed, if it is not: its own filter, no reads, or reads of one allele only."""
    if "FT" in formats and entry["FT"] not in (None, "PASS", ".", ("PASS",)):
        return "did not pass the sample's own filter (FT)"
    if "DP" in formats and entry["DP"] in (0, "0"):
        return "has a genotype without any reads (DP 0)"
    if "AD" in formats:
        told = entry["AD"]  # text, where the header does not say that it is numbers
        depths = told.split(",") if isinstance(told, str) else told if isinstance(told, tuple) else (told,)
        if depths and all(depth in (0, "0") for depth in depths):
            return "has a genotype without any reads (AD 0)"
        seen = {at for at, depth in enumerate(depths) if depth not in (None, 0, "0", ".")}
        if len(set(indices) - {None}) > 1 and len(seen) == 1:
            return "is heterozygous (GT) with reads of one allele only (AD)"
    return ""


def settle(observations: Sequence[Observation], target: Target) -> Genotype | str:
    """Return the genotype that all records of a site together give, or why they give none."""
    told = [one for one in observations if not one.block] or list(observations)
    for one in told:
        if one.why:
            return one.why
    merged = told[0] if len(set(told)) == 1 else _merged(told, target)
    if isinstance(merged, str):
        return merged
    alleles = merged.alleles
    if len(alleles) > 2:
        return f"has {len(alleles)} copies in its genotype; expected one or two"
    pair = target.site.chromosome.removeprefix("chr") not in _ONE_COPY
    if len(alleles) == 1 and pair:
        alleles = (*alleles, None)
    if all(one is None for one in alleles):
        return _NOT_CALLED
    if None in alleles and all(one in (None, target.site.reference, target.same) for one in alleles):
        return "has one of its two copies called, the reference"
    final = tuple(UNKNOWN if one is None else one for one in alleles)
    return Genotype(final, merged.phase if len(set(final)) > 1 else None)


def _merged(told: Sequence[Observation], target: Target) -> Observation | str:
    """Return what several records of one site say together: each is of other alternates, split from one record."""
    called = [one for one in told if any(allele is not None for allele in one.alleles)]
    copies = {len(one.alleles) for one in called}
    if len(copies) != 1:
        return "has records with different numbers of copies" if copies else _NOT_CALLED
    (number,) = copies
    phases = {one.phase for one in called}
    contradiction = Observation((UNKNOWN,) * number)
    here = {allele for one in called for allele in one.alleles} - {None, target.same}
    if any((one.asked - set(one.alleles)) & here for one in called if None not in one.alleles):
        return contradiction  # the same alternate is there by one record, and not there by another
    if len(phases) == 1 and None not in phases:
        columns = [[one.alleles[at] for one in called] for at in range(number)]
        found = [{allele for allele in column if allele not in (None, target.same)} for column in columns]
        if any(len(others) > 1 for others in found):
            return contradiction
        rest = [None if None in column else target.same for column in columns]
        alleles = tuple(next(iter(others), same) for others, same in zip(found, rest, strict=True))
        return Observation(alleles, phases.pop())
    counts = [Counter(allele for allele in one.alleles if allele not in (None, target.same)) for one in called]
    most: dict[str, int] = {}
    for counted in counts:
        for allele, count in counted.items():
            if allele is not None and most.setdefault(allele, count) != count:
                return contradiction
    others_found: list[str | None] = [allele for allele, count in most.items() for _ in range(count)]
    if len(others_found) > number:
        return contradiction
    unsure = any(None in one.alleles for one in called)
    return Observation((*others_found, *(None if unsure else target.same,) * (number - len(others_found))))
