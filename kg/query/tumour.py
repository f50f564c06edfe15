"""Tumour: what the graph's curated evidence (CIViC) says of the small variants of a tumour."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from kg.names import folded
from kg.oncology.alteration import alteration
from kg.oncology.evidence import Item, Tumour, TumourEvidence, effect
from kg.oncology.match import CURATED_BUILD, TIERS, Elsewhere, Match, Profile, Span, inside_fusion, match, with_residues
from kg.oncology.reading import read_tumours
from kg.oncology.somatic import SILENT, GeneName, SmallVariant, TumourError, Tumours
from kg.search import find
from kg.stores.protocol import OTHER_VERSION, Store, StoreError
from kg.vocabulary import oncology

_INHERITED = ("variant_predisposes_to_disease", "variant_uncertain_for_disease")
ASKED = tuple(relation for relation in oncology.RELATIONS if relation.name not in _INHERITED)
"""The relations that may be said of a somatic variant: what predisposes to a disease is inherited."""

GERMLINE = ("Rare Germline", "Common Germline")
"""The origins of variants in evidence that says nothing of a somatic one."""

_ELSEWHERE = "variants with the name of one of CIViC's, but at another place"
_AT_ITS_PLACE = ("bases in the genome", "protein change", "codon")
_MOST_ELSEWHERE = 3
"""So many variants that stand elsewhere, and more than stand at their place, are not other transcripts' any more."""

Row = Mapping[str, Any]
Ids = frozenset[str]


class _TwoGenes(Exception):
    """A gene whose symbol and whose number are those of two genes."""


@dataclass(frozen=True)
class _Curated:
    """CIViC's variants by gene, the genes by symbol, and by what else names a gene and no other."""

    profiles: Mapping[str, list[Profile]]
    symbols: Mapping[str, str]
    others: Mapping[str, str]

    def gene(self, name: GeneName) -> str | None:
        """Return the gene of CIViC that a file names, nothing where it has none; raises `_TwoGenes`."""
        symbol = folded(name.symbol)
        of_symbol = self.symbols.get(symbol)
        if name.entrez:
            stated = f"NCBIGene:{name.entrez}"
            if of_symbol and of_symbol != stated:
                raise _TwoGenes
            return stated if stated in self.profiles else None
        return of_symbol or self.others.get(f"ENSEMBL:{name.ensembl.partition('.')[0]}") or self.others.get(symbol)


class _Matched(NamedTuple):
    """How nearly CIViC's variant is one of the tumour's, and which of them."""

    match: Match
    variants: tuple[str, ...]


class _Looked(NamedTuple):
    """What was found of a tumour: CIViC's variants that it has, and of what was not matched, how much and why."""

    found: dict[str, _Matched]
    left_out: Counter[str]
    notes: tuple[str, ...]


def tumour(store: Store, path: str | Path, sample: str | None = None, *, disease: str | None = None) -> TumourEvidence:
    """Return CIViC's evidence for the small variants of a tumour, or of each tumour, in a MAF or an annotated VCF file.

    With `disease` (a name or a CURIE), each item says whether it is of that disease. Raises `TumourError` for a file
    that cannot be read, a sample that it does not have, and a graph without CIViC; what `kg.search.find` raises for the
    disease; `OSError` for a file that cannot be opened.
    """
    curated = _curated(store)
    wanted = None if disease is None else _disease_ids(store, disease)
    read = read_tumours(path, sample)
    of: dict[str, list[SmallVariant]] = {name: [] for name in read.samples}
    for variant in read.variants:
        of[variant.sample].append(variant)
    matched = {name: _match_all(variants, curated) for name, variants in of.items()}
    _check_genome(matched.values())
    evidence = _evidence(store, {profile for looked in matched.values() for profile in looked.found})
    release = next((row["version"] for rows in evidence.values() for row in rows), "")
    tumours = tuple(_tumour(name, of[name], matched[name], evidence, wanted) for name in read.samples)
    return TumourEvidence(read.build, release, tumours, _notes(read))


def _curated(store: Store) -> _Curated:
    """Return what the store has of CIViC's variants; raises `StoreError` for one of an earlier version."""
    try:
        rows = store.query(
            "MATCH (v:Variant)-[:variant_in_gene]->(g:Gene) WHERE v.alteration IS NOT NULL "
            "RETURN v.id AS id, v.name AS title, v.gene AS gene, v.alteration AS name, v.grch37 AS place, "
            "v.span_grch37 AS span, g.name AS symbol, g.synonyms AS synonyms, g.xrefs AS xrefs ORDER BY id",
            {},
        )
    except StoreError as failure:
        if "property alteration" in str(failure):  # an embedded store whose table of variants has no such column
            raise StoreError(OTHER_VERSION) from None
        raise
    if not rows:
        raise TumourError("the graph has no evidence of tumours' variants; build it with the source civic")
    profiles: dict[str, list[Profile]] = {}
    symbols: dict[str, str] = {}
    others: dict[str, set[str]] = {}
    for row in rows:
        gene = row["gene"]
        named = alteration(gene, row["symbol"], row["name"])
        one = Profile(row["id"], gene, row["name"], row["title"], named, row["place"], _span(row["span"]))
        profiles.setdefault(gene, []).append(one)
        symbols[folded(row["symbol"])] = gene
        for other in [*map(folded, row["synonyms"] or ()), *(row["xrefs"] or ())]:
            others.setdefault(other, set()).add(gene)
    profiles = {gene: [with_residues(one, of) for one in of] for gene, of in profiles.items()}
    return _Curated(profiles, symbols, {name: next(iter(of)) for name, of in others.items() if len(of) == 1})


def _span(text: str | None) -> Span | None:
    if not text:
        return None
    where, _, ends = text.rpartition(":")
    start, _, stop = ends.partition("-")
    return Span(where, int(start), int(stop))


def _disease_ids(store: Store, text: str) -> Ids:
    """Return all identifiers of the disease that a text means."""
    node = find(store, text, "Disease")
    [row] = store.query("MATCH (d:Disease {id: $id}) RETURN d.xrefs AS xrefs", {"id": node.id})
    return frozenset({node.id, *(row["xrefs"] or ())})


def _match_all(variants: Iterable[SmallVariant], curated: _Curated) -> _Looked:
    """Return CIViC's variants that a tumour has, and what was not matched."""
    found: dict[str, _Matched] = {}
    why: Counter[str] = Counter()
    fused: dict[str, None] = {}
    unseen: dict[str, Profile] = {}
    for variant in variants:
        try:
            gene = curated.gene(variant.gene)
        except _TwoGenes:
            why["variants whose gene's symbol and NCBI number are those of two genes"] += 1
            continue
        for profile in curated.profiles.get(gene or "", ()):
            seen = match(variant, profile)
            if isinstance(seen, Match):
                found[profile.id] = _better(found.get(profile.id), _Matched(seen, (variant.named(),)))
            elif isinstance(seen, Elsewhere):
                why[_ELSEWHERE] += 1
            if profile.alteration.kind == "unseen" and any(one.consequence not in SILENT for one in variant.effects):
                unseen[profile.id] = profile
            if inside_fusion(variant, profile):
                fused.setdefault(
                    f"{profile.title} ({profile.id}) is {variant.named()} inside a fusion, which no small variant "
                    "shows: not matched; look it up if the tumour has the fusion"
                )
    return _Looked(found, why, (*fused, *_not_shown(unseen.values())))


def _not_shown(unseen: Iterable[Profile]) -> Iterator[str]:
    """Yield what CIViC has of a tumour's genes and no small variant shows."""
    counts = Counter(profile.alteration.of for profile in unseen)
    if counts:
        told = ", ".join(f"{what} ({count})" for what, count in sorted(counts.items()))
        yield f"not looked for, as no small variant shows it, of what CIViC has of these genes: {told}"


def _check_genome(matched: Iterable[_Looked]) -> None:
    """Raise `TumourError` where the places of a file's variants are not those of the genome that it says."""
    near = far = 0
    for looked in matched:
        near += sum(one.match.by in _AT_ITS_PLACE for one in looked.found.values())
        far += looked.left_out[_ELSEWHERE]
    if far >= _MOST_ELSEWHERE and far > near:
        raise TumourError(
            f"the file says that it is of {CURATED_BUILD}, but {far} of {near + far} changes that CIViC knows by name "
            "do not stand at their places there; state the reference genome that its positions are of"
        )


def _better(held: _Matched | None, new: _Matched) -> _Matched:
    """Return the nearer of two matches, or one that names the tumour's variants of both."""
    if held is None:
        return new
    a, b = TIERS.index(held.match.tier), TIERS.index(new.match.tier)
    if a == b:
        return _Matched(held.match, tuple(dict.fromkeys(held.variants + new.variants)))
    return held if a < b else new


def _evidence(store: Store, variants: Collection[str]) -> dict[str, list[Row]]:
    """Return the edges of evidence of these variants, by variant."""
    found: dict[str, list[Row]] = {}
    for relation in ASKED:
        columns = ", ".join(f"r.{name} AS {name}" for name in relation.attributes)
        rows = store.query(
            f"MATCH (v:Variant)-[r:{relation.name}]->(o:{relation.object}) WHERE v.id IN $variants "
            f"RETURN v.id AS variant, v.name AS title, o.id AS object, o.name AS object_name, "
            f"r.references AS references, r.source_version AS version, {columns}",
            {"variants": sorted(variants)},
        )
        for row in rows:
            found.setdefault(row["variant"], []).append(row)
    return found


def _tumour(
    name: str,
    variants: Sequence[SmallVariant],
    looked: _Looked,
    evidence: Mapping[str, list[Row]],
    disease: Ids | None,
) -> Tumour:
    items: list[Item] = []
    inherited = 0
    for profile, found in looked.found.items():
        of_item: dict[str, list[Row]] = {}
        for row in evidence.get(profile, ()):
            of_item.setdefault(row["evidence_id"], []).append(row)
        for rows in of_item.values():
            if rows[0]["variant_origin"] in GERMLINE:
                inherited += 1
            else:
                items.append(_item(rows, found, disease))
    best: dict[str, str] = {}
    for found in sorted(looked.found.values(), key=lambda one: TIERS.index(one.match.tier)):
        for variant in found.variants:
            best.setdefault(variant, found.match.tier)
    notes = [*looked.notes, *(f"left out: {reason} ({count})" for reason, count in looked.left_out.items())]
    if inherited:
        notes.append(f"left out: evidence on inherited variants, as a tumour's are somatic ({inherited})")
    places = {(variant.place, variant.line) if variant.place is None else variant.place for variant in variants}
    return Tumour(name, len(places), best, tuple(sorted(items, key=lambda item: item.order)), tuple(notes))


def _notes(read: Tumours) -> tuple[str, ...]:
    """Return what to know of a file: how its variants were matched, and which rows were not taken."""
    notes = []
    if read.build != CURATED_BUILD:
        notes.append(
            f"the file is of {read.build or 'no stated genome'}, CIViC's places are of {CURATED_BUILD}: exact variants "
            "are matched by their protein only, exons by residues known to be in them or by the annotator's number, "
            "regions that code for no protein not at all"
        )
    return (*notes, *(f"left out: {reason} ({count})" for reason, count in read.left_out.items()))


def _item(rows: Sequence[Row], found: _Matched, disease: Ids | None) -> Item:
    """Return an item of evidence from its edges: one for each drug, or one for the disease."""
    row = rows[0]
    of_drug = "disease" in row
    ended = (row["disease"], row["disease_name"]) if of_drug else (row["object"], row["object_name"])
    drugs = {one["object"]: one["object_name"] for one in rows} if of_drug else {}
    return Item(
        tier=found.match.tier,
        matched_by=found.match.by,
        tumour_variants=found.variants,
        evidence_id=row["evidence_id"],
        profile=row["title"],
        variant_id=row["variant"],
        evidence_type=row["evidence_type"],
        effect=effect(row["evidence_type"], row["clinical_significance"], row["direction"]),
        significance=row["clinical_significance"],
        direction=row["direction"],
        level=row["level"],
        rating=row["rating"],
        drugs=tuple(sorted(drugs.items(), key=lambda drug: drug[1].casefold())),
        combination=row.get("combination"),
        disease_id=ended[0],
        disease=ended[1],
        disease_matches=None if disease is None else ended[0] in disease,
        trials=tuple(trial.rpartition(":")[2] for trial in row["trials"] or ()),
        references=tuple(row["references"] or ()),
        origin=row["variant_origin"],
    )
