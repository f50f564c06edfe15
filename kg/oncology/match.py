"""Match: whether a small variant of a tumour is what a variant of CIViC names, and how nearly.

Three tiers. `exact`: the very change, by its bases in the genome or by its protein. `codon or exon`: one of a class of
changes at a place: of a codon, an exon, a domain, a promoter, or an internal duplication. `gene`: one of a class of
changes anywhere in the gene. What is silent is in none of them, except by its very bases, and in regions that do not
code for a protein.

CIViC's places are of GRCh37. Where the tumour's are too, a protein change counts only near the place that CIViC has
for it: a number of another transcript's may be the same by chance. Where they are not, exact variants are told by their
protein only, exons by the residues of CIViC's own variants in them, or else by the number that the annotator gives.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from kg.oncology.alteration import FUSION, RESIDUES, Alteration
from kg.oncology.change import Change, Residue
from kg.oncology.somatic import IN_FRAME, LOSING, SILENT, TRUNCATING, Effect, Place, SmallVariant

Tier = Literal["exact", "codon or exon", "gene"]
TIERS: tuple[Tier, ...] = ("exact", "codon or exon", "gene")

CURATED_BUILD = "GRCh37"

NEAR = 2
"""How many bases beyond a place still count: the two of a splice site, and those of a codon."""

NEAR_INDEL = 30
"""The same for an insertion or deletion, which may be aligned to either end of a repeat."""


_SPLICED = re.compile(r"X([0-9]{1,6})_splice")
"""How vcf2maf writes a splice site: by the residue at it."""


class Span(NamedTuple):
    """A place in GRCh37, both ends included."""

    chromosome: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A variant of CIViC: what it stands for, and where it is, exactly (`place`, see `Place.key`) or in which span.

    `gene` is a CURIE, `name` what CIViC calls the variant within its gene, `title` with the gene; `residues` are some
    that are known to be in its span (see `with_residues`).
    """

    id: str
    gene: str
    name: str
    title: str
    alteration: Alteration
    place: str | None
    span: Span | None
    residues: tuple[int, int] | None = None


class Match(NamedTuple):
    """How nearly a variant is what is named, and by what one sees it."""

    tier: Tier
    by: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A variant that is called what is named, but does not stand where CIViC has it."""


def match(variant: SmallVariant, profile: Profile) -> Match | Elsewhere | None:
    """Return how a variant is what a profile of the same gene names, nothing where it is not."""
    kind, place = profile.alteration.kind, variant.place
    known = place is not None and place.build == CURATED_BUILD
    if kind in ("change", "place") and known and place is not None and profile.place == place.key:
        return Match("exact", "bases in the genome")
    if kind not in _BY_KIND:
        return None
    span = profile.span if known else None
    found = [_BY_KIND[kind](effect, profile, place, span) for effect in variant.effects]
    matches = [one for one in found if isinstance(one, Match)]
    if matches:
        return min(matches, key=lambda one: TIERS.index(one.tier))
    return next((one for one in found if one is not None), None)


def inside_fusion(variant: SmallVariant, profile: Profile) -> bool:
    """Say whether a variant is the change that a profile names inside a fusion, of which it shows nothing."""
    named = profile.alteration
    if named.of != FUSION or not (named.changes or named.codons):
        return False
    alone = replace(named, kind="change" if named.changes else "codon")
    return isinstance(match(variant, replace(profile, alteration=alone)), Match)


Found = Match | Elsewhere | None


def _change(effect: Effect, profile: Profile, place: Place | None, span: Span | None) -> Found:
    stated = effect.change
    if stated is None or effect.consequence in SILENT:
        return None
    if any(stated.same(named) for named in profile.alteration.changes):
        return Match("exact", "protein change") if _near(place, span, _reach(stated)) else Elsewhere()
    if any(_any_insertion(stated, named) for named in profile.alteration.changes):
        return Match("codon or exon", "insertion at the residue") if _near(place, span, NEAR_INDEL) else Elsewhere()
    return None


def _codon(effect: Effect, profile: Profile, place: Place | None, span: Span | None) -> Found:
    """Return whether an amino acid is another at the codon: a stop, a frameshift or a deletion there is not meant."""
    stated = effect.change
    if stated is None or effect.consequence != "missense" or stated.kind != "substitution":
        return None
    if not any(_same_residue(stated.first, named) for named in profile.alteration.codons):
        return None
    return Match("codon or exon", "codon") if _near(place, span, NEAR) else Elsewhere()


def _exon(effect: Effect, profile: Profile, place: Place | None, span: Span | None) -> Found:
    first, last = profile.alteration.exons
    splicing = profile.alteration.of == "skipping"
    if not _IN_EXON[profile.alteration.of](effect):
        return None
    if span is not None and place is not None:
        return Match("codon or exon", "place in the exon") if _near(place, span, NEAR if splicing else 0) else None
    if _among(effect, profile.residues):
        return Match("codon or exon", "residues in the exon")
    numbered = effect.exon is not None and first <= effect.exon <= last
    return Match("codon or exon", "number of the exon") if numbered else None


def _region(effect: Effect, profile: Profile, place: Place | None, span: Span | None) -> Found:
    wanted = {"domain": IN_FRAME, "noncoding": frozenset({"noncoding"}), "frameshift": frozenset({"frameshift"})}
    what = profile.alteration.of
    if effect.consequence not in wanted[what] or not _inside(effect, profile, place, span):
        return None
    return Match("codon or exon", "domain" if what == "domain" else "region")


def _duplication(effect: Effect, profile: Profile, place: Place | None, span: Span | None) -> Found:
    """Return whether it is an insertion of whole codons where CIViC has the duplication.

    The reference sequence is not read, so that what is inserted is not compared with what stands beside it.
    """
    whole = place is None or (not place.reference and len(place.alternate) % 3 == 0)
    inserted = effect.consequence == "in-frame insertion" or (
        effect.consequence == "splice site" and place is not None and not place.reference
    )
    if not (whole and inserted and _inside(effect, profile, place, span)):
        return None
    return Match("codon or exon", "in-frame insertion where the duplication is")


def _gene(effect: Effect, profile: Profile, place: Place | None, span: Span | None) -> Found:
    what = profile.alteration.of
    if what == "other codons":
        stated, [codon] = effect.change, profile.alteration.codons
        other = effect.consequence == "missense" and stated is not None and stated.first.position != codon.position
        return Match("gene", f"missense, not of codon {codon.letter}{codon.position}") if other else None
    return Match("gene", f"{what} of the gene") if _IN_GENE[what](effect) else None


_BY_KIND: dict[str, Callable[[Effect, Profile, Place | None, Span | None], Found]] = {
    "change": _change,
    "codon": _codon,
    "exon": _exon,
    "region": _region,
    "duplication": _duplication,
    "gene": _gene,
}

_IN_EXON: dict[str, Callable[[Effect], bool]] = {
    "mutation": lambda effect: effect.consequence not in SILENT | {"splice site"},
    "deletion": lambda effect: _loses_residues(effect),
    "insertion": lambda effect: effect.consequence == "in-frame insertion",
    "frameshift": lambda effect: effect.consequence == "frameshift",
    "skipping": lambda effect: effect.consequence == "splice site",
}

_IN_GENE: dict[str, Callable[[Effect], bool]] = {
    "mutation": lambda effect: effect.consequence not in SILENT,
    "truncation": lambda effect: effect.consequence in TRUNCATING,
    "frameshift": lambda effect: effect.consequence == "frameshift",
    "loss of function": lambda effect: effect.consequence in LOSING,
}


def _loses_residues(effect: Effect) -> bool:
    """Return whether fewer residues are left, in frame: a deletion, or a replacement by fewer."""
    stated = effect.change
    if effect.consequence not in ("in-frame deletion", "in-frame change"):
        return False
    if stated is None or stated.kind == "deletion":
        return effect.consequence == "in-frame deletion"
    lost = stated.last.position - stated.first.position + 1
    return stated.kind == "replacement" and stated.new is not None and len(stated.new) < lost


def _inside(effect: Effect, profile: Profile, place: Place | None, span: Span | None) -> bool:
    """Return whether a variant stands in a region: among residues that are said of it, or where CIViC has it."""
    if span is None or place is None or (effect.change is not None and _said_residues(profile)):
        return _among(effect, profile.residues)
    return _near(place, span, NEAR if profile.alteration.kind == "duplication" else 0)


def _among(effect: Effect, residues: tuple[int, int] | None) -> bool:
    """Return whether the protein is changed among these residues, or spliced at one of them."""
    spliced = _SPLICED.search(effect.text) if effect.consequence == "splice site" else None
    if residues is None or not (spliced or effect.change):
        return False
    position = int(spliced[1]) if spliced else effect.change.first.position if effect.change else 0
    return residues[0] <= position <= residues[1]


def with_residues(profile: Profile, siblings: Iterable[Profile]) -> Profile:
    """Return a profile with residues that are in its span, for files that are not of CIViC's genome.

    They are those said in `kg.oncology.alteration.RESIDUES`, else all from the first to the last of the residues that
    CIViC's other variants of the gene (`siblings`) change within the span.
    """
    said = _said_residues(profile)
    if said or profile.span is None or profile.alteration.kind not in ("exon", "region", "duplication"):
        return replace(profile, residues=said)
    if profile.alteration.of == "noncoding":
        return profile
    within = [
        residue.position
        for one in siblings
        if one.span is not None and _covers(profile.span, one.span) and one.alteration.kind in ("change", "codon")
        for residue in (
            *(end for stated in one.alteration.changes for end in (stated.first, stated.last)),
            *one.alteration.codons,
        )
    ]
    return replace(profile, residues=(min(within), max(within))) if within else profile


def _said_residues(profile: Profile) -> tuple[int, int] | None:
    return RESIDUES.get((profile.gene, profile.name.upper()))


def _covers(span: Span, other: Span) -> bool:
    return span.chromosome == other.chromosome and span.start <= other.start and other.stop <= span.stop


def _near(place: Place | None, span: Span | None, reach: int) -> bool:
    """Return whether a place is in a span or within so many bases of it; what has no place is not known to be far."""
    if place is None or span is None:
        return True
    return place.chromosome == span.chromosome and place.start <= span.stop + reach and place.stop >= span.start - reach


def _reach(stated: Change) -> int:
    return NEAR if stated.kind == "substitution" else NEAR_INDEL


def _any_insertion(stated: Change, named: Change) -> bool:
    """Return whether CIViC names any insertion at a residue and this is one."""
    return stated.kind == named.kind == "insertion" and named.new is None and _same_residue(stated.first, named.first)


def _same_residue(a: Residue, b: Residue) -> bool:
    return a.position == b.position and a.letter in ("", b.letter)
